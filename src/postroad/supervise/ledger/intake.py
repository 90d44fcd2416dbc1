"""Taking a file of records into the ledger: once, whole or not at all, with every line accounted for.

A file is taken under the ledger's lock: its chunks are judged and written as parts, records that came before are
settled, and one commit makes all of it valid. A process killed before the commit leaves nothing; one killed after it
has lost nothing. The same file again is known by its SHA-256.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from postroad.errors import Stopped, UsageError
from postroad.parallel import Progress
from postroad.supervise.identity import KeyRing, number_fits, period_of, pseudonyms, sealed
from postroad.supervise.ledger import epcis, judging, parts, reading
from postroad.supervise.ledger.kinds import DOCUMENT, kind_of, kinds
from postroad.supervise.ledger.revising import Seen, nothing_replaced, revise
from postroad.supervise.ledger.store import Ledger, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from postroad.tables import Table

IN_FLIGHT = 2
"""Chunks judged and written at a time while the next one is read; bounds memory."""
ORIGIN = "origin"
LOOK_BYTES = 1 << 16


@dataclass
class Taken:
    """What became of a file's lines: they add up to ``lines``.

    ``stored`` records are valid or were replaced later in the same file; of them ``corrected`` replaced an earlier one.
    """

    file: str
    form: str
    sha256: str
    already: bool = False
    seq: int = 0
    lines: int = 0
    stored: int = 0
    corrected: int = 0
    repeated: int = 0
    withdrawn: int = 0
    quarantined: int = 0
    blank: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain values."""
        return dict(self.__dict__)


@dataclass
class _Job:
    """One file on its way in."""

    ledger: Ledger
    ring: KeyRing
    known_at: dt.datetime
    name: str
    taken: Taken
    bad: list[pl.DataFrame] = field(default_factory=list)
    sealed: list[pl.DataFrame] = field(default_factory=list)


def now() -> dt.datetime:
    """Return the country's time, to the second, without an offset: the clock in which records are kept."""
    return dt.datetime.now(ZoneInfo(judging.LOCAL)).replace(tzinfo=None, microsecond=0)


class Counter:
    """Takes files one after another under one lock: what an office opens when a day's files have come in.

    ``with Counter(root, ring) as counter: counter.take(file)``; the ledger in ``root`` is made when there is none.
    """

    def __init__(self, root: str | Path, ring: KeyRing) -> None:
        self.root, self.ring = Path(root), ring
        self._open = ExitStack()
        self._writer: Writer | None = None

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._writer = None

    def take(
        self,
        file: str | Path,
        *,
        kind: str = "",
        known_at: dt.datetime | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Taken:
        """Take one file and return what became of its lines.

        ``kind`` is read from the beginning of the file's name when not given. ``DataError`` and ``UsageError`` leave
        the ledger as it was; so does ``Stopped``.
        """
        file = Path(file)
        form = reading.form_of(file)
        table = None if form == "epcis" else kind_of(kind or _kind_in(file))
        digest = _digest(file)
        taken = Taken(file.name, form, digest)
        writer = self._written(_origin_of(file, table, form))
        if digest in writer.taken:
            taken.already, taken.seq = True, writer.taken[digest]
            return taken
        if table is not None:
            taken.not_taken = reading.strangers(reading.header(file, form), table)
        job = _Job(writer.ledger, self.ring, known_at or now(), digest[:16], taken)
        try:
            return _taken(job, file, table, form, writer, _watch(progress, stop, file.stat().st_size))
        except BaseException:
            writer.clear()
            raise

    def _written(self, origin: str) -> Writer:
        """The writer, opened with the first file; a file of another origin is refused."""
        ledger = Ledger.create(self.root, origin)
        if self._writer is None:
            self._writer = self._open.enter_context(ledger.writing())
        return self._writer


def take(root: str | Path, file: str | Path, ring: KeyRing, **how: Any) -> Taken:
    """Take one file into the ledger in ``root`` and return what became of its lines; see ``Counter.take``."""
    with Counter(root, ring) as counter:
        return counter.take(file, **how)


def _taken(
    job: _Job, file: Path, table: Table | None, form: str, writer: Writer, watch: Callable[[int], None]
) -> Taken:
    chunks: Iterable[tuple[Table, reading.Chunk]]
    chunks = epcis.chunks(file) if table is None else ((table, c) for c in reading.chunks(file, table, form))
    seen, written = _write(job, chunks, watch)
    made: list[dict[str, Any]] = []
    replaced = [nothing_replaced()]
    for name in seen:
        done = revise(job.ledger, seen[name], written[name])
        made += done.parts
        replaced.append(done.replaced)
        job.bad.append(done.dead)
        job.taken.corrected += done.corrected
        job.taken.repeated += done.repeated
        job.taken.withdrawn += done.withdrawn
        job.taken.kinds[name] = sum(p["rows"] for p in done.parts if not p["withdrawals"])
    _count(job)
    entry: dict[str, Any] = {
        "what": "file", "known_at": job.known_at.isoformat(), "origin": job.ledger.origin,
        "source": {"name": file.name, "sha256": job.taken.sha256, "bytes": file.stat().st_size, "form": form},
        "counts": {k: getattr(job.taken, k) for k in ("lines", "stored", "corrected", "repeated", "withdrawn",
                                                      "quarantined", "blank")},
        "parts": sorted(made, key=lambda part: str(part["path"])),
        "superseded": _kept(job, "superseded", replaced),
        "quarantine": _kept(job, "quarantine", job.bad),
        "sealed": _kept(job, "sealed", job.sealed),
    }  # fmt: skip
    beside = [entry[k] for k in ("superseded", "quarantine", "sealed") if entry[k]]
    parts.sync(job.ledger.root, [*(part["path"] for part in made), *beside], writer.settled)
    job.taken.seq = writer.commit(entry)["entry"]["seq"]
    return job.taken


def _write(
    job: _Job, chunks: Iterable[tuple[Table, reading.Chunk]], watch: Callable[[int], None]
) -> tuple[dict[str, Seen], dict[str, list[dict[str, Any]]]]:
    """Judge and write every chunk, a few at a time, in the order of the file."""
    seen: dict[str, Seen] = {}
    written: dict[str, list[dict[str, Any]]] = {}
    waiting: deque[tuple[str, Future[_Chunk]]] = deque()

    def gather() -> None:
        name, asked = waiting.popleft()
        done = asked.result()
        for frame in done.keyed:
            seen.setdefault(name, Seen(name)).add(frame)
        written.setdefault(name, []).extend(done.parts)
        job.bad.append(done.bad)
        job.sealed += done.sealed

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        try:
            for number, (table, chunk) in enumerate(chunks):
                watch(chunk.lines)
                job.taken.lines += chunk.lines
                job.taken.blank += chunk.blank
                waiting.append((table.name, pool.submit(_chunk, job, table, number, chunk)))
                if len(waiting) > IN_FLIGHT:
                    gather()
            while waiting:
                gather()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return seen, written


@dataclass
class _Chunk:
    parts: list[dict[str, Any]]
    bad: pl.DataFrame
    keyed: list[pl.DataFrame]
    sealed: list[pl.DataFrame]


def _chunk(job: _Job, table: Table, number: int, chunk: reading.Chunk) -> _Chunk:
    """Judge one chunk and write what can be taken."""
    judged = judging.judge(chunk.frame, table, job.known_at)
    bad = pl.concat([judged.bad, judging.torn(chunk.torn)])
    good = judged.good
    foreign = good.filter(pl.col(ORIGIN).fill_null("observed") != job.ledger.origin)
    if foreign.height:
        bad = pl.concat([bad, foreign.select(
            "line", pl.lit(ORIGIN).alias("column"), pl.lit("other_origin").alias("reason"),
            pl.lit(None, pl.String).alias("shape")).cast(judging.BAD)])  # fmt: skip
        good = good.filter(pl.col(ORIGIN).fill_null("observed") == job.ledger.origin)
    boxes: list[pl.DataFrame] = []
    if DOCUMENT in good.columns:
        good, boxes = _without_numbers(job, good)
    good = good.with_columns(pl.col(ORIGIN).fill_null("observed"))
    made = []
    ends = good["action"] == "withdraw"
    name = f"{job.name}-{number:05d}"
    some = bool(ends.any())
    for held, withdrawals in ((good.filter(~ends) if some else good, False), (good.filter(ends), True)):
        if held.height:
            made += list(parts.write(job.ledger.root, table.name, name, held, withdrawals))
    return _Chunk(made, bad, [good] if good.height else [], boxes)


def _without_numbers(job: _Job, good: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Put pseudonyms in the place of document numbers, month by month, and seal the numbers where there is a seal."""
    fits = number_fits(good["id_kind"], good[DOCUMENT])
    months = good["accepted_at"].dt.strftime("%Y-%m")
    frames, boxes = [], []
    for month in months.unique().sort():
        here = months == month
        numbers = good[DOCUMENT].filter(here)
        senders = pseudonyms(job.ring.key(period_of(dt.date.fromisoformat(f"{month}-01"))), numbers)
        if job.ring.seal and numbers.null_count() < len(numbers):
            boxes.append(sealed(job.ring.seal, senders, numbers).with_columns(pl.lit(month).alias("period")))
        held = good.filter(here).with_columns(senders.alias("sender"), fits.filter(here).alias("id_ok"))
        frames.append(held.drop(DOCUMENT))
    return (pl.concat(frames).sort("line") if len(frames) > 1 else frames[0]) if frames else _no_one(good), boxes


def _no_one(good: pl.DataFrame) -> pl.DataFrame:
    return good.drop(DOCUMENT).with_columns(
        pl.lit(None, pl.Binary).alias("sender"), pl.lit(None, pl.Boolean).alias("id_ok")
    )


def _count(job: _Job) -> None:
    taken = job.taken
    bad = pl.concat(job.bad) if job.bad else pl.DataFrame(schema=judging.BAD)
    taken.quarantined = bad["line"].n_unique() if bad.height else 0
    told = bad.group_by("reason").agg(pl.col("line").n_unique()).sort("reason")
    taken.reasons = dict(told.iter_rows())
    taken.stored = sum(taken.kinds.values())
    counted = taken.stored + taken.repeated + taken.withdrawn + taken.quarantined + taken.blank
    if counted != taken.lines:
        raise RuntimeError(f"{taken.file}: {taken.lines} lines, {counted} accounted for")


def _kept(job: _Job, folder: str, frames: list[pl.DataFrame]) -> str | None:
    """Write what a commit keeps beside its records; ``None`` when there is nothing."""
    frames = [frame for frame in frames if frame.height]
    if not frames:
        return None
    path = f"{folder}/{job.name}.parquet"
    parts.write_frame(job.ledger.root / path, pl.concat(frames))
    return path


def _kind_in(file: Path) -> str:
    """The kind of record that a file's name begins with."""
    for name in kinds().tables:
        if file.name.lower().startswith(name):
            return name
    raise UsageError.of("ledger.which_kind", path=file.name, known=", ".join(kinds().tables))


def _origin_of(file: Path, table: Table | None, form: str) -> str:
    """Whether a file's first record is synthetic; a ledger takes one origin only."""
    if table is None:
        found = next((chunk.frame for _, chunk in epcis.chunks(file) if chunk.frame.height), None)
    else:
        found = next(
            (chunk.frame for chunk in reading.chunks(file, table, form, LOOK_BYTES) if chunk.frame.height), None
        )
    if found is None or ORIGIN not in found.columns:
        return "observed"
    told = found[ORIGIN].drop_nulls().head(1)
    return "synthetic" if len(told) and told[0] == "synthetic" else "observed"


def _digest(file: Path) -> str:
    with file.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()


def _watch(
    progress: Callable[[Progress], None] | None, stop: Callable[[], bool] | None, total: int
) -> Callable[[int], None]:
    """Return what counts lines as they are read, tells the listener, and stops when asked."""
    done = 0

    def step(lines: int) -> None:
        nonlocal done
        done += lines
        if progress:
            progress(Progress(done, 0))
        if stop and stop():
            raise Stopped.of("errors.stopped", done=done, total=total)

    return step


def quarantine(root: str | Path) -> pl.DataFrame:
    """Return every row set aside: file, line, column, reason, shape of the cell, and when it was known."""
    ledger = Ledger.open(root)
    frames = []
    for entry in ledger.entries("file"):
        if entry["quarantine"]:
            held = pl.read_parquet(ledger.root / entry["quarantine"])
            frames.append(held.with_columns(pl.lit(entry["source"]["name"]).alias("file"),
                                            pl.lit(entry["known_at"]).alias("known_at")))  # fmt: skip
    if not frames:
        return pl.DataFrame(schema={**judging.BAD, "file": pl.String, "known_at": pl.String})
    return pl.concat(frames)
