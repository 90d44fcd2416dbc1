"""A table of a result as it is told: heads in one language, units, plain cells, and whether it is worth a chart."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from typing import Any

import polars as pl

from postroad import tables
from postroad.language import Language, catalogue, say

UNITS = ("pieces_day", "pieces_h", "pieces_week", "yuan_piece", "yuan_day", "yuan_week", "g_piece", "kg_week",
         "kwh_piece", "km_piece", "km_week", "percent", "pieces", "persons", "yuan", "fen", "kwh", "kmh",
         "min", "km", "kg", "m2", "m3", "deg", "mm", "h", "s")  # fmt: skip
"""Endings of a column's name that are its unit, the longest first."""
WORDED = {"measure": "effect.measure_", "flow_class": "demand.class_", "promise_class": "simulate.promise_",
          "stage": "simulate.stage_", "cause": "simulate.reason_", "origin": "face.origin_"}  # fmt: skip
"""Columns whose values are told in words, and where these stand."""
STOP = re.compile(r"stop(\d)_(\w+)")
"""Columns of the stops of a parcel's way."""
ID_BESIDE = " id"
"""Ending of the column that holds the ids beside a column of names."""
EXACT = 1e15
"""Whole numbers below it are written without a point."""
CHARTED = range(2, 41)
"""A table of so many rows, each named, gets a chart of its first figure."""


@dataclass(frozen=True)
class Sheet:
    """One table as it is told."""

    name: str
    label: str
    heads: list[str]
    units: list[str]
    rows: list[tuple[Any, ...]]
    left_out: int
    map: str = ""
    """A map of the table as SVG, or nothing."""


def unit_of(column: str) -> str:
    """Return the unit a column's name ends in, or nothing."""
    return next((unit for unit in UNITS if column.endswith(f"_{unit}") or column == unit), "").replace("_", "/")


def unit_told(column: str, spoken: Language) -> str:
    """Return the unit a column's name ends in, in words."""
    unit = unit_of(column)
    return say(key, spoken) if unit and (key := f"unit.{unit}") in catalogue() else unit


def sheet_of(name: str, frame: pl.DataFrame, most_rows: int, spoken: Language) -> Sheet:
    """Return a table as it is told, cut to so many rows."""
    columns = [c for c, kind in frame.schema.items() if kind != pl.Binary]
    held = frame.select(columns).head(most_rows)
    rows = [tuple(told_value(name, value, spoken) for name, value in zip(columns, row, strict=True))
            for row in held.iter_rows()]  # fmt: skip
    heads = [head(c, spoken) for c in columns]
    return Sheet(name, table_label(name, spoken), heads, [unit_told(c, spoken) for c in columns], rows,
                 max(0, frame.height - most_rows))  # fmt: skip


@cache
def _schema_words() -> tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]]:
    held = tables.schema().tables
    columns: dict[str, tuple[str, str]] = {}
    for spec in held.values():
        for name, column in spec.columns.items():
            columns.setdefault(name, (column.zh, column.en))
    return {name: (spec.zh, spec.en) for name, spec in held.items()}, columns


def table_label(name: str, spoken: Language) -> str:
    """Return what a table is called: by the schema, by the console's words, else by its own name."""
    if found := _schema_words()[0].get(name):
        return found[spoken == "en"]
    return say(f"console.part_{name}", spoken) if f"console.part_{name}" in catalogue() else name


def head(column: str, spoken: Language) -> str:
    """Return what a column is called: by the console's words, the schema, the reports' own words, else its own name."""
    if column.endswith(ID_BESIDE):
        return say("face.column_id_of", spoken, name=head(column.removesuffix(ID_BESIDE), spoken))
    if stop := STOP.fullmatch(column):
        return say("face.column_stop", spoken, number=stop[1], name=head(stop[2], spoken))
    if (key := f"console.col_{column}") in catalogue():
        return say(key, spoken)
    if found := _schema_words()[1].get(column):
        return found[spoken == "en"]
    named = next((key for key in (f"column.{column}", f"effect.measure_{column}") if key in catalogue()), None)
    return say(named, spoken) if named else column


def plain(value: Any) -> Any:
    """Return a value as a spreadsheet or a page can hold it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "; ".join(f"{name} = {plain(one)}" for name, one in value.items())
    return ", ".join(str(plain(one)) for one in value) if isinstance(value, (list, tuple, set)) else str(value)


def told_value(column: str, value: Any, spoken: Language) -> Any:
    """Return a value as a report tells it: a class, stage, measure or origin in words, anything else plain."""
    if isinstance(value, str) and column in WORDED and (key := f"{WORDED[column]}{value}") in catalogue():
        return say(key, spoken)
    return plain(value)


def cell(value: Any) -> str:
    """Return a value as text, to its last digit."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value)
    return "" if value is None else str(value)


def charted(sheet: Sheet) -> tuple[int, int] | None:
    """Return which columns name and measure the rows of a table that is worth a chart."""
    if len(sheet.rows) not in CHARTED or sheet.left_out:
        return None
    kinds = [{type(row[k]) for row in sheet.rows if row[k] is not None} for k in range(len(sheet.heads))]
    named = next((k for k, kind in enumerate(kinds) if kind == {str}), None)
    if named is None or len({row[named] for row in sheet.rows}) < len(sheet.rows):
        return None
    measured = [k for k, kind in enumerate(kinds) if kind and kind <= {int, float} and sheet.units[k]]
    return (named, measured[0]) if measured else None


def pieces(sheet: Sheet, most_columns: int) -> Iterator[Sheet]:
    """Yield a wide table in pieces that fit a page, the first column standing before each."""
    width = len(sheet.heads)
    if width <= most_columns:
        yield sheet
        return
    for start in range(1, width, most_columns - 1):
        kept = [0, *range(start, min(width, start + most_columns - 1))]
        yield replace(
            sheet, heads=[sheet.heads[k] for k in kept], units=[sheet.units[k] for k in kept],
            rows=[tuple(row[k] for k in kept) for row in sheet.rows],
        )  # fmt: skip


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


BAR, LEFT, WIDE = 20, 190, 640


def bars(sheet: Sheet) -> str:
    """Return the chart of a table that is worth one as SVG, else nothing."""
    if not (chosen := charted(sheet)):
        return ""
    named, measured = chosen
    values = [(str(row[named]), float(row[measured])) for row in sheet.rows if row[measured] is not None]
    low, high = min(0.0, *(v for _, v in values)), max(0.0, *(v for _, v in values))
    if high == low:
        return ""
    unit = (WIDE - LEFT - 90) / (high - low)
    made = []
    for k, (name, value) in enumerate(values):
        x, wide = LEFT + (min(0.0, value) - low) * unit, abs(value) * unit
        y = 26 + k * BAR
        made.append(
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end" font-size="11">{escape(name[:26])}</text>'
            f'<rect x="{x:.1f}" y="{y + 3}" width="{max(wide, 0.6):.1f}" height="14" fill="#257a6b"/>'
            f'<text x="{x + wide + 5:.1f}" y="{y + 14}" class="tick">{_short(value)}</text>'
        )
    title = sheet.heads[measured] + (f" ({sheet.units[measured]})" if sheet.units[measured] else "")
    high_px = 34 + BAR * len(values)
    return (
        f'<svg viewBox="0 0 {WIDE} {high_px}" role="img">'
        f'<text x="{LEFT}" y="15" font-size="12" font-weight="600">{escape(title)}</text>{"".join(made)}</svg>'
    )
