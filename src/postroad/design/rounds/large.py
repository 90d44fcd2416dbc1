"""Rounds from one depot for up to tens of thousands of stops, without a matrix, on as many cores as there are parts.

The routes are split into parts by a line that turns from phase to phase; each part is searched by a thread of its own
(see ``ruin``) and the phase ends when all are done. The split and every random number depend on seed and phase alone,
so one worker and two give the same routes at the same number of steps. A time limit only says when to cut.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import KDTree

from postroad import randomness
from postroad.design.rounds import savings
from postroad.design.rounds.plane import Plane, length
from postroad.design.rounds.ruin import Rings, Task, anneal
from postroad.errors import Stopped, UsageError
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

MOST_REMOVED = 100.0
PHASE_STEPS = 20_000
"""Steps of each part between two splits; short enough for progress and stop."""


@dataclass(frozen=True)
class Effort:
    """How hard to search: a time limit, or a number of steps (the same routes every time); ``parts`` share a phase."""

    time_limit_s: float | None = None
    steps: int | None = None
    seed: int = 0
    parts: int = 2
    workers: int = 2
    neighbours: int = 50
    removed_mean: float = 10.0
    hot: float = 0.3
    cold: float = 0.003

    def __post_init__(self) -> None:
        bad = [name for name in ("parts", "workers", "neighbours") if getattr(self, name) < 1]
        bad += ["steps | time_limit_s"] if self.steps is None and self.time_limit_s is None else []
        bad += ["removed_mean"] if not 1 <= self.removed_mean <= MOST_REMOVED else []
        bad += ["hot, cold"] if not self.hot >= self.cold > 0 else []
        if bad:
            raise UsageError.of("rounds.bad_effort", value="; ".join(bad), most=MOST_REMOVED)


@dataclass(frozen=True)
class Routes:
    """Routes of customers with their length, the steps taken, and the length of the first routes."""

    routes: list[list[int]]
    cost: int
    steps: int
    first_cost: int


def solve(
    plane: Plane,
    effort: Effort,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    start: Sequence[Sequence[int]] | None = None,
) -> Routes:
    """Return good routes for a plane; no bound is known for this search. ``Stopped`` when asked to stop.

    With ``start`` the search goes on from those routes, and returns none that are longer.
    """
    began = time.monotonic()
    if not len(plane):
        return Routes([], 0, 0, 0)
    order = _along(plane)
    sorted_plane = replace(plane, x=plane.x[order], y=plane.y[order], demand=plane.demand[order])
    place = np.argsort(order)
    board = _Board(sorted_plane, effort, [[int(place[c]) for c in route] for route in start] if start else None)
    first = board.length()
    clock = _Clock(effort, began)
    with ThreadPoolExecutor(max(1, effort.workers)) as pool:
        while clock.left() > 0:
            if stop and stop():
                raise Stopped.of("errors.stopped", done=clock.steps, total=effort.steps or 0)
            board.phase(pool, clock)
            if progress:
                progress(Progress(int(1000 * clock.share()), 1000))
    routes = [[int(order[c]) for c in route] for route in board.best]
    return Routes(sorted(routes), length(plane, routes), clock.steps, first)


class _Clock:
    """How much of the search is done, by steps or by time, and how hot it is."""

    def __init__(self, effort: Effort, began: float) -> None:
        self.effort, self.began = effort, began
        self.steps, self.phases, self.speed = 0, 0, 0.0

    def share(self) -> float:
        """The share done, between 0 and 1."""
        if self.effort.steps is not None:
            return min(1.0, self.steps / max(1, self.effort.steps))
        return min(1.0, (time.monotonic() - self.began) / max(1e-9, self.effort.time_limit_s or 0.0))

    def left(self) -> int:
        """Steps of the next phase, all parts together; none when the search is over."""
        if self.share() >= 1.0:
            return 0
        if self.effort.steps is not None:
            return min(PHASE_STEPS * self.effort.parts, self.effort.steps - self.steps)
        remaining = (1.0 - self.share()) * (self.effort.time_limit_s or 0.0)
        whole = PHASE_STEPS * self.effort.parts
        return whole if not self.speed else max(0, min(whole, int(self.speed * remaining)))

    def heats(self, steps: int) -> tuple[float, float]:
        """Temperature at the start and the end of a phase, as shares of the mean distance a stop costs."""
        start = self.share()
        if self.effort.steps is not None:
            end = min(1.0, (self.steps + steps) / self.effort.steps)
        else:
            ahead = steps / self.speed if self.speed else 0.0
            end = min(1.0, start + ahead / max(1e-9, self.effort.time_limit_s or 0.0))
        ratio = self.effort.cold / self.effort.hot
        return self.effort.hot * ratio**start, self.effort.hot * ratio**end

    def took(self, steps: int, seconds: float) -> None:
        """Count a phase."""
        self.steps += steps
        self.phases += 1
        if self.phases > 1:  # the first may have compiled
            self.speed = steps / max(1e-6, seconds)


class _Board:
    """The routes as rings in arrays that the compiled steps change in place."""

    def __init__(self, plane: Plane, effort: Effort, start: list[list[int]] | None = None) -> None:
        self.plane, self.effort = plane, effort
        near, far = _neighbours(plane, min(effort.neighbours, len(plane) - 1))
        home = np.floor(np.hypot(plane.x - plane.depot[0], plane.y - plane.depot[1]) + 0.5).astype(np.int32)
        self.best = start or savings.build(plane, near, far, home)
        self.fleet = len(self.best) + max(8 * effort.parts, len(self.best) // 5)
        self.rings = self._laid(near, far, home)
        self.best_cost = self.length()
        self.unit = max(self.best_cost / len(plane), 1e-9)

    def _laid(self, near: NDArray[np.int32], far: NDArray[np.int32], home: NDArray[np.int32]) -> Rings:
        """Return the first routes as rings."""
        plane, n = self.plane, len(self.plane)
        x = np.concatenate([plane.x, np.full(self.fleet, plane.depot[0])])
        y = np.concatenate([plane.y, np.full(self.fleet, plane.depot[1])])
        following, before = np.arange(x.size, dtype=np.int32), np.arange(x.size, dtype=np.int32)
        of = np.concatenate([np.zeros(n, np.int32), np.arange(self.fleet, dtype=np.int32)])
        load, size = np.zeros(self.fleet, np.int64), np.zeros(self.fleet, np.int32)
        for r, route in enumerate(self.best):
            ring = np.array([n + r, *route], np.int32)
            following[ring], before[np.roll(ring, -1)] = np.roll(ring, -1), ring
            of[route] = r
            load[r], size[r] = plane.demand[route].sum(), len(route)
        ahead = np.floor(np.hypot(x - x[following], y - y[following]) + 0.5).astype(np.int32)
        owner = np.zeros(n, np.int32)
        return Rings(x, y, plane.demand, near, far, home, following, before, of, load, size, ahead, owner)

    def length(self) -> int:
        """Length of all routes."""
        return int(self.rings.ahead.astype(np.int64).sum())

    def phase(self, pool: ThreadPoolExecutor, clock: _Clock) -> None:
        """Split the routes, search every part, and keep the routes when they are the best so far."""
        steps = clock.left()
        hot, cold = clock.heats(steps)
        drawn = randomness.generator(self.effort.seed, "rounds/phase", clock.phases)
        parts = self._split(drawn.uniform(0, 2 * math.pi), bool(drawn.integers(2)))
        states = drawn.integers(1, 2**63, size=(len(parts), 1), dtype=np.uint64)
        each = max(1, steps // len(parts))
        began = time.monotonic()
        heat = (hot * self.unit, cold * self.unit, self.effort.removed_mean)
        tasks = [Task(part, mine, spare, each, *heat, states[part]) for part, (mine, spare) in enumerate(parts)]
        jobs = [pool.submit(anneal, self.rings, task, self.plane.capacity) for task in tasks]
        for job in jobs:
            job.result()
        clock.took(each * len(parts), time.monotonic() - began)
        cost = self.length()
        if cost < self.best_cost:
            self.best_cost, self.best = cost, self.routes()

    def routes(self) -> list[list[int]]:
        """Return the routes as lists."""
        n, following = len(self.plane), self.rings.next.tolist()
        found = []
        for r in np.flatnonzero(self.rings.size):
            route, here = [], following[n + r]
            while here < n:
                route.append(here)
                here = following[here]
            found.append(route)
        return found

    def _split(self, angle: float, by_sweep: bool) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Give every route an owner; return for each part its stops and the routes it may open."""
        plane, of = self.plane, self.rings.of[: len(self.plane)]
        used = np.flatnonzero(self.rings.size)
        parts = max(1, min(self.effort.parts, used.size // 4))
        counts = np.bincount(of, minlength=self.fleet)[used]
        x = np.bincount(of, plane.x, self.fleet)[used] / counts - plane.depot[0]
        y = np.bincount(of, plane.y, self.fleet)[used] / counts - plane.depot[1]
        across = x * math.cos(angle) + y * math.sin(angle)
        order = np.lexsort((used, (np.arctan2(y, x) - angle) % (2 * math.pi) if by_sweep else across))
        middle = np.cumsum(counts[order]) - 0.5 * counts[order]
        part_of = np.full(self.fleet, -1)
        part_of[used[order]] = np.minimum(parts - 1, (middle * parts / len(plane)).astype(np.int64))
        empty = np.flatnonzero(self.rings.size == 0)
        self.rings.owner[:] = part_of[of]
        return [
            (
                np.flatnonzero(self.rings.owner == part),
                np.concatenate([empty[part::parts], np.flatnonzero(part_of == part)]),
            )
            for part in range(parts)
        ]


def _neighbours(plane: Plane, k: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return each customer's nearest others, nearest first, and the distances."""
    points = np.column_stack([plane.x, plane.y])
    n = len(plane)
    if k < 1:
        return np.zeros((n, 0), np.int32), np.zeros((n, 0), np.int32)
    _, found = KDTree(points).query(points, k=k + 1)
    own = found == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True  # as many stops lie on one spot: it is not among its own nearest
    near = found[~own].reshape(n, k).astype(np.int32)
    far = np.hypot(plane.x[near] - plane.x[:, None], plane.y[near] - plane.y[:, None])
    return near, np.floor(far + 0.5).astype(np.int32)


def _along(plane: Plane) -> NDArray[np.int64]:
    """Return an order in which near customers are near in memory: along a Z-shaped curve."""
    code = np.zeros(len(plane), np.int64)
    for values, shift in ((plane.x, 0), (plane.y, 1)):
        span = max(float(np.ptp(values)), 1e-9)
        cell = ((values - values.min()) / span * 65535).astype(np.int64)
        for bit in range(16):
            code |= ((cell >> bit) & 1) << (2 * bit + shift)
    return np.argsort(code, kind="stable")
