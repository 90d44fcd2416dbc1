"""The plan's own values as aims: the cheapest bundle that meets all that can be met, and the price of each that cannot.

A measure has an aim where the plan sets a value for its target in the same unit, or where its pairs ask for a share on
time. What merely stands in for a target in other units has none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.evaluate.case import ALL_MEASURES, CLASSES
from postroad.evaluate.ready import opened
from postroad.measure.effect import Aim, Bundle, cheapest, frontier
from postroad.plan.plan import plan

if TYPE_CHECKING:
    from postroad.measure.effect import Choice

UNITS = {"%": "%", "个": "offices", "组": "groups", "万件": "10^4 pieces", "h": "h"}
"""The plan's units and those of measures."""
SCHEMA = {
    "measure": pl.String, "target": pl.String, "unit": pl.String, "direction": pl.String, "aim": pl.Float64,
    "met": pl.Boolean, "before": pl.Float64, "value": pl.Float64, "best": pl.Float64, "best_levers": pl.String,
    "best_cost_yuan": pl.Float64, "gap": pl.Float64, "yuan_per_unit": pl.Float64, "price_yuan": pl.Float64,
}  # fmt: skip


def aims_of(province: str, given: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the aim of every measure that has one; ``given`` replaces or adds some."""
    found: dict[str, float] = {}
    values = {target.id: target for target in plan(province).targets}
    for name, measure in ALL_MEASURES.items():
        target = values.get(measure.target)
        if target is None or target.value is None or UNITS.get(target.unit) != measure.unit:
            continue
        if measure.stands_in and measure.unit != "%":
            continue
        found[name] = target.value
    pairs = opened(province)[0]["promise_pairs"].group_by("promise_class").agg(pl.col("share_percent").max())
    asked = dict(pairs.drop_nulls().iter_rows())
    found |= {f"on_time_{name}": float(asked[name]) for name in CLASSES if name in asked}
    return {**found, **(given or {})}


def cheapest_of(bundles: Sequence[Bundle], aims: Mapping[str, float]) -> tuple[pl.DataFrame, Choice]:
    """Return a row for each aim, whether the cheapest bundle meets it, and at what price; and that choice.

    ``yuan_per_unit`` is the dearest step of the frontier of that measure, ``price_yuan`` what the best bundle costs
    and, for the gap that is left, so many units at that price: a price if things went on as they went last.
    """
    wanted = [Aim(name, value, ALL_MEASURES[name].direction) for name, value in aims.items() if _known(bundles, name)]
    chosen = cheapest(bundles, wanted)
    none = next(bundle for bundle in bundles if not bundle.levers)
    held = chosen.bundle or none
    rows = [_row(bundles, aim, held, none) for aim in wanted]
    return pl.DataFrame(rows, schema=SCHEMA), chosen


def _known(bundles: Sequence[Bundle], name: str) -> bool:
    return all(name in bundle.values and math.isfinite(bundle.values[name]) for bundle in bundles)


def _row(bundles: Sequence[Bundle], aim: Aim, held: Bundle, none: Bundle) -> dict[str, Any]:
    name, measure = aim.target, ALL_MEASURES[aim.target]
    best = min(bundles, key=lambda b: (aim.short(b.values[name]), b.cost_yuan, sorted(b.levers)))
    gap = aim.short(best.values[name])
    step = _dearest(frontier(bundles, name, measure.direction), name)
    price = best.cost_yuan if gap == 0 else best.cost_yuan + gap * step if step is not None else None
    return {
        "measure": name, "target": measure.target, "unit": measure.unit, "direction": measure.direction,
        "aim": aim.value, "met": aim.met(held.values[name]), "before": none.values[name], "value": held.values[name],
        "best": best.values[name], "best_levers": "+".join(sorted(best.levers)), "best_cost_yuan": best.cost_yuan,
        "gap": gap, "yuan_per_unit": step, "price_yuan": price,
    }  # fmt: skip


def _dearest(front: Sequence[Bundle], name: str) -> float | None:
    """Yuan for one unit on the last step of a frontier; ``None`` when no bundle moves the measure."""
    if len(front) < 2:
        return None
    before, last = front[-2], front[-1]
    return (last.cost_yuan - before.cost_yuan) / abs(last.values[name] - before.values[name])
