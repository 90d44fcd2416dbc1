"""What a trunk design works on: the layout, the ways, and a day's pieces on each pair of places."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.demand.profile import PEAK, PEAK_MONTH, day_shares, weights
from postroad.demand.seasonal import in_month
from postroad.design.lines.layout import Layout, layout, planned_tiers
from postroad.design.lines.pairs import promised_units
from postroad.design.lines.roads import Roads
from postroad.design.lines.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.design.lines.rides import Ride
    from postroad.network import Network

LONGEST_PROMISE_H = 72.0
"""The promise of flows without a product of their own; assumed."""


@dataclass(frozen=True)
class Trunk:
    """What a trunk design works on: the layout, the ways, the terms, and a day's pieces on each pair of places.

    ``ordinary`` is the busiest day outside the peak, ``peak`` the plan's peak day; ``ways[k]`` is the route of pair
    ``k``. ``order`` numbers the pairs, ``promised`` ones first: who gets a seat before whom. ``kinds``
    says what each place is: district, county, city outside. ``rides`` are the seats on trains and flights that a
    timetable may use, by their key.
    """

    network: Network
    layout: Layout
    roads: Roads
    terms: Terms
    pairs: pl.DataFrame
    ways: list[list[str]]
    hours: NDArray[np.float64]
    order: NDArray[np.int64]
    promised: NDArray[np.int64]
    kinds: Mapping[str, str]
    rides: Mapping[tuple[str, str, float, float], Ride] = field(default_factory=dict)

    @cached_property
    def ridden(self) -> set[tuple[str, str]]:
        """Between which places there are rides."""
        return {key[:2] for key in self.rides}

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
    told = pairs.select("origin_id", "destination_id").join(
        promised_units(network).select("origin_id", "destination_id").unique().with_columns(told=True),
        on=["origin_id", "destination_id"], how="left", maintain_order="left",
    )["told"].fill_null(value=False).to_numpy()  # fmt: skip
    kinds = dict(network["places"].select("place_id", "kind").iter_rows())
    first = np.flatnonzero(told)
    order = np.concatenate([first, np.flatnonzero(~told)])
    return Trunk(network, made, roads, Terms.of(network), pairs, ways, weights(network, "hour"), order, first, kinds)


def _pairs(network: Network, demand: Demand) -> pl.DataFrame:
    """One row a pair: pieces of the mean day, of the busiest day outside November's peak, and of the peak day."""
    by = ["origin_id", "destination_id"]
    flows = demand.flows.group_by(by).agg(pl.col("pieces").sum()).sort(by)
    peak = in_month(network, demand.flows, PEAK_MONTH).group_by(by).agg(peak=pl.col("pieces").sum())
    joined = flows.join(peak, on=by, how="left").with_columns(pl.col("peak").fill_null(0.0))
    joined = joined.join(_promises(network, demand), on=by, how="left")
    busiest = float(day_shares(network, demand.year).max())
    scale = demand.pieces(PEAK) / float(joined["peak"].sum())
    days = len(day_shares(network, demand.year))
    return joined.select(
        *by, "promise_h", mean=pl.col("pieces") / days, ordinary=pl.col("pieces") * busiest, peak=pl.col("peak") * scale
    )


def _promises(network: Network, demand: Demand) -> pl.DataFrame:
    """The hours promised to each pair: those of the main product of its largest flow class."""
    products = network["products"].drop_nulls("promise_h").sort("flow_class", "share", descending=[False, True])
    main = products.unique("flow_class", keep="first", maintain_order=True).select("flow_class", "promise_h")
    # what comes into the province is other provinces' product of the same name
    inter = main.filter(flow_class="inter_province").with_columns(flow_class=pl.lit("inbound"))
    flows = demand.flows.join(pl.concat([main, inter]).unique("flow_class"), on="flow_class", how="left")
    largest = flows.sort("pieces", descending=True).unique(["origin_id", "destination_id"], keep="first")
    return largest.select("origin_id", "destination_id", pl.col("promise_h").fill_null(LONGEST_PROMISE_H))
