"""The field's standard problems on a province's own flows and roads, for comparison with its plan's hubs."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.hubs.choosing import choose_hubs
from postroad.design.hubs.problem import HubProblem
from postroad.design.hubs.tier_problem import tier_problem
from postroad.errors import Fault, InfeasibleError, UsageError
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.design.hubs.answer import HubAnswer
    from postroad.design.hubs.tier_problem import TierProblem
    from postroad.design.program import Limits
    from postroad.network import Network
    from postroad.parallel import Progress

NEEDS = MappingProxyType({
    "USApHMP": ("p",), "UMApHMP": ("p",), "USAHLP": ("fixed",), "UMAHLP": ("fixed",), "CSAHLP": ("fixed", "capacity"),
    "TD-SAHLP": ("fixed", "beta"), "covering": ("beta",),
})  # fmt: skip
"""What each problem has to be told."""


@dataclass(frozen=True)
class Standard:
    """A standard problem: ``p`` hubs, or ``fixed`` yuan a day for each, of ``capacity`` pieces a day.

    ``alpha`` is what a piece costs between hubs as a share of the feeder's cost, ``beta`` the hours within which every
    piece is driven, a hub waiting for its last feeder.
    """

    problem: str
    p: int | None = None
    fixed: float | None = None
    capacity: float | None = None
    beta: float | None = None
    alpha: float = 0.7

    def faults(self) -> list[Fault]:
        """Return everything wrong with what is asked."""
        if self.problem not in NEEDS:
            return [Fault.of("design.standard_unknown", asked=self.problem, problems=" | ".join(NEEDS))]
        found = []
        for name in ("p", "fixed", "capacity", "beta"):
            value, needed = getattr(self, name), name in NEEDS[self.problem]
            if needed and value is None:
                found.append(Fault.of("design.standard_needs", problem=self.problem, option=f"--{name}"))
            elif value is not None and not needed:
                found.append(Fault.of("design.standard_not_used", problem=self.problem, option=f"--{name}"))
            elif value is not None and not value > 0:
                found.append(Fault.of("design.standard_not_positive", option=f"--{name}", value=value))
        if not 0 <= self.alpha <= 1:
            found.append(Fault.of("design.standard_alpha", value=self.alpha))
        return found


def standard_problem(p: TierProblem, asked: Standard) -> HubProblem:
    """Return the problem over the units and, where these are none, the towns of a province; towns may be hubs.

    A piece costs a feeder's run at usual fill. Pieces from and to places outside are not in it.
    """
    faults = asked.faults()
    if faults:
        raise UsageError(faults)
    places = _places(p)
    n, u = len(places), len(p.units)
    town = np.array([places.index(x) for x in p.towns])
    square = np.ix_(town, town)
    flow = np.zeros((n, n))
    if asked.problem != "covering":
        flow[:u, :u] = p.flow
    join, hours, between, ride = (np.zeros((n, n)) for _ in range(4))
    join[np.ix_(np.arange(u), town)] = p.run_unit / p.room[0]
    between[square] = asked.alpha * p.run[0] / p.room[0]
    hours[np.ix_(np.arange(u), town)] = p.minutes_unit / 60
    ride[square] = np.maximum(p.minutes, p.minutes.T) / 60
    more: dict[str, Any] = {"hubs": asked.p, "multiple": asked.problem.startswith("UMA")}
    if asked.p is None:
        more["fixed"] = np.full(n, 1.0 if asked.fixed is None else asked.fixed)
    if asked.capacity is not None:
        more["capacity"] = np.full(n, asked.capacity)
    if asked.beta is not None:
        more |= {"time": hours, "transfer_time": ride, "within": asked.beta}
    names = tuple(p.names.get(x) or x for x in places)
    candidates = np.isin(np.arange(n), town)
    return HubProblem(flow, join, between, join.T, candidates=candidates, names=names, **more)


def standard_hubs(
    network: Network,
    demand: Demand,
    asked: Standard,
    limits: Limits,
    *,
    season: str = "ordinary",
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Result:
    """Return the best hubs of a standard problem as tables ``hubs`` and ``allocations``, with the plan's own beside.

    ``plan_objective`` is the cost when only hubs of the plan may be chosen, where they are enough.
    """
    faults = asked.faults()
    if faults:
        raise UsageError(faults)
    p = tier_problem(network, demand, season)
    problem = standard_problem(p, asked)
    best = choose_hubs(problem, limits, seed=seed, progress=progress, stop=stop)
    places = _places(p)
    planned = np.isin(places, network["sites"].filter(kind="hub").filter(pl.col("tier").is_not_null())["place_id"])
    own = problem.but(candidates=problem.may_be_hub & planned)
    plan = _answer_of_plan(own, limits, seed, stop)
    options = {"problem": asked.problem, "p": asked.p, "fixed_yuan_day": asked.fixed, "beta_h": asked.beta,
               "capacity_pieces_day": asked.capacity, "alpha": asked.alpha, "year": demand.year,
               "scenario": demand.scenario, "season": season, "time_s": limits.time_s}  # fmt: skip
    facts = {
        "objective": best.objective,
        "bound": best.bound,
        "gap": best.gap,
        "status": best.status,
        "hubs": len(best.hubs),
        "plan_objective": plan.objective if plan else None,
        "plan_hubs": len(plan.hubs) if plan else None,
        "seconds": round(best.seconds, 2),
    }
    stamp = Stamp.now("standard hubs", network.fingerprint, options, seed)
    return Result(stamp, MappingProxyType(_tables(problem, places, planned, best)), facts)


def _answer_of_plan(own: HubProblem, limits: Limits, seed: int, stop: Callable[[], bool] | None) -> HubAnswer | None:
    """The best answer among the plan's hubs; None where they cannot do it."""
    try:
        return choose_hubs(own, limits, seed=seed, stop=stop)
    except InfeasibleError:
        return None


def _places(p: TierProblem) -> list[str]:
    return [*p.units, *(town for town in p.towns if town not in p.units)]


def _tables(
    problem: HubProblem, places: list[str], planned: NDArray[np.bool_], best: HubAnswer
) -> dict[str, pl.DataFrame]:
    sent = np.bincount(best.allocation, problem.sent, problem.size)
    count = np.bincount(best.allocation[problem.sent > 0], minlength=problem.size)
    hubs = [
        {"place_id": places[k], "name_zh": problem.name(k), "planned": bool(planned[k]), "units": int(count[k]),
         "collected_pieces_day": float(sent[k])}
        for k in best.hubs
    ]  # fmt: skip
    joined = [
        {"place_id": place, "name_zh": problem.name(i), "hub_place_id": places[int(best.allocation[i])]}
        for i, place in enumerate(places)
    ]
    return {"hubs": pl.DataFrame(hubs), "allocations": pl.DataFrame(joined)}
