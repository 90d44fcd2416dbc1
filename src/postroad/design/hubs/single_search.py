# mypy: disable-error-code="no-untyped-def,assignment"
"""Local search for single allocation, compiled: move places between hubs, exchange hubs, open and close them."""

from __future__ import annotations

import numpy as np
from numba import njit

from postroad.design.hubs.arrays import NONE

BRIEF, THOROUGH = 60_000, 1_600_000
"""Steps of annealing: for a set of hubs on the way, and for the best one."""


@njit(cache=True)
def total_cost(s, a):
    """Cost of an allocation (candidate number of each place), link costs included; no rule is checked."""
    n, total = a.size, 0.0
    for i in range(n):
        total += s.cost[i, a[i]]
        row = s.transfer[a[i]]
        for j in range(i):
            total += s.between[i, j] * row[a[j]]
    if s.link.size:
        for k in range(s.hub.size):
            for m in range(k):
                if a[s.hub[k]] == k and a[s.hub[m]] == m:
                    total += s.link[k, m]
    return total


@njit(cache=True)
def keeps_rules(s, a):
    """Whether an allocation keeps linking, capacity and time."""
    n, h = a.size, s.hub.size
    radius = np.full(h, -1.0)
    load = np.zeros(h)
    for i in range(n):
        k = a[i]
        if a[s.hub[k]] != k:
            return False
        load[k] += s.sent[i]
        if s.reach.size:
            radius[k] = max(radius[k], s.reach[i, k])
    if s.capacity.size and (load > s.capacity * (1 + 1e-9) + 1e-9).any():
        return False
    if s.reach.size:
        for k in range(h):
            for m in range(k + 1):
                if radius[k] >= 0 and radius[m] >= 0 and radius[k] + s.leg[k, m] + radius[m] > s.within:
                    return False
    return True


@njit(cache=True)
def _room_in_time(s, a, i, k):
    """Whether place ``i`` at hub ``k`` meets every other place in time."""
    if 2 * s.reach[i, k] + s.leg[k, k] > s.within:
        return False
    for j in range(a.size):
        if j != i and a[j] >= 0 and s.reach[i, k] + s.leg[k, a[j]] + s.reach[j, a[j]] > s.within:
            return False
    return True


@njit(cache=True)
def _order(is_open, price, ok):
    """Places by what they would lose with their second choice, the largest loss first."""
    n, h = price.shape
    loss = np.zeros(n)
    for i in range(n):
        first, second = NONE, NONE
        for k in range(h):
            if is_open[k] and ok[i, k]:
                if price[i, k] < first:
                    first, second = price[i, k], first
                else:
                    second = min(second, price[i, k])
        loss[i] = min(second, 2 * abs(first) + 1) - first
    return np.argsort(-loss)


@njit(cache=True)
def begin(s, is_open, price, ok, largest):
    """Allocate every place to the open hub of least ``price``, where the rules leave room; -1 where none is left.

    Places with most to lose by their second choice go first, or the ``largest``, which fit capacity better.
    """
    n, h = price.shape
    a = np.full(n, -1, np.int64)
    load = np.zeros(h)
    for k in range(h):
        if is_open[k]:
            a[s.hub[k]] = k
            load[k] += s.sent[s.hub[k]]
    if s.capacity.size and (load > s.capacity).any():
        a[:] = -1
        return a
    for i in np.argsort(-s.sent) if largest else _order(is_open, price, ok):
        if a[i] >= 0:
            continue
        least = NONE
        for k in range(h):
            if not is_open[k] or not ok[i, k] or price[i, k] >= least:
                continue
            if s.capacity.size and load[k] + s.sent[i] > s.capacity[k]:
                continue
            if s.reach.size and not _room_in_time(s, a, i, k):
                continue
            least = price[i, k]
            a[i] = k
        if a[i] >= 0:
            load[a[i]] += s.sent[i]
    return a


@njit(cache=True)
def _gather(s, a):
    n, h = a.size, s.hub.size
    met = np.zeros((n, h))
    for i in range(n):
        for j in range(n):
            met[i, a[j]] += s.between[i, j]
    return met


@njit(cache=True)
def _price_at(s, met, opened, i, k):
    price = s.cost[i, k]
    for m in opened:
        price += met[i, m] * s.transfer[k, m]
    return price


@njit(cache=True)
def _move(s, a, met, i, k):
    old = a[i]
    a[i] = k
    for j in range(a.size):
        met[j, old] -= s.between[i, j]
        met[j, k] += s.between[i, j]


@njit(cache=True)
def descend(s, a):
    """Move single places, and exchange two where capacity binds, for as long as it pays; changes ``a``."""
    n, h = a.size, s.hub.size
    load = np.zeros(h)
    is_open = np.zeros(h, np.bool_)
    for i in range(n):
        load[a[i]] += s.sent[i]
        is_open[a[i]] = True
    opened = np.flatnonzero(is_open)
    met = _gather(s, a)
    for _ in range(60):
        changed = False
        for i in range(n):
            if s.own[i] >= 0 and a[i] == s.own[i]:
                continue
            here = _price_at(s, met, opened, i, a[i])
            best, to = here - 1e-9 * abs(here), -1
            for k in opened:
                if k == a[i] or (s.capacity.size and load[k] + s.sent[i] > s.capacity[k]):
                    continue
                if s.reach.size and not _room_in_time(s, a, i, k):
                    continue
                price = _price_at(s, met, opened, i, k)
                if price < best:
                    best, to = price, k
            if to >= 0:
                load[a[i]] -= s.sent[i]
                load[to] += s.sent[i]
                _move(s, a, met, i, to)
                changed = True
        if not changed and s.capacity.size:
            changed = _exchange(s, a, met, load, opened)
        if not changed:
            break


@njit(cache=True)
def _exchange(s, a, met, load, opened):
    """Let two places of different hubs change places where capacity allows and it pays; whether any did."""
    n, changed = a.size, False
    for i in range(n):
        if s.own[i] >= 0 and a[i] == s.own[i]:
            continue
        for j in range(i):
            k, m = a[i], a[j]
            if k == m or (s.own[j] >= 0 and m == s.own[j]):
                continue
            shift = s.sent[i] - s.sent[j]
            if load[m] + shift > s.capacity[m] or load[k] - shift > s.capacity[k]:
                continue
            saved = _price_at(s, met, opened, i, k) + _price_at(s, met, opened, j, m)
            saved -= _price_at(s, met, opened, i, m) + _price_at(s, met, opened, j, k)
            # Each price counts the pair at the other's old hub; put that right.
            v = s.between[i, j]
            saved += v * (s.transfer[k, k] + s.transfer[m, m] - 2 * s.transfer[k, m])
            if saved > 1e-9 * abs(s.cost[i, k]):
                load[m] += shift
                load[k] -= shift
                _move(s, a, met, i, m)
                _move(s, a, met, j, k)
                changed = True
    return changed


@njit(cache=True)
def _shake(is_open, least, most, strength):
    """Exchange, open or close hubs at random."""
    for _ in range(strength):
        opened, closed = np.flatnonzero(is_open), np.flatnonzero(~is_open)
        draw = np.random.random()
        if closed.size and (opened.size < least or (draw < 0.25 and opened.size < most)):
            is_open[closed[np.random.randint(closed.size)]] = True
        elif opened.size > least and draw < 0.5:
            is_open[opened[np.random.randint(opened.size)]] = False
        elif opened.size and closed.size:
            is_open[opened[np.random.randint(opened.size)]] = False
            is_open[closed[np.random.randint(closed.size)]] = True


@njit(cache=True)
def _tried(s, is_open, ok):
    """Cost and allocation with a set of hubs open; ``NONE`` where the rules leave no room."""
    a = begin(s, is_open, s.cost, ok, False)
    cost = NONE
    if a.min() >= 0:
        descend(s, a)
        cost = total_cost(s, a)
    if s.capacity.size:
        other = begin(s, is_open, s.cost, ok, True)
        if other.min() >= 0:
            descend(s, other)
            found = total_cost(s, other)
            if found < cost:
                return found, other
    return cost, a


@njit(cache=True)
def loosen(s, a, cost, rounds):
    """Where capacity binds: move a few places at random and descend again, kept when it pays; changes ``a``."""
    n, load = a.size, np.zeros(s.hub.size)
    for _ in range(rounds):
        trial = a.copy()
        load[:] = 0.0
        for i in range(n):
            load[trial[i]] += s.sent[i]
        for _ in range(4 + np.random.randint(12)):
            i, j = np.random.randint(n), np.random.randint(n)
            k, m = trial[j], trial[i]
            if k == m or (s.own[i] >= 0 and m == s.own[i]):
                continue
            swapped = np.random.random() < 0.6 and not (s.own[j] >= 0 and k == s.own[j])
            shift = s.sent[i] - (s.sent[j] if swapped else 0.0)
            if load[k] + shift <= s.capacity[k] and load[m] - shift <= s.capacity[m]:
                load[k] += shift
                load[m] -= shift
                trial[i] = k
                if swapped:
                    trial[j] = m
        descend(s, trial)
        found = total_cost(s, trial)
        if found < cost - 1e-9 * abs(cost):
            cost = found
            a[:] = trial
    return cost


@njit(cache=True)
def squeeze(s, a, cost, steps):
    """Where capacity binds: anneal the places over the open hubs, moved or exchanged; changes ``a``, returns the cost.

    Overloads are allowed at a price that rises while there is one and falls while there is none, so that places can
    pass through a full hub. Only answers without overload are kept.
    """
    n, load = a.size, np.zeros(s.hub.size)
    is_open = np.zeros(s.hub.size, np.bool_)
    for i in range(n):
        load[a[i]] += s.sent[i]
        is_open[a[i]] = True
    opened = np.flatnonzero(is_open)
    free = np.array([i for i in range(n) if s.own[i] < 0 or not is_open[s.own[i]]])
    if opened.size < 2 or free.size < 2:
        return cost
    now, met, value, over = a.copy(), _gather(s, a), cost, 0.0
    unit = cost / s.sent.sum()
    price, heat = 4 * unit, 0.2 * cost / n
    cooling = 1e-3 ** (1.0 / steps)
    for _ in range(steps):
        heat *= cooling
        i = free[np.random.randint(free.size)]
        k, j = now[i], -1
        if np.random.random() < 0.5:
            m = opened[np.random.randint(opened.size)]
        else:
            j = free[np.random.randint(free.size)]
            m = now[j]
        if m == k:
            continue
        shift = s.sent[i]
        change = _price_at(s, met, opened, i, m) - _price_at(s, met, opened, i, k)
        if j >= 0:
            shift -= s.sent[j]
            change += _price_at(s, met, opened, j, k) - _price_at(s, met, opened, j, m)
            # Each price counts the pair at the other's old hub; put that right.
            change -= s.between[i, j] * (s.transfer[k, k] + s.transfer[m, m] - 2 * s.transfer[k, m])
        more = _over(s, load[m] + shift, m) - _over(s, load[m], m) + _over(s, load[k] - shift, k) - _over(s, load[k], k)
        loss = change + price * more
        if loss <= 0 or np.random.random() < np.exp(-loss / heat):
            load[m] += shift
            load[k] -= shift
            over += more
            value += change
            _move(s, now, met, i, m)
            if j >= 0:
                _move(s, now, met, j, k)
            if over <= 1e-9 and value < cost - 1e-9 * abs(cost):
                cost = value
                a[:] = now
        price = min(max(price * (1.0005 if over > 1e-9 else 0.9995), 1e-3 * unit), 1e4 * unit)
    return total_cost(s, a)


@njit(cache=True)
def _over(s, load, k):
    return max(0.0, load - s.capacity[k])


@njit(cache=True)
def sweep(s, is_open, best, held, near):
    """Exchange each hub with its ``near`` candidates, open or close single hubs, while it pays; returns the cost.

    Changes ``is_open`` and ``held``.
    """
    ok = np.ones(s.cost.shape, np.bool_)
    moved = True
    while moved:
        moved = False
        for k in np.flatnonzero(is_open):
            for q in range(-1, near.shape[1]):
                out, into = k, near[k, q] if q >= 0 else -1
                if not is_open[out] or (into >= 0 and is_open[into]):
                    continue
                for closes in range(2):
                    count = is_open.sum() - closes + (into >= 0)
                    if count < s.least or count > s.most or (closes == 0 and into < 0):
                        continue
                    trial = is_open.copy()
                    trial[out] = closes == 0
                    if into >= 0:
                        trial[into] = True
                    cost, a = _tried(s, trial, ok)
                    if s.capacity.size and best <= cost < 1.03 * best:
                        cost = loosen(s, a, cost, 10)
                        if not s.reach.size and cost < 1.01 * best:
                            cost = squeeze(s, a, cost, BRIEF)
                    if cost < best - 1e-9 * abs(best):
                        best, moved = cost, True
                        is_open[:] = trial
                        held[:] = a
                        break
    return best


@njit(cache=True)
def search(s, is_open, best, held, rounds, near, seed):
    """Variable neighbourhood search from a set of hubs: shake, then sweep; changes ``is_open`` and ``held``.

    Returns the cost, ``NONE`` while nothing that keeps the rules was found.
    """
    np.random.seed(seed)
    ok = np.ones(s.cost.shape, np.bool_)
    strength = 1
    for r in range(rounds):
        trial = is_open.copy()
        if r or best < NONE:
            _shake(trial, s.least, s.most, strength)
        cost, a = _tried(s, trial, ok)
        if cost >= NONE:
            if best >= NONE:
                is_open[:] = trial
            continue
        if s.capacity.size and cost < 1.06 * best:
            cost = loosen(s, a, cost, 40)
            if not s.reach.size:
                cost = squeeze(s, a, cost, BRIEF)
        if cost < 1.02 * best and (best >= NONE or cost != best):
            cost = sweep(s, trial, cost, a, near)
        if cost < best - 1e-9 * abs(cost):
            best, strength = cost, 1
            is_open[:] = trial
            held[:] = a
        else:
            strength = strength % 3 + 1
    return best
