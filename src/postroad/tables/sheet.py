"""A sheet: one table as it stands in a file, before its cells are understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from postroad.errors import Fault
from postroad.tables.cells import SPACES
from postroad.tables.findings import Note, note
from postroad.tables.headers import DEPTH, Header, find
from postroad.tables.schema import Table

TOTALS = ("合计", "总计", "小计", "共计", "总和", "汇总", "全省合计", "total", "grand total", "subtotal", "sum")
_PUNCTUATION = " \t\u3000:：.。()（）"


@dataclass
class Sheet:
    """Rows of one table with the schema's column names, each with its number in the file (1 below the header).

    ``unread`` are rows that could not even be parted into cells: (row number, text, fault). ``skipped`` counts rows
    left out openly (blank, totals, repeated headers); each has its note.
    """

    table: Table
    frame: pl.DataFrame
    numbers: pl.Series | None = None
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unread: list[tuple[int, str, Fault]] = field(default_factory=list)
    skipped: int = 0

    @property
    def rows(self) -> int:
        """Rows that the file has for this table, however they fare."""
        return self.frame.height + len(self.unread) + self.skipped


def no_header(grid: pl.DataFrame, table: Table) -> Fault:
    """Return the fault of a sheet none of whose first rows names a column."""
    shown = " | ".join(cell for cell in grid.row(0) if cell)[:80] if grid.height else ""
    return Fault.of("tables.no_header", table=table.name, value=shown, known=", ".join(table.columns))


def from_grid(grid: pl.DataFrame, table: Table) -> Sheet | Fault:
    """Return the sheet in a grid of text cells, or the fault that no header was found.

    ``grid`` has one text column per sheet column and every physical row, title rows and header included.
    """
    header = find(grid.head(DEPTH).rows(), table)
    return no_header(grid, table) if header is None else from_header(grid, header, table)


def from_header(
    grid: pl.DataFrame, header: Header, table: Table, unread: Mapping[int, tuple[str, Fault]] | None = None
) -> Sheet:
    """Return the sheet below a header, without blank rows, totals and repeats of the header.

    ``unread`` are rows of the grid (by position) that could not be parted into cells, with their text and fault.
    """
    body = grid.slice(header.first)
    numbers = pl.Series("row", range(1, body.height + 1), dtype=pl.UInt32)
    aside, notes = _left_out(body, header, table)
    apart = {at - header.first: told for at, told in (unread or {}).items() if not aside[at - header.first]}
    lost = pl.Series([at in apart for at in range(body.height)], dtype=pl.Boolean) if apart else ~(aside | True)
    keep = ~(aside | lost)
    body, numbers = body.filter(keep), numbers.filter(keep)
    frame = body.select(pl.col(grid.columns[at]).alias(name) for name, at in header.columns.items())
    faults = [*header.faults, *_unnamed(body, header, table)]
    told = [(at + 1, text, fault) for at, (text, fault) in sorted(apart.items())]
    return Sheet(table, frame, numbers, faults, [*header.notes, *notes], told, int(aside.sum()))


def _unnamed(body: pl.DataFrame, header: Header, table: Table) -> list[Fault]:
    """Return a fault for each sheet column that has values but nothing above them."""
    faults = []
    for at in sorted(set(range(body.width)) - header.named):
        filled = int((body.to_series(at).str.strip_chars().fill_null("") != "").sum())
        if filled:
            facts = {"table": table.name, "column": f"#{at + 1}", "count": filled}
            faults.append(Fault.of("tables.unnamed_column", **facts))
    return faults


def _left_out(body: pl.DataFrame, header: Header, table: Table) -> tuple[pl.Series, list[Note]]:
    """Return where a row is blank, a total or the header again, and the notes that say so."""
    if not body.height:
        return pl.Series([], dtype=pl.Boolean), []
    cells = [pl.col(name).str.strip_chars(SPACES) for name in body.columns]
    empty = [(cell.is_null() | (cell == "")) for cell in cells]
    blank = pl.all_horizontal(empty)
    first = pl.coalesce(pl.when(~e).then(cell) for cell, e in zip(cells, empty, strict=True))
    total = first.str.strip_chars(_PUNCTUATION).str.to_lowercase().is_in(list(TOTALS))
    needed = [header.columns[c.name] for c in table.columns.values() if c.required and c.name in header.columns]
    lacking = pl.any_horizontal(empty[at] for at in needed) if needed else pl.lit(False)
    marks = body.select(blank=blank, total=total.fill_null(False), lacking=lacking)
    # A total stands at the end, or lacks what every row must have; a row named "total" in full is a row.
    tail = (marks["blank"] | marks["total"]).reverse().cast(pl.UInt8).cum_min().reverse().cast(pl.Boolean)
    totals = marks["total"] & (tail | marks["lacking"])
    repeated = _repeats(body, header, table)
    aside = marks["blank"] | totals | repeated
    notes = []
    for key, mask in (
        ("tables.note_blank_rows", marks["blank"]),
        ("tables.note_total_rows", totals),
        ("tables.note_repeated_headers", repeated & ~marks["blank"]),
    ):
        if count := int(mask.sum()):
            at = ", ".join(str(i + 1) for i in mask.arg_true().head(10).to_list())
            notes.append(note(key, table.name, "", count, rows=at))
    return aside, notes


def _repeats(body: pl.DataFrame, header: Header, table: Table) -> pl.Series:
    """Where a row only repeats the header, as pasted sheets do."""
    tests = [
        pl.col(body.columns[at]).is_in(list(dict.fromkeys((name, column.zh, column.en))))
        for name, at in header.columns.items()
        if (column := table.columns.get(name)) is not None
    ]
    if not tests:
        return pl.repeat(False, body.height, eager=True)
    return body.select(pl.all_horizontal(tests).fill_null(False)).to_series()


def from_typed(frame: pl.DataFrame, table: Table) -> Sheet:
    """Return the sheet in a frame that already has types and column names (Parquet, DuckDB)."""
    header = find([tuple(frame.columns)], table)
    if header is None:
        facts = {"value": " | ".join(frame.columns)[:80], "known": ", ".join(table.columns)}
        fault = Fault.of("tables.no_header", table=table.name, **facts)
        return Sheet(table, frame.select(), None, [fault], unread=[])
    named = {frame.columns[at]: name for name, at in header.columns.items()}
    return Sheet(table, frame.select(list(named)).rename(named), None, list(header.faults))
