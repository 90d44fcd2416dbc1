"""Layouts of three tiers as tables: what each costs, how fast and how evenly it serves, how often a town is a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.hubs.tier_search import Hunt, laid_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from postroad.design.hubs.tier_problem import TierProblem
    from postroad.design.hubs.tier_search import Layout
    from postroad.design.hubs.trunk import Tiers

LEVELS = (0.01, 0.02, 0.05)
"""How much dearer than the best a layout may be to count as near it."""
PROMISE_MIN = 1440.0
MOST, ENOUGH = 20, 2000
"""Layouts of a level worked out in full, and counted."""


def hub_tiers(problem: TierProblem, layout: Layout) -> dict[str, int]:
    """Return the tier of each hub's place."""
    return {problem.towns[k]: level for level, hubs in enumerate(layout.tiers, 1) for k in hubs}


def above(problem: TierProblem, layout: Layout) -> dict[str, str]:
    """Return the place of the hub above each hub and unit."""
    up = {unit: problem.towns[k] for unit, k in zip(problem.units, layout.hub.tolist(), strict=True)}
    for hubs in layout.tiers:
        up.update({problem.towns[k]: problem.towns[int(layout.above[k])] for k in hubs})
    return up


def tier_of(problem: TierProblem, layout: Layout) -> NDArray[np.int64]:
    """Return the tier of each town, 0 for none."""
    tier = np.zeros(len(problem.towns), np.int64)
    for level, hubs in enumerate(layout.tiers, 1):
        tier[list(hubs)] = level
    return tier


def minutes(problem: TierProblem, layout: Layout) -> NDArray[np.float64]:
    """Return door-to-door minutes between units: driving, a dwell at each hub passed, and delivery at the end.

    Waiting for the first departure is not in it: that is the timetable's part.
    """
    tier, hub = tier_of(problem, layout), layout.hub
    top = layout.tiers[0][0]
    low = tier[hub] == 3
    upper = np.where(low, layout.above[hub], hub)
    climb = np.where(low, problem.minutes[hub, upper] + problem.dwell_min, 0.0)
    ride = problem.minutes_unit[np.arange(hub.size), hub]
    across = np.where(
        layout.direct, problem.minutes, problem.minutes[:, [top]] + problem.minutes[top] + problem.dwell_min
    )
    across[top], across[:, top] = problem.minutes[top], problem.minutes[:, top]
    across = across + problem.dwell_min
    np.fill_diagonal(across, 0.0)
    total = (climb + ride)[:, None] + (climb + ride) + problem.dwell_min + across[np.ix_(upper, upper)]
    same = hub[:, None] == hub
    total = np.where(same, ride[:, None] + ride + problem.dwell_min, total)
    return np.asarray(total + problem.delivery_min)


def figures(problem: TierProblem, layout: Layout) -> dict[str, Any]:
    """Return cost, promise and equity of a layout."""
    took, flow = minutes(problem, layout), problem.flow
    mean = (took * (flow + flow.T)).sum(1) / np.maximum((flow + flow.T).sum(1), 1e-9) / 60
    ranked = np.sort(mean)
    n = mean.size
    gini = float(2 * (np.arange(1, n + 1) * ranked).sum() / (n * ranked.sum()) - (n + 1) / n)
    worst = int(mean.argmax())
    pieces = flow.sum() + problem.sent_out.sum() + problem.taken_in.sum()
    return {
        "yuan_day": layout.cost,
        "yuan_piece": layout.cost / pieces,
        "within_24h": float(flow[took <= PROMISE_MIN].sum() / flow.sum()),
        "pairs_within_24h": float((took <= PROMISE_MIN).mean()),
        "mean_h": float((took * flow).sum() / flow.sum() / 60),
        "gini_h": gini,
        "worst_place_id": problem.units[worst],
        "worst_name": problem.names[problem.units[worst]],
        "worst_h": float(mean[worst]),
    }


def nearby(hunt: Hunt, counted: Mapping[float, NDArray[np.int8]]) -> dict[float, tuple[Layout, ...]]:
    """Work out layouts of each level in full: its cheapest, and while time is left others spread evenly over it."""
    found: dict[float, tuple[Layout, ...]] = {}
    for level, tiers in counted.items():
        spread = np.unique(np.linspace(0, len(tiers) - 1, min(MOST, len(tiers))).astype(int))
        layouts: list[Layout] = []
        for k in spread:
            if not layouts or hunt.left():
                layouts.append(laid_out(hunt, tiers[k].astype(np.int64)))
        found[level] = tuple(sorted(layouts, key=lambda layout: layout.cost))
    return found


def different(hunt: Hunt, apart: int) -> dict[float, NDArray[np.int8]]:
    """Return for each level the tiers of all layouts priced within it that differ by ``apart`` hubs, cheapest first.

    A layout is passed over when it differs by fewer from one already taken: hubs count as the same where place and tier
    are. That there are no others is not proven.
    """
    ranked = sorted((cost, key) for key, cost in hunt.seen.items())
    found: dict[float, NDArray[np.int8]] = {}
    for level in LEVELS:
        near = [key for cost, key in ranked if cost <= ranked[0][0] * (1 + level)]
        taken = np.empty((min(len(near), ENOUGH), len(hunt.problem.towns)), np.int8)
        count = 0
        for key in near:
            tier = np.frombuffer(key, np.int8)
            held = taken[:count]
            if count < ENOUGH and ((held != tier) & (tier > 0)).sum(1).min(initial=apart) >= apart:
                taken[count] = tier
                count += 1
        found[level] = taken[:count].copy()
    return found


def tables(problem: TierProblem, found: Tiers) -> dict[str, pl.DataFrame]:
    """Return the tables ``layouts``, ``hubs`` and ``frequency``.

    ``over_bound`` is how far above every layout's bound a layout lies, as a share: it is within that of the optimum.
    """
    best = found.best
    named = {"plan": found.plan, "best": best}
    widest = found.near[max(found.near)]
    named |= {f"near_{k}": layout for k, layout in enumerate(widest, 1) if layout.tiers != best.tiers}
    rows = [
        {
            "layout": name,
            **figures(problem, layout),
            "over_best": layout.cost / best.cost - 1,
            "over_bound": layout.cost / found.bound - 1,
        }
        for name, layout in named.items()
    ]
    hubs = [row for name, layout in named.items() for row in _hubs(problem, name, layout)]
    return {"layouts": pl.DataFrame(rows), "hubs": pl.DataFrame(hubs), "frequency": _frequency(problem, found)}


def _hubs(problem: TierProblem, name: str, layout: Layout) -> list[dict[str, Any]]:
    load = np.bincount(layout.hub, problem.flow.sum(1) + problem.flow.sum(0) + problem.sent_out.sum(1)
                       + problem.taken_in.sum(1), len(problem.towns))  # fmt: skip
    up = above(problem, layout)
    return [
        {
            "layout": name,
            "place_id": problem.towns[k],
            "name_zh": problem.names[problem.towns[k]],
            "tier": level,
            "above_place_id": up[problem.towns[k]],
            "units": int((layout.hub == k).sum()),
            "pieces_day": float(load[k]),
        }
        for level, hubs in enumerate(layout.tiers, 1)
        for k in hubs
    ]


def _frequency(problem: TierProblem, found: Tiers) -> pl.DataFrame:
    """How often each town is a hub, and of which tier, among the different layouts of each level.

    ``least_with`` and ``least_without`` are proven: no layout with a hub there, or without, is nearer to the best.
    """
    planned = tier_of(problem, found.plan)
    over = found.towns / found.best.cost - 1
    rows = []
    for level, tiers in found.counted.items():
        for k in np.flatnonzero((tiers > 0).any(0) | (planned > 0)):
            rows.append(
                {
                    "within": level,
                    "layouts": len(tiers),
                    "place_id": problem.towns[k],
                    "name_zh": problem.names[problem.towns[k]],
                    "planned_tier": int(planned[k]) or None,
                    "hub": float((tiers[:, k] > 0).mean()),
                    **{f"tier_{t}": float((tiers[:, k] == t).mean()) for t in (1, 2, 3)},
                    "least_with": None if np.isnan(over[1, k]) else float(over[1, k]),
                    "least_without": None if np.isnan(over[0, k]) else float(over[0, k]),
                }
            )
    proven = {"least_with": pl.Float64, "least_without": pl.Float64}
    return pl.DataFrame(rows, schema_overrides={"planned_tier": pl.Int64, **proven})
