"""Access on a world of three villages worked by hand; inequality figures; gains and losses by name."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import postroad as pr
from postroad.design.sites.province import SiteOptions, design_sites
from postroad.errors import DataError, InfeasibleError, UsageError
from postroad.measure.access import access, change
from postroad.measure.access.reach import gini, worst_share


@pytest.fixture(scope="module")
def jilin():
    return pr.province("jilin")


def three(jilin, stations: tuple[str, ...] = ("220122100200",)):
    """Return Jilin cut down to three villages of one township, on one meridian, 2 and 4 km apart."""
    km = np.degrees(1 / 6371.0088)
    own = jilin.places.filter(level="village", kind="village").filter(pl.col("parent_id") == "220122100").head(3)
    own = own.with_columns(lat=44.0 + km * pl.Series([0.0, 2.0, 6.0]), lon=pl.lit(125.0), urban_rural=pl.lit("122"))
    rest = jilin.places.filter(pl.col("level") != "village")
    ids = own["place_id"].to_list()
    sites = jilin.sites.filter(kind="village_post_station").head(len(stations)).with_columns(
        place_id=pl.Series(ids[: len(stations)]), lat=own["lat"].head(len(stations)), lon=pl.lit(125.0)
    )  # fmt: skip
    people = jilin.populations.filter(pl.col("place_id").is_in(ids)).with_columns(
        population_persons=pl.lit(100).cast(pl.Int64), urban_persons=pl.lit(100).cast(pl.Int64),
        rural_persons=pl.lit(0).cast(pl.Int64),
    )  # fmt: skip
    return jilin.with_(places=pl.concat([rest, own]), sites=sites, populations=people), ids


def test_minutes_by_hand(jilin):
    network, _ = three(jilin)
    found = access(network).units
    spread = np.array([2.0, 2.0, 4.0]) * 0.333
    km = 1.3 * np.hypot([0.0, 2.0, 6.0], spread)
    assert found["km"].to_numpy() == pytest.approx(km, rel=1e-3)
    assert found["walk_min"].to_numpy() == pytest.approx(60 * km / 4.5, rel=1e-3)
    assert found["inside"].to_list() == [True, True, False]
    winter = access(network, season="winter").units
    assert winter["walk_min"].to_numpy() == pytest.approx(60 * km / (4.5 * 0.75), rel=1e-3)
    figures = access(network).figures()
    assert figures["inside_town"] == pytest.approx(2 / 3)
    assert figures["persons"] == 300
    assert figures["synthetic_town"] == 1.0


def test_closing_a_point_names_who_loses(jilin):
    network, ids = three(jilin, ("a", "b"))
    fewer = network.with_(sites=network.sites.head(1))
    changed = change(access(network), access(fewer))
    assert changed.gained.height == 0
    assert changed.lost["place_id"].to_list() == [ids[2], ids[1]]  # the worst first
    assert change(access(fewer), access(network)).lost.height == 0


def test_a_network_without_points_or_villages_is_refused(jilin):
    with pytest.raises(DataError):
        access(jilin.with_(sites=jilin.sites.head(0)))
    with pytest.raises(UsageError):
        access(jilin, season="spring")


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 50)), min_size=1, max_size=20))
def test_inequality_figures_have_their_bounds(rows):
    values, weights = (np.array(column, float) for column in zip(*rows, strict=True))
    assert -1e-9 <= gini(values, weights) <= 1
    assert gini(np.full(3, 4.0), np.ones(3)) == pytest.approx(0)
    mean = np.average(values, weights=weights)
    assert mean - 1e-9 <= worst_share(values, weights) <= values.max() + 1e-9
    assert worst_share(values, weights, 1.0) == pytest.approx(mean)
    assert gini(np.array([0.0, 1.0]), np.ones(2)) == pytest.approx(0.5)


def test_jilin_gains_and_nobody_loses(jilin):
    plan = design_sites(jilin)
    assert plan.network.check() == []
    assert plan.result.facts["status"] == "optimal"
    assert plan.sites["yuan"].sum() <= 9e6
    by_year = plan.sites.group_by("year").agg(pl.col("yuan").sum()).sort("year")["yuan"].cum_sum().to_list()
    assert all(spent <= 3e6 * (k + 1) for k, spent in enumerate(by_year))
    changed = change(access(jilin), access(plan.network))
    assert changed.lost.height == 0
    assert changed.gained.height > 100
    assert changed.after["inside_city"] > changed.before["inside_city"]


def test_jilin_floor_out_of_reach_names_counties_and_the_way_out(jilin):
    with pytest.raises(InfeasibleError) as raised:
        design_sites(jilin, SiteOptions(floor=1.0))
    assert len(raised.value.faults) > 1
    with pytest.raises(UsageError):
        design_sites(jilin, SiteOptions(floor=1.5))
