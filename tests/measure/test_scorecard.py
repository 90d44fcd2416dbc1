"""Jilin's scorecard: today's truth, the past as it was known, and the same bytes every time."""

import dataclasses
import datetime as dt
import json

import polars as pl
import pytest

import postroad
from postroad.errors import DataError, UsageError
from postroad.measure.clocks import impossible
from postroad.measure.indicator import indicator, indicators, observe
from postroad.measure.orphans import unmarked_or_unpublished, without_target
from postroad.measure.scorecard import check, scope_breaks, score
from postroad.plan.plan import plan

TODAY = dt.date(2026, 11, 24)


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


@pytest.fixture(scope="module")
def card(jilin):
    return score(jilin, plan("jilin"), as_of=TODAY)


def test_the_volume_floor_is_met_in_all_likelihood_and_says_why(card):
    line = card.line("express-volume")
    assert line.judgement.status == "met"
    words = line.judgement.reason.say("en")
    assert "in all likelihood" in words
    assert "11.89 %" in words
    assert "9.11 %" in words
    assert "21.37 %" in words  # growth within the wider scope
    assert "2.49 %" in words  # what would undo it
    assert line.fan is None  # two values in the scope of the latest: no forecast is pretended


def test_doubling_revenue_is_missed_in_all_likelihood(card):
    line = card.line("postal-revenue")
    assert line.judgement.status == "missed"
    assert "41.34 %" in line.judgement.reason.say("en")
    assert 0.01 < line.fan.probability(2025, 200.28, "up") < 0.1  # five points cannot exclude it to the last percent


def test_everything_else_is_unknown_and_says_what_is_lacking(card):
    assert card.summary == {"met": 1, "missed": 1, "unknown": 34}
    for line in card.lines:
        if line.judgement.status == "unknown":
            assert card.to_dict()
            assert line.judgement.reason.say("zh")
    plain = {line["target_id"]: line for line in card.to_dict()["lines"]}
    assert plain["villages"]["needs"]["en"] == "Not measured: needs a parcel-by-parcel simulation."
    assert plain["villages"]["latest"] is None


def test_every_value_names_a_source_that_is_listed(card):
    plain = card.to_dict()
    for line in plain["lines"]:
        for seen in line["observations"]:
            assert seen["source"] in plain["sources"]
            assert plain["sources"][seen["source"]]["title"]


def test_the_past_is_replayed_with_what_was_known_then(jilin):
    then = score(jilin, plan("jilin"), as_of=dt.date(2023, 6, 30))
    for line in then.lines:
        assert all(o.known_on <= dt.date(2023, 6, 30) for o in line.observations)
    assert then.line("postal-revenue").judgement.status == "unknown"
    assert "2024" not in {o.period for o in then.line("express-volume").observations}


def test_a_day_before_anything_was_known_is_refused(jilin):
    with pytest.raises(UsageError):
        score(jilin, plan("jilin"), as_of=dt.date(1990, 1, 1))


def test_the_same_inputs_give_the_same_bytes(jilin, card):
    again = score(jilin, plan("jilin"), as_of=TODAY)
    assert again.to_json() == card.to_json()
    assert score(jilin, plan("jilin"), as_of=TODAY, seed=1).run_id != card.run_id
    json.loads(card.to_json())


def test_a_later_publication_of_a_period_wins_and_an_earlier_day_does_not_see_it(jilin):
    table = jilin.statistics
    row = table.filter(region_id="22", indicator="postal_revenue", period="2024")
    revised = row.with_columns(pl.lit(150.0).alias("value"), pl.lit(dt.date(2026, 1, 1)).alias("known_on"))
    network = jilin.with_(statistics=pl.concat([table, revised]))
    revenue = indicator("postal_revenue")
    assert observe(revenue, network, "22", TODAY)[-1].value == 150.0
    assert observe(revenue, network, "22", dt.date(2025, 6, 1))[-1].value == 141.7


def test_a_statistic_from_the_future_is_not_seen(jilin):
    row = jilin.statistics.filter(region_id="22", indicator="postal_revenue", period="2024")
    future = row.with_columns(pl.lit("2030").alias("period"), pl.lit(dt.date(2031, 1, 1)).alias("known_on"))
    network = jilin.with_(statistics=pl.concat([jilin.statistics, future]))
    assert "2030" not in {o.period for o in observe(indicator("postal_revenue"), network, "22", TODAY)}


def test_the_break_in_counting_comes_from_the_national_figures(jilin):
    breaks = scope_breaks(jilin, TODAY)
    assert breaks["express_volume"]["postal_2020", "postal_2024"] == pytest.approx(1.0911, abs=0.0005)
    assert scope_breaks(jilin, dt.date(2023, 1, 1)) == {}


def test_a_target_in_the_wrong_unit_or_direction_is_refused_all_at_once(jilin):
    made = plan("jilin")
    wrong = [dataclasses.replace(made.targets[0], unit="亿件"), dataclasses.replace(made.targets[1], direction="down")]
    faulty = dataclasses.replace(made, targets=(*wrong, *made.targets[2:]))
    assert {fault.key for fault in check(faulty)} == {"measure.wrong_unit", "measure.wrong_direction"}
    with pytest.raises(DataError):
        score(jilin, faulty, as_of=TODAY)


def test_no_indicator_leaves_its_direction_or_its_parts_unsaid():
    for item in indicators().values():
        assert item.direction in ("up", "down", "hold")
        assert item.numerator_zh
        assert item.numerator_en
        assert item.kind in ("statistic", "ratio", "per_day", "site_share", "needs")
        assert (item.kind == "needs") == bool(item.needs_zh and item.needs_en)


def test_ratios_and_days_by_hand(jilin):
    share = observe(indicator("village_post_share"), jilin, "22", TODAY)[0]
    assert share.value == pytest.approx(100 * 8885 / 9210)
    assert share.origin == "derived"
    users = observe(indicator("users_per_day"), jilin, "22", TODAY)[0]
    assert users.value == pytest.approx(19.78e4 / 366)
    network_share = observe(indicator("village_post_share_network"), jilin, "22", TODAY)[0]
    assert network_share.value == pytest.approx(100 * 8885 / 9321)
    assert network_share.origin == "synthetic"


def test_the_plans_own_numbers_are_held_against_each_other(card):
    found = {finding.id: finding.values for finding in card.findings}
    growth = found["growth-and-revenue"]
    assert growth["revenue_on_trend"] == pytest.approx(146, abs=0.5)
    assert growth["revenue_all_flat"] == pytest.approx(161.6, abs=0.1)
    assert growth["revenue_flat_price"] == pytest.approx(180, abs=0.5)
    assert growth["growth_needed_flat_price"] == pytest.approx(0.185, abs=0.001)
    assert growth["growth_needed_on_trend"] == pytest.approx(0.266, abs=0.001)
    assert found["peak"]["peak_then"] == pytest.approx(1700, abs=5)
    assert found["users-and-volume"]["users_multiple"] == pytest.approx(1.67, abs=0.01)


def test_progress_is_told(jilin):
    told = []
    score(jilin, plan("jilin"), as_of=TODAY, progress=told.append)
    assert (told[0].done, told[-1].done, told[-1].total) == (0, 36, 36)


def test_a_day_before_the_baseline_was_known_does_not_call_older_values_the_baseline(jilin):
    line = score(jilin, plan("jilin"), as_of=dt.date(2021, 1, 1)).line("postal-revenue")
    assert line.judgement.status == "unknown"
    assert "latest value is for 2018" in line.judgement.reason.say("en")


def test_every_sentence_is_whole_in_both_languages_on_every_day(jilin):
    for day in (dt.date(2021, 1, 1), dt.date(2023, 6, 30), dt.date(2025, 3, 31), TODAY):
        plain = score(jilin, plan("jilin"), as_of=day).to_dict()
        for line in plain["lines"]:
            for text in (line["reason"], *(part["detail"] for part in line["components"])):
                assert text["zh"]
                assert "nan" not in text["en"]


def test_the_source_of_every_baseline_and_target_is_listed(jilin):
    for day in (dt.date(2021, 1, 1), TODAY):
        plain = score(jilin, plan("jilin"), as_of=day).to_dict()
        for line in plain["lines"]:
            named = [line[key]["source"] for key in ("baseline", "target") if line[key]]
            assert set(named) <= set(plain["sources"])


def test_baselines_without_a_target_are_marked_exactly(jilin):
    made = plan("jilin")
    assert without_target(jilin, made) == {orphan.indicator for orphan in made.orphan_baselines}
    fewer = dataclasses.replace(made, orphan_baselines=made.orphan_baselines[1:])
    unknown = dataclasses.replace(made.orphan_baselines[0], indicator="no_such_figure")
    more = dataclasses.replace(made, orphan_baselines=(*made.orphan_baselines, unknown))
    assert [fault.key for fault in unmarked_or_unpublished(jilin, fewer)] == ["measure.unmarked_orphan"]
    assert [fault.key for fault in unmarked_or_unpublished(jilin, more)] == ["measure.unpublished_orphan"]
    with pytest.raises(DataError):
        score(jilin, fewer, as_of=TODAY)


def test_what_a_ministry_adds_is_judged(jilin):
    """Lockers in 2025 and a revenue of 2025 come in: a direction and a doubling are decided outright."""
    table = jilin.statistics
    lockers = table.filter(region_id="22", indicator="smart_lockers", period="2020")
    revenue = table.filter(region_id="22", indicator="postal_revenue", period="2024")
    known = [pl.lit(dt.date(2026, 2, 1)).alias("known_on"), pl.lit("2025").alias("period")]
    more = [
        frame.with_columns(*known, pl.lit(value).alias("value"))
        for frame, value in ((lockers, 9000.0), (revenue, 201.0))
    ]
    card = score(jilin.with_(statistics=pl.concat([table, *more])), plan("jilin"), as_of=TODAY)
    assert card.line("lockers").judgement.status == "met"
    assert card.line("postal-revenue").judgement.status == "met"
    assert "in all likelihood" not in card.line("postal-revenue").judgement.reason.say("en")


def test_statistics_from_the_future_are_refused_all_at_once_and_plans_for_it_are_not(jilin):
    row = jilin.statistics.filter(region_id="22", indicator="postal_revenue", period="2024")
    later = row.with_columns(pl.lit(dt.date(2199, 1, 1)).alias("known_on"))
    early = row.with_columns(pl.lit("2031").alias("period"))
    network = jilin.with_(statistics=pl.concat([jilin.statistics, later, early]))
    found = impossible(network, TODAY)
    assert [(fault.key, fault.row) for fault in found] == [
        ("measure.from_the_future", jilin.statistics.height + 1),
        ("measure.known_too_early", jilin.statistics.height + 2),
    ]
    with pytest.raises(DataError) as refused:
        score(network, plan("jilin"), as_of=dt.date(2023, 6, 30))
    assert len(refused.value.faults) == 2
    assert impossible(jilin, TODAY) == []
    assert jilin.statistics.filter(pl.col("indicator").str.starts_with("target_"), period="2025").height
