"""What it costs to lift the floor: the least money at which no county falls below a share (P66)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.program import Limits, Program, solve
from postroad.errors import Stopped

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
