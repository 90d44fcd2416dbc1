"""Journeys by train and plane on a timetable of a few lines, with answers by hand."""

import polars as pl
import pytest
from tests.travel.worlds import KM, table, world

from postroad.travel import AirEngine, RailEngine, engine, travel
from postroad.travel.rides import rail

SPOTS = {name: (125.0, 43.0 + 100 * i * KM) for i, name in enumerate("abc")}
ROADS = [("a", "b", 400, "primary"), ("b", "c", 400, "primary")]  # too far to drive to another station


def calls(*trains):
    """Rows of train_calls from (train, days, [(station, arrive, depart)])."""
    rows = [
        (train, days, step, station, arrive, depart)
        for train, days, stops in trains
        for step, (station, arrive, depart) in enumerate(stops, 1)
    ]
    names = ["train_no", "run_days", "stop_sequence", "station_name", "arrive", "depart"]
    held = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return table("train_calls", **held, timetable_year=[2016] * len(rows))


def network(train_calls, **more):
    stations = table(
        "rail_stations",
        station_id=["A", "B", "C"],
        name_zh=["甲", "乙", "丙"],
        lon=[125.0] * 3,
        lat=[at[1] for at in SPOTS.values()],
    )
    return world(SPOTS, ROADS, rail_stations=stations, train_calls=train_calls, **more)


TRAINS = (
    ("G1", "ALL", [("甲", None, "08:00"), ("乙", "08:40", "08:42"), ("丙", "09:20", None)]),
    ("G3", "ALL", [("甲", None, "23:30"), ("乙", "00:10", None)]),
    ("G5", "dates:1", [("甲", None, "10:00"), ("丙", "10:10", None)]),
)


def test_rides_know_midnight_and_leave_out_trains_that_are_not_daily():
    held = {(r["service"], r["from_stop"], r["to_stop"]): r for r in rail(network(calls(*TRAINS))).to_dicts()}
    assert set(held) == {("G1", "甲", "乙"), ("G1", "甲", "丙"), ("G1", "乙", "丙"), ("G3", "甲", "乙")}
    assert held["G1", "甲", "丙"]["ride_min"] == 80
    assert held["G3", "甲", "乙"]["ride_min"] == 40
    assert held["G3", "甲", "乙"]["depart_min"] == 23 * 60 + 30


def test_a_direct_train_with_loading_and_unloading():
    got = travel(network(calls(*TRAINS)), "rail", between=["pa", "pc"])
    assert got.select("from_id", "to_id").rows() == [("pa", "pc")]  # no train runs back
    assert got["duration_min"].item() == pytest.approx(10 + 80 + 5)
    assert got["distance_km"].item() == pytest.approx(200 * 1.1, rel=1e-3)
    assert got["source"].item() == "s"


def test_a_change_waits_for_the_next_train_that_can_be_caught():
    trains = (
        ("K1", "ALL", [("甲", None, "08:00"), ("乙", "09:00", None)]),
        ("K2", "ALL", [("乙", None, "09:15"), ("丙", "10:00", None)]),  # too soon: a change takes 20 minutes
        ("K4", "ALL", [("乙", None, "11:00"), ("丙", "12:00", None)]),
    )
    rails = RailEngine(network(calls(*trains)))
    assert rails.ways(["pa"], ["pc"]).minutes[0, 0] == pytest.approx(10 + 240 + 5)
    legs = rails.legs("pa", "pc")
    assert [leg.get("service") for leg in legs] == [None, "K1", "K4", None]
    assert legs[1]["depart"] == "08:00"
    assert rails.legs("pc", "pa") == []


def test_boards_give_a_train_between_two_stations_the_short_way_round():
    boards = table(
        "train_passages",
        station_name=["甲", "乙", "丙"],
        call_type=["through", "through", "terminus"],
        train_no=["K7"] * 3,
        arrive=["22:50", "23:50", "00:30"],
        depart=["22:55", "23:55", None],
        timetable_year=[2021] * 3,
    )
    held = rail(network(calls(*TRAINS), train_passages=boards)).filter(timetable_year=2021)
    rides = {(a, b): ride for a, b, ride in held.select("from_stop", "to_stop", "ride_min").iter_rows()}
    assert rides == {("甲", "乙"): 55, ("甲", "丙"): 95, ("乙", "丙"): 35}


def test_trains_of_two_timetables_do_not_meet():
    late = calls(("K9", "ALL", [("乙", None, "10:00"), ("丙", "11:00", None)]))
    early = calls(("K1", "ALL", [("甲", None, "08:00"), ("乙", "09:00", None)]))
    mixed = pl.concat([early, late.with_columns(timetable_year=pl.lit(2021, pl.Int64))])
    assert travel(network(mixed), "rail", between=["pa", "pc"]).is_empty()


def test_a_flight_takes_its_fixed_and_cruising_time():
    ports = table(
        "airports",
        airport_id=["AAA", "CCC"],
        county_id=["pa", "pc"],
        lon=[125.0, 125.0],
        lat=[SPOTS["a"][1], SPOTS["c"][1]],
    )
    flights = table(
        "flights",
        airline=["XX", "YY"],
        from_airport=["AAA", "CCC"],
        to_airport=["CCC", "AAA"],
        codeshare=[False, True],
        stops=[0, 0],
        distance_km=[200.0, 200.0],
        timetable_year=[2014, 2014],
    )
    air = engine(world(SPOTS, ROADS, airports=ports, flights=flights), "air")
    assert isinstance(air, AirEngine)
    ways = air.ways(["pa", "pc"], ["pc", "pa"])
    assert ways.minutes[0, 0] == pytest.approx(60 + 30 + 200 / 600 * 60 + 30)
    assert ways.minutes[1, 1] == float("inf")  # a codeshare is no flight of its own


def test_far_cities_are_reached_by_their_own_stations_and_airports():
    from postroad.network import province

    jilin = province("jilin")
    train = travel(jilin, "rail", between=["2201", "X-BEIJING", "X-TOKYO"])
    assert set(train["from_id"]) == {"2201", "X-BEIJING"}
    plane = travel(jilin, "air", between=["222401", "2201", "X-SEOUL"])
    assert plane.height == 6
    assert travel(jilin, "rail", between=["X-BEIJING", "X-SHENYANG"]).is_empty()
    assert set(plane["origin"]) == {"assumed"}
    fast = travel(jilin, "rail", between=["2201", "222401"]).filter(from_id="2201")["duration_min"].item()
    slow = travel(jilin, between=["2201", "222401"]).filter(from_id="2201")["duration_min"].item()
    assert fast < slow
