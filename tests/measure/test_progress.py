"""Status from path, observations and forecast: worked examples by hand, and what may never happen."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from postroad.measure.indicator import Observation, year_of
from postroad.measure.judgement import ORDER, Evidence
from postroad.measure.progress import judge, path_of, required_growth
from postroad.plan.plan import Target

TARGET = Target(
    zh="量", en="Volume", id="t", rows=("P46",), indicator="express_volume", unit="万件", direction="up",
    wording="numeric", path="compound", scope="province", text_zh="翻番", text_en="doubled",
    deadline=dt.date(2025, 12, 31), value=200.0, baseline_value=100.0, baseline_period="2020",
)  # fmt: skip


def seen(period, value, scope="one"):
    return Observation(period, value, dt.date(2021, 1, 1), scope, "observed", "s")


def status(target, observations, as_of="2023-06-30", fan=None, breaks=None):
    return judge(target, Evidence(tuple(observations), fan, dt.date.fromisoformat(as_of), breaks or {}))


class Fan:
    """A forecast that gives one chance for 2025."""

    years = (2024, 2025)

    def __init__(self, chance):
        self.chance = chance

    def probability(self, year, value, direction):
        return self.chance


def test_required_growth_and_path_by_hand():
    assert required_growth(TARGET) == pytest.approx(2**0.2 - 1)
    path = dict(path_of(TARGET))
    assert path[2020] == 100
    assert path[2025] == pytest.approx(200)
    assert path[2022] == pytest.approx(100 * 2**0.4)
    linear = dataclasses.replace(TARGET, path="linear")
    assert dict(path_of(linear))[2022] == pytest.approx(140)
    milestone = dataclasses.replace(TARGET, path="milestone")
    assert dict(path_of(milestone))[2024] == 100


def test_a_status_is_the_worst_of_its_parts_and_the_mean_stands_beside_it():
    """On the path in 2022, growing fast enough, but the forecast says one in ten: off track."""
    found = status(TARGET, [seen("2020", 100), seen("2021", 116), seen("2022", 134)], fan=Fan(0.1))
    parts = {part.name: part.status for part in found.parts}
    assert parts["level"] == "on_track"
    assert parts["chance"] == "off_track"
    assert found.status == "off_track"
    counted = [part.score for part in found.parts if part.score is not None]
    assert found.mean_score == pytest.approx(sum(counted) / len(counted))
    assert found.mean_score > 0.3


def test_on_track_needs_level_trend_and_chance():
    good = [seen("2020", 100), seen("2021", 120), seen("2022", 145)]
    assert status(TARGET, good, fan=Fan(0.9)).status == "on_track"
    slow = [seen("2020", 100), seen("2021", 131), seen("2022", 132)]
    assert status(TARGET, slow, fan=Fan(0.9)).status == "off_track"


def test_after_the_deadline_its_own_year_decides_outright():
    history = [seen("2020", 100), seen("2024", 180)]
    assert status(TARGET, [*history, seen("2025", 201)], "2026-11-01").status == "met"
    assert status(TARGET, [*history, seen("2025", 199)], "2026-11-01").status == "missed"


@pytest.mark.parametrize(("chance", "expected"), [(0.95, "met"), (0.05, "missed"), (0.5, "unknown")])
def test_after_the_deadline_without_its_year_likelihood_decides_or_nothing_does(chance, expected):
    found = status(TARGET, [seen("2020", 100), seen("2024", 180)], "2026-11-01", fan=Fan(chance))
    assert found.status == expected
    if expected != "unknown":
        assert "likelihood" in found.reason.say("en")


def test_levels_of_two_scopes_are_compared_only_after_taking_off_the_known_break():
    """230 / 1.1 = 209 still reaches 200; 215 / 1.1 = 195 does not."""
    history = [seen("2020", 100, "narrow"), seen("2023", 210, "wide"), seen("2024", 230, "wide")]
    assert status(TARGET, history, "2026-11-01").status == "unknown"
    breaks = {("narrow", "wide"): 1.1}
    found = status(TARGET, history, "2026-11-01", breaks=breaks)
    assert found.status == "met"
    assert "9.52 %" in found.reason.say("en")  # the yearly growth within the wider scope
    assert "4.35 %" in found.reason.say("en")  # the fall from 209.1 to 200 that would undo it
    close = [*history[:2], seen("2024", 215, "wide")]
    assert status(TARGET, close, "2026-11-01", breaks=breaks).status == "unknown"


def test_reaching_early_across_scopes_proves_nothing_while_the_level_falls_or_its_growth_is_unknown():
    breaks = {("narrow", "wide"): 1.1}
    falling = [seen("2020", 100, "narrow"), seen("2023", 260, "wide"), seen("2024", 230, "wide")]
    assert status(TARGET, falling, "2026-11-01", breaks=breaks).status == "unknown"
    lonely = [seen("2020", 100, "narrow"), seen("2024", 230, "wide")]
    assert status(TARGET, lonely, "2026-11-01", breaks=breaks).status == "unknown"
    there = [seen("2020", 100, "narrow"), seen("2025", 230, "wide")]
    assert status(TARGET, there, "2026-11-01", breaks=breaks).status == "met"


def test_where_fewer_is_better_another_scope_is_never_lowered():
    rank = dataclasses.replace(TARGET, direction="down", path="milestone", value=22.0, baseline_value=23.0)
    history = [seen("2020", 23, "narrow"), seen("2025", 23, "wide")]
    assert status(rank, history, "2026-11-01", breaks={("narrow", "wide"): 1.1}).status == "unknown"


def test_a_baseline_of_unknown_scope_is_compared_with_unbroken_statistics_only():
    assert status(TARGET, [seen("2025", 250, "wide")], "2026-11-01").status == "unknown"
    assert status(TARGET, [seen("2025", 250, "standard")], "2026-11-01").status == "met"


def test_the_deadlines_own_year_decides_and_not_a_later_one():
    """A village target due in 2022 that stood at 80 % then and at 100 % in 2024 was missed."""
    due = dataclasses.replace(
        TARGET, path="milestone", value=100.0, baseline_value=50.0, deadline=dt.date(2022, 12, 31), unit="%"
    )
    assert status(due, [seen("2022", 80), seen("2024", 100)], "2026-11-01").status == "unknown"  # no baseline's scope
    history = [seen("2020", 50), seen("2022", 80), seen("2024", 100)]
    assert status(due, history, "2026-11-01").status == "missed"
    late = status(due, [seen("2020", 50), seen("2024", 100)], "2026-11-01")
    assert late.status == "unknown"
    assert "only for after" in late.reason.say("en")


def test_before_its_day_a_milestone_asks_for_no_more_than_its_baseline():
    rank = dataclasses.replace(TARGET, direction="down", path="milestone", value=22.0, baseline_value=23.0)
    parts = {p.name: p for p in status(rank, [seen("2020", 23), seen("2022", 23)]).parts}
    assert parts["level"].status == "on_track"
    assert parts["trend"].status == "off_track"


def test_without_a_baseline_a_level_short_of_the_target_is_not_off_track():
    orphan = dataclasses.replace(
        TARGET, path="linear", value=98.0, baseline_value=None, baseline_period=None, orphan=True, unit="%"
    )
    found = status(orphan, [seen("2022", 96)])
    assert found.status == "unknown"
    assert status(orphan, [seen("2022", 98)]).status == "on_track"


@pytest.mark.parametrize("values", [(0, 0), (0, 5), (5, 0), (-3, 4)])
@pytest.mark.parametrize("as_of", ["2023-06-30", "2026-11-01"])
def test_zeros_and_negatives_on_a_path_of_rates_are_no_crash(values, as_of):
    history = [seen("2020", 100), *(seen(str(2021 + k), value) for k, value in enumerate(values))]
    found = status(TARGET, history, as_of, fan=Fan(0.02))
    assert found.status in ("off_track", "missed")
    assert "nan" not in found.reason.say("en")


def test_stale_values_put_a_running_target_at_risk():
    due = dataclasses.replace(TARGET, deadline=dt.date(2030, 12, 31))
    good = [seen("2020", 100), seen("2021", 120)]
    assert status(due, good, "2022-06-30").status == "on_track"
    stale = status(due, good, "2026-06-30")
    assert stale.status == "at_risk"
    assert "years ago" in stale.reason.say("en")


def test_a_direction_without_a_number_is_held_against_where_it_started():
    more = dataclasses.replace(TARGET, value=None, wording="directional", path="linear")
    history = [seen("2020", 100), seen("2022", 140)]
    assert status(more, history).status == "on_track"
    assert status(more, [seen("2020", 100), seen("2022", 100)]).status == "off_track"
    assert status(more, history, "2026-11-01").status == "unknown"
    assert status(more, [*history, seen("2025", 90)], "2026-11-01").status == "missed"
    assert status(more, [seen("2020", 100, "narrow"), seen("2022", 140, "wide")]).status == "unknown"
    fewer = dataclasses.replace(more, direction="down", baseline_value=None, baseline_period=None, orphan=True)
    assert status(fewer, [seen("2021", 9), seen("2022", 7)]).status == "on_track"
    kept = dataclasses.replace(more, direction="hold")
    assert status(kept, [seen("2020", 100), seen("2022", 100)]).status == "on_track"


def test_trend_is_never_taken_across_scopes():
    history = [seen("2020", 100, "narrow"), seen("2022", 160, "wide")]
    parts = {p.name: p for p in status(TARGET, history, breaks={("narrow", "wide"): 1.1}).parts}
    assert parts["trend"].status == "unknown"


def test_down_is_better_where_the_target_says_so():
    rank = dataclasses.replace(TARGET, direction="down", path="milestone", value=20.0, baseline_value=23.0)
    assert status(rank, [seen("2020", 23), seen("2025", 19)], "2026-11-01").status == "met"
    assert status(rank, [seen("2020", 23), seen("2025", 22)], "2026-11-01").status == "missed"


def test_reaching_a_hundred_percent_from_nothing_is_no_division_by_zero():
    cover = dataclasses.replace(TARGET, path="linear", value=100.0, baseline_value=0.0, unit="%")
    assert status(cover, [seen("2020", 0), seen("2021", 20), seen("2022", 40)], fan=Fan(0.9)).status == "on_track"
    assert status(cover, [seen("2020", 0), seen("2022", 0)], fan=Fan(0.9)).status == "off_track"


@pytest.mark.parametrize(
    ("change", "observations"),
    [
        ({}, []),
        ({}, [seen("2020", 100)]),
        ({"value": None, "wording": "unmeasurable"}, [seen("2022", 5)]),
        ({"deadline": None}, [seen("2022", 5)]),
    ],
)
def test_what_cannot_be_judged_is_unknown_with_a_reason(change, observations):
    found = status(dataclasses.replace(TARGET, **change), observations)
    assert found.status == "unknown"
    assert found.reason.say("zh")


@pytest.mark.parametrize(
    ("period", "year"), [("2020", 2020), ("2023-Q3", 2023.625), ("2016-H1", 2016.25), ("2024-05", 2024 + 4.5 / 12)]
)
def test_periods_have_their_place_in_time(period, year):
    assert year_of(period) == pytest.approx(year)


POSSIBLE = st.lists(
    st.tuples(st.sampled_from(["narrow", "wide", "standard"]), st.floats(-1e6, 1e6)), min_size=0, max_size=6
)


@settings(max_examples=150, deadline=None)
@example([("narrow", 0.0), ("narrow", 0.0)], "up", "linear", "2026-11-01", 1.0)  # likely met from an old value
@given(
    POSSIBLE,
    st.sampled_from(["up", "down", "hold"]),
    st.sampled_from(["linear", "compound", "milestone"]),
    st.sampled_from(["2021-06-30", "2024-06-30", "2026-11-01"]),
    st.floats(0, 1),
)
def test_no_series_crashes_a_judgement_and_the_worst_counted_part_always_decides(values, way, path, as_of, chance):
    target = dataclasses.replace(TARGET, direction=way, path=path)
    history = [seen(str(2020 + k), value, scope) for k, (scope, value) in enumerate(values)]
    found = status(target, history, as_of, fan=Fan(chance), breaks={("narrow", "wide"): 1.1})
    counted = [part for part in found.parts if part.score is not None]
    for spoken in ("zh", "en"):
        assert "nan" not in found.reason.say(spoken)
    if found.status != "unknown":
        assert found.status == max(counted, key=lambda part: ORDER.index(part.status)).status
        assert 0 <= found.mean_score <= 1
