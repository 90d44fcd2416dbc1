"""The rules of one table, checked on all rows at once: types, required values, bounds, choices, keys, swapped pairs.

A clean table costs one pass: each rule is first asked as a single yes or no, and only a broken rule is asked for its
rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from postroad.errors import Fault
from postroad.tables.cells import broken_text
from postroad.tables.findings import Finding, positions
from postroad.tables.nearest import closest
from postroad.tables.schema import Column, Table

Rule = tuple[str, str, pl.Expr]
"""What is wrong, in which column, and where (an expression true at the rows that break the rule)."""


def shape_faults(frame: pl.DataFrame, table: Table) -> list[Fault]:
    """Return what is wrong with the columns themselves: unknown, missing, or of a type that cannot hold the values."""
    faults = []
    for name in frame.columns:
        if name not in table.columns:
            near = closest([name], list(table.columns))[0]
            faults.append(Fault.of("tables.unknown_column", table=table.name, column=name, value=name, nearest=near))
        elif not fits(frame.schema[name], table.columns[name]):
            column, held = table.columns[name], str(frame.schema[name])
            faults.append(
                Fault.of("tables.column_type", table=table.name, column=name, value=held, nearest=str(column.dtype))
            )
    for column in table.columns.values():
        if column.required and column.name not in frame.columns:
            faults.append(Fault.of("tables.missing_column", table=table.name, column=column.name, label=column.label))
    return faults


def fits(dtype: pl.DataType, column: Column) -> bool:
    """Whether a polars type can hold a column without changing its values."""
    if dtype == pl.Null:
        return True
    if column.type in ("text", "category"):
        return dtype == pl.String or dtype == pl.Categorical or dtype == pl.Enum
    if column.type == "integer":
        return dtype.is_integer()
    if column.type == "number":
        return dtype.is_numeric() and not dtype.is_decimal()
    return dtype == column.dtype


def findings(frame: pl.DataFrame, table: Table) -> list[Finding]:
    """Return every row that breaks a rule of its own table, in columns whose type is right."""
    good = [n for n in frame.columns if n in table.columns and fits(frame.schema[n], table.columns[n])]
    frame = frame.select(good)
    if frame.height == 0:
        return []
    rules = list(_rules(frame, table))
    found: list[Finding] = []
    if rules:
        broken = frame.select(expr.any().alias(str(i)) for i, (_, _, expr) in enumerate(rules)).row(0)
        for (key, column, expr), wrong in zip(rules, broken, strict=True):
            if wrong:
                found.append(_finding(frame, table, key, column, expr))
    return found + _key_findings(frame, table)


def _rules(frame: pl.DataFrame, table: Table) -> Iterator[Rule]:
    swapped = {pair: _swapped(table, *pair) for pair in table.pairs if set(pair) <= set(frame.columns)}
    for pair, expr in swapped.items():
        if expr is not None:
            yield "tables.swapped", pair[0], expr
    for name, dtype in frame.schema.items():
        column = table.columns[name]
        here = pl.col(name)
        if column.required:
            yield "tables.missing_value", name, here.is_null()
        if dtype == pl.Null:
            continue
        if dtype.is_float():
            yield "tables.not_finite", name, here.is_finite().not_()
        aside = next((expr for pair, expr in swapped.items() if name in pair), None)
        yield from _bounds(column, aside)
        if column.type == "category":
            words = here if dtype == pl.String else here.cast(pl.String)
            yield "tables.not_a_choice", name, words.is_in(list(column.choices)).not_()
        elif column.type == "text" and dtype == pl.String:
            yield "tables.line_break", name, broken_text(here)
            yield "tables.empty_text", name, here == ""


def _bounds(column: Column, aside: pl.Expr | None) -> Iterator[Rule]:
    here = pl.col(column.name)
    spared = ~aside.fill_null(False) if aside is not None else None
    tests = []
    if column.low is not None:
        tests.append(("tables.too_low", here < column.low))
    if column.high is not None:
        tests.append(("tables.too_high", here > column.high))
    for key, outside in tests:
        # An infinite value is told once, as not finite; a swapped pair once, as swapped.
        broken = outside & here.is_finite() if column.type == "number" else outside
        yield key, column.name, broken & spared if spared is not None else broken


def _swapped(table: Table, lon: str, lat: str) -> pl.Expr | None:
    """Where a longitude lies in latitude's bounds, the latitude in longitude's, and one of them outside its own."""
    x, y = table.columns[lon], table.columns[lat]
    if x.low is None or x.high is None or y.low is None or y.high is None:
        return None
    crossed = pl.col(lon).is_between(y.low, y.high) & pl.col(lat).is_between(x.low, x.high)
    straight = pl.col(lon).is_between(x.low, x.high) & pl.col(lat).is_between(y.low, y.high)
    return crossed & ~straight


def _finding(frame: pl.DataFrame, table: Table, key: str, name: str, expr: pl.Expr) -> Finding:
    rows = positions(frame.select(expr).to_series())
    column = table.columns[name]
    values: pl.Series | list[str] = frame[name].gather(rows)
    near: object = None
    facts: dict[str, object] = {}
    if key == "tables.too_low":
        near, facts = column.low, {"unit": column.unit or "1"}
    elif key == "tables.too_high":
        near, facts = column.high, {"unit": column.unit or "1"}
    elif key == "tables.not_a_choice":
        near = closest(frame[name].gather(rows).cast(pl.String).to_list(), column.choices)
        facts = {"known": ", ".join(column.choices)}
    elif key == "tables.missing_value":
        near = column.default
    elif key == "tables.swapped":
        lat = name[: -len("lon")] + "lat"
        pairs = list(zip(frame[name].gather(rows), frame[lat].gather(rows), strict=True))
        values, near = [f"{x}, {y}" for x, y in pairs], [f"{y}, {x}" for x, y in pairs]
        facts = {"lon": name, "lat": lat}
    return Finding(key, name, rows, values, near, facts)


def _key_findings(frame: pl.DataFrame, table: Table) -> list[Finding]:
    """Return the rows that share a key: of exact copies all but the first, of differing rows all."""
    key = [name for name in table.key if name in frame.columns]
    if not key or len(key) < len(table.key) or unique(frame, key):
        return []
    shared = frame.select(pl.struct(key).is_duplicated() & ~pl.all_horizontal(pl.col(key).is_null()))
    rows = positions(shared.to_series())
    if not len(rows):
        return []
    some = frame[rows]
    copies = some.select(pl.struct(pl.all()).n_unique().over(key) == 1).to_series()
    label = some.select(pl.concat_str([pl.col(k).cast(pl.String).fill_null("") for k in key], separator=" | "))
    values = label.to_series()
    found = []
    later = positions(copies & ~_first(some))
    for name, at in (("tables.repeated_row", later), ("tables.duplicate_key", positions(~copies))):
        if len(at):
            facts = {"by": ", ".join(key)}
            found.append(Finding(name, key[0], rows[at], values.gather(at), None, facts))
    return found


def _first(frame: pl.DataFrame) -> pl.Series:
    return frame.select(pl.struct(pl.all()).is_first_distinct()).to_series()


def unique(frame: pl.DataFrame, key: list[str]) -> bool:
    """Whether no two rows share a key (rows whose key is wholly empty aside)."""
    if len(key) == 1:
        column = frame[key[0]]
        nulls = column.null_count()
        return bool(column.n_unique() + max(nulls - 1, 0) == frame.height)
    return bool(frame.select(pl.struct(key).n_unique()).item() == frame.height)
