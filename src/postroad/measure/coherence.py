"""Whether the plan's numbers can hold together: growth, revenue, users, peaks, villages (P46 P47 P48 P13 P08).

Everything is worked out from the statistics of the pack. Prices are revenue over volume; revenue other than express is
the difference of the two revenues.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postroad.language import Text
from postroad.measure.growth import as_nation, joint
from postroad.measure.indicator import indicator, observe
from postroad.measure.orphans import baselines, without_target
from postroad.plan.growth import Drivers

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.plan.plan import Plan

PIECES_PER_WAN = 1e4
YUAN_PER_YI = 1e8


@dataclass(frozen=True)
class Finding:
    """One statement on the plan's coherence, with the rows it concerns and its numbers."""

    id: str
    rows: tuple[str, ...]
    text: Text
    values: dict[str, float]


def drivers(network: Network, plan: Plan, as_of: dt.date) -> Drivers | None:
    """Return volume, price and revenue drivers over the five years before the plan, or ``None`` if not known."""
    base, before = plan.start, plan.start - 5
    found: dict[tuple[str, int], float] = {}
    for name in ("express_volume", "express_revenue", "postal_revenue"):
        for row in network["statistics"].filter(region_id=plan.place_id, indicator=name).iter_rows(named=True):
            if row["known_on"] <= as_of and row["period"] in (str(base), str(before)):
                found[name, int(row["period"])] = row["value"]
    if len(found) < 6:
        return None
    scale = {"express_volume": PIECES_PER_WAN, "express_revenue": YUAN_PER_YI, "postal_revenue": YUAN_PER_YI}
    then, now = (
        (
            found["express_volume", year] * scale["express_volume"],
            found["express_revenue", year] * scale["express_revenue"],
            found["postal_revenue", year] * scale["postal_revenue"],
        )
        for year in (before, base)
    )
    return Drivers.between(then, now, base - before)


def coherence(network: Network, plan: Plan, as_of: dt.date, seed: int = 0) -> list[Finding]:
    """Return the findings that the statistics known on a day allow."""
    made = [_growth_and_revenue(network, plan, as_of), _together(network, plan, as_of, seed)]
    made += [_as_nation(network, plan, as_of), _users(network, plan, as_of), _peak(network, plan, as_of)]
    made += [_villages(network, plan, as_of), _orphans(network, plan, as_of)]
    return [finding for finding in made if finding is not None]


def _target(plan: Plan, indicator_id: str) -> float | None:
    return next((t.value for t in plan.targets if t.indicator == indicator_id), None)


def _growth_and_revenue(network: Network, plan: Plan, as_of: dt.date) -> Finding | None:
    known, aim, volume = drivers(network, plan, as_of), _target(plan, "postal_revenue"), _target(plan, "express_volume")
    if known is None or aim is None or volume is None:
        return None
    years, wanted = plan.end - plan.start, aim * YUAN_PER_YI
    floor = (volume * PIECES_PER_WAN / known.volume) ** (1 / years) - 1
    values = {
        "floor_growth": floor,
        "revenue_on_trend": known.revenue(floor, known.price_trend, known.other_trend, years) / YUAN_PER_YI,
        "revenue_all_flat": known.revenue(floor, 0.0, 0.0, years) / YUAN_PER_YI,
        "revenue_flat_price": known.revenue(floor, 0.0, known.other_trend, years) / YUAN_PER_YI,
        "growth_needed_flat_price": known.growth_for(wanted, 0.0, known.other_trend, years),
        "growth_needed_on_trend": known.growth_for(wanted, known.price_trend, known.other_trend, years),
        "price_trend": known.price_trend,
        "other_trend": known.other_trend,
    }
    facts = {
        "growth": f"{100 * floor:.1f}",
        "reached": f"{values['revenue_on_trend']:.1f}",
        "flat": f"{values['revenue_flat_price']:.1f}",
        "aim": f"{aim:.2f}",
        "needed_flat": f"{100 * values['growth_needed_flat_price']:.1f}",
        "needed_trend": f"{100 * values['growth_needed_on_trend']:.1f}",
        "price": f"{100 * known.price_trend:.1f}",
    }
    return Finding("growth-and-revenue", ("P46", "P47"), Text.of("measure.growth_and_revenue", **facts), values)


def _together(network: Network, plan: Plan, as_of: dt.date, seed: int) -> Finding | None:
    held = joint(network, plan, as_of, seed)
    if held is None:
        return None
    values = {"grows": held.grows, "doubles": held.doubles, "both": held.both, "revenue_median": held.revenue[1]}
    flat = next(growth for change, growth in held.frontier if change == 0.0)
    facts = {
        "years": len(held.years), "first": held.years[0], "last": held.years[-1], "end": held.end,
        **{name: f"{100 * values[name]:.0f}" for name in ("grows", "doubles", "both")},
        "revenue": f"{held.revenue[1]:.0f}", "low": f"{held.revenue[0]:.0f}", "high": f"{held.revenue[2]:.0f}",
        "price": f"{held.price[1]:.2f}", "needed": f"{flat:.0f}",
    }  # fmt: skip
    return Finding("growth-together", ("P46", "P47"), Text.of("measure.growth_together", **facts), values)


def _as_nation(network: Network, plan: Plan, as_of: dt.date) -> Finding | None:
    marks = {mark.indicator: mark for mark in as_nation(network, plan, as_of)}
    if len(marks) < 2:
        return None
    volume, revenue = marks["express_volume"], marks["postal_revenue"]
    facts = {"volume_year": volume.year, "revenue_year": revenue.year}
    values = {}
    for name, mark in (("volume", volume), ("revenue", revenue)):
        for part in ("with_nation", "with_pace", "on_path"):
            values[f"{name}_{part}"] = getattr(mark, part)
            digits = 0 if name == "volume" else 1
            facts[f"{name}_{part}"] = f"{getattr(mark, part):,.{digits}f}"  # type: ignore[assignment]
    return Finding("as-the-nation", ("P46", "P47"), Text.of("measure.as_nation", **facts), values)


def _users(network: Network, plan: Plan, as_of: dt.date) -> Finding | None:
    seen = observe(indicator("users_per_day"), network, plan.place_id, as_of)
    aim, volume = _target(plan, "users_per_day"), _target(plan, "express_volume")
    base = next((t.baseline_value for t in plan.targets if t.indicator == "express_volume"), None)
    if not seen or aim is None or volume is None or base is None:
        return None
    values = {"users_multiple": aim / seen[0].value, "volume_multiple": volume / base}
    facts = {name: f"{value:.2f}" for name, value in values.items()}
    return Finding("users-and-volume", ("P48", "P46"), Text.of("measure.users_and_volume", **facts), values)


def _peak(network: Network, plan: Plan, as_of: dt.date) -> Finding | None:
    peaks = network["statistics"].filter(region_id=plan.place_id, indicator="peak_day_handling", period=str(plan.start))
    rows = [row for row in peaks.iter_rows(named=True) if row["known_on"] <= as_of]
    volume = _target(plan, "express_volume")
    base = next((t.baseline_value for t in plan.targets if t.indicator == "express_volume"), None)
    if not rows or volume is None or base is None:
        return None
    values = {"peak_now": rows[0]["value"], "peak_then": rows[0]["value"] * volume / base}
    facts = {"now": f"{values['peak_now']:.0f}", "then": f"{values['peak_then']:.0f}", "year": plan.end}
    return Finding("peak", ("P13", "P46"), Text.of("measure.peak_without_target", **facts), values)


def _villages(network: Network, plan: Plan, as_of: dt.date) -> Finding | None:
    post = observe(indicator("village_post_share"), network, plan.place_id, as_of)
    door = observe(indicator("village_door_share"), network, plan.place_id, as_of)
    listed = network["places"].filter(kind="village").height
    if not post or not door:
        return None
    values = {"post_share": post[0].value, "door_share": door[0].value, "villages_listed": float(listed)}
    facts = {"post": f"{post[0].value:.1f}", "door": f"{door[0].value:.1f}", "listed": listed}
    return Finding("villages", ("P08", "P58"), Text.of("measure.villages_two_readings", **facts), values)


def _orphans(network: Network, plan: Plan, as_of: dt.date) -> Finding | None:
    rows = network["statistics"].filter(source=plan.source)
    if not rows.height or rows["known_on"].min() > as_of:  # type: ignore[operator]
        return None
    values = {
        "targets": float(len(plan.targets)),
        "without_baseline": float(sum(target.orphan for target in plan.targets)),
        "baselines": float(len(baselines(network, plan))),
        "without_target": float(len(without_target(network, plan))),
    }
    facts = {"targets": len(plan.targets), "without": int(values["without_baseline"])}
    facts |= {"baselines": int(values["baselines"]), "aimless": int(values["without_target"])}
    return Finding("orphans", ("P99", "P100"), Text.of("measure.orphans", **facts), values)
