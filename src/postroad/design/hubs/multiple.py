"""Multiple allocation: search, Lagrangean bound with hubs ruled in and out, and division by hubs until proven."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.hubs import multiple_bound as kernel
from postroad.design.hubs.answer import HubAnswer
from postroad.design.hubs.branch import branch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.hubs.hunt import Hunt
    from postroad.design.hubs.problem import HubProblem

WORK = 2e7


@dataclass
class Part:
    """A part of the answers: hubs free, open or closed in it, with prices and the bound they give."""

    m: kernel.Multiple
    u: NDArray[np.float64]
    state: NDArray[np.int64]
    x: NDArray[np.int64]
    often: NDArray[np.float64]
    bound: float
    pace: float = 1.0

    @property
    def weight(self) -> int:
        """Bytes the prices take."""
        return self.u.nbytes

    def shrunk(self, problem: HubProblem) -> Part:
        """Return the part over the hubs not closed in it, once these are far fewer."""
        stay = self.state >= 0
        if stay.sum() > 0.7 * stay.size:
            return self
        m = arrays(problem, self.m.hub[stay])
        number = np.cumsum(stay) - 1
        x = np.where(stay[self.x], number[self.x], 0)
        u = np.ascontiguousarray(self.u[:, :, stay])
        return Part(m, u, self.state[stay], x, self.often[stay], self.bound, self.pace)

    def half(self, hub: int, *, is_open: bool) -> Part:
        """Return the part where a hub is open, or closed."""
        state, u = self.state.copy(), self.u.copy()
        state[hub] = 1 if is_open else -1
        if is_open:
            u[:, :, hub] = 0.0
        return Part(self.m, u, state, self.x.copy(), self.often.copy(), self.bound, 0.6)


def arrays(problem: HubProblem, hub: NDArray[np.int64]) -> kernel.Multiple:
    """Return the arrays of a problem over some candidates; pairs are folded where both ways cost the same."""
    flow = problem.flow
    if np.array_equal(problem.collect, problem.distribute.T):
        flow = np.triu(flow) + np.tril(flow, -1).T
    fixed = np.zeros(problem.size) if problem.fixed is None else problem.fixed
    return kernel.Multiple(
        hub,
        np.array(flow, np.float64, order="C"),
        np.array(problem.collect[:, hub], order="C"),
        np.array(problem.distribute.T[:, hub], order="C"),
        np.array(problem.transfer[np.ix_(hub, hub)], order="C"),
        np.array(fixed[hub]),
        problem.hubs or 1,
        problem.hubs or hub.size,
    )


def solve_multiple(hunt: Hunt, seed: int) -> HubAnswer:
    """Return the best answer with its bound."""
    problem = hunt.problem
    m = arrays(problem, np.flatnonzero(problem.may_be_hub))
    is_open = _search(hunt, m, seed)
    bound, proven = branch(hunt, _root(m, is_open), _raise, _divide)
    hubs = np.unique(hunt.allocation)
    seconds = time.monotonic() - hunt.began
    status = "optimal" if proven else "feasible"
    chosen = tuple(int(k) for k in hubs)
    return HubAnswer(hunt.cost, bound, chosen, busiest(problem, hubs), status, seconds, hunt.nodes, hunt.steps)


def busiest(problem: HubProblem, hubs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each place the hub that most of what it sends leaves through."""
    first = hubs_of_pairs(problem, hubs)[0]
    load = np.zeros((problem.size, problem.size))
    rows = np.repeat(np.arange(problem.size), problem.size)
    np.add.at(load, (rows, first.ravel()), problem.flow.ravel() + 1e-12)
    return np.asarray(hubs[load[:, hubs].argmax(1)], np.int64)


def hubs_of_pairs(problem: HubProblem, hubs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the second hub of every pair under multiple allocation."""
    inward = problem.collect[:, hubs, None] + problem.transfer[np.ix_(hubs, hubs)][None]
    before = inward.argmin(1)
    reach = inward.min(1)
    last = (reach[:, None, :] + problem.distribute[hubs].T[None]).argmin(2)
    first = np.take_along_axis(before, last, 1)
    return hubs[first], hubs[last]


def _search(hunt: Hunt, m: kernel.Multiple, seed: int) -> NDArray[np.bool_]:
    n, h = m.collect.shape
    count = m.least if m.least == m.most else max(1, min(h, round(np.sqrt(n) / 2)))
    ease = (m.collect * m.flow.sum(1)[:, None] + m.deliver * m.flow.sum(0)[:, None]).sum(0) + m.fixed
    busy = (m.flow.sum(1) + m.flow.sum(0))[m.hub]
    is_open = np.zeros(h, bool)
    is_open[np.argsort(ease / np.maximum(busy, 1e-12), kind="stable")[:count]] = True
    cost = kernel.cost_of(m, np.flatnonzero(is_open))
    each = n * count * count + n * n * count
    rounds = int(np.clip(1e8 / each, 20, 1000))
    for turn in range(4):
        if turn and not hunt.left():
            break
        cost = kernel.shaken(m, is_open, cost, rounds // 4, 4 * seed + turn)
    if each * count * (h - count) < 2e9 and hunt.left():
        cost = kernel.improve(m, is_open, cost)
    _take(hunt, m, is_open, cost)
    return is_open


def _take(hunt: Hunt, m: kernel.Multiple, is_open: NDArray[np.bool_], cost: float) -> None:
    if cost < hunt.cost - 1e-12 * abs(cost):
        hunt.cost, hunt.allocation = cost, m.hub[np.flatnonzero(is_open)]


def _root(m: kernel.Multiple, is_open: NDArray[np.bool_]) -> Part:
    n, h = m.collect.shape
    u = kernel.start_prices(m, is_open)
    x = np.zeros((n, n, 2), np.int64)
    legs = m.flow.sum(1) @ m.collect.min(1) + m.flow.sum(0) @ m.deliver.min(1)
    return Part(m, u, np.zeros(h, np.int64), x, is_open.astype(float), float(legs + np.minimum(m.fixed, 0).sum()))


def _raise(hunt: Hunt, part: Part, steps: int) -> tuple[bool, Part]:
    """Raise the bound of a part and say whether it may still hold a better answer."""
    state, done, last, still = kernel.RUNNING, 0, part.bound, 0
    while state == kernel.RUNNING and done < steps and (still < 4 or part.pace > 0.1):
        part = part.shrunk(hunt.problem)
        m = part.m
        n, h = m.collect.shape
        rounds = int(np.clip(WORK / (n * n * h), 1, 25))
        state, high, part.pace, taken = kernel.ascend(
            m, part.u, part.state, part.x, hunt.cost, hunt.tolerance, part.pace, rounds, part.often, part.bound
        )
        part.bound = max(part.bound, high)
        done, hunt.steps = done + taken, hunt.steps + taken
        if state == kernel.RUNNING:
            _try(hunt, part)
            moved = part.bound - last > 0.01 * (hunt.cost - part.bound)
            last, still = part.bound, 0 if moved else still + 1
            part.pace = max(part.pace, 0.02)
        if part.bound >= hunt.cost - hunt.tolerance:
            state = kernel.FINISHED
        if not hunt.left():
            break
    return state == kernel.RUNNING, part


def _try(hunt: Hunt, part: Part) -> None:
    """Price the hubs that the relaxed answer chose most often."""
    m = part.m
    ranked = np.argsort(-np.where(part.state >= 0, part.often + part.state, -1.0), kind="stable")
    counts = [m.least] if m.least == m.most else {max(1, int((part.often > t).sum())) for t in (0.3, 0.5, 0.7)}
    for count in counts:
        is_open = np.zeros(m.hub.size, bool)
        is_open[ranked[:count]] = True
        _take(hunt, m, is_open, kernel.cost_of(m, np.flatnonzero(is_open)))


def _divide(hunt: Hunt, part: Part) -> list[Part]:
    free = part.state == 0
    surely = int((part.state == 1).sum())
    if not free.any() or surely == part.m.most:
        if surely >= part.m.least:
            is_open = part.state == 1
            _take(hunt, part.m, is_open, kernel.cost_of(part.m, np.flatnonzero(is_open)))
        return []
    hub = int(np.argmin(np.where(free, np.abs(part.often - 0.5), 2.0)))
    likely = bool(part.often[hub] > 0.5)
    return [part.half(hub, is_open=not likely), part.half(hub, is_open=likely)]
