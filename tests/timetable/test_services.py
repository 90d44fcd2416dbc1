"""Services of a day, journeys over them, and the feeds made from Jilin's tables."""

import datetime as dt
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postroad
from postroad.errors import UsageError
from postroad.timetable import buses, check, earliest, flights, services, trains, write_gtfs
from postroad.timetable.services import running
from tests.timetable.test_feed import small

MONDAY, SATURDAY = dt.date(2020, 9, 28), dt.date(2020, 10, 10)


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


@pytest.mark.parametrize(
    ("day", "runs"),
    [(MONDAY, True), (SATURDAY, False), (dt.date(2020, 10, 1), False), (dt.date(2020, 10, 3), True),
     (dt.date(2019, 12, 30), False)],
)  # fmt: skip
def test_a_service_runs_by_week_and_by_exception(day, runs):
    assert running(small(), day).to_list() == (["week"] if runs else [])
    assert (services(small(), day).height > 0) == runs


def test_services_by_hand():
    """t1 has two legs; t2 skips b, which has no time; t3 starts at 6:00, 6:20 and 6:40, not at 7:00."""
    found = services(small(), MONDAY)
    legs = found.filter(pl.col("trip_id").str.starts_with("t1"))
    assert legs["depart_min"].to_list() == [480, 511]
    assert legs["arrive_min"].to_list() == [510, 540]
    night = found.filter(trip_id="t2")
    assert night.select("from_stop", "to_stop", "depart_min", "arrive_min").rows() == [("a", "c", 1430, 1510)]
    by_headway = found.filter(pl.col("trip_id").str.starts_with("t3"))
    assert by_headway["depart_min"].to_list() == [360, 380, 400]
    assert found["capacity_pieces"].min() > 0
    assert found["handover_min"].min() > 0
    assert set(found["origin"]) == {"synthetic"}


def test_a_parcel_rides_changes_and_waits_for_the_next_day():
    found = {row[0]: row[1:] for row in earliest(services(small(), MONDAY), "a", 470).iter_rows()}
    assert found["b"] == (510, 1)
    assert found["c"] == (540, 1)
    late = {row[0]: row[1] for row in earliest(services(small(), MONDAY), "a", 1440 - 20).iter_rows()}
    assert late["c"] == 1510
    assert late["b"] == 1440 + 510
    with pytest.raises(UsageError):
        earliest(services(small(), MONDAY), "nowhere", 0)


def brute(connections, start, ready):
    """Try every connection until nothing improves: a state is (stop, aboard which trip)."""
    best, aboard = {start: ready}, set()
    for _ in range(len(connections) + 1):
        changed = False
        for a, b, leave, arrive, trip, change in connections:
            if (trip, leave) in aboard or best.get(a, np.inf) + change <= leave:
                for other in connections:
                    if other[4] == trip and other[2] >= leave and (trip, other[2]) not in aboard:
                        aboard.add((trip, other[2]))
                        changed = True
                if arrive < best.get(b, np.inf):
                    best[b] = arrive
                    changed = True
        if not changed:
            return best
    return best


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_journeys_agree_with_trying_everything(seed):
    rng = np.random.default_rng(seed)
    rows = []
    for trip in range(rng.integers(1, 7)):
        stops = rng.permutation(5)[: rng.integers(2, 5)]
        now = int(rng.integers(0, 300))
        for a, b in pairwise(stops):
            ride = int(rng.integers(1, 60))
            rows.append((str(a), str(b), float(now), float(now + ride), f"t{trip}", float(rng.integers(0, 20))))
            now += ride + int(rng.integers(0, 10))
    names = ["from_stop", "to_stop", "depart_min", "arrive_min", "trip_id", "handover_min"]
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.col("handover_min").first().over("trip_id"))
    start = rows[0][0]
    found = {row[0]: row[1] for row in earliest(frame, start, 10.0, days=1).iter_rows()}
    assert found == brute(list(frame.select(names).iter_rows()), start, 10.0)


def test_jilins_trains_keep_the_rules_and_nothing_is_lost_unsaid(jilin):
    made = trains(jilin)
    assert check(made.feed) == []
    itineraries = jilin.train_calls.filter(run_days="ALL")["train_no"].n_unique()
    assert itineraries > 200
    of_2016 = made.feed["trips"].filter(pl.col("trip_id").str.ends_with("/2016")).height
    assert of_2016 + made.dropped_trains >= itineraries
    assert (
        made.unknown_days
        == jilin.train_calls.filter(pl.col("run_days") != "ALL").select("train_no", "run_days").n_unique()
    )
    day = services(made.feed, dt.date(2020, 11, 11))
    assert (day["arrive_min"] >= day["depart_min"]).all()
    changchun = jilin.rail_stations.filter(name_zh="长春")["station_id"][0]
    jilin_city = jilin.rail_stations.filter(name_zh="吉林")["station_id"][0]
    found = dict(earliest(day, changchun, 480).select("stop_id", "arrive_min").iter_rows())
    assert 520 < found[jilin_city] < 700


def test_every_township_has_a_synthetic_bus_and_trips_agree_with_the_parameter(jilin):
    feed = buses(jilin)
    assert check(feed) == []
    towns = jilin.places.filter(pl.col("level") == "township", ~pl.col("kind").is_in(["street", "special"]))
    assert feed["routes"].height == towns.height
    a_day = feed["trips"].height / feed["routes"].height / 2
    wanted = jilin.parameters.filter(parameter="bus_route_trips_per_day")["value"][0]
    assert a_day == pytest.approx(wanted, abs=0.5)
    assert set(services(feed, MONDAY)["origin"]) == {"synthetic"}


def test_same_seed_same_feed_and_flights_are_marked_assumed(jilin, tmp_path):
    first, second = (write_gtfs(buses(jilin, 3), tmp_path / f"{n}.zip").read_bytes() for n in "ab")
    assert first == second
    assert write_gtfs(buses(jilin, 4), tmp_path / "c.zip").read_bytes() != first
    planes = flights(jilin)
    assert check(planes) == []
    assert set(services(planes, MONDAY)["origin"]) == {"assumed"}
