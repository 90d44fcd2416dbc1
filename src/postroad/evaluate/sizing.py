"""How large the levers on sorters must be to carry a year's peak day, and the cheapest of them that do (P13 P53).

A lever that multiplies hubs' sorting rates by a parameter of its own is grown until none of its hubs is too small;
every set of levers that can carry the peak is priced, and the cheapest stands on top.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import Stopped
from postroad.evaluate.case import Choice, Question
from postroad.evaluate.costs import costs_of
from postroad.evaluate.peak import FULL, strained
from postroad.evaluate.ready import opened
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from postroad.plan.levers import Change, Lever

ROUNDS = 5
STEP = 0.05
"""Sizes are told in steps of a twentieth of the hub's rate, always to the larger side."""
SCHEMA = {"levers": pl.String, "sizes": pl.String, "mends": pl.Boolean, "broken": pl.Int64,
          "worst_place_id": pl.String, "worst_short": pl.Float64, "cost_yuan": pl.Float64}  # fmt: skip


def sized(
    province: str, scenario: str, year: int, levers: Sequence[str], *,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Return every set of levers, those that carry a year's peak day first and cheapest, with the sizes they need.

    Columns: levers, sizes (``id=factor``), mends, broken, worst_place_id, worst_short, cost_yuan. What a lever costs
    beyond its own size grows in proportion to the rate it adds, an assumption. ``Stopped`` when asked, between sets.
    """
    chosen = list(opened(province)[1].choose(levers))
    sets = [bundle for size in range(1, len(chosen) + 1) for bundle in itertools.combinations(chosen, size)]
    rows = []
    for done, bundle in enumerate(sets):
        if stop and stop():
            raise Stopped.of("errors.stopped", done=done, total=len(sets))
        rows.append(_grown(province, scenario, year, bundle))
        if progress:
            progress(Progress(done + 1, len(sets)))
    found = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return found.sort(["mends", "cost_yuan", "levers"], descending=[True, False, False])


def _grown(province: str, scenario: str, year: int, bundle: tuple[Lever, ...]) -> tuple[object, ...]:
    """One set of levers at the smallest sizes that carry the day, or at its own sizes where they cannot."""
    sizes: dict[str, float] = {lever.id: 1.0 for lever in bundle if rating(lever)}
    for _ in range(ROUNDS):
        both = strained(province, scenario, year, [_at(lever, sizes) for lever in bundle])
        short = dict(both.select("place_id", "short").iter_rows())
        more = {lever.id: max((short.get(p, 0.0) for p in _places(lever)), default=0.0) for lever in bundle}
        grow = {name: more[name] for name in sizes if more[name] > FULL}
        if not grow:
            break
        # A size is reached in steps above, so that the rate it gives is never short by a hair.
        sizes |= {name: math.ceil(round(sizes[name] * by / STEP, 9)) * STEP for name, by in grow.items()}
    broken = both.filter(pl.col("short") > FULL)
    asked = Question(province=province, year=year, scenario=scenario)
    cost = math.fsum(
        own * added(lever, sizes.get(lever.id))
        for lever, own in zip(bundle, (costs_of(asked, [Choice(lever.id)])[lever.id] for lever in bundle), strict=True)
    )
    told = " ".join(f"{name}={size:.2f}" for name, size in sizes.items())
    names = "+".join(lever.id for lever in bundle)
    return names, told, broken.is_empty(), broken.height, both["place_id"][0], float(both["short"][0]), cost


def rating(lever: Lever) -> Change | None:
    """Return the change by which a lever multiplies hubs' sorting rates by a parameter of its own, if it has one."""
    for change in lever.changes:
        sorter = change.table == "hub_plants" and change.column == "sort_rate_pieces_h" and change.op == "scale"
        if sorter and isinstance(change.value, str) and change.value.startswith("$"):
            return change
    return None


def added(lever: Lever, size: float | None) -> float:
    """Return how many times a lever's own cost a size of it costs: in proportion to the rate that is added."""
    change = rating(lever)
    if size is None or change is None:
        return 1.0
    own = float(lever.fill(change.value))
    return (size - 1.0) / (own - 1.0) if own > 1.0 else 1.0


def _at(lever: Lever, sizes: dict[str, float]) -> Lever:
    change = rating(lever)
    return lever.with_(**{str(change.value)[1:]: sizes[lever.id]}) if change and lever.id in sizes else lever


def _places(lever: Lever) -> tuple[str, ...]:
    change = rating(lever)
    named = change.where.get("place_id") if change else None
    return () if named is None else (named,) if isinstance(named, str) else tuple(named)
