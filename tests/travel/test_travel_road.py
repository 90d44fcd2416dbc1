"""Roads of Jilin: plausible distances, symmetry, the triangle inequality, winter, and places apart."""

import numpy as np
import polars as pl
import pytest

from postroad.errors import DataError
from postroad.network import province
from postroad.travel import RoadEngine, Speeds, travel

SEATS = {"2202": 113, "2203": 120, "2204": 115, "2207": 170, "2205": 270, "2206": 266, "2208": 348, "222401": 413}
TOWNS = ["2201", *SEATS]


def flat_speeds() -> Speeds:
    """The speeds that the graph was measured with when it was made: 100, 70, 55, 45 km/h, and no city traffic."""
    one = {"motorway": 100, "trunk": 70, "primary": 55, "secondary": 45, "link": 45, "tertiary": 30, "local": 30}
    return Speeds({c: (v, v, v) for c, v in one.items()}, (30, 30, 30), (1e3, 1e3, 1e3))


@pytest.fixture(scope="module")
def jilin():
    return province("jilin")


@pytest.fixture(scope="module")
def seats(jilin):
    return RoadEngine(jilin).ways(TOWNS, TOWNS)


def test_seats_lie_as_far_as_the_graph_was_measured_to_say(jilin):
    km = RoadEngine(jilin, speeds=flat_speeds()).ways(["2201"], list(SEATS)).km
    np.testing.assert_allclose(km[0], list(SEATS.values()), atol=9.0)


def test_times_are_symmetric_and_keep_the_triangle_inequality(seats):
    minutes = seats.minutes
    np.testing.assert_allclose(minutes, minutes.T)
    assert (minutes[:, None, :] <= minutes[:, :, None] + minutes[None, :, :] + 1e-6).all()


def test_the_range_holds_the_likely_minutes(seats):
    off = ~np.eye(len(TOWNS), dtype=bool)
    assert (seats.quick_min < seats.minutes)[off].all()
    assert (seats.minutes < seats.slow_min)[off].all()


def test_winter_takes_longer_by_its_factor(jilin, seats):
    winter = RoadEngine(jilin, "winter").ways(TOWNS, TOWNS)
    np.testing.assert_allclose(winter.minutes, seats.minutes / 0.8)


def test_all_unknown_places_are_named_at_once(jilin):
    with pytest.raises(DataError) as told:
        travel(jilin, between=["2201", "nowhere", "neither"])
    assert [fault.value for fault in told.value.faults] == ["nowhere", "neither"]


def test_far_cities_without_a_road_are_named(jilin):
    with pytest.raises(DataError) as told:
        travel(jilin, between=["2201", "X-TOKYO", "X-SEOUL", "X-BEIJING"])
    assert [(f.key, f.value) for f in told.value.faults] == [
        ("travel.no_road_there", "X-TOKYO"),
        ("travel.no_road_there", "X-SEOUL"),
    ]


def test_places_no_road_joins_are_named_with_the_nearest_gap(jilin):
    links = jilin["road_links"]
    alone = links.filter(links["from_node"].is_in(["1", "3"]) | links["road_class"].is_in(["secondary"]))
    with pytest.raises(DataError) as told:
        travel(jilin.with_(road_links=alone), between=["2201", "2224"])
    assert [(f.key, f.value) for f in told.value.faults] == [("travel.disconnected", "2224")]
    assert dict(told.value.faults[0].facts)["gap_km"] > 0
    assert " km" in told.value.faults[0].say("en")


def test_counties_zones_and_outside_places_are_dense(jilin):
    frame = travel(jilin)
    inside = jilin.places.filter(level="county").height
    outside = 12 + 5 - 4  # cities and crossings without Tokyo, Osaka, Seoul and Vladivostok
    far = 12 - 4  # no rows from one far city to another
    assert frame.height == (inside + outside) * (inside + outside - 1) - far * (far - 1)
    assert frame.null_count().sum_horizontal().item() == 0
    far = frame.filter(pl.col("from_id").str.starts_with("X-") | pl.col("to_id").str.starts_with("X-"))
    assert set(far["origin"]) == {"assumed"}


def test_a_crossing_adds_its_wait(jilin):
    waits = jilin["border_waits"]
    free = jilin.with_(border_waits=waits.clear())
    pair = ["222404", "X-RU-HUNCHUN"]
    with_wait, without = (travel(one, between=pair)["duration_min"].to_numpy() for one in (jilin, free))
    wait = waits.filter(place_id="X-RU-HUNCHUN")["wait_min"].item()
    np.testing.assert_allclose(with_wait - without, wait)
