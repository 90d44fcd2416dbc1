"""Drills: the same script and seed give the same grade, one edited line moves it, and faults are told at once."""

import dataclasses

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from postroad.demand import demand
from postroad.design.lines import baseline
from postroad.errors import DataError, InfeasibleError, UsageError
from postroad.network import province
from postroad.simulate.drill import Action, Trip, drill, names, script
from postroad.simulate.drill.acting import WithRelief, acted
from postroad.simulate.drill.grading import _letter
from postroad.simulate.drill.running import together
from postroad.simulate.drill.script import read


@pytest.fixture(scope="module")
def jilin():
    return baseline(province("jilin"), demand(province("jilin"), 2020))


@pytest.fixture(scope="module")
def wanted():
    return demand(province("jilin"), 2020)


def test_every_shipped_drill_can_be_read_and_its_actions_put_in(jilin):
    assert len(names(province("jilin"))) == 7
    for name in names(province("jilin")):
        made = script(name, jilin)
        for action in made.actions:
            assert acted(jilin, action).check() == []


def test_relief_is_added_whole_and_the_days_own_parcels_stay(jilin, wanted):
    made = script("relief-antu", jilin)
    held = WithRelief.of(wanted, jilin, made.relief, "2020-08-10", 0.01)
    assert held.goods.table.height == 200
    count = max(1, round(held.pieces("2020-08-10") * 0.01))
    own = list(wanted.parcels("2020-08-10", 0, pieces=count - 200))
    both = list(held.parcels("2020-08-10", 0, pieces=count))
    assert (both[0].origin == own[0].origin).all()
    assert sum(len(block) for block in both) == count
    assert held.pieces("2020-08-11") == wanted.pieces("2020-08-11")


def test_an_added_wave_opens_when_the_one_before_closes(jilin):
    action = Action("甲", "a", "a", "who", 0.0, waves={"2201": [840.0, 860.0]})
    waves = acted(jilin, action).sort_waves.filter(place_id="2201").sort("wave")
    assert waves["cutoff_min"].is_sorted()
    assert 840.0 in waves["cutoff_min"].to_list()
    assert waves["open_min"].to_list() == [0.0, *waves["cutoff_min"].to_list()[:-1]]


def test_an_extra_trip_where_there_is_no_line_is_named(jilin):
    action = Action("甲", "a", "a", "who", 0.0, trips=(Trip("220122", "222426", 600.0),))
    with pytest.raises(InfeasibleError, match="222426"):
        acted(jilin, action)


def test_actions_together_multiply_and_add():
    one = Action("甲", "a", "a", "x", 1.0, plants={"2201": 2.0}, cutoffs={"2201": 10.0})
    both = together((one, dataclasses.replace(one, id="b", who="y", cost_yuan=2.0)))
    assert (both.plants, both.cutoffs, both.cost_yuan, both.who) == ({"2201": 4.0}, {"2201": 20.0}, 3.0, "x; y")


def test_letters_are_the_worst_of_late_and_recovery():
    assert [_letter(*pair) for pair in ((0.5, 1.0), (0.5, 7.0), (5.0, 1.0), (0.0, None))] == ["A", "B", "C", "D"]


def test_all_faults_of_a_script_are_told_at_once(jilin):
    bad = {"id": "x", "zh": "甲", "en": "a", "day": "12-10", "days": 1, "weather": "ordinary", "trigger_zh": "甲",
           "trigger_en": "a", "odd": 1, "events": [{"what": "road", "from_min": 0.0}]}  # fmt: skip
    with pytest.raises(DataError) as told:
        read(bad, jilin)
    assert {f.key for f in told.value.faults} == {"drill.stranger", "drill.missing"}
    events = [{"what": "quake", "from_min": 5.0, "until_min": 1.0, "place_id": "nowhere"}]
    with pytest.raises(DataError) as told:
        read({**{k: v for k, v in bad.items() if k != "odd"}, "events": events}, jilin)
    assert {f.key for f in told.value.faults} == {"drill.bad_what", "drill.bad_time", "drill.no_such_place"}
    with pytest.raises(UsageError, match="blizzard"):
        script("no-such-drill", jilin)


@pytest.mark.slow
def test_the_same_script_and_seed_give_the_same_grade_and_one_line_moves_it(jilin, wanted):
    made = script("hub-fire-siping", jilin)
    first, again = (drill(jilin, wanted, made, scale=0.005, seed=3) for _ in range(2))
    for name in first.tables:
        assert_frame_equal(first[name], again[name])
    event = dataclasses.replace(made.events[0], until_min=made.events[0].until_min + 1440.0)
    longer = drill(jilin, wanted, dataclasses.replace(made, events=(event,)), scale=0.005, seed=3)
    struck = [table["grades"].filter(run="struck").row(0, named=True) for table in (first, longer)]
    assert struck[1]["late_pieces"] > struck[0]["late_pieces"] > 0
    assert struck[0]["first_break_place_id"] == "2203"


@pytest.mark.slow
def test_relief_boards_first_and_its_own_trucks_bring_it_sooner(jilin, wanted):
    told = drill(jilin, wanted, script("relief-antu", jilin), scale=0.005)["grades"]
    hours = dict(told["run", "relief_mean_h"].iter_rows())
    assert hours["own-trips"] < hours["struck"] - 3
    assert told["relief_delivered"].min() == pytest.approx(100.0)
    assert told.filter(pl.col("run") == "struck")["spared_pieces"][0] == 0
