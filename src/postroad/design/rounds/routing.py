"""Trips of one depot on one day: PyVRP with loads both ways, working hours, opening times, range and reloads.

The answer is timed again here, from the matrices alone, so that what is written is what was checked.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.design.rounds.terms import Terms, Van

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.design.rounds.hours import Hours

CENT = 10_000
"""The solver counts in whole ten-thousandths of a yuan, metres and seconds."""
MOST_RELOADS = 4
UNBOUNDED = 2**62
ITERATIONS = 80, 2
"""Iterations of a search: so many, and so many more for each stop."""


@dataclass(frozen=True)
class Ground:
    """Places with km and minutes between them; row 0 is the depot. ``hours``: those some places have of their own."""

    place_ids: tuple[str, ...]
    km: NDArray[np.float64]
    minutes: NDArray[np.float64]
    hours: tuple[Hours | None, ...] = ()

    def take(self, rows: Sequence[int]) -> Ground:
        """Return some of the places, in this order."""
        own = np.asarray(rows, np.int64)
        hours = tuple(self.hours[r] for r in own) if self.hours else ()
        return Ground(
            tuple(self.place_ids[r] for r in own), self.km[np.ix_(own, own)], self.minutes[np.ix_(own, own)], hours
        )

    def opened(self, row: int, terms: Terms) -> tuple[float, float]:
        """Return from when to when a place takes parcels."""
        own = self.hours[row] if self.hours else None
        return (terms.opens_min, terms.closes_min) if own is None else (own.opens_min, own.closes_min)


@dataclass(frozen=True)
class Day:
    """What a depot has to do on a day: pieces to and from each place of the ground, from when the depot is ready.

    ``latest_min`` says by when each place is to be reached at the latest, if before it closes.
    """

    ground: Ground
    deliver: NDArray[np.float64]
    collect: NDArray[np.float64]
    ready_min: float
    terms: Terms
    stop_min: float
    latest_min: NDArray[np.float64] | None = None

    def earliest(self, row: int) -> float:
        """Return from when on a place takes parcels."""
        return self.ground.opened(row, self.terms)[0]

    def latest(self, row: int) -> float:
        """Return by when a place is to be reached."""
        closes = self.ground.opened(row, self.terms)[1]
        return closes if self.latest_min is None else min(closes, float(self.latest_min[row]))

    def late(self) -> bool:
        """Whether the depot is ready only when every place has closed."""
        last = max((self.latest(row) for row in range(1, len(self.ground.place_ids))), default=0.0)
        return self.ready_min + self.terms.load_min >= last

    def service(self, pieces: float) -> float:
        """Minutes at a stop that hands over so many pieces."""
        return self.stop_min + self.terms.piece_min * pieces


@dataclass(frozen=True)
class Visit:
    """A stop: row of the ground, minute of arrival, pieces; row 0 is a reload at the depot."""

    row: int
    arrive_min: float
    deliver: float
    collect: float


@dataclass(frozen=True)
class Round:
    """A vehicle's day: its visits in order, when it leaves, how long, how far, what it costs and emits.

    When ``charged``, every stay at the depot between two trips is as long as a charge.
    """

    van: Van
    depart_min: float
    duration_min: float
    km: float
    yuan: float
    co2e_kg: float
    charged: bool
    visits: tuple[Visit, ...]


def solve_day(day: Day, seed: int = 0, iterations: int | None = None) -> list[Round] | None:
    """Return the rounds of a day, or ``None`` when some place cannot be served even by a vehicle of its own."""
    stops = _split(day)
    if not stops:
        return []
    if day.late():
        return None
    count = iterations if iterations is not None else ITERATIONS[0] + ITERATIONS[1] * len(stops)
    for charging in (True, False):
        data, kinds = _data(day, stops, charging)
        best = _best(data, count, seed)
        if best is None:
            return None
        rounds = []
        for route in best.routes():
            van, charged = kinds[route.vehicle_type()]
            order = [stops[int(act.idx)] if act.is_client() else (0, 0.0, 0.0) for act in route.schedule()]
            rounds.append(timed(day, van, charged, order[1:-1]))
        # The solver bounds a day's kilometres; a single trip must do on one charge, which only the answer shows.
        if all(longest_trip_km(day.ground, one) <= one.van.range_km for one in rounds):
            break
    return sorted(rounds, key=lambda one: (one.depart_min, -len(one.visits), one.visits[0].row))


def hopeless(day: Day) -> frozenset[int]:
    """Return the places that no vehicle can serve in time, not even one that goes nowhere else."""
    stops = _split(day)
    if day.late():
        return frozenset(row for row, _, _ in stops)
    data, _ = _data(day, stops, False)
    return frozenset(stops[k][0] for k in range(len(stops)) if _alone(data, k) is None)


def _best(data: Any, iterations: int, seed: int) -> Any:
    """Return the best plan found, or ``None`` when there is none.

    A search that finds none starts again from the plan that sends a vehicle to each stop.
    """
    from pyvrp import Solution, solve
    from pyvrp.exceptions import PenaltyBoundWarning
    from pyvrp.stop import MaxIterations

    with warnings.catch_warnings():  # no feasible plan is met below, not told
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        best = solve(data, MaxIterations(iterations), seed=seed, collect_stats=False).best
        if not best.is_feasible():
            alone = [_alone(data, k) for k in range(data.num_clients)]
            if any(route is None for route in alone):
                return None
            start: Any = Solution(data, alone)
            best = solve(data, MaxIterations(iterations), seed=seed, collect_stats=False, initial_solution=start).best
    return best


def _alone(data: Any, stop: int) -> Any:
    """Return the cheapest route to one stop and back, or ``None`` when every vehicle breaks a rule."""
    from pyvrp import Route

    routes = [Route(data, [stop], kind) for kind in range(data.num_vehicle_types)]
    keeping = [route for route in routes if route.is_feasible()]
    return min(keeping, key=lambda r: r.fixed_vehicle_cost() + r.distance_cost() + r.duration_cost(), default=None)


def longest_trip_km(ground: Ground, one: Round) -> float:
    """Return the kilometres of the longest trip between two loadings."""
    longest, trip, here = 0.0, 0.0, 0
    for row in (*(visit.row for visit in one.visits), 0):
        trip += float(ground.km[here, row])
        here = row
        if row == 0:
            longest, trip = max(longest, trip), 0.0
    return longest


def timed(day: Day, van: Van, charged: bool, order: Sequence[tuple[int, float, float]]) -> Round:
    """Return a round in this order, every stop as early as it can be and leaving as late as that allows."""
    terms, ground = day.terms, day.ground
    clock = start = day.ready_min + terms.load_min
    here, km = 0, 0.0
    visits: list[Visit] = []
    for row, deliver, collect in order:
        clock += ground.minutes[here, row]
        km += ground.km[here, row]
        here = row
        if row:
            clock = max(clock, day.earliest(row))
            if not visits:
                start = clock - ground.minutes[0, row]
            visits.append(Visit(row, float(clock), deliver, collect))
            clock += day.service(deliver + collect)
        else:
            visits.append(Visit(0, float(clock), 0.0, 0.0))
            clock += reload_min(terms, charged)
    clock += ground.minutes[here, 0]
    km += float(ground.km[here, 0])
    worked = clock - start + terms.load_min
    yuan = terms.vehicle_day_yuan + km * van.yuan_km + worked / 60.0 * van.yuan_h
    return Round(van, float(start), float(clock - start), float(km), float(yuan), float(km * van.co2e_kg_km), charged,
                 tuple(visits))  # fmt: skip


def reload_min(terms: Terms, charged: bool) -> float:
    """Return minutes at the depot between two trips: loading, or a charge when the vehicle takes one meanwhile."""
    return max(terms.load_min, terms.charge_min) if charged else terms.load_min


def stay_min(terms: Terms, visit: Visit, charged: bool) -> float:
    """Return minutes a vehicle stands at a place of a round."""
    if not visit.row:
        return reload_min(terms, charged)
    return terms.village_min + terms.piece_min * (visit.deliver + visit.collect)


def reach_km(van: Van, charged: bool, terms: Terms) -> float:
    """Return how far a vehicle goes in a day, with or without a charge on the way.

    With one charge between two trips, and none of them longer than a full battery, no trip runs it empty.
    """
    if math.isinf(van.range_km):
        return math.inf
    more = min(van.range_km, terms.charger_kw * terms.charge_min / 60.0 / van.kwh_km) if charged else 0.0
    return van.range_km + more


def subset(day: Day, rounds: Sequence[Round], rows: set[int]) -> list[Round]:
    """Return the same rounds in the same order without the stops that are not served: a day of the template."""
    kept = []
    for one in rounds:
        order = [(v.row, v.deliver, v.collect) for v in one.visits if v.row in rows or v.row == 0]
        order = [stop for k, stop in enumerate(order) if stop[0] or (k and order[k - 1][0])]
        while order and order[-1][0] == 0:
            order.pop()
        if order:
            kept.append(timed(day, one.van, one.charged, order))
    return kept


def _split(day: Day) -> list[tuple[int, float, float]]:
    """Stops as (row, deliver, collect): full loads of the largest vehicle first, and what is left for a shared trip."""
    most = max(van.pieces for van in day.terms.vans)
    stops = []
    for row in range(1, len(day.ground.place_ids)):
        deliver, collect = float(day.deliver[row]), float(day.collect[row])
        while max(deliver, collect) > most + 1e-6:
            part = most / max(deliver, collect)
            stops.append((row, part * deliver, part * collect))
            deliver, collect = (1 - part) * deliver, (1 - part) * collect
        stops.append((row, deliver, collect))
    return stops


def _data(day: Day, stops: list[tuple[int, float, float]], charging: bool) -> tuple[Any, list[tuple[Van, bool]]]:
    from pyvrp import Client, Depot, Location, ProblemData

    terms = day.terms
    clients = [
        Client(
            row,
            delivery=[math.ceil(deliver * 10 - 1e-6)],
            pickup=[math.ceil(collect * 10 - 1e-6)],
            service_duration=math.ceil(day.service(deliver + collect) * 60),
            tw_early=math.ceil(day.earliest(row) * 60),
            tw_late=int(day.latest(row) * 60),
        )
        for row, deliver, collect in stops
    ]
    types, kinds = [], []
    for van in terms.vans:
        for charged in (False, True) if van.kwh_km and charging else (False,):
            if day.ready_min + (terms.charge_min if charged else 0.0) < terms.closes_min:
                types.append(_type(van, charged, day, len(stops)))
                kinds.append((van, charged))
    depots = [Depot(0, service_duration=int(reload_min(terms, charged) * 60)) for charged in (False, True)]
    metres: Any = np.ceil(day.ground.km * 1000).astype(np.int64)
    seconds: Any = np.ceil(day.ground.minutes * 60).astype(np.int64)
    places = [Location(0, 0)] * len(day.ground.place_ids)
    return ProblemData(places, clients, depots, types, [metres], [seconds]), kinds


def _type(van: Van, charged: bool, day: Day, most: int) -> Any:
    """A vehicle type; one that charges loads again only at the second depot, where it stays as long as a charge."""
    from pyvrp import VehicleType

    terms = day.terms
    reach = reach_km(van, charged, terms)
    return VehicleType(
        most,
        capacity=[van.pieces * 10],
        fixed_cost=round(terms.vehicle_day_yuan * CENT),
        tw_early=int(day.ready_min * 60),
        tw_late=int((terms.closes_min + CLOSING_MIN if van.crew == 1 else END_MIN) * 60),
        shift_duration=int(van.crew * terms.shift_min * 60),
        unit_distance_cost=round(van.yuan_km * CENT / 1000),
        unit_duration_cost=round(van.yuan_h * CENT / 3600),
        reload_depots=[1 if charged else 0],
        max_reloads=MOST_RELOADS,
        max_distance=UNBOUNDED if math.isinf(reach) else int(reach * 1000),
    )


CLOSING_MIN = 60.0
"""A vehicle with one driver is back at most so long after the last station closes."""
END_MIN = 1440.0


def total_yuan(rounds: Sequence[Round]) -> float:
    """Return what rounds cost together."""
    return sum(one.yuan for one in rounds)
