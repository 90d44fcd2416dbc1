"""The rules of one table, checked on all rows at once: types, required values, bounds, choices, keys, swapped pairs.

A clean table costs one pass: each rule is first asked as a single yes or no, and only a broken rule is asked for its
rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from postroad.errors import Fault
from postroad.tables.cells import broken_text
from postroad.tables.findings import Finding, positions
from postroad.tables.headers import unknown_column
from postroad.tables.nearest import closest
from postroad.tables.schema import Column, Table

FIRST_DAY, LAST_DAY = dt.date(1, 1, 1), dt.date(9999, 12, 31)


class Rule(NamedTuple):
    """A rule of one column: what is wrong, a quick question whether it may be broken, and where it is."""

    key: str
    column: str
    asked: pl.Expr
    where: pl.Expr


def shape_faults(frame: pl.DataFrame, table: Table) -> list[Fault]:
    """Return what is wrong with the columns themselves: unknown, missing, or of a type that cannot hold the values."""
    faults = []
    for name in frame.columns:
        if name not in table.columns:
            faults.append(unknown_column(table, name, {column: column for column in table.columns}))
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


def findings(frame: pl.DataFrame, table: Table, settled: Collection[str] = frozenset()) -> list[Finding]:
    """Return every row that breaks a rule of its own table, in columns whose type is right.

    ``settled`` are columns of text whose content is known to be in order.
    """
    good = [n for n in frame.columns if n in table.columns and fits(frame.schema[n], table.columns[n])]
    frame = frame.select(good)
    if frame.height == 0:
        return []
    rules = _rules_of(table, tuple(frame.schema.items()), frozenset(settled))
    found: list[Finding] = []
    if rules:
        asked = frame.select(rule.asked.alias(str(i)) for i, rule in enumerate(rules)).row(0)
        for rule, perhaps in zip(rules, asked, strict=True):
            rows = positions(frame.select(rule.where).to_series()) if perhaps else ()
            if len(rows):
                found.append(_finding(frame, table.columns[rule.column], rule.key, np.asarray(rows)))
    return found + _key_findings(frame, table)


@lru_cache(maxsize=512)
def _rules_of(table: Table, held: tuple[tuple[str, pl.DataType], ...], settled: frozenset[str]) -> tuple[Rule, ...]:
    """Return the rules of a table for columns of these types; kept, because many small tables are checked."""
    return tuple(_rules(dict(held), table, settled))


def _rules(held: Mapping[str, pl.DataType], table: Table, settled: Collection[str]) -> Iterator[Rule]:
    swapped = {pair: _swapped(table, *pair) for pair in table.pairs if set(pair) <= set(held)}
    for pair, expr in swapped.items():
        if expr is not None:
            out = [_out_of_bounds(table.columns[name]) for name in pair]
            yield Rule("tables.swapped", pair[0], out[0] | out[1], expr)
    for name, dtype in held.items():
        column = table.columns[name]
        here = pl.col(name)
        if column.required:
            yield Rule("tables.missing_value", name, here.null_count() > 0, here.is_null())
        if dtype == pl.Null:
            continue
        if dtype.is_float():
            yield Rule("tables.not_finite", name, ~here.sum().is_finite(), ~here.is_finite())
        if dtype == pl.Date:
            # A calendar of four digits: what lies outside is a torn file, and no Python date can hold it.
            outside = (here < FIRST_DAY) | (here > LAST_DAY)
            yield Rule("tables.no_such_year", name, (here.min() < FIRST_DAY) | (here.max() > LAST_DAY), outside)
        aside = next((expr for pair, expr in swapped.items() if name in pair), None)
        yield from _bounds(column, aside)
        if name not in settled:
            yield from _wording(column, dtype)


def _wording(column: Column, dtype: pl.DataType) -> Iterator[Rule]:
    here = pl.col(column.name)
    tests = []
    if column.type == "category":
        words = here if dtype == pl.String else here.cast(pl.String)
        tests.append(("tables.not_a_choice", ~words.is_in(list(column.choices))))
    elif column.type == "text" and dtype == pl.String:
        tests += [("tables.line_break", broken_text(here)), ("tables.empty_text", here == "")]
    for key, where in tests:
        yield Rule(key, column.name, where.any(), where)


def _bounds(column: Column, aside: pl.Expr | None) -> Iterator[Rule]:
    here = pl.col(column.name)
    spared = ~aside.fill_null(False) if aside is not None else None
    tests = []
    if column.low is not None:
        tests.append(("tables.too_low", here.min() < column.low, here < column.low))
    if column.high is not None:
        tests.append(("tables.too_high", here.max() > column.high, here > column.high))
    for key, asked, outside in tests:
        # An infinite value is told once, as not finite; a swapped pair once, as swapped.
        broken = outside & here.is_finite() if column.type == "number" else outside
        yield Rule(key, column.name, asked, broken & spared if spared is not None else broken)


def _out_of_bounds(column: Column) -> pl.Expr:
    here = pl.col(column.name)
    return (here.min() < column.low).fill_null(False) | (here.max() > column.high).fill_null(False)


def _swapped(table: Table, lon: str, lat: str) -> pl.Expr | None:
    """Where a longitude lies in latitude's bounds, the latitude in longitude's, and one of them outside its own."""
    x, y = table.columns[lon], table.columns[lat]
    if x.low is None or x.high is None or y.low is None or y.high is None:
        return None
    crossed = pl.col(lon).is_between(y.low, y.high) & pl.col(lat).is_between(x.low, x.high)
    straight = pl.col(lon).is_between(x.low, x.high) & pl.col(lat).is_between(y.low, y.high)
    return crossed & ~straight


def _finding(frame: pl.DataFrame, column: Column, key: str, rows: np.ndarray[Any, Any]) -> Finding:
    name = column.name
    values: pl.Series | list[str] = frame[name].gather(rows)
    if key == "tables.no_such_year":
        values = frame[name].gather(rows).cast(pl.Int32)
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
    if not key or len(key) < len(table.key):
        return []
    # Rows with a hash of their own share nothing; the few others are compared by value.
    hashes = frame[key[0]].hash() if len(key) == 1 else frame.select(key).hash_rows()
    in_order = np.sort(hashes.to_numpy())
    twice = in_order[1:][in_order[1:] == in_order[:-1]]
    if not len(twice):
        return []
    maybe = np.flatnonzero(hashes.is_in(pl.Series(twice).unique().implode()).to_numpy())
    part = frame.select(key)[maybe]
    shared = part.select(pl.struct(key).is_duplicated() & ~pl.all_horizontal(pl.col(key).is_null()))
    rows = maybe[positions(shared.to_series())]
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
