"""Roads of Jilin: plausible distances, symmetry, the triangle inequality and winter."""

import numpy as np
import pytest

from postroad.errors import DataError
from postroad.network import province
from postroad.travel import RoadEngine, travel

SEATS = {"2202": 113, "2203": 120, "2204": 115, "2207": 170, "2205": 270, "2206": 266, "2208": 348, "2224": 413}


@pytest.fixture(scope="module")
def seats():
    return RoadEngine(province("jilin"), ["2201", *SEATS]).matrix()


def test_seats_lie_as_far_as_the_graph_was_measured_to_say(seats):
    np.testing.assert_allclose(seats[0][0, 1:], list(SEATS.values()), rtol=0.15)


def test_times_are_symmetric_and_keep_the_triangle_inequality(seats):
    minutes = seats[1]
    np.testing.assert_allclose(minutes, minutes.T)
    assert (minutes[:, None, :] <= minutes[:, :, None] + minutes[None, :, :] + 1e-6).all()


def test_winter_takes_longer(seats):
    winter = RoadEngine(province("jilin"), ["2201", *SEATS], "winter").matrix()[1]
    np.testing.assert_allclose(winter, seats[1] / 0.8)


def test_all_unknown_places_are_named_at_once():
    with pytest.raises(DataError) as told:
        travel(province("jilin"), ["2201", "nowhere", "neither"])
    assert [fault.value for fault in told.value.faults] == ["nowhere", "neither"]


def test_places_no_road_joins_are_named():
    jilin = province("jilin")
    links = jilin["road_links"]
    alone = links.filter(links["from_node"].is_in(["1", "3"]) | links["road_class"].is_in(["secondary"]))
    with pytest.raises(DataError) as told:
        travel(jilin.with_(road_links=alone), ["2201", "2224"])
    assert [(f.key, f.value) for f in told.value.faults] == [("travel.disconnected", "2224")]
    assert dict(told.value.faults[0].facts)["gap_km"] > 0
    assert " km" in told.value.faults[0].say("en")
