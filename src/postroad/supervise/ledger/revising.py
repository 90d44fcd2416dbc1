"""Records that come again: the same one changes nothing, another of the same key replaces it, a withdrawal ends it.

Whether any record of a file may have come before is asked of 64-bit hashes of keys; only where one has are the records
themselves fetched and compared. A file without repeats, the common case, pays for the hashes alone.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.supervise.ledger import parts as part_files
from postroad.supervise.ledger import rulebook
from postroad.supervise.ledger.hashset import HashSet
from postroad.supervise.ledger.judging import BAD
from postroad.supervise.ledger.kinds import CLOCK, kind_of, stored
from postroad.supervise.ledger.lines import Lines
from postroad.supervise.ledger.store import REPLACED

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.supervise.ledger.store import Ledger, Part

KEPT = "keys"
HASHES = 2
"""The version of the hash of a key."""
_FAR, _NEVER = 1 << 61, 1 << 62
LOOKED_UP = {"acceptances": "waybill", "scans": "waybill", "deliveries": "waybill", "outlets": "outlet_id",
             "machines": "machine_id", "links": "event_id"}  # fmt: skip
"""The column of a key by which a few records are looked up among many."""
FEW = 20_000
NOTHING = "\x1e"
"""No text has this sign: an empty cell is told from an empty text."""


@dataclass
class Revised:
    """What became of a kind's records of one file: parts as they stand, records replaced, and counts."""

    parts: list[dict[str, Any]]
    replaced: pl.DataFrame
    dead: pl.DataFrame
    repeated: int = 0
    corrected: int = 0
    withdrawn: int = 0


def keys(lines: Lines, kind: str) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each record's key: its own number where the operator gave one, else the natural key."""
    made = lines.hashes(kind_of(kind).key)
    if not _numbered(lines):
        return made
    own = lines.hashes(["operator_id", "record_id"], seed=1)
    return np.where(lines.spelt("record_id").is_not_null().to_numpy(), own, made)


def _numbered(lines: Lines) -> bool:
    return "record_id" in lines.columns and not lines.is_empty("record_id")


def key_columns(kind: str) -> list[str]:
    """Return the columns that a key is made of."""
    more = ["operator_id", "record_id"] if "record_id" in stored(kind) else []
    return list(dict.fromkeys([*kind_of(kind).key, *more]))


@dataclass(frozen=True)
class Met:
    """The keys of the records of one piece as hashes, and the days they lie in; the records themselves where few."""

    hashes: NDArray[np.uint64]
    records: Lines | None
    numbered: bool
    days: tuple[str, str]

    @classmethod
    def of(cls, lines: Lines, kind: str) -> Met:
        """Return the keys of records."""
        records = lines if lines.height <= FEW else None
        return cls(keys(lines, kind), records, _numbered(lines), part_files.days_of(lines, kind))


@dataclass
class Seen:
    """The keys of a file's records of one kind, collected as its chunks are written."""

    kind: str
    hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    records: list[Lines] = field(default_factory=list)
    few: bool = True
    numbered: bool = False
    first_day: str = ""
    last_day: str = ""

    def add(self, met: Met) -> None:
        """Take the keys of a piece."""
        self.hashes.append(met.hashes)
        self.few = self.few and met.records is not None and sum(map(len, self.hashes)) <= FEW
        self.records = [*self.records, met.records] if self.few and met.records is not None else []
        self.numbered = self.numbered or met.numbered
        first, last = met.days
        self.first_day = min(self.first_day or first, first)
        self.last_day = max(self.last_day, last)

    @property
    def names(self) -> pl.Series | None:
        """The waybills of a small file, so that of an old part only their records are read; ``None`` of a large one.

        Where records carry numbers of their own a correction may change the waybill, and all have to be looked at.
        """
        if self.numbered or not self.few:
            return None
        return pl.concat([records.spelt(LOOKED_UP[self.kind]) for records in self.records]).unique()

    @property
    def far(self) -> bool:
        """Whether an earlier record of the same key may lie on other days than these."""
        return self.kind not in CLOCK or self.numbered or CLOCK[self.kind] not in kind_of(self.kind).key

    def window(self) -> tuple[str, str] | None:
        """Return the days in which an earlier record of the same key may lie."""
        if self.kind not in CLOCK or not self.first_day:
            return None
        if not self.far:
            return self.first_day, self.last_day
        reach = dt.timedelta(days=rulebook.value("late", "correction_days"))
        first, last = (dt.date.fromisoformat(day) for day in (self.first_day, self.last_day))
        return (first - reach).isoformat(), (last + reach).isoformat()


def revise(ledger: Ledger, seen: Seen, written: list[dict[str, Any]]) -> Revised:
    """Return what becomes of a file's records of a kind, given the parts they were written to.

    Parts that hold records that came before are written again without them.
    """
    held = Revised(written, REPLACED, pl.DataFrame(schema=BAD))
    held.withdrawn = sum(part["rows"] for part in written if part["withdrawals"])
    if not seen.hashes:
        return held
    new = np.concatenate(seen.hashes)
    ours = HashSet(new)
    known = _earlier(ledger, seen, written)
    met = [(old, old.hashes[ours.met(old.hashes)]) for old in known]
    doubtful = [hashes for _, hashes in met if len(hashes)]
    if ours.twice:
        values, times = np.unique(new, return_counts=True)
        doubtful.append(values[times > 1])
    if not doubtful and not held.withdrawn:
        return held
    asked = HashSet(np.concatenate([*doubtful, new[:0]]))
    meeting = [old for old, hashes in met if len(hashes)]
    rows = _fetch(ledger, meeting, _written(ledger, seen, written), asked)
    return held if rows is None else _settle(ledger, held, seen.kind, rows)


@dataclass(eq=False)
class Records:
    """The records of a part that may come again, read once then; ``kept`` gives the hashes of all its keys before."""

    path: str
    kind: str
    read: Callable[[], pl.DataFrame]
    kept: Callable[[], NDArray[np.uint64]] | None = None

    @cached_property
    def held(self) -> pl.DataFrame:
        """The records: those of a few waybills, or all."""
        return self.read()

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """The hashes of the keys: of those held at least."""
        return self.kept() if self.kept else keys(Lines.of(self.held), self.kind)

    def of(self, asked: HashSet) -> pl.DataFrame:
        """Return the records of these keys."""
        hashes = keys(Lines.of(self.held), self.kind) if self.kept else self.hashes
        return self.held.filter(asked.met(hashes))


def _earlier(ledger: Ledger, seen: Seen, written: list[dict[str, Any]]) -> list[Records]:
    """The parts in which records of these operators and days came before.

    Where they are looked for among those of many days, the hashes of a part's keys are kept; else those of a large
    file are asked of the columns of the key alone.
    """
    found = [p for p in ledger.parts(seen.kind, seen.window()) if part_files.may_meet(p.operators, written)]
    names = seen.names if found else None
    made = []
    for part in found:
        rows = pl.scan_parquet(ledger.root / part.path)
        if names is not None:
            rows = rows.filter(pl.col(LOOKED_UP[seen.kind]).is_in(names.implode()))
        kept: Callable[[], NDArray[np.uint64]] | None = None
        if seen.far:
            kept = partial(kept_keys, ledger.root, part)
        elif names is None:
            kept = partial(_keys_in, ledger.root / part.path, seen.kind)
        made.append(Records(part.path, seen.kind, rows.collect, kept))
    return made


def _written(ledger: Ledger, seen: Seen, written: list[dict[str, Any]]) -> list[Records]:
    """The records just written: as they are at hand where they are few and went into one part."""
    if seen.few and len(written) == 1:
        columns = ["line", *stored(seen.kind)]
        at_hand = pl.concat([records.select(columns).frame() for records in seen.records])
        return [Records(written[0]["path"], seen.kind, lambda: at_hand)]
    return [Records(w["path"], seen.kind, partial(pl.read_parquet, ledger.root / w["path"])) for w in written]


def kept_keys(root: Path, part: Part) -> NDArray[np.uint64]:
    """Return the hashes of the keys of all records of a part, read where they were kept before.

    They lie beside the parts under the part's own digest, so that they are never those of other records; with their
    sum at the end, so that a file cut short shows. Another version of the hash has files of its own.
    """
    file = root / KEPT / f"{part.sha256[:32]}-{HASHES}.npy"
    try:
        held: NDArray[np.uint64] = np.load(file)
        if held.dtype == np.uint64 and held.shape == (part.rows + 1,) and held[:-1].sum(dtype=np.uint64) == held[-1]:
            return held[:-1]
    except (OSError, ValueError, EOFError):
        pass
    made = _keys_in(root / part.path, part.kind)
    file.parent.mkdir(exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}-{get_ident()}.part")
    with beside.open("wb") as into:
        np.save(into, np.append(made, made.sum(dtype=np.uint64)))
    beside.replace(file)
    return made


def _keys_in(file: Path, kind: str) -> NDArray[np.uint64]:
    return keys(Lines.of(pl.read_parquet(file, columns=key_columns(kind))), kind)


@dataclass(frozen=True)
class _Fetched:
    """Records of keys that may have come more than once, an entry for each: its part and line, and its key and content.

    ``at`` is the order in which they were known, ``new`` whether that is now, ``end`` whether it is a withdrawal,
    ``gone`` whether the record was replaced before. Equal keys have one number, and so have equal contents.
    """

    part: pl.Series
    line: pl.Series
    key: NDArray[np.int64]
    content: NDArray[np.int64]
    at: NDArray[np.int64]
    new: NDArray[np.bool_]
    end: NDArray[np.bool_]
    gone: NDArray[np.bool_]


def _fetch(ledger: Ledger, old: list[Records], new: list[Records], asked: HashSet) -> _Fetched | None:
    """Return the records whose key may have come more than once."""
    found = [(part, frame) for part in [*old, *new] if (frame := part.of(asked)).height]
    if not found:
        return None
    rows = pl.concat(frame for _, frame in found)
    replaced = ledger.superseded()
    gone = [
        np.isin(frame["line"].to_numpy(), replaced["line"].filter(replaced["part"] == part.path).to_numpy())
        for part, frame in found
    ]
    sizes = [frame.height for _, frame in found]
    is_new = np.repeat([part in new for part, _ in found], sizes)
    end = np.repeat(["-withdrawn." in part.path for part, _ in found], sizes)
    # Old records stand in the order of their commits already; new ones in that of their lines.
    at = np.where(is_new, rows["line"].to_numpy().astype(np.int64) + _FAR, np.arange(rows.height))
    kind = found[0][0].kind
    told = rows.select(_exact(kind).alias("key"), part_files.leaf_text(kind, NOTHING))
    key, content = numbered(told["key"]), numbered(told["leaf"])
    part = pl.Series([part.path for part, _ in found])[np.repeat(np.arange(len(found)), sizes)]
    return _Fetched(part, rows["line"], key, 2 * content + end, at, is_new, end, np.concatenate(gone))


def numbered(texts: pl.Series) -> NDArray[np.int64]:
    """Return a number for each text, the same for equal ones only."""
    hashes = texts.to_frame().hash_rows().to_numpy()
    _, first, numbers = np.unique(hashes, return_index=True, return_inverse=True)
    if (texts == texts[first][numbers]).all():
        return numbers
    known: dict[str, int] = {}
    return np.array([known.setdefault(text, len(known)) for text in texts])


def _exact(kind: str) -> pl.Expr:
    """The key itself as text, so that two keys of one hash are never taken for the same."""
    natural = pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in kind_of(kind).key], separator="\x1f")
    if "record_id" not in stored(kind):
        return natural
    own = pl.concat_str([pl.lit("\x1e"), pl.col("operator_id"), pl.col("record_id")], separator="\x1f")
    return pl.when(pl.col("record_id").is_not_null()).then(own).otherwise(natural)


def _settle(ledger: Ledger, held: Revised, kind: str, rows: _Fetched) -> Revised:
    """Tell what becomes of each record: of those of one key the last known one is valid, none after a withdrawal."""
    at, new, end = rows.at, rows.new, rows.end
    again = at > _least(rows.content, at)[rows.content]
    ended = _least(rows.key[end], at[end], rows.key.max() + 1)[rows.key]
    dead = new & ~end & ~again & (at > ended)
    stays = ~again & ~dead & ~end
    first = _least(rows.key[stays], at[stays], rows.key.max() + 1)[rows.key]
    last = -_least(rows.key[stays], -at[stays], rows.key.max() + 1)[rows.key]
    over = stays & ((at < last) | ((ended > at) & (ended < _NEVER)))
    repeated = new & again
    held.repeated, held.corrected = int(repeated.sum()), int((stays & new & (at > first)).sum())
    held.withdrawn -= int((repeated & end).sum())
    valid = pl.DataFrame({"part": rows.part, "line": rows.line})
    held.replaced = valid.filter(over & ~rows.gone)
    if dead.any():
        held.dead = valid.filter(dead).select(
            "line", pl.lit(kind_of(kind).key[0]).alias("column"), pl.lit("key_withdrawn").alias("reason"),
            pl.lit(None, pl.String).alias("shape"),
        ).cast(BAD)  # fmt: skip
    if (repeated | dead).any():
        away = valid.filter(repeated | dead)
        held.parts = [part for told in held.parts if (part := _without(ledger.root, told, away)) is not None]
    return held


def _least(numbers: NDArray[np.int64], at: NDArray[np.int64], count: int | None = None) -> NDArray[np.int64]:
    """The least time of each number; ``_NEVER`` where there is none."""
    least = np.full(numbers.max() + 1 if count is None else count, _NEVER)
    np.minimum.at(least, numbers, at)
    return least


def _without(root: Path, told: dict[str, Any], away: pl.DataFrame) -> dict[str, Any] | None:
    """Write a part again without some of its records; ``None`` when nothing is left of it."""
    lines = away["line"].filter(away["part"] == told["path"])
    if not len(lines):
        return told
    file = root / told["path"]
    # Every line of a part stands in it once: so many away are all of it.
    if len(lines) == told["rows"]:
        file.unlink()
        return None
    frame = pl.scan_parquet(file).filter(~pl.col("line").is_in(lines.implode())).collect()
    file.unlink()
    return part_files.one(root, told["kind"], told["path"], Lines.of(frame), told["withdrawals"])
