"""The engine's servers against queueing formulas: sorter, docks, lockers, and two sorters in a row with feedback.

Each part is fed directly with Poisson arrivals. Intervals are four standard errors from batch means.
"""

import heapq
import math

import numpy as np
import pytest
from tests.simulate.worlds import CALM, DAY, line, network, parcels, round_

from postroad import randomness
from postroad.simulate.day import arrays as a
from postroad.simulate.day import engine
from postroad.simulate.day.options import Horizon, Options
from postroad.simulate.day.parcels import batch
from postroad.simulate.day.world import setting

HOUR = 3_600_000


def exponential(seed, name, count, mean):
    return -np.log(randomness.uniforms(seed, name, 0, count)) * mean


def built(count, rate=3600.0, docks=None, sites=(), **more):
    """A world with so many parcels standing ready to be handed to its parts; two sorters, at 2201 and 220201."""
    plants = [
        {"place_id": place, "sort_rate_pieces_h": rate, "docks": docks, "handling_min": 0.0}
        for place in ("2201", "220201")
    ]
    own, stops = round_("R", "220201", 480, [("220201001001", 500)])
    back, back_stops = round_("B", "220101", 480, [("220101001001", 500)])
    lines = [line("220101", "2201", 1, 1), line("2201", "220201", 1, 1), line("220201", "2201", 1, 1),
             line("2201", "220101", 1, 1)]  # fmt: skip
    made = network(plants=plants, lines=lines, rounds=[own, back], stops=stops + back_stops, sites=sites)
    held = parcels(made, [("220101001001", "220201001001", 0)] * count)
    options = Options.of(made, **{**CALM, "tail_days": 20, **more})
    horizon = Horizon.of(DAY, 1, 2021, options)
    return setting(made, batch(held, horizon, options, 1, None, None), horizon, options, 1, ())


def mean_within(values, expected, errors=4.0, batches=30):
    parts = np.array([part.mean() for part in np.array_split(values[len(values) // 10 :], batches)])
    spread = errors * parts.std(ddof=1) / math.sqrt(batches)
    assert abs(parts.mean() - expected) < spread, (parts.mean(), expected, spread)
    assert spread < 0.35 * max(expected, 1e-12), "too wide an interval shows nothing"


def chain(state, first, size):
    """Link parcels ``first`` to ``first + size - 1`` into one load."""
    state[first : first + size, a.NEXT] = np.arange(first + 1, first + size + 1)
    state[first + size - 1, a.NEXT] = -1


def feed(made, node, arrivals, sizes):
    """Hand loads to a facility; return the waiting time of each load before its first parcel is begun, in ms."""
    state, at, waits = made.world.parcels.state, 0, []
    for moment, size in zip(arrivals.astype(np.int64), sizes, strict=True):
        chain(state, at, size)
        before = state[at, a.QUEUED]
        engine.arrive(made.world, np.int64(node), np.int64(at), moment)
        waits.append(int(state[at, a.QUEUED] - before))
        at += int(size)
    return np.array(waits, float)


def test_a_sorter_is_an_m_d_1_queue():
    """One parcel a second of service, 0.8 a second arrive: mean wait rho / (2 (1 - rho)) services."""
    made, rho, count = built(30_000), 0.8, 30_000
    arrivals = np.cumsum(exponential(1, "md1", count, 1000 / rho))
    waits = feed(made, made.spots.node["2201"], arrivals, np.ones(count, int)) - 1000
    mean_within(waits, 1000 * rho / (2 * (1 - rho)))


def test_loads_of_random_size_follow_pollaczek_and_khinchine():
    """Geometric loads: the first parcel of a load waits lambda E[S^2] / (2 (1 - rho)), as the formula says."""
    count, mean, rho = 12_000, 20.0, 0.7
    sizes = np.ceil(exponential(2, "sizes", count, mean)).astype(int)
    made = built(int(sizes.sum()))
    arrivals = np.cumsum(exponential(2, "pk", count, sizes.mean() * 1000 / rho))
    waits = feed(made, made.spots.node["2201"], arrivals, sizes) - 1000
    service = sizes * 1000.0
    lam = count / arrivals[-1]
    expected = lam * (service**2).mean() / (2 * (1 - lam * service.mean()))
    mean_within(waits, expected)
    # Loads so large are nearly exponential, so the wait is nearly that of M/M/1 too.
    mm1 = rho / (1 - rho) * service.mean()
    assert abs(expected / mm1 - 1) < 0.1


def dock_world(docks, load, count, seed):
    """Trucks whose unloading is exponential, at docks with this load each; return waits and mean unloading."""
    sizes = np.ceil(exponential(seed, "unload", count, 30.0)).astype(int)
    made = built(int(sizes.sum()), rate=1e6, docks=docks, dock_pieces_h=36_000.0)
    service = sizes.mean() * made.world.nodes.dock_ms_piece
    arrivals = np.cumsum(exponential(seed, "trucks", count, service / (docks * load)))
    node, state, at, waits = made.spots.node["2201"], made.world.parcels.state, 0, []
    for moment, size in zip(arrivals.astype(np.int64), sizes, strict=True):
        chain(state, at, size)
        before = made.world.tally.dock_wait[node].sum()
        engine.arrive(made.world, np.int64(node), np.int64(at), moment)
        waits.append((made.world.tally.dock_wait[node].sum() - before) / size)
        at += int(size)
    return np.array(waits), service


def erlang_c(servers, offered):
    top = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return top / (sum(offered**k / math.factorial(k) for k in range(servers)) + top)


@pytest.mark.parametrize("docks", [1, 4])
def test_docks_follow_erlang_c(docks):
    """M/M/c: the share that waits is Erlang's C, the mean wait C * s / (c (1 - rho)); with one dock it is M/M/1."""
    rho = 0.75
    waits, service = dock_world(docks, rho, 12_000, 3 + docks)
    chance = erlang_c(docks, docks * rho)
    mean_within((waits > 0).astype(float), chance)
    mean_within(waits, chance * service / (docks * (1 - rho)))


def test_a_locker_follows_erlang_b():
    """Parcels that find no cell are refused: Erlang's B for cells, arrivals and mean stay."""
    cells, offered, count = 5, 4.0, 12_000
    here = {"place_id": "220201001001", "status": "open"}
    sites = [{"site_id": "S", "kind": "locker_group", "cells": cells, **here},
             {"site_id": "T", "kind": "village_post_station", **here}]  # fmt: skip
    made = built(count, sites=sites, locker_stay_h=0.1, locker_longest_h=100.0)
    arrivals = np.cumsum(exponential(9, "locker", count, 0.1 * HOUR / offered)).astype(np.int64)
    assert arrivals[-1] < a.NEVER
    refused, state = [], made.world.parcels.state
    leaf = made.spots.leaves.index("220201001001")
    for p, moment in enumerate(arrivals):
        state[p, a.NEXT] = -1
        before = made.world.tally.locker_refused[leaf]
        engine.at_locker(made.world, np.int64(0), np.int64(p), moment)
        refused.append(made.world.tally.locker_refused[leaf] - before)
    blocked = offered**cells / math.factorial(cells) / sum(offered**k / math.factorial(k) for k in range(cells + 1))
    mean_within(np.array(refused, float), blocked)


def test_little_law_holds_at_a_sorter():
    """Mean number in the queue equals arrivals a moment times mean time in it, counted two ways."""
    made, count = built(20_000), 20_000
    arrivals = np.cumsum(exponential(4, "little", count, 1250.0))
    node = made.spots.node["2201"]
    waits = feed(made, node, arrivals, np.ones(count, int))
    edges = (arrivals.astype(np.int64), arrivals.astype(np.int64) + waits.astype(np.int64))
    times = np.concatenate(edges)
    steps = np.concatenate([np.ones(count), -np.ones(count)])
    order = np.argsort(times, kind="stable")
    level = np.cumsum(steps[order])
    span = times[order][-1] - times[order][0]
    mean_number = float((level[:-1] * np.diff(times[order])).sum() / span)
    assert mean_number == pytest.approx(count / span * waits.mean(), rel=1e-9)
    slots = made.world.tally.arrived[node].cumsum() - made.world.tally.sorted[node].cumsum()
    assert slots[-1] == 0
    assert (slots >= 0).all()


def test_two_sorters_with_feedback_are_a_jackson_network():
    """Loads nearly exponential; a third of those through the second come back to the first, each time of a new size."""
    customers, mean, back = 8000, 10.0, 1 / 3
    sizes = np.ceil(exponential(5, "jackson", 6 * customers, mean)).astype(int)
    made = built(int(sizes.sum()))
    nodes = (made.spots.node["2201"], made.spots.node["220201"])
    service = sizes.mean() * 1000.0
    gap = service / 0.4
    first = np.cumsum(exponential(5, "come", customers, gap)).astype(np.int64)
    coin = randomness.uniforms(5, "coin", 0, 6 * customers)
    events = [(int(t), k, 0) for k, t in enumerate(first)]
    heapq.heapify(events)
    state, at, load, waits = made.world.parcels.state, 0, 0, ([], [])
    while events:
        moment, who, place = heapq.heappop(events)
        size = sizes[load]
        chain(state, at, size)
        engine.arrive(made.world, np.int64(nodes[place]), np.int64(at), np.int64(moment))
        waits[place].append(int(state[at, a.QUEUED]) - 1000.0)
        done = int(state[at + size - 1, a.JOINED])
        at, load = at + size, load + 1
        if place == 0:
            heapq.heappush(events, (done, who, 1))
        elif coin[load] < back:
            heapq.heappush(events, (done, who, 0))
    rho = 0.4 / (1 - back)
    # Whole milliseconds and pieces make loads a little less variable than exponential ones.
    shape = (sizes.astype(float) ** 2).mean() / (2 * sizes.mean() ** 2)
    for held in waits:
        mean_within(np.array(held), shape * rho / (1 - rho) * service)
