"""The p-median: the ``p`` sites from which customers are nearest on the whole, with a proof of how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.sites.ascent import relax
from postroad.design.sites.covering import PATIENCE, least_step, locks
from postroad.design.sites.median_kernels import shaken
from postroad.design.sites.tree import Node, Pace, Search
from postroad.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Located:
    """Sites chosen, the cost of serving everyone from them, a bound no choice can go below, and who serves whom."""

    chosen: NDArray[np.int64]
    server: NDArray[np.int64]
    objective: float
    bound: float
    status: str
    nodes: int
    seconds: float

    @property
    def gap(self) -> float:
        """How far the answer may be from the best, as a share of the answer."""
        return (self.objective - self.bound) / max(1e-12, abs(self.objective))


def p_median(
    cost: NDArray[np.float64],
    p: int,
    *,
    opened: Sequence[int] = (),
    closed: Sequence[int] = (),
    pace: Pace | None = None,
) -> Located:
    """Return the ``p`` sites (columns), those already open among them, that serve all customers (rows) at least cost.

    ``UsageError`` when a cost is negative or not a number; ``InfeasibleError`` when there is no way to have ``p``.
    """
    cost = np.ascontiguousarray(cost, np.float64)
    if not np.isfinite(cost).all() or (cost < 0).any():
        raise UsageError.of("sites.bad_cost")
    state = locks(cost.shape[1], p, opened, closed)
    median = Median(cost, p, state)
    found = Search(median, state, median.least, pace or Pace(rounds=30)).run(median.greedy())
    server = found.chosen[np.argmin(cost[:, found.chosen], axis=1)]
    return Located(found.chosen, server, found.cost, found.bound, found.status, found.nodes, found.seconds)


class Median:
    """The p-median over a matrix of costs, customers by sites."""

    trials = 0

    def __init__(self, cost: NDArray[np.float64], p: int, state: NDArray[np.int8]) -> None:
        self.cost, self.p, self.state = cost, p, state
        self.by_site = np.ascontiguousarray(cost.T)
        self.sites = np.argsort(cost, axis=1, kind="stable").astype(np.int32)
        self.sorted = np.take_along_axis(cost, self.sites, axis=1)
        self.least = least_step(cost.ravel())

    @property
    def width(self) -> int:
        """How many sites there are."""
        return int(self.cost.shape[1])

    def greedy(self) -> NDArray[np.int8]:
        """Return the choice that adds the site with the greatest saving again and again."""
        chosen: NDArray[np.int8] = (self.state == 1).astype(np.int8)
        near = self.cost[:, chosen == 1].min(axis=1, initial=self.cost.max() + 1.0)
        for _ in range(self.p - int(chosen.sum())):
            saved = np.maximum(0.0, near[:, None] - self.cost).sum(axis=0)
            saved[(chosen == 1) | (self.state < 0)] = -1.0
            j = int(np.argmax(saved))
            chosen[j] = 1
            near = np.minimum(near, self.cost[:, j])
        return chosen

    def first_u(self, chosen: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return multipliers to begin with: between the nearest and the second nearest chosen site."""
        near = np.sort(self.cost[:, chosen == 1], axis=1)
        return (near[:, 0] + near[:, min(1, near.shape[1] - 1)]) / 2

    def relax(self, node: Node, incumbent: float, turns: int, theta: float) -> float:
        """Raise the node's bound and leave the best choice met in it."""
        limits = np.array([incumbent, self.least * (1 - 1e-6), turns, theta, PATIENCE])
        width = self.sites.shape[1]
        heads = np.arange(0, self.sites.size + 1, width)
        service = (heads, self.sites.ravel(), self.sorted.ravel(), np.full(len(self.sites), np.inf))
        bound, node.found = relax(service, node.u, node.state, self.p, limits, node.often, node.best)
        return float(bound)

    def improve(self, chosen: NDArray[np.int8], rounds: int, seed: int) -> float:
        """Improve a choice in place by swaps."""
        return float(shaken(self.by_site, chosen, self.state, rounds, seed))

    def settle(self, node: Node, incumbent: float, time_s: float, pace: Pace) -> None:  # noqa: ARG002
        """Leave it to branching, whose nodes cost little here."""
        return

    def reduced(self, node: Node) -> tuple[Median, NDArray[np.float64]]:
        """Drop sites that are ruled out from every customer's list."""
        kept = node.state[self.sites] >= 0
        width = int((node.state >= 0).sum())
        small = object.__new__(Median)
        small.cost, small.by_site, small.p, small.least = self.cost, self.by_site, self.p, self.least
        small.state = node.state.copy()
        small.sites = self.sites[kept].reshape(-1, width)
        small.sorted = self.sorted[kept].reshape(-1, width)
        return small, node.u
