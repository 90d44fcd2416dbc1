"""Workbooks in: values only, never formulas, within bounds of size.

A sheet is read twice: as text, which keeps what people typed, and as numbers where a column holds numbers, because a
cell's text is rounded to nine decimals.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping

import fastexcel
import polars as pl

from postroad.errors import Fault
from postroad.tables.findings import note
from postroad.tables.headers import DEPTH, find, table_named, unknown_table
from postroad.tables.schema import Schema, Table
from postroad.tables.sheet import Sheet, from_header, no_header

MOST_BYTES = 1 << 30
"""Unpacked size above which a workbook is refused."""

MOST_PARTS = 5_000
MOST_RATIO = 500
"""A part that unpacks to more than so many times its packed size is refused, when it is over a megabyte."""

_ASIDE = {"说明", "readme", "notes", "about", "choices", "选项"}
"""Sheets that hold no table: what the template writes for people."""


def read_workbook(data: bytes, schema: Schema) -> Iterator[Sheet | Fault]:
    """Yield the sheet of each table in the bytes of an xlsx file, and a fault for each sheet that is none."""
    refused = oversized(data)
    if refused is not None:
        yield refused
        return
    try:
        book = fastexcel.read_excel(data)
        names = list(book.sheet_names)
    except Exception as broken:  # the reader raises its own kinds, and others on a torn file
        yield Fault.of("tables.workbook_unreadable", detail=_short(broken))
        return
    for name in names:
        if name.strip().casefold() in _ASIDE:
            continue
        table = table_named(name, schema)
        if table is None:
            yield unknown_table(name, schema)
            continue
        try:
            yield _sheet(book, name, schema.tables[table])
        except Exception as broken:  # as above: a torn sheet is the file's fault
            yield Fault.of("tables.workbook_unreadable", table=table, detail=_short(broken))


def _short(broken: Exception) -> str:
    return (str(broken).splitlines() or [type(broken).__name__])[0][:200]


_TORN = (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, EOFError, RuntimeError, KeyError)


def oversized(data: bytes) -> Fault | None:
    """Return what is wrong with a workbook as a packed file: torn, or it would unpack too far."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
    except _TORN as broken:
        return Fault.of("tables.workbook_unreadable", detail=_short(broken))
    parts = packed.infolist()
    total = sum(part.file_size for part in parts)
    bombs = [p for p in parts if p.file_size > 1 << 20 and p.file_size > MOST_RATIO * max(p.compress_size, 1)]
    if total > MOST_BYTES or len(parts) > MOST_PARTS or bombs:
        return Fault.of("tables.workbook_too_big", value=total, nearest=MOST_BYTES, count=len(parts))
    try:
        # The sheet reader does not look at checksums, so a changed byte could pass for another value.
        torn = packed.testzip()
    except _TORN as broken:
        return Fault.of("tables.workbook_unreadable", detail=_short(broken))
    return Fault.of("tables.workbook_unreadable", detail=torn) if torn else None


def _sheet(book: fastexcel.ExcelReader, name: str, table: Table) -> Sheet | Fault:
    loaded = book.load_sheet(name, header_row=None, dtypes="string", skip_rows=0)
    grid = loaded.to_polars()
    if not grid.width:
        return Fault.of("tables.empty_file", table=table.name)
    header = find(grid.head(DEPTH).rows(), table)
    if header is None:
        return no_header(grid, table)
    wrong = _cell_errors(loaded)
    unread = {
        row: (
            " | ".join(c or "" for c in grid.row(row)),
            Fault.of(
                "tables.formula_error",
                table=table.name,
                row=row - header.first + 1,
                column=_column(header.columns, at),
                value=text,
            ),
        )
        for row, at, text in wrong
        if header.first <= row < grid.height
    }
    grid = _exact(book, name, grid, header.columns, table)
    grid, mended = _without_breaks(grid)
    sheet = from_header(grid, header, table, unread)
    if mended:
        sheet.notes.append(note("tables.mended_breaks", table.name, "", mended))
    return sheet


def _column(columns: Mapping[str, int], at: int) -> str:
    return next((name for name, place in columns.items() if place == at), f"#{at + 1}")


def _cell_errors(loaded: fastexcel.ExcelSheet) -> list[tuple[int, int, str]]:
    errors = loaded.to_arrow_with_errors()[1]
    if errors is None:
        return []
    return [(*error.offset_position, error.detail.rpartition("(")[2].strip("')")) for error in errors.errors]


def _exact(
    book: fastexcel.ExcelReader, name: str, grid: pl.DataFrame, columns: Mapping[str, int], table: Table
) -> pl.DataFrame:
    """Put the full number back where the text of a number cell was rounded."""
    places = {n: at for n, at in columns.items() if n in table.columns and table.columns[n].numeric}
    if not places:
        return grid
    numbers = book.load_sheet(
        name, header_row=None, dtypes=dict.fromkeys(places.values(), "float"), skip_rows=0
    ).to_polars()
    if numbers.height != grid.height:
        return grid
    made = []
    for at in places.values():
        text, number = grid.to_series(at), numbers.to_series(at)
        close = text.cast(pl.Float64, strict=False)
        rounded = close.is_not_null() & number.is_not_null() & (close != number) & ((close - number).abs() < 1e-8)
        if rounded.any():
            made.append(
                pl.select(pl.when(rounded).then(number.cast(pl.String)).otherwise(text)).to_series().alias(text.name)
            )
    return grid.with_columns(made)


def _without_breaks(grid: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return the grid with line breaks inside cells made spaces, and how many cells had one."""
    counts = grid.select(pl.all().str.contains(r"[\r\n\x0b\x0c]").sum()).row(0)
    if not any(counts):
        return grid, 0
    return grid.with_columns(pl.all().str.replace_all(r"[\r\n\x0b\x0c]+", " ")), sum(counts)
