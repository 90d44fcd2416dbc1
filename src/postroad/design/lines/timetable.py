"""The trunk timetable of a province: departures, sort waves and routes from the design between hubs, feeders in time.

Lines between hubs and gateways come from the design in continuous time. Feeders into a hub follow its collection waves;
feeders out of it reach every county in time for the delivery rounds. A hub's sort waves follow from its departures: a
wave closes a sorting time before the half hour in which something leaves.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.baseline import clockwork
from postroad.design.lines.batches import batches
from postroad.design.lines.batches import ends as hubs_of
from postroad.design.lines.between import Between, between
from postroad.design.lines.capacity import levelled
from postroad.design.lines.fluid import Clockwork, Poured
from postroad.design.lines.rides import Rides, rides
from postroad.design.lines.seats import booked
from postroad.design.lines.terms import SOURCE
from postroad.design.lines.thinning import Departures, Waves, lucky, poured, thinned, waves_of
from postroad.design.lines.work import Trunk, trunk
from postroad.design.lines.writing import written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.design.lines.capacity import Plant
    from postroad.design.lines.ends import Ends
    from postroad.network import Network
    from postroad.parallel import Progress


@dataclass(frozen=True)
class Timetable:
    """A timetable: the network that holds its tables, and what it was made from.

    ``work.ways`` are the routes as the timetable runs them. ``poured`` says how full and how late on the ``ordinary``
    and the ``peak`` day. ``program`` is the design between hubs with its bound; None for a timetable by rule. ``mends``
    are the departures and seats added so that promised pairs hold, with their price.
    """

    network: Network
    work: Trunk
    clock: Clockwork
    departures: Departures
    waves: Waves
    handling: dict[str, float]
    poured: Mapping[str, Poured]
    program: Between | None
    mends: tuple[Mapping[str, Any], ...] = ()

    @property
    def objective(self) -> float:
        """Yuan a day of the lines between hubs and gateways, as the program counts them."""
        return self.program.plan.objective if self.program else float("nan")

    @cached_property
    def door(self) -> NDArray[np.float64]:
        """Minutes from acceptance to the door of a middling piece on the ordinary day, by pair and half hour."""
        return self.work.doors.usual(self.work.every, self.poured["ordinary"].minutes)

    @cached_property
    def lucks(self) -> list[NDArray[np.float64]]:
        """Minutes to the last centre of the promised pairs by half hour, for each equally likely readiness."""
        work = self.work
        if not work.ends.spread_min:
            return [self.poured["ordinary"].minutes[work.promised]]
        return lucky(work, self.clock, [work.ways[k] for k in work.promised.tolist()])

    @property
    def bound(self) -> float | None:
        """What no timetable between these hubs with these loads can cost less than."""
        return self.program.plan.bound if self.program else None


def timetable(
    network: Network, demand: Demand, tiers: Mapping[str, int] | None = None, *, season: str = "ordinary",
    plants: Mapping[str, Plant] | None = None, ends: Ends | None = None,
    time_s: float = 120.0, gap: float = 0.01, seed: int = 0,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Timetable:  # fmt: skip
    """Return the timetable of hubs of the given tiers (by default the plan's) in a season.

    With ``plants`` departures are moved until hubs keep to them on the peak day; without, plants are sized. ``ends``
    is what was learned of first and last miles.

    ``InfeasibleError`` names hubs, places and pairs that no road or line joins.
    """
    work = trunk(network, demand, tiers, season, ends)
    work = replace(work, rides={ride.key: ride for ride in rides(network, work.layout.tier, demand.year)})
    rule = clockwork(work)
    program = between(work, batches(work, rule), time_s=time_s, gap=gap, seed=seed, progress=progress, stop=stop)
    routed, seats = _routed(work, program)
    departures = _departures(routed, rule, program, seats)
    handling = {node: float(rule.handling_min[k]) for k, node in enumerate(rule.nodes)}
    listen: dict[str, Any] = {"progress": progress, "stop": stop}
    departures = thinned(routed, departures, handling, time_s=time_s / 2, **listen)
    departures = levelled(routed, departures, handling, plants, time_s=time_s / 5, **listen)
    return assembled(routed, departures, waves_of(routed, departures), handling, program)


def by_rule(
    network: Network, demand: Demand, tiers: Mapping[str, int] | None = None, ends: Ends | None = None
) -> Timetable:
    """Return the timetable by rule in the same form, to hold the designed one against."""
    work = trunk(network, demand, tiers, ends=ends)
    clock = clockwork(work)
    span = [slice(int(a), int(b)) for a, b in zip(clock.first[:-1], clock.first[1:], strict=True)]
    held = [slice(int(a), int(b)) for a, b in zip(clock.wave_first[:-1], clock.wave_first[1:], strict=True)]
    departures = {
        arc: list(zip(clock.depart[s].tolist(), clock.duration[s].tolist(), strict=True))
        for arc, s in zip(clock.arcs, span, strict=True)
    }
    waves = {
        node: list(zip(clock.cutoff[s].tolist(), clock.release[s].tolist(), strict=True))
        for node, s in zip(clock.nodes, held, strict=True)
        if s.stop > s.start
    }
    handling = {node: float(clock.handling_min[k]) for k, node in enumerate(clock.nodes)}
    return assembled(work, departures, waves, handling, None)


def assembled(
    work: Trunk, departures: Departures, waves: Waves, handling: dict[str, float], program: Between | None
) -> Timetable:
    """Return a timetable with its days poured through it and its tables written."""
    clock = Clockwork.of(departures, waves, handling, work.rides)
    flowed = {day: poured(work, clock, work.pieces(day)) for day in ("ordinary", "peak")}
    network = written(work, clock, flowed)
    if program is not None:
        network = network.with_(routings=routings(work))
    return Timetable(network, work, clock, departures, waves, handling, flowed, program)


def _routed(work: Trunk, program: Between) -> tuple[Trunk, Rides]:
    """The work with each pair's way as the program sends it, or as the layout does; and the seats taken."""
    following = program.next_stop()
    ways = []
    for way, (first, last) in zip(work.ways, hubs_of(work), strict=True):
        middle = [first]
        while middle[-1] != last and (middle[-1], last) in following and len(middle) < 5:
            middle.append(following[middle[-1], last])
        whole = middle[-1] == last and len(set(middle)) == len(middle)
        ways.append([*way[: way.index(first)], *middle, *way[way.index(last) + 1 :]] if whole else way)
    used = {arc for way in ways for arc in itertools.pairwise(way)}
    taken = {ride: pieces for ride, pieces in program.taken().items() if ride.key[:2] in used}
    seats = booked(taken)
    return replace(work, ways=ways, rides={**work.rides, **seats}), seats


def _departures(work: Trunk, rule: Clockwork, program: Between, seats: Rides) -> Departures:
    """Lines and seats of the program, feeders in as the rule has them, feeders out in time for the delivery rounds."""
    roads, terms, tier = work.roads, work.terms, work.layout.tier
    lines = program.departures()
    made: Departures = {(a, b): [(at, roads.minutes(a, b)) for at in times] for (a, b), times in lines.items()}
    used = {arc for way in work.ways for arc in itertools.pairwise(way)}
    for k, (a, b) in enumerate(rule.arcs):
        if (a, b) in made or (a, b) not in used:
            continue
        minutes = roads.minutes(a, b)
        if a in tier and b not in tier and roads.mode(a, b) == "road" and work.kinds.get(b) != "city":
            before = terms.county_handling_min + work.ends.last_min + minutes * work.ends.luck + terms.margin_min
            starts = {start for door in work.ends.door(b) for start in door.starts_min}
            times = [(start - before) % 1440.0 for start in sorted(starts)]
        else:
            times = rule.depart[int(rule.first[k]) : int(rule.first[k + 1])].tolist()
        made[a, b] = [(at, minutes) for at in times]
    for a, b, at, minutes in seats:
        # Behind the last seat of a day a vehicle waits for what found no room; empty, it does not leave.
        spill = [] if (a, b) in made else [(1439.0, roads.minutes(a, b))]
        made[a, b] = [*made.get((a, b), spill), (at, minutes)]
    return {arc: made[arc] for arc in sorted(made) if arc in used}


def routings(work: Trunk) -> pl.DataFrame:
    """Where to go next by destination, the same for all that pass there.

    A place that is no hub and not outside is told only where it goes on by another way than the layout's.
    """
    steps: dict[tuple[str, str], str] = {}
    for way in sorted(work.ways):
        for at, then in itertools.pairwise(way):
            if at in work.layout.tier or work.kinds.get(at) == "city" or work.layout.above.get(at) != then:
                steps.setdefault((at, way[-1]), then)
    rows: list[dict[str, Any]] = [
        {"at_place_id": at, "destination_place_id": to, "next_place_id": then, "origin": "synthetic", "source": SOURCE}
        for (at, to), then in sorted(steps.items())
    ]
    return pl.DataFrame(rows)
