"""The plan's tiers against the best tiers: cost, promise, equity, and the layouts that are nearly as good (P32 P79)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.design.hubs import tier_report, tier_search
from postroad.design.hubs.tier_cost import trunk_arrays
from postroad.design.hubs.tier_problem import TierProblem, tier_problem
from postroad.errors import DataError
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.design.hubs.tier_search import Layout
    from postroad.network import Network
    from postroad.parallel import Progress

SOURCE = "rule-hubs"
SOURCE_TITLE = "Hub tiers: units allocated to hubs by least cost under assumed vehicles and fill"


@dataclass(frozen=True)
class TrunkTiers:
    """What ``trunk_tiers`` found. ``bound`` is on the cost of any layout with as many hubs; all costs in yuan a day."""

    problem: TierProblem
    plan: Layout
    best: Layout
    bound: float
    result: Result
    network: Network
    near: Mapping[float, tuple[Layout, ...]] = field(default_factory=dict)

    @property
    def objective(self) -> float:
        """Cost of the best layout."""
        return self.best.cost

    @property
    def gap(self) -> float:
        """How far, as a share, the best layout can be from the optimum."""
        return max(0.0, self.best.cost - self.bound) / self.best.cost

    @property
    def regret(self) -> float:
        """How much more the plan's layout costs than the best, as a share of the best."""
        return self.plan.cost / self.best.cost - 1

    def tiers(self, which: str = "best") -> dict[str, int]:
        """Return place and tier of each hub, of the ``best`` layout or the ``plan``'s."""
        layout = self.plan if which == "plan" else self.best
        return {self.problem.towns[k]: level for level, hubs in enumerate(layout.tiers, 1) for k in hubs}

    def above(self, which: str = "best") -> dict[str, str]:
        """Return for each hub and each unit the place of the hub above it; the first-tier hub is its own."""
        return tier_report.above(self.problem, self.plan if which == "plan" else self.best)

    def written(self, network: Network, which: str = "best") -> Network:
        """Return the network with the ``allocations`` of a layout."""
        return _written(self.problem, self.plan if which == "plan" else self.best, network)


def trunk_tiers(
    network: Network,
    demand: Demand,
    *,
    apart: int = 3,
    time_s: float = 120.0,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> TrunkTiers:
    """Price the plan's three tiers, look for the best with as many hubs of each, and say what lies between.

    ``apart`` is how many hubs two layouts must differ by to count as different. The result's tables are ``layouts``,
    ``hubs``, ``frequency`` and ``allocations``. ``DataError`` when the network lacks hubs, roads or vehicles.
    """
    began = time.monotonic()
    problem = tier_problem(network, demand)
    planned = planned_tiers(network, problem)
    counts = tuple(int((planned == level).sum()) for level in (1, 2, 3))
    hunt = tier_search.Hunt(problem, trunk_arrays(problem), began + 0.35 * time_s, progress, stop)
    tier_search.best_tiers(hunt, (counts[0], counts[1], counts[2]), [planned], seed)
    hunt.until = began + 0.5 * time_s
    tier_search.widen(hunt, max(tier_report.LEVELS))
    plan = tier_search.laid_out(hunt, planned)
    near = tier_report.nearby(hunt, apart)
    best = near[min(near)][0]
    left = max(1.0, began + time_s - time.monotonic())
    bound = min(tier_search.lower_bound(problem, sum(counts), left, stop), best.cost)
    stamp = Stamp.now(
        "trunk tiers",
        network.fingerprint,
        {"year": demand.year, "scenario": demand.scenario, "demand_seed": demand.seed, "apart": apart},
        seed,
    )
    tables = tier_report.tables(problem, plan, near, tier_report.different(hunt, apart))
    done = _written(problem, best, network)
    tables["allocations"] = done["allocations"]
    facts = {
        "plan_yuan_day": plan.cost,
        "best_yuan_day": best.cost,
        "bound_yuan_day": bound,
        "gap": max(0.0, best.cost - bound) / best.cost,
        "regret_cost": plan.cost / best.cost - 1,
        "priced": len(hunt.seen or ()),
        "seconds": round(time.monotonic() - began, 2),
    }
    return TrunkTiers(problem, plan, best, bound, Result(stamp, MappingProxyType(tables), facts), done, near)


def planned_tiers(network: Network, problem: TierProblem) -> NDArray[np.int64]:
    """Return the plan's tier of each town, 0 where it has none; ``DataError`` unless one hub is of the first tier."""
    rows = network["sites"].filter(pl.col("kind") == "hub", pl.col("tier").is_not_null())
    tier = np.zeros(len(problem.towns), np.int64)
    for place, level in rows.select("place_id", "tier").iter_rows():
        tier[problem.town(place)] = level
    if int((tier == 1).sum()) != 1:
        raise DataError.of("design.tier_one_top", table="sites", column="tier", value=int((tier == 1).sum()))
    return tier


def _written(problem: TierProblem, layout: Layout, network: Network) -> Network:
    tier = {problem.towns[k]: level for level, hubs in enumerate(layout.tiers, 1) for k in hubs}
    above = tier_report.above(problem, layout)
    rows = [
        {"place_id": place, "hub_place_id": hub, "tier": tier.get(place), "origin": "derived", "source": SOURCE}
        for place, hub in sorted(above.items())
    ]
    top = problem.towns[layout.tiers[0][0]]
    far = network["places"].filter(level="external", kind="city")["place_id"].sort().to_list()
    rows += [{"place_id": x, "hub_place_id": top, "tier": None, "origin": "derived", "source": SOURCE} for x in far]
    sources = network["sources"]
    if not sources.filter(source_id=SOURCE).height:
        own = {
            "source_id": SOURCE,
            "title": SOURCE_TITLE,
            "licence": "own rule",
            "origin": "observed",
            "source": SOURCE,
        }
        sources = pl.concat([sources, pl.DataFrame([own])], how="diagonal")
    return network.with_(sources=sources, allocations=pl.DataFrame(rows, schema_overrides={"tier": pl.Int64}))
