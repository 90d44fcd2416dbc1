"""Jilin's demand: every control total kept, parcels drawn as the flows say, the same bytes at any number of workers."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import postroad
from postroad.demand import demand, digest
from postroad.demand.calibrate import control_totals, imbalance, trip_lengths
from postroad.demand.parcels import alias, blocks
from postroad.demand.picture import flow_map, sankey
from postroad.demand.profile import day_shares
from postroad.demand.report import report
from postroad.demand.seasonal import in_month, mean_factor, month_factors, season
from postroad.errors import DataError, InfeasibleError, UsageError


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


@pytest.fixture(scope="module")
def made(jilin):
    return demand(jilin)


def test_every_control_total_is_kept(made):
    totals = control_totals(made)
    assert totals["kept"].all()
    assert totals["relative_error"].max() < 2e-9
    published = dict(totals.filter(pl.col("total").str.starts_with("published"))["total", "reproduced"].iter_rows())
    assert published["published/express_volume"] == pytest.approx(4.47e8)
    assert published["published/capital_share_of_sent"] == pytest.approx(58)
    assert published["published/share_same_city"] == pytest.approx(10.64, abs=0.01)
    assert published["published/share_inter_city"] == pytest.approx(89.16, abs=0.01)
    assert published["published/delivered_over_sent"] == pytest.approx(3.3)
    assert published["published/peak_day"] == 8_450_000


def test_flows_of_a_class_stay_where_the_class_says(made):
    prefecture = dict(made.totals.units["place_id", "prefecture_id"].iter_rows())
    for name, same in (("same_city", True), ("intra_province", False)):
        own = made.flows.filter(flow_class=name)
        pairs = zip(own["origin_id"], own["destination_id"], strict=True)
        assert {prefecture[a] == prefecture[b] for a, b in pairs} == {same}
    assert made.flows.filter(flow_class="inbound")["origin_id"].str.starts_with("X-").all()


def test_the_lower_ratio_of_the_interval_is_possible_and_one_outside_is_refused(jilin):
    low = demand(jilin, ratio=2.3)
    published = dict(control_totals(low)["total", "reproduced"].iter_rows())
    assert published["published/delivered_over_sent"] == pytest.approx(2.3)
    with pytest.raises(InfeasibleError) as refused:
        demand(jilin, ratio=5.0)
    assert "3.3" in refused.value.say("en")


def test_growth_follows_the_scenario_and_is_marked_assumed(jilin, made):
    later = demand(jilin, 2025, "floor")
    grown = later.flows["pieces"].sum() / made.flows["pieces"].sum()
    rows = jilin.growth_scenarios.filter(scenario="floor", year=2025)
    assert grown == pytest.approx(rows["multiple"].mean(), rel=1e-3)
    assert set(later.flows["origin"]) == {"assumed"}
    assert control_totals(later)["kept"].all()


@pytest.mark.parametrize(("year", "scenario"), [(2019, "base"), (2031, "base"), (2024, "hope")])
def test_an_unknown_scenario_or_year_is_refused_with_what_there_is(jilin, year, scenario):
    with pytest.raises(DataError) as refused:
        demand(jilin, year, scenario)
    assert "base" in refused.value.say("en")


def test_shares_that_contradict_each_other_are_refused(jilin):
    wrong = pl.when(pl.col("parameter").str.ends_with("share_same_city")).then(60.0).otherwise("value")
    broken = jilin.with_(parameters=jilin.parameters.with_columns(value=wrong))
    with pytest.raises(InfeasibleError) as refused:
        demand(broken)
    assert "149" in refused.value.say("en")


def test_the_days_of_a_year_sum_to_the_year(jilin, made):
    assert day_shares(jilin, 2020).sum() == pytest.approx(1)
    days = [made.pieces(dt.date(2020, 1, 1) + dt.timedelta(days=k)) for k in range(366)]
    assert sum(days) == pytest.approx(made.flows["pieces"].sum(), rel=1e-6)
    assert made.pieces("peak") > max(days)


@pytest.mark.parametrize("day", ["yesterday", "2021-05-01"])
def test_a_day_that_is_none_or_of_another_year_is_refused(made, day):
    with pytest.raises(UsageError):
        made.pieces(day)


def test_no_parcels_are_refused(made):
    with pytest.raises(DataError):
        next(iter(made.parcels("peak", pieces=0)))


def test_seasons_move_pieces_and_make_none(jilin, made):
    assert season(10, 1) == [10, 11, 12, 1]
    assert mean_factor(jilin, made.flows) == pytest.approx(1)
    ginseng = [month_factors(jilin, made.flows, month)["220621"] for month in (5, 11)]
    assert ginseng[0] < 0.5 < 1.5 < ginseng[1]
    total = sum(in_month(jilin, made.flows, month)["pieces"].sum() for month in range(1, 13)) / 12
    assert total == pytest.approx(made.flows["pieces"].sum())


def test_one_two_and_sixteen_workers_give_the_same_bytes(made):
    digests = {digest(made.parcels("peak", seed=3, pieces=300_000, workers=w)) for w in (1, 2, 16)}
    assert len(digests) == 1
    assert digest(made.parcels("peak", seed=4, pieces=300_000)) not in digests
    assert digest(made.parcels("2020-11-10", seed=3, pieces=300_000)) not in digests


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 4000), st.integers(1, 5000), st.integers(0, 2**40))
def test_the_size_of_blocks_changes_no_byte(made, size, count, seed):
    drawer = made.drawer("peak")
    assert digest(blocks(drawer, count, seed, "x", size=size)) == digest(blocks(drawer, count, seed, "x"))


@pytest.fixture(scope="module")
def drawn(made):
    return list(made.parcels("peak", seed=1, pieces=1_000_000))


def test_parcels_fall_on_pairs_and_hours_as_the_flows_and_the_profile_say(made, drawn):
    drawer = made.drawer("peak")
    hours = np.bincount(np.concatenate([b.accept_min for b in drawn]) // 60, minlength=24)
    weights = np.diff(drawer.hour)
    expected = weights / weights.sum() * hours.sum()
    assert np.abs(hours - expected).max() <= 2  # stratified: exact but for rounding at the hour
    away = pl.Series(np.concatenate([b.origin for b in drawn]))
    outside = drawer.place_ids.str.starts_with("X-").to_numpy()[away.to_numpy()]
    flows = in_month(made.network, made.flows, 11)
    share = flows.filter(flow_class="inbound")["pieces"].sum() / flows["pieces"].sum()
    assert outside.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 1e6))


def test_villages_are_drawn_by_their_weights(made, drawn):
    """Chi-square over the villages of one county: drawn counts against the alias weights."""
    frame = pl.concat([b.frame() for b in drawn])
    county = frame.filter(pl.col("destination_id").str.starts_with("220112"))
    counts = dict(county["destination_id"].value_counts().iter_rows())
    from postroad.demand.weights import leaf_weights

    weights, places = leaf_weights(made.network, pl.Series(["220112"]))
    weight, index = weights[0]
    got = np.array([counts.get(places[int(k)], 0) for k in index])
    expected = weight / weight.sum() * got.sum()
    keep = expected >= 5
    assert stats.chisquare(got[keep], expected[keep] * got[keep].sum() / expected[keep].sum()).pvalue > 1e-4


def test_weights_are_lognormal_into_the_tails(made, drawn):
    """Kolmogorov and Smirnov on half a million pieces of one product, tails of one in ten thousand counted apart."""
    products = made.network["products"].sort("product_id")
    item = int(np.argmax(np.bincount(np.concatenate([block.product for block in drawn]))))
    grams = np.concatenate([block.weight_g[block.product == item] for block in drawn]).astype(float)
    sigma, mean = products["weight_sigma"][item], products["weight_mean_kg"][item] * 1000
    spread = np.random.default_rng(1).uniform(-0.5, 0.5, grams.size)  # undo the rounding to whole grams
    z = (np.log(np.maximum(grams + spread, 0.5)) - np.log(mean) + sigma**2 / 2) / sigma
    assert grams.size > 200_000
    assert stats.kstest(z, "norm").statistic < 1.95 / np.sqrt(grams.size)
    beyond = (np.abs(z) > 3.7).sum()
    expected = 2 * stats.norm.sf(3.7) * grams.size
    assert abs(beyond - expected) < 4.5 * np.sqrt(expected)


def test_weights_have_the_mean_of_their_product(made, drawn):
    frame = pl.concat([b.frame() for b in drawn])
    means = dict(frame.group_by("product_id").agg(pl.col("weight_g").mean()).iter_rows())
    wanted = dict(made.network.products["product_id", "weight_mean_kg"].iter_rows())
    for name in ("INTER", "SAME_CITY", "FACTORY"):
        assert means[name] == pytest.approx(1000 * wanted[name], rel=0.03)
    assert frame["accept_min"].max() < 1440
    assert frame["origin_id"].null_count() == frame["operator_id"].null_count() == 0


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=40))
def test_an_alias_table_holds_exactly_the_weights(weights):
    tables = alias([np.array(weights)])
    n = len(weights)
    share = np.zeros(n)
    for k in range(n):
        share[k] += tables.column["keep"][k] / n
        share[tables.column["other"][k]] += (1 - tables.column["keep"][k]) / n
    assert share == pytest.approx(np.array(weights) / sum(weights), abs=1e-9)


def test_report_and_pictures_stand_in_both_languages(made):
    for language in ("zh", "en"):
        assert "447,000,000" in report(made, language)
        for picture in (flow_map(made, language), sankey(made, language)):
            assert picture.startswith("<svg")
            assert picture.endswith("</svg>")
            assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    assert imbalance(made)["received_over_sent"].min() > 1
    assert trip_lengths(made)["share"].sum() == pytest.approx(1)
