"""From target, observations and forecast to a status, with every part of the judgement beside it (P100).

A status is the worst of its parts; the mean of their scores is given too, but never decides. Before the deadline the
parts are level (against the path), trend (against the change still needed), chance (from the forecast), and recency
where the latest value is stale. After it the outcome decides (``outcome``). A target that gives a direction and no
number is held against where it started.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.language import Text
from postroad.measure.judgement import (
    ORDER,
    Evidence,
    Judgement,
    Part,
    comparable,
    open_part,
    pace,
    part,
    reaches,
    shown,
    shown_chance,
    yearly_rate,
)
from postroad.measure.outcome import outcome

if TYPE_CHECKING:
    import datetime as dt

    from postroad.measure.indicator import Observation
    from postroad.plan.plan import Target

LIKELY, UNLIKELY = 0.8, 0.4
STALE_YEARS = 2.5


def required_growth(target: Target) -> float | None:
    """Return the yearly growth from baseline to value that a compound target asks for, as a share."""
    if target.path != "compound" or not target.value or not target.baseline_value or not target.deadline:
        return None
    years = target.deadline.year - int(str(target.baseline_period)[:4])
    return yearly_rate(target.baseline_value, target.value, years)


def path_of(target: Target) -> list[tuple[int, float]]:
    """Return the values a target asks for year by year, from baseline to deadline; empty without a baseline."""
    if target.value is None or target.baseline_value is None or target.deadline is None:
        return []
    start, end = int(str(target.baseline_period)[:4]), target.deadline.year
    shares = np.arange(end - start + 1) / max(1, end - start)
    if target.path == "compound":
        values = target.baseline_value * (target.value / target.baseline_value) ** shares
    elif target.path == "linear":
        values = target.baseline_value + (target.value - target.baseline_value) * shares
    else:
        values = np.where(shares < 1, target.baseline_value, target.value)
    return [(start + k, float(v)) for k, v in enumerate(values)]


def judge(target: Target, evidence: Evidence) -> Judgement:
    """Return the status of a target on a day, with every part of the judgement."""
    seen = evidence.observations
    later = [item for item in seen if target.baseline_period is None or item.year > float(target.baseline_period)]
    if later and all(item.origin == "synthetic" for item in later):
        return _unknown("measure.only_synthetic", period=later[-1].period, value=shown(later[-1].value))
    if target.value is None:
        return _by_direction(target, evidence)
    if target.deadline is None:
        return _unknown("measure.no_deadline_given" if later else "measure.no_deadline")
    if not later:
        return _nothing_later(target, seen)
    recency = _recency(later[-1], evidence.as_of)
    if evidence.as_of > target.deadline:
        return _worst([outcome(target, evidence, later), recency], decisive=1)
    parts = [_level(target, evidence, later), _trend(target, evidence, later), _chance(target, evidence), recency]
    return _worst(parts, decisive=3)


def _worst(parts: list[Part], decisive: int) -> Judgement:
    """The worst of the counted parts; unknown when none of the decisive ones, which come first, is counted.

    A single decisive part decides alone: those after it then only inform.
    """
    if decisive == 1:
        parts = [parts[0], *(dataclasses.replace(item, score=None) for item in parts[1:])]
    counted = [item for item in parts[:decisive] if item.score is not None]
    if not counted:
        return Judgement("unknown", tuple(parts), None, parts[0].detail)
    counted += [item for item in parts[decisive:] if item.score is not None]
    worst = max(counted, key=lambda item: ORDER.index(item.status))
    mean = float(np.mean([item.score for item in counted if item.score is not None]))
    return Judgement(worst.status, tuple(parts), mean, worst.detail)


def _unknown(key: str, **facts: Any) -> Judgement:
    return Judgement("unknown", (), None, Text.of(key, **facts))


def _nothing_later(target: Target, seen: tuple[Observation, ...]) -> Judgement:
    if not seen:
        return _unknown("measure.nothing_published")
    if any(o.period == target.baseline_period for o in seen):
        return _unknown("measure.only_baseline")
    return _unknown("measure.only_before", period=seen[-1].period, year=target.baseline_period)


def _by_direction(target: Target, evidence: Evidence) -> Judgement:
    """Hold the latest value of one scope against the baseline, or against the first value where there is none."""
    if target.wording == "unmeasurable":
        return _unknown("measure.no_number")
    same = [o for o in evidence.observations if o.scope == evidence.observations[-1].scope and len(o.period) == 4]
    start = next((o for o in same if target.baseline_period in (None, o.period)), None)
    if start is None or not (later := [o for o in same if o.year > start.year]):
        return _unknown("measure.direction_only")
    first = start.value if target.baseline_value is None else target.baseline_value
    ended = target.deadline is not None and evidence.as_of > target.deadline
    at_end = [o for o in later if target.deadline and o.period == str(target.deadline.year)]
    last = at_end[-1] if ended and at_end else later[-1]
    facts: dict[str, Any] = {
        "first": shown(first), "start": start.period, "value": shown(last.value), "period": last.period,
        "unit": Text.of(f"unit.{target.unit}"),
    }  # fmt: skip
    good = reaches(target.direction, last.value, first) and (target.direction == "hold" or last.value != first)
    if ended and not at_end:
        found = open_part("direction", "measure.direction_open", **facts)
    else:
        status = ("met" if good else "missed") if ended else ("on_track" if good else "off_track")
        found = part("direction", status, f"measure.direction_{'right' if good else 'wrong'}", **facts)
    return _worst([found, _recency(last, evidence.as_of)], decisive=1)


def _level(target: Target, evidence: Evidence, later: list[Observation]) -> Part:
    assert target.value is not None
    latest, start = later[-1], target.baseline_value
    asked = dict(path_of(target)).get(int(latest.period[:4]), target.value)
    facts: dict[str, Any] = {
        "period": latest.period,
        "asked": shown(asked),
        "unit": Text.of(f"unit.{target.unit}"),
    }
    found = comparable(target, evidence, latest)
    if found is None:
        return open_part("level", "measure.level_other_scope", **facts)
    value, factor = found
    facts["value"] = shown(value)
    key = "measure.level" if factor == 1.0 else "measure.level_lowered"
    if reaches(target.direction, value, asked):
        return part("level", "on_track", key, **facts)
    if start is None:
        return open_part("level", "measure.level_no_path", **facts)
    share = (value - start) / (asked - start) if asked != start else 0.0
    return part("level", "at_risk" if share >= 0.8 else "off_track", key, score=float(np.clip(share, 0, 1)), **facts)


def _trend(target: Target, evidence: Evidence, later: list[Observation]) -> Part:
    """Yearly change lately, within one scope, against the change still needed; in growth rates for compound paths."""
    assert target.deadline is not None
    assert target.value is not None
    latest = later[-1]
    same = [o for o in evidence.observations if o.scope == latest.scope and o.year < latest.year]
    left = target.deadline.year - latest.year
    level = comparable(target, evidence, latest)
    if level is None or reaches(target.direction, level[0], target.value) or left <= 0 or not same:
        return open_part("trend", "measure.trend_none")
    rates = target.path == "compound" and min(same[-1].value, level[0], target.value) > 0
    lately, said = pace(target, same[-1].value, latest.value, latest.year - same[-1].year, rates)
    needed, wanted = pace(target, level[0], target.value, left, rates)
    share = lately / needed if needed else 1.0
    status = "on_track" if share >= 1 else "at_risk" if share >= 0.5 else "off_track"
    return part("trend", status, "measure.trend", score=float(np.clip(share, 0, 1)), lately=said, needed=wanted)


def _chance(target: Target, evidence: Evidence) -> Part:
    assert target.deadline is not None
    assert target.value is not None
    latest = evidence.observations[-1]
    level = comparable(target, evidence, latest)
    if level is None or level[1] != 1.0:
        return open_part("chance", "measure.chance_other_scope", period=latest.period)
    if evidence.fan is None or target.deadline.year not in evidence.fan.years:
        return open_part("chance", "measure.no_forecast", count=len(evidence.observations))
    chance = evidence.fan.probability(target.deadline.year, target.value, target.direction)
    status = "on_track" if chance >= LIKELY else "at_risk" if chance >= UNLIKELY else "off_track"
    return part("chance", status, "measure.chance", score=chance, chance=shown_chance(chance))


def _recency(latest: Observation, as_of: dt.date) -> Part:
    """How old the latest value is; stale ones put a running target at risk, fresh ones are no achievement."""
    age = as_of.year + (as_of.timetuple().tm_yday - 1) / 365.25 - (latest.year + 1)
    detail = Text.of("measure.recency", period=latest.period, age=shown(max(0.0, age)))
    stale = age > STALE_YEARS
    return Part("recency", "at_risk" if stale else "on_track", 0.5 if stale else None, detail)
