"""Pre-cooling and cold stores: which county seats take a harvest, by product and season, before it spoils (P72).

What is lost before cold is 1 - (1 - r)^h for ``h`` hours at the product's rate ``r`` at 20 °C, ``r`` changing by a
factor for each 10 °C of the month's air (the usual Q10 rule). Rates, factor and temperatures are assumed, each with a
range in ``parameters``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.design.sites.covering import maximal_covering
from postroad.design.sites.median import p_median
from postroad.design.sites.uses import Placed, groups_of
from postroad.errors import DataError, UsageError
from postroad.travel.road import RoadEngine
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.sites.tree import Pace
    from postroad.network import Network

AT_C = 20.0


def harvest(network: Network, month: int, product: str = "") -> pl.DataFrame:
    """Return the crops of a month by county: goods_id, place_id and pieces, spread evenly over their months."""
    if not 1 <= month <= 12:
        raise UsageError.of("sites.bad_harvest", month=month, hours=1)
    first, last = pl.col("first_month"), pl.col("last_month")
    months = (last - first) % 12 + 1
    crops = network["seasonal_goods"].filter(pl.col("kind") == "crop")
    if product and product not in set(crops["goods_id"]):
        raise UsageError.of("sites.no_product", value=product, known=", ".join(sorted(set(crops["goods_id"]))))
    ripe = crops.filter((month - first) % 12 < months)
    ripe = ripe.filter(goods_id=product) if product else ripe
    if not ripe.height:
        raise DataError.of("sites.no_harvest", table="seasonal_goods", value=month)
    return ripe.select("goods_id", "place_id", pieces=pl.col("pieces_per_year") / months).sort("place_id", "goods_id")


def loss(network: Network, goods: list[str], month: int, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each product (rows) that is lost within some hours at the month's air."""
    names = sorted(set(goods))
    held = parameters(network, [*(f"spoilage_{name.lower()}" for name in names), "spoilage_per_10c",
                                f"air_temperature_{month:02d}"])  # fmt: skip
    faster = held["spoilage_per_10c"][0] ** ((held[f"air_temperature_{month:02d}"][0] - AT_C) / 10.0)
    rate = np.array([min(1.0, held[f"spoilage_{name.lower()}"][0] / 100.0 * faster) for name in goods])
    return np.asarray(1.0 - (1.0 - rate[:, None]) ** hours)


def cold_stores(
    network: Network, p: int, *, month: int, hours: float, product: str = "", season: str = "ordinary",
    how: Pace | None = None,
) -> Placed:  # fmt: skip
    """Return the ``p`` county seats that bring most of a month's harvest under cold within some hours' drive."""
    if hours <= 0:
        raise UsageError.of("sites.bad_harvest", month=month, hours=hours)
    grown, seats, way = _ways(network, month, product, season)
    within, pieces = way <= hours, grown["pieces"].to_numpy()
    answer = maximal_covering(groups_of(within, pieces), p, pace=how)
    chosen = _told(network, (grown, seats, way), answer.chosen, month)
    served = (within * pieces[:, None]).sum(axis=0)[answer.chosen]
    total = float(pieces.sum())
    chosen = chosen.with_columns(pieces_within_reach=pl.Series(served))
    return Placed(chosen, answer.objective / total, answer.bound / total, answer.status)


def least_spoilage(
    network: Network, p: int, *, month: int, product: str = "", season: str = "ordinary", how: Pace | None = None
) -> Placed:
    """Return the ``p`` county seats from which the least of a month's harvest is lost before cold, as a share of it."""
    grown, seats, way = _ways(network, month, product, season)
    pieces = grown["pieces"].to_numpy()
    lost = loss(network, grown["goods_id"].to_list(), month, way) * pieces[:, None]
    answer = p_median(lost, p, pace=how)
    chosen = _told(network, (grown, seats, way), answer.chosen, month)
    total = float(pieces.sum())
    return Placed(chosen, answer.objective / total, answer.bound / total, answer.status)


def _ways(
    network: Network, month: int, product: str, season: str
) -> tuple[pl.DataFrame, pl.DataFrame, NDArray[np.float64]]:
    """Return the harvest, the county seats, and hours by road from one to the other."""
    grown = harvest(network, month, product)
    places = network["places"]
    seats = places.filter((pl.col("level") == "county") & (pl.col("kind") != "dev_zone")).drop_nulls(["lon", "lat"])
    seats = seats.sort("place_id").select("place_id", "name_zh", "pinyin", "lon", "lat")
    ways = RoadEngine(network, season).ways(grown["place_id"].to_list(), seats["place_id"].to_list())
    return grown, seats, np.asarray(ways.minutes) / 60.0


def _told(
    network: Network,
    given: tuple[pl.DataFrame, pl.DataFrame, NDArray[np.float64]],
    chosen: NDArray[np.int64],
    month: int,
) -> pl.DataFrame:
    """Return the seats chosen with the pieces that go to each (the nearest), their hours, and what is lost."""
    grown, seats, way = given
    own = way[:, chosen]
    goes, pieces = np.argmin(own, axis=1), grown["pieces"].to_numpy()
    hours = own.min(axis=1)
    lost = loss(network, grown["goods_id"].to_list(), month, hours[:, None])[:, 0] * pieces
    count = [np.bincount(goes, weights, chosen.size) for weights in (pieces, pieces * hours, lost)]
    return seats[chosen].with_columns(
        pieces_month=pl.Series(count[0]),
        hours_mean=pl.Series(count[1] / np.maximum(count[0], 1e-9)),
        spoiled_share=pl.Series(count[2] / np.maximum(count[0], 1e-9)),
    )
