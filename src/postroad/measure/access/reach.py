"""How far people live from the nearest usable point, village by village, and how many live inside the standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.spatial import KDTree

from postroad.errors import DataError, Fault
from postroad.measure.access.bus import by_bus
from postroad.measure.access.inequality import gini, share, worst_share
from postroad.results import Result, Stamp
from postroad.shown import Shown
from postroad.travel.doorstep import STANDARDS, USABLE, flat, homes, homes_km, inside, pace
from postroad.travel.opening import Moment, open_at, opening
from postroad.travel.speeds import Speeds, season_named

if TYPE_CHECKING:
    import datetime as dt

    from postroad.network import Network
    from postroad.timetable.feed import Feed


@dataclass(frozen=True)
class Asked:
    """What is asked: season, kinds of point, a moment at which it must be open, and buses of a day.

    Without a moment every point counts whatever its hours; without a feed nobody rides. ``synthetic_buses`` says that
    the feed is no published timetable.
    """

    season: str = "ordinary"
    kinds: tuple[str, ...] = USABLE
    moment: Moment | None = None
    feed: Feed | None = None
    bus_day: dt.date | None = None
    synthetic_buses: bool = True


@dataclass(frozen=True)
class Access(Shown):
    """One row a village or block: persons, class, km, minutes by foot, car and bus, nearest point, inside or not."""

    units: pl.DataFrame
    season: str
    synthetic_buses: bool = True

    @property
    def rides(self) -> bool:
        """Whether minutes by bus were asked for."""
        return "bus_min" in self.units.columns

    def figures(self) -> dict[str, Any]:
        """Return the province's figures, each with the share of people whose distance rests on synthetic positions."""
        told: dict[str, Any] = {"season": self.season, "persons": int(self.units["persons"].sum())}
        told["synthetic_share"] = share(self.units, "synthetic")
        told["synthetic_homes_share"] = share(self.units, "synthetic_home")
        for kind in STANDARDS:
            own = self.units.filter(pl.col("class") == kind)
            told[f"inside_{kind}"] = share(own, "inside")
            told[f"synthetic_{kind}"] = share(own, "synthetic")
        told["inside"] = share(self.units, "inside")
        told["townships"], told["townships_served"] = self._townships()
        told |= _spread(self.units, "walk")
        told |= _spread(self.units, "drive")
        if self.rides:
            told["bus_share"] = share(self.units.with_columns(rides=pl.col("bus_min").is_not_null()), "rides")
            told |= _spread(self.units, "bus") | _spread(self.units, "carless")
            told["synthetic_bus"] = 1.0 if self.synthetic_buses else told["synthetic_share"]
        counties = self.counties().filter(pl.col("persons") > 0)
        if counties.height:
            told["worst_county"] = counties.sort("walk_mean_min", descending=True).row(0, named=True)
            told["least_inside_county"] = counties.sort("inside", "county_id").row(0, named=True)
        return told

    def told(self) -> Result:
        """Return villages and blocks, counties, and the province's figures as a result."""
        tables = {"units": self.units, "counties": self.counties(), "kinds": self.kinds()}
        return Result(Stamp.of_tables("access", tables, {"season": self.season}), tables, self.figures())

    def counties(self) -> pl.DataFrame:
        """Return one row a county: persons, mean and worst-decile minutes, shares inside and on synthetic positions."""
        return self._by("county_id", {"county_zh": "county_zh", "county_en": "county_en"}).sort("county_id")

    def kinds(self) -> pl.DataFrame:
        """Return the same figures for villages and for blocks, by class of settlement."""
        return self._by("group", {}, self.units.with_columns(group=pl.col("kind") + "/" + pl.col("class")))

    def _by(self, column: str, names: dict[str, str], units: pl.DataFrame | None = None) -> pl.DataFrame:
        rows = []
        units = (self.units if units is None else units).sort(column, "place_id")
        for (key,), part in units.group_by(column, maintain_order=True):
            told = {column: key, **{name: part[source][0] for name, source in names.items()}}
            told["persons"] = int(part["persons"].sum())
            told |= _spread(part, "walk")
            if self.rides:
                told |= {name: value for name, value in _spread(part, "carless").items() if "gini" not in name}
            rows.append({**told, "inside": share(part, "inside"), "synthetic": share(part, "synthetic")})
        return pl.DataFrame(rows, infer_schema_length=None)

    def _townships(self) -> tuple[int, int]:
        served = self.units.group_by("township_id").agg(pl.col("township_served").first())
        return served.height, int(served["township_served"].sum())


def _spread(units: pl.DataFrame, name: str) -> dict[str, float | None]:
    """Return mean, Gini and the worst tenth of the minutes of those who have any; nothing when nobody has."""
    some = units.filter(pl.col(f"{name}_min").is_not_null() & (pl.col("persons") > 0))
    persons, minutes = some["persons"].to_numpy(), some[f"{name}_min"].to_numpy()
    if not some.height:
        return {f"{name}_mean_min": None, f"{name}_worst_decile_min": None, f"{name}_gini": None}
    return {
        f"{name}_mean_min": float(np.average(minutes, weights=persons)),
        f"{name}_worst_decile_min": worst_share(minutes, persons),
        f"{name}_gini": gini(minutes, persons),
    }


def access(network: Network, on: dt.date | None = None, season: str = "ordinary", asked: Asked | None = None) -> Access:
    """Return everybody's way to the nearest open point, on a day and in a season.

    ``DataError`` when the network has no villages with a position, or no such point is open.
    """
    asked = asked or Asked(season=season)
    held = network.on(on) if on else network
    season_named(asked.season)
    units = homes(held)
    points = usable(held, asked)
    faults = [Fault.of("access.nowhere", table="places")] if not units.height else []
    if not points.height:
        faults.append(Fault.of("access.no_point", table="sites", value=", ".join(asked.kinds)))
    if faults:
        raise DataError(faults)
    made = on_foot(held, units, points, asked.season)
    if asked.feed is not None:
        day = asked.bus_day or on or _any_day(asked.feed)
        ways = by_bus(held, made, points, pace(held, asked.season), (asked.feed, day, asked.season))
        made = pl.concat([made, ways], how="horizontal").with_columns(
            carless_min=pl.min_horizontal("walk_min", "bus_min"),
        )
    return Access(made, asked.season, asked.synthetic_buses)


def usable(network: Network, asked: Asked) -> pl.DataFrame:
    """Return the points asked for with their hours: those open at the moment when one is asked for."""
    points = network["sites"].filter(pl.col("kind").is_in(asked.kinds), pl.col("status") == "open")
    points = opening(network, points.drop_nulls(["lon", "lat"]))
    return open_at(points, asked.moment) if asked.moment else points


def on_foot(network: Network, units: pl.DataFrame, points: pl.DataFrame, season: str) -> pl.DataFrame:
    """Return the homes with kilometres and minutes on foot and by car to the nearest point, inside or not."""
    walking = pace(network, season)
    own, there = flat(units), flat(points, middle=float(units["lat"].mean()))  # type: ignore[arg-type]
    straight, nearest = KDTree(there).query(own)
    km = walking.km(straight, homes_km(own))
    served = set(points["place_id"].str.slice(0, 9))
    speeds = Speeds.of(network, season)
    is_city = (units["class"] == "city").to_numpy()
    drive = np.where(is_city, speeds.urban[0], speeds.leg[0])
    made = units.with_columns(
        km=km,
        walk_min=60.0 * km / walking.kmh,
        drive_min=60.0 * km / drive,
        site_id=points["site_id"].gather(nearest),
        hours_assumed=points["hours_assumed"].gather(nearest),
        synthetic_home=pl.col("origin") == "synthetic",
        synthetic=pl.Series(points["origin"].gather(nearest) == "synthetic") | (pl.col("origin") == "synthetic"),
        township_served=pl.col("township_id").is_in(list(served)),
    ).with_columns(inside=pl.Series(inside(units["class"].to_numpy(), km, 60.0 * km / walking.ordinary_kmh)))
    return made.with_columns(
        inside=pl.when(pl.col("class") == "rural").then(pl.col("township_served")).otherwise("inside")
    ).sort("place_id")


def _any_day(feed: Feed) -> dt.date:
    """Return the first Monday on or after the feed's first day of service."""
    import datetime as dt

    first = feed["calendar"]["start_date"].min() if "calendar" in feed.tables else None
    day = dt.datetime.strptime(str(first or "20200106"), "%Y%m%d").replace(tzinfo=dt.UTC).date()
    return day + dt.timedelta(days=(7 - day.weekday()) % 7)
