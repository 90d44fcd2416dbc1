"""Who lives where, how far it is to a point on foot, and the standards of the plan (专栏2, P66): one definition.

People of a village are taken to live around its middle, spread as far as half-way to the next village; the distance to
a point combines that spread with the straight distance between the two middles, times the detour of local roads. So a
point in the village is not nought minutes away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.spatial import KDTree

from postroad.travel.engine import EARTH_KM
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.network import Network

USABLE = ("village_post_station", "terminal_station", "pick_up_point", "locker_group")
"""Kinds of site where people themselves hand in or fetch a parcel."""

STANDARDS = {"city": (1.0, 10.0), "town": (3.0, None), "rural": (None, None)}
"""Kilometres and minutes of walking within which a point must lie; in the country, one for each township."""

CITY, TOWN = ("111", "112"), ("121", "122", "123")


def inside(kind: Any, km: Any, ordinary_min: Any) -> Any:
    """Return who lives inside the standard of a city or a town: either distance or minutes will do."""
    found = np.zeros(len(km), bool)
    for name, (most_km, most_min) in STANDARDS.items():
        own = kind == name
        near = km <= most_km if most_km is not None else np.zeros(len(km), bool)
        quick = ordinary_min <= most_min if most_min is not None else np.zeros(len(km), bool)
        found |= own & (near | quick)
    return found


def homes_km(at: Any) -> Any:
    """Return the distance from each village to its nearest neighbour, at most 5 km."""
    if len(at) < 2:
        return np.full(len(at), 1.0)
    return np.minimum(5.0, KDTree(at).query(at, k=2)[0][:, 1])


def flat(frame: pl.DataFrame, middle: float | None = None) -> Any:
    """Return positions as kilometres on a plane that is true to scale at the middle latitude."""
    lonlat = frame.select("lon", "lat").to_numpy()
    at = np.radians(lonlat)
    level = np.radians(middle) if middle is not None else at[:, 1].mean()
    return EARTH_KM * np.column_stack([at[:, 0] * np.cos(level), at[:, 1]])


@dataclass(frozen=True)
class Pace:
    """Walking: kilometres an hour on a good day and in the season, detour of local roads, spread of homes."""

    ordinary_kmh: float
    kmh: float
    detour: float
    spread: float

    def km(self, straight: Any, homes: Any) -> Any:
        """Return the kilometres people walk, from the straight distance between middles and that between villages."""
        return self.detour * np.hypot(straight, self.spread * homes)


def pace(network: Network, season: str = "ordinary") -> Pace:
    """Return how people walk in a season; ``DataError`` names every parameter that is missing."""
    held = parameters(network, ["walk_speed", "winter_walk_factor", "last_leg_detour_factor", "home_spread_share"])
    factor = held["winter_walk_factor"][0] if season == "winter" else 1.0
    walk = held["walk_speed"][0]
    return Pace(walk, walk * factor, held["last_leg_detour_factor"][0], held["home_spread_share"][0])


def homes(network: Network) -> pl.DataFrame:
    """Return one row a village or block with a position: persons, class (city, town, rural), county and township."""
    places = network["places"]
    people = network["populations"].sort("period").group_by("place_id").agg(persons=pl.col("population_persons").last())
    counties = places.filter(level="county").select(county_id="place_id", county_zh="name_zh", county_en="pinyin")
    code = pl.col("urban_rural")
    kind = (
        pl.when(code.is_in(CITY)).then(pl.lit("city"))
        .when(code.is_in(TOWN)).then(pl.lit("town"))
        .when(code.is_null() & pl.col("kind").is_in(["community", "quasi_community"])).then(pl.lit("town"))
        .otherwise(pl.lit("rural"))
    )  # fmt: skip
    columns = ["place_id", "name_zh", "pinyin", "kind", "county_id", "county_zh", "county_en", "lon", "lat", "origin"]
    return (
        places.filter(level="village")
        .drop_nulls(["lon", "lat"])
        .join(people, on="place_id", how="left")
        .join(counties, on="county_id", how="left")
        .select(*columns, pl.col("persons").fill_null(0), township_id="parent_id", **{"class": kind})
        .sort("place_id")
    )
