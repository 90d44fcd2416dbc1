"""Which places are hubs of which tier, who is gathered at whom, and the way of a parcel up and down the tiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault, InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from postroad.demand import Demand
    from postroad.design.lines.roads import Roads
    from postroad.network import Network

LONGEST_DETOUR = 1.3
"""How much longer the way to the first tier may be over a hub between; assumed."""


@dataclass(frozen=True)
class Layout:
    """Hubs with their tier and the hub above; every other place with the hub it is gathered at.

    ``above`` holds hubs and places alike; a hub of the first tier is its own. ``places`` are the counties and zones
    with people and the places outside that flows go to, hubs not among them unless they are such places themselves.
    """

    tier: Mapping[str, int]
    above: Mapping[str, str]
    places: tuple[str, ...]

    @property
    def hubs(self) -> tuple[str, ...]:
        """The places of hubs, by tier and then by id."""
        return tuple(sorted(self.tier, key=lambda place: (self.tier[place], place)))

    def climb(self, place: str) -> list[str]:
        """Return the place and every hub above it, up to a hub of the first tier."""
        chain = [place]
        while self.above[chain[-1]] != chain[-1]:
            chain.append(self.above[chain[-1]])
        return chain

    def route(self, origin: str, destination: str) -> list[str]:
        """Return the places on the way: up to the first common hub (or across between first-tier hubs), then down."""
        up, down = self.climb(origin), self.climb(destination)
        shared = next((place for place in up if place in down), None)
        if shared is None:
            return [*up, *reversed(down)]
        return [*up[: up.index(shared)], *reversed(down[: down.index(shared) + 1])]

    def arcs(self) -> list[tuple[str, str]]:
        """Return the pairs of places that a parcel may travel between, both ways, sorted."""
        pairs = {(place, hub) for place, hub in self.above.items() if place != hub}
        tops = [hub for hub in self.hubs if self.above[hub] == hub]
        pairs |= {(a, b) for a in tops for b in tops if a < b}
        return sorted(pairs | {(b, a) for a, b in pairs})


def planned_tiers(network: Network) -> dict[str, int]:
    """Return the plan's hubs with their tier from the table of sites; ``DataError`` when there is none of tier 1."""
    rows = network["sites"].filter(pl.col("kind") == "hub", pl.col("tier").is_not_null())
    tiers = {place: int(tier) for place, tier in rows.sort("tier", descending=True)["place_id", "tier"].iter_rows()}
    if 1 not in tiers.values():
        raise DataError.of("lines.no_hub", table="sites", column="tier")
    return tiers


def layout(network: Network, demand: Demand, roads: Roads, tiers: Mapping[str, int] | None = None) -> Layout:
    """Return the layout of the given tiers, by default the plan's: everyone looks up to the nearest allowed hub.

    A county goes to the nearest hub of its own prefecture, or where that has none to the nearest of all; a hub to the
    nearest of a higher tier that lies on the way to the first; a place outside to the nearest hub of the first tier,
    or of any tier where the way leads over a border. ``InfeasibleError`` names every place that cannot reach a hub.
    """
    tiers = dict(tiers or planned_tiers(network))
    hubs = sorted(tiers, key=lambda place: (tiers[place], place))
    units = demand.totals.units
    prefecture = dict(units.select("place_id", "prefecture_id").iter_rows())
    outside = sorted((set(demand.flows["origin_id"]) | set(demand.flows["destination_id"])) - set(prefecture))
    above: dict[str, str] = {}
    faults = []
    for hub in hubs:
        near = _above(roads, hub, tiers) if tiers[hub] > 1 else hub
        if near is None:
            faults.append(Fault.of("lines.hub_cut_off", value=roads.label(hub), tier=tiers[hub]))
        above[hub] = near or hub
    own = {hub: prefecture.get(hub, hub) for hub in hubs}
    for place in sorted(prefecture):
        if place in tiers:
            continue
        among = [hub for hub in hubs if own[hub] == prefecture[place]] or hubs
        near = _nearest(roads, place, among) or _nearest(roads, place, hubs)
        if near is None:
            faults.append(Fault.of("lines.place_cut_off", value=roads.label(place)))
        above[place] = near or hubs[0]
    tops = [hub for hub in hubs if tiers[hub] == 1]
    for place in outside:
        near = _nearest(roads, place, tops if roads.by_border(place) is None else hubs)
        if near is None:
            faults.append(Fault.of("lines.place_cut_off", value=roads.label(place)))
        above[place] = near or hubs[0]
    if faults:
        raise InfeasibleError(faults)
    return Layout(tiers, above, (*sorted(prefecture), *outside))


def _above(roads: Roads, hub: str, tiers: Mapping[str, int]) -> str | None:
    """The nearest hub of a higher tier that is no long way round to the nearest of the first tier."""
    tops = [other for other in tiers if tiers[other] == 1]
    straight = min(roads.minutes(hub, top) for top in tops)
    onward = {
        other: roads.minutes(hub, other) + min(roads.minutes(other, top) for top in tops)
        for other in sorted(tiers)
        if tiers[other] < tiers[hub]
    }
    return _nearest(roads, hub, [other for other, total in onward.items() if total <= LONGEST_DETOUR * straight])


def _nearest(roads: Roads, place: str, among: Sequence[str]) -> str | None:
    minutes = np.array([roads.minutes(hub, place) for hub in among])
    if not minutes.size or not np.isfinite(minutes).any():
        return None
    return among[int(minutes.argmin())]
