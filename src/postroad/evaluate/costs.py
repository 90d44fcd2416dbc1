"""What levers cost in the year asked about, and year by year as they grow."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from postroad.evaluate.ready import opened
from postroad.measure.evaluation import yearly_cost
from postroad.plan.levers import apply, yearly_costs

if TYPE_CHECKING:
    from postroad.evaluate.case import Choice, Question
    from postroad.plan.levers import Lever


def costs_of(asked: Question, chosen: Sequence[Choice]) -> dict[str, float]:
    """Return each lever's yearly cost in the year asked about: running cost, and capital over its life."""
    end = dt.date(asked.year, 12, 31)
    network, _ = opened(asked.province)
    found = {}
    for choice in chosen:
        lever = choice.of(asked.province)
        units = 0
        if any(change.op == "open" for change in lever.changes):
            units = apply(network, [lever], end).opened.get(lever.id, 0)
        found[lever.id] = yearly_cost(lever, units, asked.year)
    return found


def yearly(asked: Question, chosen: Sequence[Choice]) -> pl.DataFrame:
    """Return how much of each lever works at the end of each year, and what it costs and who pays, year by year."""
    held = [choice.of(asked.province) for choice in chosen]
    first = min([asked.year, *(lever.start.year for lever in held)])
    years = range(first, max(asked.year, *(lever.start.year + math.ceil(lever.ramp_years) for lever in held)) + 1)
    told = yearly_costs(held, _units(asked, held), years)
    share = [100 * lever.share(dt.date(year, 12, 31)) for lever in held for year in years]
    return told.with_columns(pl.Series("share_percent", share))


def _units(asked: Question, held: Sequence[Lever]) -> dict[str, int]:
    """How many rows each lever opens once it works in full."""
    network, _ = opened(asked.province)
    found = {}
    for lever in held:
        if any(change.op == "open" for change in lever.changes):
            whole = lever.start + dt.timedelta(days=math.ceil(366 * lever.ramp_years) + 1)
            found[lever.id] = apply(network, [lever], whole).opened.get(lever.id, 0)
    return found
