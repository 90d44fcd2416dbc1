"""Indicators: formula, unit, direction, scope and period, evaluated from what was known on a day.

An indicator is data (``indicators.toml``): a numerator and a denominator each with its description, a unit, a
direction that is never assumed, and the period it speaks of. One that needs something not there yet says so and gives
no number.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import UsageError
from postroad.language import Language, current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.network import Network


@dataclass(frozen=True)
class Indicator:
    """One indicator; ``kind`` names its formula.

    statistic: the published value. ratio: statistic over divisor. per_day: statistic over the days of the year.
    site_share: places of a kind that hold an open site of a kind. needs: cannot be measured from a pack alone; rows
    brought by another room (the ledger, the cases) measure it.
    """

    id: str
    zh: str
    en: str
    unit: str
    direction: str
    kind: str
    period: str
    numerator_zh: str
    numerator_en: str
    denominator_zh: str = ""
    denominator_en: str = ""
    statistic: str = ""
    divisor: str = ""
    site: str = ""
    place_kind: str = ""
    factor: float = 1.0
    needs_zh: str = ""
    needs_en: str = ""

    def label(self, spoken: Language | None = None) -> str:
        """Return the indicator's name in a language."""
        return self.zh if (spoken or current()) == "zh" else self.en


@dataclass(frozen=True)
class Observation:
    """A value, the period it speaks of, the day it was known, its scope, origin and source."""

    period: str
    value: float
    known_on: dt.date
    scope: str
    origin: str
    source: str

    @property
    def year(self) -> float:
        """The middle of the period as a decimal year; a whole year is that year."""
        return year_of(self.period)


def year_of(period: str) -> float:
    """Return a period as a decimal year: 2020 is 2020.0, 2023-Q3 is 2023.625, 2024-05 lies in its month."""
    year = float(period[:4])
    if quarter := re.fullmatch(r"\d{4}-Q([1-4])", period):
        return year + (int(quarter[1]) - 0.5) / 4
    if half := re.fullmatch(r"\d{4}-H([12])", period):
        return year + (int(half[1]) - 0.5) / 2
    if month := re.match(r"\d{4}-(\d\d)", period):
        return year + (int(month[1]) - 0.5) / 12
    return year


@cache
def indicators() -> Mapping[str, Indicator]:
    """Return every indicator by its id."""
    text = files("postroad.measure").joinpath("indicators.toml").read_text("utf-8")
    return {name: Indicator(id=name, **entry) for name, entry in tomllib.loads(text).items()}


def indicator(name: str) -> Indicator:
    """Return an indicator; ``UsageError`` lists those there are."""
    if name not in indicators():
        raise UsageError.of("measure.no_such_indicator", asked=name, known=", ".join(indicators()))
    return indicators()[name]


def observe(wanted: Indicator, network: Network, region: str, as_of: dt.date) -> list[Observation]:
    """Return what was known of an indicator on a day, in order of period: one value for each period and scope.

    Where a value was published more than once, the last publication up to the day counts. Empty when nothing was
    known, or when the indicator needs records that are not there.
    """
    if wanted.kind == "site_share":
        return _site_share(wanted, network, as_of)
    period = "any" if wanted.kind == "needs" else wanted.period
    known = _known(network, region, wanted.statistic or wanted.id, as_of, period)
    if wanted.kind == "ratio":
        below = {row["period"]: row for row in _known(network, region, wanted.divisor, as_of, wanted.period)}
        known = [
            {**row, "value": row["value"] / below[row["period"]]["value"], "origin": "derived"}
            for row in known
            if row["period"] in below
        ]
    if wanted.kind == "per_day":
        days = (366 if calendar.isleap(int(row["period"][:4])) else 365 for row in known)
        known = [{**row, "value": row["value"] / n, "origin": "derived"} for row, n in zip(known, days, strict=True)]
    names = ("period", "known_on", "scope", "origin", "source")
    made = [Observation(value=row["value"] * wanted.factor, **{n: row[n] for n in names}) for row in known]
    return sorted(made, key=lambda item: (item.year, item.scope))


def _known(network: Network, region: str, name: str, as_of: dt.date, period: str) -> list[dict[str, Any]]:
    rows = network["statistics"].filter(
        pl.col("region_id") == region, pl.col("indicator") == name, pl.col("known_on") <= as_of
    )
    if period == "year":
        rows = rows.filter(pl.col("period").str.contains(r"^\d{4}$"))
    latest = rows.sort("known_on", maintain_order=True).unique(["period", "scope"], keep="last", maintain_order=True)
    return latest.sort("period", "scope").to_dicts()


def _site_share(wanted: Indicator, network: Network, as_of: dt.date) -> list[Observation]:
    sites = network.on(as_of)["sites"].filter(pl.col("kind") == wanted.site, pl.col("status") == "open")
    places = network["places"].filter(pl.col("kind") == wanted.place_kind)
    if not places.height or not sites.height:
        return []
    held = places.filter(pl.col("place_id").is_in(sites["place_id"].implode()))
    origin = "synthetic" if "synthetic" in sites["origin"].to_list() else "derived"
    value = held.height / places.height * wanted.factor
    return [Observation(str(as_of.year), value, as_of, "network", origin, sites["source"][0])]
