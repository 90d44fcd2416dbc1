"""Which sites to build in which year: the most person-years inside the standard for the money (P57), with floors.

One whole-number program over all years together. What it makes small is the person-years spent outside the standard.
A floor that the money cannot reach, or a need that no site can meet, is named with the cheapest way out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from postroad.design.program import Columns, Limits, Program, solve, why
from postroad.errors import Fault, InfeasibleError, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.sites.demand import Question
    from postroad.parallel import Progress

NEVER = -1


@dataclass(frozen=True)
class Rollout:
    """The year each site is built (0 the first, ``NEVER`` not at all), and who is met when.

    ``objective`` is person-years outside the standard, ``bound`` what no rollout can go below.
    """

    year: NDArray[np.int64]
    met: NDArray[np.float64]
    objective: float
    bound: float
    status: str
    seconds: float

    @property
    def gap(self) -> float:
        """Distance to the bound as a share of the objective."""
        return (self.objective - self.bound) / max(1e-9, abs(self.objective))


def rollout(
    question: Question,
    *,
    time_s: float = 60.0,
    gap: float = 1e-6,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Rollout:
    """Return the best rollout found in the time; ``InfeasibleError`` names what cannot be had and the cheapest way out.

    When the time is too short for any answer of the program, the greedy order by gain for each yuan is returned if it
    keeps the floors, and ``Stopped`` is raised otherwise.
    """
    if stop and stop():
        raise Stopped.of("errors.stopped", done=0, total=1)
    _refuse_hopeless(question)
    program, build, met = _program(question)
    limits = Limits(time_s=time_s, gap=gap)
    answer = solve(program, limits, progress=progress, stop=stop)
    if answer.status == "infeasible":
        raise _explained(program, question)
    if stop and stop():
        raise Stopped.of("errors.stopped", done=0, total=1)
    if answer.answered:
        opened = answer[build].reshape(question.years, -1) > 0.5
        year = np.where(opened.any(axis=0), opened.argmax(axis=0), NEVER)
        shares = answer[met].reshape(question.years, -1)
        return Rollout(year, shares, answer.objective, min(answer.bound, answer.objective), answer.status,
                       answer.seconds)  # fmt: skip
    found = _greedy(question, max(0.0, answer.bound))
    if found is None:
        raise Stopped.of("errors.stopped", done=0, total=1)
    return found


def _program(question: Question) -> tuple[Program, Columns, Columns]:
    """Build the program: open by the end of each year, met in each year, money, floors, capacities."""
    needs, sites = question.reach.shape
    years, program = question.years, Program()
    low = np.tile(question.opened, years).astype(float)
    build = program.columns("open", years * sites, low=low, high=1.0, integer=True)
    met = program.columns("met", years * needs, high=1.0, cost=-np.tile(question.persons, years))
    program.offset = float(question.persons.sum()) * years
    _link(question, program, build, met)
    if years > 1:
        step = sparse.eye_array((years - 1) * sites, years * sites, k=sites) - sparse.eye_array(
            (years - 1) * sites, years * sites
        )
        program.rows("stays open", [(build, step)], low=0.0, relief=None)
    price = np.where(question.opened, 0.0, question.yuan)
    spent = sparse.kron(sparse.eye_array(years), price[None, :])
    money = np.cumsum(question.budgets)
    program.rows("money", [(build, spent)], high=money, relief=1.0, labels=lambda t: f"money:{t}")
    last = sparse.csr_array((np.ones(needs), (np.arange(needs), (years - 1) * needs + np.arange(needs))),
                            (needs, years * needs))  # fmt: skip
    if question.floors is not None:
        inside = sparse.csr_array(
            (question.persons, (question.area, np.arange(needs))), (len(question.area_names), needs)
        )
        wanted = question.floors * np.asarray(inside.sum(axis=1)).ravel()
        program.rows("floor", [(met, inside @ last)], low=wanted - 1e-6, relief=1e6, labels=lambda a: f"floor:{a}")
    if question.must is not None and question.must.any():
        own = np.flatnonzero(question.must)
        program.rows("must", [(met, last[own])], low=1.0 - 1e-9, relief=1e9, labels=[f"must:{i}" for i in own])
    return program, build, met


def _link(question: Question, program: Program, build: Columns, met: Columns) -> None:
    """A need is met by an open site that reaches it, within the site's capacity where there is one."""
    needs, sites = question.reach.shape
    every = sparse.eye_array(question.years)
    reach = (question.reach > 0).astype(float)
    if question.capacity is None:
        program.rows("reached", [(build, sparse.kron(every, reach)), (met, -sparse.eye_array(met.count))], low=0.0,
                     relief=None)  # fmt: skip
        return
    pairs = sparse.coo_array(reach)
    need, site = pairs.coords
    count = need.size
    serve = program.columns("serve", question.years * count, high=1.0)
    pick_need = sparse.csr_array((np.ones(count), (need, np.arange(count))), (needs, count))
    pick_site = sparse.csr_array((np.ones(count), (np.arange(count), site)), (count, sites))
    load = sparse.csr_array((question.persons[need], (site, np.arange(count))), (sites, count))
    room = sparse.diags_array(question.capacity)
    program.rows("served", [(serve, sparse.kron(every, pick_need)), (met, -sparse.eye_array(met.count))], low=0.0,
                 relief=None)  # fmt: skip
    program.rows("from open", [(build, sparse.kron(every, pick_site)), (serve, -sparse.eye_array(serve.count))],
                 low=0.0, relief=None)  # fmt: skip
    program.rows("capacity", [(build, sparse.kron(every, room)), (serve, -sparse.kron(every, load))], low=0.0,
                 relief=None)  # fmt: skip


def _refuse_hopeless(question: Question) -> None:
    """Name every need that has to be met and that no site at all can meet."""
    if question.must is None:
        return
    lonely = question.must & ~question.met(np.ones(question.opened.size, bool))
    if lonely.any():
        raise InfeasibleError(
            Fault.of("sites.no_site_reaches", value=question.need_names[i]) for i in np.flatnonzero(lonely)
        )


def _explained(program: Program, question: Question) -> InfeasibleError:
    """Say which floors and needs the money cannot pay for, and how much more would."""
    conflict = why(program)
    names = dict.fromkeys(_name(rule.label, question) for rule in conflict.rules)
    faults = [Fault.of("sites.cannot_have", rules="; ".join(name for name in names if name))]
    for relief in conflict.relief:
        kind, _, number = relief.rule.label.partition(":")
        if kind == "money":
            faults.append(Fault.of("sites.more_money", year=int(number) + 1, yuan=round(relief.amount)))
        elif kind == "floor":
            faults.append(Fault.of("sites.lower_floor", area=question.area_names[int(number)],
                                   persons=round(relief.amount)))  # fmt: skip
        elif kind == "must":
            faults.append(Fault.of("sites.give_up", value=question.need_names[int(number)]))
    return InfeasibleError(faults)


def _name(label: str, question: Question) -> str:
    kind, _, number = label.partition(":")
    if kind == "floor":
        return question.area_names[int(number)]
    if kind == "must":
        return question.need_names[int(number)]
    return f"{question.budgets[int(number)]:,.0f} yuan" if kind == "money" else ""


def _greedy(question: Question, bound: float) -> Rollout | None:
    """Build by gain for each yuan, year by year; ``None`` when that breaks a floor or capacities are set."""
    if question.capacity is not None:
        return None
    built, year = question.opened.copy(), np.where(question.opened, 0, NEVER)
    columns: Any = sparse.csc_array(question.reach > 0).astype(float)
    left, shares = 0.0, []
    for t, budget in enumerate(question.budgets):
        left += budget
        while True:
            open_needs = np.where(question.met(built), 0.0, question.persons)
            gain = np.asarray(columns.T @ open_needs).ravel()
            may = ~built & (question.yuan <= left) & (gain > 0)
            if not may.any():
                break
            best = int(np.argmax(np.where(may, gain / np.maximum(question.yuan, 1e-9), -1.0)))
            built[best], year[best] = True, t
            left -= question.yuan[best]
        shares.append(question.met(built).astype(float))
    met = np.array(shares)
    if question.must is not None and not met[-1][question.must].all():
        return None
    if question.floors is not None:
        whole = np.bincount(question.area, question.persons, len(question.area_names))
        inside = np.bincount(question.area, question.persons * met[-1], len(question.area_names))
        if (inside < question.floors * whole - 1e-6).any():
            return None
    outside = float(((1.0 - met) * question.persons).sum())
    return Rollout(year, met, outside, min(bound, outside), "feasible", 0.0)
