"""Long work as rows: whoever looks, in the browser or the terminal, sees the same progress and can stop or resume it.

A job is done by a process of its own, so that a job that fails or is killed takes nothing with it. The process beats in
its row; a running row whose heart has stopped for ``LOST_S`` is taken up again, from what its cache has kept.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, and_, insert, or_, select, update

from postroad.face.web.database import jobs, now
from postroad.face.web.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.face.web.settings import Settings

WAITING, RUNNING, STOPPED, DONE, FAILED = "waiting", "running", "stopped", "done", "failed"
OVER = (STOPPED, DONE, FAILED)
LOST_S = 15.0
MOST_ATTEMPTS = 5
MOST_LISTED = 200
TICK_S = 0.4


def ask(engine: Engine, kind: str, province: str, options: Mapping[str, Any], owner: str) -> str:
    """Put a job in the queue and return its id."""
    job_id = secrets.token_hex(6)
    row = {"job_id": job_id, "kind": kind, "province": province, "options": dict(options), "owner": owner}
    with engine.begin() as base:
        base.execute(insert(jobs).values(**row, state=WAITING, made_at=now()))
    return job_id


def listed(engine: Engine, owner: str | None = None) -> list[dict[str, Any]]:
    """Return the latest jobs, the newest first; of one owner where given."""
    query = select(jobs).order_by(jobs.c.made_at.desc()).limit(MOST_LISTED)
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    with engine.connect() as base:
        return [dict(row) for row in base.execute(query).mappings()]


def find(engine: Engine, job_id: str) -> dict[str, Any]:
    """Return a job's row; refused when there is none."""
    with engine.connect() as base:
        row = base.execute(select(jobs).where(jobs.c.job_id == job_id)).mappings().first()
    if row is None:
        raise Refused(404, "console.no_job", job=job_id)
    return dict(row)


def stop(engine: Engine, job_id: str) -> None:
    """Ask a job to stop: at once when it waits, within two seconds when it runs."""
    row = find(engine, job_id)
    if row["state"] in OVER:
        raise Refused(409, "console.job_over", job=job_id)
    with engine.begin() as base:
        waiting = and_(jobs.c.job_id == job_id, jobs.c.state == WAITING)
        base.execute(update(jobs).where(waiting).values(state=STOPPED, ended_at=now()))
        base.execute(update(jobs).where(jobs.c.job_id == job_id).values(stop_asked=1))


def resume(engine: Engine, job_id: str) -> None:
    """Put a stopped or failed job back in the queue; what it had finished is kept."""
    fresh = {"state": WAITING, "stop_asked": 0, "ended_at": None, "faults": None, "attempts": 0}
    resumable = and_(jobs.c.job_id == job_id, jobs.c.state.in_((STOPPED, FAILED)))
    find(engine, job_id)
    with engine.begin() as base:
        done = base.execute(update(jobs).where(resumable).values(**fresh))
    if not done.rowcount:
        raise Refused(409, "console.job_not_stopped", job=job_id)


def claim(engine: Engine, worker: str) -> str | None:
    """Take the oldest job that waits or was lost, and return its id; of several askers one gets it."""
    lost = and_(jobs.c.state == RUNNING, jobs.c.beat_at < now() - timedelta(seconds=LOST_S))
    free = or_(jobs.c.state == WAITING, lost)
    with engine.begin() as base:
        query = select(jobs.c.job_id, jobs.c.attempts).where(free).order_by(jobs.c.made_at).limit(1)
        row = base.execute(query).first()
        if row is None:
            return None
        job_id, attempts = row
        this = and_(jobs.c.job_id == job_id, free)
        if attempts >= MOST_ATTEMPTS:
            # It has taken its process with it every time, so it would again.
            faults = [_fault("console.job_killed", attempts=attempts)]
            base.execute(update(jobs).where(this).values(state=FAILED, ended_at=now(), faults=faults))
            return None
        taken = {"state": RUNNING, "worker": worker, "attempts": attempts + 1, "beat_at": now(), "started_at": now()}
        done = base.execute(update(jobs).where(this).values(**taken))
    return str(job_id) if done.rowcount else None


def _fault(key: str, **facts: Any) -> dict[str, Any]:
    from postroad.errors import Fault
    from postroad.face.web.problems import plain

    return plain(Fault.of(key, **facts))


class Foreman:
    """Starts a process for each job, at most so many at a time, and looks after them while the server runs."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.hands: dict[str, subprocess.Popen[bytes]] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="foreman", daemon=True)

    def start(self) -> None:
        """Begin to watch the queue."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching; jobs that still run are told to stop and wait to be resumed at the next start."""
        self._end.set()
        self._thread.join(timeout=5)
        for process in self.hands.values():
            process.terminate()
        for process in self.hands.values():
            process.wait(timeout=10)

    def _watch(self) -> None:
        while not self._end.wait(TICK_S):
            self.look()

    def look(self) -> None:
        """Part with processes that have ended and start waiting jobs while hands are free."""
        for job_id, process in list(self.hands.items()):
            if process.poll() is not None:
                del self.hands[job_id]
                self._left(job_id, process.returncode)
        while len(self.hands) < self.settings.workers:
            claimed = claim(self.engine, f"{id(self):x}")
            if claimed is None:
                return
            words = [sys.executable, "-m", "postroad.face.web.worker", str(self.settings.home), self.settings.database]
            # The words are ours; the job's options travel in the database, never on a command line.
            self.hands[claimed] = subprocess.Popen([*words, claimed], stdin=subprocess.DEVNULL)  # noqa: S603

    def _left(self, job_id: str, code: int) -> None:
        """Put a job whose process ended without a word back in the queue."""
        if code == 0:
            return
        running = and_(jobs.c.job_id == job_id, jobs.c.state == RUNNING)
        with self.engine.begin() as base:
            base.execute(update(jobs).where(running).values(state=WAITING))
