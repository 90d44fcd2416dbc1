"""How a year's pieces fall on days: months and weekdays from the profiles table, and the peak day of the plan (P13)."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.demand.totals import totals
from postroad.errors import DataError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.demand.flows import Demand
    from postroad.network import Network

PEAK = "peak"
PEAK_MONTH = 11
WAN = 1e4


def year_of(day: dt.date | str, peak_year: int) -> int:
    """Return the year of a day, which may be a date or its text; the peak day lies in the year given."""
    text = str(day)[:4]
    return int(text) if text.isdigit() else peak_year


def weights(network: Network, profile: str) -> NDArray[np.float64]:
    """Return a profile's weights in order of step; ``DataError`` when the pack has none."""
    rows = network["profiles"].filter(profile=profile).sort("step")
    if not rows.height or rows["weight"].sum() <= 0:
        raise DataError.of("demand.no_profile", table="profiles", column="profile", value=profile)
    return rows["weight"].to_numpy()


def day_shares(network: Network, year: int) -> NDArray[np.float64]:
    """Return the share of a year's pieces on each of its days."""
    month, weekday = weights(network, "month"), weights(network, "weekday")
    first = dt.date(year, 1, 1)
    days = [first + dt.timedelta(days=k) for k in range(366 if calendar.isleap(year) else 365)]
    share = np.array([month[d.month - 1] * weekday[d.weekday()] for d in days])
    return np.asarray(share / share.sum())


def day_pieces(made: Demand, day: dt.date | str) -> int:
    """Return the parcels of a day; ``peak`` is the plan's peak day grown with the flows since its year."""
    if day == PEAK:
        return _peak(made)
    if isinstance(day, str):
        try:
            day = dt.date.fromisoformat(day)
        except ValueError:
            raise UsageError.of("demand.bad_day", value=str(day)) from None
    if day.year != made.year:
        raise UsageError.of("demand.other_year", value=day.isoformat(), year=made.year)
    share = float(day_shares(made.network, day.year)[day.timetuple().tm_yday - 1])
    return round(float(made.flows["pieces"].sum()) * share)


def _peak(made: Demand) -> int:
    rows = made.network["statistics"].filter(indicator="peak_day_handling", period="2020")
    rows = rows.filter(pl.col("region_id") != "000000")
    if not rows.height:
        raise DataError.of("demand.no_base", table="statistics", column="indicator", value="peak_day_handling 2020")
    base = totals(made.network, 2020, made.scenario, made.totals.known["ratio"])
    then = sum(part.sum() for part in base.sent.values()) + base.received["inbound"].sum()
    pieces = float(rows["value"][0]) * WAN * float(made.flows["pieces"].sum()) / float(then)
    return round(pieces)
