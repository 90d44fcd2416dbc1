"""Instances of siting: the OR-Library p-median files, and two families of maximal covering, drawn in chunks.

``cfl`` repeats the random stream of the generator of Cordeau, Furini and Ljubic (2019): glibc's ``rand``, points and
candidates uniform in [0, 30]^2, weights 1 to 100. ``clustered`` puts 70 % of the points into 40 Gaussian clusters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from scipy.sparse.csgraph import floyd_warshall
from scipy.spatial import cKDTree

CHUNK = 1 << 20


def pmed(path: Path) -> tuple[Any, int]:
    """Return the matrix of shortest paths and p; of an edge named twice the last line counts."""
    words = iter(path.read_text().split())
    n, edges, p = (int(next(words)) for _ in range(3))
    length = np.full((n, n), np.inf)
    for _ in range(edges):
        u, v, cost = int(next(words)) - 1, int(next(words)) - 1, float(next(words))
        length[u, v] = length[v, u] = cost
    return floyd_warshall(length, directed=False), p


@numba.njit(cache=True)
def _begin(seed: int) -> Any:
    """The state of glibc's rand (TYPE_3) after its warm-up: the last 31 words."""
    word = np.zeros(344, np.int64)
    word[0] = seed if seed else 1
    for i in range(1, 31):
        value = 16807 * (word[i - 1] % 127773) - 2836 * (word[i - 1] // 127773)
        word[i] = value + 2147483647 if value < 0 else value
    for i in range(31, 34):
        word[i] = word[i - 31]
    for i in range(34, 344):
        word[i] = (word[i - 31] + word[i - 3]) & 0xFFFFFFFF
    return word[313:].copy()


@numba.njit(cache=True)
def _draw(state: Any, out: Any) -> None:
    """Fill ``out`` with the next numbers; the state is a ring whose oldest word comes first."""
    at = 0
    for k in range(out.size):
        value = (state[at] + state[(at + 28) % 31]) & 0xFFFFFFFF
        state[at] = value
        out[k] = value >> 1
        at = (at + 1) % 31
    if at:
        state[:] = np.concatenate((state[at:], state[:at]))


def cfl(points: int, candidates: int, seed: int) -> tuple[Any, Iterator[tuple[Any, Any, Any]]]:
    """Return the candidates and chunks of x, y and weight: two streams, for coordinates come before weights."""
    place = _begin(seed)
    sites = np.empty(2 * candidates, np.int64)
    _draw(place, sites)
    weigh = place.copy()
    skipped = np.empty(CHUNK, np.int64)
    left = 2 * points + candidates
    while left:
        _draw(weigh, skipped[: min(left, CHUNK)])
        left -= min(left, CHUNK)
    return (sites / 2147483647.0 * 30).reshape(candidates, 2), _cfl_chunks(points, place, weigh)


def _cfl_chunks(points: int, place: Any, weigh: Any) -> Iterator[tuple[Any, Any, Any]]:
    for begin in range(0, points, CHUNK):
        count = min(CHUNK, points - begin)
        raw, weight = np.empty(2 * count, np.int64), np.empty(count, np.int64)
        _draw(place, raw)
        _draw(weigh, weight)
        where = raw / 2147483647.0 * 30
        yield where[0::2].copy(), where[1::2].copy(), weight % 100 + 1


def _spread(rng: np.random.Generator, n: int, centres: Any) -> Any:
    near = round(0.7 * n)
    inside = centres[rng.integers(0, len(centres), near)] + rng.normal(0, 0.03, (near, 2))
    every = np.clip(np.vstack([inside, rng.random((n - near, 2))]), 0, 1)
    return every[rng.permutation(n)]


def clustered(points: int, candidates: int, seed: int, radius: float) -> tuple[Any, Any, float]:
    """Return candidates, chunks and the radius; 0 asks for the one at which a candidate reaches 1 % on average."""
    rng = np.random.default_rng(seed)
    centres = rng.random((40, 2))
    sites, where = _spread(rng, candidates, centres), _spread(rng, points, centres)
    weight = rng.integers(1, 101, points)
    if not radius:
        sample = where[:20000]
        tree, low, high = cKDTree(sample), 0.0, 0.5
        for _ in range(40):
            radius = (low + high) / 2
            share = np.mean(tree.query_ball_point(sites, radius, return_length=True)) / len(sample)
            low, high = (radius, high) if share < 0.01 else (low, radius)
        radius = round(high, 6)
    chunks = (
        (where[k : k + CHUNK, 0].copy(), where[k : k + CHUNK, 1].copy(), weight[k : k + CHUNK])
        for k in range(0, points, CHUNK)
    )
    return sites, chunks, radius
