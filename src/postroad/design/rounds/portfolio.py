"""The search to call: by size, our own alone, or our own beside PyVRP, polishing the better routes of the two.

PyVRP needs a full matrix and one core; up to ``TOGETHER`` stops that is cheap, and where capacity packs tightly it
finds what string removals miss. It takes the very steps it would take alone, so the answer is never worse than its own
for that time; our search has the other core. Above that size our own search uses every core and memory of order n.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from postroad.design.rounds.large import Effort, Routes, solve
from postroad.design.rounds.plane import Plane, length
from postroad.design.rounds.second import Pyvrp
from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

TOGETHER = 1500
"""Up to so many stops PyVRP searches on the second core."""
STEPS_PER_ITERATION = 150
"""Steps of ours that take about as long as one iteration of PyVRP: so a number of steps divides fairly."""
ALONE = 0.7
"""The share of its time that our search spends on its own routes; then it goes on from the better ones of the two."""
HOT, WARM, COLD = 1.0, 0.2, 0.005
"""Temperatures: where our own search begins, where polishing begins, and where both end."""


def search(
    plane: Plane,
    effort: Effort,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Routes:
    """Return good routes for a plane; no bound is known. ``Stopped`` when asked to stop."""
    if len(plane) > TOGETHER or effort.workers < 2 or len(plane) < 2:
        return solve(plane, effort, progress, stop)
    began, limit = time.monotonic(), effort.time_limit_s
    iterations = None if effort.steps is None else max(1, effort.steps // STEPS_PER_ITERATION)
    other = Pyvrp(plane, None if limit is None else began + limit, iterations, effort.seed)
    enough, there = Event(), Event()

    def beat() -> None:
        if stop and stop():
            raise Stopped.of("errors.stopped", done=other.done, total=iterations or 0)
        if mine.done() and mine.exception():
            mine.result()
        if progress:
            progress(Progress(int(1000 * _share(began, limit, other, iterations)), 1000))

    with ThreadPoolExecutor(1) as pool:
        mine: Future[Routes] = pool.submit(_beside, plane, effort, began, other, enough, there)
        try:
            other.run(beat)
        except BaseException:
            enough.set()
            raise
        finally:
            there.set()
        found = mine.result()
    routes = other.best()
    cost = length(plane, routes) if routes else found.cost + 1
    return replace(found, routes=routes, cost=cost) if cost < found.cost else found


def _share(began: float, limit: float | None, other: Pyvrp, iterations: int | None) -> float:
    done = other.done / iterations if iterations else (time.monotonic() - began) / max(1e-9, limit or 0.0)
    return min(1.0, done)


def _beside(plane: Plane, effort: Effort, began: float, other: Pyvrp, enough: Event, there: Event) -> Routes:
    """Search on the second core: first our own routes, then the better ones of the two.

    With a number of steps the other search is waited for, so that the answer does not depend on who is faster.
    """
    own = replace(effort, parts=1, workers=1, hot=HOT, cold=COLD)
    if effort.steps is not None:
        first = solve(plane, replace(own, steps=int(ALONE * effort.steps)), stop=enough.is_set)
        there.wait()
        last = replace(own, steps=effort.steps - first.steps)
    else:
        ends = began + (effort.time_limit_s or 0.0)
        first = solve(plane, replace(own, time_limit_s=max(0.0, ALONE * (ends - time.monotonic()))), stop=enough.is_set)
        last = replace(own, time_limit_s=max(0.0, ends - time.monotonic()))
    better = other.best()
    start = better if better and length(plane, better) < first.cost else first.routes
    polished = solve(plane, replace(last, hot=WARM, seed=effort.seed + 1), stop=enough.is_set, start=start)
    return replace(polished, steps=first.steps + polished.steps, first_cost=first.first_cost)
