"""Maximal covering: the ``p`` candidates that reach the most weight, with a proof of how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.program import Limits, Program, solve
from postroad.design.sites.ascent import relax
from postroad.design.sites.cover_kernels import shaken
from postroad.design.sites.merging import Groups, merge_lists
from postroad.design.sites.tree import Node, Pace, Proven, Search
from postroad.errors import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PATIENCE = 20.0
SMALL = 9000
"""With no more groups than this left, HiGHS proves faster than branching on the Lagrangean bound."""
WORK = 15_000_000
"""Entries of the reach that the shakes of one search may read, more or less."""


@dataclass(frozen=True)
class Covered:
    """Sites chosen with the weight they reach; nothing reaches more than ``bound``."""

    chosen: NDArray[np.int64]
    objective: float
    bound: float
    status: str
    nodes: int
    seconds: float

    @property
    def gap(self) -> float:
        """How far the answer may be from the best, as a share of the answer."""
        return (self.bound - self.objective) / max(1e-12, abs(self.objective))


def maximal_covering(
    groups: Groups, p: int, *, opened: Sequence[int] = (), closed: Sequence[int] = (), pace: Pace | None = None
) -> Covered:
    """Return the ``p`` sites, those already open among them, that reach the most weight.

    ``opened`` must stay, ``closed`` may not be used. ``InfeasibleError`` when the two leave no way to have ``p``.
    """
    state = locks(groups.width, p, opened, closed)
    total = float(groups.weights.sum())
    cover = Cover(groups, p, state)
    proven: Proven = Search(cover, state, least_step(groups.weights), pace or Pace()).run(cover.greedy())
    return Covered(
        proven.chosen, total - proven.cost, total - proven.bound, proven.status, proven.nodes, proven.seconds
    )


def locks(width: int, p: int, opened: Sequence[int], closed: Sequence[int]) -> NDArray[np.int8]:
    """Return the state of each site before anything is decided."""
    state = np.zeros(width, np.int8)
    state[np.asarray(closed, np.int64)] = -1
    state[np.asarray(opened, np.int64)] = 1
    must, may = int((state == 1).sum()), int((state >= 0).sum())
    if not must <= p <= may:
        raise InfeasibleError.of("sites.number_out_of_reach", asked=p, low=must, high=may)
    return state


def least_step(weights: NDArray[np.float64]) -> float:
    """Return by how much two different costs differ at least: 1 for whole weights (or their common divisor)."""
    whole = np.rint(weights)
    if weights.size and np.array_equal(whole, weights) and weights.sum() < 2**52:
        return float(max(1, np.gcd.reduce(whole.astype(np.int64))))
    return 1e-7 * float(np.abs(weights).sum()) / max(1, weights.size)


class Cover:
    """Covering as a cost to be made small: the weight that is not reached."""

    trials = 8

    def __init__(self, groups: Groups, p: int, state: NDArray[np.int8]) -> None:
        self.groups, self.p, self.state = groups, p, state
        self.least = least_step(groups.weights)
        self.base = 0.0
        self.free = np.zeros(groups.sites.size)  # to be reached costs nothing
        self.tails, self.by_site = groups.by_site()

    @property
    def width(self) -> int:
        """How many sites there are."""
        return self.groups.width

    def greedy(self) -> NDArray[np.int8]:
        """Return the choice that adds the site with the most new weight again and again."""
        chosen: NDArray[np.int8] = (self.state == 1).astype(np.int8)
        left = self.groups.weights.copy()
        for j in np.flatnonzero(chosen).tolist():
            left[self.by_site[self.tails[j] : self.tails[j + 1]]] = 0.0
        owner = np.repeat(np.arange(self.width), np.diff(self.tails))
        for _ in range(self.p - int(chosen.sum())):
            gain = np.bincount(owner, weights=left[self.by_site], minlength=self.width)
            gain[(chosen == 1) | (self.state < 0)] = -1.0
            j = int(np.argmax(gain))
            chosen[j] = 1
            left[self.by_site[self.tails[j] : self.tails[j + 1]]] = 0.0
        return chosen

    def first_u(self, chosen: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return multipliers to begin with: less where more chosen sites reach."""
        reach = np.add.reduceat(chosen[self.groups.sites], self.groups.heads[:-1], dtype=np.float64)
        return self.groups.weights / np.maximum(1.0, reach + 0.0)

    def relax(self, node: Node, incumbent: float, turns: int, theta: float) -> float:
        """Raise the node's bound and leave the best choice met in it."""
        groups = self.groups
        patience = max(PATIENCE, turns / 30)
        limits = np.array([incumbent - self.base, self.least * (1 - 1e-6), turns, theta, patience])
        service = (groups.heads, groups.sites, self.free, groups.weights)
        bound, found = relax(service, node.u, node.state, self.p, limits, node.often, node.best)
        node.found = self.base + found
        return self.base + float(bound)

    def improve(self, chosen: NDArray[np.int8], rounds: int, seed: int) -> float:
        """Improve a choice in place by swaps, with fewer shakes where each costs more."""
        rounds = min(rounds, max(20, WORK // max(1, self.groups.sites.size)))
        weights = self.groups.weights
        return self.base + float(shaken(self.tails, self.by_site, weights, chosen, self.state, rounds, seed))

    def settle(
        self, node: Node, incumbent: float, time_s: float, pace: Pace
    ) -> tuple[float, NDArray[np.int8] | None] | None:
        """Give a small rest to HiGHS, told that only something better than the incumbent is wanted."""
        small, _ = self.reduced(node)
        groups = small.groups
        if groups.count > SMALL:
            return None
        program, sites = Program(), np.flatnonzero(node.state == 0)
        place = np.full(self.width, -1)
        place[sites] = np.arange(sites.size)
        reach = sparse.csr_array(
            (np.ones(groups.sites.size), place[groups.sites], groups.heads), (groups.count, sites.size)
        )
        opens = program.columns("opens", sites.size, high=1.0, integer=True)
        left = program.columns("left", groups.count, cost=groups.weights, high=1.0)
        program.rows("reached or left", [(opens, reach), (left, sparse.eye_array(groups.count))], low=1.0)
        need = self.p - int((node.state == 1).sum())
        program.rows("number", [(opens, np.ones((1, sites.size)))], low=need, high=need)
        answer = solve(
            program,
            Limits(time_s=max(0.5, time_s), gap=pace.gap),
            cutoff=incumbent - small.base - self.least * 0.999,
            stop=pace.stop,
            progress=pace.progress,
        )
        if answer.status == "infeasible":
            return np.inf, None
        chosen = (node.state == 1).astype(np.int8)
        if answer.answered:
            chosen[sites[answer[opens] > 0.5]] = 1
        return small.base + answer.bound, chosen if answer.answered else None

    def reduced(self, node: Node) -> tuple[Cover, NDArray[np.float64]]:
        """Drop sites ruled out and groups that a site which must open reaches, and merge what then looks alike."""
        groups = self.groups
        row = np.repeat(np.arange(groups.count), np.diff(groups.heads))
        settled = np.zeros(groups.count, bool)
        settled[row[node.state[groups.sites] == 1]] = True
        kept = (node.state[groups.sites] == 0) & ~settled[row]
        size = np.bincount(row[kept], minlength=groups.count)
        left = np.flatnonzero(size)
        heads = np.concatenate([[0], np.cumsum(size[left])]).astype(np.int64)
        merged, back = merge_lists(heads, groups.sites[kept], groups.weights[left], groups.width)
        small = Cover(merged, self.p, node.state.copy())
        small.base = self.base + float(groups.weights[(size == 0) & ~settled].sum())
        return small, np.bincount(back, weights=node.u[left], minlength=merged.count).astype(np.float64)
