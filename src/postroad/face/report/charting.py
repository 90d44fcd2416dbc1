"""From a table of a result to the figures of a chart: which rows, names, series and order, told in one language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import UsageError
from postroad.face.report.figure import COLOURS, Drawn, bar_chart, line_chart
from postroad.face.report.pick import Pick
from postroad.face.report.result_sheet import head, table_label, told_value, unit_of, unit_told
from postroad.language import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.face.report.result_place import Ground
    from postroad.language import Language

ORDERS = ("year", "hour", "from_min", "from_h", "weekday", "accept_hour", "world")
"""Columns whose values stand in an order that a line may follow."""
CLOCKS = {"from_min"}
MOST_BARS, FEWEST_POINTS = 36, 3
NOT_DRAWN = {"deg"}
COUNT = "rows counted"
"""Stands for a measure where rows are counted."""


def charted_svg(
    frame: pl.DataFrame, pick: Pick, title: str, run: str, ground: Ground | None, spoken: Language
) -> str | None:
    """Return the chart of a table as a pick asks for it, or nothing when no figure is left to draw."""
    rows = kept_rows(frame, pick.where)
    measures = pick.measures or (COUNT,)
    if pick.add or pick.measures == ():
        by = [c for c in (*pick.names, pick.series) if c]
        adding = [pl.col(m).sum() for m in pick.measures] or [pl.len().cast(pl.Float64).alias(COUNT)]
        rows = rows.group_by(by, maintain_order=True).agg(adding)
    rows = rows.filter(pl.any_horizontal(pl.col(m).is_not_null() for m in measures))
    if not rows.height:
        return None
    told = _Telling(ground, spoken)
    heads = list(dict.fromkeys(say("face.count_of_rows", spoken) if m == COUNT else head(m, spoken) for m in measures))
    unit = unit_told(measures[0], spoken)
    what = f"{title}{say('face.colon', spoken)}{' / '.join(heads)}"
    table = table_label(pick.table, spoken)
    if pick.order:
        along, series = _ordered(rows, pick, told)
        note = say("face.chart_note", spoken, table=table, run=run)
        drawn = Drawn(what, note, unit, along, series, pick.order in CLOCKS, head(pick.order, spoken))
        return line_chart(drawn)
    names, series, whole = _named(rows, pick, measures, told)
    shown = "chart_largest" if whole > len(names) else "chart_note"
    note = say(f"face.{shown}", spoken, table=table, run=run, count=len(names), whole=whole)
    return bar_chart(Drawn(what, note, unit, names, series))


class _Telling:
    """Words of values: places by name, classes and stages in words."""

    def __init__(self, ground: Ground | None, spoken: Language) -> None:
        self.ground, self.spoken = ground, spoken

    def column(self, rows: pl.DataFrame, column: str) -> list[str]:
        """Return a column's values in words."""
        held = self.ground.named(rows.select(column), keep_ids=False)[column] if self.ground else rows[column]
        return [_text(told_value(column, value, self.spoken)) for value in held.to_list()]


def _text(value: Any) -> str:
    return "–" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)


def kept_rows(frame: pl.DataFrame, where: Mapping[str, Any]) -> pl.DataFrame:
    """Return the rows a pick keeps; a condition that none meets is not asked."""
    for column, wanted in where.items():
        if column in frame.columns and (own := frame.filter(pl.col(column) == wanted)).height:
            frame = own
    return frame


def _named(
    rows: pl.DataFrame, pick: Pick, measures: tuple[str, ...], told: _Telling
) -> tuple[list[str], list[tuple[str, list[float | None]]], int]:
    """Names, series, and how many names there are in all; the largest are kept where they are too many."""
    names = _joined(rows, pick.names, told)
    if pick.series and pick.series in rows.columns:
        order, groups = list(dict.fromkeys(names)), told.column(rows, pick.series)
        held = {(n, g): v for n, g, v in zip(names, groups, rows[measures[0]].to_list(), strict=True)}
        series = [(g, [_number(held.get((n, g))) for n in order]) for g in dict.fromkeys(groups)]
        names = order
    else:
        series = [(head(m, told.spoken), [_number(v) for v in rows[m].to_list()]) for m in measures]
    whole = len(names)
    most = max(8, MOST_BARS // max(1, min(4, len(series))))
    if whole > most:
        weight = [max((abs(row[k] or 0.0) for _, row in series), default=0.0) for k in range(whole)]
        kept = sorted(range(whole), key=lambda k: (-weight[k], k))[:most]
        names, series = [names[k] for k in kept], [(g, [row[k] for k in kept]) for g, row in series]
    return names, series[: len(COLOURS)], whole


def _joined(rows: pl.DataFrame, columns: tuple[str, ...], told: _Telling) -> list[str]:
    parts = [told.column(rows, column) for column in columns if column in rows.columns]
    if not parts:
        return [str(k) for k in range(1, rows.height + 1)]
    return [" · ".join(one for one in row if one != "–") or "–" for row in zip(*parts, strict=True)]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _ordered(
    rows: pl.DataFrame, pick: Pick, told: _Telling
) -> tuple[list[float], list[tuple[str, list[float | None]]]]:
    """Places along the axis and a series a measure, or a series a value of the column of series."""
    along = sorted(rows[pick.order].drop_nulls().unique().to_list())
    made: list[tuple[str, list[float | None]]] = []
    if pick.series:
        groups = told.column(rows, pick.series)
        rows = rows.with_columns(pl.Series("series", groups))
        weight = rows.group_by("series").agg(pl.col(pick.measures[0]).abs().sum()).sort(
            [pick.measures[0], "series"], descending=[True, False])  # fmt: skip
        kept = set(weight["series"].head(len(COLOURS)))
        for group in dict.fromkeys(groups):
            if group in kept:
                made.append((group, _along(rows.filter(series=group), pick.order, pick.measures[0], along)))
    else:
        made = [(head(m, told.spoken), _along(rows, pick.order, m, along)) for m in pick.measures]
    return [float(value) for value in along], made


def _along(rows: pl.DataFrame, order: str, measure: str, along: list[Any]) -> list[float | None]:
    held = dict(rows.select(order, pl.col(measure).cast(pl.Float64)).iter_rows())
    return [held.get(value) for value in along]


def measures_of(frame: pl.DataFrame) -> list[str]:
    """Return the columns of a table that measure something, those with a unit first."""
    numeric = [c for c, kind in frame.schema.items() if kind.is_numeric() and c not in ORDERS]
    numeric = [c for c in numeric if unit_of(c) not in NOT_DRAWN and frame[c].drop_nulls().len()]
    return sorted(numeric, key=lambda c: not unit_of(c))


def pick_of(name: str, frame: pl.DataFrame, measure: str | None) -> Pick | None:
    """Return how a table without a pick of its own is charted; ``UsageError`` when it lacks the measure asked for."""
    known = measures_of(frame)
    if measure is not None and measure not in known:
        raise UsageError.of("results.no_such_measure", asked=measure, table=name, known=", ".join(known) or "–")
    if not known:
        return None
    chosen = measure or known[0]
    texts = [c for c, kind in frame.schema.items() if kind in (pl.String, pl.Categorical, pl.Boolean, pl.Date)]
    for order in (c for c in ORDERS if c in frame.columns and frame[c].n_unique() >= FEWEST_POINTS):
        if not frame.select(order).is_duplicated().any():
            return Pick(name, (chosen,), order=order)
        for column in texts:
            if not frame.select(order, column).is_duplicated().any():
                return Pick(name, (chosen,), series=column, order=order)
    names: list[str] = []
    for column in [*texts, *(c for c in frame.columns if c in ORDERS)]:
        if names and not frame.select(names).is_duplicated().any():
            break
        names.append(column)
    return Pick(name, (chosen,), tuple(names))
