"""The trunk timetable by rule, and demand poured through a timetable."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postroad
from postroad.demand import demand
from postroad.demand.profile import PEAK
from postroad.design.lines import baseline
from postroad.design.lines.capacity import rates
from postroad.design.lines.fluid import Clockwork, pour
from postroad.design.lines.work import trunk
from postroad.errors import InfeasibleError

FLAT = np.ones(24)


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


@pytest.fixture(scope="module")
def made(jilin):
    return demand(jilin)


@pytest.fixture(scope="module")
def based(jilin, made):
    return baseline(jilin, made)


def test_a_line_by_hand():
    # A sends at 6:00 to hub H (an hour), H's wave closes 8:00 and is ready 9:00, leaves 9:30 for B (two hours).
    clock = Clockwork.of(
        {("A", "H"): [(360, 60)], ("H", "B"): [(570, 120)]}, {"H": [(480, 60)]}, {"A": 30.0, "H": 0.0, "B": 15.0}
    )
    only_four = np.zeros(24)
    only_four[4] = 1.0
    poured = pour(clock, [["A", "H", "B"]], np.array([100.0]), only_four, first_mile_min=60.0)
    assert poured.load.tolist() == [100.0, 100.0]
    # accepted 4:15: 5:15 at A, 5:45 ready, 6:00 leaves, 7:00 at H, 9:00 sorted, 9:30 leaves, 11:30 at B, 11:45
    assert poured.minutes[0, 8] == pytest.approx(11 * 60 + 45 - 255)
    # accepted 5:45 misses the line of the day: a day later
    assert poured.minutes[0, 11] == pytest.approx(24 * 60 + 11 * 60 + 45 - 345)
    assert poured.sorted_pieces[clock.nodes.index("H"), 14] == 100.0


def test_a_pair_without_a_departure_never_arrives():
    clock = Clockwork.of({("A", "B"): []}, {}, {"A": 0.0, "B": 0.0})
    poured = pour(clock, [["A", "B"]], np.array([5.0]), FLAT, 0.0)
    assert np.isinf(poured.minutes).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1439), min_size=1, max_size=6), st.floats(1, 1e6))
def test_every_piece_takes_exactly_one_departure(times, pieces):
    clock = Clockwork.of({("A", "B"): [(t, 90.0) for t in times]}, {}, {"A": 10.0, "B": 0.0})
    poured = pour(clock, [["A", "B"]], np.array([pieces]), FLAT, 0.0)
    assert poured.load.sum() == pytest.approx(pieces)
    assert poured.minutes.max() <= 1440 + 90 + 10 + 1e-6


def test_a_sorter_must_clear_what_comes_before_the_cut_off():
    arrivals = np.zeros(48)
    arrivals[10:12] = 600.0  # 5:00 to 6:00
    # cut-off 6:00, release 7:00: sorting may begin at 5:00, so 1200 in two hours, but 600 of the last half hour in 1.5
    assert rates(arrivals, np.array([360.0]), np.array([60.0])).max() == pytest.approx(600.0)


def test_jilin_has_a_timetable_that_passes_every_check(jilin, based):
    assert based.check() == []
    hubs = based.hub_plants.filter(kind="hub")["place_id"].sort().to_list()
    assert hubs == sorted(jilin.sites.filter(pl.col("tier").is_not_null())["place_id"])
    assert set(based.allocations["place_id"]) >= set(jilin.places.filter(level="county")["place_id"])
    assert (based.line_hauls["origin"] == "synthetic").all()


def test_the_peak_day_fits_into_the_departures(jilin, made, based):
    """Judged apart from the sizing: what the peak sends over each arc of the tree fits the arc's day."""
    work = trunk(jilin, made)
    assert work.pieces("peak").sum() == pytest.approx(made.pieces(PEAK), rel=1e-6)
    flow: dict[tuple[str, str], float] = {}
    for way, pieces in zip(work.ways, work.pieces("peak"), strict=True):
        for arc in itertools.pairwise(way):
            flow[arc] = flow.get(arc, 0.0) + pieces
    room = based.line_hauls.group_by("from_place_id", "to_place_id").agg(pl.col("capacity_pieces").sum())
    capacity = {(a, b): c for a, b, c in room.iter_rows()}
    assert all(capacity[arc] >= pieces for arc, pieces in flow.items() if pieces > 0)


def test_the_same_network_gives_the_same_timetable(jilin, made, based):
    assert baseline(jilin, made) == based


def test_a_hub_without_a_road_is_named(jilin, made):
    baicheng = jilin.places.filter(place_id="2208").row(0, named=True)
    near = ((pl.col("lon") - baicheng["lon"]) ** 2 + (pl.col("lat") - baicheng["lat"]) ** 2).sqrt() < 0.4
    inside = jilin.road_nodes.filter(near)["node_id"]
    cut = pl.col("from_node").is_in(inside.implode()) != pl.col("to_node").is_in(inside.implode())
    island = jilin.with_(road_links=jilin.road_links.filter(~cut))
    with pytest.raises(InfeasibleError) as caught:
        baseline(island, made)
    assert "白城" in caught.value.say("zh")
