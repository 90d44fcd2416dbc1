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
    limit = Limit(
        None if effort.time_limit_s is None else time.time() + effort.time_limit_s,
        None if effort.steps is None else max(1, effort.steps // STEPS_PER_ITERATION),
    )
    # Spawned, not forked: compiled kernels keep threads that do not survive a fork.
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        other = pool.submit(by_pyvrp, plane, limit, effort.seed)
        mine = solve(plane, own, progress, stop)
        routes = other.result()
    except BaseException:
        for worker in list((pool._processes or {}).values()):
            worker.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    cost = length(plane, routes) if routes else mine.cost + 1
    return replace(mine, routes=routes, cost=cost) if cost < mine.cost else mine
