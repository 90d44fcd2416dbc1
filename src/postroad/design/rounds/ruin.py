"""The compiled heart: remove strings of neighbouring stops, put them back greedily with blinks, accept by annealing.

Slack induction by string removals (Christiaens and Vanden Berghe 2020), with three changes for size: only positions
beside near neighbours are tried, so that a move costs the same at 300 stops and at 30,000; a refused move is undone
from a log instead of copying routes; and each call moves only the stops it owns, so that two threads work on one
solution without ever reading what the other writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRING = 10
"""Longest string that is removed."""
MOST = 512
"""More stops than any step removes."""
BLINK = float(np.log(0.99))
"""One position in a hundred is overlooked."""
_S7, _S11, _S13, _S17 = (np.uint64(bits) for bits in (7, 11, 13, 17))
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Rings(NamedTuple):
    """Routes as rings: stop ``c`` has ``next`` and ``prev``; node ``n + r`` is the depot in route ``r``.

    ``near`` and ``far`` are each stop's neighbours and their distances, ``home`` its distance from the depot, ``of``
    its route (-1 while removed), ``ahead`` a node's distance to its next, ``owner`` the part that may move a stop.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    demand: NDArray[np.int64]
    near: NDArray[np.int32]
    far: NDArray[np.int32]
    home: NDArray[np.int32]
    next: NDArray[np.int32]
    prev: NDArray[np.int32]
    of: NDArray[np.int32]
    load: NDArray[np.int64]
    size: NDArray[np.int32]
    ahead: NDArray[np.int32]
    owner: NDArray[np.int32]


class Task(NamedTuple):
    """What one call does: the stops it owns, routes it may open, steps, temperatures, removal size, random state."""

    part: int
    mine: NDArray[np.int64]
    spare: NDArray[np.int64]
    steps: int
    hot: float
    cold: float
    removed_mean: float
    state: NDArray[np.uint64]


class _Log(NamedTuple):
    """Stops taken out, in order, with the node each stood after; and the order in which they go back."""

    node: NDArray[np.int64]
    after: NDArray[np.int64]
    back: NDArray[np.int64]
    key: NDArray[np.float64]


@njit(cache=True, inline="always")
def _random(state):  # type: ignore[no-untyped-def]
    """Draw a uniform number in [0, 1): xorshift over one word of state."""
    z = state[0]
    z ^= z << _S13
    z ^= z >> _S7
    z ^= z << _S17
    state[0] = z
    return np.float64((z * _GOLDEN) >> _S11) * 2.0**-53


@njit(cache=True, inline="always")
def _apart(g, a, b):  # type: ignore[no-untyped-def]
    dx, dy = g.x[a] - g.x[b], g.y[a] - g.y[b]
    return int(np.sqrt(dx * dx + dy * dy) + 0.5)


@njit(cache=True, inline="always")
def _take(g, c):  # type: ignore[no-untyped-def]
    """Take a stop out of its route; return how much shorter the route is."""
    p, q, r = g.prev[c], g.next[c], g.of[c]
    joined = _apart(g, p, q)
    gain = g.ahead[p] + g.ahead[c] - joined
    g.next[p], g.prev[q], g.ahead[p] = q, p, joined
    g.of[c] = -1
    g.load[r] -= g.demand[c]
    g.size[r] -= 1
    return gain


@njit(cache=True, inline="always")
def _put(g, c, p):  # type: ignore[no-untyped-def]
    """Put a stop after a node; return how much longer the route is."""
    q, r = g.next[p], g.of[p]
    to, on = _apart(g, p, c), _apart(g, c, q)
    cost = to + on - g.ahead[p]
    g.next[p], g.prev[c], g.next[c], g.prev[q] = c, p, q, c
    g.ahead[p], g.ahead[c] = to, on
    g.of[c] = r
    g.load[r] += g.demand[c]
    g.size[r] += 1
    return cost


@njit(cache=True, inline="always")
def _string(g, c, length, kept, state):  # type: ignore[no-untyped-def]
    """Return the first stop of a random string of so many stops, kept ones included, that holds ``c``."""
    n = g.demand.size
    whole = length + kept
    back, p = 0, g.prev[c]
    while back < whole - 1 and p < n:
        back += 1
        p = g.prev[p]
    fore, p = 0, g.next[c]
    while fore < whole - 1 and p < n:
        fore += 1
        p = g.next[p]
    low, high = max(0, whole - 1 - fore), min(back, whole - 1)
    first = c
    for _ in range(low + int(_random(state) * (high - low + 1))):
        first = g.prev[first]
    return first


@njit(cache=True)
def _remove(g, seed, part, strings, longest, log, hit, state):  # type: ignore[no-untyped-def]
    """Remove strings from routes near a seed; return how many stops went and how much shorter the routes are."""
    count, hits, gain = 0, 0, 0
    for a in range(-1, g.near.shape[1]):
        c = seed if a < 0 else g.near[seed, a]
        if g.owner[c] != part or g.of[c] < 0:
            continue
        r = g.of[c]
        fresh = True
        for h in range(hits):
            fresh = fresh and hit[h] != r
        if not fresh:
            continue
        hit[hits] = r
        hits += 1
        length = int(_random(state) * min(float(g.size[r]), longest) + 1.0)
        kept = 0
        if 1 < length < g.size[r] and _random(state) < 0.5:
            kept = 1
            while length + kept < g.size[r] and _random(state) < 0.01:
                kept += 1
        p = _string(g, c, length, kept, state)
        skip = 1 + int(_random(state) * (length - 1)) if kept else length
        for i in range(length + kept):
            q = g.next[p]
            if i < skip or i >= skip + kept:
                log.node[count], log.after[count], log.back[count] = p, g.prev[p], p
                gain += _take(g, p)
                count += 1
            p = q
        if hits >= strings:
            break
    return count, gain


@njit(cache=True)
def _order(g, count, log, state):  # type: ignore[no-untyped-def]
    """Sort the removed stops at random, by load, by distance from the depot, or the other way."""
    way = _random(state) * 11.0
    for i in range(count):
        c = log.back[i]
        if way < 4.0:
            log.key[i] = _random(state)
        elif way < 8.0:
            log.key[i] = -g.demand[c] + 0.5 * _random(state)
        elif way < 10.0:
            log.key[i] = -g.home[c]
        else:
            log.key[i] = g.home[c]
    for i in range(1, count):
        value, c = log.key[i], log.back[i]
        j = i - 1
        while j >= 0 and log.key[j] > value:
            log.key[j + 1], log.back[j + 1] = log.key[j], log.back[j]
            j -= 1
        log.key[j + 1], log.back[j + 1] = value, c


@njit(cache=True)
def _place(g, c, part, room, blink, state):  # type: ignore[no-untyped-def]
    """Return the best node beside a neighbour to put a stop after, or -1 for a route of its own."""
    best, at = 2 * g.home[c], -1
    for a in range(g.near.shape[1]):
        j = g.near[c, a]
        if g.owner[j] != part:
            continue
        r = g.of[j]
        if r < 0 or g.load[r] > room:
            continue
        d = g.far[c, a]
        if 2 * (d - g.ahead[j]) < best:  # by the triangle inequality no worse than this
            if blink > 0:
                blink -= 1
                extra = d + _apart(g, c, g.next[j]) - g.ahead[j]
                if extra < best:
                    best, at = extra, j
            else:
                blink = int(np.log(1.0 - _random(state)) / BLINK)
        p = g.prev[j]
        if 2 * (d - g.ahead[p]) < best:
            if blink > 0:
                blink -= 1
                extra = d + _apart(g, c, p) - g.ahead[p]
                if extra < best:
                    best, at = extra, p
            else:
                blink = int(np.log(1.0 - _random(state)) / BLINK)
    return at, blink


@njit(cache=True, nogil=True)
def anneal(g, task, capacity):  # type: ignore[no-untyped-def]
    """Run the steps of a task over its own stops; return the change in length."""
    n, state = g.demand.size, task.state
    log = _Log(np.empty(MOST, np.int64), np.empty(MOST, np.int64), np.empty(MOST, np.int64), np.empty(MOST))
    hit = np.empty(MOST, np.int64)
    cooling = (task.cold / task.hot) ** (1.0 / max(1, task.steps))
    heat = task.hot
    firsts = 0
    for c in task.mine:
        firsts += g.prev[c] >= n
    longest = min(float(STRING), max(1.0, task.mine.size / max(1, firsts)))
    strings_most = max(1.0, 4.0 * task.removed_mean / (1.0 + longest) - 1.0)
    blink = int(np.log(1.0 - _random(state)) / BLINK)
    change, hint = 0, 0
    for _ in range(task.steps):
        heat *= cooling
        strings = int(_random(state) * strings_most + 1.0)
        seed = task.mine[int(_random(state) * task.mine.size)]
        count, gain = _remove(g, seed, task.part, strings, longest, log, hit, state)
        _order(g, count, log, state)
        delta = -gain
        for i in range(count):
            c = log.back[i]
            at, blink = _place(g, c, task.part, capacity - g.demand[c], blink, state)
            if at < 0:
                while g.size[task.spare[hint]] > 0:
                    hint = hint + 1 if hint + 1 < task.spare.size else 0
                at = n + task.spare[hint]
            delta += _put(g, c, at)
        if delta <= 0 or delta < -heat * np.log(1.0 - _random(state)):
            change += delta
        else:
            for i in range(count - 1, -1, -1):
                _take(g, log.back[i])
            for i in range(count - 1, -1, -1):
                _put(g, log.node[i], log.after[i])
    return change
