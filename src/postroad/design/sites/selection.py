"""Compiled steps that both Lagrangean bounds share: which sites to choose, which to fix, how far to step."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def choose(rho: Any, state: Any, p: int, chosen: Any) -> tuple[float, float, float]:
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
def fix(rho: Any, state: Any, chosen: Any, level: float, target: float, inside: float, outside: float) -> None:
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
def step_length(u: Any, slope: Any, old: Any, reach: float) -> None:
    """Step along the subgradient bent by the last direction (Camerini, Fratta and Maffioli 1975)."""
    norm = 0.0
    for i in range(u.size):
        old[i] = slope[i] + 0.3 * old[i]
        norm += old[i] * old[i]
    if norm > 0.0:
        scale = reach / norm
        for i in range(u.size):
            u[i] += scale * old[i]
