"""Other things to site with the same methods: cold stores, rest places, township nodes; one network or one each.

Each answer is a frame of the places chosen with what they serve, and the proof that comes with the method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import sparse

from postroad.design.sites.covering import maximal_covering
from postroad.design.sites.median import p_median
from postroad.design.sites.merging import Groups, merge_lists, merge_points
from postroad.design.sites.standards import set_covering
from postroad.errors import DataError, UsageError
from postroad.travel.doorstep import flat, homes, pace
from postroad.travel.road import RoadEngine

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def cold_stores(
    network: Network, p: int, *, month: int, hours: float, season: str = "ordinary", how: Pace | None = None
) -> Placed:
    """Return the ``p`` county seats that bring most of a month's harvest under cold within some hours' drive (P72).

    Goods are the crops of the seasonal goods, their pieces spread evenly over their months.
    """
    if not 1 <= month <= 12 or hours <= 0:
        raise UsageError.of("sites.bad_harvest", month=month, hours=hours)
    first, last = pl.col("first_month"), pl.col("last_month")
    months = (last - first) % 12 + 1
    ripe = network["seasonal_goods"].filter((pl.col("kind") == "crop") & ((month - first) % 12 < months))
    grown = ripe.group_by("place_id").agg(pieces=(pl.col("pieces_per_year") / months).sum()).sort("place_id")
    if not grown.height:
        raise DataError.of("sites.no_harvest", table="seasonal_goods", value=month)
    places = network["places"]
    seats = places.filter((pl.col("level") == "county") & (pl.col("kind") != "dev_zone")).drop_nulls(["lon", "lat"])
    seats = seats.sort("place_id").select("place_id", "name_zh", "pinyin", "lon", "lat")
    ways = RoadEngine(network, season).ways(grown["place_id"].to_list(), seats["place_id"].to_list())
    within = ways.minutes <= 60.0 * hours
    groups = _groups(within, grown["pieces"].to_numpy())
    answer = maximal_covering(groups, p, pace=how)
    total = float(grown["pieces"].sum())
    served = (within * grown["pieces"].to_numpy()[:, None]).sum(axis=0)
    chosen = seats[answer.chosen].with_columns(pieces_within_reach=pl.Series(served[answer.chosen]))
    return Placed(chosen, answer.objective / total, answer.bound / total, answer.status)


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


@dataclass(frozen=True)
class Sharing:
    """The cheapest sites that serve everyone: each operator with its own, or all with the same (P63)."""

    separate_sites: int
    separate_yuan: float
    shared_sites: int
    shared_yuan: float
    proven: bool


def shared_against_separate(
    reach: sparse.csr_array, yuan: NDArray[np.float64], needs: Sequence[NDArray[np.int64]], *, time_s: float = 60.0
) -> Sharing:
    """Return what it takes for each operator to reach its own needs (rows of ``reach``), alone and sharing sites."""
    own = [set_covering(reach[rows], yuan, time_s=time_s) for rows in needs if len(rows)]
    every = np.unique(np.concatenate([*needs, np.empty(0, np.int64)]).astype(np.int64))
    if not every.size:
        return Sharing(0, 0.0, 0, 0.0, proven=True)
    joint = set_covering(reach[every], yuan, time_s=time_s)
    proven = all(part.status == "optimal" for part in (*own, joint))
    return Sharing(sum(part.chosen.size for part in own), sum(part.objective for part in own), joint.chosen.size,
                   joint.objective, proven)  # fmt: skip


def _groups(within: NDArray[np.bool_], weight: NDArray[np.float64]) -> Groups:
    held = np.flatnonzero(within.any(axis=1))
    row, site = np.nonzero(within[held])
    heads = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=held.size))]).astype(np.int64)
    groups, _ = merge_lists(heads, site.astype(np.int32), weight[held], within.shape[1])
    return groups
