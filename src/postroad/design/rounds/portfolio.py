"""The search to call: by size, our own alone, or our own beside PyVRP with the better routes kept.

PyVRP needs a full matrix and one core; up to ``TOGETHER`` stops that is cheap, and where capacity packs tightly it
finds what string removals miss. Above that our own search uses every core and memory of order n.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import TYPE_CHECKING

from postroad.design.rounds.large import Effort, Routes, solve
from postroad.design.rounds.plane import Plane, length
from postroad.design.rounds.second import Limit, by_pyvrp

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.parallel import Progress

TOGETHER = 1500
"""Up to so many stops PyVRP searches on the second core."""
APART = 0.6
"""Share of the effort both search apart; then both go on from the better routes."""
STEPS_PER_ITERATION = 50
"""Steps of ours that take about as long as one iteration of PyVRP: so a number of steps divides fairly."""


def search(
    plane: Plane,
    effort: Effort,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Routes:
    """Return good routes for a plane; no bound is known. ``Stopped`` when asked to stop."""
    if len(plane) > TOGETHER or effort.workers < 2 or len(plane) < 2:
        return solve(plane, effort, progress, stop)
    own = replace(effort, parts=1, workers=1, hot=1.0, cold=0.01)
    # Spawned, not forked: compiled kernels keep threads that do not survive a fork.
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        mine = _together(pool, plane, _part(own, APART), None, (progress, stop))
        again = replace(_part(own, 1.0 - APART), hot=0.2, seed=effort.seed + 1)
        best = _together(pool, plane, again, mine.routes, (progress, stop))
    except BaseException:
        for worker in list((pool._processes or {}).values()):
            worker.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    return replace(best, steps=mine.steps + best.steps, first_cost=mine.first_cost)


def _part(effort: Effort, share: float) -> Effort:
    """Return a share of the effort."""
    seconds, steps = effort.time_limit_s, effort.steps
    return replace(
        effort,
        time_limit_s=None if seconds is None else seconds * share,
        steps=None if steps is None else max(1, int(steps * share)),
    )


def _together(
    pool: ProcessPoolExecutor,
    plane: Plane,
    effort: Effort,
    start: list[list[int]] | None,
    watch: tuple[Callable[[Progress], None] | None, Callable[[], bool] | None],
) -> Routes:
    """Search with both at the same time, from the same start, and return the better routes."""
    limit = Limit(
        None if effort.time_limit_s is None else time.time() + effort.time_limit_s,
        None if effort.steps is None else max(1, effort.steps // STEPS_PER_ITERATION),
    )
    other = pool.submit(by_pyvrp, plane, limit, effort.seed, start)
    mine = solve(plane, effort, *watch, start)
    routes = other.result()
    cost = length(plane, routes) if routes else mine.cost + 1
    return replace(mine, routes=sorted(routes), cost=cost) if cost < mine.cost else mine
