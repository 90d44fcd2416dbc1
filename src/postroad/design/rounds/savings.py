"""A first set of routes: savings (Clarke and Wright 1964) over near neighbours only, in memory of order n times k."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.rounds.plane import Plane


def build(plane: Plane, near: NDArray[np.int32], far: NDArray[np.int32], home: NDArray[np.int32]) -> list[list[int]]:
    """Return routes from merging the pairs of neighbours that save most; ``far`` and ``home`` are distances."""
    n, k = near.shape
    first = np.repeat(np.arange(n, dtype=np.int32), k)
    second = near.ravel()
    saved = home[first] + home[second] - far.ravel()
    keep = (saved > 0) & (first < second)
    order = np.argsort(-saved[keep], kind="stable")
    mate = np.full((n, 2), -1, np.int32)
    _merge(first[keep][order], second[keep][order], plane.demand, plane.capacity, mate)
    return _walk(mate)


@njit(cache=True)
def _merge(first, second, demand, capacity, mate):  # type: ignore[no-untyped-def]
    n = demand.size
    group = np.arange(n)
    load = demand.copy()
    for s in range(first.size):
        i, j = first[s], second[s]
        if mate[i, 1] >= 0 or mate[j, 1] >= 0:
            continue
        a = i
        while group[a] != a:
            group[a] = group[group[a]]
            a = group[a]
        b = j
        while group[b] != b:
            group[b] = group[group[b]]
            b = group[b]
        if a == b or load[a] + load[b] > capacity:
            continue
        group[b] = a
        load[a] += load[b]
        mate[i, 0 if mate[i, 0] < 0 else 1] = j
        mate[j, 0 if mate[j, 0] < 0 else 1] = i


def _walk(mate: NDArray[np.int32]) -> list[list[int]]:
    seen = np.zeros(len(mate), bool)
    routes = []
    for start in np.flatnonzero(mate[:, 1] < 0):
        if seen[start]:
            continue
        route, before, here = [], -1, int(start)
        while here >= 0:
            seen[here] = True
            route.append(here)
            a, b = int(mate[here, 0]), int(mate[here, 1])
            before, here = here, (a if a != before else b)
        routes.append(route)
    return routes
