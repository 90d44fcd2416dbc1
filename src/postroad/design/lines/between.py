"""Line-hauls between hubs and gateways as services in continuous time: which departures, shared by whom, with a bound.

Between each pair of places that is offered a line, vehicles of the cheapest type for its day's pieces run at any
moment. The direction with more pieces pays the round trip, so that empty vehicles coming back are paid for; the other
direction pays for handling alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.design.lines.continuous import Instance, Plan, design
from postroad.design.lines.pairs import members
from postroad.design.lines.seats import Wanted, offers, with_seats
from postroad.design.lines.vehicles import Vehicle, air_yuan, cheapest, fleet
from postroad.errors import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.lines.batches import Batches
    from postroad.design.lines.rides import Ride
    from postroad.design.lines.work import Trunk
    from postroad.parallel import Progress

LEAST_DIRECT, LEAST_GATEWAY = 3000.0, 6500.0
"""Pieces a day from which a line between two lower hubs, or past the first tier to a place outside, is offered."""
LEAST_LOAD = 65.0
"""Smaller loads that are not due within a day ride in the room that is left: the bound holds without them too."""
TIGHT_MIN = 1440.0
RETURN_SHARE = 0.02
MOST_LINES, LONGEST_DETOUR = 2, 1.35
"""A load is sorted at one hub on the way at most, and goes no longer way round than this; assumed."""
SOFT_MIN, SOON_MIN = 180.0, 60.0
"""How long after the quickest arrival a load is due that no line can have in time; where the plan promises it, soon."""


@dataclass(frozen=True)
class Between:
    """The program, its plan, and what stands behind its numbers: places, lines and loads.

    ``seats`` are the services of the program that are seats on a train or flight, or on two in sequence.
    """

    places: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    types: tuple[Vehicle | None, ...]
    loads: pl.DataFrame
    instance: Instance
    plan: Plan
    failed: pl.DataFrame
    seats: dict[int, tuple[Ride, ...]] = field(default_factory=dict)

    def taken(self) -> dict[Ride, float]:
        """Return the rides that the plan takes, with the pieces on each."""
        held: dict[Ride, float] = {}
        for k, way in enumerate(self.plan.ways):
            if way and way[0] in self.seats:
                for ride in self.seats[way[0]]:
                    held[ride] = held.get(ride, 0.0) + float(self.instance.quantity[k])
        return held

    def departures(self) -> dict[tuple[str, str], list[float]]:
        """Return the minutes of the day at which each line has a departure of its own vehicles."""
        made: dict[tuple[str, str], set[float]] = {}
        for one in self.plan.dispatches:
            if one.service in self.seats:
                continue
            made.setdefault(self.lines[one.service], set()).add(5.0 * np.ceil(one.depart / 5.0 - 1e-9) % 1440.0)
        return {line: sorted(times) for line, times in made.items()}

    def next_stop(self) -> dict[tuple[str, str], str]:
        """Return where most pieces go next, by place and last place: a timetable routes by destination alone."""
        weight: dict[tuple[str, str, str], float] = {}
        for k, way in enumerate(self.plan.ways):
            last = self.places[int(self.instance.destination[k])]
            legs = [ride.key[:2] for arc in way for ride in self.seats.get(arc, ())] or [self.lines[arc] for arc in way]
            for a, b in legs:
                weight[a, last, b] = weight.get((a, last, b), 0.0) + float(self.instance.quantity[k])
        best: dict[tuple[str, str], str] = {}
        for a, last, b in sorted(weight, key=lambda key: (weight[key], key)):
            best[a, last] = b
        return best


def between(
    work: Trunk, held: Batches, *, time_s: float = 120.0, gap: float = 0.01, seed: int = 0,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Between:  # fmt: skip
    """Return the departures between hubs and gateways; ``InfeasibleError`` names pairs that no line joins."""
    tight = pl.col("latest_min") - pl.col("ready_min") < TIGHT_MIN
    loads = held.loads.filter((pl.col("pieces") >= LEAST_LOAD) | tight)
    every = held.loads
    places = tuple(sorted({*every["from_place_id"], *every["to_place_id"], *work.layout.hubs}))
    daily = _daily(held.loads)
    lines = _offered(work, daily)
    priced = [_priced(work, a, b, daily) for a, b in lines]
    row = {place: k for k, place in enumerate(places)}
    tier, sorting = work.layout.tier, work.terms.sort_min
    margin = work.terms.margin_min
    after = {place: sorting[tier[place]] + margin if place in tier else 0.0 for place in places}
    ends = np.array([(row[a], row[b]) for a, b in lines], np.int64)
    minutes = np.array([work.roads.minutes(a, b) * work.ends.luck + after[b] for a, b in lines])
    origin = np.array([row[a] for a in loads["from_place_id"]], np.int64)
    destination = np.array([row[b] for b in loads["to_place_id"]], np.int64)
    ready = loads["ready_min"].to_numpy()
    latest = loads["latest_min"].to_numpy() + np.array([after[b] for b in loads["to_place_id"]])
    quantity = np.ceil(loads["pieces"].to_numpy() * work.terms.spare)
    instance = Instance(
        ends[:, 0], ends[:, 1], minutes, np.array([p[1] for p in priced]), np.array([p[2] for p in priced]),
        np.zeros(len(lines)), origin, destination, quantity, ready, latest,
        tuple(work.roads.label(place) for place in places), MOST_LINES, LONGEST_DETOUR,
        ends=np.array([place not in tier for place in places]),
    )  # fmt: skip
    quickest = ready + instance.shortest()[origin, destination]
    if np.isinf(quickest).any():
        k = int(np.flatnonzero(np.isinf(quickest))[0])
        names = {"origin": instance.name(int(origin[k])), "destination": instance.name(int(destination[k]))}
        raise InfeasibleError.of("lines.no_way", load=k, **names)
    late = quickest > latest + 1e-9
    promised = _promised(loads, held, work)
    soft = quickest + np.where(promised, SOON_MIN, SOFT_MIN)
    due = np.minimum(np.where(late, soft, latest), quickest + work.terms.longest_wait_min)
    timed = replace(instance, deadline=due)
    wanted = Wanted(latest, late & promised)
    given = offers(timed, places, wanted, work.rides.values(), np.array([after[place] for place in places]))
    seated = with_seats(timed, wanted, given)
    plan = design(seated, time_s=time_s, gap=gap, seed=seed, progress=progress, stop=stop)
    failed = loads.with_columns(quickest_min=quickest).filter(pl.Series(late))
    seats = {len(lines) + n: offer.rides for n, offer in enumerate(given)}
    lines += [(offer.rides[0].from_place_id, offer.rides[-1].to_place_id) for offer in given]
    return Between(places, tuple(lines), tuple(p[0] for p in priced), loads, seated, plan, failed, seats)


def _promised(loads: pl.DataFrame, held: Batches, work: Trunk) -> NDArray[np.bool_]:
    """Which loads hold pieces of pairs that the plan promises."""
    ends = {held.ends[k] for one in members(work) for k in one["rows"]}
    return np.array([pair in ends for pair in loads.select("from_place_id", "to_place_id").iter_rows()], np.bool_)


def _daily(loads: pl.DataFrame) -> dict[tuple[str, str], float]:
    by = loads.group_by("from_place_id", "to_place_id").agg(pl.col("pieces").sum()).sort("from_place_id", "to_place_id")
    return {(a, b): float(pieces) for a, b, pieces in by.iter_rows()}


def _offered(work: Trunk, daily: dict[tuple[str, str], float]) -> list[tuple[str, str]]:
    """Lines of the layout, and those between lower hubs or past the first tier whose day's pieces pay for thinking."""
    tier = work.layout.tier
    lines = {(a, b) for a, b in work.layout.arcs() if a in tier or b in tier}
    ends = {place for pair in daily for place in pair} | set(tier)
    lines = {arc for arc in lines if ends.issuperset(arc) and (set(arc) <= set(tier) or _outside(work, *arc))}
    for (a, b), pieces in daily.items():
        inside = a in tier and b in tier
        if pieces >= (LEAST_DIRECT if inside else LEAST_GATEWAY) and np.isfinite(work.roads.minutes(a, b)):
            lines |= {(a, b), (b, a)}
    return sorted(lines)


def _outside(work: Trunk, a: str, b: str) -> bool:
    return bool({a, b} & set(work.network["places"].filter(level="external")["place_id"]))


def _priced(work: Trunk, a: str, b: str, daily: dict[tuple[str, str], float]) -> tuple[Vehicle | None, float, float]:
    """Vehicle, cost of a run and its pieces: the fuller direction pays both ways."""
    km, minutes = work.roads.km(a, b), work.roads.minutes(a, b)
    there, back = _through(work, a, b, daily), _through(work, b, a, daily)
    if work.roads.mode(a, b) == "air":
        return None, air_yuan(work, a, b) * 100, 100.0
    vehicle, _ = cheapest(fleet(work.network), max(there, back) / 3, km, minutes)
    cost = vehicle.cost(km, minutes)
    fuller = there > back or (there == back and a < b)
    return vehicle, round(cost * (2.0 if fuller else RETURN_SHARE), 2), float(vehicle.pieces)


def _through(work: Trunk, a: str, b: str, daily: dict[tuple[str, str], float]) -> float:
    """Pieces a day that would take a line if all went by the layout's tree, or the pair's own where it is no such."""
    above = work.layout.above
    if above.get(a) == b:
        return sum(pieces for (x, y), pieces in daily.items() if x == a and y != a)
    if above.get(b) == a:
        return sum(pieces for (x, y), pieces in daily.items() if y == b and x != b)
    return daily.get((a, b), 0.0)
