"""Quickest ways over a road graph, with kilometres and a time range carried along the same way (P12, P13).

Dijkstra's method with a heap, compiled; one search stops as soon as every destination asked for is reached, so
a neighbourhood of a large graph costs no more than itself.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

MINUTES, KM, QUICK, SLOW = range(4)
"""The columns of the weights of an arc: likely minutes (which decide), km, quickest and slowest minutes."""


class Graph:
    """Nodes 0 … n-1 and undirected links with four weights each, kept as arcs sorted by tail."""

    def __init__(self, size: int, ends: Any, weights: Any) -> None:
        ends, weights = np.asarray(ends, np.int64).reshape(-1, 2), np.asarray(weights, float).reshape(-1, 4)
        tails, heads = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
        both = np.vstack([weights, weights])
        order = np.lexsort((both[:, KM], both[:, MINUTES], heads, tails))
        tails, heads, both = tails[order], heads[order], both[order]
        first = np.ones(len(order), bool)  # of parallel links only the quickest can matter
        first[1:] = (np.diff(tails) != 0) | (np.diff(heads) != 0)
        keep = first & (tails != heads)
        self.size = size
        self.heads = heads[keep]
        self.weights = np.ascontiguousarray(both[keep])
        self.first = np.zeros(size + 1, np.int64)
        np.cumsum(np.bincount(tails[keep], minlength=size), out=self.first[1:])
        # Unsigned numbers index without a look at negative ones, which the compiler cannot rule out.
        self._plain = self.first.astype(np.uint32), self.heads.astype(np.uint32)

    def trees(self, sources: Any, targets: Any) -> Any:
        """Return the weights of the quickest ways, sources × targets × 4; infinite where there is none."""
        column = np.full(self.size, -1, np.int64)
        wanted, back = np.unique(np.asarray(targets, np.int64), return_inverse=True)
        column[wanted] = np.arange(len(wanted))
        start, again = np.unique(np.asarray(sources, np.int64), return_inverse=True)
        out = np.full((len(start), len(wanted), 4), np.inf)
        _search(*self._plain, self.weights, start.astype(np.uint32), column, out)
        return out if _plain(again) and _plain(back) else out[again][:, back]


def _plain(order: Any) -> bool:
    return bool((order == np.arange(len(order))).all())


@numba.njit(cache=True)
def _search(first: Any, heads: Any, weights: Any, sources: Any, column: Any, out: Any) -> None:
    size, wanted = len(first) - 1, out.shape[1]
    minutes, km = np.empty(size), np.empty(size)  # of the best way known so far
    sums = np.empty((size, 4))  # of the quickest way, once it is settled
    tail, last = np.empty(size, np.int64), np.empty(size, np.int64)
    stamp, settled = np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    keys, nodes = np.empty(len(heads) + 2), np.empty(len(heads) + 2, np.uint32)
    for turn in range(len(sources)):
        source, left, filled = sources[turn], wanted, 1
        minutes[source], km[source], stamp[source], last[source] = 0.0, 0.0, turn, -1
        keys[0], nodes[0] = 0.0, source
        while filled and left:
            node = nodes[0]
            filled -= 1
            _sink(keys, nodes, filled)
            if settled[node] == turn:
                continue
            settled[node] = turn
            arc = last[node]
            for k in range(4):
                sums[node, k] = 0.0 if arc < 0 else sums[tail[node], k] + weights[arc, k]
            if column[node] >= 0:
                out[turn, column[node]] = sums[node]
                left -= 1
            for arc in range(first[node], first[node + 1]):
                head = heads[arc]
                if settled[head] == turn:
                    continue
                longer, further = minutes[node] + weights[arc, 0], km[node] + weights[arc, 1]
                quicker = stamp[head] != turn or longer < minutes[head]
                # Of two ways that take as long the shorter is kept, so that an answer does not hang on the search.
                if quicker or (longer == minutes[head] and further < km[head]):
                    stamp[head], minutes[head], km[head] = turn, longer, further
                    tail[head], last[head] = node, arc
                    if quicker:
                        _rise(keys, nodes, filled, longer, head)
                        filled += 1


@numba.njit(cache=True)
def _rise(keys: Any, nodes: Any, at: int, key: float, node: int) -> None:
    while at > 0:
        above = (at - 1) >> 2
        if keys[above] <= key:
            break
        keys[at], nodes[at] = keys[above], nodes[above]
        at = above
    keys[at], nodes[at] = key, node


@numba.njit(cache=True)
def _sink(keys: Any, nodes: Any, filled: int) -> None:
    """Put the last entry in the place of the first, and let it sink; four below each, which keeps the heap flat."""
    key, node, at = keys[filled], nodes[filled], 0
    while True:
        below = 4 * at + 1
        if below >= filled:
            break
        least, smallest = below, keys[below]
        for other in range(below + 1, min(below + 4, filled)):
            if keys[other] < smallest:
                least, smallest = other, keys[other]
        if smallest >= key:
            break
        keys[at], nodes[at] = smallest, nodes[least]
        at = least
    keys[at], nodes[at] = key, node
