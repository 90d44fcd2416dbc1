"""The plan's levers: what each changes, from when, at what cost; and what a bundle does to the tables on a day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.plan.levers import apply, levers, without, yearly_costs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from postroad.network import Network
    from postroad.plan.plan import Plan

FAR_ON = dt.date(2100, 1, 1)


def listed(name: str | Path, plan: Plan) -> dict[str, Any]:
    """Return every lever of a plan, and why the other rows have none."""
    held = levers(name, plan)
    labels = {target.id: {"zh": target.zh, "en": target.en} for target in plan.targets}
    return {
        "levers": [
            {
                "id": lever.id, "label": {"zh": lever.zh, "en": lever.en}, "kind": lever.kind, "rows": lever.rows,
                "moves": [{"id": name, "label": labels.get(name, {"zh": name, "en": name})} for name in lever.moves],
                "start": lever.start.isoformat(), "ramp_years": lever.ramp_years, "payer": lever.cost.payer,
                "cost_origin": lever.cost.origin,
                "changes": [
                    {"table": change.table, "op": change.op, "column": change.column,
                     "value": str(lever.fill(change.value)) if change.value is not None else ""}
                    for change in lever.changes
                ],
            }
            for lever in held.levers
        ],
        "without": [{"rows": one.rows, "reason": one.reason, "zh": one.zh, "en": one.en} for one in held.without],
    }  # fmt: skip


def bundle(
    network: Network, name: str | Path, plan: Plan, chosen: Sequence[tuple[str, float]], on: dt.date
) -> dict[str, Any]:
    """Return what some levers do on a day: rows by table with and without them, and yearly costs to the plan's end."""
    held = levers(name, plan)
    picked = [held[lever].with_(slip_years=slip) for lever, slip in chosen]
    base = without(network, held.base)
    done, full = apply(base, picked, on), apply(base, picked, FAR_ON)
    tables = [
        {"table": table, "before": base[table].height, "after": done.network[table].height}
        for table in sorted({change.table for lever in picked for change in lever.changes})
    ]
    costs = yearly_costs(picked, full.opened, range(plan.start, plan.end + 6))
    return {
        "on": on.isoformat(), "fingerprint": done.network.fingerprint, "opened": done.opened, "tables": tables,
        "shares": {lever.id: lever.share(on) for lever in picked}, "costs": costs.to_dicts(),
    }  # fmt: skip


def drills(network: Network) -> list[dict[str, Any]]:
    """Return the prepared drills: what sets each off, what happens, and which actions it tries."""
    from postroad.simulate.drill import names, script

    held = [script(name, network) for name in names(network)]
    return [
        {
            "id": made.id, "label": {"zh": made.zh, "en": made.en}, "rows": made.rows, "day": made.day,
            "trigger": {"zh": made.trigger_zh, "en": made.trigger_en},
            "actions": [{"zh": action.zh, "en": action.en} for action in made.actions],
        }
        for made in held
    ]  # fmt: skip
