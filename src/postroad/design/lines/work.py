"""What a trunk design works on: the layout, the ways, and a day's pieces on each pair of places."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.demand.profile import PEAK, PEAK_MONTH, day_shares, weights
from postroad.demand.seasonal import in_month
from postroad.design.lines.ends import Doors, Ends
from postroad.design.lines.fluid import SLOT_MIN, SLOTS
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

COUNTIES = ("county_city", "county", "autonomous_county")
SAME_EVENING_MIN = 240.0
"""Who takes longer from acceptance to the dock than this comes with a later collection; assumed."""
LONGEST_PROMISE_H = 72.0
"""The promise of flows without a product of their own; assumed."""


@dataclass(frozen=True)
class Trunk:
    """What a trunk design works on: the layout, the ways, the terms, and a day's pieces on each pair of places.

    ``ordinary`` is the busiest day outside the peak, ``peak`` the plan's peak day; ``ways[k]`` is the route of pair
    ``k``. ``order`` numbers the pairs, ``promised`` ones first: who gets a seat before whom. ``kinds``
    says what each place is: district, county, city outside. ``rides`` are the seats on trains and flights that a
    timetable may use, by their key; ``known_ends`` what was learned of the ends, if anything. ``sure`` are departures
    (from, to, minute) with room for so many pieces whatever the plan pours into them.
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
    known_ends: Ends | None = None
    sure: Mapping[tuple[str, str, float], float] = field(default_factory=dict)

    @cached_property
    def ends(self) -> Ends:
        """What happens at either end of the trunk: as learned, or as the terms assume it."""
        return self.known_ends or Ends.of(self.terms)

    @cached_property
    def first_mile(self) -> NDArray[np.float64]:
        """Minutes from acceptance to the first dock, by pair and half hour of the day."""
        return np.stack([self.ends.first(way[0], SLOTS) for way in self.ways])

    @cached_property
    def lucks(self) -> list[NDArray[np.float64]]:
        """The same once for each equally likely readiness, where anything is known of it."""
        if not self.ends.spread_min:
            return [self.first_mile]
        known = [self.ends.lucks(way[0], SLOTS) for way in self.ways]
        return [np.stack([one[:, n] for one in known]) for n in range(known[0].shape[1])]

    @cached_property
    def doors(self) -> Doors:
        """The way of each pair's pieces from the last dock to the door."""
        return Doors.of(self.ends, [way[-1] for way in self.ways])

    @cached_property
    def every(self) -> NDArray[np.int64]:
        """The numbers of all pairs."""
        return np.arange(len(self.ways))

    @cached_property
    def ridden(self) -> set[tuple[str, str]]:
        """Between which places there are rides."""
        return {key[:2] for key in self.rides}

    def cutoff(self, place: str) -> float:
        """Return the pick-up cut-off of a place, in minutes of the day."""
        return self.terms.county_cutoff_min if self.kinds.get(place) in COUNTIES else self.terms.city_cutoff_min

    def pieces(self, day: str) -> NDArray[np.float64]:
        """Return the pieces of each pair on the ``ordinary`` or the ``peak`` day."""
        return self.pairs[day].to_numpy()


def trunk(
    network: Network, demand: Demand, tiers: Mapping[str, int] | None = None, season: str = "ordinary",
    ends: Ends | None = None,
) -> Trunk:  # fmt: skip
    """Return the work of a trunk design; ``tiers`` are hub places with their tier, by default the plan's."""
    known = dict(tiers or planned_tiers(network))
    places = sorted({*demand.flows["origin_id"], *demand.flows["destination_id"]})
    roads = Roads(network, [*known, *places], season)
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
    return Trunk(network, made, roads, Terms.of(network), pairs, ways, weights(network, "hour"), order, first, kinds,
                 known_ends=ends)  # fmt: skip


def all_in(work: Trunk, place: str) -> float:
    """When the pick-up of the day is ready to leave a place, to the next five minutes.

    Pieces that are collected only much later, as in villages the day after, do not hold back the others.
    """
    lucks = work.ends.lucks(place, SLOTS)
    cut, last = work.cutoff(place), 0.0
    for slot in range(SLOTS):
        at = (slot + 0.5) * SLOT_MIN
        same = lucks[slot][lucks[slot] <= SAME_EVENING_MIN]
        if at <= cut and same.size:
            last = max(last, at + float(same.max()))
    return float(5.0 * np.ceil((last + SLOT_MIN / 2 + work.terms.county_handling_min) / 5.0))


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
