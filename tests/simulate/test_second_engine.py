"""The day engine against an event-by-event simulation in SimPy: every parcel of random worlds, to the millisecond."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.simulate.second_engine import Day
from tests.simulate.worlds import DAY, line, network, parcels, round_

from postroad import randomness
from postroad.simulate.day import Disruption
from postroad.simulate.day import arrays as a
from postroad.simulate.day.disruption import disruptions
from postroad.simulate.day.engine import advance
from postroad.simulate.day.options import Horizon, Options
from postroad.simulate.day.parcels import batch
from postroad.simulate.day.world import setting

VILLAGES = ["220101001001", "220101001002", "220201001001", "220201001002"]


def country(pick):
    """A van from the seat to two townships, perhaps twice; rounds from there to a village each; a bus to a third."""
    at = 300 + np.sort(pick("van", 1, 300, 4)).astype(float)
    own, stops = round_("V", "220101", 200, [("220101002", at[0]), ("220101003", at[1])])
    again = [("220101", at[2]), ("220101003", at[3])] if pick("again", 0, 1)[0] else []
    stops += [{"round_id": "V", "stop": 3 + k, "place_id": p, "arrive_min": m} for k, (p, m) in enumerate(again)]
    if pick("ready", 0, 1)[0]:
        stops = [{**s, "leave_min": s["arrive_min"] + 5.0, "ready_min": s["arrive_min"] + 9.0} for s in stops]
    room = float(pick("van room", 1, 12)[0])
    rounds = [{**own, "duration_min": 500.0, "capacity_pieces": room, "season": "winter", "tier": 1}]
    for town in ("220101002", "220101003"):
        leaves = float(pick(f"leaves{town}", 300, 700)[0])
        own, its = round_(f"T{town}", town, leaves, [(f"{town}001", leaves + 20), (town, leaves + 50),
                                                     (f"{town}001", leaves + 70)])  # fmt: skip
        rounds.append({**own, "county_id": "220101", "capacity_pieces": float(pick(f"room{town}", 1, 9)[0])})
        stops += its
    seat, its = round_("S", "220101", 500, [("220101001002", 530.0)])
    ride = {"depart_min": 480.0, "duration_min": 33.0, "handover_min": 4.0}
    buses = [{"from_place_id": a, "to_place_id": b, "capacity_pieces": float(pick(f"hold{a}", 1, 6)[0]), **ride}
             for a, b in (("220101", "220101001001"), ("220101001001", "220101"))]  # fmt: skip
    return [*rounds, {**seat, "capacity_pieces": 5.0}], [*stops, *its], buses


def world(seed, rural=False):
    """Lines at odd times both ways through a hub, waves or none, docks or none, lockers, an office for abroad."""
    pick = lambda name, low, high, n=1: low + randomness.integers(seed, name, 0, n, high - low + 1)  # noqa: E731
    coarse = 5 if pick("coarse", 0, 1)[0] else 1
    lines = []
    for k, (x, y) in enumerate([("220101", "2201"), ("2201", "220101"), ("220201", "2201"), ("2201", "220201"),
                                ("X-BEIJING", "2201"), ("2201", "X-BEIJING"), ("2201", "X-SEOUL")]):  # fmt: skip
        count = int(pick(f"count{k}", 1, 4)[0])
        leaves = pick(f"leave{k}", 0, 1439 // coarse, count) * coarse
        takes = pick(f"take{k}", 1, 200 // coarse, count) * coarse
        room = pick(f"room{k}", 0, 30, count)
        # Some lines wait for a load: until it is there, or until somebody has waited for so many days.
        fills = [{} if n else {"least_pieces": float(min(r, m)), "hold_days": h or None} for n, m, r, h in zip(
            pick(f"fills{k}", 0, 2, count), pick(f"least{k}", 1, 12, count), room,
            pick(f"hold{k}", 0, 5, count) / 2, strict=True)]  # fmt: skip
        lines += [line(x, y, m, t, r, **f) for m, t, r, f in zip(leaves, takes, room, fills, strict=True)]
        lines.append(line(x, y, 720, 60, 5))
    rate = float(pick("rate", 5, 200)[0])
    plants = [
        {"place_id": "2201", "sort_rate_pieces_h": rate, "docks": int(pick("docks", 1, 2)[0]), "handling_min": 7.0},
        {"place_id": "2201", "sort_rate_pieces_h": 20.0, "kind": "exchange_office", "handling_min": 11.0},
    ]
    for town in ("220101002", "220101003") if rural and pick("nodes", 0, 2)[0] else ():
        plants.append({"place_id": town, "sort_rate_pieces_h": float(pick(f"hands{town}", 3, 40)[0]),
                       "kind": "township_node", "handling_min": 2.0, "open_min": float(pick(f"opens{town}", 1, 500)[0]),
                       "close_min": float(pick(f"closes{town}", 900, 1440)[0]),
                       "storage_pieces": float(pick(f"shelf{town}", 1, 12)[0] * pick(f"full{town}", 0, 1)[0]) or None,
                       "fetched_percent": float(pick(f"fetch{town}", 0, 1)[0] * 40)})  # fmt: skip
    if pick("county", 0, 1)[0]:
        plants.append({"place_id": "220201", "sort_rate_pieces_h": rate / 2, "kind": "county_centre"})
    cuts = np.sort(pick("cuts", 0, 1439, 3))
    waves = [
        {"place_id": "2201", "wave": k + 1, "open_min": float(cuts[k - 1]) if k else 0.0, "cutoff_min": float(cuts[k]),
         "release_min": float(cuts[k] + pick(f"release{k}", 0, 90)[0])}
        for k in range(3)
    ] if pick("waves", 0, 1)[0] else []  # fmt: skip
    rounds, stops, buses = country(pick) if rural else ([], [], [])
    for k, county in list(enumerate(("220101", "220201")))[int(rural) :]:
        for n in range(int(pick(f"rounds{k}", 1, 3)[0])):
            minutes = 300 + np.sort(pick(f"stops{k}{n}", 1, 200, 2))
            served = list(zip(VILLAGES[2 * k : 2 * k + 2], minutes, strict=True))
            vehicle = {"operator_id": "A"} if pick(f"own{k}{n}", 0, 3)[0] == 0 else {}
            own, its = round_(f"R{k}{n}", county, 300 - pick(f"off{k}{n}", 0, 200)[0], served, **vehicle)
            rounds.append(own)
            stops += its
        whole, its = round_(f"W{k}", county, 1000, list(zip(VILLAGES[2 * k : 2 * k + 2], (1020, 1050), strict=True)))
        rounds.append(whole)
        stops += its
    kinds = (("locker_group", 0, 2), ("village_post_station", 2, None), ("locker_group", 2, 1))
    sites = [{"site_id": f"S{k}", "kind": kind, "place_id": VILLAGES[at], "cells": cells, "status": "open"}
             for k, (kind, at, cells) in enumerate(kinds)]  # fmt: skip
    return network(plants=plants, lines=lines, waves=waves, rounds=rounds, stops=stops, sites=sites, buses=buses)


def bad_day(seed):
    pick = lambda name, low, high: float(low + randomness.integers(seed, name, 0, 1, high - low + 1)[0])  # noqa: E731
    start = pick("from", 0, 2000)
    until = start + pick("long", 1, 1500)
    return [
        Disruption("plant", start, until, factor=pick("factor", 0, 2) / 2, place_id="2201"),
        Disruption("road", start, until, factor=pick("road", 0, 3) / 2, from_place_id="220101", to_place_id="2201"),
        Disruption("round", start, until, factor=pick("round", 0, 2) / 2, place_id="220201"),
    ]


def both(seed, count):
    rural = bool(randomness.integers(seed, "rural", 0, 1, 2)[0])
    made = world(seed, rural)
    near = ["220101002001", "220101003001", *VILLAGES[:2]] if rural else VILLAGES
    ends = [*near, "X-BEIJING", "X-SEOUL"]
    draw = lambda name, below: randomness.integers(seed, name, 0, count, below)  # noqa: E731
    origin, destination, minute = draw("origin", 5), draw("destination", 6), draw("minute", 1440)
    urgent = draw("urgent", 5)
    rows = [
        (ends[o], ends[d], int(m), "MEDICAL" if u == 0 else "INTRA", "AB"[u % 2])
        for o, d, m, u in zip(origin, destination, minute, urgent, strict=True)
        if o != 4 or d < 4
    ] or [(near[0], near[3], 5, "INTRA", "A")]
    options = Options.of(made, tail_days=3, not_home=0.3, locker_share=0.5, most_tries=2, outlet_min=3.0,
                         dock_pieces_h=60.0, customs_transfer_min=45.0, inspect_share=0.4,
                         inspect_h=float(draw("inspect", 30)[0]))  # fmt: skip
    horizon = Horizon.of(DAY, 1, 2021, options)
    struck = disruptions(bad_day(seed), made, dt.date(2021, 6, 2)) if draw("bad", 2)[0] else ()
    drawn = batch(parcels(made, rows), horizon, options, seed, None, None)
    built = setting(made, drawn, horizon, options, seed, struck)
    told = Day(built).run()
    advance(built.world, built.end_ms)
    return built, told


def agree(built, told):
    state, visit, end = built.world.parcels.state, built.world.parcels.visit, built.end_ms
    for p, other in enumerate(told):
        row = state[p]
        assert row[a.STATUS] == other.status, p
        assert row[a.TRIES] & 15 == other.tries
        assert row[a.TRIES] >> 4 == other.refused
        assert (row[a.OUT], row[a.DONE]) == (other.out, other.done)
        assert built.world.parcels.collected[p] == other.collected
        assert row[a.VISITED] == len(other.visits)
        for ours, theirs in zip(visit[p], other.visits[: a.VISITS], strict=False):
            assert ours[:2].tolist() == theirs[:2]
            assert ours[3] == theirs[3]
            # Who is not yet sorted at the end has no such moment in an event-by-event run.
            assert ours[2] == theirs[2] or (theirs[2] is None and ours[2] >= end)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9), st.integers(1, 60))
def test_every_parcel_is_where_the_event_by_event_simulation_says(seed, count):
    agree(*both(seed, count))


@pytest.mark.slow
def test_so_are_the_parcels_of_a_hundred_busier_worlds():
    for seed in range(100):
        agree(*both(10_000 + seed, 400))
