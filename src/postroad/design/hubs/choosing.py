"""Choose hubs: the method that fits the problem, after a look at whether it can have an answer at all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.hubs.hunt import Hunt
from postroad.design.hubs.multiple import solve_multiple
from postroad.design.hubs.reasons import ensure_possible, no_answer
from postroad.design.hubs.single import solve_single
from postroad.design.program import Limits
from postroad.errors import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.hubs.answer import HubAnswer
    from postroad.design.hubs.problem import HubProblem
    from postroad.parallel import Progress


def choose_hubs(
    problem: HubProblem,
    limits: Limits | None = None,
    *,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> HubAnswer:
    """Return hubs and allocation of least cost, proven within ``limits.gap`` or stopped by ``limits.time_s``.

    The same seed gives the same answer unless time runs out. Raises ``InfeasibleError`` with the places and rules in
    the way when nothing is possible, and ``Stopped`` when asked to stop or when time ended before any answer was found.
    """
    began = time.monotonic()
    ensure_possible(problem)
    hunt = Hunt(problem, limits or Limits(), began, progress, stop)
    answer = solve_multiple(hunt, seed) if problem.multiple else solve_single(hunt, seed)
    if answer.status == "infeasible":
        raise no_answer(problem)
    if not np.isfinite(answer.objective):
        raise Stopped.of("design.hub_no_time", seconds=round(answer.seconds, 1))
    return answer
