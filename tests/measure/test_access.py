"""Access on a world of three villages worked by hand; inequality figures; gains and losses by name."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import postroad as pr
from postroad.design.sites.province import SiteOptions, design_sites
from postroad.errors import DataError, InfeasibleError, UsageError
from postroad.measure.access import Asked, access, by_hour, change
from postroad.measure.access.inequality import gini, worst_share
from postroad.measure.access.queues import Desk, clerks_for, queues, wait_min, waiting
from postroad.measure.access.visits import visit_change, visits
from postroad.timetable.feed import Feed, clock
from postroad.travel.opening import Moment


@pytest.fixture(scope="module")
def jilin():
    return pr.province("jilin")


def three(jilin, stations: tuple[str, ...] = ("220122100200",)):
    """Return Jilin cut down to three villages of one township, on one meridian, 2 and 4 km apart."""
    km = np.degrees(1 / 6371.0088)
    own = jilin.places.filter(level="village", kind="village").filter(pl.col("parent_id") == "220122100").head(3)
    own = own.with_columns(lat=44.0 + km * pl.Series([0.0, 2.0, 6.0]), lon=pl.lit(125.0), urban_rural=pl.lit("122"))
    rest = jilin.places.filter(pl.col("level") != "village")
    ids = own["place_id"].to_list()
    sites = jilin.sites.filter(kind="village_post_station").head(len(stations)).with_columns(
        place_id=pl.Series(ids[: len(stations)]), lat=own["lat"].head(len(stations)), lon=pl.lit(125.0)
    )  # fmt: skip
    people = jilin.populations.filter(pl.col("place_id").is_in(ids)).with_columns(
        population_persons=pl.lit(100).cast(pl.Int64), urban_persons=pl.lit(100).cast(pl.Int64),
        rural_persons=pl.lit(0).cast(pl.Int64),
    )  # fmt: skip
    return jilin.with_(places=pl.concat([rest, own]), sites=sites, populations=people), ids


def test_minutes_by_hand(jilin):
    network, _ = three(jilin)
    found = access(network).units
    spread = np.array([2.0, 2.0, 4.0]) * 0.333
    km = 1.3 * np.hypot([0.0, 2.0, 6.0], spread)
    assert found["km"].to_numpy() == pytest.approx(km, rel=1e-3)
    assert found["walk_min"].to_numpy() == pytest.approx(60 * km / 4.5, rel=1e-3)
    assert found["inside"].to_list() == [True, True, False]
    winter = access(network, season="winter").units
    assert winter["walk_min"].to_numpy() == pytest.approx(60 * km / (4.5 * 0.75), rel=1e-3)
    figures = access(network).figures()
    assert figures["inside_town"] == pytest.approx(2 / 3)
    assert figures["persons"] == 300
    assert figures["synthetic_town"] == 1.0


def test_closing_a_point_names_who_loses(jilin):
    network, ids = three(jilin, ("a", "b"))
    fewer = network.with_(sites=network.sites.head(1))
    changed = change(access(network), access(fewer))
    assert changed.gained.height == 0
    assert changed.lost["place_id"].to_list() == [ids[2], ids[1]]  # the worst first
    assert change(access(fewer), access(network)).lost.height == 0


def test_a_network_without_points_or_villages_is_refused(jilin):
    with pytest.raises(DataError):
        access(jilin.with_(sites=jilin.sites.head(0)))
    with pytest.raises(UsageError):
        access(jilin, season="spring")


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 50)), min_size=1, max_size=20))
def test_inequality_figures_have_their_bounds(rows):
    values, weights = (np.array(column, float) for column in zip(*rows, strict=True))
    assert -1e-9 <= gini(values, weights) <= 1
    assert gini(np.full(3, 4.0), np.ones(3)) == pytest.approx(0)
    mean = np.average(values, weights=weights)
    assert mean - 1e-9 <= worst_share(values, weights) <= values.max() + 1e-9
    assert worst_share(values, weights, 1.0) == pytest.approx(mean)
    assert gini(np.array([0.0, 1.0]), np.ones(2)) == pytest.approx(0.5)


def test_jilin_gains_and_nobody_loses(jilin):
    plan = design_sites(jilin)
    assert plan.network.check() == []
    assert plan.result.facts["status"] == "optimal"
    assert plan.sites["yuan"].sum() <= 9e6
    by_year = plan.sites.group_by("year").agg(pl.col("yuan").sum()).sort("year")["yuan"].cum_sum().to_list()
    assert all(spent <= 3e6 * (k + 1) for k, spent in enumerate(by_year))
    left = plan.result["unmet"]
    assert set(left["reason"]) == {"no_candidate", "money"}
    assert (left.filter(reason="no_candidate")["repair_sites"] >= 2).all()
    money = left.filter(reason="money")
    assert set(money["repair_yuan"]) <= {20_000.0, 30_000.0}
    changed = change(access(jilin), access(plan.network))
    assert changed.lost.height == 0
    assert changed.gained.height > 100
    assert changed.after["inside_city"] > changed.before["inside_city"]


def test_jilin_floor_out_of_reach_names_counties_and_the_way_out(jilin):
    with pytest.raises(InfeasibleError) as raised:
        design_sites(jilin, SiteOptions(floor=1.0))
    assert len(raised.value.faults) > 1
    with pytest.raises(UsageError):
        design_sites(jilin, SiteOptions(floor=1.5))


def line(stops: list[tuple[str, float, float]], times: list[tuple[str, list[float]]]) -> Feed:
    """Return a feed of trips over the stops in the order of their minutes."""
    names = [stop for stop, _, _ in stops]
    rows = []
    for trip, minutes in times:
        order = names if trip.startswith("out") else names[::-1]
        rows += [
            (trip, stop, str(k), clock(at), clock(at)) for k, (stop, at) in enumerate(zip(order, minutes, strict=True))
        ]
    columns = ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time")
    days = {day: ["1"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}
    return Feed(
        {
            "stops": pl.DataFrame({"stop_id": names, "stop_lat": [str(s[2]) for s in stops],
                                   "stop_lon": [str(s[1]) for s in stops]}),
            "trips": pl.DataFrame([(trip, "all") for trip, _ in times], schema=["trip_id", "service_id"], orient="row"),
            "stop_times": pl.DataFrame(rows, schema=list(columns), orient="row"),
            "calendar": pl.DataFrame({"service_id": ["all"], **days, "start_date": ["20200101"],
                                      "end_date": ["20301231"]}),
        }
    )  # fmt: skip


def test_minutes_by_bus_by_hand(jilin):
    network, _ = three(jilin)
    km = np.degrees(1 / 6371.0088)
    stops = [("far", 125.0, 44.0 + 6 * km), ("here", 125.0, 44.0)]
    day = dt.date(2020, 1, 6)
    feed = line(stops, [("out-1", [500.0, 512.0]), ("out-2", [600.0, 609.0]), ("back-1", [700.0, 712.0])])
    found = access(network, asked=Asked(feed=feed, bus_day=day)).units
    own = 60 * 1.3 * 0.333 * 4.0 / 4.5  # from the homes of the third village to its stop
    assert found["bus_min"][2] == pytest.approx(own + 5 + 9, rel=1e-3)
    assert (found["bus_leaves_min"][2], found["bus_back_min"][2]) == (600.0, 700.0)
    assert found["carless_min"][2] == found["bus_min"][2] < found["walk_min"][2]
    assert found["bus_min"][1] is None or found["bus_min"][1] > found["walk_min"][1]
    late = line(stops, [("out-1", [500.0, 512.0]), ("back-1", [515.0, 527.0])])  # no time at the counter
    assert access(network, asked=Asked(feed=late, bus_day=day)).units["bus_min"].null_count() == 3
    shut = network.with_(sites=network.sites.with_columns(closes_min=pl.lit(505.0)))
    assert access(shut, asked=Asked(feed=feed, bus_day=day)).units["bus_min"].null_count() == 3
    waits = network.with_(sites=network.sites.with_columns(opens_min=pl.lit(620.0)))  # 11 minutes before the door
    assert access(waits, asked=Asked(feed=feed, bus_day=day)).units["bus_min"][2] == pytest.approx(own + 25, rel=1e-3)
    winter = access(network, asked=Asked("winter", feed=feed, bus_day=day)).units["bus_min"][2]
    slow = network["parameters"].filter(parameter="winter_speed_factor_jilin")["value"][0]
    assert winter == pytest.approx(own / 0.75 + 5 + 9 / slow, rel=1e-3)
    figures = access(network, asked=Asked(feed=feed, bus_day=day)).figures()
    assert figures["bus_share"] == pytest.approx(2 / 3)  # the second village may walk 4 km to the far stop
    assert figures["synthetic_bus"] == 1.0


def test_only_open_points_count(jilin):
    network, _ = three(jilin, ("a", "b"))
    hours = network.sites.with_columns(
        opens_min=pl.Series([480.0, None]), closes_min=pl.Series([720.0, None]), open_days=pl.Series(["1234567", None])
    )
    network = network.with_(sites=hours)
    both = access(network, asked=Asked(moment=Moment.of("1 11:30"))).units
    assert both["hours_assumed"].to_list() == [False, True, True]
    sunday = access(network, asked=Asked(moment=Moment.of("7 11:30"))).units
    assert set(sunday["site_id"]) == {hours["site_id"][0]}
    with pytest.raises(DataError):
        access(network, asked=Asked(moment=Moment.of("7 13:00")))
    week = by_hour(network)
    assert week.height == 168
    assert week.filter(weekday=7)["points_open"].to_list() == [0] * 8 + [1] * 4 + [0] * 12
    assert week.filter(weekday=7, hour=13)["inside"].item() == 0.0
    assert week.filter(weekday=1, hour=9)["inside"].item() == access(network).figures()["inside"]
    for wrong in ("8 10:00", "25:00", "noon", "10:75"):
        with pytest.raises(UsageError):
            Moment.of(wrong)


def test_rounds_say_who_is_served_better_or_worse(jilin):
    network, ids = three(jilin)
    source = network["sources"]["source_id"][0]

    def rounds(days: str, stops: dict[str, float]):
        one = {"round_id": "r", "county_id": "220122", "depot_place_id": "220122", "way": "shared_round", "days": days,
               "depart_min": 420.0, "duration_min": 200.0, "distance_km": 50.0, "origin": "derived",
               "source": source}  # fmt: skip
        each = [{"round_id": "r", "stop": k, "place_id": place, "arrive_min": at, "deliver_pieces": 5.0,
                 "origin": "derived", "source": source} for k, (place, at) in enumerate(stops.items(), 1)]  # fmt: skip
        return network.with_(rounds=pl.DataFrame([one]), round_stops=pl.DataFrame(each))

    before = rounds("135", {ids[0]: 480.0, ids[1]: 500.0})
    assert visits(before)["days_a_week"].to_list() == [3, 3]
    told = visit_change(before, rounds("12345", {ids[0]: 480.0, ids[2]: 500.0}))
    assert dict(told.select("place_id", "gains").rows()) == {ids[0]: True, ids[1]: False, ids[2]: True}
    later = visit_change(before, rounds("135", {ids[0]: 480.0, ids[1]: 560.0}))
    assert later.select("place_id", "gains").rows() == [(ids[1], False)]


# Waiting at the desk.


@given(st.floats(0.05, 0.95))
def test_waits_are_those_of_the_known_formulas(busy):
    """One clerk: load by load left; two clerks: load a clerk squared by what is left of it."""
    serve = 2.0
    one, two = (wait_min(60.0 * busy * clerks / serve, serve, clerks) for clerks in (1, 2))
    assert one == pytest.approx(serve * busy / (1 - busy))
    assert two == pytest.approx(serve * busy**2 / (1 - busy**2))
    assert wait_min(60.0 / serve, serve, 1) == float("inf")


def test_people_wait_at_the_nearest_desk_and_too_many_are_named(jilin):
    network, _ = three(jilin)
    found = access(network)
    told = queues(network, found)
    visits = 300 * 61.0 / 365.0 / 1.5 / told["hours"][0]
    assert told["visits_h"].to_list() == pytest.approx([visits])
    assert told["wait_min"][0] == pytest.approx(wait_min(visits, 1.5, 1))
    crowd = Desk(pieces_head_year=61.0 * 60)
    full = queues(network, found, crowd)
    assert full["wait_min"].to_list() == [None]
    assert waiting(full)["overloaded_share"] == 1.0
    enough = clerks_for(full["visits_h"][0], crowd)
    assert full["clerks_needed"].to_list() == [enough]
    assert wait_min(full["visits_h"][0], 1.5, enough) <= 5.0 < wait_min(full["visits_h"][0], 1.5, enough - 1)
    with pytest.raises(UsageError):
        queues(network, found, Desk(serve_min=0.0))
