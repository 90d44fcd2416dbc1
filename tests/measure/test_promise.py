"""The certificate by hand, and intervals that hold what they say on worlds never seen."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.measure.promise import certificate, interval, stability
from postroad.measure.promise.certificate import members, units_of
from postroad.network import province


def worlds(rng, clusters, parcels, share, spread):
    """On-time counts of days whose own share strays around the true one."""
    if spread:
        a = share * (1 / spread - 1)
        own = rng.beta(a, (1 - share) * (1 / spread - 1), clusters)
    else:
        own = np.full(clusters, share)
    counts = rng.integers(parcels // 2, parcels * 2, clusters)
    return rng.binomial(counts, own), counts


@pytest.mark.parametrize("clusters", [5, 20])
@pytest.mark.parametrize(("share", "spread"), [(0.5, 0.05), (0.9, 0.05), (0.97, 0.02), (0.8, 0.0)])
def test_nominal_95_percent_intervals_hold_on_worlds_never_seen(clusters, share, spread):
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(400):
        found = interval(*worlds(rng, clusters, 60, share, spread))
        hits += found.low <= share <= found.high
    assert hits / 400 >= 0.93


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_the_interval_holds_its_own_share_and_stays_in_range(pairs):
    hits, counts = [min(a, b) for a, b in pairs], [b for _, b in pairs]
    found = interval(hits, counts)
    if found.parcels:
        assert 0.0 <= found.low <= found.share <= found.high <= 1.0


def test_one_day_says_nothing_of_other_days():
    assert (interval([9], [10]).low, interval([9], [10]).high) == (0.0, 1.0)


def test_more_days_make_it_narrower_and_more_parcels_of_the_same_days_do_not():
    rng = np.random.default_rng(3)
    hits, counts = worlds(rng, 40, 50, 0.9, 0.05)
    few, many = interval(hits[:8], counts[:8]), interval(hits, counts)
    assert many.high - many.low < few.high - few.low
    same = interval(hits[:8] * 100, counts[:8] * 100)
    assert same.high - same.low == pytest.approx(few.high - few.low, rel=0.15)


def facts(*rows):
    columns = ["world", "day", "kind", "origin_id", "destination_id", "accept_min", "hours", "cause", "at_place_id"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def test_a_certificate_by_hand():
    jilin = province("jilin")
    # Nanguan is a district of Changchun, Chuanying one of Jilin: a pair of the metropolis and of neighbours.
    rows = []
    for day in range(4):
        rows += [(0, day, "ordinary", "220102", "220204", 600, 20.0, None, None)] * 9
        rows += [(0, day, "ordinary", "220204", "220102", 1300, None, "sorter", "2201")]
    told = certificate(facts(*rows), jilin)
    pair = told.pairs.filter(promise_class="metro").row(0, named=True)
    assert (pair["from_place_id"], pair["to_place_id"]) == ("2201", "2202")
    assert pair["parcels"] == 40
    assert pair["share_percent"] == pytest.approx(90.0)
    assert pair["low_percent"] < 90 < pair["high_percent"]
    assert not pair["certified"]
    assert (pair["worst_hour"], pair["cause"], pair["at_place_id"]) == (21, "sorter", "2201")
    assert pair["slack_h"] is None
    assert told.value("neighbours", "ordinary") == pytest.approx(90.0)
    assert np.isnan(told.value("core", "ordinary"))


def test_both_ways_count_once_and_a_countys_own_parcels_are_towns():
    jilin = province("jilin")
    told = certificate(facts((0, 0, "snow", "220122", "220122", 500, 10.0, None, None)), jilin)
    assert told.pairs["promise_class"].to_list() == ["towns"]
    assert told.pairs["parcels"].to_list() == [1]
    assert told.pairs["slack_h"].to_list() == [14.0]


def test_parcels_of_no_promised_pair_do_not_count():
    told = certificate(facts((0, 0, "peak", "220122", "X-BEIJING", 500, 10.0, None, None)), province("jilin"))
    assert told.pairs.height == 0


def test_every_end_stands_for_units_and_every_place_lies_in_one():
    jilin = province("jilin")
    held = members(jilin)
    assert held.filter(end_id="222401")["unit_id"].to_list() == ["222401"]
    assert set(held.filter(end_id="2202")["unit_id"]) >= {"220202", "220204", "220271"}
    own = units_of(jilin)
    places = jilin.places.filter(pl.col("level").is_in(["village", "township", "county", "external"]))
    assert own.join(places, on="place_id", how="semi")["unit_id"].null_count() == 0


def test_stability_counts_days_served_and_the_spread_of_the_hour():
    jilin = province("jilin")
    village = jilin.places.filter(level="village")["place_id"][0]
    rows = [(0, day, "ordinary", "220102", village, 600, hours, None, None) for day, hours in
            ((0, 24.0), (1, 25.0), (2, None), (3, 26.0))]  # fmt: skip
    told = stability(facts(*rows), jilin).row(0, named=True)
    assert (told["days"], told["days_served"], told["served_percent"]) == (4, 3, 75.0)
    assert told["hour"] == pytest.approx(11.0)
    assert told["served_year_days"] == pytest.approx(273.75)
