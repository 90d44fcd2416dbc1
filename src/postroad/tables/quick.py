"""CSV that is in order, read straight into types: the common case of a large file.

Whatever is not plainly in order (quotes, torn rows, another encoding, titles, totals, a cell that is no number) makes
``read_quick`` step back and say nothing; the patient reader in ``delimited`` then tells what is wrong. So this path
may only ever accept what the patient one would accept without a note.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from postroad.tables.headers import DATUM, Header, find
from postroad.tables.schema import Table
from postroad.tables.sheet import TOTALS, Sheet

_BLOCK = 1 << 21
_TYPED = {"integer": pl.Int64(), "number": pl.Float64(), "boolean": pl.Boolean()}


def read_quick(source: bytes | Path, table: Table) -> Sheet | None:
    """Return the sheet of a CSV file in order, or ``None`` when it needs the patient reader."""
    head = _first_line(source)
    if head is None:
        return None
    header = find([head.split(",")], table)
    if header is None or header.faults or header.notes or len(header.columns) != head.count(",") + 1:
        return None
    counted = _even(source)
    if counted is None:
        return None
    frame = _typed(source, header, table)
    # Without quotes a cell holds no comma, and the parser refuses a line with more cells than the header; so the sum
    # over the file is right only if every line is.
    if frame is None or counted[0] != head.count(",") * (frame.height + 1):
        return None
    column = table.columns.get(frame.columns[0])
    again = (column.name, column.zh, column.en) if column else ()
    return Sheet(table, frame) if _plain_rows(frame, (head.split(",")[0], *again)) else None


def _blocks(source: bytes | Path) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield from (source[at : at + _BLOCK] for at in range(0, len(source), _BLOCK))
        return
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _first_line(source: bytes | Path) -> str | None:
    start = next(_blocks(source), b"")[: 1 << 16]
    line, end, _ = start.partition(b"\n")
    try:
        text = line.decode("utf-8").removesuffix("\r")
    except UnicodeDecodeError:
        return None
    return text if end and not text.startswith("\ufeff") else None


def _even(source: bytes | Path) -> tuple[int, bool] | None:
    """Return the number of commas and whether lines end in CR LF, or ``None`` when quotes or stray marks are there."""
    commas = returns = pairs = 0
    last = b""
    letters = chinese = False
    for block in _blocks(source):
        if not block.isascii():
            letters = True
            chinese = chinese or bool((np.frombuffer(block, dtype=np.uint8) >= 0xE0).any())
        if b'"' in block or b"'" in block or b"\x00" in block:
            return None
        commas += int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == ord(",")))
        if b"\r" in block or last == b"\r":
            returns += block.count(b"\r")
            pairs += block.count(b"\r\n") + (last == b"\r" and block[:1] == b"\n")
        last = block[-1:]
    # Short letters and no long one may be another encoding that passes for UTF-8; the patient reader decides.
    return (commas, bool(pairs)) if returns == pairs and (chinese or not letters) else None


def _typed(source: bytes | Path, header: Header, table: Table) -> pl.DataFrame | None:
    names = sorted(header.columns, key=lambda name: header.columns[name])
    # Dates come as text: the parser would also take 11-12-2020, and guess which part is the month.
    held = {n: pl.String() if n == DATUM else _TYPED.get(table.columns[n].type, pl.String()) for n in names}
    given = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        return pl.read_csv(given, has_header=False, skip_lines=1, schema=held)
    except (pl.exceptions.PolarsError, OSError):
        return None


def _plain_rows(frame: pl.DataFrame, heads: tuple[str, ...]) -> bool:
    """Whether no row is blank, a total, or the header again."""
    first = frame.to_series(0)
    if first.null_count():
        return False
    if first.dtype != pl.String:
        return True
    words = "|".join(re.escape(word) for word in (*TOTALS, *heads))
    return not bool(first.str.contains(rf"(?i)^[\s\u3000:：.。()（）]*(?:{words})[\s\u3000:：.。()（）]*$").any())
