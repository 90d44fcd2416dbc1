# mypy: disable-error-code="no-untyped-def,assignment"
"""Multiple allocation, compiled: the cost of a set of hubs, local search, and a Lagrangean lower bound.

The bound prices the rule that a path may only use open hubs (``u``, one price for each pair and hub) in the path
formulation of Hamacher et al., with the paths left out that can never be best: those where one of the two hubs alone
would do as well. What is left is one shortest path for each pair and one look at each hub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from postroad.design.hubs.arrays import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

FINISHED, RUNNING = 1, 0


class Multiple(NamedTuple):
    """``flow`` places by places; ``collect`` and ``deliver`` places by candidates; ``transfer`` candidates squared."""

    hub: NDArray[np.int64]
    flow: NDArray[np.float64]
    collect: NDArray[np.float64]
    deliver: NDArray[np.float64]
    transfer: NDArray[np.float64]
    fixed: NDArray[np.float64]
    least: int
    most: int


@njit(cache=True)
def cost_of(m, opened):
    """Cost of a set of hubs, given by their numbers, with every pair on its cheapest path."""
    n, p = m.flow.shape[0], opened.size
    total = 0.0
    first = np.empty(p)
    for k in opened:
        total += m.fixed[k]
    for i in range(n):
        for b in range(p):
            least = NONE
            for a in range(p):
                least = min(least, m.collect[i, opened[a]] + m.transfer[opened[a], opened[b]])
            first[b] = least
        for j in range(n):
            if m.flow[i, j] > 0:
                least = NONE
                for b in range(p):
                    least = min(least, first[b] + m.deliver[j, opened[b]])
                total += m.flow[i, j] * least
    return total


@njit(cache=True)
def _flipped(m, is_open, out, into):
    """Cost after closing one hub and opening another; -1 for neither."""
    if out >= 0:
        is_open[out] = False
    if into >= 0:
        is_open[into] = True
    cost = cost_of(m, np.flatnonzero(is_open))
    if out >= 0:
        is_open[out] = True
    if into >= 0:
        is_open[into] = False
    return cost


@njit(cache=True)
def improve(m, is_open, best):
    """Exchange, open or close single hubs while it pays; changes ``is_open`` and returns its cost."""
    for _ in range(50):
        found, out, into = best - 1e-9 * abs(best), -1, -1
        opened, closed = np.flatnonzero(is_open), np.flatnonzero(~is_open)
        for a in range(-1, opened.size):
            for b in range(-1, closed.size):
                count = opened.size - (a >= 0) + (b >= 0)
                if count < m.least or count > m.most or count == 0 or (a < 0 and b < 0):
                    continue
                k, q = opened[a] if a >= 0 else -1, closed[b] if b >= 0 else -1
                cost = _flipped(m, is_open, k, q)
                if cost < found:
                    found, out, into = cost, k, q
        if out < 0 and into < 0:
            break
        if out >= 0:
            is_open[out] = False
        if into >= 0:
            is_open[into] = True
        best = found
    return best


@njit(cache=True)
def shaken(m, is_open, best, rounds, seed):
    """Random exchanges of one to three hubs, kept when they pay; changes ``is_open`` and returns its cost."""
    np.random.seed(seed)
    h = is_open.size
    for r in range(rounds):
        trial = is_open.copy()
        for _ in range(1 + r % 3):
            opened, closed = np.flatnonzero(trial), np.flatnonzero(~trial)
            draw = np.random.random()
            if closed.size and draw < 0.2 and opened.size < m.most:
                trial[closed[np.random.randint(closed.size)]] = True
            elif opened.size > m.least and draw < 0.4:
                trial[opened[np.random.randint(opened.size)]] = False
            elif closed.size and opened.size < h:
                trial[opened[np.random.randint(opened.size)]] = False
                trial[closed[np.random.randint(closed.size)]] = True
        cost = cost_of(m, np.flatnonzero(trial))
        if cost < best - 1e-9 * abs(best):
            best = cost
            is_open[:] = trial
    return best


@njit(cache=True)
def _to_open(m, opened, place, end):
    """Least cost between a place and each candidate over one open hub; ``end`` chooses the delivering side."""
    h = m.hub.size
    least = np.full(h, NONE)
    leg = m.deliver[place] if end else m.collect[place]
    for k in range(h):
        for a in opened:
            least[k] = min(least[k], leg[a] + m.transfer[a, k])
    return least


@njit(cache=True)
def start_prices(m, is_open):
    """First prices: what a pair would save by a hub that is closed."""
    n, h = m.collect.shape
    u = np.zeros((n, n, h))
    opened, closed = np.flatnonzero(is_open), np.flatnonzero(~is_open)
    onward = np.empty((n, h))
    for j in range(n):
        onward[j] = _to_open(m, opened, j, True)
    for i in range(n):
        inward = _to_open(m, opened, i, False)
        for j in range(n):
            now = NONE
            for b in opened:
                now = min(now, inward[b] + m.deliver[j, b])
            for k in closed:
                via = min(inward[k] + m.deliver[j, k], m.collect[i, k] + onward[j, k])
                via = min(via, m.collect[i, k] + m.transfer[k, k] + m.deliver[j, k])
                u[i, j, k] = m.flow[i, j] * max(0.0, now - via)
    return u


@njit(cache=True)
def paths(m, u, alive, x):
    """Sum over pairs of the cheapest priced path; ``x[i, j]`` becomes its two hubs."""
    n = m.flow.shape[0]
    total = 0.0
    many = alive.size
    low, raw = np.empty(many), np.empty(many)
    for i in range(n):
        for j in range(n):
            w = m.flow[i, j]
            if w <= 0:
                continue
            price = u[i, j]
            best, at, to = NONE, -1, -1
            least = NONE
            for q in range(many):
                k = alive[q]
                raw[q] = w * m.deliver[j, k]
                low[q] = raw[q] + price[k]
                least = min(least, low[q])
                value = w * (m.collect[i, k] + m.transfer[k, k] + m.deliver[j, k]) + price[k]
                if value < best:
                    best, at, to = value, k, k
            for q in range(many):
                k = alive[q]
                a = w * m.collect[i, k] + price[k]
                if a + least >= best:
                    continue
                row = m.transfer[k]
                direct = w * row[k] + raw[q]
                for r in range(many):
                    g = alive[r]
                    value = a + w * row[g] + low[r]
                    if value < best and g != k:
                        # One of the two alone would do as well: never part of a best answer.
                        if w * row[g] + raw[r] >= direct:
                            continue
                        if m.collect[i, k] + row[g] >= m.collect[i, g] + m.transfer[g, g]:
                            continue
                        best, at, to = value, k, g
            x[i, j, 0], x[i, j, 1] = at, to
            total += best
    return total


@njit(cache=True)
def _select(m, worth, state, y):
    """Least sum of worths of open hubs; ``state`` is 1 for a hub that must be open. Returns sum and two thresholds."""
    total, count = 0.0, 0
    y[:] = False
    for k in range(worth.size):
        if state[k] == 1:
            y[k] = True
            total += worth[k]
            count += 1
    fixed_number = m.least == m.most
    if count > m.most:
        return np.inf, 0.0, 0.0
    entry = -NONE if count == m.most else 0.0
    exit_ = NONE if fixed_number else 0.0
    for k in np.argsort(worth):
        if state[k] != 0:
            continue
        if count < m.least or (count < m.most and worth[k] < 0):
            y[k] = True
            total += worth[k]
            count += 1
            if fixed_number:
                entry = worth[k]
            elif count <= m.least:
                entry = max(0.0, worth[k])
        else:
            if fixed_number:
                exit_ = worth[k]
            break
    if count < m.least:
        return np.inf, 0.0, 0.0
    return total, entry, exit_


@njit(cache=True)
def ascend(m, u, state, x, best, tolerance, pace, rounds, often, known):
    """Raise the ``known`` bound by up to ``rounds`` subgradient steps; ``best`` is the objective to beat.

    ``state`` is 0 for a free hub, 1 for one that is open, -1 for one that is closed.
    """
    h = m.hub.size
    worth, y = np.empty(h), np.zeros(h, np.bool_)
    high, since, goal = known, 0, best - tolerance
    for step in range(rounds):
        alive = np.flatnonzero(state >= 0)
        _worths(m, u, state, worth)
        bound = paths(m, u, alive, x)
        chosen, entry, exit_ = _select(m, worth, state, y)
        bound += chosen
        if not bound < goal:
            return FINISHED, max(bound, high), pace, step + 1
        for k in range(h):
            often[k] = 0.95 * often[k] + (0.05 if y[k] else 0.0)
            if state[k] == 0 and not y[k] and bound + worth[k] - entry > goal:
                state[k] = -1
            elif state[k] == 0 and y[k] and bound + exit_ - worth[k] > goal:
                state[k] = 1
                u[:, :, k] = 0.0
        if bound > high + 2e-3 * (best - high):
            high, since = bound, 0
        else:
            high = max(high, bound)
            since += 1
            if since >= 12:
                pace, since = pace * 0.7, 0
        norm = _norm(m, u, state, x, y)
        if norm < 1e-20:
            return RUNNING, high, pace, step + 1
        _step(m, u, state, x, y, pace * (best - bound) / norm)
    return RUNNING, high, pace, rounds


@njit(cache=True)
def _worths(m, u, state, worth):
    n, h = m.collect.shape
    for k in range(h):
        worth[k] = m.fixed[k]
    for i in range(n):
        for j in range(n):
            if m.flow[i, j] > 0:
                for k in range(h):
                    worth[k] -= u[i, j, k]
    for k in range(h):
        if state[k] == 1:
            worth[k] = m.fixed[k]


@njit(cache=True)
def _norm(m, u, state, x, y):
    n = m.flow.shape[0]
    chosen = np.flatnonzero(y & (state == 0))
    norm = 0.0
    for i in range(n):
        for j in range(n):
            w = m.flow[i, j]
            if w <= 0:
                continue
            at, to = x[i, j, 0], x[i, j, 1]
            if state[at] == 0 and not y[at]:
                norm += w
            if to != at and state[to] == 0 and not y[to]:
                norm += w
            for k in chosen:
                if k != at and k != to and u[i, j, k] > 0:
                    norm += w
    return norm


@njit(cache=True)
def _step(m, u, state, x, y, length):
    n = m.flow.shape[0]
    chosen = np.flatnonzero(y & (state == 0))
    for i in range(n):
        for j in range(n):
            t = length * m.flow[i, j]
            if t <= 0:
                continue
            at, to = x[i, j, 0], x[i, j, 1]
            if state[at] == 0 and not y[at]:
                u[i, j, at] += t
            if to != at and state[to] == 0 and not y[to]:
                u[i, j, to] += t
            for k in chosen:
                if k != at and k != to:
                    u[i, j, k] = max(0.0, u[i, j, k] - t)
