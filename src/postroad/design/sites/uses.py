"""Other things to site with the same methods: stations, rest places, township nodes and county centres.

Each answer is a frame of the places chosen with what they serve, and the proof that comes with the method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.spatial import KDTree

from postroad.design.sites.covering import maximal_covering
from postroad.design.sites.median import p_median
from postroad.design.sites.merging import Groups, merge_lists, merge_points
from postroad.errors import DataError
from postroad.travel.doorstep import USABLE, flat, homes, homes_km, inside, pace
from postroad.travel.road import RoadEngine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.sites.tree import Pace
    from postroad.network import Network


@dataclass(frozen=True)
class Placed:
    """Places chosen, the share of the need they serve (or the mean km), its bound, and whether that is proven."""

    places: pl.DataFrame
    value: float
    bound: float
    status: str


def rest_places(network: Network, p: int, *, km: float = 1.5, how: Pace | None = None) -> Placed:
    """Return the ``p`` blocks from which most couriers have a rest place within ``km`` (P97).

    Where couriers work is not known; they are taken to be where people live in cities and towns.
    """
    blocks = homes(network).filter(pl.col("class") != "rural")
    if not blocks.height:
        raise DataError.of("sites.no_block", table="places")
    at = flat(blocks)
    persons = blocks["persons"].to_numpy().astype(float)
    groups = merge_points([(at[:, 0].copy(), at[:, 1].copy(), persons)], at, km / pace(network).detour)
    answer = maximal_covering(groups, p, pace=how)
    total = float(persons.sum()) or 1.0
    columns = ("place_id", "name_zh", "pinyin", "county_zh", "county_en", "lon", "lat", "persons")
    return Placed(blocks[answer.chosen].select(columns), answer.objective / total, answer.bound / total, answer.status)


def township_nodes(network: Network, county_id: str, p: int, *, how: Pace | None = None) -> Placed:
    """Return the ``p`` townships of a county from which its villages are nearest on the whole, in person-km (P56)."""
    towns = network["places"].filter(level="township", county_id=county_id).drop_nulls(["lon", "lat"]).sort("place_id")
    villages = homes(network).filter(county_id=county_id)
    if not towns.height or not villages.height:
        raise DataError.of("sites.no_township", table="places", value=county_id)
    middle = float(villages["lat"].to_numpy().mean())
    there, here = flat(towns, middle), flat(villages, middle)
    km = pace(network).detour * np.linalg.norm(here[:, None] - there[None], axis=2)
    persons = villages["persons"].to_numpy().astype(float)
    answer = p_median(km * persons[:, None], p, pace=how)
    served = np.bincount(answer.server, persons, towns.height)
    chosen = towns[answer.chosen].select("place_id", "name_zh", "pinyin", "lon", "lat")
    total = float(persons.sum()) or 1.0
    chosen = chosen.with_columns(persons=pl.Series(served[answer.chosen]))
    return Placed(chosen, answer.objective / total, answer.bound / total, answer.status)


def county_centres(network: Network, county_id: str = "", *, season: str = "ordinary") -> Placed:
    """Return for each county the township or seat from which all townships are nearest by road, in person-km (P56).

    ``centre_km`` is the mean from there, ``today_km`` from the county centre that is open, or the seat without one.
    """
    places = network["places"].filter(level="county").filter(pl.col("kind") != "dev_zone").drop_nulls(["lon", "lat"])
    counties = places.filter(place_id=county_id) if county_id else places
    persons = homes(network).group_by("township_id").agg(persons=pl.col("persons").sum())
    towns = network["places"].filter(level="township").drop_nulls(["lon", "lat"])
    towns = towns.join(persons, left_on="place_id", right_on="township_id").filter(pl.col("persons") > 0)
    roads, rows = RoadEngine(network, season), []
    for county in counties.sort("place_id")["place_id"]:
        own = towns.filter(county_id=county).sort("place_id")
        if not own.height:
            continue
        where = [county, *own["place_id"]]
        km = roads.ways(own["place_id"].to_list(), where).km
        mean = own["persons"].to_numpy() @ km / own["persons"].sum()
        best = int(np.argmin(mean))
        rows.append((county, where[best], float(mean[best]), float(mean[0]), int(own["persons"].sum())))
    if not rows:
        raise DataError.of("sites.no_township", table="places", value=county_id)
    names = ["county_id", "place_id", "centre_km", "today_km", "persons"]
    found = pl.DataFrame(rows, schema=names, orient="row")
    chosen = found.join(
        network["places"].select("place_id", "name_zh", "pinyin", "lon", "lat"), on="place_id", how="left"
    )
    value = float(np.average(found["centre_km"].to_numpy(), weights=found["persons"].to_numpy()))
    return Placed(chosen.sort("county_id"), value, value, "optimal")


def terminal_stations(network: Network, p: int, *, how: Pace | None = None) -> Placed:
    """Return the ``p`` blocks where a new station brings most people of cities and towns inside the standard (P66).

    Value and bound count the people who are inside today.
    """
    units = homes(network).filter(pl.col("class") != "rural")
    points = network["sites"].filter(pl.col("kind").is_in(USABLE), pl.col("status") == "open")
    points = points.drop_nulls(["lon", "lat"])
    if not units.height:
        raise DataError.of("sites.no_block", table="places")
    walking, at = pace(network), flat(units)
    spread, kind = homes_km(at), units["class"].to_numpy()
    there = flat(points, float(units["lat"].to_numpy().mean()))
    near = KDTree(there).query(at)[0] if points.height else np.full(len(at), 1e6)
    km = walking.km(near, spread)
    outside = np.flatnonzero(~inside(kind, km, 60.0 * km / walking.ordinary_kmh))
    persons = units["persons"].to_numpy().astype(float)
    way = walking.km(np.linalg.norm(at[outside][:, None] - at[outside][None], axis=2), spread[outside][:, None])
    within = np.array([inside(np.repeat(kind[i], outside.size), row, 60.0 * row / walking.ordinary_kmh)
                       for i, row in zip(outside, way, strict=True)]).reshape(outside.size, -1)  # fmt: skip
    answer = maximal_covering(groups_of(within, persons[outside]), p, pace=how)
    total, held = float(persons.sum()) or 1.0, float(persons.sum() - persons[outside].sum())
    columns = ("place_id", "name_zh", "pinyin", "county_zh", "county_en", "lon", "lat", "persons")
    chosen = units[outside[answer.chosen]].select(columns)
    return Placed(chosen, (held + answer.objective) / total, (held + answer.bound) / total, answer.status)


def groups_of(within: NDArray[np.bool_], weight: NDArray[np.float64]) -> Groups:
    """Return demand merged by which sites (columns) are within reach of it."""
    held = np.flatnonzero(within.any(axis=1))
    row, site = np.nonzero(within[held])
    heads = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=held.size))]).astype(np.int64)
    groups, _ = merge_lists(heads, site.astype(np.int32), weight[held], within.shape[1])
    return groups
