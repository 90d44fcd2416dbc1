"""Questions with limits on minutes, solved with proof, range by range of the worst tenth's edge."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from postroad.design.program import Limits, Solution, solve
from postroad.design.sites.equity import SLACK
from postroad.design.sites.nearer import edges

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.program import Columns, Program
    from postroad.design.sites.demand import Question
    from postroad.design.sites.nearer import Edges
    from postroad.parallel import Progress

RANGES = 24
"""Ranges of the edge: each is bounded without whole numbers first, and most are beaten by that."""
INFINITY = float("inf")


class Model(NamedTuple):
    """A program with the columns that say what is open, and who is met."""

    program: Program
    build: Columns
    met: Columns


class _Part(NamedTuple):
    """A range of edges with its bound."""

    bound: float
    edge: Edges | None


def best(
    question: Question,
    make: Callable[[Edges | None, bool], Model],
    limits: Limits,
    known: float = INFINITY,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Solution, Model]:
    """Return the best answer of the program that ``make`` builds for a range of edges, with a bound over all ranges.

    ``make`` also takes whether sites are whole. Only what is better than ``known`` is looked for: when there is
    nothing, the answer is none and its bound is that value. A question without limits is solved as it is.
    """
    model = make(None, True)
    if question.minutes is None or not question.minutes.limited:
        return solve(model.program, limits, progress=progress, stop=stop), model
    ends = time.monotonic() + limits.time_s
    found: tuple[Solution, Model] | None = None
    least = INFINITY
    blank = Solution("infeasible", INFINITY, INFINITY, np.zeros(model.program.width), np.empty(0), 0.0, 0)
    for part in _parts(question, make, time.monotonic() + limits.time_s / 3, stop):
        bar = known - _worth(known, limits)
        if part.bound >= bar:
            least = min(least, part.bound)
            continue
        if (left := ends - time.monotonic()) <= 0 or (stop and stop()):
            least = min(least, part.bound)
            blank = replace(blank, status="unanswered")
            continue
        own = make(part.edge, True)
        answer = solve(own.program, replace(limits, time_s=max(1.0, 0.6 * left)), progress=progress, stop=stop,
                       cutoff=bar - own.program.offset if np.isfinite(bar) else None)  # fmt: skip
        least = min(least, max(part.bound, answer.bound if answer.status != "infeasible" else bar))
        if answer.answered and answer.objective < known:
            found, known = (answer, own), answer.objective
        elif answer.status == "unanswered":
            blank = replace(blank, status="unanswered")
    if found is None:
        return replace(blank, bound=min(least, known)), model
    bound = min(least, known)
    status = "optimal" if known - bound <= _worth(known, limits) else "feasible"
    return replace(found[0], bound=bound, status=status), found[1]


def _worth(known: float, limits: Limits) -> float:
    """Return how much better an answer has to be to be looked for."""
    return limits.gap * abs(known) + SLACK if np.isfinite(known) else 0.0


def _parts(
    question: Question,
    make: Callable[[Edges | None, bool], Model],
    ends: float,
    stop: Callable[[], bool] | None,
) -> list[_Part]:
    """Return the ranges that can hold an answer, lowest bound first; those the time is too short for have no bound."""
    held = question.minutes
    assert held is not None
    if held.worst_tenth is None:
        return [_Part(-INFINITY, None)]
    low, high = edges(question)
    cuts = np.linspace(low, high, RANGES + 1 if high > low else 2).tolist()
    parts = []
    for edge in pairwise(cuts):
        if (left := ends - time.monotonic()) <= 0 or (stop and stop()):
            parts.append(_Part(-INFINITY, edge))
            continue
        answer = solve(make(edge, False).program, Limits(time_s=left), stop=stop)
        if answer.status != "infeasible":
            parts.append(_Part(answer.bound, edge))
    return sorted(parts, key=lambda part: part.bound)
