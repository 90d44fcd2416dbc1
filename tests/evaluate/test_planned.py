"""A designed trunk runs parcel by parcel, and what it planned is held against what the day made of it."""

import datetime as dt

import polars as pl
import pytest

import postroad
from postroad.demand import demand
from postroad.design.lines.designing import on_winter_roads, with_seasons
from postroad.design.lines.timetable import by_rule
from postroad.design.lines.week import week
from postroad.evaluate.planned import against, by_class
from postroad.network import Network
from postroad.simulate.day import simulate_day


@pytest.fixture(scope="module")
def table():
    jilin = postroad.province("jilin")
    return by_rule(jilin, demand(jilin))


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
    held = by_class(against(table, run["parcels"])[0])
    every = held.filter(promise_class="all").row(0, named=True)
    assert every["parcels"] > 100
    assert 0 < every["simulated_percent"] <= every["planned_percent"] + 5.0
