# mypy: disable-error-code="no-untyped-def,assignment"
"""What linking of places to open hubs and a latest arrival rule out, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def labels(ok):
    """Hubs still open to each place, as rows of a table with their number."""
    n, h = ok.shape
    lab, many = np.zeros((n, h), np.int64), np.zeros(n, np.int64)
    for i in range(n):
        for k in range(h):
            if ok[i, k]:
                lab[i, many[i]] = k
                many[i] += 1
    return lab, many


@njit(cache=True)
def settle(s, ok):
    """Rule out what linking and time rule out; False when some place is left with nothing."""
    while True:
        before = ok.sum()
        if not _link(s, ok):
            return False
        if s.reach.size:
            for i in range(ok.shape[0]):
                for k in range(ok.shape[1]):
                    if ok[i, k] and not _timely(s, ok, i, k):
                        ok[i, k] = False
        if ok.sum() == before:
            return True


@njit(cache=True)
def _link(s, ok):
    """A hub that is closed serves nobody; the only hub of some place is open. False when a place has none left."""
    n, h = ok.shape
    for i in range(n):
        only, count = -1, 0
        for k in range(h):
            if ok[i, k] and not ok[s.hub[k], k]:
                ok[i, k] = False
            if ok[i, k]:
                only = k
                count += 1
        if count == 0:
            return False
        if count == 1:
            place = s.hub[only]
            for m in range(h):
                ok[place, m] = ok[place, m] and m == only
    return True


@njit(cache=True)
def _timely(s, ok, i, k):
    if 2 * s.reach[i, k] + s.leg[k, k] > s.within:
        return False
    h = ok.shape[1]
    for j in range(ok.shape[0]):
        fits = j == i
        for m in range(h):
            if fits:
                break
            fits = ok[j, m] and s.reach[i, k] + s.leg[k, m] + s.reach[j, m] <= s.within
        if not fits:
            return False
    return True
