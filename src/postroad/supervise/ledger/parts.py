"""Writing records into parts: split by day and operator, flushed to disk, with the root over the acceptances in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import polars as pl
import pyarrow.lib as pa
import pyarrow.parquet as pq

from postroad.supervise.ledger.durable import digest_of
from postroad.supervise.ledger.kinds import CLOCK, NO_DAY, stored
from postroad.supervise.ledger.lines import Lines
from postroad.supervise.merkle import Tree
from postroad.supervise.sha256 import leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from postroad.supervise.ledger.store import Part

MOST_PARTS = 40
"""Most partitions of one chunk that get a file of their own; the small rest share one."""
MIXED = "mixed"
PROVEN = ("acceptances",)
"""Kinds whose every record is a leaf of its own; a part of another kind stands in the log by its digest."""
UNIT = "\x1f"
STEPPED = (pa.uint32(), pa.int64(), pa.timestamp("us"))
NAMED = ("waybill", "record_id")
"""Columns whose words are long and alike, so that they are worth pressing."""
DICTIONARY_BYTES = 64 << 20


@dataclass(frozen=True)
class Held:
    """A record where it stands: its part, the leaf hashes of all of it, the row, the record's text and line."""

    part: Part
    hashes: NDArray[np.uint8]
    row: int
    text: str
    line: int


def day_of(kind: str) -> pl.Expr:
    """Return the day of a record as text."""
    if kind not in CLOCK:
        return pl.lit(NO_DAY)
    return pl.col(CLOCK[kind]).dt.date().cast(pl.String)


def days_of(lines: Lines, kind: str) -> tuple[str, str]:
    """Return the first and the last day of records."""
    if kind not in CLOCK:
        return NO_DAY, NO_DAY
    clock = lines.spelt(CLOCK[kind])
    return clock.min().date().isoformat(), clock.max().date().isoformat()  # type: ignore[union-attr]


def split(lines: Lines, kind: str) -> Iterator[tuple[str, str, Lines]]:
    """Yield the records of each day and operator, the small ones of a chunk of many together."""
    first, last = days_of(lines, kind)
    operators = lines.said("operator_id")
    if first == last and len(operators) == 1:
        yield first, operators[0], lines
        return
    keyed = lines.frame().with_columns(day_of(kind).alias("day|"))
    sizes = keyed.group_by("day|", "operator_id").len().sort("len", "day|", "operator_id", descending=True)
    own = sizes.head(MOST_PARTS).select("day|", "operator_id", pl.lit(True).alias("own|"))
    keyed = keyed.join(own, on=["day|", "operator_id"], how="left", maintain_order="left")
    large = keyed.filter(pl.col("own|").is_not_null()).drop("own|")
    for (day, operator), held in large.group_by("day|", "operator_id", maintain_order=True):
        yield str(day), str(operator), Lines.of(held.drop("day|"))
    rest = keyed.filter(pl.col("own|").is_null())
    if rest.height:
        yield MIXED, MIXED, Lines.of(rest.drop("day|", "own|"))


def write(
    root: Path, kind: str, name: str, lines: Lines, withdrawals: bool, written: Callable[[Path], object]
) -> Iterator[dict[str, Any]]:
    """Write records under ``name`` and yield what a commit says of each part; ``written`` is told of its file."""
    for day, operator, held in split(lines.select(["line", *stored(kind)]), kind):
        label = f"{name}{'-withdrawn' if withdrawals else ''}.parquet"
        path = f"parts/{kind}/day={day}/operator={quote(operator, safe='')[:80]}/{label}"
        told = one(root, kind, path, held, withdrawals)
        written(root / path)
        yield told


def one(root: Path, kind: str, path: str, lines: Lines, withdrawals: bool) -> dict[str, Any]:
    """Write one part and return what a commit says of it; ``Writer.flush`` makes it last."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    _write_records(root / path, lines)
    days = days_of(lines, kind)
    return {
        "path": path, "kind": kind, "first_day": days[0], "last_day": days[1], "rows": lines.height,
        "operators": sorted(lines.said("operator_id"))[:MOST_PARTS], "sha256": digest_of(root / path),
        "root": Tree(leaves(leaf_texts(lines.frame(), kind))).root.hex() if kind in PROVEN else "",
        "withdrawals": withdrawals,
    }  # fmt: skip


def _write_records(file: Path, lines: Lines) -> None:
    """Write records as Parquet: few words by number, times and lines by their steps, waybills as they repeat.

    A commit names the days and operators of each part: row groups need no statistics of their own. A column in which
    something stands everywhere says so once, not for every record.
    """
    held = {name: lines.arrow(name) for name in lines.columns}
    steps = [name for name, column in held.items() if column.type in STEPPED]
    schema = pa.schema([pa.field(name, column.type, column.null_count > 0) for name, column in held.items()])
    pq.write_table(
        pa.Table.from_arrays(list(held.values()), schema=schema), file, write_statistics=False, store_schema=False,
        compression={name: "lz4" if name in NAMED else "none" for name in held},
        column_encoding=dict.fromkeys(steps, "DELTA_BINARY_PACKED"), dictionary_pagesize_limit=DICTIONARY_BYTES,
        use_dictionary=[name for name in held if name not in steps],
    )  # fmt: skip


def may_meet(operators: Sequence[str], written: list[dict[str, Any]]) -> bool:
    """Whether a part of these operators may hold records of one who is in the parts written.

    Where as many are named as a commit names, there may be more.
    """
    if len(operators) >= MOST_PARTS:
        return bool(written)
    return any(len(w["operators"]) >= MOST_PARTS or set(operators) & set(w["operators"]) for w in written)


def write_frame(file: Path, frame: pl.DataFrame) -> str:
    """Write a frame as Parquet and return its SHA-256; ``Writer.flush`` makes it last."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(frame.to_arrow(), file, compression="lz4", write_statistics=False, store_schema=False)
    return digest_of(file)


def leaf_text(kind: str, nothing: str = "") -> pl.Expr:
    """Return a record as the text whose hash is its leaf: its stored columns in order, ``nothing`` where nothing is."""
    cells = []
    for name, held in stored(kind).items():
        cell = pl.col(name)
        if held == pl.Binary:
            cell = cell.bin.encode("hex")
        elif held == pl.Datetime("us"):
            cell = cell.dt.strftime("%Y-%m-%d %H:%M:%S")
        cells.append(cell.cast(pl.String).fill_null(nothing))
    return pl.concat_str(cells, separator=UNIT).alias("leaf")


def leaf_texts(frame: pl.DataFrame, kind: str) -> pl.Series:
    """Return each record as its leaf's text."""
    return frame.select(leaf_text(kind)).to_series()
