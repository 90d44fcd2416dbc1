"""The compiled subgradient ascent behind both Lagrangean bounds: which sites to choose, which to fix, how far to step.

It relaxes "every customer is served once" with multipliers ``u`` (Cornuejols, Fisher and Nemhauser 1977; Christofides
and Beasley 1982). Customer ``i`` may be served by ``sites[heads[i]:heads[i + 1]]`` at ``costs`` that rise, so a pass
only reads the few sites cheaper than ``u``. ``top`` is what leaving a customer unserved costs: infinite for the
p-median, the weight of a group of points for covering, where reaching one costs nothing.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

LEAST_THETA = 1e-4


@numba.njit(cache=True, nogil=True)
def _prices(heads: Any, sites: Any, costs: Any, u: Any, rho: Any) -> None:
    """Fill ``rho`` with what each site would save at the multipliers: the sum of min(0, cost - u)."""
    rho[:] = 0.0
    for i in range(u.size):
        level = u[i]
        for k in range(heads[i], heads[i + 1]):
            gap = costs[k] - level
            if gap >= 0.0:
                break
            rho[sites[k]] += gap


@numba.njit(cache=True, nogil=True)
def _slopes(heads: Any, sites: Any, costs: Any, top: Any, u: Any, chosen: Any, slope: Any) -> None:
    """Fill the subgradient, 1 minus how often each is served; nought where it would leave the multipliers' range."""
    for i in range(u.size):
        level, count = u[i], 0
        for k in range(heads[i], heads[i + 1]):
            if costs[k] > level:
                break
            count += chosen[sites[k]]
        pull = 1.0 - count
        if (pull > 0.0 and level >= top[i]) or (pull < 0.0 and level <= 0.0):
            pull = 0.0
        slope[i] = pull


@numba.njit(cache=True, nogil=True)
def _value(heads: Any, sites: Any, costs: Any, top: Any, chosen: Any) -> float:
    """Return the cost of serving each from its cheapest chosen site, or of leaving it."""
    total = 0.0
    for i in range(top.size):
        cost = top[i]
        for k in range(heads[i], heads[i + 1]):
            if chosen[sites[k]]:
                cost = min(cost, costs[k])
                break
        total += cost
    return total


@numba.njit(cache=True, nogil=True)
def _step(u: Any, top: Any, slope: Any, old: Any, reach: float) -> bool:
    """Step along the subgradient bent by the last direction (Camerini, Fratta and Maffioli 1975), within the range.

    False when there is no direction to go.
    """
    norm = 0.0
    for i in range(u.size):
        old[i] = slope[i] + 0.3 * old[i]
        norm += old[i] * old[i]
    if norm == 0.0:
        return False
    scale = reach / norm
    for i in range(u.size):
        u[i] = min(top[i], max(0.0, u[i] + scale * old[i]))
    return True


@numba.njit(cache=True, nogil=True)
def _choose(rho: Any, state: Any, p: int, chosen: Any) -> tuple[float, float, float]:
    """Mark the ``p`` cheapest sites: every one that must open, then undecided ones by price.

    Return the sum of their prices, the price of the last undecided one taken and of the first one left. The sum is
    infinite when the sites that may open do not make up ``p``, or more than ``p`` must open.
    """
    total, opened, free = 0.0, 0, 0
    for j in range(rho.size):
        chosen[j] = 0
        if state[j] == 1:
            chosen[j] = 1
            opened += 1
            total += rho[j]
        elif state[j] == 0:
            free += 1
    need = p - opened
    if need < 0 or need > free:
        return np.inf, 0.0, 0.0
    places, values = np.empty(free, np.int64), np.empty(free)
    k = 0
    for j in range(rho.size):
        if state[j] == 0:
            places[k], values[k] = j, rho[j]
            k += 1
    order = np.argsort(values)
    for k in range(need):
        chosen[places[order[k]]] = 1
        total += values[order[k]]
    inside = values[order[need - 1]] if need > 0 else -np.inf
    outside = values[order[need]] if need < free else np.inf
    return total, inside, outside


@numba.njit(cache=True, nogil=True)
def _fix(rho: Any, state: Any, chosen: Any, level: float, target: float, inside: float, outside: float) -> None:
    """Rule out, or force open, every undecided site whose other choice would raise the bound above ``target``."""
    for j in range(rho.size):
        if state[j] != 0:
            continue
        if chosen[j] == 0:
            if level + rho[j] - inside > target:
                state[j] = -1
        elif level + outside - rho[j] > target:
            state[j] = 1


@numba.njit(cache=True, nogil=True)
def relax(  # noqa: C901 - one loop, in one compiled function
    service: Any, u: Any, state: Any, p: int, limits: Any, often: Any, best: Any
) -> tuple[float, float]:
    """Raise the bound by subgradient steps; return it with the cost of the best choice met.

    ``service`` is (heads, sites, costs, top). ``limits`` is (incumbent, least improvement, iterations, first step,
    patience). ``u`` ends at the best multipliers, ``state`` has sites fixed by reduced cost, ``often`` how often each
    was chosen lately, ``best`` the best choice. The bound is infinite when the sites left cannot make up ``p``.
    """
    heads, sites, costs, top = service
    m = state.size
    incumbent, least, iterations, theta, patience = limits[0], limits[1], int(limits[2]), limits[3], int(limits[4])
    rho, slope, old = np.zeros(m), np.zeros(u.size), np.zeros(u.size)
    chosen, kept = np.zeros(m, np.int8), u.copy()
    bound, found, idle = -np.inf, np.inf, 0
    for turn in range(iterations):
        _prices(heads, sites, costs, u, rho)
        total, inside, outside = _choose(rho, state, p, chosen)
        if total == np.inf:
            return np.inf, found
        level = u.sum() + total
        idle += 1
        if level > bound:
            if turn == 0 or level > bound + 1e-5 * abs(bound):
                idle = 0
            bound = level
            kept[:] = u
        if bound > incumbent - least:
            break
        if level > bound - 0.1 * (incumbent - bound):
            _fix(rho, state, chosen, level, incumbent - least, inside, outside)
        if idle == 0 or turn % 10 == 0:
            cost = _value(heads, sites, costs, top, chosen)
            if cost < found:
                found = cost
                best[:] = chosen
        if idle >= patience:
            theta *= 0.5
            idle = 0
            u[:] = kept
            if theta < LEAST_THETA:
                break
        _slopes(heads, sites, costs, top, u, chosen, slope)
        for j in range(m):
            often[j] += 0.05 * (chosen[j] - often[j])
        if not _step(u, top, slope, old, theta * (1.02 * incumbent - 0.02 * bound - level)):
            break
    u[:] = kept
    return bound, found
