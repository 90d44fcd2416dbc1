# mypy: disable-error-code="no-untyped-def,assignment"
"""A lower bound for single allocation, compiled: Lagrangean relaxation of the program of Skorin-Kapov et al.

For every two places ``x[i, j, k, l]`` says over which hubs they meet, and its sums over ``l`` and over ``k`` equal the
allocations ``z[i, k]`` and ``z[j, l]``. Pricing these equations (``u``) and that each place has one hub (``lam``)
leaves one smallest entry for every two places and one look at each hub, as Pirkul and Schilling did. The bound is that
of the linear program, which is nearly always the optimum. Whatever a price shows to be too dear is ruled out for good.

All of it stands in one file on purpose: compiled code kept on disk is renewed when its own file changes, and not when
one does that it calls.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from postroad.design.hubs.arrays import NONE

FINISHED, RUNNING, EMPTY, LEVEL = 1, 0, 2, 3
PATIENCE = 30
COVER_STEPS = 4000
IDLE = 0.05
"""Least weight of a place whose hub is priced, as a share of the mean: one without flow counts too."""


@njit(cache=True)
def start_prices(s, a):
    """Prices at which the allocation ``a`` costs what it does; tight for it because distances keep the triangle."""
    n, h = s.cost.shape
    u = np.zeros((n, n, h))
    for i in range(n):
        for j in range(n):
            if j != i:
                half = 0.5 * s.between[i, j]
                for k in range(h):
                    u[i, j, k] = half * (s.transfer[k, a[j]] - s.transfer[k, a[i]])
    return u


@njit(cache=True)
def reduced(s, u):
    """Cost of each allocation at the prices ``u``."""
    n, h = s.cost.shape
    cb = s.cost.copy()
    for i in range(n):
        for j in range(n):
            if j != i:
                for k in range(h):
                    cb[i, k] += u[i, j, k]
    return cb


@njit(cache=True)
def labels(ok):
    """Hubs still open to each place, as rows of a table with their number."""
    n, h = ok.shape
    lab, many = np.zeros((n, h), np.int64), np.zeros(n, np.int64)
    for i in range(n):
        for k in range(h):
            if ok[i, k]:
                lab[i, many[i]] = k
                many[i] += 1
    return lab, many


@njit(cache=True)
def settle(s, ok):
    """Rule out what linking and time rule out; False when some place is left with nothing."""
    while True:
        before = ok.sum()
        if not _link(s, ok):
            return False
        if s.reach.size:
            for i in range(ok.shape[0]):
                for k in range(ok.shape[1]):
                    if ok[i, k] and not _timely(s, ok, i, k):
                        ok[i, k] = False
        if ok.sum() == before:
            return True


@njit(cache=True)
def _link(s, ok):
    """A hub that is closed serves nobody; the only hub of some place is open. False when a place has none left."""
    n, h = ok.shape
    for i in range(n):
        only, count = -1, 0
        for k in range(h):
            if ok[i, k] and not ok[s.hub[k], k]:
                ok[i, k] = False
            if ok[i, k]:
                only = k
                count += 1
        if count == 0:
            return False
        if count == 1:
            place = s.hub[only]
            for m in range(h):
                ok[place, m] = ok[place, m] and m == only
    return True


@njit(cache=True)
def _timely(s, ok, i, k):
    if 2 * s.reach[i, k] + s.leg[k, k] > s.within:
        return False
    h = ok.shape[1]
    for j in range(ok.shape[0]):
        fits = j == i
        for m in range(h):
            if fits:
                break
            fits = ok[j, m] and s.reach[i, k] + s.leg[k, m] + s.reach[j, m] <= s.within
        if not fits:
            return False
    return True


@njit(cache=True)
def meetings(s, u, lab, many, x, floor):
    """Sum over every two places of the least entry; ``x[i, j]`` becomes the hub of ``i`` in it. Inf where none fits.

    ``floor`` holds, for every two places and each hub of the first, what its row of entries is known not to undercut
    (before the price of that hub): most rows are passed over on that alone. Rows looked at are remembered in it.
    """
    n, h = s.cost.shape
    low = np.empty(h)
    plain = s.reach.size == 0 and s.link.size == 0
    total, pair = 0.0, 0
    for i in range(n):
        for j in range(i):
            best = _least_plain(s, u, lab, many, x, low, floor[pair], i, j) if plain else NONE
            if not plain:
                best = _least_ruled(s, u, lab, many, x, low, i, j)
            if best >= NONE:
                return np.inf
            total += best
            pair += 1
    return total


@njit(cache=True)
def floors(s):
    """Floors from which nothing is known yet; none where rows are not remembered."""
    n, h = s.cost.shape
    plain = s.reach.size == 0 and s.link.size == 0
    return np.full((n * (n - 1) // 2, h) if plain else (n * (n - 1) // 2, 0), -NONE)


@njit(cache=True, fastmath=True)
def _row_min(row, low, v):
    """Least of ``v * row + low``."""
    least = NONE
    for m in range(row.size):
        least = min(least, v * row[m] + low[m])
    return least


@njit(cache=True)
def _least_plain(s, u, lab, many, x, low, floor, i, j):
    """Least entry of two places, begun from the one remembered; rows that cannot beat it are passed over."""
    v, at, to = s.between[i, j], x[i, j], x[j, i]
    best = v * s.transfer[at, to] - u[i, j, at] - u[j, i, to]
    ready = False
    for r in range(many[i]):
        k = lab[i, r]
        a = -u[i, j, k]
        if a + floor[k] >= best:
            continue
        if not ready:
            ready = True
            low[:] = NONE
            for q in range(many[j]):
                low[lab[j, q]] = -u[j, i, lab[j, q]]
        row = s.transfer[k]
        floor[k] = _row_min(row, low, v)
        if a + floor[k] >= best:
            continue
        for q in range(many[j]):
            value = a + v * row[lab[j, q]] + low[lab[j, q]]
            if value < best:
                best, at, to = value, k, lab[j, q]
    x[i, j], x[j, i] = at, to
    return best


@njit(cache=True)
def lift(s, u, ok, core, x):
    """Price allocations outside the core as high as every meeting allows, so that no least entry ``x`` falls."""
    n, h = s.cost.shape
    low = np.empty(h)
    for i in range(n):
        for j in range(i):
            a, b = (i, j) if (i + j) % 2 else (j, i)
            v = s.between[i, j]
            least = v * s.transfer[x[i, j], x[j, i]] - u[i, j, x[i, j]] - u[j, i, x[j, i]]
            _lift_side(s, u, v, least, a, b, ok, core, core, low)
            _lift_side(s, u, v, least, b, a, ok, core, ok, low)


@njit(cache=True)
def _lift_side(s, u, v, least, i, j, ok, core, against, low):
    h = s.hub.size
    for m in range(h):
        low[m] = -u[j, i, m] if against[j, m] else NONE
    for k in range(h):
        if ok[i, k] and not core[i, k]:
            u[i, j, k] = _row_min(s.transfer[k], low, v) - least


@njit(cache=True)
def _least_ruled(s, u, lab, many, x, low, i, j):
    """The same under a latest arrival and with link costs between hubs."""
    v, at, to, best = s.between[i, j], -1, -1, NONE
    least = NONE
    for q in range(many[j]):
        low[q] = -u[j, i, lab[j, q]]
        least = min(least, low[q])
    timed = s.reach.size > 0
    special = s.link.size > 0 and s.own[i] >= 0 and s.own[j] >= 0
    for r in range(many[i]):
        k = lab[i, r]
        a = -u[i, j, k]
        if a + least >= best:
            continue
        row = s.transfer[k]
        for q in range(many[j]):
            m = lab[j, q]
            value = a + v * row[m] + low[q]
            if special and k == s.own[i] and m == s.own[j]:
                value += s.link[k, m]
            if value < best and not (timed and s.reach[i, k] + s.leg[k, m] + s.reach[j, m] > s.within):
                best, at, to = value, k, m
    if at >= 0:
        x[i, j], x[j, i] = at, to
    return best


@njit(cache=True)
def _hub_worth(s, cb, lam, ok, rho, ratio, over, inside):
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
def _choose(s, rho, forced, y, price):
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


@njit(cache=True)
def _rule_out(s, ok, cb, lam, rho, ratio, over, y, slack, price):
    """Rule out whatever would cost more than ``slack`` above the bound: a hub open or closed, an allocation."""
    n, h = s.cost.shape
    gone = 0
    for k in range(h):
        place = s.hub[k]
        if not ok[place, k]:
            continue
        unit = price[2] * s.capacity[k] if s.capacity.size else 0.0
        base = rho[k] - unit - price[0] - price[3] if y[k] == 0.0 else 0.0
        extra = max(0.0, base)
        if extra > slack:
            for i in range(n):
                gone += ok[i, k]
                ok[i, k] = False
            continue
        if y[k] == 1.0 and price[1] - (rho[k] - unit) - price[3] > slack:
            for m in range(h):
                if m != k and ok[place, m]:
                    ok[place, m] = False
                    gone += 1
        for i in range(n):
            if i != place and ok[i, k]:
                joins = max(0.0, cb[i, k] - lam[i] + ratio[k] * s.sent[i]) - over[k]
                if max(extra, base + joins) > slack:
                    ok[i, k] = False
                    gone += 1
    return gone


@njit(cache=True)
def ascend(s, u, cb, lam, ok, x, floor, forced, best, goal, pace, rounds, often, known, ruling):
    """Raise the bound by up to ``rounds`` subgradient steps, changing prices and, when ``ruling``, what is ruled out.

    ``best`` is what steps aim at, ``goal`` the bound at which nothing better is left (infinite while there is no
    answer), ``known`` the bound so far. Returns state, highest bound, pace and steps;
    ``often`` keeps how often each hub was chosen. Where ``ok`` is only a core of what is allowed, the bound is no bound
    and nothing may be ruled out.
    """
    n, h = s.cost.shape
    rho, ratio, over, y, price = np.empty(h), np.zeros(h), np.zeros(h), np.zeros(h), np.zeros(4)
    inside = np.zeros((n, h), np.bool_)
    lab, many = labels(ok)
    _renew(ok, lab, many, x)
    taken, shares = np.empty((n, h), np.int64), np.empty((n, h))
    count = np.zeros(n, np.int64)
    weight = s.sent + s.between.sum(0) + 1e-12
    weight = np.maximum(weight, IDLE * weight.mean())
    high, since = known, 0
    for step in range(rounds):
        bound = meetings(s, u, lab, many, x, floor)
        _hub_worth(s, cb, lam, ok, rho, ratio, over, inside)
        chosen = _choose(s, rho, forced, y, price)
        bound += chosen + lam.sum()
        if ruling and not bound < goal:
            return FINISHED, max(bound, high), pace, step + 1
        for k in range(h):
            often[k] = 0.95 * often[k] + 0.05 * y[k]
        if bound > high + 2e-3 * abs(best - high):
            high, since = bound, 0
        else:
            high = max(high, bound)
            since += 1
            if since >= PATIENCE:
                pace, since = pace * 0.7, 0
        if ruling and _rule_out(s, ok, cb, lam, rho, ratio, over, y, goal - bound, price):
            if not settle(s, ok):
                return EMPTY, max(goal, high), pace, step + 1
            lab, many = labels(ok)
            _renew(ok, lab, many, x)
            _force(s, ok, forced)
        norm = _direction(s, inside, y, x, taken, shares, count, weight)
        if norm < 1e-20:
            return LEVEL, high, pace, step + 1
        rise = best - bound if best > bound else 0.05 * abs(bound)
        _step(s, u, cb, lam, x, floor, taken, shares, count, weight, pace * rise / norm)
    return RUNNING, high, pace, rounds


@njit(cache=True)
def _renew(ok, lab, many, x):
    """Point remembered entries at hubs that are still open."""
    n = ok.shape[0]
    for i in range(n):
        for j in range(n):
            if not ok[i, x[i, j]] and many[i]:
                x[i, j] = lab[i, 0]


@njit(cache=True)
def _force(s, ok, forced):
    for k in range(s.hub.size):
        place = s.hub[k]
        if ok[place, k] and ok[place].sum() == 1:
            forced[k] = True


@njit(cache=True)
def _direction(s, inside, y, x, taken, shares, count, weight):
    """List for each place the allocations the relaxed answer holds, with their share; return the weighted norm."""
    n, h = s.cost.shape
    norm = 0.0
    for i in range(n):
        count[i] = 0
        held = 0.0
        for k in range(h):
            if y[k] > 0 and inside[i, k]:
                taken[i, count[i]], shares[i, count[i]] = k, y[k]
                count[i] += 1
                held += y[k]
        norm += weight[i] * (1 - held) ** 2
        for j in range(n):
            if j == i:
                continue
            v, at, seen = s.between[i, j], x[i, j], False
            for q in range(count[i]):
                g = shares[i, q]
                if taken[i, q] == at:
                    g -= 1.0
                    seen = True
                norm += v * g * g
            if not seen:
                norm += v
    return norm


@njit(cache=True)
def _step(s, u, cb, lam, x, floor, taken, shares, count, weight, length):
    n = s.cost.shape[0]
    for i in range(n):
        held = 0.0
        for q in range(count[i]):
            held += shares[i, q]
        lam[i] += length * weight[i] * (1 - held)
        for j in range(n):
            if j == i:
                continue
            t, at = length * s.between[i, j], x[i, j]
            for q in range(count[i]):
                k = taken[i, q]
                u[i, j, k] += t * shares[i, q]
                cb[i, k] += t * shares[i, q]
            u[i, j, at] -= t
            cb[i, at] -= t
            if j > i and floor.shape[1]:
                pair = j * (j - 1) // 2 + i
                for q in range(count[i]):
                    k = taken[i, q]
                    _lower(floor[pair], s.transfer[k], s.between[i, j], -u[i, j, k])


@njit(cache=True, fastmath=True)
def _lower(floor, row, v, low):
    """Let a floor follow an entry that may have become the least of its row."""
    for m in range(row.size):
        floor[m] = min(floor[m], v * row[m] + low)
