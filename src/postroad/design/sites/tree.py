"""Branch and bound over which sites open, with a Lagrangean bound at each node: proves how good a choice is.

Everything is a cost to be made small. A problem gives ``relax`` (a bound and what it fixes), ``improve`` (a search
from a choice) and ``reduced``. Nodes are opened best bound first, so what is left when time runs out is still a bound.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ROOT_TURNS, NODE_TURNS, TRIAL_TURNS = 4000, 60, 30
SHRINK = 0.8
"""A node's problem is made smaller when fewer than this share of its undecided sites are left."""
SLACK = 1e-6


class Siting(Protocol):
    """A choice of ``p`` among ``m`` sites whose cost has a Lagrangean bound."""

    trials: int

    @property
    def width(self) -> int:
        """How many sites there are."""

    def first_u(self, chosen: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return multipliers to begin with."""

    def relax(self, node: Node, incumbent: float, turns: int, theta: float) -> float:
        """Raise the node's bound, fix sites in it, and leave the best choice met in ``node.best``."""

    def improve(self, chosen: NDArray[np.int8], rounds: int, seed: int) -> float:
        """Improve a choice in place and return its cost."""

    def settle(
        self, node: Node, incumbent: float, time_s: float, pace: Pace
    ) -> tuple[float, NDArray[np.int8] | None] | None:
        """Return a bound on what is left and a better choice, if any; ``None`` leaves it to branching."""

    def reduced(self, node: Node) -> tuple[Siting, NDArray[np.float64]]:
        """Return the same problem without what the node's sites settle, with its multipliers."""


@dataclass
class Node:
    """A part of the choices: what is ruled out or must open, multipliers, and the bound there."""

    problem: Siting
    state: NDArray[np.int8]
    u: NDArray[np.float64]
    often: NDArray[np.float64]
    bound: float = -np.inf
    best: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))
    found: float = np.inf
    free: int = 0

    def child(self, site: int, choice: int) -> Node:
        """Return the part of this node where a site must open (1) or is ruled out (-1)."""
        state = self.state.copy()
        state[site] = choice
        return Node(self.problem, state, self.u.copy(), self.often.copy(), self.bound, free=self.free)


@dataclass(frozen=True)
class Pace:
    """How long to look: seconds, relative gap that is good enough, seed, listener and stop."""

    time_s: float = 60.0
    gap: float = 0.0
    seed: int = 1
    rounds: int = 200
    progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Proven:
    """A choice with its cost and bound; ``status`` is optimal, feasible or infeasible."""

    chosen: NDArray[np.int64]
    cost: float
    bound: float
    status: str
    nodes: int
    seconds: float


class Search:
    """One run of the branch and bound."""

    def __init__(self, problem: Siting, state: NDArray[np.int8], least: float, pace: Pace) -> None:
        self.problem, self.state, self.least, self.pace = problem, state, least, pace
        self.began = self.told = time.monotonic()
        self.cost, self.chosen, self.nodes = np.inf, np.zeros(problem.width, np.int8), 0

    def run(self, start: NDArray[np.int8]) -> Proven:
        """Return the best choice from a start, with its bound."""
        self._take(self.problem, start.copy(), self.pace.rounds)
        root = Node(
            self.problem, self.state.copy(), self.problem.first_u(self.chosen), self.state.clip(0).astype(np.float64)
        )
        root.free = self.problem.width
        self._root(root)
        bound = root.bound if self._done(root.bound) else self._finish(root)
        bound = self.cost if self._beaten(bound) else min(bound, self.cost)
        status = "optimal" if bound >= self.cost - 1e-9 * max(1.0, abs(self.cost)) else "feasible"
        return Proven(np.flatnonzero(self.chosen), self.cost, bound, status, self.nodes, self._seconds())

    def _root(self, root: Node) -> None:
        """Bound the whole problem, taking turns with the search for better choices."""
        for turn, theta in enumerate((1.0, 0.5, 0.3)):
            self._relax(root, ROOT_TURNS, theta)
            before = self.cost
            if np.isfinite(root.found):
                self._take(root.problem, root.best.copy(), self.pace.rounds // (1 + 4 * turn))
            if self._done(root.bound) or (turn and self.cost == before):
                break

    def _finish(self, root: Node) -> float:
        """Settle what the root left open: by the problem's own way when it has one, else by branching."""
        self._shrink(root)
        answer = root.problem.settle(root, self.cost, self.pace.time_s - self._seconds(), self.pace)
        if answer is None:
            return self._branch(root)
        bound, chosen = answer
        if chosen is not None:
            self._take(root.problem, chosen, 0)
        return max(bound, root.bound)

    def _branch(self, root: Node) -> float:
        """Split the best node again and again; return the bound that is left."""
        count = 0
        heap: list[tuple[float, int, Node]] = [(root.bound, count, root)]
        while heap:
            bound, _, node = heapq.heappop(heap)
            if self._done(bound):
                return bound
            for child in self._children(node):
                count += 1
                heapq.heappush(heap, (child.bound, count, child))
        return self.cost

    def _children(self, node: Node) -> list[Node]:
        """Try the most doubtful sites both ways: settle what is beaten one way, split on what raises bounds most."""
        self._shrink(node)
        if not node.problem.trials:
            free = np.flatnonzero(node.state == 0)
            pick = free[np.argsort(np.abs(node.often[free] - 0.5), kind="stable")][:1]
            pair = [node.child(int(site), choice) for site in pick for choice in (1, -1)]
            return [child for child in pair if self._grow(child, 2 * NODE_TURNS, 0.3)]
        if not self._grow(node, NODE_TURNS, 0.3):
            return []
        best: tuple[float, list[Node]] = (-1.0, [])
        free = np.flatnonzero(node.state == 0)
        for site in free[np.argsort(np.abs(node.often[free] - 0.5), kind="stable")][: node.problem.trials]:
            if node.state[site] != 0:
                continue
            pair = [node.child(int(site), choice) for choice in (1, -1)]
            alive = [child for child in pair if self._grow(child, TRIAL_TURNS, 0.1)]
            if not alive:
                return []
            if len(alive) == 1:
                kept = alive[0]
                node.state, node.u, node.often, node.bound = kept.state, kept.u, kept.often, kept.bound
                best = (-1.0, [])
                continue
            gains = [child.bound - node.bound for child in pair]
            score = max(gains[0], 1e-6) * max(gains[1], 1e-6)
            if score > best[0]:
                best = (score, pair)
        if best[1]:
            return best[1]
        return [node] if (node.state == 0).any() else []

    def _grow(self, node: Node, turns: int, theta: float) -> bool:
        """Raise a node's bound and keep a better choice met there; false when it can hold no better one."""
        self._relax(node, turns, theta)
        if node.found < self.cost - 1e-9:
            self._take(node.problem, node.best.copy(), 5)
        return not self._beaten(node.bound)

    def _shrink(self, node: Node) -> None:
        free = int((node.state == 0).sum())
        if free < SHRINK * node.free:
            node.problem, node.u = node.problem.reduced(node)
            node.free = free

    def _relax(self, node: Node, turns: int, theta: float) -> None:
        self.nodes += 1
        self._breathe()
        node.best = np.zeros(self.problem.width, np.int8)
        node.bound = max(node.bound, node.problem.relax(node, self.cost, turns, theta))

    def _take(self, problem: Siting, chosen: NDArray[np.int8], rounds: int) -> None:
        cost = problem.improve(chosen, rounds, self.pace.seed + self.nodes)
        if cost < self.cost - 1e-9:
            self.cost, self.chosen = cost, chosen.astype(np.int8)

    def _beaten(self, bound: float) -> bool:
        return bound > self.cost - self.least + SLACK

    def _done(self, bound: float) -> bool:
        close = self.cost - bound <= self.pace.gap * max(1e-12, abs(self.cost))
        return self._beaten(bound) or close or self._seconds() > self.pace.time_s

    def _seconds(self) -> float:
        return time.monotonic() - self.began

    def _breathe(self) -> None:
        if self.pace.stop and self.pace.stop():
            raise Stopped.of("errors.stopped", done=self.nodes, total=self.nodes)
        now = time.monotonic()
        if self.pace.progress and now - self.told > 1.0:
            self.told = now
            self.pace.progress(Progress(int(now - self.began), int(self.pace.time_s)))
