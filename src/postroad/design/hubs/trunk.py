"""The plan's tiers against the best tiers: cost, promise, equity, and the layouts that are nearly as good (P32 P79)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.design.hubs import tier_report, tier_search
from postroad.design.hubs.tier_bound import tier_bound, town_bounds
from postroad.design.hubs.tier_cost import trunk_arrays
from postroad.design.hubs.tier_problem import TierProblem, tier_problem
from postroad.errors import DataError, Fault, InfeasibleError, UsageError
from postroad.results import Result, Stamp
from postroad.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.design.hubs.tier_search import Layout
    from postroad.network import Network
    from postroad.parallel import Progress

CLOSE = 0.01
"""Gap from which the other bound is tried too: it weighs lines between hubs, which the first leaves out."""
SOURCE = "rule-hubs"
SOURCE_TITLE = "Hub tiers: units allocated to hubs by least cost under assumed vehicles and fill"


@dataclass(frozen=True)
class Tiers:
    """The plan's layout and the best found; ``bound`` is on the cost of any layout with as many hubs, in yuan a day.

    ``towns`` bounds the layouts without a hub in each town, and those with one (NaN where time ended).
    ``near`` holds for each level the layouts worked out in full, ``counted`` the tiers of all different ones.
    """

    plan: Layout
    best: Layout
    bound: float
    near: Mapping[float, tuple[Layout, ...]]
    counted: Mapping[float, NDArray[np.int8]]
    priced: int
    towns: NDArray[np.float64]

    @property
    def objective(self) -> float:
        """Cost of the best layout."""
        return self.best.cost


@dataclass(frozen=True)
class TrunkTiers(Shown):
    """What ``trunk_tiers`` found for a network. All costs in yuan a day."""

    problem: TierProblem
    plan: Layout
    best: Layout
    bound: float
    result: Result
    network: Network

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
        return tier_report.hub_tiers(self.problem, self._layout(which))

    def above(self, which: str = "best") -> dict[str, str]:
        """Return for each hub and each unit the place of the hub above it; the first-tier hub is its own."""
        return tier_report.above(self.problem, self._layout(which))

    def written(self, network: Network, which: str = "best") -> Network:
        """Return the network with the ``allocations`` of a layout."""
        return _written(self.problem, self._layout(which), network)

    def _layout(self, which: str) -> Layout:
        if which not in ("best", "plan"):
            raise UsageError.of("design.tier_which", asked=which)
        return self.plan if which == "plan" else self.best


def search_tiers(
    problem: TierProblem,
    planned: NDArray[np.int64],
    *,
    apart: int = 3,
    time_s: float = 120.0,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Tiers:
    """Price the planned tier of each town and look for the best layout with as many hubs of each tier.

    The same seed gives the same layouts unless time runs out; the bound takes what time is left. ``InfeasibleError``
    names every unit that no road joins to a town.
    """
    began = time.monotonic()
    cut_off = np.flatnonzero(~np.isfinite(problem.run_unit).any(1))
    if cut_off.size:
        names = [problem.names.get(problem.units[i], problem.units[i]) for i in cut_off]
        raise InfeasibleError(Fault.of("design.tier_no_road", table="places", value=name) for name in names)
    counts = (int((planned == 1).sum()), int((planned == 2).sum()), int((planned == 3).sum()))
    hunt = tier_search.Hunt(problem, trunk_arrays(problem), began + 0.3 * time_s, progress, stop)
    tier_search.best_tiers(hunt, counts, [planned], seed)
    known = tier_search.cheapest(hunt).cost
    low = tier_bound(problem, counts, known, max(1.0, 0.3 * time_s), progress, stop)
    if low.tier is not None:
        hunt.until = began + 0.65 * time_s
        tier_search.topped(hunt, low.tier)
    hunt.until = began + 0.8 * time_s
    tier_search.widen(hunt, max(tier_report.LEVELS))
    hunt.until = began + 0.9 * time_s
    plan = tier_search.laid_out(hunt, planned)
    counted = tier_report.different(hunt, apart)
    near = tier_report.nearby(hunt, counted)
    best = min([plan, *(layouts[0] for layouts in near.values())], key=lambda layout: layout.cost)
    left = began + time_s - time.monotonic()
    bound = low.bound
    if best.cost - bound > CLOSE * best.cost and left > 1.0:
        bound = max(bound, tier_search.lower_bound(problem, sum(counts), left, progress, stop))
    bound = min(bound, best.cost)
    towns = town_bounds(problem, counts, max(0.0, 0.95 * time_s + began - time.monotonic()), stop)
    return Tiers(plan, best, bound, MappingProxyType(near), MappingProxyType(counted), len(hunt.seen), towns)


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
    """Hold the plan's three tiers of a network against the best with as many hubs of each.

    ``apart`` is how many hubs two layouts must differ by to count as different. The result's tables are ``layouts``,
    ``hubs``, ``frequency`` and ``allocations``. ``DataError`` when the network lacks hubs, roads or vehicles.
    """
    began = time.monotonic()
    problem = tier_problem(network, demand)
    planned = planned_tiers(network, problem)
    found = search_tiers(problem, planned, apart=apart, time_s=time_s, seed=seed, progress=progress, stop=stop)
    options = {"year": demand.year, "scenario": demand.scenario, "demand_seed": demand.seed, "apart": apart}
    stamp = Stamp.now("trunk tiers", network.fingerprint, {**options, "time_s": time_s}, seed)
    done = _written(problem, found.best, network)
    tables = tier_report.tables(problem, found)
    tables["allocations"] = done["allocations"]
    plan, best = (tier_report.figures(problem, layout) for layout in (found.plan, found.best))
    facts = {
        "plan_yuan_day": found.plan.cost,
        "best_yuan_day": found.best.cost,
        "bound_yuan_day": found.bound,
        "gap": max(0.0, found.best.cost - found.bound) / found.best.cost,
        "regret_cost": found.plan.cost / found.best.cost - 1,
        "regret_within_24h": best["within_24h"] - plan["within_24h"],
        "regret_gini_h": plan["gini_h"] - best["gini_h"],
        "priced": found.priced,
        "seconds": round(time.monotonic() - began, 2),
    }
    result = Result(stamp, MappingProxyType(tables), facts)
    return TrunkTiers(problem, found.plan, found.best, found.bound, result, done)


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
    tier = tier_report.hub_tiers(problem, layout)
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
