"""Which loads are offered which seats: parts of loads on trains and flights that could be cheaper, or alone in time.

A linear program shares the holds of all trips out, stretch by stretch, where a seat saves most against a road vehicle
of the load's own. What it gives is an offer: the design between hubs decides part by part whether it takes its seat or
goes with the others by road. A load rides from its first hub to its last without a change, or on two trains or flights
one after another with a hub between them, where it is sorted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.program import Limits, Program, solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from postroad.design.lines.continuous import Instance
    from postroad.design.lines.rides import Ride

MOST_RIDES = 8
"""So many rides are offered to a load, soonest first."""
LEAST_PART = 10.0
"""Smaller parts are not worth a hand-over."""
IN_TIME_YUAN = 5.0
"""What a promised piece that only a ride brings in time counts above the price when holds are shared out; assumed."""
PREFERRED = 0.999
"""Between a seat and unscheduled air at the same price the seat is taken."""


@dataclass(frozen=True)
class Offer:
    """A part of a load with a seat of its own; ``minutes`` from its release to sorted at the other end.

    ``then`` is the ride after a change at the hub where ``ride`` ends, if there is one.
    """

    load: int
    ride: Ride
    quantity: float
    minutes: float
    then: Ride | None = None

    @property
    def rides(self) -> tuple[Ride, ...]:
        """The rides one after another."""
        return (self.ride,) if self.then is None else (self.ride, self.then)

    @property
    def yuan_piece(self) -> float:
        """The price of all its rides."""
        return sum(ride.yuan_piece for ride in self.rides)


@dataclass(frozen=True)
class Wanted:
    """When each load is wanted, however quick the road is, and whether a promise needs more than the road can do."""

    latest: NDArray[np.float64]
    needed: NDArray[np.bool_]


def offers(
    instance: Instance, places: Sequence[str], wanted: Wanted, rides: Iterable[Ride], after: NDArray[np.float64]
) -> list[Offer]:
    """Return the parts of loads that are offered seats; ``after`` is what a node needs after an arrival."""
    own = _alone(instance)
    by_ends, after_at = _by_ends(rides, places, after), dict(zip(places, after.tolist(), strict=True))
    cells: list[Offer] = []
    worths: list[float] = []
    for k in range(instance.quantity.size):
        a, b, release = int(instance.origin[k]), int(instance.destination[k]), float(instance.release[k])
        found: list[tuple[Offer, float]] = []
        for ride, then, takes in by_ends.get((places[a], places[b]), ()):
            minutes = float((ride.depart_min - release) % 1440.0 + takes + after_at[places[b]])
            saves = bool(wanted.needed[k]) and release + minutes <= wanted.latest[k] + 1e-9
            made = Offer(k, ride, 0.0, minutes, then)
            worth = own[k] - made.yuan_piece + (IN_TIME_YUAN if saves else 0.0)
            if worth > 0 and release + minutes <= instance.deadline[k] + 1e-9:
                found.append((made, worth))
        best = sorted(found, key=lambda cell: (cell[0].minutes, [ride.trip for ride in cell[0].rides]))[:MOST_RIDES]
        cells += [cell[0] for cell in best]
        worths += [cell[1] for cell in best]
    return _shared_out(instance, cells, np.array(worths))


def _by_ends(
    rides: Iterable[Ride], places: Sequence[str], after: NDArray[np.float64]
) -> dict[tuple[str, str], list[tuple[Ride, Ride | None, float]]]:
    """Rides by their ends with the minutes they take, and two in sequence where that joins ends at all.

    Between them pieces are sorted at a hub; after each first ride the next second one to the same end counts, and only
    where no single ride that leaves no earlier is there as soon.
    """
    held: dict[tuple[str, str], list[tuple[Ride, Ride | None, float]]] = {}
    for ride in rides:
        held.setdefault(ride.key[:2], []).append((ride, None, ride.duration_min))
    hubs = {place: float(minutes) for place, minutes in zip(places, after, strict=True) if minutes > 0}
    singles = {ends: [(one.depart_min, takes) for one, _, takes in found] for ends, found in held.items()}
    firsts = [ride for found in list(held.values()) for ride, _, _ in found if ride.to_place_id in hubs]
    onward: dict[str, list[tuple[str, list[Ride]]]] = {}
    for (a, b), found in list(held.items()):
        onward.setdefault(a, []).append((b, [ride for ride, _, _ in found]))
    for first in firsts:
        a, hub = first.key[:2]
        for b, seconds in onward.get(hub, ()):
            if b == a:
                continue
            ready = first.depart_min + first.duration_min + hubs[hub]
            then = min(seconds, key=lambda ride: ((ride.depart_min - ready) % 1440.0 + ride.duration_min, ride.key))
            takes = ready + (then.depart_min - ready) % 1440.0 + then.duration_min - first.depart_min
            single = min(((at - first.depart_min) % 1440.0 + long for at, long in singles.get((a, b), ())),
                         default=np.inf)  # fmt: skip
            if then.trip != first.trip and takes < single:
                held.setdefault((a, b), []).append((first, then, float(takes)))
    return held


def _alone(instance: Instance) -> NDArray[np.float64]:
    """Yuan a piece of each load in vehicles of its own on the cheapest way of one service or two."""
    cost = np.full((instance.quantity.size, instance.nodes, instance.nodes), np.inf)
    vehicles = np.ceil(instance.quantity[:, None] / instance.capacity - 1e-9) * instance.fixed
    each = vehicles / instance.quantity[:, None] + instance.variable
    for arc, (a, b) in enumerate(zip(instance.tail, instance.head, strict=True)):
        cost[:, a, b] = np.minimum(cost[:, a, b], each[:, arc])
    rows = np.arange(instance.quantity.size)
    first, last = cost[rows, instance.origin, :], cost[rows, :, instance.destination]
    return np.asarray(np.minimum((first + last).min(1), cost[rows, instance.origin, instance.destination]))


def _shared_out(instance: Instance, cells: list[Offer], worth: NDArray[np.float64]) -> list[Offer]:
    """The parts that save most while no stretch of a trip carries more than its hold."""
    if not cells:
        return []
    program, count = Program(), len(cells)
    load = np.array([cell.load for cell in cells])
    room = np.array([float(min(ride.capacity_pieces for ride in cell.rides)) for cell in cells])
    parts = program.columns("pieces", count, cost=-worth, high=np.minimum(room, instance.quantity[load]))
    loads, row = np.unique(load, return_inverse=True)
    held = sparse.coo_array((np.ones(count), (row.ravel(), np.arange(count))), (loads.size, count))
    program.rows("a load's pieces", [(parts, held)], high=instance.quantity[loads])
    stretches: dict[tuple[str, int], list[tuple[int, Ride]]] = {}
    for n, cell in enumerate(cells):
        for ride in cell.rides:
            for stretch in range(*ride.stretch):
                stretches.setdefault((ride.trip, stretch), []).append((n, ride))
    rows = np.concatenate([np.full(len(ns), r) for r, ns in enumerate(stretches.values())])
    columns = np.concatenate([np.array([n for n, _ in ns]) for ns in stretches.values()])
    aboard = sparse.coo_array((np.ones(rows.size), (rows, columns)), (len(stretches), count))
    most = [min(float(ride.capacity_pieces) for _, ride in ns) for ns in stretches.values()]
    program.rows("a stretch's hold", [(parts, aboard)], high=np.array(most))
    values = np.floor(solve(program, Limits(20.0))[parts] + 1e-6)
    return [replace(cell, quantity=float(value)) for cell, value in zip(cells, values, strict=True)
            if value >= min(LEAST_PART, instance.quantity[cell.load])]  # fmt: skip


def with_seats(instance: Instance, wanted: Wanted, given: Sequence[Offer]) -> Instance:
    """Return the instance with the offered parts as loads of their own, each with its seat as the last services.

    A promised load that no road brings in time, but its seat does, must take it.
    """
    quantity, release = instance.quantity.copy(), instance.release
    of = np.array([offer.load for offer in given], np.int64)
    size = np.array([offer.quantity for offer in given])
    minutes = np.array([offer.minutes for offer in given])
    np.subtract.at(quantity, of, size)
    kept = np.flatnonzero(quantity >= 1.0)
    whose = np.concatenate([kept, of])
    due = instance.deadline[of]
    must = wanted.needed[of] & (release[of] + minutes <= wanted.latest[of] + 1e-9)
    return replace(
        instance,
        tail=np.concatenate([instance.tail, instance.origin[of]]),
        head=np.concatenate([instance.head, instance.destination[of]]),
        minutes=np.concatenate([instance.minutes, minutes]),
        fixed=np.concatenate([instance.fixed, np.zeros(of.size)]),
        capacity=np.concatenate([instance.capacity, size]),
        variable=np.concatenate([instance.variable, PREFERRED * np.array([one.yuan_piece for one in given])]),
        origin=instance.origin[whose], destination=instance.destination[whose],
        quantity=np.concatenate([quantity[kept], size]), release=release[whose],
        deadline=np.concatenate([instance.deadline[kept], np.where(must, wanted.latest[of], due)]),
        reserved=np.concatenate([np.full(instance.tail.size, -1), kept.size + np.arange(of.size)]).astype(np.int64),
    )  # fmt: skip


def booked(taken: Mapping[Ride, float]) -> dict[tuple[str, str, float, float], Ride]:
    """Return the rides a timetable uses, each with its own room: what the plan puts on it, and what the hold has left.

    Rides of one trip share its hold, so that no stretch is promised twice.
    """
    aboard: dict[tuple[str, int], float] = {}
    for ride, pieces in taken.items():
        for stretch in range(*ride.stretch):
            aboard[ride.trip, stretch] = aboard.get((ride.trip, stretch), 0.0) + pieces
    made = {}
    for ride in sorted(taken, key=lambda one: one.key):
        stretches = [(ride.trip, stretch) for stretch in range(*ride.stretch)]
        left = min(ride.capacity_pieces - aboard[one] for one in stretches)
        for one in stretches:
            aboard[one] += left
        made[ride.key] = replace(ride, capacity_pieces=int(taken[ride] + left))
    return made
