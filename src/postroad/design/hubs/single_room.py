# mypy: disable-error-code="no-untyped-def,assignment"
"""What each hub is worth at the prices of a bound, filled within its capacity, and which hubs are chosen, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from postroad.design.hubs.arrays import NONE

COVER_STEPS = 4000


@njit(cache=True)
def hub_worth(s, cb, lam, ok, rho, ratio, over, inside):
    """Cost of opening each hub with whoever gains by it: ``inside``, within capacity.

    Places fill a hub whole where that is settled soon, else the last in part. ``ratio`` is the price of a unit of
    capacity in the linear program, ``over`` what whole places cost above it.
    """
    n, h = s.cost.shape
    gain, size, who = np.empty(n), np.empty(n), np.empty(n, np.int64)
    for k in range(h):
        place = s.hub[k]
        ratio[k], over[k] = 0.0, 0.0
        inside[:, k] = False
        if not ok[place, k]:
            rho[k] = NONE
            continue
        value, count, load = cb[place, k] - lam[place], 0, s.sent[place]
        inside[place, k] = True
        for i in range(n):
            if i != place and ok[i, k]:
                d = cb[i, k] - lam[i]
                if d < 0:
                    value += d
                    gain[count], size[count], who[count] = d, s.sent[i], i
                    inside[i, k] = True
                    load += s.sent[i]
                    count += 1
        rho[k] = value
        if s.capacity.size and load > s.capacity[k]:
            if s.sent[place] > s.capacity[k] + 1e-9:
                rho[k] = NONE
                continue
            linear, whole, ratio[k], out = _left_out(gain[:count], size[:count], load - s.capacity[k])
            for q in range(count):
                if out[q]:
                    inside[who[q], k] = False
            rho[k] = value + whole
            over[k] = whole - linear


@njit(cache=True)
def _left_out(gain, size, need):
    """Who is left out of a hub that is too full by ``need``, at least loss: of the linear program, of whole places.

    Returns both losses, the price of a unit of room and who it is.
    """
    order = np.argsort(-gain / np.maximum(size, 1e-12))
    linear, rest, last, price = 0.0, need, 0, 0.0
    for q in order:
        price = -gain[q] / max(size[q], 1e-12)
        linear += min(size[q], rest) * price
        rest -= size[q]
        last += 1
        if rest <= 1e-9:
            break
    chosen, out = np.zeros(gain.size, np.bool_), np.zeros(gain.size, np.bool_)
    whole = _cover(-gain[order], size[order], need, chosen)
    if whole < linear:
        chosen[:last] = True
        whole = linear
    out[order] = chosen
    return linear, whole, price, out


@njit(cache=True)
def choose(s, rho, forced, y, price):
    """Least sum of hub worths under what binds: their number, total capacity, or both."""
    if s.capacity.size and (s.least == s.most or s.least > 1):
        return _choose_room(s, rho, forced, y, price)
    return _choose_number(s, rho, forced, y, price)


@njit(cache=True)
def _choose_number(s, rho, forced, y, price):
    """Least sum of hub worths under their number and, as a linear program, under total capacity.

    ``price`` becomes: the worth an unchosen hub is measured against, that of the best unchosen one, the price of a unit
    of capacity, and what whole hubs cost above parts. With a number that is free, both worths are nothing unless a
    single hub has to be taken.
    """
    h = rho.size
    y[:] = 0.0
    price[:] = 0.0
    total, count = 0.0, 0
    for k in range(h):
        if forced[k]:
            y[k] = 1.0
            total += rho[k]
            count += 1
    if count > s.most:
        return np.inf
    fixed_number = s.least == s.most
    least = s.least if fixed_number or s.capacity.size == 0 else 0
    price[0] = -NONE if count == s.most else 0.0
    price[1] = NONE if fixed_number else 0.0
    for k in np.argsort(rho):
        if forced[k] or rho[k] >= NONE:
            continue
        if count < least or (count < s.most and rho[k] < 0):
            y[k] = 1.0
            total += rho[k]
            count += 1
            if fixed_number:
                price[0] = rho[k]
            elif count <= least:
                price[0] = max(0.0, rho[k])
        else:
            if fixed_number:
                price[1] = rho[k]
            break
    if count < least:
        return np.inf
    if s.capacity.size and not fixed_number:
        total = _fill(s, rho, y, total, price)
    return total


@njit(cache=True)
def _pick(s, rho, forced, unit, y, price):
    """Least sum of worths when a unit of room is paid ``unit``, under their number; with the room that gives."""
    y[:] = 0.0
    total, room, count = 0.0, 0.0, 0
    worth = rho - unit * s.capacity
    for k in range(rho.size):
        if forced[k]:
            y[k] = 1.0
            total, room, count = total + worth[k], room + s.capacity[k], count + 1
    price[0] = -NONE if count == s.most else 0.0
    price[1] = NONE if s.least == s.most else 0.0
    for k in np.argsort(worth):
        if forced[k] or rho[k] >= NONE:
            continue
        if count < s.least or (count < s.most and worth[k] < 0):
            y[k] = 1.0
            total, room, count = total + worth[k], room + s.capacity[k], count + 1
            if s.least == s.most:
                price[0] = worth[k]
            elif count <= s.least:
                price[0] = max(0.0, worth[k])
        else:
            if s.least == s.most:
                price[1] = worth[k]
            break
    return total if s.least <= count <= s.most else np.inf, room


@njit(cache=True)
def _choose_room(s, rho, forced, y, price):
    """The same where both number and total capacity bind: the price of a unit of room is found by halving."""
    need = s.sent.sum()
    total, room = _pick(s, rho, forced, 0.0, y, price)
    if room >= need - 1e-9 or total == np.inf:
        return total
    low, high, less = 0.0, 1e-6 * (np.abs(rho[rho < NONE]).max() + 1.0) / need, room
    more = 0.0
    for _ in range(60):
        more = _pick(s, rho, forced, high, y, price)[1]
        if more >= need - 1e-9:
            break
        low, less, high = high, more, 4 * high
    if more < need - 1e-9:
        return np.inf
    for _ in range(30):
        unit = (low + high) / 2
        room = _pick(s, rho, forced, unit, y, price)[1]
        if room >= need - 1e-9:
            high, more = unit, room
        else:
            low, less = unit, room
    short = np.empty(rho.size)
    _pick(s, rho, forced, low, short, price)
    total = _pick(s, rho, forced, high, y, price)[0] + high * need
    share = min(1.0, max(0.0, (need - less) / max(1e-12, more - less)))
    for k in range(rho.size):
        y[k] = share * y[k] + (1 - share) * short[k]
        y[k] = 1.0 if y[k] > 1 - 1e-12 else y[k]
    price[2] = high
    return total


@njit(cache=True)
def _fill(s, rho, y, total, price):
    """Open further hubs until total capacity suffices: whole ones where that is settled soon, else the last in part.

    ``price[3]`` becomes how much the whole ones cost above the linear program, whose duals ``price[2]`` belongs to.
    """
    missing = s.sent.sum() - (y * s.capacity).sum()
    if missing <= 1e-9:
        return total
    share = np.full(rho.size, NONE)
    for k in range(rho.size):
        if y[k] < 0.5 and rho[k] < NONE:
            share[k] = max(0.0, rho[k]) / max(1e-12, s.capacity[k])
    order = np.argsort(share)
    order = order[: (share < NONE).sum()]
    cost, size = np.maximum(0.0, rho[order]), s.capacity[order]
    if size.sum() < missing - 1e-9:
        return np.inf
    linear, rest = 0.0, missing
    for q in range(order.size):
        part = min(1.0, rest / max(1e-12, size[q]))
        y[order[q]] = part
        linear += part * cost[q]
        rest -= part * size[q]
        price[2] = share[order[q]]
        if rest <= 1e-9:
            break
    chosen = np.zeros(order.size, np.bool_)
    whole = _cover(cost, size, missing, chosen)
    if whole < 0:
        return total + linear
    for q in range(order.size):
        y[order[q]] = 1.0 if chosen[q] else 0.0
    price[3] = whole - linear
    return total + whole


@njit(cache=True)
def _cover(cost, size, need, chosen):
    """Least cost of items whose sizes reach ``need``, by branch and bound in order of cost per size; -1 if too long."""
    n = cost.size
    cost_to, size_to = np.zeros(n + 1), np.zeros(n + 1)
    for q in range(n):
        cost_to[q + 1], size_to[q + 1] = cost_to[q] + cost[q], size_to[q] + size[q]
    taken = np.zeros(n, np.bool_)
    best, value, rest, at = np.inf, 0.0, need, 0
    for _ in range(COVER_STEPS):
        # Bound of what is taken plus the linear program over the items from ``at`` on.
        bound = value
        if rest > 1e-9:
            end = np.searchsorted(size_to, size_to[at] + rest)
            if end > n:
                bound = np.inf
            else:
                over = size_to[end] - size_to[at] - rest
                bound += cost_to[end] - cost_to[at] - cost[end - 1] * over / max(1e-12, size[end - 1])
        elif value < best:
            best = value
            chosen[:] = taken
        if rest <= 1e-9 or bound >= best - 1e-12 * abs(best):
            # Give back the last item taken, and go on without it.
            at -= 1
            while at >= 0 and not taken[at]:
                at -= 1
            if at < 0:
                return best
            taken[at] = False
            value -= cost[at]
            rest += size[at]
        else:
            taken[at] = True
            value += cost[at]
            rest -= size[at]
        at += 1
    return -1.0
