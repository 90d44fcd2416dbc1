"""Demand poured through a timetable as a fluid: how full each departure is, what each hub sorts when, who arrives when.

A day (or a week) is a circle: the timetable and the demand repeat, and a parcel that misses the last departure takes
the first of the next. Each pair of places has one route. Pieces wait for the next cut-off at a hub with waves, for a
fixed handling elsewhere, and always take the next departure. Vehicles are not limited here, which is what sizing needs;
seats on trains and flights are: what finds no room takes the next departure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from postroad.design.lines.rides import Ride

SLOTS = 48
SLOT_MIN = 1440 // SLOTS


@dataclass(frozen=True)
class Clockwork:
    """A timetable as arrays: departures by arc in order of time, waves by node in order of cut-off.

    ``first`` and ``wave_first`` delimit arcs and nodes. A node without waves handles whatever comes in
    ``handling_min``. Times are minutes of the day, or of the week where ``period_min`` is a week's; ``release`` is
    minutes after the cut-off, ``limit`` the pieces a departure takes (infinite for vehicles yet to be sized).
    """

    nodes: tuple[str, ...]
    arcs: tuple[tuple[str, str], ...]
    first: NDArray[np.int64]
    depart: NDArray[np.float64]
    duration: NDArray[np.float64]
    wave_first: NDArray[np.int64]
    cutoff: NDArray[np.float64]
    release: NDArray[np.float64]
    handling_min: NDArray[np.float64]
    limit: NDArray[np.float64]
    period_min: float = 1440.0

    @classmethod
    def of(
        cls,
        departures: Mapping[tuple[str, str], Sequence[tuple[float, float]]],
        waves: Mapping[str, Sequence[tuple[float, float]]],
        handling: Mapping[str, float],
        rides: Mapping[tuple[str, str, float, float], Ride] | None = None,
        period_min: float = 1440.0,
    ) -> Clockwork:
        """Make one from departures (time, duration) by arc, waves (cut-off, minutes to release) and handling.

        Departures that are ``rides`` take no more than the hold does.
        """
        nodes = tuple(sorted(handling))
        arcs = tuple(sorted(departures))
        runs = [sorted((t % period_min, long) for t, long in departures[arc]) for arc in arcs]
        held = [sorted((t % period_min, long) for t, long in waves.get(node, ())) for node in nodes]
        flat, sorted_ = _flat(runs), _flat(held)
        ends = _ends(runs), _ends(held)
        times = np.array([handling[node] for node in nodes])
        limit = np.full(len(flat), np.inf)
        if rides:
            seats = [rides.get((*arc, *run)) for arc, row in zip(arcs, runs, strict=True) for run in row]
            limit = np.array([np.inf if ride is None else float(ride.capacity_pieces) for ride in seats])
        waved = ends[1], sorted_[:, 0], sorted_[:, 1]
        return cls(nodes, arcs, ends[0], flat[:, 0], flat[:, 1], *waved, times, limit, period_min)

    @property
    def arc_of(self) -> NDArray[np.int64]:
        """The arc of each departure."""
        return np.repeat(np.arange(len(self.arcs)), np.diff(self.first))


def _flat(rows: list[list[tuple[float, float]]]) -> NDArray[np.float64]:
    return np.array([pair for row in rows for pair in row], np.float64).reshape(-1, 2)


def _ends(rows: list[list[tuple[float, float]]]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)


@dataclass(frozen=True)
class Poured:
    """What a day of demand does: pieces on each departure, and minutes from acceptance to the last centre.

    ``sorted_pieces[n, s]`` arrive at node ``n`` in half hour ``s``; ``minutes[k, s]`` is for pair ``k`` accepted in
    half hour ``s`` (infinite where an arc has no departure); ``taken`` is the departure of each leg (-1: none).
    """

    load: NDArray[np.float64]
    sorted_pieces: NDArray[np.float64]
    minutes: NDArray[np.float64]
    taken: NDArray[np.int64]


def routes(ways: Sequence[Sequence[str]], clock: Clockwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return routes as node numbers in one array, with where each begins."""
    row = {node: k for k, node in enumerate(clock.nodes)}
    flat = np.array([row[place] for way in ways for place in way], np.int64)
    return np.concatenate([[0], np.cumsum([len(way) for way in ways])]).astype(np.int64), flat


def accepted(slots: int = SLOTS) -> NDArray[np.float64]:
    """Return the middle of each half hour of a day or of a week, in minutes."""
    return np.asarray((np.arange(slots) + 0.5) * SLOT_MIN, np.float64)


def shares(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the pieces accepted in each half hour, from the weights of a day's or a week's hours."""
    each = 60 // SLOT_MIN
    return np.asarray(np.repeat(hours / hours.sum(), each) / each, np.float64)


def pour(
    clock: Clockwork, ways: Sequence[Sequence[str]], pieces: NDArray[np.float64], hours: NDArray[np.float64],
    first_mile_min: float | NDArray[np.float64], order: NDArray[np.int64] | None = None, luck: float = 1.0,
) -> Poured:  # fmt: skip
    """Return loads, sorting and times of a period: ``pieces[k]`` on each way, spread over its hours' weights.

    ``first_mile_min`` is from acceptance to the first dock: one figure, or by pair and half hour of the day. Seats go
    to pairs in ``order`` of their number. Roads take ``luck`` times their minutes.
    """
    first, flat = routes(ways, clock)
    arc_of = np.full((len(clock.nodes),) * 2, -1, np.int64)
    row = {node: k for k, node in enumerate(clock.nodes)}
    for k, (a, b) in enumerate(clock.arcs):
        arc_of[row[a], row[b]] = k
    order = np.arange(len(ways)) if order is None else order
    before = np.ascontiguousarray(np.broadcast_to(np.asarray(first_mile_min, np.float64), (len(ways), SLOTS)))
    parts: Any = _pour(
        order, first, flat, pieces, shares(hours), before, arc_of, clock.first, clock.depart, clock.duration,
        clock.limit, clock.wave_first, clock.cutoff, clock.release, clock.handling_min, clock.period_min, luck,
    )  # fmt: skip
    return Poured(*parts)


@njit(cache=True)
def _next(times, begin, end, now, period):  # type: ignore[no-untyped-def]
    """The first of the period's times at or after a moment: its number and the wait; -1 where there is none."""
    clock, low, high = now % period, begin, end
    while low < high:
        middle = (low + high) // 2
        if times[middle] >= clock - 1e-9:
            high = middle
        else:
            low = middle + 1
    if low < end:
        return low, max(0.0, times[low] - clock)
    return (begin, times[begin] + period - clock) if end > begin else (-1, np.inf)


@njit(cache=True)
def _board(times, begin, end, now, period, load, limit, amount):  # type: ignore[no-untyped-def]
    """The next departure with room for an amount, and the wait; -1 where there is none."""
    run, wait = _next(times, begin, end, now, period)
    if run < 0:
        return run, wait
    for _ in range(end - begin):
        if load[run] + amount <= limit[run]:
            return run, wait
        after = run + 1 if run + 1 < end else begin
        wait += times[after] - times[run] + (period if after == begin else 0.0)
        run = after
    return -1, np.inf


@njit(cache=True)
def _follow(way, came, amount, sorted_pieces, load, taken, slot):  # type: ignore[no-untyped-def]
    """Send pieces from the second place on with those of the half hour before."""
    for step in range(1, way.size):
        sorted_pieces[way[step], came[step]] += amount
        if step + 1 < way.size:
            taken[slot, step] = taken[slot - 1, step]
            load[taken[slot, step]] += amount


@njit(cache=True)
def _pour(  # type: ignore[no-untyped-def]
    order, first, flat, pieces, share, first_mile, arc_of, dep_first, depart, duration, limit, wave_first, cutoff,
    release, handling, period, luck,
):  # fmt: skip
    pairs, longest, slots = first.size - 1, 0, share.size
    for k in range(pairs):
        longest = max(longest, first[k + 1] - first[k])
    load = np.zeros(depart.size)
    sorted_pieces = np.zeros((handling.size, slots))
    minutes = np.full((pairs, slots), np.inf)
    taken = np.full((pairs, slots, max(1, longest - 1)), np.int64(-1))
    came = np.zeros(longest, np.int64)
    for k in order:
        same, reached, ended = False, 0.0, 0.0
        for slot in range(slots):
            start = (slot + 0.5) * SLOT_MIN
            now, amount, free = start + first_mile[k, slot % first_mile.shape[1]], pieces[k] * share[slot], True
            for step in range(first[k], first[k + 1]):
                node = flat[step]
                if step == first[k] + 1:
                    # Whoever left the first place with the pieces before them goes on with them.
                    if same and free and abs(now - reached) < 1e-6:
                        _follow(flat[first[k] : first[k + 1]], came, amount, sorted_pieces, load, taken[k], slot)
                        minutes[k, slot] = ended - start
                        break
                    reached, same = now, False
                came[step - first[k]] = int(now // SLOT_MIN) % slots
                sorted_pieces[node, came[step - first[k]]] += amount
                if wave_first[node + 1] > wave_first[node]:
                    wave, wait = _next(cutoff, wave_first[node], wave_first[node + 1], now, period)
                    now += wait + release[wave]
                else:
                    now += handling[node]
                if step + 1 == first[k + 1]:
                    minutes[k, slot], ended = now - start, now
                    same = free
                    break
                arc = arc_of[node, flat[step + 1]]
                if arc < 0:
                    break
                run, wait = _board(depart, dep_first[arc], dep_first[arc + 1], now, period, load, limit, amount)
                if run < 0:
                    break
                load[run] += amount
                taken[k, slot, step - first[k]] = run
                # Trains and flights keep their times; they are what has a limit.
                free = free and limit[run] == np.inf
                now += wait + duration[run] * (luck if limit[run] == np.inf else 1.0)
    return load, sorted_pieces, minutes, taken
