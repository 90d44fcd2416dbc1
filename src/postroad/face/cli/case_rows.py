"""Rows of the records as people read them: names before codes, a table where it fits, else a block for each row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from postroad.language import current, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from postroad.language import Language
    from postroad.network import Network

Row = dict[str, Any]
KEPT_BY = ("version", "valid_from", "recorded_at", "recorded_by", "source")
"""Columns that say how a row is kept: the matter of a history, and of ``--json``, but not of a list."""
PLACES, FIRMS = ("prefecture_id", "place_id", "region_id", "city_id"), ("operator_id",)
ONCE = "origin"
"""A column that is said once under the rows when it is the same in all of them; it is never left out."""
UNBOUNDED = 100_000
HEADS = ("id", "indicator", "rule")
"""What stands at the head of a block, the first that a row has."""


@dataclass(frozen=True)
class Names:
    """What places and operators are called, by their codes; empty where they are not known."""

    places: Mapping[str, str] = field(default_factory=dict)
    firms: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, network: Network, spoken: Language | None = None) -> Names:
        """Return the names a network gives, in a language."""
        from postroad.naming import names_of

        tongue = spoken or current()
        firms = network["operators"].select("operator_id", f"name_{tongue}").iter_rows()
        return cls(names_of(network, tongue), dict(firms))

    def cell(self, column: str, value: Any) -> str:
        """Return a value of a column as shown: a name with its code behind it, a label, a unit, a rounded number."""
        from postroad.face.cli.values import plain

        if value is None:
            return ""
        if column in PLACES:
            return named(self.places, value)
        if column in FIRMS:
            return named(self.firms, value)
        if column == "indicator":
            return indicator_label(value)
        if column == "unit":
            return unit_label(value)
        return f"{round(value, 4):g}" if isinstance(value, float) and abs(value) < 1e5 else str(plain(value))


def named(names: Mapping[str, str], code: str) -> str:
    """Return a name with its code behind it; the code alone where there is no other name."""
    name = names.get(code, code)
    return name if name == code else f"{name} ({code})"


def indicator_label(name: str) -> str:
    """Return an indicator's label in the language in force; its id where it is not one of the plan's."""
    from postroad.measure.indicator import indicators

    known = indicators().get(name)
    return known.label() if known else name


def unit_label(unit: str) -> str:
    """Return a unit in the language in force; the unit as written where it has no words."""
    from postroad.language import catalogue

    return say(f"unit.{unit}") if f"unit.{unit}" in catalogue() else unit


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
                Text.assemble((f"{name} ", "dim"), names.cell(name, row[name])) for name in rest if _told(row[name])
            ]
            out.print(Padding(Columns(told, padding=(0, 2), equal=True), (0, 0, 0, 2)))
    note = say("cases.rows_same", value=say(f"cases.origin_{same}")) if same else ""
    out.print(say("cases.rows_count", count=len(rows)) + note, style="dim", soft_wrap=True)


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
        table.add_column(name)
    for row in rows:
        table.add_row(*[Text(names.cell(name, row[name])) for name in columns])
    return table


def _told(value: Any) -> bool:
    return value not in (None, "", [], {})
