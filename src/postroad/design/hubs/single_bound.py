# mypy: disable-error-code="no-untyped-def,assignment"
"""A lower bound for single allocation, compiled: Lagrangean relaxation of the program of Skorin-Kapov et al.

For every two places ``x[i, j, k, l]`` says over which hubs they meet, and its sums over ``l`` and over ``k`` equal the
allocations ``z[i, k]`` and ``z[j, l]``. Pricing these equations (``u``) and that each place has one hub (``lam``)
leaves one smallest entry for every two places and one look at each hub, as Pirkul and Schilling did. The bound is that
of the linear program, which is nearly always the optimum. Whatever a price shows to be too dear is ruled out for good.

Compiled code kept on disk is renewed when its own file changes, and not when one does that it calls: ``ascend``, which
alone calls into other files, is made to look at theirs too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from postroad.design.hubs import single_meetings, single_room, single_rules
from postroad.design.hubs.single_meetings import lower, meetings
from postroad.design.hubs.single_room import choose, hub_worth
from postroad.design.hubs.single_rules import labels, settle

FINISHED, RUNNING, EMPTY, LEVEL = 1, 0, 2, 3
PATIENCE = 30
IDLE = 0.05
"""Least weight of a place whose hub is priced, as a share of the mean: one without flow counts too."""


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
        hub_worth(s, cb, lam, ok, rho, ratio, over, inside)
        chosen = choose(s, rho, forced, y, price)
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
                    lower(floor[pair], s.transfer[k], s.between[i, j], -u[i, j, k])


def _renew_with(kept: Any, *called: Any) -> None:
    """Let compiled code kept on disk be compiled anew when a file it calls into has changed."""
    disk = getattr(getattr(kept, "_cache", None), "_cache_file", None)
    if disk is not None:
        looks = [Path(module.__file__).stat() for module in called]
        disk._source_stamp = (disk._source_stamp, tuple((look.st_mtime, look.st_size) for look in looks))


_renew_with(ascend, single_meetings, single_room, single_rules)
