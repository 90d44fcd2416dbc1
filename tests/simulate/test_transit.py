"""The transit engine against an event-by-event simulation of the same worlds, and against queueing formulas."""

import heapq
from collections import deque

import numpy as np
import pytest
from benchmarks.postal60 import model as postal60
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad import randomness
from postroad.errors import InfeasibleError, UsageError
from postroad.simulate.transit import Docked, Hubs, Timetable, carry


def event_by_event(docked, destination, hubs, table):
    """One event at a time from a heap; at equal times: docks and departures, then unloading, then sorting."""
    lanes = table.hub_to.size
    queues = [deque() for _ in range(lanes)]
    sorters = [deque() for _ in hubs.service_us]
    busy = [False] * len(sorters)
    longest = [0] * len(sorters)
    arrived = np.full(destination.size, -1)
    left = boardings = 0
    events = []
    for lane in range(docked.first.size - 1):
        for q in range(docked.first[lane], docked.first[lane + 1]):
            heapq.heappush(events, (docked.ready_us[q], 9, lane, q, ("ready", lane, docked.parcel[q])))
    for lane in range(lanes):
        for t in range(table.first[lane], table.first[lane + 1]):
            heapq.heappush(events, (table.depart_ms[t] * 1000, 0, lane, t, ("depart", lane, t)))
    while events:
        now, _, _, _, (kind, at, what) = heapq.heappop(events)
        if kind == "ready":
            queues[at].append(what)
        elif kind == "depart":
            load = [queues[at].popleft() for _ in range(min(len(queues[at]), table.capacity_pieces[at]))]
            left += len(queues[at])
            boardings += len(load)
            hub, arrive = table.hub_to[at], table.arrive_ms[what]
            if hub < 0:
                arrived[load] = arrive
            elif load:
                heapq.heappush(events, (arrive * 1000, 1, table.depart_ms[what], at, ("unload", hub, load)))
        elif kind == "unload":
            sorters[at].extend(what)
            longest[at] = max(longest[at], len(sorters[at]) + busy[at])
            if not busy[at]:
                busy[at] = True
                heapq.heappush(events, (now + hubs.service_us[at], 2, at, 0, ("sorted", at, sorters[at].popleft())))
        else:
            queues[hubs.lane_out[at, destination[what]]].append(what)
            busy[at] = bool(sorters[at])
            if busy[at]:
                heapq.heappush(events, (now + hubs.service_us[at], 2, at, 0, ("sorted", at, sorters[at].popleft())))
    return arrived, left, longest, boardings


def world(seed: int, parcels: int, coarse: bool):
    """Two centres a side, two hubs in a row; coarse times make ties frequent."""
    draw = lambda name, n, below: randomness.integers(seed, name, 0, n, below)  # noqa: E731
    grid = 60_000 if coarse else 1
    hub_from = np.array([-1, -1, 0, 1, 1, 0])
    hub_to = np.array([0, 1, 1, 0, -1, -1])
    lane_out = np.array([[2, 5], [4, 3]])
    lanes = hub_to.size
    trips = 30
    gaps = (1 + draw("gap", lanes * trips, 40)) * 60_000
    depart = np.concatenate([np.cumsum(gaps[k * trips : (k + 1) * trips]) for k in range(lanes)])
    travel = 600_000 + draw("travel", lanes * trips, 3_600_000) // grid * grid
    table = Timetable(
        hub_from,
        hub_to,
        1 + draw("capacity", lanes, 12),
        np.arange(lanes + 1) * trips,
        depart,
        depart + travel,
    )
    origin = draw("origin", parcels, 2)
    ready = draw("ready", parcels, 6 * 3_600_000) // grid * grid * 1000
    order = np.lexsort((np.arange(parcels), ready, origin))
    docked = Docked(np.searchsorted(origin[order], [0, 1, 2]), order.astype(np.int32), ready[order])
    service = (1 + draw("service", 2, 120)) * 1_000_000
    return docked, draw("destination", parcels, 2).astype(np.uint8), Hubs(service, lane_out), table


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 150), st.booleans())
def test_every_parcel_arrives_when_the_event_by_event_simulation_says(seed, parcels, coarse):
    docked, destination, hubs, table = world(seed, parcels, coarse)
    ours = carry(docked, destination, hubs, table)
    arrived, left, longest, boardings = event_by_event(docked, destination, hubs, table)
    assert ours.arrive_ms.tolist() == arrived.tolist()
    assert ours.arrived == int((arrived >= 0).sum())
    assert ours.boardings == boardings
    if ours.arrived == parcels:
        assert ours.left_over == left
        assert ours.longest_queue.tolist() == longest


def test_one_parcel_by_hand():
    """Ready at minute 5, truck at 10, hub at 40, sorted by 41, next truck at 60, there at 100."""
    minute = 60_000
    table = Timetable(
        np.array([-1, 0]),
        np.array([0, -1]),
        np.array([5, 5]),
        np.array([0, 1, 3]),
        np.array([10, 41, 60]) * minute,
        np.array([40, 81, 100]) * minute,
    )
    docked = Docked(np.array([0, 1]), np.array([0], np.int32), np.array([5 * minute * 1000]))
    hubs = Hubs(np.array([minute * 1000]), np.array([[1]]))
    run = carry(docked, np.array([0], np.uint8), hubs, table)
    assert run.arrive_ms.tolist() == [100 * minute]  # the truck at 41 leaves at the moment sorting ends: missed
    assert (run.boardings, run.sorted_pieces, run.left_over) == (2, 1, 0)


def test_parcels_beyond_the_last_trip_are_counted_as_not_arrived():
    docked, destination, hubs, table = world(3, 100, False)
    short = Timetable(
        table.hub_from,
        table.hub_to,
        table.capacity_pieces,
        np.minimum(table.first, 1),
        table.depart_ms,
        table.arrive_ms,
    )
    run = carry(docked, destination, hubs, short)
    assert run.arrived == int((run.arrive_ms >= 0).sum()) < 100


def test_a_hub_is_an_m_d_1_queue():
    """Poisson arrivals, fixed service: the mean wait is rho / (2 mu (1 - rho)), by Pollaczek and Khinchine."""
    parcels, rho, service_ms = 200_000, 0.7, 1000
    gaps = -np.log(randomness.uniforms(11, "poisson", 0, parcels)) * service_ms / rho
    leaves = np.cumsum(np.maximum(1, np.round(gaps))).astype(np.int64)
    ends = leaves[-1] + 10_000_000
    table = Timetable(
        np.array([-1, 0]),
        np.array([0, -1]),
        np.array([1, 1_000_000]),
        np.array([0, parcels, parcels + 1]),
        np.append(leaves, ends),
        np.append(leaves + 1000, ends + 1000),
    )
    docked = Docked(np.array([0, parcels]), np.arange(parcels, dtype=np.int32), (leaves - 1) * 1000)
    hubs = Hubs(np.array([service_ms * 1000]), np.array([[1]]))
    run = carry(docked, np.zeros(parcels, np.uint8), hubs, table)
    assert run.arrived == parcels
    expected_us = rho / (2 * (1 - rho)) * service_ms * 1000
    assert run.sorter_wait_us[0] / parcels == pytest.approx(expected_us, rel=0.03)


def test_postal60_agrees_with_the_event_by_event_engine():
    model = postal60.network(2_000)
    docked, destination = postal60.accept(2_000, 1, model)
    table = postal60.timetable(model, 1, 4)
    ours = carry(docked, destination, postal60.hubs(model), table)
    arrived, left, longest, _ = event_by_event(docked, destination, postal60.hubs(model), table)
    assert ours.arrive_ms.tolist() == arrived.tolist()
    assert ours.longest_queue.tolist() == longest
    assert ours.left_over == left


def test_a_million_parcels_have_the_published_values():
    model = postal60.network(1_000_000)
    docked, destination = postal60.accept(1_000_000, 1, model)
    run = carry(docked, destination, postal60.hubs(model), postal60.timetable(model, 1, 5))
    done = postal60.delivered_ms(run.arrive_ms, 1).astype(np.int64)
    hours = (done - postal60.accepted_ms(1_000_000, 1)) / 3_600_000
    assert hours.mean() == pytest.approx(17.33315482, abs=5e-9)
    assert np.percentile(hours, 95) == pytest.approx(24.479, abs=5e-4)
    assert int((hours > 24).sum()) == 64_528
    assert run.left_over == 258_462
    assert 5 * 1_000_000 + run.boardings + run.sorted_pieces == 9_854_384
    assert run.longest_queue.tolist() == [26780, 18355, 17788, 18215, 18525, 27851, 22595, 17717, 22301, 13471]


def test_a_hub_without_rate_a_trip_without_duration_and_a_missing_lane_are_refused():
    docked, destination, hubs, table = world(1, 20, False)
    with pytest.raises(UsageError):
        carry(docked, destination, Hubs(np.array([0, 5]), hubs.lane_out), table)
    still = Timetable(
        table.hub_from, table.hub_to, table.capacity_pieces, table.first, table.depart_ms, table.depart_ms
    )
    with pytest.raises(UsageError):
        carry(docked, destination, hubs, still)
    nowhere = Hubs(hubs.service_us, np.array([[2, -1], [4, 3]]))
    with pytest.raises(InfeasibleError) as refused:
        carry(docked, destination, nowhere, table)
    assert "0" in refused.value.say("en")
