# mypy: disable-error-code="no-untyped-def,assignment"
"""What every two places pay where they meet, at the prices of a bound for single allocation, compiled.

Each price ``u[i, j, k]`` belongs to place ``i`` meeting place ``j`` while it has hub ``k``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from postroad.design.hubs.arrays import NONE


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


@njit(cache=True, fastmath=True)
def lower(floor, row, v, low):
    """Let a floor follow an entry that may have become the least of its row."""
    for m in range(row.size):
        floor[m] = min(floor[m], v * row[m] + low)
