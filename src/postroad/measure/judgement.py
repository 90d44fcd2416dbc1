"""What a judgement is made of: parts, the evidence they rest on, and levels made comparable across scopes.

Levels of different scopes are never compared as they stand: the later one is first lowered by the break that the
published national figures of the same indicator show. Where that break is not known, there is no comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postroad.language import Text

if TYPE_CHECKING:
    import datetime as dt

    from postroad.measure.forecast import Fan
    from postroad.measure.indicator import Observation
    from postroad.plan.plan import Target

SCORES = {"met": 1.0, "on_track": 1.0, "at_risk": 0.5, "off_track": 0.0, "missed": 0.0}
ORDER = ("met", "on_track", "at_risk", "off_track", "missed")
UNBROKEN = "standard"
"""The scope of statistics whose definition has not changed."""


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

    ``breaks`` gives, for a pair (old scope, new scope), by what factor the new scope raised the national level of the
    target's own indicator.
    """

    observations: tuple[Observation, ...]
    fan: Fan | None
    as_of: dt.date
    breaks: dict[tuple[str, str], float]


def part(name: str, status: str, key: str, score: float | None = None, **facts: Any) -> Part:
    """Return a counted part; the score is the status's own unless given."""
    return Part(name, status, SCORES[status] if score is None else score, Text.of(key, **facts))


def open_part(name: str, key: str, **facts: Any) -> Part:
    """Return a part that decides nothing, with its reason."""
    return Part(name, "unknown", None, Text.of(key, **facts))


def reaches(direction: str, value: float, asked: float) -> bool:
    """Return whether a value is at least as good as what is asked, in a direction (up, down, or hold the level)."""
    return value <= asked if direction == "down" else value >= asked


def comparable(target: Target, evidence: Evidence, seen: Observation) -> tuple[float, float] | None:
    """Return an observation's level in the scope of the baseline and the factor it was lowered by (1: same scope).

    ``None`` when the two scopes differ by an unknown break, when the baseline's scope is unknown, or when fewer is
    better, where lowering would flatter.
    """
    if target.baseline_period is None:
        return seen.value, 1.0
    firsts = [o for o in evidence.observations if o.period == target.baseline_period]
    scope = min(firsts, key=lambda o: o.known_on).scope if firsts else UNBROKEN
    if seen.scope == scope:
        return seen.value, 1.0
    factor = evidence.breaks.get((scope, seen.scope))
    if factor is None or factor < 1 or target.direction == "down":
        return None
    return seen.value / factor, factor


def yearly_rate(first: float, last: float, years: float) -> float | None:
    """Return the yearly growth between two levels as a share; ``None`` where rates have no meaning (zero or less)."""
    return float((last / first) ** (1 / years) - 1) if first > 0 and last > 0 and years > 0 else None


def pace(target: Target, first: float, last: float, years: float, rates: bool) -> tuple[float, Text]:
    """Return the yearly change between two levels and how to say it: as a rate where asked and possible, or a step."""
    rate = yearly_rate(first, last, years) if rates else None
    if rate is not None:
        return rate, Text.of("measure.rate", percent=shown(100 * rate))
    step = (last - first) / years
    return step, Text.of("measure.step", amount=shown(step), unit=Text.of(f"unit.{target.unit}"))


def shown(value: float | None) -> str:
    """Return a number for a sentence: no decimals from a thousand on, otherwise at most two."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}".rstrip("0").rstrip(".")


def shown_chance(share: float) -> str:
    """Return a probability in percent, never closer to certainty than the draws can tell."""
    return "<1" if share < 0.01 else ">99" if share > 0.99 else f"{100 * share:.0f}"
