"""The record of warnings: what would have been warned of on each past day, and whether it came true (P94 P100).

For every yearly series, and every year with at least five earlier points known before it was published, the forecast
gives the chance that the year falls short of the pace the plan asks. A chance of a half or more is a warning. The
outcome is the value published later, so nothing is known in advance. The Brier score stands beside those of two naive
forecasters on the same cases: "as last year" and "along the straight line".
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.measure.forecast import FEWEST, forecast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.network import Network
    from postroad.plan.plan import Plan

WARN_AT = 0.5


@dataclass(frozen=True)
class Series:
    """A yearly series in one scope with the days its values were known, and the yearly growth it should keep."""

    name: str
    years: tuple[int, ...]
    values: tuple[float, ...]
    known_on: tuple[dt.date, ...]
    pace: float


@dataclass(frozen=True)
class Case:
    """One warning or silence: the chance of falling short, what the naive forecasters said, and what happened."""

    series: str
    year: int
    on: dt.date
    chance: float
    as_last: float
    on_line: float
    fell_short: bool

    @property
    def warned(self) -> bool:
        """Whether a warning was given."""
        return self.chance >= WARN_AT


@dataclass(frozen=True)
class Record:
    """All cases with their counts and scores; scores are ``None`` when there is no case."""

    cases: tuple[Case, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Hits, false alarms, misses and rightly silent."""
        told = {"hits": (True, True), "false_alarms": (True, False), "misses": (False, True), "silent": (False, False)}
        return {name: sum((c.warned, c.fell_short) == pair for c in self.cases) for name, pair in told.items()}

    @property
    def brier(self) -> dict[str, float] | None:
        """Mean squared error of the chances: the forecast's, as last year, along the line (0 is best)."""
        if not self.cases:
            return None
        came = np.array([c.fell_short for c in self.cases], float)
        said = {name: np.array([getattr(c, name) for c in self.cases]) for name in ("chance", "as_last", "on_line")}
        return {name: float(np.mean((chances - came) ** 2)) for name, chances in said.items()}

    def frame(self) -> pl.DataFrame:
        """Return a row for each case."""
        columns = ("series", "year", "on", "chance", "as_last", "on_line", "warned", "fell_short")
        rows: list[dict[str, Any]] = [{name: getattr(case, name) for name in columns} for case in self.cases]
        return pl.DataFrame(rows, schema_overrides={"on": pl.Date}) if rows else pl.DataFrame(schema=list(columns))


def replay(series: Sequence[Series], *, seed: int = 0) -> Record:
    """Return the record over all series: one case for each year that was forecast and then published."""
    return Record(tuple(case for one in series for case in _cases(one, seed)))


def _cases(one: Series, seed: int) -> list[Case]:
    found = []
    for k in range(len(one.years)):
        # What was known on the eve of this value's publication, and only that.
        eve = one.known_on[k] - dt.timedelta(days=1)
        before = [j for j in range(len(one.years)) if one.years[j] < one.years[k] and one.known_on[j] <= eve]
        if len(before) < FEWEST:
            continue
        years, values = [one.years[j] for j in before], [one.values[j] for j in before]
        fan = forecast(years, values, one.years[k], seed=seed, logarithmic=min(values) > 0, name=f"record/{one.name}")
        if fan is None:
            continue
        asked = values[-1] * (1 + one.pace) ** (one.years[k] - years[-1])
        short = 1.0 - fan.probability(one.years[k], asked, "up")
        line = float(np.polyval(np.polyfit(years, values, 1), one.years[k]))
        found.append(
            Case(
                one.name,
                one.years[k],
                eve,
                short,
                float(values[-1] < asked),
                float(line < asked),
                one.values[k] < asked,
            )
        )
    return found


def series_of(network: Network, plan: Plan) -> list[Series]:
    """Return the yearly series, of the province and of the nation, of every indicator the plan sets a pace for.

    A series stays in one scope, so that no published break is crossed; of several publications the first counts.
    """
    made = []
    yearly = network["statistics"].filter(pl.col("period").str.contains(r"^\d{4}$"))
    for target in plan.targets:
        if target.value is None or not target.baseline_value or target.deadline is None or target.direction != "up":
            continue
        years = target.deadline.year - int(str(target.baseline_period)[:4])
        pace = (target.value / target.baseline_value) ** (1 / years) - 1
        rows = yearly.filter(indicator=target.indicator).sort("known_on").unique(
            ["region_id", "scope", "period"], keep="first", maintain_order=True
        )  # fmt: skip
        for (region, scope), group in rows.sort("period").group_by(["region_id", "scope"], maintain_order=True):
            held = (tuple(int(p) for p in group["period"]), tuple(group["value"]), tuple(group["known_on"]))
            made.append(Series(f"{target.indicator}/{region}/{scope}", *held, pace))
    return made
