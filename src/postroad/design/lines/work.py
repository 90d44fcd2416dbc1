"""What a trunk design works on: the layout, the ways, and a day's pieces on each pair of places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from postroad.demand.profile import PEAK, PEAK_MONTH, day_shares, weights
from postroad.demand.seasonal import in_month
from postroad.design.lines.layout import Layout, layout, planned_tiers
from postroad.design.lines.roads import Roads
from postroad.design.lines.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.network import Network


@dataclass(frozen=True)
class Trunk:
    """What a trunk design works on: the layout, the ways, the terms, and a day's pieces on each pair of places.

    ``ordinary`` is the busiest day outside the peak, ``peak`` the plan's peak day; ``ways[k]`` is the route of pair
    ``k``.
    """

    network: Network
    layout: Layout
    roads: Roads
    terms: Terms
    pairs: pl.DataFrame
    ways: list[list[str]]
    hours: NDArray[np.float64]

    def pieces(self, day: str) -> NDArray[np.float64]:
        """Return the pieces of each pair on the ``ordinary`` or the ``peak`` day."""
        return self.pairs[day].to_numpy()


def trunk(network: Network, demand: Demand, tiers: Mapping[str, int] | None = None, season: str = "ordinary") -> Trunk:
    """Return the work of a trunk design; ``tiers`` are hub places with their tier, by default the plan's."""
    known = dict(tiers or planned_tiers(network))
    ends = sorted({*demand.flows["origin_id"], *demand.flows["destination_id"]})
    roads = Roads(network, [*known, *ends], season)
    made = layout(network, demand, roads, known)
    pairs = _pairs(network, demand)
    ways = [made.route(a, b) for a, b in pairs.select("origin_id", "destination_id").iter_rows()]
    return Trunk(network, made, roads, Terms.of(network), pairs, ways, weights(network, "hour"))


def _pairs(network: Network, demand: Demand) -> pl.DataFrame:
    """One row a pair: pieces of the mean day, of the busiest day outside November's peak, and of the peak day."""
    by = ["origin_id", "destination_id"]
    flows = demand.flows.group_by(by).agg(pl.col("pieces").sum()).sort(by)
    peak = in_month(network, demand.flows, PEAK_MONTH).group_by(by).agg(peak=pl.col("pieces").sum())
    joined = flows.join(peak, on=by, how="left").with_columns(pl.col("peak").fill_null(0.0))
    busiest = float(day_shares(network, demand.year).max())
    scale = demand.pieces(PEAK) / float(joined["peak"].sum())
    days = len(day_shares(network, demand.year))
    return joined.select(
        *by, mean=pl.col("pieces") / days, ordinary=pl.col("pieces") * busiest, peak=pl.col("peak") * scale
    )
