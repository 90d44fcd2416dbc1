"""Learning from simulated days on three hubs by hand: the best round is kept, and it stops where nothing changes."""

import functools
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from postroad.design.lines.ends import Door, Ends
from postroad.design.lines.rides import Ride
from postroad.evaluate import amending, gaps, trunk, verbs
from postroad.evaluate.amending import Window, amended, chosen, window, worth
from postroad.evaluate.gaps import Riding
from postroad.face.cli import design_trunk as command
from postroad.face.web import work
from postroad.simulate.day.options import Options

LISTEN = {"progress": None, "stop": None}
DAY = {"day": "2020-06-10", "scale": 0.02, "seed": 1, **LISTEN}
ASKED = {"plants": "pack", "time_s": 60.0, "gap": 0.01, "seed": 0}


def known(luck, source):
    return Ends(60.0, (Door(1.0, (480.0,), (194.0,)),), luck=luck, source=source)


def held(*shares):
    rows = [("core", n, "A", "B", 95.0, 100, share, share) for n, share in enumerate(shares)]
    names = ("promise_class", "pair_id", "from_place_id", "to_place_id", "share_asked_percent", "parcels",
             "planned_percent", "simulated_percent")  # fmt: skip
    return pl.DataFrame(rows, schema=names, orient="row")


@pytest.fixture
def rounds(monkeypatch):
    """A loop whose rounds keep the shares they are told to, and show ends of rising luck."""

    def made(*shares, lucks=()):
        days, seen, asked = iter(shares), iter(lucks), []
        monkeypatch.setattr(trunk, "trunk_tiers", lambda *_, **__: SimpleNamespace(tiers=lambda _: {"A": 1}))
        monkeypatch.setattr(trunk, "simulate_day", lambda *_, **__: _run())
        monkeypatch.setattr(trunk, "against", lambda *_: (held(next(days)), None))

        def brief(_network, _demand, _tiers, ends, *_):
            asked.append(ends.luck)
            return SimpleNamespace(network=None)

        monkeypatch.setattr(trunk, "_brief", brief)
        monkeypatch.setattr(trunk, "shown", lambda *_: known(next(seen), f"round {len(asked)}"))
        best, told = trunk.rehearsed(None, None, known(1.0, "rule"), DAY, ASKED)
        return best, told, asked

    return made


def _run():
    return type("Run", (dict,), {"run_id": "x"})(parcels=None, trips=None)


def test_the_best_round_is_kept_and_the_first_that_does_no_better_ends_it(rounds):
    best, told, asked = rounds(80.0, 85.0, 84.0, lucks=(1.1, 1.2, 1.3))
    assert asked == [1.0, 1.1, 1.2]
    assert best.luck == 1.1
    assert told.select("round", "kept").rows() == [(1, False), (2, True), (3, False)]


def test_a_second_round_that_is_worse_leaves_the_first(rounds):
    best, told, asked = rounds(85.0, 84.0, lucks=(1.1, 1.2))
    assert (best.luck, asked, told["kept"].to_list()) == (1.0, [1.0, 1.1], [True, False])


def test_it_stops_when_a_day_shows_the_ends_it_was_designed_on(rounds):
    best, told, asked = rounds(85.0, lucks=(1.0,))
    assert (best.source, asked, told.height) == ("rule", [1.0], 1)


def test_no_more_rounds_than_asked_for(rounds):
    _, told, _ = rounds(80.0, 81.0, 82.0, lucks=(1.1, 1.2, 1.3))
    assert told.height == trunk.ROUNDS


MINUTES = {("A", "H"): 60.0, ("H", "B"): 60.0, ("X", "H"): 300.0}


def three_hubs(luck=1.0):
    """Outside X, hub H, place B: five hours to the hub, an hour on; one feeder at 11:00, couriers at 8:00 and 14:00."""
    ends = known(luck, "by hand")
    doors = {"B": (Door(1.0, (480.0, 840.0), (60.0,)),)}
    roads = SimpleNamespace(minutes=lambda a, b: MINUTES[a, b], mode=lambda *_: "road")
    work = SimpleNamespace(
        ways=[["X", "H", "B"]], roads=roads, kinds={"X": "city", "B": "county"}, layout=SimpleNamespace(tier={"H": 1}),
        terms=SimpleNamespace(county_handling_min=30.0, margin_min=10.0, sort_min={1: 90.0}),
        ends=SimpleNamespace(luck=luck, last_min=0.0, door=lambda place: doors.get(place, ends.usual_door)),
    )  # fmt: skip
    departures = {("X", "H"): [(600.0, 300.0)], ("H", "B"): [(660.0, 60.0)]}
    return SimpleNamespace(work=work, departures=departures, handling={"H": 30.0, "B": 30.0, "X": 30.0})


def late(ready, out=1440.0 + 840.0, door=1440.0 + 960.0, due=1440.0 + 1020.0):
    return {"row": 0, "ready_min": ready, "out_min": out, "door_min": door, "there_min": out - 30.0, "due_min": due,
            "stops": [("X", None, ready, None)]}  # fmt: skip


def test_the_window_of_a_late_parcel_by_hand():
    """Due at 17:00 and two hours on the round: the 14:00 one, so the 11:00 feeder, the wave that closes at 9:20."""
    made = window(three_hubs(), late(1440.0 - 60.0))
    assert made == Window(("X", "H"), 1380.0, 1440.0 + 560.0, 300.0, ("H", 660.0))
    assert window(three_hubs(), late(1440.0 + 261.0)) is None
    assert made.chance(60.0, 0.0) == 1.0
    assert made.chance(265.0, 0.0) == 0.0
    # with luck half of the vehicles that leave at the last moment are there in time, nearly all of an hour earlier
    assert made.chance(260.0, 0.08) == pytest.approx(0.5)
    assert made.chance(200.0, 0.08) > 0.97


def test_departures_are_put_where_they_bring_most_and_no_more_than_needed():
    table = three_hubs()
    line = ("X", "H")
    early = [Window(line, 1380.0, 1440.0 + 560.0, 300.0, ("H", 660.0)) for _ in range(5)]
    later = [Window(line, 1440.0 + 200.0, 1440.0 + 560.0, 300.0, ("H", 660.0)) for _ in range(9)]
    times, feeders = chosen(table, [*early, *later], 14, 100)
    assert (times, feeders) == ({line: [200.0]}, {("H", 660.0)})
    assert chosen(table, early, 3, 100)[0] == {line: [1380.0]}
    assert chosen(table, [], 3, 100) == ({}, set())
    # a line that leaves within minutes of it anyway gets none
    table.departures[line].append((195.0, 300.0))
    assert chosen(table, later, 9, 100)[0] == {}


def test_amends_that_do_no_better_are_told_and_left_out(monkeypatch):
    """Two rounds that hold more, and one that does not: the second is what comes back."""
    days = iter([held(90.0, 96.0), held(95.0, 96.0), held(94.0, 96.0)])
    monkeypatch.setattr(amending, "simulate_day", lambda *_, **__: {"parcels": None})
    monkeypatch.setattr(amending, "against", lambda *_: (next(days), None))
    row = {"promise_class": "core", "pair_id": 0, "from_place_id": "A", "to_place_id": "B", "before_percent": 90.0,
           "at_most_by_road_percent": 97.0, "departures": 1, "waves": 0, "yuan_day": 7.0}  # fmt: skip
    monkeypatch.setattr(amending, "_round", lambda table, *_: (SimpleNamespace(network=table.network + 1), [row]))
    best, told = amended(SimpleNamespace(network=0), None, DAY, rounds=3)
    assert best.network == 1
    assert told.select("round", "after_percent", "kept").rows() == [(1, 95.0, True), (2, 94.0, False)]
    assert worth(held(95.0, 96.0)) > worth(held(94.9, 99.0)) > worth(held(94.0, 99.0))
    assert np.isclose(told["yuan_day"][0], 7.0)


def test_command_library_and_console_learn_alike(monkeypatch, tmp_path):
    """All three ask the same function for the same flows, none with rounds or ends of its own."""
    asked = []

    class Enough(Exception):
        pass

    @functools.wraps(trunk.design_trunk)
    def spy(network, flows, **options):
        told = {key: value for key, value in options.items() if key not in LISTEN}
        asked.append((network, flows, {"plants": "pack", "learn": 0.02, **told}))
        raise Enough

    def flows(network, year=2020, scenario="base", *, seed=0):
        return (network, year, scenario, seed)

    monkeypatch.setattr(trunk, "design_trunk", spy)
    monkeypatch.setattr("postroad.demand.demand", flows)
    monkeypatch.setattr(verbs, "demand", flows)
    monkeypatch.setattr("postroad.network.province", lambda name: name)
    words = {"province": "jilin", "year": 2020, "scenario": "base", "seed": 3, "time_limit_s": 20.0, "plants": "pack",
             "learn": 0.02, "simulate": 0.0, "json": True, "out": tmp_path}  # fmt: skip
    with pytest.raises(Enough):
        command.run(SimpleNamespace(**words))
    options = SimpleNamespace(year=2020, scenario="base", seed=3, time_s=20.0)
    with pytest.raises(Enough):
        work.trunk_design("jilin", options, SimpleNamespace(progress=None, stop=None))
    with pytest.raises(Enough):
        verbs.design("jilin", "trunk", seed=3, time_s=20.0)
    assert asked[0] == asked[1] == asked[2]


def test_two_rides_are_followed_as_they_run_with_a_change_between():
    """Ready at 9:00, a train at 10:00 to the hub by 12:00, sorted by 13:40, on at 14:00, an hour's road at the end."""
    train = ride("K1", "A", "H", 600.0, 120.0)
    flight = ride("MU1", "H", "B", 840.0, 120.0)
    road = {("A", "A"): 0.0, ("B", "C"): 60.0}
    work = SimpleNamespace(
        rides={one.key: one for one in (train, flight)}, layout=SimpleNamespace(tier={"H": 1}),
        terms=SimpleNamespace(sort_min={1: 90.0}, margin_min=10.0),
        roads=SimpleNamespace(minutes=lambda a, b: road.get((a, b), np.inf)),
    )  # fmt: skip
    riding = Riding(SimpleNamespace(work=work))
    first, second = riding.arrivals(540.0, "A", "C")
    assert not np.isfinite(first).any()
    assert second.min() == 960.0 + 60.0
    # twenty minutes later the train has gone, and so it is a day later
    assert riding.arrivals(620.0, "A", "C")[1].min() == 1440.0 + 1020.0


def test_handling_outside_has_to_be_so_much_quicker():
    """Two of four parcels are late by 20 and by 50 minutes: half an hour makes three of four, an hour all."""
    day = SimpleNamespace(outside={"X"}, best=lambda trip, road: trip["door_min"])
    own = [{"origin": "A", "destination": "X", "late": n > 1, "accepted_min": 0.0, "door_min": 1440.0 + late,
            "due_min": 1440.0} for n, late in enumerate((-30.0, -10.0, 20.0, 50.0))]  # fmt: skip
    assert [gaps._quicker(day, own, asked) for asked in (50.0, 75.0, 95.0)] == [0, 30, 60]
    day.outside = set()
    assert gaps._quicker(day, own, 95.0) is None


def ride(trip, a, b, depart, minutes):
    return Ride(trip, trip, "rail", a, b, depart, minutes, 400, 1.2, 300.0, "1234567", depart, (0, 1))


def test_a_third_round_is_a_parameter_of_the_network_and_no_part_of_other_runs():
    parameters = pl.DataFrame({"parameter": ["city_third_round"], "value": [660.0], "low": [None]},
                              schema_overrides={"low": pl.Float64})  # fmt: skip
    network = type("Pack", (dict,), {"name": "toy"})(parameters=parameters)
    assert Options.of(network).third_round_min == 660.0
    assert "third_round_min" in Options.of(network).as_dict()
    assert "third_round_min" not in Options().as_dict()
