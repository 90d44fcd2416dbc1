"""Files of records into pieces to be read one by one: CSV, JSON lines and Parquet; every line is accounted for.

A record is a line (or a row). Lines of a CSV that are plainly right are read and typed in one pass over their bytes
(``plain``); the others become cells of text for the judge, and a line that is no record is told with its reason. So the
quick way accepts only what the patient way would.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow.lib as pa
import pyarrow.parquet as pq

from postroad.errors import DataError, Fault, UsageError
from postroad.supervise.ledger import blocks, plain
from postroad.supervise.ledger.surveying import EXTENT_BYTES, LONGEST_LINE, Surveyed, glanced, head

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from postroad.supervise.ledger.blocks import Extent
    from postroad.supervise.ledger.lines import Lines
    from postroad.tables import Table

PATIENT_BYTES = 4 << 20
WORTH_A_TABLE = 1 << 16
"""Bytes of lines of which fewer are sooner read one by one."""
BATCH_ROWS = 500_000
FORMS = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl",
         ".jsonld": "epcis", ".json": "epcis"}  # fmt: skip


@dataclass
class Chunk:
    """Part of a file, read: ``frame`` has the column ``line`` (from 1, the header not counted) and columns of text.

    ``typed`` are records judged already; ``torn`` the lines that are no record: line and reason. ``blank`` counts
    empty lines.
    """

    frame: pl.DataFrame
    torn: list[tuple[int, str]] = field(default_factory=list)
    blank: int = 0
    typed: Lines | None = None


@dataclass(frozen=True)
class Piece:
    """Part of a file whose lines are counted and not yet read; ``read`` may be called in any thread."""

    lines: int
    read: Callable[[], Chunk]


def form_of(path: Path) -> str:
    """Return the form of a file by its ending; ``UsageError`` when it is none of them."""
    if not path.is_file():
        raise UsageError.of("ledger.no_file", path=str(path))
    if path.suffix.lower() not in FORMS:
        raise UsageError.of("ledger.no_such_form", path=str(path), known=", ".join(FORMS))
    return FORMS[path.suffix.lower()]


def pieces(
    path: Path, table: Table, form: str, known_at: dt.datetime | None, found: Surveyed | None = None,
    block_bytes: int = EXTENT_BYTES,
) -> Iterator[Piece]:  # fmt: skip
    """Yield the pieces of a file in order; ``DataError`` when the file as a whole cannot be read.

    ``known_at`` is what records must not lie after; without it every line of a CSV is left to the judge. ``found``
    is what a survey of a CSV found.
    """
    if form == "csv":
        yield from _csv_pieces(path, table, known_at, found or glanced(path, block_bytes))
    else:
        reader = {"jsonl": _jsonl_pieces, "parquet": _parquet_pieces}[form]
        yield from reader(path, table, block_bytes)


def _blocks(path: Path, size: int, skip: int = 0) -> Iterator[bytes]:
    """Pieces of a file that end at the end of a line."""
    with path.open("rb", buffering=0) as file:
        file.seek(skip)
        while block := file.read(size):
            while not (cut := block.rfind(b"\n") + 1) and (more := file.read(size)):
                block += more
            if cut and cut < len(block):
                file.seek(cut - len(block), 1)
                block = block[:cut]
            yield block


def meant(names: list[str], table: Table) -> dict[str, str]:
    """Return which column of the kind each written name means; ``DataError`` names doubles and what is missing."""
    words = {word.casefold(): c.name for c in table.columns.values() for word in (c.name, c.zh, c.en)}
    found: dict[str, str] = {}
    faults = []
    for name in names:
        column = words.get(name.strip().casefold())
        if column is None:
            continue
        if column in found.values():
            faults.append(Fault.of("ledger.column_twice", table=table.name, column=column, value=name))
        found[name] = column
    needed = [c for c in table.columns.values() if c.required and c.name not in ("origin", "source")]
    faults += [
        Fault.of("ledger.column_missing", table=table.name, column=c.name, known=f"{c.name} | {c.zh} | {c.en}")
        for c in needed
        if c.name not in found.values()
    ]
    if faults:
        raise DataError(faults)
    return found


def strangers(names: list[str], table: Table) -> list[str]:
    """Return the written names that mean no column: those are not taken, whatever they hold."""
    words = {word.casefold() for c in table.columns.values() for word in (c.name, c.zh, c.en)}
    return [name for name in names if name.strip().casefold() not in words]


def header(path: Path, form: str) -> list[str]:
    """Return the names of the columns of a Parquet file; lines of JSON have none, a CSV is surveyed for them."""
    return [str(name) for name in _parquet(path).schema_arrow.names] if form == "parquet" else []


def first_cell(path: Path, table: Table, column: str) -> str | None:
    """Return what stands in a column of a CSV's first line; ``None`` when that cannot be told at a glance."""
    names, skip, encoding, _ = head(path)
    columns = meant(names, table)
    with path.open("rb") as file:
        file.seek(skip)
        line = file.readline(LONGEST_LINE).removesuffix(b"\n")
    cells = _cells(line.decode(encoding, "replace").encode(), len(names))
    if not isinstance(cells, list) or column not in columns.values():
        return None
    return next(cells[n] for n, name in enumerate(names) if columns.get(name) == column)


def _csv_pieces(path: Path, table: Table, known_at: dt.datetime | None, found: Surveyed) -> Iterator[Piece]:
    names, columns = found.names, meant(found.names, table)
    plan = plain.planned(names, columns, table, known_at) if known_at else None
    line = 0
    for extent in found.extents:
        helpings = partial(_helpings, path, extent, found.encoding)
        yield Piece(extent.lines, partial(_csv_chunk, helpings, names, columns, plan, extent, line))
        line += extent.lines


def _helpings(path: Path, extent: Extent, encoding: str) -> Iterator[NDArray[np.uint8]]:
    """Whole lines of an extent in UTF-8, some at a time."""
    for data in blocks.helpings(path, extent):
        if encoding == "utf-8":
            yield data
        else:
            yield np.frombuffer(bytearray(data.tobytes().decode(encoding, "replace").encode()), np.uint8)


def _csv_chunk(
    helpings: Callable[[], Iterable[NDArray[np.uint8]]], names: list[str], columns: dict[str, str],
    plan: plain.Plan | None, extent: Extent, before: int,
) -> Chunk:  # fmt: skip
    """Read whole lines: at once what is plainly right, then the rest together, or line by line."""
    typed = None
    if plan is not None:
        reading = plain.Reading(plan, extent.lines, extent.size, before)
        for data in helpings():
            reading.add(data)
        found = reading.whole()
        typed, block, numbers = found.typed, found.doubtful, found.doubts
    else:
        block, numbers = b"".join(d.tobytes() for d in helpings()), np.arange(before + 1, before + extent.lines + 1)
    if not len(numbers):
        return Chunk(_framed([], [], list(columns.values())), typed=typed)
    quick = _quick(block, names, columns) if len(block) > WORTH_A_TABLE else None
    if quick is not None:
        return Chunk(quick.insert_column(0, pl.Series("line", numbers, pl.UInt32)), typed=typed)
    read = list(_patient(block, names, columns, numbers))
    torn = [line for chunk in read for line in chunk.torn]
    blank = sum(chunk.blank for chunk in read)
    return Chunk(pl.concat(chunk.frame for chunk in read), torn, blank, typed)


def _quick(block: bytes, names: list[str], columns: dict[str, str]) -> pl.DataFrame | None:
    if b'"' in block or b"\x00" in block:
        return None
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
        if b"\r" in block:
            return None
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if block.count(b",") != lines * (len(names) - 1) or b"\n\n" in block or block.startswith(b"\n"):
        return None
    places = [str(n) for n in range(len(names))]
    try:
        frame = pl.read_csv(block, has_header=False, schema=dict.fromkeys(places, pl.String()), quote_char=None)
    except pl.exceptions.PolarsError:
        return None
    # With as many commas as a right file has, and no line with too many cells, every line has the right number.
    if frame.height != lines:
        return None
    return frame.select(pl.col(places[n]).alias(columns[name]) for n, name in enumerate(names) if name in columns)


def _patient(block: bytes, names: list[str], columns: dict[str, str], held: NDArray[np.int64]) -> Iterator[Chunk]:
    keep = [(n, columns[name]) for n, name in enumerate(names) if name in columns]
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    torn: list[tuple[int, str]] = []
    blank = size = 0
    lines = block.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    for line, raw in zip(held.tolist(), lines, strict=True):
        size += len(raw)
        cells = _cells(raw, len(names))
        if cells is None:
            blank += 1
        elif isinstance(cells, str):
            torn.append((line, cells))
        else:
            rows.append([cells[n] or None for n, _ in keep])
            numbers.append(line)
        if size > PATIENT_BYTES:
            yield Chunk(_framed(rows, numbers, [name for _, name in keep]), torn, blank)
            rows, numbers, torn, blank, size = [], [], [], 0, 0
    if rows or torn or blank:
        yield Chunk(_framed(rows, numbers, [name for _, name in keep]), torn, blank)


def _cells(raw: bytes, wanted: int) -> list[str] | str | None:
    """The cells of a line, the reason why it is no record, or ``None`` when nothing stands there."""
    try:
        text = raw.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    if not text.strip():
        return None
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return "torn_quotes"
    return rows[0] if len(rows) == 1 and len(rows[0]) == wanted else "wrong_number_of_cells"


def _framed(rows: list[list[str | None]], numbers: list[int], names: list[str]) -> pl.DataFrame:
    held: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    made = {"line": pl.Series("line", numbers, dtype=pl.UInt32)}
    return pl.DataFrame({**made, **{n: pl.Series(n, c, dtype=pl.String) for n, c in zip(names, held, strict=True)}})


def _jsonl_pieces(path: Path, table: Table, block_bytes: int) -> Iterator[Piece]:
    names = [c.name for c in table.columns.values()]
    line = 0
    for block in _blocks(path, min(PATIENT_BYTES, block_bytes)):
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        yield Piece(lines, partial(_jsonl_chunk, block, names, line))
        line += lines


def _jsonl_chunk(block: bytes, names: list[str], line: int) -> Chunk:
    rows, numbers, torn, blank = [], [], [], 0
    for number, raw in enumerate(block.removesuffix(b"\n").split(b"\n"), line + 1):
        told = _object(raw)
        if told is None:
            blank += 1
        elif isinstance(told, str):
            torn.append((number, told))
        else:
            rows.append([as_text(told.get(name)) for name in names])
            numbers.append(number)
    return Chunk(_framed(rows, numbers, names), torn, blank)


def _object(raw: bytes) -> dict[str, Any] | str | None:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    if not text.strip():
        return None
    try:
        told = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return "not_json"
    return told if isinstance(told, dict) else "not_an_object"


def _no_constant(name: str) -> None:
    raise ValueError(name)


def as_text(value: Any) -> str | None:
    """Return a JSON value as the text a CSV would hold; a list or an object stays as JSON, which no rule will take."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(value)


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as wrong:
        raise DataError.of("ledger.cannot_read", path=str(path), detail=str(wrong).splitlines()[0]) from wrong


def _parquet_pieces(path: Path, table: Table, block_bytes: int) -> Iterator[Piece]:
    file = _parquet(path)
    columns = meant([str(n) for n in file.schema_arrow.names], table)
    line = 0
    try:
        for batch in file.iter_batches(min(BATCH_ROWS, block_bytes), columns=list(columns)):
            made: Any = pl.from_arrow(pa.Table.from_batches([batch]))
            yield Piece(made.height, partial(_parquet_chunk, path, made, columns, line))
            line += made.height
    except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as wrong:
        raise DataError.of("ledger.cannot_read", path=str(path), detail=str(wrong).splitlines()[0]) from wrong


def _parquet_chunk(path: Path, made: pl.DataFrame, columns: dict[str, str], line: int) -> Chunk:
    try:
        frame = made.select(_text_of(made[name]).alias(column) for name, column in columns.items())
    except pl.exceptions.PolarsError as wrong:
        raise DataError.of("ledger.cannot_read", path=str(path), detail=str(wrong).splitlines()[0]) from wrong
    return Chunk(frame.with_row_index("line", line + 1))


def _text_of(series: pl.Series) -> pl.Series:
    if series.dtype == pl.String:
        return series.replace("", None) if (series == "").any() else series
    if isinstance(series.dtype, pl.Datetime):
        if series.dtype.time_zone:
            series = series.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None)
        return series.dt.strftime("%Y-%m-%d %H:%M:%S")
    return series.cast(pl.String)
