"""Three tiers: the best layout by exchange of places and tiers, the layouts near it, and a bound none can undercut."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.hubs import tier_cost
from postroad.design.hubs.choosing import choose_hubs
from postroad.design.hubs.problem import HubProblem
from postroad.design.program import Limits
from postroad.errors import Stopped, UsageError
from postroad.parallel import Progress
from postroad.randomness import generator

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.hubs.tier_problem import TierProblem

KEPT = 100_000
"""Layouts kept of all those priced."""


@dataclass(frozen=True)
class Layout:
    """Hubs by tier (towns, in ascending order), the hub above each town's hub, the hub of each unit, and the cost."""

    tiers: tuple[tuple[int, ...], ...]
    hub: NDArray[np.int64]
    above: NDArray[np.int64]
    direct: NDArray[np.bool_]
    direct_out: NDArray[np.bool_]
    cost: float


@dataclass
class Hunt:
    """Layouts priced so far, and when to stop."""

    problem: TierProblem
    arrays: tier_cost.Trunk
    until: float
    progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None
    seen: dict[bytes, float] = field(default_factory=dict)
    _told: float = 0.0

    def price(self, tier: NDArray[np.int64]) -> float:
        """Return the cost of a layout given as the tier of each town; remembers it."""
        key = tier.astype(np.int8).tobytes()
        if key not in self.seen:
            self.seen[key] = float(tier_cost.price(self.arrays, tier))
        return self.seen[key]

    def left(self) -> bool:
        """Whether time is left; raises ``Stopped`` when asked to stop."""
        now = time.monotonic()
        if self.progress and now - self._told > 1.0:
            self._told = now
            self.progress(Progress(len(self.seen), KEPT))
        if self.stop and self.stop():
            raise Stopped.of("errors.stopped", done=len(self.seen), total=KEPT)
        return now < self.until


def laid_out(hunt: Hunt, tier: NDArray[np.int64]) -> Layout:
    """Return a layout with units and tier-3 hubs moved for as long as it pays."""
    t = hunt.arrays
    hub, above = tier_cost.arrange(t, tier)
    cost = tier_cost.settle_units(t, tier, hub, above)
    c = tier.size
    direct, direct_out = np.zeros((c, c), bool), np.zeros((c, t.far.shape[1]), bool)
    tier_cost.cost_of(t, tier, hub, above, direct, direct_out)
    tiers = tuple(tuple(np.flatnonzero(tier == level).tolist()) for level in (1, 2, 3))
    return Layout(tiers, hub, above, direct, direct_out, float(cost))


def cheapest(hunt: Hunt) -> Layout:
    """Return the cheapest layout priced so far, laid out."""
    key = min(hunt.seen, key=lambda held: (hunt.seen[held], held))
    return laid_out(hunt, np.frombuffer(key, np.int8).astype(np.int64))


def best_tiers(hunt: Hunt, counts: tuple[int, int, int], starts: list[NDArray[np.int64]], seed: int) -> None:
    """Price layouts by steepest exchange from given and random starts until time runs out or starts are used up."""
    towns = len(hunt.problem.towns)
    if sum(counts) > towns or counts[0] != 1 or min(counts) < 0:
        raise UsageError.of("design.tier_counts", counts=str(counts), towns=towns)
    random = generator(seed, "trunk tiers")
    levels = np.repeat([1, 2, 3], counts)
    for turn in range(len(starts) + 6):
        if turn < len(starts):
            tier = starts[turn].copy()
        else:
            tier = np.zeros(towns, np.int64)
            tier[random.permutation(towns)[: levels.size]] = levels
        if not _descend(hunt, tier):
            return


def topped(hunt: Hunt, tier: NDArray[np.int64]) -> bool:
    """Descend from tiers of which it is open which upper hub is the first; False when time ran out."""
    for top in np.flatnonzero((tier == 1) | (tier == 2)):
        trial = np.where(tier == 1, 2, tier)
        trial[top] = 1
        if not _descend(hunt, trial):
            return False
    return True


def _descend(hunt: Hunt, tier: NDArray[np.int64]) -> bool:
    """Take the best exchange while one pays; False when time ran out."""
    cost = hunt.price(tier)
    while True:
        best, move = cost, None
        for a, b in exchanges(tier):
            tier[a], tier[b] = tier[b], tier[a]
            found = hunt.price(tier)
            tier[a], tier[b] = tier[b], tier[a]
            if found < best - 1e-9 * best:
                best, move = found, (a, b)
        if not hunt.left():
            return False
        if move is None:
            return True
        tier[move[0]], tier[move[1]] = tier[move[1]], tier[move[0]]
        cost = best


def exchanges(tier: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return every two towns of different tiers, one of them a hub."""
    hubs = np.flatnonzero(tier > 0)
    return [(int(a), int(b)) for a in hubs for b in range(tier.size) if tier[b] < tier[a]]


def widen(hunt: Hunt, within: float) -> None:
    """Price the exchanges around every layout within a share of the best, until none is new or enough are kept."""
    done: set[bytes] = set()
    while hunt.seen and len(hunt.seen) < KEPT:
        limit = min(hunt.seen.values()) * (1 + within)
        near = sorted((cost, key) for key, cost in hunt.seen.items() if cost <= limit and key not in done)
        if not near:
            return
        for _, key in near[:50]:
            done.add(key)
            tier = np.frombuffer(key, np.int8).astype(np.int64)
            for a, b in exchanges(tier):
                tier[a], tier[b] = tier[b], tier[a]
                hunt.price(tier)
                tier[a], tier[b] = tier[b], tier[a]
            if not hunt.left():
                return


def lower_bound(
    problem: TierProblem,
    hubs: int,
    time_s: float,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> float:
    """Return what no layout of so many hubs can undercut.

    Lines between hubs and outside are taken at a full semi's cost per piece along the cheapest way, for the heavier
    direction of each place outside; a piece is sorted at the hubs of both its ends. What is left is a single-level
    p-hub problem, whose own bound holds.
    """
    towns = list(problem.towns)
    nodes = [*problem.units, *(town for town in towns if town not in problem.units)]
    n, u = len(nodes), len(problem.units)
    place = np.array([nodes.index(town) for town in towns])
    cheapest = np.minimum(problem.run[1] / problem.room[1], problem.run[2] / problem.room[2])
    for k in range(len(towns)):
        cheapest = np.minimum(cheapest, cheapest[:, k : k + 1] + cheapest[k])
    out = (cheapest[:, :, None] + problem.run_outside[None] / problem.room[2]).min(1)
    heavy = np.where(problem.sent_out.sum(0) > problem.taken_in.sum(0), problem.sent_out, problem.taken_in)
    join = np.zeros((n, n))
    join[np.ix_(np.arange(u), place)] = tier_cost.trunk_arrays(problem).join + 2 * heavy @ out.T
    flow, transfer = np.zeros((n, n)), np.zeros((n, n))
    flow[:u, :u] = problem.flow
    transfer[np.ix_(place, place)] = cheapest + problem.sort_yuan * (1 - np.eye(len(towns)))
    none = np.zeros((n, n))
    relaxed = HubProblem(
        flow, none, transfer, none, hubs=hubs, allocation_cost=join, candidates=np.isin(np.arange(n), place)
    )
    answer = choose_hubs(relaxed, Limits(time_s=time_s, gap=1e-4), progress=progress, stop=stop)
    pieces = problem.flow.sum() + problem.sent_out.sum() + problem.taken_in.sum()
    return answer.bound + float(pieces) * problem.sort_yuan
