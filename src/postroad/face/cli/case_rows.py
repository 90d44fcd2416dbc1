"""Rows of the records as people read them: names before codes, a table where it fits, else a block for each row."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.face.case_words import heading
from postroad.language import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from postroad.face.case_words import Names

Row = dict[str, Any]
KEPT_BY = ("version", "valid_from", "recorded_at", "recorded_by", "source")
"""Columns that say how a row is kept: the matter of a history, and of ``--json``, but not of a list."""
ONCE = "origin"
"""A column that is said once under the rows when it is the same in all of them; it is never left out."""
UNBOUNDED = 100_000
HEADS = ("id", "indicator", "rule")
"""What stands at the head of a block, the first that a row has."""


def print_rows(rows: Sequence[Row], names: Names, kept_by: bool = False) -> None:
    """Print rows as a table, or each as a block where the terminal is too narrow; ``kept_by`` shows both clocks too."""
    from rich.columns import Columns
    from rich.padding import Padding
    from rich.text import Text

    from postroad.face.cli.display import out

    columns, same = shown_columns(rows, kept_by)
    table = _table(rows, columns, names)
    if fits(table):
        out.print(table)
    else:
        for number, row in enumerate(rows, 1):
            head = next((name for name in HEADS if _told(row.get(name))), "")
            rest = [name for name in columns if name != head]
            out.print(Text(names.cell(head, row[head]) if head else str(number), style="bold"))
            told = [
                Text.assemble((f"{heading(name)} ", "dim"), names.cell(name, row[name]))
                for name in rest
                if _told(row[name])
            ]
            out.print(Padding(Columns(told, padding=(0, 2), equal=True), (0, 0, 0, 2)))
    note = say("cases.rows_same", value=say(f"cases.origin_{same}")) if same else ""
    note += zone_note(rows, columns)
    out.print(say("cases.rows_count", count=len(rows)) + note, style="dim", soft_wrap=True)


def print_told(told: Mapping[str, Any], names: Names) -> None:
    """Print one answer: a line for each thing said, and a table for each list of rows in it."""
    from rich.table import Table
    from rich.text import Text

    from postroad.face.cli.display import out

    grid = Table.grid(padding=(0, 2))
    for name, value in told.items():
        if not _is_rows(value):
            grid.add_row(Text(heading(name), style="dim"), Text(names.cell(name, value)))
    out.print(grid)
    for name, value in told.items():
        if _is_rows(value):
            out.print(Text(heading(name), style="bold"))
            print_rows(value, names, kept_by=True)


def zone_note(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """Return the sentence that says in which zone times are shown, where any is."""
    timed = any(isinstance(row[name], dt.datetime) for row in rows for name in columns)
    return say("cases.zone") if timed else ""


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def shown_columns(rows: Sequence[Row], kept_by: bool) -> tuple[list[str], str]:
    """Return the columns worth showing, and the origin when all rows share it, so that it is said once."""
    origins = {row.get(ONCE) for row in rows}
    same = str(next(iter(origins))) if len(origins) == 1 and None not in origins else ""
    left_out = {ONCE} if same else set()
    left_out |= set() if kept_by else set(KEPT_BY)
    found = [
        name
        for name in rows[0]
        if name not in left_out and not name.endswith("_sha256") and any(_told(row[name]) for row in rows)
    ]
    return found or list(rows[0]), same


def fits(table: Table) -> bool:
    """Whether every word of a table stays whole in the terminal's width."""
    from rich.measure import Measurement

    from postroad.face.cli.display import out

    wide = out.options.update(width=UNBOUNDED)
    return Measurement.get(out, wide, table).minimum <= out.width


def _table(rows: Sequence[Row], columns: list[str], names: Names) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(heading(name))
    for row in rows:
        table.add_row(*[Text(names.cell(name, row[name])) for name in columns])
    return table


def _told(value: Any) -> bool:
    return value not in (None, "", [], {})
