"""A designed trunk runs parcel by parcel, and what it planned is held against what the day made of it."""

import datetime as dt

import polars as pl
import pytest

import postroad
from postroad.demand import demand
from postroad.design.lines.designing import on_winter_roads, with_seasons
from postroad.design.lines.promise import promises
from postroad.design.lines.timetable import by_rule
from postroad.design.lines.week import week
from postroad.evaluate.planned import against, by_class
from postroad.network import Network
from postroad.simulate.day import simulate_day


@pytest.fixture(scope="module")
def table():
    jilin = postroad.province("jilin")
    return by_rule(jilin, demand(jilin))


def test_shares_by_hand(table):
    """Four parcels of one pair: in time on both clocks, on one, on none, and never delivered."""
    # a city's promise counts from 18:00; accepted at 9:00, delivered after 23, 30 and 40 hours
    nine = 9 * 3600
    made = pl.DataFrame({
        "origin_id": ["220102"] * 4, "destination_id": ["220202"] * 4, "accepted_s": [nine] * 4,
        "delivered_s": [nine + 23 * 3600, nine + 30 * 3600, nine + 40 * 3600, None],
    })  # fmt: skip
    held = against(table, made)
    row = held.filter(from_place_id="2201", to_place_id="2202").row(0, named=True)
    assert (row["parcels"], row["simulated_percent"], row["simulated_accepted_percent"]) == (4, 50.0, 25.0)
    plan = promises(table).filter(from_place_id="2201", to_place_id="2202").row(0, named=True)
    assert row["planned_percent"] == plan["share_percent"]
    # the plan promises this pair twice, in the metropolitan circle and between neighbouring cities
    assert held["promise_class"].sort().to_list() == ["metro", "neighbours"]
    every = by_class(held).row(-1, named=True)
    assert (every["promise_class"], every["parcels"], every["pairs_hold_simulated"]) == ("all", 8, 0)


@pytest.mark.slow
def test_a_designed_trunk_is_saved_read_back_and_simulated(table, tmp_path):
    """Weekdays, seasons and waves of the pack are what the engine runs; thin promised pairs come near their plan."""
    written = with_seasons(week(table, time_s=2.0), week(on_winter_roads(table), time_s=0.0))
    network = Network.load(written.save(tmp_path / "pack"))
    assert network.fingerprint == written.fingerprint
    run = simulate_day(network, demand(network), day=dt.date(2020, 6, 10), warm_days=1, scale=0.005)
    ran = run["trips"].filter(pl.col("line_haul_id").str.starts_with("LH-"))
    rows = network.line_hauls.filter(pl.col("line_haul_id").is_in(ran["line_haul_id"].unique().implode()))
    assert set(rows["season"]) == {"summer"}
    held = by_class(against(table, run["parcels"]))
    every = held.filter(promise_class="all").row(0, named=True)
    assert every["parcels"] > 100
    assert 0 < every["simulated_percent"] <= every["planned_percent"] + 5.0
