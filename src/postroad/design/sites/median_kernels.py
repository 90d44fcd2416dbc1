"""The compiled search that swaps sites in the p-median, over a matrix of costs with one row for each site."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


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
