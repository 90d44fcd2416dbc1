"""Compiled kernels of the p-median: the Lagrangean bound over sorted costs, and the search that swaps sites.

The bound relaxes "every customer is served once" with multipliers ``u`` (Cornuejols, Fisher and Nemhauser 1977;
Christofides and Beasley 1982). Each customer's sites come sorted by cost, so a pass only reads the few sites cheaper
than ``u``. ``state`` says of each site whether it is ruled out (-1), undecided (0) or must open (1).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from postroad.design.sites.selection import choose, fix, step_length


@numba.njit(cache=True, nogil=True)
def prices(sites: Any, costs: Any, u: Any, rho: Any) -> None:
    """Fill ``rho`` with what each site would save at the multipliers: the sum of min(0, cost - u)."""
    rho[:] = 0.0
    for i in range(sites.shape[0]):
        level = u[i]
        for k in range(sites.shape[1]):
            gap = costs[i, k] - level
            if gap >= 0.0:
                break
            rho[sites[i, k]] += gap


@numba.njit(cache=True, nogil=True)
def slopes(sites: Any, costs: Any, u: Any, chosen: Any, slope: Any) -> float:
    """Fill the subgradient (1 minus how often each customer is served) and return its squared length."""
    norm = 0.0
    for i in range(sites.shape[0]):
        count = 0
        for k in range(sites.shape[1]):
            if costs[i, k] >= u[i]:
                break
            count += chosen[sites[i, k]]
        slope[i] = 1.0 - count
        norm += slope[i] * slope[i]
    return norm


@numba.njit(cache=True, nogil=True)
def value(sites: Any, costs: Any, chosen: Any) -> float:
    """Return the cost of serving each customer from its cheapest chosen site."""
    total = 0.0
    for i in range(sites.shape[0]):
        for k in range(sites.shape[1]):
            if chosen[sites[i, k]]:
                total += costs[i, k]
                break
    return total


@numba.njit(cache=True, nogil=True)
def relax(  # noqa: C901 - one loop, in one compiled function
    sites: Any, costs: Any, u: Any, state: Any, p: int, limits: Any, often: Any, best: Any
) -> tuple[float, float]:
    """Raise the bound by subgradient steps; return it with the cost of the best choice met.

    ``limits`` is (incumbent, least improvement, iterations, first step, patience). ``u`` ends at the best
    multipliers, ``state`` has sites fixed by reduced cost, ``often`` how often each was chosen lately, ``best`` the
    best choice. The bound is infinite when the sites left cannot make up ``p``.
    """
    n, m = sites.shape[0], state.size
    incumbent, least, iterations, theta, patience = limits[0], limits[1], int(limits[2]), limits[3], int(limits[4])
    rho, slope, old = np.zeros(m), np.zeros(n), np.zeros(n)
    chosen, kept = np.zeros(m, np.int8), u.copy()
    bound, found, idle = -np.inf, np.inf, 0
    for turn in range(iterations):
        prices(sites, costs, u, rho)
        total, inside, outside = choose(rho, state, p, chosen)
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
            fix(rho, state, chosen, level, incumbent - least, inside, outside)
        if idle == 0 or turn % 10 == 0:
            cost = value(sites, costs, chosen)
            if cost < found:
                found = cost
                best[:] = chosen
        if idle >= patience:
            theta *= 0.5
            idle = 0
            u[:] = kept
            if theta < 1e-4:
                break
        norm = slopes(sites, costs, u, chosen, slope)
        if norm == 0.0:
            break
        for j in range(m):
            often[j] += 0.05 * (chosen[j] - often[j])
        step_length(u, slope, old, theta * (1.02 * incumbent - 0.02 * bound - level))
    u[:] = kept
    return bound, found


@numba.njit(cache=True, nogil=True)
def swaps(by_site: Any, chosen: Any, locked: Any) -> float:
    """Swap a chosen site for another while that lowers the cost (Whitaker 1983); return the cost reached."""
    m, n = by_site.shape
    first, second = np.zeros(n), np.zeros(n)
    server = np.zeros(n, np.int64)
    loss = np.zeros(m)
    while True:
        total = _nearest_two(by_site, chosen, first, second, server)
        opened, movable = np.flatnonzero(chosen), np.flatnonzero((chosen == 1) & (locked == 0))
        best, leave, enter = -1e-9, -1, -1
        for j in range(m):
            if chosen[j] or locked[j] < 0:
                continue
            for r in opened:
                loss[r] = 0.0
            gain = 0.0
            for i in range(n):
                cost = by_site[j, i]
                if cost < first[i]:
                    gain += first[i] - cost
                else:
                    loss[server[i]] += min(cost, second[i]) - first[i]
            for r in movable:
                if loss[r] - gain < best:
                    best, leave, enter = loss[r] - gain, int(r), j
        if enter < 0:
            return total
        chosen[leave], chosen[enter] = 0, 1


@numba.njit(cache=True, nogil=True)
def _nearest_two(by_site: Any, chosen: Any, first: Any, second: Any, server: Any) -> float:
    first[:] = np.inf
    second[:] = np.inf
    for j in range(chosen.size):
        if not chosen[j]:
            continue
        for i in range(first.size):
            cost = by_site[j, i]
            if cost < first[i]:
                second[i] = first[i]
                first[i] = cost
                server[i] = j
            elif cost < second[i]:
                second[i] = cost
    return float(first.sum())


@numba.njit(cache=True, nogil=True)
def shaken(by_site: Any, chosen: Any, locked: Any, rounds: int, seed: int) -> float:
    """Shake a few sites at random and swap again, keeping what is better; return the best cost."""
    np.random.seed(seed)
    m = chosen.size
    best = swaps(by_site, chosen, locked)
    movable = np.flatnonzero((chosen == 1) & (locked == 0)).size
    if movable == 0:
        return best
    trial = chosen.copy()
    for turn in range(rounds):
        trial[:] = chosen
        for _ in range(min(movable, 1 + turn % 5)):
            leave = np.random.randint(m)
            while not trial[leave] or locked[leave] != 0:
                leave = np.random.randint(m)
            enter = np.random.randint(m)
            tries = 0
            while (trial[enter] or locked[enter] < 0) and tries < 1000:
                enter = np.random.randint(m)
                tries += 1
            if tries < 1000:
                trial[leave], trial[enter] = 0, 1
        cost = swaps(by_site, trial, locked)
        if cost < best - 1e-9:
            best = cost
            chosen[:] = trial
    return best
