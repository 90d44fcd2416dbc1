"""Compiled steps before the first event: readiness, and the order in which parcels wait where they start."""

from __future__ import annotations

import numpy as np
from numba import njit

from postroad.simulate.day.arrays import DONE, HOME, JOINED, LEAF, NEXT, OUT, WHERE
from postroad.simulate.day.engine import gamma


@njit(cache=True, nogil=True)
def ready_outside(accepted, outside, number, inside, mean, key):  # type: ignore[no-untyped-def]
    """Return when parcels are ready: a fixed time after acceptance inside, by their own luck outside."""
    ready = np.empty(accepted.size, np.int64)
    for p in range(accepted.size):
        ready[p] = accepted[p] + (gamma(key, number[p], mean) if outside[p] else inside)
    return ready


@njit(cache=True, nogil=True)
def queue_up(queue, ready, queues):  # type: ignore[no-untyped-def]
    """Order parcels by queue, then readiness, then number: a counting sort by queue, a merge sort where needed."""
    first = np.zeros(queues + 1, np.int64)
    for p in range(queue.size):
        first[queue[p] + 1] += 1
    for q in range(queues):
        first[q + 1] += first[q]
    order = np.empty(queue.size, np.int32)
    at = first.copy()
    for p in range(queue.size):
        order[at[queue[p]]] = p
        at[queue[p]] += 1
    for q in range(queues):
        a, b = first[q], first[q + 1]
        sorted_already = True
        for k in range(a + 1, b):
            if ready[order[k]] < ready[order[k - 1]]:
                sorted_already = False
                break
        if not sorted_already:
            part = order[a:b].copy()
            by = np.argsort(ready[part], kind="mergesort")
            for k in range(b - a):
                order[a + k] = part[by[k]]
    return first, order


@njit(cache=True, nogil=True)
def fill(state, origin, destination, ready):  # type: ignore[no-untyped-def]
    """Set every parcel's state at the start: at its outlet, ready from then on."""
    for p in range(origin.size):
        row = state[p]
        row[NEXT], row[LEAF], row[JOINED] = -1, destination[p], ready[p]
        row[WHERE], row[DONE], row[OUT], row[HOME] = origin[p], -1, -1, origin[p]
