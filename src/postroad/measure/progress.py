"""From target, observations and forecast to a status, with every part of the judgement beside it.

A status is the worst of its parts; the mean of their scores is given too, but never decides. Before the deadline the
parts are level (against the path), trend (against the growth still needed), and chance (from the forecast). After it,
the outcome decides: outright when the deadline's own year is known, otherwise as likely as the evidence makes it.
Levels of different scopes are never compared as they stand: where only the scope differs, the latest level is first
lowered by the largest break that the published national figures show.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.language import Text

if TYPE_CHECKING:
    from postroad.measure.forecast import Fan
    from postroad.measure.indicator import Observation
    from postroad.plan.plan import Target

SCORES = {"met": 1.0, "on_track": 1.0, "at_risk": 0.5, "off_track": 0.0, "missed": 0.0}
ORDER = ("met", "on_track", "at_risk", "off_track", "missed")
LIKELY, UNLIKELY = 0.8, 0.4
CERTAIN, EXCLUDED = 0.9, 0.1
STALE_YEARS = 2.5


@dataclass(frozen=True)
class Part:
    """One part of a judgement: its name, status, score from 0 to 1, and the numbers it rests on in words.

    A part without a score informs and is not counted.
    """

    name: str
    status: str
    score: float | None
    detail: Text


@dataclass(frozen=True)
class Judgement:
    """Status, parts, mean score of the counted parts, and the reason in one sentence."""

    status: str
    parts: tuple[Part, ...]
    mean_score: float | None
    reason: Text


@dataclass(frozen=True)
class Evidence:
    """What a judgement rests on: observations in order, a forecast if there is one, the day of asking, scope breaks.

    ``breaks`` gives, for a pair (old scope, new scope), by what factor the wider scope raised the national level.
    """

    observations: tuple[Observation, ...]
    fan: Fan | None
    as_of: dt.date
    breaks: dict[tuple[str, str], float]


def required_growth(target: Target) -> float | None:
    """Return the yearly growth from baseline to value that a compound target asks for, as a share."""
    if target.path != "compound" or not target.value or not target.baseline_value or not target.deadline:
        return None
    years = target.deadline.year - int(str(target.baseline_period)[:4])
    return float((target.value / target.baseline_value) ** (1 / years) - 1)


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


def reaches(target: Target, value: float) -> bool:
    """Return whether a value meets the target in its direction."""
    assert target.value is not None
    return value <= target.value if target.direction == "down" else value >= target.value


def judge(target: Target, evidence: Evidence) -> Judgement:
    """Return the status of a target on a day, with every part of the judgement."""
    seen = evidence.observations
    later = [item for item in seen if target.baseline_period is None or item.year > float(target.baseline_period[:4])]
    if target.value is None or target.deadline is None or not later:
        return _unknown(target, seen)
    recency = _recency(later[-1], evidence.as_of)
    if evidence.as_of > target.deadline:
        parts = [_outcome(target, evidence, later), recency]
    else:
        parts = [_level(target, evidence, later), _trend(target, evidence, later), _chance(target, evidence), recency]
    counted = [part for part in parts if part.score is not None]
    if not counted or any(part.status == "unknown" for part in parts if part.name == "outcome"):
        return Judgement("unknown", tuple(parts), None, parts[0].detail)
    worst = max(counted, key=lambda part: ORDER.index(part.status))
    mean = float(np.mean([part.score for part in counted if part.score is not None]))
    return Judgement(worst.status, tuple(parts), mean, worst.detail)


def _unknown(target: Target, seen: tuple[Observation, ...]) -> Judgement:
    if target.value is None:
        key = "measure.no_number" if target.wording == "unmeasurable" else "measure.direction_only"
        return Judgement("unknown", (), None, Text.of(key))
    if target.deadline is None:
        return Judgement("unknown", (), None, Text.of("measure.no_deadline"))
    key = "measure.only_baseline" if seen else "measure.nothing_published"
    return Judgement("unknown", (), None, Text.of(key))


def _comparable(target: Target, evidence: Evidence, latest: Observation) -> tuple[float, float]:
    """The latest level in the scope of the baseline, and the factor it was lowered by (1: same scope)."""
    first = next((o for o in evidence.observations if o.period == target.baseline_period), None)
    if first is None or first.scope == latest.scope:
        return latest.value, 1.0
    factor = evidence.breaks.get((first.scope, latest.scope))
    return (latest.value / factor, factor) if factor else (float("nan"), float("nan"))


def _outcome(target: Target, evidence: Evidence, later: list[Observation]) -> Part:
    assert target.deadline is not None
    assert target.value is not None
    end, latest = target.deadline.year, later[-1]
    level, factor = _comparable(target, evidence, latest)
    margin = 100 * (latest.value / target.value - 1) if target.value else 0.0
    facts: dict[str, Any] = {
        "value": _shown(latest.value),
        "period": latest.period,
        "target": _shown(target.value),
        "year": end,
        "unit": Text.of(f"unit.{target.unit}"),
        "margin": _shown(margin),
    }
    if int(latest.period[:4]) >= end and factor == 1.0:
        met = reaches(target, latest.value)
        return _part("outcome", "met" if met else "missed", f"measure.outcome_{'met' if met else 'missed'}", **facts)
    if np.isnan(level):
        return Part("outcome", "unknown", None, Text.of("measure.scope_unknown", **facts))
    if factor != 1.0:
        facts |= {"break_percent": _shown(100 * (factor - 1))}
        if reaches(target, level):
            return _part("outcome", "met", "measure.likely_met_across_scopes", **facts)
        return Part("outcome", "unknown", None, Text.of("measure.scope_decides", **facts))
    fan = evidence.fan
    chance = fan.probability(end, target.value, target.direction) if fan and end in fan.years else None
    if chance is None:
        return Part("outcome", "unknown", None, Text.of("measure.no_forecast_after_deadline", **facts))
    needed = (target.value / latest.value) ** (1 / max(1, end - int(latest.period[:4]))) - 1
    facts |= {"chance": _shown(100 * chance), "needed": _shown(100 * needed)}
    if chance >= CERTAIN:
        return _part("outcome", "met", "measure.likely_met", **facts)
    if chance <= EXCLUDED:
        return _part("outcome", "missed", "measure.likely_missed", **facts)
    return Part("outcome", "unknown", None, Text.of("measure.open", **facts))


def _level(target: Target, evidence: Evidence, later: list[Observation]) -> Part:
    latest = later[-1]
    value, factor = _comparable(target, evidence, latest)
    asked = dict(path_of(target)).get(int(latest.period[:4]), target.value)
    facts: dict[str, Any] = {
        "value": _shown(value),
        "period": latest.period,
        "asked": _shown(asked),
        "unit": Text.of(f"unit.{target.unit}"),
    }
    if np.isnan(value):
        return Part("level", "unknown", None, Text.of("measure.level_other_scope", **facts))
    key = "measure.level" if factor == 1.0 else "measure.level_lowered"
    if reaches(target, value):
        return _part("level", "on_track", key, **facts)
    start = target.baseline_value
    if start is None or asked is None or asked == start:
        return _part("level", "off_track", key, **facts)
    share = (value - start) / (asked - start)
    status = "on_track" if share >= 1 else "at_risk" if share >= 0.8 else "off_track"
    return _part("level", status, key, score=float(np.clip(share, 0, 1)), **facts)


def _trend(target: Target, evidence: Evidence, later: list[Observation]) -> Part:
    """Yearly change lately, within one scope, against the change still needed; in growth rates for compound paths."""
    assert target.deadline is not None
    assert target.value is not None
    latest = later[-1]
    same = [o for o in evidence.observations if o.scope == latest.scope and o.year < latest.year]
    left = target.deadline.year - latest.year
    if reaches(target, latest.value) or left <= 0 or not same:
        return Part("trend", "unknown", None, Text.of("measure.trend_none"))
    before = same[-1]
    gap = latest.year - before.year
    if target.path == "compound":
        lately = (latest.value / before.value) ** (1 / gap) - 1
        needed = (target.value / latest.value) ** (1 / left) - 1
        facts = {"lately": f"{100 * lately:.1f} %", "needed": f"{100 * needed:.1f} %"}
    else:
        lately, needed = (latest.value - before.value) / gap, (target.value - latest.value) / left
        facts = {"lately": _shown(lately), "needed": _shown(needed)}
    share = lately / needed if needed else 1.0
    status = "on_track" if share >= 1 else "at_risk" if share >= 0.5 else "off_track"
    return _part("trend", status, "measure.trend", score=float(np.clip(share, 0, 1)), **facts)


def _chance(target: Target, evidence: Evidence) -> Part:
    assert target.deadline is not None
    assert target.value is not None
    if evidence.fan is None or target.deadline.year not in evidence.fan.years:
        return Part("chance", "unknown", None, Text.of("measure.no_forecast", count=len(evidence.observations)))
    chance = evidence.fan.probability(target.deadline.year, target.value, target.direction)
    status = "on_track" if chance >= LIKELY else "at_risk" if chance >= UNLIKELY else "off_track"
    return _part("chance", status, "measure.chance", score=chance, chance=_shown(100 * chance))


def _recency(latest: Observation, as_of: dt.date) -> Part:
    age = as_of.year + (as_of.timetuple().tm_yday - 1) / 365.25 - (latest.year + 1)
    status = "on_track" if age <= STALE_YEARS else "at_risk"
    return Part("recency", status, None, Text.of("measure.recency", period=latest.period, age=_shown(max(0.0, age))))


def _part(name: str, status: str, key: str, score: float | None = None, **facts: Any) -> Part:
    return Part(name, status, SCORES[status] if score is None else score, Text.of(key, **facts))


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}".rstrip("0").rstrip(".")
