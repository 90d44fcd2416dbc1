"""Compiled kernels of maximal covering: the Lagrangean bound over demand groups, and the search that swaps sites.

The cost is the weight left uncovered. Groups list the sites that reach them (``heads``, ``sites``) and sites list the
groups they reach (``tails``, ``groups``). A group's multiplier lies between 0 and its weight.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from postroad.design.sites.selection import choose, fix


@numba.njit(cache=True, nogil=True)
def uncovered(heads: Any, sites: Any, weights: Any, chosen: Any) -> float:
    """Return the weight that no chosen site reaches."""
    total = 0.0
    for g in range(weights.size):
        reached = False
        for k in range(heads[g], heads[g + 1]):
            if chosen[sites[k]]:
                reached = True
                break
        if not reached:
            total += weights[g]
    return total


@numba.njit(cache=True, nogil=True)
def _prices(heads: Any, sites: Any, u: Any, rho: Any) -> None:
    rho[:] = 0.0
    for g in range(u.size):
        level = u[g]
        if level > 0.0:
            for k in range(heads[g], heads[g + 1]):
                rho[sites[k]] -= level


@numba.njit(cache=True, nogil=True)
def _slopes(heads: Any, sites: Any, weights: Any, u: Any, chosen: Any, slope: Any) -> float:
    """Fill the subgradient, nought where it would leave the multipliers' range; return the weight not reached."""
    left = 0.0
    for g in range(u.size):
        count = 0
        for k in range(heads[g], heads[g + 1]):
            count += chosen[sites[k]]
        if count == 0:
            left += weights[g]
        pull = 1.0 - count
        if (pull > 0.0 and u[g] >= weights[g]) or (pull < 0.0 and u[g] <= 0.0):
            pull = 0.0
        slope[g] = pull
    return left


@numba.njit(cache=True, nogil=True)
def _step(u: Any, weights: Any, slope: Any, old: Any, reach: float) -> bool:
    """Step along the bent subgradient, kept within the range of the multipliers; false when there is none."""
    norm = 0.0
    for g in range(u.size):
        old[g] = slope[g] + 0.3 * old[g]
        norm += old[g] * old[g]
    if norm == 0.0:
        return False
    scale = reach / norm
    for g in range(u.size):
        u[g] = min(weights[g], max(0.0, u[g] + scale * old[g]))
    return True


@numba.njit(cache=True, nogil=True)
def relax(
    heads: Any, sites: Any, weights: Any, u: Any, state: Any, p: int, limits: Any, often: Any, best: Any
) -> tuple[float, float]:
    """Raise the bound by subgradient steps; return it with the uncovered weight of the best choice met.

    The arguments are those of the p-median's bound.
    """
    m = state.size
    incumbent, least, iterations, theta, patience = limits[0], limits[1], int(limits[2]), limits[3], int(limits[4])
    rho, slope, old = np.zeros(m), np.zeros(u.size), np.zeros(u.size)
    chosen, kept = np.zeros(m, np.int8), u.copy()
    bound, found, idle = -np.inf, np.inf, 0
    for turn in range(iterations):
        _prices(heads, sites, u, rho)
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
        if idle >= patience:
            theta *= 0.5
            idle = 0
            u[:] = kept
            if theta < 1e-4:
                break
        left = _slopes(heads, sites, weights, u, chosen, slope)
        if left < found:
            found = left
            best[:] = chosen
        for j in range(m):
            often[j] += 0.05 * (chosen[j] - often[j])
        if not _step(u, weights, slope, old, theta * (1.02 * incumbent - 0.02 * bound - level)):
            break
    u[:] = kept
    return bound, found


@numba.njit(cache=True, nogil=True)
def _move(tails: Any, groups: Any, count: Any, owner: Any, j: int, way: int) -> None:
    """Count site ``j`` in (way 1) or out (way -1); ``owner`` is the sum of the sites that reach a group."""
    for k in range(tails[j], tails[j + 1]):
        g = groups[k]
        count[g] += way
        owner[g] += way * j


@numba.njit(cache=True, nogil=True)
def _polish(  # noqa: C901 - one loop, in one compiled function
    tails: Any, groups: Any, weights: Any, chosen: Any, locked: Any, count: Any, owner: Any
) -> None:
    """Make the best swap of a chosen site for another while that reaches more weight."""
    m = chosen.size
    loss, shared = np.zeros(m), np.zeros(m)
    while True:
        loss[:] = 0.0
        for g in range(weights.size):
            if count[g] == 1:
                loss[owner[g]] += weights[g]
        movable = np.flatnonzero((chosen == 1) & (locked == 0))
        best, leave, enter = 1e-9, -1, -1
        for j in range(m):
            if chosen[j] or locked[j] < 0:
                continue
            for r in movable:
                shared[r] = 0.0
            gain = 0.0
            for k in range(tails[j], tails[j + 1]):
                g = groups[k]
                if count[g] == 0:
                    gain += weights[g]
                elif count[g] == 1:
                    shared[owner[g]] += weights[g]
            for r in movable:
                if gain - loss[r] + shared[r] > best:
                    best, leave, enter = gain - loss[r] + shared[r], int(r), j
        if enter < 0:
            return
        _move(tails, groups, count, owner, leave, -1)
        _move(tails, groups, count, owner, enter, 1)
        chosen[leave], chosen[enter] = 0, 1


@numba.njit(cache=True, nogil=True)
def _left(weights: Any, count: Any) -> float:
    total = 0.0
    for g in range(weights.size):
        if count[g] == 0:
            total += weights[g]
    return total


@numba.njit(cache=True, nogil=True)
def shaken(tails: Any, groups: Any, weights: Any, chosen: Any, locked: Any, rounds: int, seed: int) -> float:
    """Swap until nothing helps, then shake a few sites and swap again, keeping what is better; return the cost."""
    np.random.seed(seed)
    m = chosen.size
    count, owner = np.zeros(weights.size, np.int64), np.zeros(weights.size, np.int64)
    for j in range(m):
        if chosen[j]:
            _move(tails, groups, count, owner, j, 1)
    _polish(tails, groups, weights, chosen, locked, count, owner)
    best = _left(weights, count)
    movable = np.flatnonzero((chosen == 1) & (locked == 0)).size
    others = np.flatnonzero((chosen == 0) & (locked == 0)).size
    if movable == 0 or others == 0:
        return best
    trial = chosen.copy()
    for turn in range(rounds):
        for _ in range(min(movable, others, 1 + turn % 4)):
            leave, enter = np.random.randint(m), np.random.randint(m)
            while not trial[leave] or locked[leave] != 0:
                leave = np.random.randint(m)
            while trial[enter] or locked[enter] != 0:
                enter = np.random.randint(m)
            _move(tails, groups, count, owner, leave, -1)
            _move(tails, groups, count, owner, enter, 1)
            trial[leave], trial[enter] = 0, 1
        _polish(tails, groups, weights, trial, locked, count, owner)
        cost = _left(weights, count)
        if cost < best - 1e-9:
            best = cost
            chosen[:] = trial
        elif cost > best + 1e-9:
            for j in range(m):
                if trial[j] != chosen[j]:
                    _move(tails, groups, count, owner, j, 1 if chosen[j] else -1)
            trial[:] = chosen
    return best
