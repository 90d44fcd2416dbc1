"""The compiled search that swaps sites in maximal covering; the cost is the weight left uncovered.

Sites list the groups they reach: ``groups[tails[j]:tails[j + 1]]``.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


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
