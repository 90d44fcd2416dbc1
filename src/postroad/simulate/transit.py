"""Parcels through FIFO hubs and timetabled lanes of finite capacity, exactly, by causal time windows.

A window is as long as the shortest trip. Whatever arrives at a hub inside a window left its dock before the window
began, so hubs and lanes can each be worked through once per window, and the result is that of an event-by-event
simulation. Two facts make it fast: a FIFO server with a fixed service time gives the finish at the moment of arrival,
and a lane is fed by one hub in the order of those finishes, so no queue is ever sorted.

Ties: a parcel finished at the very microsecond of a departure misses it; trucks that reach a hub in the same
millisecond are unloaded in order of departure, then of lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from postroad.errors import InfeasibleError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_ARRIVED = -1
US_PER_MS = 1000


@dataclass(frozen=True)
class Timetable:
    """Lanes and their trips.

    ``hub_from[l]`` is the hub a lane leaves, or -1 when it leaves a first-mile dock; ``hub_to[l]`` the hub it reaches,
    or -1 when it ends at its destination. Trips of lane ``l`` are ``first[l]:first[l + 1]``, in order of departure,
    with ``depart_ms`` and ``arrive_ms``. ``capacity_pieces[l]`` holds for each trip of a lane.
    """

    hub_from: NDArray[np.int64]
    hub_to: NDArray[np.int64]
    capacity_pieces: NDArray[np.int64]
    first: NDArray[np.int64]
    depart_ms: NDArray[np.int64]
    arrive_ms: NDArray[np.int64]


@dataclass(frozen=True)
class Hubs:
    """Sorting hubs: microseconds a parcel occupies the sorter, and the lane out for each destination (-1: none)."""

    service_us: NDArray[np.int64]
    lane_out: NDArray[np.int64]


@dataclass(frozen=True)
class Docked:
    """Parcels at first-mile docks: lane by lane (``first``), in order of readiness: parcel number and microsecond."""

    first: NDArray[np.int64]
    parcel: NDArray[np.int32]
    ready_us: NDArray[np.int64]


@dataclass(frozen=True)
class Carried:
    """What a transit run gives: arrival of each parcel at its destination (ms, -1: not arrived), and counts.

    ``left_over`` counts each time a parcel was left for a later trip; ``longest_queue`` is the most parcels in a hub,
    the one on the sorter included, seen when a truck was unloaded; ``sorter_wait_us`` is the sum over parcels of the
    time from unloading to the start of sorting; ``boardings`` counts parcel trips.
    """

    arrive_ms: NDArray[np.int32]
    left_over: int
    longest_queue: NDArray[np.int64]
    sorter_wait_us: NDArray[np.int64]
    boardings: int
    sorted_pieces: int
    arrived: int


def carry(docked: Docked, destination: NDArray[np.uint8], hubs: Hubs, timetable: Timetable) -> Carried:
    """Return where and when every parcel ends, exact to the microsecond.

    ``destination[i]`` indexes the columns of ``hubs.lane_out``. Parcels whose lane has no trip left keep
    ``NOT_ARRIVED``. Raises ``UsageError`` for a trip that arrives before it leaves or a hub without a service time,
    and ``InfeasibleError`` when a parcel can reach a hub that has no lane towards its destination.
    """
    duration = timetable.arrive_ms - timetable.depart_ms
    if duration.size and duration.min() <= 0:
        raise UsageError.of("simulate.trip_without_duration", count=int((duration <= 0).sum()))
    if (hubs.service_us <= 0).any():
        raise UsageError.of("simulate.hub_without_rate", count=int((hubs.service_us <= 0).sum()))
    joins = _count_joins(docked, destination, hubs, timetable)
    if joins[0] < 0:
        raise InfeasibleError.of("simulate.no_lane_out", hub=int(-joins[0] - 1), destination=int(-joins[1] - 1))
    start = np.concatenate([[0], np.cumsum(joins)])
    shortest_ms = int(duration.min()) if duration.size else 1
    arrive, longest, waited, counts = _carry(
        _Docks(docked.first, docked.parcel, docked.ready_us),
        np.ascontiguousarray(destination),
        hubs.service_us,
        hubs.lane_out,
        _Lanes(timetable.hub_to, timetable.capacity_pieces, timetable.first, timetable.depart_ms, timetable.arrive_ms),
        start,
        shortest_ms,
    )
    return Carried(arrive, int(counts[0]), longest, waited, int(counts[1]), int(counts[2]), int(counts[3]))


def _count_joins(docked: Docked, destination: NDArray[np.uint8], hubs: Hubs, timetable: Timetable) -> NDArray[np.int64]:
    joins = _trace(docked.first, docked.parcel, destination, hubs.lane_out, timetable.hub_to)
    return np.asarray(joins, np.int64)


@njit(cache=True)
def _trace(dock_first, dock_parcel, destination, lane_out, hub_to):  # type: ignore[no-untyped-def]
    """How many parcels join each lane's queue: exact, since routes depend only on origin lane and destination."""
    lanes, places = hub_to.size, lane_out.shape[1]
    joins = np.zeros(lanes, np.int64)
    pairs = np.zeros((dock_first.size - 1, places), np.int64)
    for lane in range(dock_first.size - 1):
        for q in range(dock_first[lane], dock_first[lane + 1]):
            pairs[lane, destination[dock_parcel[q]]] += 1
    for origin in range(dock_first.size - 1):
        for place in range(places):
            if pairs[origin, place] == 0:
                continue
            lane, steps = origin, 0
            while hub_to[lane] >= 0:
                hub = hub_to[lane]
                lane = lane_out[hub, place]
                steps += 1
                if lane < 0 or steps > lanes:
                    joins[0], joins[1] = -hub - 1, -place - 1
                    return joins
                joins[lane] += pairs[origin, place]
    return joins


class _Docks(NamedTuple):
    first: Any
    parcel: Any
    ready: Any


class _Lanes(NamedTuple):
    hub_to: Any
    capacity: Any
    first: Any
    depart: Any
    arrive: Any


class _Queues(NamedTuple):
    """Every lane's queue in one array: ``front`` next to board, ``seen`` first not known to be in time, ``tail``."""

    parcel: Any
    joined: Any
    front: Any
    seen: Any
    tail: Any


class _Trips(NamedTuple):
    """Trips under way: the queue slice on board, the lane, and the next trip in the same hub and window of arrival."""

    load_from: Any
    load_to: Any
    lane: Any
    follows: Any
    chain: Any


class _Sorters(NamedTuple):
    last: Any
    busy_from: Any
    longest: Any
    waited: Any
    service: Any


@njit(cache=True)
def _carry(docks, destination, service, lane_out, lanes, start, window_ms):  # type: ignore[no-untyped-def]
    count, hubs, first_miles = lanes.hub_to.size, service.size, docks.first.size - 1
    queues = _Queues(
        np.empty(start[count], np.int32),
        np.empty(start[count], np.int64),
        start[:count].copy(),
        start[:count].copy(),
        start[:count].copy(),
    )
    queues.front[:first_miles] = docks.first[:-1]
    queues.seen[:first_miles] = docks.first[:-1]
    queues.tail[:first_miles] = docks.first[1:]
    windows = lanes.arrive.max() // window_ms + 2 if lanes.arrive.size else 1
    trips = _Trips(
        np.zeros(lanes.depart.size, np.int64),
        np.zeros(lanes.depart.size, np.int64),
        np.zeros(lanes.depart.size, np.int32),
        np.full(lanes.depart.size, np.int64(-1)),
        np.full((windows, hubs), np.int64(-1)),
    )
    for lane in range(count):
        trips.lane[lanes.first[lane] : lanes.first[lane + 1]] = lane
    sorters = _Sorters(
        np.zeros(hubs, np.int64),
        np.full(hubs, np.int64(-1)),
        np.zeros(hubs, np.int64),
        np.zeros(hubs, np.int64),
        service,
    )
    out = np.full(destination.size, np.int32(-1))
    counts = np.zeros(4, np.int64)  # left over, boardings, sorted, arrived
    upcoming = lanes.first[:count].copy()
    for window in range(windows):
        for hub in range(hubs):
            for trip in _reached(trips, lanes, window, hub):
                counts[2] += _unload(trip, hub, docks, destination, lane_out, lanes, queues, trips, sorters)
        for lane in range(count):
            while upcoming[lane] < lanes.first[lane + 1] and lanes.depart[upcoming[lane]] < (window + 1) * window_ms:
                _leave(upcoming[lane], lane, docks, lanes, queues, trips, out, counts, window_ms)
                upcoming[lane] += 1
        if counts[3] == docks.parcel.size:
            break
    return out, sorters.longest, sorters.waited, counts


@njit(cache=True)
def _reached(trips, lanes, window, hub):  # type: ignore[no-untyped-def]
    """Trips that reach a hub in a window, by arrival, departure and lane; insertion sort, since they are few."""
    count = 0
    trip = trips.chain[window, hub]
    while trip >= 0:
        count += 1
        trip = trips.follows[trip]
    found = np.empty(count, np.int64)
    trip = trips.chain[window, hub]
    for n in range(count):
        k = n - 1
        while k >= 0 and _later(found[k], trip, trips, lanes):
            found[k + 1] = found[k]
            k -= 1
        found[k + 1] = trip
        trip = trips.follows[trip]
    return found


@njit(cache=True)
def _later(a, b, trips, lanes):  # type: ignore[no-untyped-def]
    if lanes.arrive[a] != lanes.arrive[b]:
        return lanes.arrive[a] > lanes.arrive[b]
    if lanes.depart[a] != lanes.depart[b]:
        return lanes.depart[a] > lanes.depart[b]
    return trips.lane[a] > trips.lane[b]


@njit(cache=True)
def _unload(trip, hub, docks, destination, lane_out, lanes, queues, trips, sorters):  # type: ignore[no-untyped-def]
    """Sort a truck's load first in, first out; each parcel joins its next lane at the moment its sorting ends."""
    now, step = lanes.arrive[trip] * US_PER_MS, sorters.service[hub]
    pieces = trips.load_to[trip] - trips.load_from[trip]
    waiting = np.int64(0)
    if sorters.last[hub] >= now:
        waiting = (sorters.last[hub] - now) // step
        # A parcel that ends at this very moment still counts, but the start of the busy spell is no parcel's end.
        if now != sorters.busy_from[hub]:
            waiting += 1
    else:
        sorters.busy_from[hub] = now
        sorters.last[hub] = now
    sorters.longest[hub] = max(sorters.longest[hub], waiting + pieces)
    finish = sorters.last[hub]
    sorters.waited[hub] += pieces * (finish - now) + step * (pieces * (pieces - 1) // 2)
    aboard = docks.parcel if trips.lane[trip] < docks.first.size - 1 else queues.parcel
    for q in range(trips.load_from[trip], trips.load_to[trip]):
        parcel = aboard[q]
        finish += step
        lane = lane_out[hub, destination[parcel]]
        queues.parcel[queues.tail[lane]] = parcel
        queues.joined[queues.tail[lane]] = finish
        queues.tail[lane] += 1
    sorters.last[hub] = finish
    return pieces


@njit(cache=True)
def _leave(trip, lane, docks, lanes, queues, trips, out, counts, window_ms):  # type: ignore[no-untyped-def]
    """Load a trip from the front of its lane's queue, up to its capacity."""
    from_dock = lane < docks.first.size - 1
    joined = docks.ready if from_dock else queues.joined
    leaves = lanes.depart[trip] * US_PER_MS
    at = queues.seen[lane]
    while at < queues.tail[lane] and joined[at] < leaves:
        at += 1
    queues.seen[lane] = at
    waiting = at - queues.front[lane]
    if waiting == 0:
        return
    load = min(waiting, lanes.capacity[lane])
    counts[0] += waiting - load
    counts[1] += load
    trips.load_from[trip] = queues.front[lane]
    queues.front[lane] += load
    trips.load_to[trip] = queues.front[lane]
    hub = lanes.hub_to[lane]
    if hub >= 0:
        window = lanes.arrive[trip] // window_ms
        trips.follows[trip] = trips.chain[window, hub]
        trips.chain[window, hub] = trip
    else:
        counts[3] += load
        aboard = docks.parcel if from_dock else queues.parcel
        for q in range(trips.load_from[trip], trips.load_to[trip]):
            out[aboard[q]] = lanes.arrive[trip]
