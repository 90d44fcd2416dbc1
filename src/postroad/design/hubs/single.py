"""Single allocation: search for an answer, bound it, rule out, and divide what is left until it is proven."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.hubs import searching, settling, single_bound, single_meetings, single_rules, single_search
from postroad.design.hubs.answer import HubAnswer
from postroad.design.hubs.arrays import NONE, Single, single_arrays
from postroad.design.hubs.branch import branch
from postroad.design.hubs.hunt import Hunt
from postroad.design.hubs.sets import sets_left, stripped
from postroad.design.program import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.hubs.problem import HubProblem

CORE = 20
"""Hubs of each place worked with while many are left, at least."""
NUMBERS = 4
"""Numbers of hubs told apart where capacity binds; more than that are one part."""
NUMBER_STEPS = 300
"""Steps before the numbers of hubs are told apart where capacity binds."""
CARRY_STEPS, CARRY_S = 400, 15.0
"""Steps and seconds spent on what carrying costs with a number of hubs."""
WORK = 1e8
"""Entries looked at in one compiled call; keeps a call well under a second."""


@dataclass
class Part:
    """A part of the answers: which allocations it still holds, with prices and the bound they give."""

    s: Single
    ok: NDArray[np.bool_]
    u: NDArray[np.float64]
    lam: NDArray[np.float64]
    x: NDArray[np.int64]
    often: NDArray[np.float64]
    bound: float
    pace: float = 1.0
    whole: bool = False
    floor: NDArray[np.float64] | None = None
    listed: bool = False

    @property
    def weight(self) -> int:
        """Bytes the prices take."""
        return self.u.nbytes

    def shrunk(self, problem: HubProblem) -> Part:
        """Return the part over the hubs it still holds, once these are far fewer."""
        stay = self.ok[self.s.hub, np.arange(self.s.hub.size)]
        if stay.sum() > 0.7 * stay.size or stay.all():
            return self
        keep = np.zeros(problem.size, bool)
        keep[self.s.hub[stay]] = True
        number = np.cumsum(stay) - 1
        x = np.where(stay[self.x], number[self.x], 0)
        return Part(
            single_arrays(problem, keep)._replace(least=self.s.least, most=self.s.most),
            np.ascontiguousarray(self.ok[:, stay]),
            np.ascontiguousarray(self.u[:, :, stay]),
            self.lam,
            x,
            self.often[stay],
            self.bound,
            self.pace,
            self.whole,
        )

    def without(self, place: int, hub: int, *, only: bool) -> Part | None:
        """Return the part where a place has this hub only, or anything but it; None when nothing is left."""
        ok = self.ok.copy()
        if only:
            ok[place] = False
            ok[place, hub] = True
        elif self.s.hub[hub] == place:
            ok[:, hub] = False
        else:
            ok[place, hub] = False
        if not single_rules.settle(self.s, ok):
            return None
        return Part(self.s, ok, self.u.copy(), self.lam.copy(), self.x.copy(), self.often.copy(), self.bound, 0.6)


def solve_single(hunt: Hunt, seed: int) -> HubAnswer:
    """Return the best answer with its bound; the caller has made sure that some answer may exist."""
    problem = hunt.problem
    s = single_arrays(problem)
    searching.search(hunt, s, seed)
    bound, proven = branch(hunt, _root(hunt, s), _raise, _divide)
    return _answer(hunt, bound, proven=proven)


def _answer(hunt: Hunt, bound: float, *, proven: bool) -> HubAnswer:
    seconds = time.monotonic() - hunt.began
    if hunt.cost >= NONE:
        return HubAnswer(np.inf, np.inf if proven else bound, (), hunt.allocation, "infeasible" if proven else
                         "unanswered", seconds, hunt.nodes, hunt.steps)  # fmt: skip
    hubs = tuple(int(k) for k in np.unique(hunt.allocation))
    status = "optimal" if proven else "feasible"
    return HubAnswer(hunt.cost, bound, hubs, hunt.allocation, status, seconds, hunt.nodes, hunt.steps)


def _root(hunt: Hunt, s: Single) -> Part:
    n, h = s.cost.shape
    ok = np.ones((n, h), bool)
    alive = single_rules.settle(s, ok)
    if hunt.allocation.size:
        a = s.own[hunt.allocation]
        u, lam = _prices(s, a)
    else:
        a = np.zeros(n, np.int64)
        u, lam = np.zeros((n, n, h)), s.cost.min(1)
    x = np.repeat(a[:, None], n, 1)
    return Part(s, ok, u, lam, x, np.full(h, 0.5), float(s.cost.min(1).sum()) if alive else np.inf)


def _prices(s: Single, a: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Prices of meetings and of places at which an allocation costs what it does."""
    u = single_meetings.start_prices(s, a)
    return u, single_meetings.reduced(s, u)[np.arange(len(a)), a]


def _raise(hunt: Hunt, part: Part, steps: int) -> tuple[bool, Part]:
    """Raise the bound of a part in short calls, trying the hubs it points at; stop where it stands still.

    Says whether the part may still hold a better answer.
    """
    if not part.u.size:
        part = _begun(part)
    if hunt.nodes == 1 and _split_by_number(part.s):
        steps = min(steps, NUMBER_STEPS)
    state, done, last, still = single_bound.RUNNING, 0, part.bound, 0
    while state == single_bound.RUNNING and done < steps and (still < 4 or part.pace > 0.1):
        part = part.shrunk(hunt.problem)
        if hunt.nodes == 1:
            _search_left(hunt, part)
        size = _core_size(part)
        state, taken = _core(hunt, part, size) if size else _climb(hunt, part, 25, ruling=True)
        done, hunt.steps = done + taken, hunt.steps + taken
        if state == single_bound.LEVEL:  # no price could raise the bound: only dividing can
            _try(hunt, part, single_meetings.reduced(part.s, part.u))
            return True, part
        if state == single_bound.RUNNING:
            moved = part.bound - last > 0.01 * (hunt.cost - part.bound)
            last, still = part.bound, 0 if moved else still + 1
            part.pace = max(part.pace, 0.02)
        if part.bound >= hunt.cost - hunt.tolerance:
            state = single_bound.FINISHED
        if not hunt.left():
            break
    return state == single_bound.RUNNING, part


def _search_left(hunt: Hunt, part: Part, *, last: bool = False) -> None:
    inside = part.ok[part.s.hub, np.arange(part.s.hub.size)]
    searching.search_left(hunt, part.s.hub[inside], part.often[inside], last=last)


def _core_size(part: Part) -> int:
    """How many hubs of each place to work with first; 0 for all: where hubs are few, a place's own may be far away."""
    s = part.s
    size = max(CORE, round(1.6 * s.hub.size / s.least))
    many = part.ok.sum() > 1.5 * size * part.ok.shape[0] and s.least == s.most and not part.whole
    return size if many and not (s.reach.size or s.link.size) else 0


def _climb(hunt: Hunt, part: Part, most: int, *, ruling: bool, ok: NDArray[np.bool_] | None = None) -> tuple[int, int]:
    """Take some subgradient steps on a part, or on a core of it."""
    s, held = part.s, part.ok if ok is None else ok
    n, h = s.cost.shape
    cb = single_meetings.reduced(s, part.u)
    forced = (held[s.hub].sum(1) == 1) & held[s.hub, np.arange(h)] & (part.ok[s.hub].sum(1) == 1)
    rounds = int(np.clip(WORK / (n * n * max(8, held.sum() / n)), 1, most))
    if part.floor is None or part.floor.shape[1] not in (0, h):
        part.floor = single_meetings.floors(s)
    known = hunt.cost < NONE
    best, goal = (hunt.cost, hunt.cost - hunt.tolerance) if known else (1.5 * abs(part.bound) + 1.0, np.inf)
    state, high, part.pace, taken = single_bound.ascend(
        s, part.u, cb, part.lam, held, part.x, part.floor, forced, best, goal, part.pace, rounds, part.often,
        part.bound if ruling else -np.inf, ruling,
    )  # fmt: skip
    if ruling:
        part.bound = max(part.bound, high)
    hunt.since += taken
    if state == single_bound.RUNNING and hunt.since >= 20:
        hunt.since = 0
        _try(hunt, part, cb)
    return state, taken


def _core(hunt: Hunt, part: Part, size: int) -> tuple[int, int]:
    """Climb on each place's cheapest hubs alone, then price the others so high that the bound holds for all."""
    s = part.s
    h = s.hub.size
    cb = single_meetings.reduced(s, part.u) - part.lam[:, None]
    ranked = np.argsort(np.where(part.ok, cb, np.inf), axis=1, kind="stable").argsort(axis=1, kind="stable")
    core = part.ok & (ranked < size)
    core[s.hub, np.arange(h)] |= part.ok[s.hub, np.arange(h)]
    done, part.floor = 0, None
    for _ in range(8):
        done += _climb(hunt, part, 25, ruling=False, ok=core)[1]
        if not hunt.left():
            break
    before = part.bound
    lab, many = single_rules.labels(core)
    single_meetings.meetings(s, part.u, lab, many, part.x, part.floor)
    single_meetings.lift(s, part.u, part.ok, core, part.x)
    part.floor = None
    state, taken = _climb(hunt, part, 1, ruling=True)
    part.whole = part.bound - before < 0.2 * (hunt.cost - before)
    return state, done + taken


def _try(hunt: Hunt, part: Part, cb: NDArray[np.float64]) -> None:
    """Make an answer of the hubs the relaxed one chose most often."""
    s = part.s
    h = s.hub.size
    inside = part.ok[s.hub, np.arange(h)]
    ranked = np.argsort(-np.where(inside, part.often, -1.0), kind="stable")
    counts = [s.least] if s.least == s.most else sorted({max(1, int((part.often > t).sum())) for t in (0.3, 0.5, 0.7)})
    for count in counts:
        is_open = np.zeros(h, bool)
        is_open[ranked[:count]] = True
        a = single_search.begin(s, is_open, cb, part.ok, False)
        if a.min() < 0 and s.capacity.size:
            a = single_search.begin(s, is_open, cb, part.ok, True)
        if a.min() >= 0:
            single_search.descend(s, a)
            cost = single_search.total_cost(s, a)
            if s.capacity.size and cost < 1.05 * hunt.cost:
                cost = single_search.loosen(s, a, cost, 60 if hunt.nodes == 1 else 4)
            hunt.take(s, a, cost)


def _split_by_number(s: Single) -> bool:
    return bool(s.capacity.size and s.least == 1 and s.most > 1)


def _by_number(part: Part) -> list[Part]:
    """Split by how many hubs there are: where capacity binds, half a hub too few is what a bound gains most by."""
    s = part.s
    inside = part.ok[s.hub, np.arange(s.hub.size)]
    surely = int((inside & (part.ok[s.hub].sum(1) == 1)).sum())
    room = np.cumsum(np.sort(s.capacity[inside])[::-1])
    first = max(1, surely, int((room < s.sent.sum() * (1 - 1e-9)).sum()) + 1)
    last = first + NUMBERS
    ranges = [(count, count) for count in range(first, min(last, int(inside.sum()) + 1))]
    if inside.sum() >= last:
        ranges.append((last, s.most))
    return [
        replace(part, s=s._replace(least=least, most=most), ok=part.ok.copy(), u=part.u.copy(), lam=part.lam.copy(),
                x=part.x.copy(), often=part.often.copy(), floor=None, pace=0.6)
        for least, most in reversed(ranges)
    ]  # fmt: skip


def _by_sets(hunt: Hunt, part: Part) -> list[Part] | None:
    """Split into the sets of hubs that may still be better; None where they are too many to write down."""
    part.listed, s = True, part.s
    inside = np.zeros(hunt.problem.size, bool)
    inside[s.hub[part.ok[s.hub, np.arange(s.hub.size)]]] = True
    carrying = stripped(hunt.problem, inside, s.least)
    if carrying is None or hunt.cost >= NONE:
        return None
    alone = Hunt(carrying, Limits(time_s=min(CARRY_S, hunt.left_s / 4), gap=1e-3), time.monotonic(), stop=hunt.stop)
    arrays = single_arrays(carrying)
    searching.search(alone, arrays, hunt.seed)
    carried = max(0.0, _raise(alone, _root(alone, arrays), CARRY_STEPS)[1].bound)
    sets = sets_left(hunt, inside, s.least, carried, lambda: hunt.cost - hunt.tolerance)
    if sets is None:
        return None
    return [_set_part(hunt.problem, part, hubs, bound) for bound, hubs in sets]


def _set_part(problem: HubProblem, part: Part, hubs: NDArray[np.int64], bound: float) -> Part:
    """Return the part of one set of hubs, all open; its prices are made when it is looked at."""
    s = single_arrays(problem, np.isin(np.arange(problem.size), hubs))._replace(least=hubs.size, most=hubs.size)
    ok = np.ascontiguousarray(part.ok[:, part.s.own[s.hub]])
    ok[s.hub] = np.eye(hubs.size, dtype=bool)
    none = np.empty((0, 0, 0))
    return Part(s, ok, none, np.empty(0), np.empty((0, 0), np.int64), np.ones(hubs.size), max(part.bound, bound),
                listed=True)  # fmt: skip


def _begun(part: Part) -> Part:
    """Return the part with prices at which each place joins its cheapest hub."""
    s, n = part.s, part.ok.shape[0]
    a = np.where(part.ok, s.cost, np.inf).argmin(1)
    u, lam = _prices(s, a)
    return replace(part, u=u, lam=lam, x=np.repeat(a[:, None], n, 1))


def _settled(hunt: Hunt, part: Part) -> bool:
    """Where rooms bind and the hubs are decided: whether their integer program was solved in time."""
    s = part.s
    opened = np.flatnonzero(part.ok[s.hub, np.arange(s.hub.size)])
    if not settling.fits(s, opened) or not hunt.left():
        return False
    return settling.settle(hunt, s, opened, part.ok, searching.SETTLE_S) is not None


def _divide(hunt: Hunt, part: Part) -> list[Part]:
    """Split by the least certain hub, else by the busiest place that still has a choice; the likelier half last."""
    if hunt.nodes == 1:
        _search_left(hunt, part, last=True)
    s = part.s
    if _split_by_number(s):
        return _by_number(part)
    if not part.listed and s.least == s.most:
        listed = _by_sets(hunt, part)
        if listed is not None:
            return listed
    h = s.hub.size
    inside = part.ok[s.hub, np.arange(h)]
    undecided = inside & (part.ok[s.hub].sum(1) > 1)
    if undecided.any():
        hub = int(np.argmin(np.where(undecided, np.abs(part.often - 0.5), 2.0)))
        place, likely = int(s.hub[hub]), bool(part.often[hub] > 0.5)
    else:
        if _settled(hunt, part):
            return []
        many = part.ok.sum(1)
        if many.max() == 1:
            a = part.ok.argmax(1)
            if single_search.keeps_rules(s, a):
                hunt.take(s, a, single_search.total_cost(s, a))
            return []
        place = int(np.argmax(np.where(many > 1, s.sent + s.between.sum(0), -1.0)))
        price = np.where(part.ok[place], single_meetings.reduced(s, part.u)[place], np.inf)
        hub, likely = int(np.argmin(price)), True
    halves = [part.without(place, hub, only=not likely), part.without(place, hub, only=likely)]
    return [half for half in halves if half is not None]
