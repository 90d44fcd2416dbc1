"""Records that come again: the same one changes nothing, another of the same key replaces it, a withdrawal ends it.

Whether any record of a file may have come before is asked of 64-bit hashes of keys; only where one has are the records
themselves fetched and compared. A file without repeats, the common case, pays for the hashes alone.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from functools import cached_property
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
    from numpy.typing import NDArray

    from postroad.supervise.ledger.store import Ledger, Part

KEY, KEPT = "key|", "keys"
HASHES = 2
"""The version of the hash of a key."""
_FAR = 1 << 62
LOOKED_UP = {"acceptances": "waybill", "scans": "waybill", "deliveries": "waybill", "outlets": "outlet_id",
             "machines": "machine_id", "links": "event_id"}  # fmt: skip
"""The column of a key by which a few records are looked up among many."""
FEW = 20_000


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
    """The keys of the records of one piece: hashes, the column they are looked up by, and the days they lie in.

    ``named`` is left out where the records are many.
    """

    hashes: NDArray[np.uint64]
    named: pl.Series | None
    numbered: bool
    days: tuple[str, str]

    @classmethod
    def of(cls, lines: Lines, kind: str) -> Met:
        """Return the keys of records."""
        named = lines.spelt(LOOKED_UP[kind]) if lines.height <= FEW else None
        return cls(keys(lines, kind), named, _numbered(lines), part_files.days_of(lines, kind))


@dataclass
class Seen:
    """The keys of a file's records of one kind, collected as its chunks are written."""

    kind: str
    hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    named: list[pl.Series | None] = field(default_factory=list)
    numbered: bool = False
    first_day: str = ""
    last_day: str = ""

    def add(self, met: Met) -> None:
        """Take the keys of a piece."""
        self.hashes.append(met.hashes)
        self.named.append(met.named)
        self.numbered = self.numbered or met.numbered
        first, last = met.days
        self.first_day = min(self.first_day or first, first)
        self.last_day = max(self.last_day, last)

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
    earlier = [p for p in ledger.parts(seen.kind, seen.window()) if part_files.may_meet(p.operators, written)]
    names = _few(seen)
    known = [Old(ledger, seen.kind, part.path, names, part if seen.far else None) for part in earlier]
    met = [(old, old.hashes[ours.met(old.hashes)]) for old in known]
    doubtful = [hashes for _, hashes in met if len(hashes)]
    if ours.twice:
        values, times = np.unique(new, return_counts=True)
        doubtful.append(values[times > 1])
    if not doubtful and not held.withdrawn:
        return held
    asked = HashSet(np.concatenate([*doubtful, new[:0]]))
    meeting = [old for old, hashes in met if len(hashes)]
    rows = _fetch(ledger, seen.kind, meeting, [Old(ledger, seen.kind, w["path"], None) for w in written], asked)
    return held if rows is None else _settle(ledger, held, seen.kind, rows)


class Old:
    """The records of a part that may come again: all of it, or those of a few waybills, read once then.

    ``part`` is given where records are looked for among those of many days: the hashes of its keys are then kept.
    """

    def __init__(self, ledger: Ledger, kind: str, path: str, names: pl.Series | None, part: Part | None = None) -> None:
        self.path, self._root, self._kind = path, ledger.root, kind
        self._few = None if names is None else pl.col(LOOKED_UP[kind]).is_in(names.implode())
        self._part = part

    @cached_property
    def _held(self) -> pl.DataFrame:
        held = pl.scan_parquet(self._root / self.path)
        return (held if self._few is None else held.filter(self._few)).collect()

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """The hashes of the records' keys: of those of the few waybills at least."""
        if self._part is not None:
            return kept_keys(self._root, self._part)
        if self._few is not None:
            return keys(Lines.of(self._held), self._kind)
        return keys(_key_columns_in(self._root / self.path, self._kind), self._kind)

    def rows(self, asked: HashSet) -> pl.DataFrame:
        """Return the records of these keys."""
        return self._held.filter(asked.met(keys(Lines.of(self._held), self._kind)))


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
    made = keys(_key_columns_in(root / part.path, part.kind), part.kind)
    file.parent.mkdir(exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}-{get_ident()}.part")
    with beside.open("wb") as into:
        np.save(into, np.append(made, made.sum(dtype=np.uint64)))
    beside.replace(file)
    return made


def _key_columns_in(file: Path, kind: str) -> Lines:
    return Lines.of(pl.read_parquet(file, columns=key_columns(kind)))


def _few(seen: Seen) -> pl.Series | None:
    """The waybills of a small file, so that of an old part only their records are read; ``None`` of a large one.

    Where records carry numbers of their own a correction may change the waybill, and all have to be looked at.
    """
    named = [names for names in seen.named if names is not None]
    if seen.numbered or len(named) < len(seen.named) or sum(map(len, named)) > FEW:
        return None
    return pl.concat(named).unique()


def _fetch(ledger: Ledger, kind: str, old: list[Old], new: list[Old], asked: HashSet) -> pl.LazyFrame | None:
    """Return the records whose key may have come more than once, in the order in which they were known."""
    frames = []
    for part in [*old, *new]:
        frame = part.rows(asked)
        if frame.height:
            frames.append(frame.lazy().with_columns(
                pl.lit(part.path).alias("part|"), pl.lit(part in new).alias("new|"),
                pl.lit("-withdrawn." in part.path).alias("end|"),
            ))  # fmt: skip
    if not frames:
        return None
    replaced = ledger.superseded().lazy().with_columns(pl.lit(True).alias("gone|"))
    rows = pl.concat(frames).with_columns(_exact(kind).alias(KEY)).join(
        replaced, left_on=["part|", "line"], right_on=["part", "line"], how="left", maintain_order="left",
    )  # fmt: skip
    # Old records stand in the order of their commits already; new ones in that of their lines.
    order = pl.when(pl.col("new|")).then(pl.col("line").cast(pl.Int64) + _FAR // 2).otherwise(pl.col("at|"))
    return rows.with_row_index("at|").with_columns(order.alias("at|")).sort("at|")


def _exact(kind: str) -> pl.Expr:
    """The key itself as text, so that two keys of one hash are never taken for the same."""
    natural = pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in kind_of(kind).key], separator="\x1f")
    if "record_id" not in stored(kind):
        return natural
    own = pl.concat_str([pl.lit("\x1e"), pl.col("operator_id"), pl.col("record_id")], separator="\x1f")
    return pl.when(pl.col("record_id").is_not_null()).then(own).otherwise(natural)


def _settle(ledger: Ledger, held: Revised, kind: str, rows: pl.LazyFrame) -> Revised:
    at, new, end = pl.col("at|"), pl.col("new|"), pl.col("end|")
    again = at > at.min().over([KEY, "end|", *stored(kind)])
    ended = at.filter(end).min().over(KEY)
    rows = rows.with_columns(again.alias("again|"), ended.alias("ended|"))
    dead = new & ~end & ~pl.col("again|") & (at > pl.col("ended|")).fill_null(False)
    rows = rows.with_columns(dead.alias("dead|"))
    stays = ~pl.col("again|") & ~pl.col("dead|") & ~end
    # Of the records of one key the last known one is valid, and none when a withdrawal came after it.
    first, last = (bound.over(KEY) for bound in (at.filter(stays).min(), at.filter(stays).max()))
    over = stays & ((at < last) | (pl.col("ended|") > at).fill_null(False))
    done = rows.select(
        "part|", "line", (new & pl.col("again|")).alias("repeated"), "dead|",
        (new & pl.col("again|") & end).alias("repeated_ends"), (over & pl.col("gone|").is_null()).alias("replaced"),
        (stays & new & (at > first)).alias("corrected"),
    ).collect()  # fmt: skip
    held.repeated, held.corrected, ends = (int(done[n].sum()) for n in ("repeated", "corrected", "repeated_ends"))
    held.withdrawn -= ends
    held.replaced = done.filter("replaced").select(pl.col("part|").alias("part"), "line")
    away = done.filter(pl.col("repeated") | pl.col("dead|"))
    if away.height:
        held.dead = away.filter("dead|").select(
            "line", pl.lit(kind_of(kind).key[0]).alias("column"), pl.lit("key_withdrawn").alias("reason"),
            pl.lit(None, pl.String).alias("shape"),
        ).cast(BAD)  # fmt: skip
        held.parts = [part for told in held.parts if (part := _without(ledger.root, told, away)) is not None]
    return held


def _without(root: Path, told: dict[str, Any], away: pl.DataFrame) -> dict[str, Any] | None:
    """Write a part again without some of its records; ``None`` when nothing is left of it."""
    lines = away["line"].filter(away["part|"] == told["path"])
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
