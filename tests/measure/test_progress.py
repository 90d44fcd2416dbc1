"""Status from path, observations and forecast: worked examples by hand, and what may never happen."""

import dataclasses
import datetime as dt

import pytest

from postroad.measure.indicator import Observation, year_of
from postroad.measure.progress import Evidence, judge, path_of, required_growth
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
    history = [seen("2020", 100, "narrow"), seen("2024", 230, "wide")]
    assert status(TARGET, history, "2026-11-01").status == "unknown"
    breaks = {("narrow", "wide"): 1.1}
    assert status(TARGET, history, "2026-11-01", breaks=breaks).status == "met"
    close = [seen("2020", 100, "narrow"), seen("2024", 215, "wide")]
    assert status(TARGET, close, "2026-11-01", breaks=breaks).status == "unknown"


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
