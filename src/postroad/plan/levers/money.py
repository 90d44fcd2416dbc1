"""What levers cost: capital as they ramp up, running cost as they work, year by year (P27 P98)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import polars as pl

from postroad.plan.levers.lever import Lever


def yearly_costs(levers: Iterable[Lever], units: Mapping[str, int], years: Iterable[int]) -> pl.DataFrame:
    """Return a row for each lever and year: capital_yuan, running_yuan, payer, origin, source.

    ``units`` is how many rows each lever opens in full. Capital follows the ramp of the year; running cost follows the
    share in work, mean of the year's two ends.
    """
    lines = []
    for lever in levers:
        count, cost = units.get(lever.id, 0), lever.cost
        capital = cost.capital_yuan + cost.capital_yuan_each * count
        running = cost.yearly_yuan + cost.yearly_yuan_each * count
        for year in years:
            before, after = lever.share(dt.date(year - 1, 12, 31)), lever.share(dt.date(year, 12, 31))
            if before == 0.0 and lever.start.year == year:
                worked = (dt.date(year + 1, 1, 1) - lever.start).days / 365.25
                share = min(1.0, after * worked / 2 if lever.ramp_years > 0 else worked)
            else:
                share = (before + after) / 2
            lines.append(
                {
                    "lever": lever.id,
                    "year": year,
                    "capital_yuan": capital * (after - before),
                    "running_yuan": running * share,
                    "payer": cost.payer,
                    "origin": cost.origin,
                    "source": cost.source,
                }
            )
    return pl.DataFrame(lines)
