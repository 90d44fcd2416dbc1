"""Trains that wait for a load, and customs that open pieces: by hand; then the study of Jilin's post by block train."""

import json
import re

import polars as pl
import pytest
from tests.simulate.worlds import CALM, DAY, line, network, parcels

from postroad.demand import demand
from postroad.design.lines.baseline import baseline
from postroad.errors import DataError, UsageError
from postroad.evaluate.block_train import Train, block_train, bound
from postroad.evaluate.passage import passages
from postroad.face.report.film import film
from postroad.network import province
from postroad.simulate.day import simulate_day

OFFICE = {"place_id": "2201", "sort_rate_pieces_h": 60.0, "kind": "exchange_office", "handling_min": 60.0}


def daily(train, a_day, days=3, **options):
    """So many parcels a day to Seoul: a truck at noon to the hub, a train every midnight that the case describes."""
    lines = [line("220101", "2201", 720, 60, 2000), line("2201", "X-SEOUL", 0, 600, mode="rail", **train),
             line("2201", "220101", 60, 60)]  # fmt: skip
    made = network(plants=(OFFICE,), lines=lines)
    told = parcels(made, [("220101", "X-SEOUL", 60)] * a_day)
    return simulate_day(made, told, day=DAY, days=days, tail_days=6, **{**CALM, **options})


def train_of(run):
    return run["trips"].filter(mode="rail").sort("depart_min")


def test_a_train_leaves_when_it_is_full_enough():
    run = daily({"pieces": 10, "least_pieces": 4.0}, 2)
    # Two pieces are ready each afternoon: four wait on the second, and the train of the midnight after takes them.
    assert train_of(run)["loaded"].to_list()[:4] == [0, 0, 4, 0]
    assert train_of(run)["held"].to_list()[:4] == [True, True, False, True]
    assert run["summary"].filter(flow_class="all")["under_way"][0] == 2  # the last two never fill a train


def test_it_leaves_all_the_same_when_a_piece_has_waited_long_enough():
    run = daily({"pieces": 10, "least_pieces": 9.0, "hold_days": 2.0}, 2)
    # The first piece is ready on day 0 in the afternoon: at midnight of day 2 it has waited less than two days.
    assert train_of(run)["loaded"].to_list()[:4] == [0, 0, 0, 6]


def test_whoever_waits_for_a_train_to_fill_is_told_so():
    run = daily({"pieces": 10, "least_pieces": 9.0, "hold_days": 2.0}, 2)
    first = run.parcels().sort("delivered_s", "accepted_s").collect().row(0, named=True)
    assert first["left_over_s"] == 2 * 86400  # two trains did not run
    late = simulate_day(*_late(), day=DAY, tail_days=6, **CALM)
    assert late["lateness"]["reason"].to_list() == ["filling"]


def _late():
    lines = [line("220101", "2201", 720, 60, 2000), line("2201", "X-BEIJING", 0, 60, mode="rail", least_pieces=9.0,
                                                   hold_days=2.0), line("2201", "220101", 60, 60)]  # fmt: skip
    made = network(plants=[{**OFFICE, "kind": "hub"}], lines=lines)
    return made, parcels(made, [("220101", "X-BEIJING", 60)] * 2)


def test_what_finds_no_room_waits_and_the_pile_grows():
    run = daily({"pieces": 2}, 5, days=4)
    assert train_of(run)["left_over"].to_list()[1:6] == [3, 6, 9, 12, 10]


def test_a_load_that_no_train_can_hold_is_refused():
    with pytest.raises(DataError) as told:
        daily({"pieces": 5, "least_pieces": 6.0}, 1)
    assert told.value.faults[0].key == "simulate.never_filled"


def test_the_film_shows_trains_that_ran_and_that_were_held():
    lines = [line("220101", "2201", 720, 60), line("2201", "X-SEOUL", 0, 600, 10, mode="rail", least_pieces=4.0),
             line("2201", "220101", 60, 60)]  # fmt: skip
    made = network(plants=(OFFICE,), lines=lines)
    run = simulate_day(made, parcels(made, [("220101", "X-SEOUL", 60)] * 2), day=DAY, days=3, tail_days=2, **CALM)
    page = film(run, made, "en")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert [train[2:] for train in data["trains"]] == [[0, 10, 0], [0, 10, 0], [4, 10, 1], [0, 10, 0], [0, 10, 0]]
    assert [trip[4:] for trip in data["trips"] if trip[5] == 1] == [[4, 1]]


def test_customs_open_their_share_and_each_piece_once():
    run = daily({"pieces": 9999}, 1000, days=1, inspect_share=0.25, inspect_h=5.0)
    passed = passages(run.parcels(), "X-SEOUL")
    assert 0.2 < passed.opened / 1000 < 0.3
    assert passed.offices == ["2201"]
    # A piece a minute and an hour of handling; an opened one is kept five hours and passes once more.
    assert 1 + 1 / 60 <= passed.hours["clearance"].min() < 1.1
    facts = run.parcels().collect()
    opened = facts.filter(pl.col("stops") == 5)
    assert (opened.height, facts["stops"].max()) == (passed.opened, 5)
    assert (opened["stop4_arrive_s"] - opened["stop3_ready_s"]).unique().to_list() == [5 * 3600]


def test_parts_of_a_passage_add_up():
    run = daily({"pieces": 10, "least_pieces": 4.0}, 2)
    passed = passages(run.parcels(), "X-SEOUL")
    parts = ("to_office", "clearance", "waiting", "ride")
    assert (passed.pieces, passed.gone) == (6, 4)
    total = sum(passed.hours[part][:4] for part in parts)
    assert total == pytest.approx(passed.hours["whole"])


@pytest.fixture(scope="module")
def jilin():
    bare = province("jilin")
    wanted = demand(bare, 2020)
    return baseline(bare, wanted), wanted


def test_bad_trains_are_refused_all_at_once():
    bare = province("jilin")
    with pytest.raises(UsageError) as told:
        block_train(bare, demand(bare, 2020), Train("2203", "X-SHENYANG", 0, least_share=3.0, hold_days=40.0))
    assert [fault.key.split(".")[1] for fault in told.value.faults] == [
        "no_office", "not_abroad", "containers", "least", "hold"]  # fmt: skip


@pytest.mark.slow
def test_jilin_by_rule_of_leaving(jilin):
    network_, wanted = jilin
    train = Train("2201", "X-VLADIVOSTOK")
    made = block_train(network_, wanted, train, times=4.0)
    rules = {row["rule"]: row for row in made["rules"].iter_rows(named=True)}
    assert rules["filled"]["least_fill_percent"] >= 80
    assert rules["filled_or_late"]["short_day"] == 0
    # A train a week cannot carry four times the post.
    assert rules["calendar"]["short_day"] > 0
    assert rules["calendar"]["most_left_over"] > 5000
    assert len({row["pieces"] for row in rules.values()}) == 1
    again = block_train(network_, wanted, train, times=4.0)
    assert all(made[name].equals(again[name]) for name in made.tables)
    four, one = (bound(wanted, "X-VLADIVOSTOK", times).pieces("2020-09-07") for times in (4.0, 1.0))
    assert four == pytest.approx(4 * one, 0.01)
