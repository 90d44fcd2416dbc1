"""A trunk timetable by rule, in a few seconds: what a sensible dispatcher would write down without optimising.

Hubs of the first tier sort in three waves. Everything below leaves just in time for the wave above; everything above
leaves when its wave is sorted; lines from outside the province are spread over the day. Vehicles are sized for the
busiest ordinary day, with a second set of departures for the peak day. It is a start for simulation and the measure
the optimised timetable is held against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postroad.design.lines.fluid import Clockwork, pour
from postroad.design.lines.work import Trunk, all_in, trunk
from postroad.design.lines.writing import written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.demand import Demand
    from postroad.design.lines.layout import Layout
    from postroad.network import Network

EARLIER_MIN = (0.0, 150.0, 300.0, 450.0)
"""So long before a place's day is in its feeders leave, where collection is known: the last and three more; assumed."""
STEP_MIN = 180.0
"""Lines from outside the province leave so often, each city at its own minute; assumed."""


def baseline(network: Network, demand: Demand, tiers: Mapping[str, int] | None = None) -> Network:
    """Return the network with hub plants, allocations, line-hauls and sort waves made by rule.

    Departures with season ``any`` carry the busiest ordinary day, those with ``peak`` the rest of the peak day.
    ``InfeasibleError`` names hubs and places that no road joins to the tier above.
    """
    work = trunk(network, demand, tiers)
    clock = clockwork(work)
    poured = {day: pour(clock, work.ways, work.pieces(day), work.hours, work.first_mile)
              for day in ("ordinary", "peak")}  # fmt: skip
    return written(work, clock, poured)


def clockwork(work: Trunk) -> Clockwork:
    """Return departures and waves by the rule: just in time for the wave above, off again when it is sorted."""
    made, roads, terms = work.layout, work.roads, work.terms
    waves: dict[str, list[tuple[float, float]]] = {hub: [] for hub in made.hubs}
    departures: dict[tuple[str, str], list[tuple[float, float]]] = {arc: [] for arc in made.arcs()}
    outside = set(work.network["places"].filter(level="external")["place_id"]) & set(made.places)
    early = _staggered(made)
    for cut in terms.cutoffs_min:
        closing: dict[str, float] = {}
        opening: dict[str, float] = {}
        for hub in made.hubs:  # by tier, so the hub above is known
            top, sorting = made.above[hub], terms.sort_min[made.tier[hub]]
            held = (
                terms.margin_min + sorting
            )  # a truck leaves a little after the release, or it would miss its own wave
            closing[hub] = cut if top == hub else closing[top] - early[hub] - _allowed(work, hub, top) - held
            opening[hub] = closing[hub] + held if top == hub else opening[top] + _allowed(work, top, hub) + held
            waves[hub].append((closing[hub], sorting))
            if top != hub:
                waves[hub].append((opening[hub] - held, sorting))
        for a, b in departures:
            if a in outside:
                continue
            down = a in made.tier and _downward(made, a, b)
            leaves = opening[a] if down else closing[b] - early[a] - _allowed(work, a, b)
            departures[a, b].append((leaves, roads.minutes(a, b)))
    if work.known_ends:
        _evening(work, waves, departures)
    for n, (a, b) in enumerate(arc for arc in departures if arc[0] in outside):
        phase = STEP_MIN * n / max(1, len(outside))
        departures[a, b] = [(5.0 * ((phase + k) // 5.0), roads.minutes(a, b)) for k in np.arange(0.0, 1440.0, STEP_MIN)]
    handling = dict.fromkeys({*made.places, *made.hubs}, terms.county_handling_min)
    return Clockwork.of(departures, {hub: _distinct(held) for hub, held in waves.items()}, handling)


def _evening(
    work: Trunk,
    waves: dict[str, list[tuple[float, float]]],
    departures: dict[tuple[str, str], list[tuple[float, float]]],
) -> None:
    """Add what collection asks for: a feeder once each place's day is in, others before, and their waves at hubs."""
    made, roads, terms = work.layout, work.roads, work.terms
    for hub in made.hubs:
        below = [place for place, top in made.above.items() if top == hub and place not in made.tier]
        below = [place for place in below if (place, hub) in departures and work.kinds.get(place) != "city"]
        for back in EARLIER_MIN:
            times = {place: all_in(work, place) - back for place in below}
            if not times:
                continue
            closing = max(at + _allowed(work, place, hub) for place, at in times.items())
            waves[hub].append((closing, terms.sort_min[made.tier[hub]]))
            opening = closing + terms.sort_min[made.tier[hub]] + terms.margin_min
            for place, at in times.items():
                departures[place, hub].append((at, roads.minutes(place, hub)))
            for arc in departures:
                if arc[0] == hub and arc[1] in made.tier:
                    departures[arc].append((opening, roads.minutes(*arc)))


def _allowed(work: Trunk, a: str, b: str) -> float:
    """Minutes a connection is given: the road's at winter's pace, and a margin."""
    return work.roads.minutes(a, b) / work.terms.winter_pace + work.terms.margin_min


def _staggered(made: Layout) -> dict[str, float]:
    """Minutes before the cut-off at which each place's feeder comes in, so that docks are not all wanted at once."""
    early: dict[str, float] = {}
    for hub in made.hubs:
        below = sorted(place for place, top in made.above.items() if top == hub and place != hub)
        early |= {place: 15.0 * (n % 8) for n, place in enumerate(below)}
    return {**dict.fromkeys(made.hubs, 0.0), **early}


def _downward(made: Layout, a: str, b: str) -> bool:
    return made.above.get(b) == a or (made.above[a] == a and made.above[b] == b)


def _distinct(waves: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Put waves in order and leave out those that close at the same minute."""
    kept: list[tuple[float, float]] = []
    for cut, sorting in sorted((c % 1440.0, s) for c, s in waves):
        if not kept or cut - kept[-1][0] > 1e-6:
            kept.append((cut, sorting))
    return kept
