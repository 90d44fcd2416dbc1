"""What it costs to lift the floor: the least money at which no county falls below a share (P66)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.program import Limits, Program, solve
from postroad.design.sites.equity import inequality, worst_tenth
from postroad.design.sites.rollout import cheapest
from postroad.errors import Stopped, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.sites.demand import Question


@dataclass(frozen=True)
class Lift:
    """Yuan for a floor, what no choice can go below, sites to build, and the areas that no money brings that far."""

    floor: float
    yuan: float
    bound: float
    sites: int
    short: tuple[str, ...]


def lift(question: Question, floor: float, *, time_s: float = 30.0, stop: Callable[[], bool] | None = None) -> Lift:
    """Return the least money for a floor in every area; an area that cannot reach it is brought as far as it can be.

    Capacities and years are left out. ``Stopped`` when the time was too short for any answer.
    """
    needs, sites = question.reach.shape
    areas = len(question.area_names)
    inside = sparse.csr_array((question.persons, (question.area, np.arange(needs))), (areas, needs))
    whole = np.asarray(inside.sum(axis=1)).ravel()
    most = inside @ question.met(np.ones(sites, bool)).astype(float)
    wanted = np.minimum(floor * whole, most)
    program = Program()
    price = np.where(question.opened, 0.0, question.yuan)
    build = program.columns("open", sites, cost=price, low=question.opened.astype(float), high=1.0, integer=True)
    met = program.columns("met", needs, high=1.0)
    reach = (question.reach > 0).astype(float)
    program.rows("reached", [(build, reach), (met, -sparse.eye_array(needs))], low=0.0)
    program.rows("floor", [(met, inside)], low=wanted - 1e-6)
    answer = solve(program, Limits(time_s=time_s), stop=stop)
    if not answer.answered:
        raise Stopped.of("errors.stopped", done=0, total=1)
    built = int((answer[build] > 0.5).sum() - question.opened.sum())
    short = np.flatnonzero(most < floor * whole - 1e-6)
    return Lift(floor, answer.objective, answer.bound, built, tuple(question.area_names[a] for a in short))


@dataclass(frozen=True)
class Shorter:
    """What a limit costs at least, and the minutes and inequality that the cheapest sites leave.

    ``limit`` is of ``what``: ``worst_tenth`` or ``area_mean`` in minutes. ``yuan`` is ``None`` when the time was too
    short for any answer; ``bound`` is what no choice can go below.
    """

    what: str
    limit: float
    yuan: float | None
    bound: float
    sites: int
    worst_tenth: float
    worst_mean: float
    mean: float
    gini: float


def shorten(
    question: Question, steps: int = 3, *, time_s: float = 20.0, stop: Callable[[], bool] | None = None
) -> list[Shorter]:
    """Return the least money to go part of the way from today to the best that the candidates can give.

    That is done for the worst tenth and for the worst area's mean, one at a time; the Gini coefficient is told.
    """
    held = question.minutes
    if held is None:
        raise UsageError.of("sites.no_minutes")
    every = held.after(np.ones(question.opened.size, bool))
    areas = len(question.area_names)
    ends = {
        "worst_tenth": [worst_tenth(m, held.persons)[0] for m in (held.now, every)],
        "area_mean": [float(held.means(m, areas).max()) for m in (held.now, every)],
    }
    found = []
    for what, (now, best) in ends.items():
        for step in range(1, steps + 1):
            limit = now - (now - best) * step / (steps + 1)
            tenth, mean = (limit if what == name else None for name in ends)
            one = replace(held, worst_tenth=tenth, area_mean=mean)
            asked = replace(question, minutes=one, floors=None, capacity=None, must=None)
            found.append(_shorter(asked, what, limit, time_s, stop))
    return found


def _shorter(question: Question, what: str, limit: float, time_s: float, stop: Callable[[], bool] | None) -> Shorter:
    held = question.minutes
    assert held is not None
    answer, built = cheapest(question, Limits(time_s=time_s, gap=0.002), stop=stop)
    if stop and stop():
        raise Stopped.of("errors.stopped", done=0, total=1)
    if not answer.answered:
        nan = float("nan")
        return Shorter(what, limit, None, max(0.0, answer.bound), 0, nan, nan, nan, nan)
    after = held.after(built)
    return Shorter(
        what, limit, answer.objective, max(0.0, answer.bound), int(built.sum() - question.opened.sum()),
        worst_tenth(after, held.persons)[0], float(held.means(after, len(question.area_names)).max()),
        float(np.average(after, weights=held.persons)), inequality(after, held.persons),
    )  # fmt: skip
