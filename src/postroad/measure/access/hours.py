"""Access hour by hour over a week: who lives inside the standard of a point that is open just then (P66)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.measure.access.inequality import share
from postroad.measure.access.reach import Asked, on_foot, usable
from postroad.travel.doorstep import STANDARDS, homes
from postroad.travel.opening import Moment, open_at

if TYPE_CHECKING:
    import datetime as dt

    from postroad.network import Network

SCHEMA = {
    "weekday": pl.Int64, "hour": pl.Int64, "points_open": pl.Int64, "inside": pl.Float64,
    **{f"inside_{kind}": pl.Float64 for kind in STANDARDS}, "synthetic": pl.Float64,
    "hours_assumed": pl.Float64,
}  # fmt: skip


def by_hour(network: Network, on: dt.date | None = None, season: str = "ordinary") -> pl.DataFrame:
    """Return one row for each hour of a week, asked at half past: shares of people inside, and on what they rest.

    Where no point is open nobody is inside.
    """
    held = network.on(on) if on else network
    units, points = homes(held), usable(held, Asked(season=season))
    known: dict[tuple[str, ...], dict[str, float | None]] = {}
    rows = []
    for weekday in range(1, 8):
        for hour in range(24):
            there = open_at(points, Moment(weekday, 60.0 * hour + 30.0))
            key = tuple(there["site_id"])
            if key not in known:
                known[key] = _told(held, units, there, season)
            rows.append({"weekday": weekday, "hour": hour, "points_open": there.height, **known[key]})
    return pl.DataFrame(rows, schema=SCHEMA)


def _told(network: Network, units: pl.DataFrame, points: pl.DataFrame, season: str) -> dict[str, float | None]:
    if not points.height:
        return {name: 0.0 for name in SCHEMA if name.startswith("inside")} | {"synthetic": None, "hours_assumed": None}
    made = on_foot(network, units, points, season)
    told = {"inside": share(made, "inside")}
    told |= {f"inside_{kind}": share(made.filter(pl.col("class") == kind), "inside") for kind in STANDARDS}
    return told | {name: share(made, name) for name in ("synthetic", "hours_assumed")}
