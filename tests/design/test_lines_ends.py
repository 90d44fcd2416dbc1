"""The ends of the trunk: chances at the door by hand, and what a simulated day teaches of them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postroad
from postroad.design.lines.ends import EARLIEST_MIN, Door, Doors, Ends
from postroad.design.lines.terms import Terms
from postroad.evaluate.ends import ends

SLOT = 30.0


def doors(*held, last=0.0):
    made = Ends(60.0, held, last_min=last)
    return Doors.of(made, ["A"])


def at(accept_min, minutes):
    """Minutes to the last centre for one half hour of acceptance; none for the others."""
    held = np.full((1, 48), np.inf)
    held[0, int(accept_min // SLOT)] = minutes
    return held


ROW = np.array([0])


def test_a_chance_by_hand():
    """Accepted at 6:15, at the centre at 7:15; couriers at 8:00 take 1 to 4 hours for a quarter each."""
    held = doors(Door(1.0, (480.0, 840.0), (60.0, 120.0, 180.0, 240.0)))
    for hours, share in ((2.7, 0.0), (2.8, 0.25), (4.0, 0.5), (5.75, 1.0)):
        chance = held.kept(ROW, at(360, 60.0), np.full((1, 48), 60 * hours))
        assert chance[0, 12] == share
    # a centre that takes an hour longer sends them out at 14:00
    late = doors(Door(1.0, (480.0, 840.0), (60.0,)), last=60.0)
    assert late.usual(ROW, at(360, 60.0))[0, 12] == 840 + 60 - 375


def test_villages_are_served_once_a_day():
    """What comes at noon: half goes out at 14:00, the other half the next morning."""
    held = doors(Door(0.5, (480.0,), (30.0,)), Door(0.5, (480.0, 840.0), (30.0,)))
    minutes = at(600, 120.0)
    assert held.kept(ROW, minutes, np.full((1, 48), 300.0))[0, 20] == 0.5
    assert held.kept(ROW, minutes, np.full((1, 48), 1440.0))[0, 20] == 1.0


def test_outside_pieces_go_on_at_once():
    held = doors(Door(1.0, (), (100.0, 200.0)))
    assert held.kept(ROW, at(0, 60.0), np.full((1, 48), 160.0))[0, 0] == 0.5
    assert held.kept(ROW, at(0, 60.0), np.full((1, 48), 159.0))[0, 0] == 0.0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 2000), min_size=1, max_size=5), st.floats(0, 3000), st.integers(0, 47))
def test_the_histogram_says_what_the_chance_says(after, minutes, slot):
    held = doors(Door(1.0, (480.0, 840.0), tuple(sorted(after))))
    come, weight = at(SLOT * slot, minutes), np.ones((1, 48))
    spent = np.cumsum(held.spent(ROW, come, weight, np.zeros((1, 48))))
    for hours in (12, 24, 48, 72):
        chance = held.kept(ROW, come, np.full((1, 48), 60.0 * hours))
        assert spent[60 * hours - EARLIEST_MIN] == pytest.approx(chance[0, slot], abs=1e-9)


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


TRIPS = pl.DataFrame({"mode": ["road"] * 2, "loaded": [1, 1], "planned_min": [100.0, 100.0],
                      "depart_min": [0.0, 0.0], "arrive_min": [110.0, 110.0]})  # fmt: skip
TIMES = ("accepted_s", "stop1_ready_s", "stop2_arrive_s", "stop2_ready_s", "out_s", "delivered_s")


def run_of(rows, again=()):
    """Parcels of a run from minutes; ``again`` are second waits for couriers (row, loaded, out)."""
    parcels = pl.DataFrame(rows, schema=("origin_id", "destination_id", *TIMES), orient="row")
    parcels = parcels.with_columns(pl.col(TIMES) * 60, stop1_place_id="origin_id", stop2_place_id="destination_id",
                                   stop2_depart_s=pl.col("out_s") * 60)  # fmt: skip
    second = {row: (60 * loaded, 60 * out) for row, loaded, out in again}
    for n, what in enumerate(("ready_s", "depart_s")):
        held = [second[k][n] if k in second else None for k in range(parcels.height)]
        parcels = parcels.with_columns(pl.Series(f"stop3_{what}", held, pl.Int64))
    where = [parcels["destination_id"][k] if k in second else None for k in range(parcels.height)]
    parcels = parcels.with_columns(pl.Series("stop3_place_id", where, pl.String))
    rest = {f"stop{k}_{what}": pl.lit(None, pl.String if what == "place_id" else pl.Int64)
            for k in range(1, 9) for what in ("place_id", "arrive_s", "ready_s", "depart_s")}  # fmt: skip
    return parcels.with_columns(**{name: null for name, null in rest.items() if name not in parcels.columns})


def test_what_a_day_teaches(jilin):
    """A place whose pieces are collected on the hour, couriers at 8:00 and 14:00 who serve half of it twice."""
    rows = []
    for n in range(96):
        accepted = 15 * n
        ready = 60 * (accepted // 60 + 1) + 30
        # villages (every other piece) leave at 8:00 only
        there = ready + 600
        starts = (480,) if n % 2 else (480, 840)
        out = min(1440 * day + start for day in range(3) for start in starts if 1440 * day + start > there + 40)
        rows.append(("220102", "220202", accepted, ready, there, there + 40, out, out + 60))
    parcels, trips = run_of(rows), TRIPS
    made = ends(jilin, parcels, trips, "by hand")
    handling = Terms.of(jilin).county_handling_min
    # half past the hour's collection, less the handling that the plan has anyway, from the middle of the half hour
    assert made.first_min["220102"][20] == pytest.approx(60 + 30 - handling - 15, abs=15.0)
    assert made.last_min == pytest.approx(40 - handling)
    assert made.luck == pytest.approx(1.1)
    once, twice = made.door("220202")
    assert (once.starts_min, twice.starts_min) == ((480.0, 840.0), (480.0,)) or (
        (once.starts_min, twice.starts_min) == ((480.0,), (480.0, 840.0))
    )
    assert {one.after_min[0] for one in (once, twice)} == {60.0}
    assert sum(one.share for one in (once, twice)) == pytest.approx(1.0)
    told = made.frame({"220102": "南关区"})
    assert told.filter(place_id="220102")["name_zh"][0] == "南关区"
    assert set(told["learned_from"]) == {"by hand"}


def test_a_round_that_no_feeder_reaches_is_seen_by_second_tries(jilin):
    """All pieces of a place come before 8:00; second tries that come back by noon leave at 14:00, as elsewhere."""
    early = [("220102", "220203", 0, 60, 380, 420, 480, 540) for _ in range(50)]
    late = [("220102", "220202", 0, 60, 760, 800, 840, 900) for _ in range(50)]
    assert ends(jilin, run_of([*early, *late]), TRIPS, "").door("220203")[0].starts_min == (480.0,)
    again = [(row, 800, 840) for row in range(6)]
    assert ends(jilin, run_of([*early, *late], again), TRIPS, "").door("220203")[0].starts_min == (480.0, 840.0)
    # those that wait for the next morning instead show that there is no round at 14:00
    again = [(row, 800, 1440 + 480) for row in range(6)]
    assert ends(jilin, run_of([*early, *late], again), TRIPS, "").door("220203")[0].starts_min == (480.0,)
