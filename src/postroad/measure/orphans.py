"""Baselines nobody aims at, worked out from the statistics and held against the plan's own marks.

A baseline is a province-wide value of the plan's first year whose source is the plan. One has a target when a target's
indicator is made from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import Fault
from postroad.measure.indicator import indicators

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.plan.plan import Plan


def baselines(network: Network, plan: Plan) -> set[str]:
    """Return the statistics for which the plan itself publishes a value of its first year."""
    rows = network["statistics"].filter(
        pl.col("region_id") == plan.place_id, pl.col("period") == str(plan.start), pl.col("source") == plan.source
    )
    return set(rows["indicator"].to_list())


def without_target(network: Network, plan: Plan) -> set[str]:
    """Return the baselines from which no target's indicator is made."""
    aimed = {target.indicator for target in plan.targets}
    made_from = {name for known in map(indicators().get, aimed) if known for name in (known.statistic, known.divisor)}
    return baselines(network, plan) - aimed - made_from


def unmarked_or_unpublished(network: Network, plan: Plan) -> list[Fault]:
    """Return the faults between the marks of ``orphan_baselines`` and what the statistics show, both ways."""
    marked = {orphan.indicator for orphan in plan.orphan_baselines}
    place = {"table": "orphan_baselines", "column": "indicator"}
    missing = sorted(without_target(network, plan) - marked)
    faults = [Fault.of("measure.unmarked_orphan", **place, value=name) for name in missing]
    known = baselines(network, plan)
    return faults + [
        Fault.of("measure.unpublished_orphan", **place, row=number, value=orphan.indicator, period=orphan.period)
        for number, orphan in enumerate(plan.orphan_baselines, 1)
        if orphan.indicator not in known
    ]
