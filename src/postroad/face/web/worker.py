"""The process that does one job: ``python -m postroad.face.web.worker HOME DATABASE JOB``.

Its progress and heartbeat go into the job's row at least every two seconds, and it looks there whether to stop.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, update

from postroad.errors import Fault, PostroadError, Stopped
from postroad.face.web import jobs, kinds, subscriptions
from postroad.face.web.database import connect, now
from postroad.face.web.database import jobs as table
from postroad.face.web.problems import plain
from postroad.face.web.refusal import Refused
from postroad.face.web.settings import Settings
from postroad.parallel import Progress

BEAT_S = 0.5


class Row:
    """The row of the job in hand: told of progress, beaten in, and asked whether to stop."""

    def __init__(self, engine: Engine, job_id: str, before: Progress) -> None:
        self.engine, self.job_id = engine, job_id
        self.latest = before  # what an earlier process came to is shown until this one has something to tell
        self.stopping = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Row:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def tell(self, step: Progress) -> None:
        """Take a report of progress."""
        self.latest = step

    def stop(self) -> bool:
        """Return whether somebody asked to stop."""
        return self.stopping

    def write(self, **columns: Any) -> None:
        """Change the row."""
        with self.engine.begin() as base:
            base.execute(update(table).where(table.c.job_id == self.job_id).values(**columns))

    def _beat(self) -> None:
        while True:
            step = self.latest
            self.write(beat_at=now(), done=step.done, total=step.total, note=step.note[:300])
            with self.engine.connect() as base:
                query = select(table.c.stop_asked).where(table.c.job_id == self.job_id)
                self.stopping = self.stopping or bool(base.execute(query).scalar_one())
            if self._end.wait(BEAT_S):
                return


def work(settings: Settings, job_id: str) -> None:
    """Do a job and write how it ended into its row."""
    engine = connect(settings.address)
    held = jobs.find(engine, job_id)
    with Row(engine, job_id, Progress(held["done"], held["total"], held["note"])) as row:

        def leave(*_: object) -> None:
            # The server is closing: the job goes back in the queue and is resumed at the next start.
            row.stopping, row.closing = True, True  # type: ignore[attr-defined]

        signal.signal(signal.SIGTERM, leave)
        try:
            result = kinds.do(held, settings, row.tell, row.stop)
            ended: dict[str, Any] = {"state": jobs.DONE, "result": result, "faults": None}
            ended |= {"done": max(row.latest.total, 1), "total": max(row.latest.total, 1)}
            row.tell(Progress(ended["done"], ended["total"]))
        except Stopped:
            ended = {"state": jobs.WAITING if getattr(row, "closing", False) else jobs.STOPPED}
        except (PostroadError, Refused) as wrong:
            ended = {"state": jobs.FAILED, "faults": [plain(fault) for fault in wrong.faults[:200]]}
        except Exception as defect:
            traceback.print_exc()
            fault = Fault.of("console.defect", detail=f"{type(defect).__name__}: {defect}"[:300])
            ended = {"state": jobs.FAILED, "faults": [plain(fault)]}
    row.write(**ended, ended_at=None if ended["state"] == jobs.WAITING else now())
    if held["kind"] == "capture" and ended["state"] == jobs.DONE:
        subscriptions.wake(engine, held["options"]["ledger"])


def main() -> None:
    """Do the job named on the command line, at a lower priority than the server that answers people."""
    import os

    home, database, job_id = sys.argv[1:4]
    if hasattr(os, "nice"):
        os.nice(5)
    started = time.monotonic()
    work(Settings(home=Path(home), database=database), job_id)
    sys.stderr.write(f"job {job_id}: {time.monotonic() - started:.1f} s\n")


if __name__ == "__main__":
    main()
