"""How a target ended: outright when its own year is known, otherwise as likely as the evidence makes it.

The deadline's own year decides, not a later one: what was reached two years late was missed. Without that year the
forecast may say "in all likelihood"; across a change of scope only a level that still reaches the target with the known
break taken off, and that was not falling, may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postroad.language import Text
from postroad.measure.judgement import comparable, open_part, pace, part, reaches, shown, shown_chance, yearly_rate

if TYPE_CHECKING:
    from postroad.measure.indicator import Observation
    from postroad.measure.judgement import Evidence, Part
    from postroad.plan.plan import Target

CERTAIN, EXCLUDED = 0.9, 0.1


def deciding(target: Target, evidence: Evidence, later: list[Observation]) -> Observation | None:
    """Return the value to judge by: of the deadline's year, else the last before it; ``None`` if all came after.

    Of two scopes in one year the baseline's goes first.
    """
    assert target.deadline is not None
    end = target.deadline.year
    of_year = [o for o in later if o.period == str(end)] or [o for o in later if int(o.period[:4]) < end][-1:]
    same = [o for o in of_year if (comparable(target, evidence, o) or (0, 0))[1] == 1.0]
    found = same or of_year
    return found[-1] if found else None


def outcome(target: Target, evidence: Evidence, later: list[Observation]) -> Part:
    """Return how a target ended, judged after its deadline from the observations since the baseline."""
    assert target.deadline is not None
    assert target.value is not None
    end, seen = target.deadline.year, deciding(target, evidence, later)
    if seen is None:
        return open_part("outcome", "measure.only_after_deadline", year=end, period=later[0].period)
    facts: dict[str, Any] = {
        "value": shown(seen.value),
        "period": seen.period,
        "target": shown(target.value),
        "year": end,
        "unit": Text.of(f"unit.{target.unit}"),
    }
    level = comparable(target, evidence, seen)
    if level is None:
        return open_part("outcome", "measure.scope_unknown", **facts)
    if level[1] != 1.0:
        return _across(target, evidence, seen, level, facts)
    if seen.period == str(end):
        met = reaches(target.direction, seen.value, target.value)
        return part("outcome", "met" if met else "missed", f"measure.outcome_{'met' if met else 'missed'}", **facts)
    return _likely(target, evidence, seen, facts)


def _across(
    target: Target, evidence: Evidence, seen: Observation, level: tuple[float, float], facts: dict[str, Any]
) -> Part:
    """Judge a value of a wider scope: met if it reaches the target with the break taken off, never missed."""
    assert target.value is not None
    lowered, factor = level
    facts |= {"break_percent": shown(100 * (factor - 1)), "lowered": shown(lowered)}
    if not reaches(target.direction, lowered, target.value):
        return open_part("outcome", "measure.scope_decides", **facts)
    facts["margin"] = shown(100 * (seen.value / target.value - 1))
    if seen.period == str(facts["year"]):
        return part("outcome", "met", "measure.met_across_scopes", **facts)
    before = [o for o in evidence.observations if o.scope == seen.scope and o.year < seen.year]
    growth = yearly_rate(before[-1].value, seen.value, seen.year - before[-1].year) if before else None
    if growth is None or growth < 0:
        return open_part("outcome", "measure.reached_early_no_growth", **facts)
    facts |= {"growth": shown(100 * growth), "fall": shown(100 * (1 - target.value / lowered))}
    return part("outcome", "met", "measure.likely_met_across_scopes", **facts)


def _likely(target: Target, evidence: Evidence, seen: Observation, facts: dict[str, Any]) -> Part:
    assert target.value is not None
    end, fan = facts["year"], evidence.fan
    if fan is None or end not in fan.years:
        return open_part("outcome", "measure.no_forecast_after_deadline", **facts)
    chance = fan.probability(end, target.value, target.direction)
    needed = pace(target, seen.value, target.value, end - int(seen.period[:4]), target.path == "compound")[1]
    facts |= {"chance": shown_chance(chance), "needed": needed}
    if chance >= CERTAIN:
        return part("outcome", "met", "measure.likely_met", **facts)
    if chance <= EXCLUDED:
        return part("outcome", "missed", "measure.likely_missed", **facts)
    return open_part("outcome", "measure.open", **facts)
