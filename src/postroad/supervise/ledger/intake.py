"""What happens to one file on its way into the ledger: its pieces judged and written, then one commit for all of it.

Pieces may be judged in any order and beside those of other files; a file is settled and committed after all files
before it. A process killed before the commit leaves nothing; one killed after it has lost nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from postroad.supervise.identity import KeyRing, number_fits, period_of, pseudonyms, sealed
from postroad.supervise.ledger import epcis, judging, parts, reading
from postroad.supervise.ledger.kinds import DOCUMENT
from postroad.supervise.ledger.lines import Lines
from postroad.supervise.ledger.revising import Met, Seen, revise
from postroad.supervise.ledger.store import REPLACED, Ledger
from postroad.supervise.ledger.writer import FOLDERS, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from postroad.tables import Table

ORIGIN = "origin"
LOOK_BYTES = 1 << 9


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
class Job:
    """One file on its way in; ``seen`` and ``written`` by kind, ``made`` and ``beside`` what its commit will name.

    ``written_out`` is told of every part as soon as it is written.
    """

    ledger: Ledger
    ring: KeyRing
    known_at: dt.datetime
    name: str
    taken: Taken
    written_out: Callable[[Path], object]
    seen: dict[str, Seen] = field(default_factory=dict)
    written: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    bad: list[pl.DataFrame] = field(default_factory=list)
    sealed: list[pl.DataFrame] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    beside: dict[str, str | None] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


def now() -> dt.datetime:
    """Return the country's time, to the second, without an offset: the clock in which records are kept."""
    return dt.datetime.now(ZoneInfo(judging.LOCAL)).replace(tzinfo=None, microsecond=0)


def may_meet(one: Job, other: Job) -> bool:
    """Whether records of two files may bear on each other: of one kind, and of an operator in both."""
    return any(
        parts.may_meet(part["operators"], other.written.get(kind, []))
        for kind, written in one.written.items()
        for part in written
    )


def conclude(job: Job) -> None:
    """Settle records that came before, and write what a commit keeps beside them.

    All files before it whose records may bear on it are in the log; it may run beside other files for which that holds.
    """
    replaced = [REPLACED]
    for name, seen in job.seen.items():
        done = revise(job.ledger, seen, job.written[name])
        job.made += done.parts
        replaced.append(done.replaced)
        job.bad.append(done.dead)
        job.taken.corrected += done.corrected
        job.taken.repeated += done.repeated
        job.taken.withdrawn += done.withdrawn
        job.taken.kinds[name] = sum(p["rows"] for p in done.parts if not p["withdrawals"])
    _count(job)
    kept = {"superseded": replaced, "quarantine": job.bad, "sealed": job.sealed}
    job.beside = {folder: _kept(job, folder, frames) for folder, frames in kept.items()}


def settle(job: Job, file: Path, writer: Writer) -> Taken:
    """Add a concluded file to the log, and return what became of its lines."""
    entry: dict[str, Any] = {
        "what": "file", "known_at": job.known_at.isoformat(), "origin": job.ledger.origin,
        "source": {"name": file.name, "sha256": job.taken.sha256, "bytes": file.stat().st_size,
                   "form": job.taken.form},
        "counts": {k: getattr(job.taken, k) for k in ("lines", "stored", "corrected", "repeated", "withdrawn",
                                                      "quarantined", "blank")},
        "parts": sorted(job.made, key=lambda part: str(part["path"])), **job.beside, "digests": job.digests,
    }  # fmt: skip
    beside = [path for path in job.beside.values() if path]
    job.taken.seq = writer.add(entry, [*(part["path"] for part in job.made), *beside])["entry"]["seq"]
    return job.taken


@dataclass
class Judged:
    """A piece judged and written: its parts, what was set aside, the keys of its records, sealed numbers."""

    kind: str
    parts: list[dict[str, Any]]
    bad: pl.DataFrame
    met: Met | None
    sealed: list[pl.DataFrame]
    blank: int


def gather(job: Job, done: Judged) -> None:
    """Add a judged piece to its file, in the order of the file."""
    if done.met is not None:
        job.seen.setdefault(done.kind, Seen(done.kind)).add(done.met)
    job.written.setdefault(done.kind, []).extend(done.parts)
    job.bad.append(done.bad)
    job.sealed += done.sealed
    job.taken.blank += done.blank


def work(job: Job, table: Table, number: int, piece: reading.Piece) -> Judged:
    """Read and judge one piece and write what can be taken; may run in any thread."""
    chunk = piece.read()
    good = chunk.typed
    bad = judging.torn(chunk.torn)
    if chunk.frame.height:
        judged = judging.judge(chunk.frame, table, job.known_at)
        bad = pl.concat([judged.bad, bad])
        if good is None or not good.height:
            good = Lines.of(judged.good)
        elif judged.good.height:
            good = Lines.of(pl.concat([good.frame(), judged.good]).sort("line"))
    if good is None:
        return Judged(table.name, [], bad, None, [], chunk.blank)
    if good.height and good.said(ORIGIN) != [job.ledger.origin]:
        good, others = _of_origin(good.frame(), job.ledger.origin)
        bad = pl.concat([bad, others])
    boxes: list[pl.DataFrame] = []
    if DOCUMENT in good.columns:
        good, boxes = _without_numbers(job, good)
    made = []
    name = f"{job.name}-{number:05d}"
    for held, withdrawals in _reported(good):
        made += list(parts.write(job.ledger.root, table.name, name, held, withdrawals, job.written_out))
    met = Met.of(good, table.name) if good.height else None
    return Judged(table.name, made, bad, met, boxes, chunk.blank)


def _of_origin(frame: pl.DataFrame, origin: str) -> tuple[Lines, pl.DataFrame]:
    """The records of the ledger's origin, and what is told of the others; nothing said means observed."""
    frame = frame.with_columns(pl.col(ORIGIN).fill_null("observed"))
    ours = frame[ORIGIN] == origin
    told = frame.filter(~ours).select(
        "line", pl.lit(ORIGIN).alias("column"), pl.lit("other_origin").alias("reason"),
        pl.lit(None, pl.String).alias("shape"),
    ).cast(judging.BAD)  # fmt: skip
    return Lines.of(frame.filter(ours)), told


def _reported(lines: Lines) -> Iterator[tuple[Lines, bool]]:
    """The records that report, then those that withdraw, where there are any."""
    if not lines.height:
        return
    if lines.said("action") == ["report"]:
        yield lines, False
        return
    frame = lines.frame()
    ends = frame["action"] == "withdraw"
    for held, withdrawals in ((frame.filter(~ends), False), (frame.filter(ends), True)):
        if held.height:
            yield Lines.of(held), withdrawals


def _without_numbers(job: Job, good: Lines) -> tuple[Lines, list[pl.DataFrame]]:
    """Put pseudonyms in the place of document numbers, month by month, and seal the numbers where there is a seal."""
    numbers = good.spelt(DOCUMENT)
    clock = good.spelt("accepted_at").dt.truncate("1mo").dt.date()
    senders, boxes = pl.repeat(None, good.height, dtype=pl.Binary(), eager=True), []
    months = clock.unique().sort().to_list()
    for month in months:
        key = job.ring.key(period_of(month))
        here = numbers if len(months) == 1 else pl.select(pl.when(clock == month).then(numbers)).to_series()
        made = pseudonyms(key, here)
        senders = made if len(months) == 1 else pl.select(pl.coalesce(senders, made)).to_series()
        if job.ring.seal and here.null_count() < len(here):
            boxes.append(sealed(job.ring.seal, key, made, here).with_columns(pl.lit(period_of(month)).alias("period")))
    kept = good.select([name for name in good.columns if name != DOCUMENT])
    fits = number_fits(good.spelt("id_kind"), numbers)
    return kept.with_columns(id_ok=fits, sender=senders), boxes


def _count(job: Job) -> None:
    taken = job.taken
    told = [frame for frame in job.bad if frame.height]
    if told:
        bad = pl.concat(told)
        taken.quarantined = bad["line"].n_unique()
        taken.reasons = dict(bad.group_by("reason").agg(pl.col("line").n_unique()).sort("reason").iter_rows())
    taken.stored = sum(taken.kinds.values())
    counted = taken.stored + taken.repeated + taken.withdrawn + taken.quarantined + taken.blank
    if counted != taken.lines:
        raise RuntimeError(f"{taken.file}: {taken.lines} lines, {counted} accounted for")


def _kept(job: Job, folder: str, frames: list[pl.DataFrame]) -> str | None:
    """Write what a commit keeps beside its records; ``None`` when there is nothing."""
    frames = [frame for frame in frames if frame.height]
    if not frames:
        return None
    path = f"{folder}/{job.name}.parquet"
    job.digests[path] = parts.write_frame(job.ledger.root / path, pl.concat(frames))
    return path


def undo(job: Job) -> None:
    """Remove what was written of a file that is not to be taken."""
    for folder in FOLDERS:
        for file in (job.ledger.root / folder).rglob(f"{job.name}*"):
            file.unlink()


@dataclass(frozen=True)
class Look:
    """What a first look at a file tells: where its first record is from, if it has one, and whether it has any line."""

    origin: str | None
    lines: bool


def look(file: Path, table: Table | None, form: str) -> Look:
    """Look whether a file's first record is synthetic: a ledger takes one origin only."""
    if table is not None and form == "csv" and (word := reading.first_cell(file, table, ORIGIN)):
        return Look("synthetic" if word == "synthetic" else "observed", lines=True)
    found: Iterable[reading.Piece]
    found = (
        (p for _, p in epcis.pieces(file))
        if table is None
        else reading.pieces(file, table, form, None, block_bytes=LOOK_BYTES)
    )
    lines = False
    for piece in found:
        first, lines = piece.read().frame, True
        if first.height:
            told = first[ORIGIN].drop_nulls().head(1).to_list() if ORIGIN in first.columns else []
            return Look("synthetic" if told == ["synthetic"] else "observed", lines)
    return Look(None, lines)


def quarantine(root: str | Path) -> pl.DataFrame:
    """Return every row set aside: file, line, column, reason, shape of the cell, and when it was known."""
    ledger = Ledger.open(root)
    frames = []
    for entry in ledger.entries("file"):
        if entry["quarantine"]:
            held = ledger.read(entry["quarantine"])
            frames.append(held.with_columns(pl.lit(entry["source"]["name"]).alias("file"),
                                            pl.lit(entry["known_at"]).alias("known_at")))  # fmt: skip
    if not frames:
        return pl.DataFrame(schema={**judging.BAD, "file": pl.String, "known_at": pl.String})
    return pl.concat(frames)
