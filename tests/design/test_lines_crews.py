"""Rosters by hand and by rule: who drives what, and that nobody drives more than the law lets him."""

from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.design.lines.crews import RULES, Rules, crewed
from postroad.design.lines.vehicles import Vehicle, drivers_for

NONE = pl.DataFrame(schema={"from_place_id": pl.String, "to_place_id": pl.String, "vehicles": pl.Int64,
                            "minutes": pl.Float64})  # fmt: skip


def week(*rows):
    names = ("weekday", "at_min", "minutes", "vehicles", "from_place_id", "to_place_id")
    schema = dict(zip(names, (pl.Int64, pl.Float64, pl.Float64, pl.Int64, pl.String, pl.String), strict=True))
    roads = SimpleNamespace(minutes=lambda a, b: 60.0)
    run = pl.DataFrame(rows, schema=schema, orient="row")
    return SimpleNamespace(run=run, table=SimpleNamespace(work=SimpleNamespace(roads=roads)))


def test_out_and_back_is_one_drivers_day():
    """Three hours out, three back, five days: thirty hours for one driver based where he starts."""
    there = [(day, 480.0, 180.0, 1, "A", "B") for day in range(1, 6)]
    back = [(day, 720.0, 180.0, 1, "B", "A") for day in range(1, 6)]
    made = crewed(week(*there, *back), NONE)
    row = made.crews.row(0, named=True)
    assert (made.drivers, row["base_place_id"], row["wheel_h_week"], row["duties_week"]) == (1, "A", 30.0, 5)
    assert row["longest_duty_h"] == 7.0
    # a sixth and a seventh day take a second driver: forty hours are six days of six hours and a little
    more = [(day, at, 180.0, 1, a, b) for day in (6, 7) for at, a, b in ((480.0, "A", "B"), (720.0, "B", "A"))]
    assert crewed(week(*there, *back, *more), NONE).drivers == 2


def test_nine_hours_take_two_drivers_and_twenty_a_relay():
    assert [drivers_for(60.0 * hours) for hours in (1, 8, 9, 16, 17)] == [1, 1, 2, 2, 3]
    made = crewed(week((1, 0.0, 540.0, 1, "A", "B"), (1, 0.0, 1200.0, 1, "A", "C")), NONE)
    # two share the nine hours; twenty are three legs of 6 h 40 min, the last two by drivers of the posts on the way
    bases = made.crews.select("how", "base_place_id", "other_place_id", "part_of_way", "drivers").rows()
    assert bases == [("roster", "A", None, None, 3), ("relay", "A", "C", "1/3", 1), ("relay", "A", "C", "2/3", 1)]
    relayed = made.roster.filter(minutes=400.0).sort("at_min")
    assert relayed["at_min"].to_list() == [0.0, 400.0, 800.0]
    assert relayed["to_place_id"].to_list() == ["A~C:1/3", "A~C:2/3", "C"]
    assert not made.unfilled.height


def test_drivers_of_posts_take_the_other_way_home():
    """Twenty hours each way a day: whoever drove to a post rests there and takes the next vehicle back."""
    days = [(day, at, 1200.0, 1, a, b) for day in range(1, 6) for at, a, b in ((0.0, "A", "C"), (60.0, "C", "A"))]
    made = crewed(week(*days), NONE)
    assert made.roster.height == 30
    assert made.duties.filter(pl.col("rest_before_h") < RULES.rest_h).is_empty()
    home = made.roster.filter(pl.col("to_place_id") == pl.col("base_place_id"))
    assert home.height >= 12
    assert made.least_duties == 30 == made.duties.height
    assert made.least_drivers == 5
    # 200 hours at the wheel are five drivers' weeks
    assert made.duties["wheel_h"].sum() == pytest.approx(200.0)


def test_duties_are_few_and_their_bound_is_that_of_a_path_cover():
    """Out and back is one duty; a leg that would make it nine hours is another; too long for the rules is named."""
    rows = [(1, 480.0, 180.0, 1, "A", "B"), (1, 720.0, 180.0, 1, "B", "A"), (1, 960.0, 180.0, 1, "A", "B")]
    made = crewed(week(*rows), NONE)
    ways = made.duties.select("driver", "duty", "legs", "wheel_h", "way").rows()
    assert ways == [(1, 1, 2, 6.0, "A > B > A"), (2, 1, 1, 3.0, "A > B")]
    # no two chains that a path cover needs can be spared here; three in a row would be allowed leg by leg
    assert made.least_duties == 1
    short = Rules(wheel_h=2.0)
    barred = crewed(week(*rows, (2, 0.0, 100.0, 2, "B", "A")), NONE, short)
    assert barred.unfilled.select("from_place_id", "to_place_id", "minutes").rows()[0] == ("A", "B", 180.0)
    assert barred.unfilled.height == 3
    assert barred.drivers == 2


def test_vehicles_cost_the_hours_of_their_drivers():
    van = Vehicle("V", 10, 1.0, 30.0, float("inf"), "diesel", 1.0)
    assert van.cost(100.0, 480.0) == 100 + 8 * 30
    assert van.cost(100.0, 540.0) == 100 + 9 * 30 * 2


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 7), st.integers(0, 287), st.integers(2, 110), st.integers(1, 2),
                          st.permutations("ABC")), min_size=1, max_size=40))  # fmt: skip
def test_every_driver_keeps_his_hours(drawn):
    held = week(*[(day, 5.0 * at, 5.0 * long, count, way[0], way[1]) for day, at, long, count, way in drawn])
    made = crewed(held, NONE)
    for (_,), own in made.roster.partition_by("driver", as_dict=True).items():
        place, free, since, wheel, all_h = own["base_place_id"][0], None, None, 0.0, 0.0
        for day, at, long, a, b in own.select(
            "weekday", "at_min", "minutes", "from_place_id", "to_place_id"
        ).iter_rows():
            start, hours = 1440.0 * (day - 1) + at, long / 60 / drivers_for(long)
            assert a == place
            rested = free is None or start - free >= 60 * RULES.rest_h
            if not rested:
                assert start - free >= RULES.turn_min
                assert start + long - since <= 60 * RULES.span_h
            since, wheel = (
                (start, hours) if rested and not _goes_on(free, since, wheel, start, long) else (since, wheel + hours)
            )
            assert wheel <= RULES.wheel_h + 1e-9
            place, free, all_h = b, start + long, all_h + hours
        assert all_h <= RULES.week_h + 1e-9
    seats = sum(count * drivers_for(5.0 * long) for _, _, long, count, _ in drawn)
    assert made.roster.height == seats
    assert made.drivers == made.roster["driver"].n_unique()
    assert made.duties["legs"].sum() == seats
    assert made.duties["wheel_h"].max() <= RULES.wheel_h + 1e-9
    assert (made.duties["rest_before_h"].drop_nulls() >= RULES.rest_h - 1e-9).all()
    assert made.duties.height >= made.least_duties
    assert made.drivers >= made.least_drivers


def _goes_on(free, since, wheel, start, long):
    if free is None:
        return False
    fits = wheel + long / 60 / drivers_for(long) <= RULES.wheel_h + 1e-9
    return start >= free + RULES.turn_min and start + long - since <= 60 * RULES.span_h and fits
