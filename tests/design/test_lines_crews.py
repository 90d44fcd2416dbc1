"""Rosters by hand and by rule: who drives what, and that nobody drives more than the law lets him."""

from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.design.lines.crews import RULES, crewed
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
    assert made.crews.select("how", "drivers").rows() == [("roster", 2), ("relay", 1)]
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
    assert made.drivers == pytest.approx(made.roster["driver"].n_unique())


def _goes_on(free, since, wheel, start, long):
    if free is None:
        return False
    fits = wheel + long / 60 / drivers_for(long) <= RULES.wheel_h + 1e-9
    return start >= free + RULES.turn_min and start + long - since <= 60 * RULES.span_h and fits
