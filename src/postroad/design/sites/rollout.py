"""Which sites to build in which year: the most person-years inside the standard for the money (P57), with floors.

One whole-number program over all years together. What it makes small is the person-years spent outside the standard.
A floor that the money cannot reach, or a need that no site can meet, is named with the cheapest way out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from postroad.design.program import Columns, Limits, Program, Solution, why
from postroad.design.sites.equity import hopeless
from postroad.design.sites.limited import Model, best
from postroad.design.sites.nearer import Edges, add_minutes
from postroad.errors import Fault, InfeasibleError, Stopped
from postroad.language import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.sites.demand import Question
    from postroad.parallel import Progress

NEVER = -1
SLACK = 1e-6
PRICE_S = 20.0
"""Seconds spent on finding what a limit out of reach would cost."""


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

    Limits on minutes speak of the end. When the time is too short for any answer of the program, the greedy order by
    gain for each yuan is returned if it keeps the floors, and ``Stopped`` is raised otherwise.
    """
    if stop and stop():
        raise Stopped.of("errors.stopped", done=0, total=1)
    _refuse_hopeless(question)
    pace = _Pace(time.monotonic() + time_s, gap, progress, stop)
    if question.minutes is None:
        return _solved(question, pace, time_s)
    free = _solved(replace(question, minutes=None), pace, time_s / 6)
    if question.minutes.kept(free.year != NEVER):
        return free
    # Everything that the limits speak of is the end, so the sites are chosen for the end, put in order, and then years
    # and sites are sought together.
    chosen = _solved(replace(question, budgets=(float(sum(question.budgets)),)), pace, time_s / 3).year != NEVER
    ordered = _solved(replace(question, minutes=None), pace, time_s / 6, chosen)
    return _together(question, pace, free.bound, ordered)


def _together(question: Question, pace: _Pace, bound: float, known: Rollout) -> Rollout:
    """Return the best rollout when years and limits are asked at once, or the one known with what is proven of it."""
    limits = Limits(time_s=max(1.0, pace.deadline - time.monotonic()), gap=pace.gap)
    answer, model = best(question, lambda edge, whole: _program(question, edge=edge, whole=whole), limits,
                         known.objective, progress=pace.progress, stop=pace.stop)  # fmt: skip
    if pace.stop and pace.stop():
        raise Stopped.of("errors.stopped", done=0, total=1)
    bound = max(bound, min(answer.bound, known.objective))
    found = known
    if answer.answered and answer.objective < known.objective:
        found = _read(question, model, answer)
    bound = min(bound, found.objective)
    close = found.objective - bound <= max(SLACK, pace.gap * abs(found.objective))
    return replace(found, bound=bound, status="optimal" if close else "feasible")


@dataclass(frozen=True)
class _Pace:
    """When to be done, the gap that is good enough, listener and stop."""

    deadline: float
    gap: float
    progress: Callable[[Progress], None] | None
    stop: Callable[[], bool] | None


def _solved(question: Question, pace: _Pace, time_s: float, built: NDArray[np.bool_] | None = None) -> Rollout:
    """Return the rollout of one program; ``built`` are sites that have to stand in the end."""
    limits = Limits(time_s=max(1.0, min(time_s, pace.deadline - time.monotonic())), gap=pace.gap)
    answer, model = best(question, lambda edge, whole: _program(question, built, edge=edge, whole=whole), limits,
                         progress=pace.progress, stop=pace.stop)  # fmt: skip
    if answer.status == "infeasible":
        raise _priced(question) if question.minutes is not None else _explained(model.program, question)
    if pace.stop and pace.stop():
        raise Stopped.of("errors.stopped", done=0, total=1)
    if answer.answered:
        return _read(question, model, answer)
    found = _greedy(question, max(0.0, answer.bound)) if built is None else None
    if found is None:
        raise Stopped.of("sites.time_too_short", seconds=round(limits.time_s))
    return found


def _read(question: Question, model: Model, answer: Solution) -> Rollout:
    opened = answer[model.build].reshape(question.years, -1) > 0.5
    year = np.where(opened.any(axis=0), opened.argmax(axis=0), NEVER)
    shares = answer[model.met].reshape(question.years, -1)
    return Rollout(year, shares, answer.objective, min(answer.bound, answer.objective), answer.status,
                   answer.seconds)  # fmt: skip


def _program(
    question: Question,
    built: NDArray[np.bool_] | None = None,
    *,
    cheapest: bool = False,
    edge: Edges | None = None,
    whole: bool = True,
) -> Model:
    """Build the program: open by the end of each year, met in each year, money, floors, capacities, minutes.

    ``cheapest`` asks for the least money instead of the fewest person-years outside, ``edge`` bounds the edge of the
    worst-off tenth, and without ``whole`` part of a site may be open.
    """
    needs, sites = question.reach.shape
    years, program = question.years, Program()
    low = np.tile(question.opened, years).astype(float)
    if built is not None:
        low[-sites:] = built
    price = np.where(question.opened, 0.0, question.yuan)
    yuan = np.tile(price, years) if cheapest else 0.0
    build = program.columns("open", years * sites, low=low, high=1.0, integer=whole, cost=yuan)
    gain = 0.0 if cheapest else -np.tile(question.persons, years)
    met = program.columns("met", years * needs, high=1.0, cost=gain)
    program.offset = 0.0 if cheapest else float(question.persons.sum()) * years
    _link(question, program, build, met)
    if years > 1:
        step = sparse.eye_array((years - 1) * sites, years * sites, k=sites) - sparse.eye_array(
            (years - 1) * sites, years * sites
        )
        program.rows("stays open", [(build, step)], low=0.0, relief=None)
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
    add_minutes(question, program, build, edge)
    return Model(program, build, met)


def cheapest(
    question: Question, limits: Limits, *, stop: Callable[[], bool] | None = None
) -> tuple[Solution, NDArray[np.bool_]]:
    """Return the least money at which the question's limits hold, and which sites stand then."""
    asked = replace(question, budgets=(float(question.yuan.sum()),))
    answer, model = best(asked, lambda edge, whole: _program(asked, cheapest=True, edge=edge, whole=whole), limits,
                         stop=stop)  # fmt: skip
    return answer, answer[model.build] > 0.5


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
    takes = question.persons if question.load is None else question.load
    load = sparse.csr_array((takes[need], (site, np.arange(count))), (sites, count))
    room = sparse.diags_array(question.capacity)
    program.rows("served", [(serve, sparse.kron(every, pick_need)), (met, -sparse.eye_array(met.count))], low=0.0,
                 relief=None)  # fmt: skip
    program.rows("from open", [(build, sparse.kron(every, pick_site)), (serve, -sparse.eye_array(serve.count))],
                 low=0.0, relief=None)  # fmt: skip
    program.rows("capacity", [(build, sparse.kron(every, room)), (serve, -sparse.kron(every, load))], low=0.0,
                 relief=None)  # fmt: skip


def _refuse_hopeless(question: Question) -> None:
    """Name every need, floor and limit that no site at all can bring about, and what is within reach."""
    faults = hopeless(question)
    if question.must is not None:
        lonely = question.must & ~question.met(np.ones(question.opened.size, bool))
        faults += [Fault.of("sites.no_site_reaches", value=question.need_names[i]) for i in np.flatnonzero(lonely)]
    if faults:
        raise InfeasibleError(faults)


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


def _priced(question: Question) -> InfeasibleError:
    """Say how much money the limits on minutes would take; the least that is known when time runs out."""
    money = float(sum(question.budgets))
    held = question.minutes
    rules = [f"{money:,.0f} yuan"]
    rules += [say("sites.rule_tenth")] if held is not None and held.worst_tenth is not None else []
    rules += [say("sites.rule_county_mean")] if held is not None and held.area_mean is not None else []
    answer, _ = cheapest(question, Limits(time_s=PRICE_S, gap=0.005))
    faults = [Fault.of("sites.cannot_have", rules="; ".join(rules))]
    if answer.answered:
        faults.append(Fault.of("sites.more_money", year=question.years, yuan=round(answer.objective - money)))
    return InfeasibleError(faults)


def _name(label: str, question: Question) -> str:
    kind, _, number = label.partition(":")
    if kind == "floor":
        return question.area_names[int(number)]
    if kind == "must":
        return question.need_names[int(number)]
    return f"{question.budgets[int(number)]:,.0f} yuan" if kind == "money" else ""


def _greedy(question: Question, bound: float) -> Rollout | None:
    """Build by gain for each yuan, year by year; ``None`` when that breaks a floor, or for capacities and minutes."""
    if question.capacity is not None or question.minutes is not None:
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
