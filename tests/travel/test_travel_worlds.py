"""Travel on worlds of a few places, with answers by hand and properties of random ones."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from tests.travel.worlds import KM, SPEEDS, table, world

from postroad.errors import DataError, UsageError
from postroad.travel import CircleEngine, RoadEngine, find, stream, travel
from postroad.travel.graph import Graph

LINE = {"a": (125.0, 43.0), "b": (125.0, 43.0 + 30 * KM), "c": (125.0, 43.0 + 60 * KM)}
ROADS = [("a", "b", 30, "primary"), ("b", "c", 30, "secondary")]


def way(network, start, end, **options):
    return travel(network, between=[start, end], **options).filter(from_id=start).row(0, named=True)


def test_kilometres_and_minutes_by_hand():
    got = way(world(LINE, ROADS), "pa", "pc")
    assert got["distance_km"] == pytest.approx(60.0)
    assert got["duration_min"] == pytest.approx(30 + 45)  # 30 km at 60 km/h, 30 km at 40 km/h
    assert got["origin"] == "derived"
    assert got["error_km"] is None  # nothing to judge by


def test_winter_slows_by_the_factor_and_the_day_chooses_the_links():
    network = world(LINE, [*ROADS, ("a", "c", 50, "motorway")])
    assert way(network, "pa", "pc")["duration_min"] == pytest.approx(30)
    assert way(network, "pa", "pc", season="winter")["duration_min"] == pytest.approx(30 / 0.8)
    opening = pl.Series([None, None, dt.date(2021, 9, 28)], dtype=pl.Date)
    later = network.with_(road_links=network["road_links"].with_columns(opened_on=opening))
    assert way(later, "pa", "pc", on=dt.date(2021, 9, 27))["duration_min"] == pytest.approx(75)
    assert way(later, "pa", "pc", on=dt.date(2021, 9, 28))["duration_min"] == pytest.approx(30)


def test_a_place_beside_a_road_pays_its_last_leg_to_the_nearest_point():
    east = 2 / (111.195 * np.cos(np.radians(43.0 + 30 * KM)))
    network = world(LINE, ROADS, {"off": (125.0 + east, 43.0 + 10 * KM), "on": (125.0, 43.0 + 20 * KM)})
    got = way(network, "off", "on")
    assert got["distance_km"] == pytest.approx(10 + 2 * 1.5, rel=1e-3)
    assert got["duration_min"] == pytest.approx(10 + 3 / 30 * 60, rel=1e-3)
    assert way(network, "on", "off")["distance_km"] == pytest.approx(got["distance_km"])


def test_neighbours_far_from_any_road_meet_directly():
    east = 1 / (111.195 * np.cos(np.radians(43.0)))
    places = {"x": (125.0 + 20 * east, 43.0 + 10 * KM), "y": (125.0 + 21 * east, 43.0 + 10 * KM)}
    got = way(world(LINE, ROADS, places), "x", "y")
    assert got["distance_km"] == pytest.approx(1.5, rel=1e-2)
    assert got["duration_min"] == pytest.approx(3.0, rel=1e-2)


def test_neighbours_take_a_local_road_where_the_mapped_ones_lead_far_round():
    spots = {"a": (125.0, 43.0), "b": (125.0, 43.0 + 20 * KM), "c": (125.5, 43.0)}
    round_about = [("a", "c", 150, "primary"), ("c", "b", 150, "primary")]
    got = way(world(spots, round_about), "pa", "pb")
    assert got["distance_km"] == pytest.approx(20 * 1.5, rel=1e-3)
    assert got["duration_min"] == pytest.approx(60, rel=1e-3)
    short = [("a", "c", 30, "primary"), ("c", "b", 20, "primary")]
    assert way(world(spots, short), "pa", "pb")["distance_km"] == pytest.approx(50)  # quicker, though longer


def test_a_link_in_town_takes_the_speed_of_the_town():
    town = {"place_id": ["t"], "period": ["2020"], "population_persons": [314_160], "urban_persons": [314_160]}
    network = world(LINE, ROADS)
    places = table("places", place_id=["t"], name_zh=["镇"], level=["township"], kind=["town"], lon=[125.0], lat=[43.0])
    busy = network.with_(
        places=pl.concat([network["places"], places]),
        populations=table("populations", **town),
    )
    # 314,160 people at 10,000 a km² fill a disc of √10 = 3.162 km: so much of the road goes at 20 instead of 60 km/h.
    slower = way(busy, "pa", "pb")["duration_min"] - way(network, "pa", "pb")["duration_min"]
    assert slower == pytest.approx(10**0.5 * (3 - 1), rel=1e-2)


def test_the_answer_for_a_pair_does_not_hang_on_who_else_is_asked_for():
    network = world(LINE, ROADS, {"u": (125.02, 43.02), "v": (125.03, 43.3), "w": (124.99, 43.021)})
    alone, among = way(network, "u", "v"), travel(network, between=["w", "u", "v"]).filter(from_id="u", to_id="v")
    assert among.row(0, named=True) == alone


def test_places_apart_are_named_with_the_gap():
    spots = {**LINE, "d": (125.0, 43.0 + 80 * KM), "e": (125.0, 43.0 + 90 * KM)}
    network = world(spots, [*ROADS, ("d", "e", 10, "primary")])
    with pytest.raises(DataError) as told:
        travel(network, between=["pa", "pb", "pd", "pe"])
    assert [f.value for f in told.value.faults] == ["pd", "pe"]
    facts = dict(told.value.faults[0].facts)
    assert (facts["node"], facts["other"], facts["gap_km"]) == ("d", "c", 20.0)


def test_bad_questions_are_refused():
    network = world(LINE, ROADS)
    for options, key in [
        ({"mode": "sledge"}, "travel.unknown_mode"),
        ({"season": "spring"}, "travel.unknown_season"),
        ({"between": "street"}, "travel.unknown_scope"),
        ({"between": []}, "travel.no_places"),
        ({"kind": "crow"}, "travel.unknown_engine"),
    ]:
        with pytest.raises(UsageError) as told:
            travel(network, **options)
        assert told.value.faults[0].key == key
    parameters = network["parameters"]
    with pytest.raises(DataError) as told:
        travel(network.with_(parameters=parameters.filter(~pl.col("parameter").str.contains("speed_"))))
    assert len(told.value.faults) == len([name for name in SPEEDS if "speed_" in name])
    fast = parameters.with_columns(value=pl.when(parameter="winter_speed_factor").then(1.2).otherwise("value"))
    with pytest.raises(DataError) as told:
        travel(network.with_(parameters=fast), season="winter")
    assert told.value.faults[0].key == "travel.bad_factor"


def test_names_are_found_in_either_script_and_unclear_ones_refused():
    places = table(
        "places",
        place_id=["22", "2202", "220202", "220203", "220283"],
        name_zh=["吉林省", "吉林市", "昌邑区", "龙潭区", "龙潭县"],
        pinyin=["jilinsheng", "jilinshi", "changyiqu", "longtanqu", "longtanxian"],
        level=["province", "prefecture", "county", "county", "county"],
        kind=["province", "prefecture_city", "district", "district", "county"],
        parent_id=[None, "22", "2202", "2202", "2202"],
    )
    network = world(LINE, ROADS).with_(places=places)
    assert find(network, "吉林") == "2202"
    assert find(network, "吉林省") == "22"
    assert find(network, "Chang Yi") == "220202"
    assert find(network, "龙潭县") == "220283"
    assert find(network, "220202") == "220202"
    with pytest.raises(UsageError) as told:
        find(network, "龙潭")
    assert "220203 吉林市龙潭区" in told.value.say("zh")
    with pytest.raises(UsageError) as told:
        find(network, "昌意区")
    assert "昌邑区" in told.value.say("en")


def test_the_great_circle_learns_the_detour_of_the_roads():
    spots = {str(i): (125.0, 43.0 + 10 * i * KM) for i in range(8)}
    roads = [(str(i), str(i + 1), 14.0, "primary") for i in range(7)]
    network = world(spots, roads)
    circle = CircleEngine(network)
    got = circle.ways(["p0"], ["p7", "p3"])
    np.testing.assert_allclose(got.km, [[7 * 14, 3 * 14]], rtol=1e-3)
    np.testing.assert_allclose(got.minutes, [[7 * 14, 3 * 14]], rtol=1e-3)  # at 60 km/h


def test_errors_are_measured_against_known_distances():
    known = table("known_distances", from_id=["pa", "pb"], to_id=["pc", "pc"], distance_km=[50.0, 40.0])
    error = RoadEngine(world(LINE, ROADS, known_distances=known)).error()
    assert (error.pairs, error.mean_km, error.worst_km) == (2, 10.0, 10.0)
    assert error.mean_share == pytest.approx((0.2 + 0.25) / 2)
    assert error.bias_share == pytest.approx((0.2 - 0.25) / 2)
    assert error.worst_pair == ("pb", "pc")
    got = way(world(LINE, ROADS, known_distances=known), "pa", "pc")
    assert got["error_km"] == pytest.approx(60 * 0.225)


def test_scopes_hold_each_pair_once_and_blocks_stay_small(jilin):
    towns = travel(jilin, between="township")
    assert towns.height == towns.select("from_id", "to_id").unique().height
    reached = towns.group_by("from_id").len()
    assert reached.height == 1075
    back = towns.select(from_id="to_id", to_id="from_id").join(towns, on=["from_id", "to_id"], how="anti")
    assert back.is_empty()
    biggest, total = 0, 0
    for block in stream(jilin, between="village"):
        biggest, total = max(biggest, block.height), total + block.height
        assert block["from_id"].str.slice(0, 9).n_unique() <= 1
    assert biggest < 5_000
    assert total > 11_860 * 2
    rough = {"synthetic", "derived"}
    assert set(towns["origin"]) == rough


@pytest.fixture(scope="module")
def jilin():
    from postroad.network import province

    return province("jilin")


@st.composite
def graphs(draw):
    """Random connected roads on a small grid of nodes, with a place on every node."""
    count = draw(st.integers(3, 7))
    spots = {str(i): (125 + 0.2 * draw(st.integers(0, 9)), 43 + 0.2 * i) for i in range(count)}
    kinds = st.sampled_from(["trunk", "primary", "secondary", "tertiary", "motorway"])
    ends = [(str(i), str(i + 1)) for i in range(count - 1)]
    more = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda e: e[0] != e[1])
    ends += [(str(a), str(b)) for a, b in draw(st.lists(more, max_size=6))]
    lengths = st.floats(25, 300)
    roads = [(a, b, draw(lengths), draw(kinds)) for a, b in ends]
    roads[0] = (*roads[0][:3], "primary")  # a place needs an ordinary road to join
    places = {f"p{i}": spots[i] for i in spots}
    return spots, roads, places


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_properties_of_any_road_graph(drawn):
    spots, roads, places = drawn
    network = world(spots, roads, places)
    ids = list(places)
    ways = RoadEngine(network).ways(ids, ids)
    np.testing.assert_allclose(ways.minutes, ways.minutes.T)
    np.testing.assert_allclose(ways.km, ways.km.T, rtol=1e-6)
    assert (np.diag(ways.minutes) == 0).all()
    assert (ways.quick_min <= ways.minutes + 1e-9).all()
    winter = RoadEngine(network, "winter").ways(ids, ids)
    assert (winter.minutes >= ways.minutes - 1e-9).all()
    extra = [index for index in range(len(spots) - 1, len(roads)) if roads[index][3] == "motorway"]
    if extra:
        shut = network.with_(road_links=network["road_links"].filter(pl.col("link_id") != str(extra[0])))
        closed = RoadEngine(shut).ways(ids, ids)
        assert (closed.minutes >= ways.minutes - 1e-9).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 12), st.data())
def test_the_search_agrees_with_scipy_and_keeps_the_triangle_inequality(size, data):
    pair = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1), st.floats(0.01, 100))
    links = data.draw(st.lists(pair, min_size=1, max_size=30))
    ends, minutes = np.array([link[:2] for link in links]), np.array([link[2] for link in links])
    graph = Graph(size, ends, np.column_stack([minutes, minutes * 2, minutes / 2, minutes * 3]))
    found = graph.trees(np.arange(size), np.arange(size))
    expected = dijkstra(csr_array((graph.weights[:, 0], graph.heads, graph.first), shape=(size, size)))
    np.testing.assert_allclose(found[..., 0], expected)
    np.testing.assert_allclose(found[..., 1], expected * 2)
    np.testing.assert_allclose(found[..., 3], expected * 3)
    one = found[..., 0]
    assert (one[:, None, :] <= one[:, :, None] + one[None, :, :] + 1e-9).all()
    np.testing.assert_array_equal(graph.trees([0, 0], [size - 1])[:, 0], found[[0, 0], size - 1])
