"""The postal-60 network and its parcels: 60 centres, 10 hubs (0 and 5 are gateways), an hourly profile of acceptance.

Uniform numbers are splitmix64: stream ``s`` of seed ``k`` starts at mix(k + s*G) and its i-th number is
mix(start + (i + 1)*G), of which the upper 53 bits are used. Times are whole milliseconds, sorting is in microseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from postroad.simulate.transit import Docked, Hubs, Timetable

FULL = 8_450_000
CENTRES, HUBS, PER_HUB = 60, 10, 6
GATEWAYS = (0, 5)
HOURLY = np.array([2, 1, 0, 0, 0, 0, 1, 3, 8, 14, 16, 14, 10, 10, 13, 16, 18, 20, 20, 16, 11, 8, 5, 3], np.int64)
WEIGHT = np.array([2 + 17 * c % 11 for c in range(CENTRES)], np.int64)
LOCAL_SHARE = 0.25
DAY_MS, HOUR_MS, MINUTE_MS = 86_400_000, 3_600_000, 60_000
WAVES_MS = np.array([450, 780, 1080], np.int64) * MINUTE_MS
TRUCK_FULL = 9000.0
GUIDES = 256
FILL = 3

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ONE, _S11, _S27, _S30, _S31 = np.uint64(1), np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)


@njit(cache=True, inline="always")
def _mix(z):
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@njit(cache=True, inline="always")
def _start(seed, stream):
    return _mix(np.uint64(seed) + np.uint64(stream) * _GOLDEN)


@njit(cache=True, inline="always")
def _uniform(start, i):
    word = _mix(start + (np.uint64(i) + _ONE) * _GOLDEN)
    return (np.float64(word >> _S11) + 0.5) * 2.0**-53


@dataclass(frozen=True)
class Model:
    """Network tables of a size: lanes 0-59 centre to hub, 60-119 hub to centre, then hub to hub by pair."""

    hub_from: NDArray[np.int64]
    hub_to: NDArray[np.int64]
    base_min: NDArray[np.int64]
    headway_ms: NDArray[np.int64]
    offset_ms: NDArray[np.int64]
    service_us: NDArray[np.int64]
    lane_out: NDArray[np.int64]
    capacity_pieces: int


def _direct(a: int, b: int) -> bool:
    return a != b and (a // 5 == b // 5 or a in GATEWAYS or b in GATEWAYS)


def network(parcels: int = FULL) -> Model:
    """Return the network; trucks and sorters shrink with the number of parcels, headways follow full-scale flows."""
    centre = np.arange(CENTRES)
    pairs = [(a, b) for a in range(HUBS) for b in range(HUBS) if _direct(a, b)]
    lane_between = {pair: 2 * CENTRES + k for k, pair in enumerate(pairs)}
    hub_from = np.concatenate([np.full(CENTRES, -1), centre // PER_HUB, [a for a, _ in pairs]])
    hub_to = np.concatenate([centre // PER_HUB, np.full(CENTRES, -1), [b for _, b in pairs]])
    local = 40 + 10 * (centre % PER_HUB)
    base = np.concatenate([local, local, [90 + 15 * abs(a - b) for a, b in pairs]])
    lane_out = np.empty((HUBS, CENTRES), np.int64)
    for hub in range(HUBS):
        for place in range(CENTRES):
            own = place // PER_HUB
            step = lane_between.get((hub, own), lane_between.get((hub, 5 * (own // 5))))
            lane_out[hub, place] = CENTRES + place if hub == own else step
    on_lane, through = _expected(hub_to, lane_out)
    trips = np.maximum(1, np.ceil(on_lane / (TRUCK_FULL * 18.0))).astype(np.int64)
    rate = np.ceil(through / 19.0 / 1000).astype(np.int64) * 1000
    headway = HOUR_MS // trips
    return Model(
        hub_from.astype(np.int64),
        hub_to.astype(np.int64),
        base.astype(np.int64),
        headway,
        ((np.arange(hub_to.size) * 7) % 60) * MINUTE_MS % headway,
        np.floor(HOUR_MS * 1000.0 / rate * FULL / parcels + 0.5).astype(np.int64),
        lane_out,
        max(1, int(TRUCK_FULL * parcels / FULL + 0.5)),
    )


@njit(cache=True)
def _expected(hub_to, lane_out):
    """Expected full-scale parcels a day on each lane and through each hub."""
    on_lane, through = np.zeros(hub_to.size), np.zeros(HUBS)
    share = WEIGHT / WEIGHT.sum()
    for origin in range(CENTRES):
        group = slice(origin // PER_HUB * PER_HUB, origin // PER_HUB * PER_HUB + PER_HUB)
        near = np.zeros(CENTRES)
        near[group] = WEIGHT[group] / WEIGHT[group].sum()
        for place in range(CENTRES):
            parcels = share[origin] * ((1 - LOCAL_SHARE) * share[place] + LOCAL_SHARE * near[place]) * FULL
            lane = origin
            on_lane[lane] += parcels
            while hub_to[lane] >= 0:
                through[hub_to[lane]] += parcels
                lane = lane_out[hub_to[lane], place]
                on_lane[lane] += parcels
    return on_lane, through


def timetable(model: Model, seed: int, days: int) -> Timetable:
    """Return every trip that leaves within ``days``; a trip takes 0.85 to 1.25 of its lane's base time."""
    per_lane = days * 24 * (HOUR_MS // model.headway_ms)
    first = np.concatenate([[0], np.cumsum(per_lane)])
    depart, arrive = _trips(first, model.headway_ms, model.offset_ms, model.base_min, seed)
    capacity = np.full(model.hub_to.size, model.capacity_pieces, np.int64)
    return Timetable(model.hub_from, model.hub_to, capacity, first, depart, arrive)


def hubs(model: Model) -> Hubs:
    """Return the sorting hubs."""
    return Hubs(model.service_us, model.lane_out)


@njit(cache=True)
def _trips(first, headway, offset, base, seed):
    depart = np.empty(first[-1], np.int64)
    arrive = np.empty(first[-1], np.int64)
    for lane in range(headway.size):
        start = _start(seed, 1000 + lane)
        for k in range(first[lane + 1] - first[lane]):
            t = first[lane] + k
            depart[t] = offset[lane] + k * headway[lane]
            arrive[t] = depart[t] + np.int64(math.floor(base[lane] * 60000.0 * (0.85 + 0.40 * _uniform(start, k))))
    return depart, arrive


def accept(parcels: int, seed: int, model: Model) -> tuple[Docked, NDArray[np.uint8]]:
    """Return the parcels at their first docks, lane by lane in order of readiness, and each parcel's destination."""
    origin, destination, ready, early = _draw(parcels, seed, HOURLY, np.cumsum(WEIGHT), model.headway_ms)
    first, parcel, ready_us = _to_docks(origin, ready, early)
    return Docked(first, parcel, ready_us), destination


@njit(cache=True, inline="always")
def _accepted_at(i, parcels, u, hourly, cumulative):
    q = (np.float64(i) + u) / parcels * cumulative[24]
    hour = 23
    while hour > 0 and cumulative[hour] > q:
        hour -= 1
    return np.int64(math.floor(HOUR_MS * (hour + (q - cumulative[hour]) / hourly[hour])))


@njit(cache=True, inline="always")
def _place(value, cumulative, guide):
    place = guide[np.int64(value * GUIDES / cumulative[-1])]
    while cumulative[place] <= value:
        place += 1
    return place


@njit(cache=True)
def _guide(cumulative):
    """Where to begin looking for a value, by which of so many equal parts of the whole it lies in."""
    first = np.zeros(GUIDES + 1, np.int64)
    for part in range(GUIDES + 1):
        place = 0
        while place + 1 < cumulative.size and cumulative[place] <= (part - 1e-6) * cumulative[-1] / GUIDES:
            place += 1
        first[part] = place
    return first


@njit(cache=True, parallel=True)
def _draw(parcels, seed, hourly, weights, headway):
    origin = np.empty(parcels, np.uint8)
    destination = np.empty(parcels, np.uint8)
    ready = np.empty(parcels, np.int32)
    early = np.empty(parcels, np.bool_)
    cumulative = np.zeros(25, np.int64)
    for h in range(24):
        cumulative[h + 1] = cumulative[h] + hourly[h]
    s = np.empty(12, np.uint64)
    for stream in range(12):
        s[stream] = _start(seed, stream)
    total = weights[-1]
    guide = _guide(weights)
    for i in prange(parcels):
        t0 = _accepted_at(i, parcels, _uniform(s[1], i), hourly, cumulative)
        o = _place(_uniform(s[2], i) * total, weights, guide)
        u = _uniform(s[4], i)
        if _uniform(s[3], i) < 0.25:
            g = o // 6 * 6
            low = weights[g - 1] if g > 0 else 0
            d = _place(low + u * (weights[g + 5] - low), weights, guide)
        else:
            d = _place(u * total, weights, guide)
        wait = -math.log(_uniform(s[5], i) * _uniform(s[6], i) * _uniform(s[7], i)) / 3.0
        t1 = t0 + np.int64(math.floor(75 * 60000.0 * wait)) + np.int64(math.floor(900000 + 1800000 * _uniform(s[8], i)))
        origin[i], destination[i], ready[i] = o, d, t1
        # At a tie the event scheduled first comes first: the parcel boards if accepted before the last departure.
        early[i] = t0 < t1 - headway[o]
    return origin, destination, ready, early


@njit(cache=True)
def _to_docks(origin, ready, early):
    """Counting sort by dock and time, then insertion sort inside each bucket; equal times stay in order."""
    # A few parcels a bucket: more are slow to sort, fewer make a table that no cache holds.
    latest = ready.max()
    buckets = max(1, origin.size // (CENTRES * FILL))
    width = latest // buckets + 1
    place = np.zeros(CENTRES * buckets + 1, np.int32)
    for i in range(origin.size):
        place[origin[i] * buckets + ready[i] // width + 1] += 1
    for b in range(1, place.size):
        place[b] += place[b - 1]
    first = np.empty(CENTRES + 1, np.int64)
    for c in range(CENTRES + 1):
        first[c] = place[c * buckets]
    parcel = np.empty(origin.size, np.int32)
    ready_us = np.empty(origin.size, np.int64)
    for i in range(origin.size):
        b = origin[i] * buckets + ready[i] // width
        parcel[place[b]] = i
        ready_us[place[b]] = ready[i] * 1000 - (1 if early[i] else 0)
        place[b] += 1
    for c in range(CENTRES):
        for n in range(first[c] + 1, first[c + 1]):
            t, p = ready_us[n], parcel[n]
            key = (t + 1) // 1000
            k = n - 1
            while k >= first[c] and (ready_us[k] + 1) // 1000 > key:
                ready_us[k + 1], parcel[k + 1] = ready_us[k], parcel[k]
                k -= 1
            ready_us[k + 1], parcel[k + 1] = t, p
    return first, parcel, ready_us


@njit(cache=True, parallel=True)
def delivered_ms(arrive_ms, seed):
    """Return the delivery time of each parcel: sorted at its centre, out with the next wave, then the last mile."""
    done = np.empty(arrive_ms.size, np.int32)
    s9, s10, s11 = _start(seed, 9), _start(seed, 10), _start(seed, 11)
    for i in prange(arrive_ms.size):
        sorted_at = arrive_ms[i] + np.int64(math.floor(1200000 + 2400000 * _uniform(s9, i)))
        day, rest = sorted_at // DAY_MS, sorted_at % DAY_MS
        out = (day + 1) * DAY_MS + WAVES_MS[0]
        for wave in range(2, -1, -1):
            if rest <= WAVES_MS[wave]:
                out = day * DAY_MS + WAVES_MS[wave]
        last = -math.log(_uniform(s10, i) * _uniform(s11, i)) / 2.0
        done[i] = out + np.int64(math.floor(150 * 60000.0 * last))
    return done


@njit(cache=True, parallel=True)
def accepted_ms(parcels, seed):
    """Return the time of acceptance of each parcel."""
    t0 = np.empty(parcels, np.int32)
    cumulative = np.zeros(25, np.int64)
    for h in range(24):
        cumulative[h + 1] = cumulative[h] + HOURLY[h]
    start = _start(seed, 1)
    for i in prange(parcels):
        t0[i] = _accepted_at(i, parcels, _uniform(start, i), HOURLY, cumulative)
    return t0


@njit(cache=True, parallel=True)
def _measured(arrive_ms, done, accepted):
    """Return the ms each parcel took, their sum, how many took over a day, the checksum."""
    elapsed = np.empty(done.size, np.int32)
    total, late, check = np.int64(0), np.int64(0), np.int64(0)
    for block in prange((done.size + 999) // 1000):
        for k in range(min(1000, done.size - 1000 * block)):
            i = 1000 * block + k
            took = done[i] - accepted[i]
            elapsed[i] = took
            total += took
            late += took > DAY_MS
            check += np.int64(arrive_ms[i]) * (1 + k)
    return elapsed, total, late, check


@njit(cache=True)
def _ranked(elapsed, rank):
    """Return the values at a rank and the next, in order of size: a histogram by minutes, then sorting inside one."""
    counts = np.zeros(elapsed.max() // MINUTE_MS + 2, np.int64)
    for i in range(elapsed.size):
        counts[elapsed[i] // MINUTE_MS] += 1
    minute, before = 0, 0
    while before + counts[minute] <= rank:
        before += counts[minute]
        minute += 1
    following = minute
    if before + counts[minute] <= rank + 1:
        following += 1
        while following < counts.size and counts[following] == 0:
            following += 1
    held, size = np.empty(counts[minute : following + 1].sum(), np.int32), 0
    for i in range(elapsed.size):
        if minute * MINUTE_MS <= elapsed[i] < (following + 1) * MINUTE_MS:
            held[size] = elapsed[i]
            size += 1
    held.sort()
    return held[rank - before], held[min(held.size - 1, rank - before + 1)]


def measured(arrive_ms: NDArray[np.int32], done: NDArray[np.int32], seed: int) -> dict[str, Any]:
    """Return the check values of the doors: mean and 95th percentile of hours, parcels over a day, the checksum."""
    elapsed, total, late, check = _measured(arrive_ms, done, accepted_ms(done.size, seed))
    place = 0.95 * (done.size - 1)
    low, high = _ranked(elapsed, int(place))
    return {"mean_h": total / done.size / HOUR_MS, "p95_h": (low + (high - low) * (place - int(place))) / HOUR_MS,
            "late24": int(late), "arrive_checksum": int(check)}  # fmt: skip
