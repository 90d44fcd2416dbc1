"""Merge demand points that the same candidates reach: the points may be 20 million, the groups are some thousands.

A grid over the plane knows for each cell which candidates reach all of it and which reach part of it, so a point only
measures the few that are doubtful. Sets of candidates are told apart by 128 bits of random keys, combined by
exclusive or (Zobrist 1970): for a million groups the chance of mistaking one for another is below 1e-26.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Chunk = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[Any]"]


@dataclass(frozen=True)
class Groups:
    """Demand merged by reach: ``sites[heads[g]:heads[g + 1]]`` reach group ``g``, whose points weigh ``weights[g]``.

    ``total`` also counts points that no candidate reaches, which stand in no group.
    """

    heads: NDArray[np.int64]
    sites: NDArray[np.int32]
    weights: NDArray[np.float64]
    total: float
    width: int
    points: int = 0

    @property
    def count(self) -> int:
        """How many groups there are."""
        return self.weights.size

    def by_site(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the groups that each site reaches, in the same two arrays."""
        groups = np.repeat(np.arange(self.count, dtype=np.int32), np.diff(self.heads))
        order = np.argsort(self.sites, kind="stable")
        tails = np.zeros(self.width + 1, np.int64)
        np.cumsum(np.bincount(self.sites, minlength=self.width), out=tails[1:])
        return tails, groups[order]


def merge_points(chunks: Iterable[Chunk], candidates: NDArray[np.float64], radius: float) -> Groups:
    """Return the groups of points given as chunks of x, y and weight, reached within ``radius`` in a straight line."""
    grid = _Grid.over(candidates, radius)
    shelf = _Shelf(len(candidates))
    for x, y, weight in chunks:
        begin = 0
        while begin < x.size:
            begin = shelf.add(x, y, weight, begin, grid)
    return shelf.groups()


def merge_lists(
    heads: NDArray[np.int64], sites: NDArray[np.int32], weights: NDArray[Any], width: int
) -> tuple[Groups, NDArray[np.int64]]:
    """Return the groups of points given by the candidates that reach each (none empty), and each point's group."""
    keys = _keys(width)[sites]
    own = np.bitwise_xor.reduceat(keys, heads[:-1], axis=0) if sites.size else np.empty((0, 2), np.uint64)
    pair = np.ascontiguousarray(own).view([("a", np.uint64), ("b", np.uint64)]).ravel()
    _, first, back = np.unique(pair, return_index=True, return_inverse=True)
    sizes = np.diff(heads)[first]
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    entry = np.arange(ends[-1]) + np.repeat(heads[first] - ends[:-1], sizes)
    weight = np.bincount(back, weights=np.asarray(weights, np.float64), minlength=first.size).astype(np.float64)
    members = sites[entry].astype(np.int32)
    return Groups(ends, members, weight, float(np.sum(weights)), width, heads.size - 1), back


def _keys(width: int) -> NDArray[np.uint64]:
    return np.random.Generator(np.random.Philox(0x5173)).integers(1, 2**64 - 1, (width, 2), np.uint64, endpoint=True)


@dataclass(frozen=True)
class _Grid:
    """Cells over the candidates' reach, each with the keys of those that reach all of it and a list of the others."""

    corner: NDArray[np.float64]
    side: float
    shape: NDArray[np.int64]
    sure_key: NDArray[np.uint64]
    heads: NDArray[np.int64]
    doubtful: NDArray[np.int32]
    sure_heads: NDArray[np.int64]
    sure: NDArray[np.int32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    keys: NDArray[np.uint64]
    square: float

    @classmethod
    def over(cls, candidates: NDArray[np.float64], radius: float) -> _Grid:
        x, y = (np.ascontiguousarray(candidates[:, k], dtype=np.float64) for k in range(2))
        corner = np.array([x.min() - radius, y.min() - radius])
        span = np.array([x.max() + radius, y.max() + radius]) - corner
        side = max(radius / 24.0, float(span.max()) / 2048.0, 1e-12)
        shape = np.ceil(span / side).astype(np.int64) + 1
        keys = _keys(x.size)
        sizes = _cell_sizes(corner, side, shape, x, y, radius)
        heads, sure_heads = (np.concatenate([[0], np.cumsum(size)]).astype(np.int64) for size in sizes)
        filled = _cell_lists(corner, side, shape, x, y, radius, heads, sure_heads, keys)
        doubtful, sure, sure_key = filled
        return cls(corner, side, shape, sure_key, heads, doubtful, sure_heads, sure, x, y, keys, radius * radius)


class _Shelf:
    """A table of the sets met so far; it grows by doubling, so a chunk may have to be taken up again."""

    def __init__(self, width: int) -> None:
        self.width, self.points, self.total = width, 0, 0.0
        self.key = np.zeros((1 << 12, 2), np.uint64)
        self.weight = np.zeros(1 << 12)
        self.begin = np.zeros(1 << 12, np.int64)
        self.size = np.zeros(1 << 12, np.int32)
        self.members = np.zeros(1 << 15, np.int32)
        self.used = np.zeros(2, np.int64)  # sets, members

    def add(self, x: Any, y: Any, weight: Any, begin: int, grid: _Grid) -> int:
        table = (self.key, self.weight, self.begin, self.size, self.members, self.used)
        frame = (grid.corner, grid.side, grid.shape, grid.square)
        cells = (grid.sure_key, grid.heads, grid.doubtful, grid.sure_heads, grid.sure)
        end, total = _add(x, y, weight, begin, frame, cells, (grid.x, grid.y, grid.keys), table)
        self.points, self.total = self.points + end - begin, self.total + total
        if end < x.size:
            self._grow()
        return int(end)

    def _grow(self) -> None:
        if self.used[1] + self.width > self.members.size:
            self.members = np.concatenate([self.members, np.zeros(self.members.size + self.width, np.int32)])
        if 2 * self.used[0] >= self.size.size:
            old = (self.key, self.weight, self.begin, self.size)
            room = 2 * self.size.size
            self.key, self.weight = np.zeros((room, 2), np.uint64), np.zeros(room)
            self.begin, self.size = np.zeros(room, np.int64), np.zeros(room, np.int32)
            _rehash(*old, self.key, self.weight, self.begin, self.size)

    def groups(self) -> Groups:
        place = np.flatnonzero(self.size)
        place = place[np.argsort(self.begin[place], kind="stable")]  # in the order they were met
        heads = np.concatenate([[0], np.cumsum(self.size[place])]).astype(np.int64)
        members = self.members[: self.used[1]].copy()
        return Groups(heads, members, self.weight[place], self.total, self.width, self.points)


@numba.njit(cache=True)
def _span(low: float, high: float, corner: float, side: float, cells: int) -> tuple[int, int]:
    first = max(0, int(np.floor((low - corner) / side)) - 1)
    return first, min(cells - 1, int(np.floor((high - corner) / side)) + 1)


@numba.njit(cache=True)
def _touch(corner: Any, side: float, a: int, b: int, x: float, y: float, square: float) -> int:
    """2 when a site reaches the whole cell, 1 when it may reach part of it; a hair is left for rounding."""
    left, low = corner[0] + a * side, corner[1] + b * side
    near_x, near_y = max(left - x, 0.0, x - left - side), max(low - y, 0.0, y - low - side)
    if near_x * near_x + near_y * near_y > square * (1.0 + 1e-9):
        return 0
    far_x, far_y = max(abs(left - x), abs(left + side - x)), max(abs(low - y), abs(low + side - y))
    return 2 if (far_x * far_x + far_y * far_y) * (1.0 + 1e-9) < square * (1.0 - 1e-9) else 1


@numba.njit(cache=True)
def _cell_sizes(corner: Any, side: float, shape: Any, x: Any, y: Any, radius: float) -> tuple[Any, Any]:
    doubtful = np.zeros(shape[0] * shape[1], np.int64)
    sure = np.zeros(shape[0] * shape[1], np.int64)
    for j in range(x.size):
        a0, a1 = _span(x[j] - radius, x[j] + radius, corner[0], side, shape[0])
        b0, b1 = _span(y[j] - radius, y[j] + radius, corner[1], side, shape[1])
        for a in range(a0, a1 + 1):
            for b in range(b0, b1 + 1):
                kind = _touch(corner, side, a, b, x[j], y[j], radius * radius)
                if kind == 1:
                    doubtful[a * shape[1] + b] += 1
                elif kind == 2:
                    sure[a * shape[1] + b] += 1
    return doubtful, sure


@numba.njit(cache=True)
def _cell_lists(
    corner: Any, side: float, shape: Any, x: Any, y: Any, radius: float, heads: Any, sure_heads: Any, keys: Any
) -> tuple[Any, Any, Any]:
    doubtful, sure = np.zeros(heads[-1], np.int32), np.zeros(sure_heads[-1], np.int32)
    sure_key = np.zeros((shape[0] * shape[1], 2), np.uint64)
    at, sure_at = heads[:-1].copy(), sure_heads[:-1].copy()
    for j in range(x.size):
        a0, a1 = _span(x[j] - radius, x[j] + radius, corner[0], side, shape[0])
        b0, b1 = _span(y[j] - radius, y[j] + radius, corner[1], side, shape[1])
        for a in range(a0, a1 + 1):
            for b in range(b0, b1 + 1):
                cell = a * shape[1] + b
                kind = _touch(corner, side, a, b, x[j], y[j], radius * radius)
                if kind == 1:
                    doubtful[at[cell]] = j
                    at[cell] += 1
                elif kind == 2:
                    sure[sure_at[cell]] = j
                    sure_at[cell] += 1
                    sure_key[cell, 0] ^= keys[j, 0]
                    sure_key[cell, 1] ^= keys[j, 1]
    return doubtful, sure, sure_key


@numba.njit(cache=True)
def _add(x: Any, y: Any, weight: Any, begin: int, frame: Any, cells: Any, sites: Any, table: Any) -> tuple[int, float]:
    """Put points into the table from ``begin`` on; return where it stopped (full) and the weight taken."""
    corner, side, shape, square = frame
    sure_key, heads, doubtful, sure_heads, sure = cells
    site_x, site_y, keys = sites
    key, held, starts, sizes, members, used = table
    reached = np.zeros(site_x.size, np.int32)
    mask, total = np.uint64(sizes.size - 1), 0.0
    for i in range(begin, x.size):
        a, b = int(np.floor((x[i] - corner[0]) / side)), int(np.floor((y[i] - corner[1]) / side))
        if a < 0 or b < 0 or a >= shape[0] or b >= shape[1]:
            total += weight[i]
            continue
        cell = a * shape[1] + b
        first, second, count = sure_key[cell, 0], sure_key[cell, 1], 0
        for k in range(heads[cell], heads[cell + 1]):
            j = doubtful[k]
            dx, dy = x[i] - site_x[j], y[i] - site_y[j]
            if dx * dx + dy * dy <= square:
                first ^= keys[j, 0]
                second ^= keys[j, 1]
                reached[count] = j
                count += 1
        whole = count + sure_heads[cell + 1] - sure_heads[cell]
        if whole == 0:
            total += weight[i]
            continue
        slot = first & mask
        while sizes[slot] and (key[slot, 0] != first or key[slot, 1] != second):
            slot = (slot + np.uint64(1)) & mask
        if sizes[slot] == 0:
            if 2 * used[0] >= sizes.size or used[1] + whole > members.size:
                return i, total
            key[slot, 0], key[slot, 1] = first, second
            starts[slot], sizes[slot] = used[1], whole
            for k in range(count):
                members[used[1] + k] = reached[k]
            for k in range(sure_heads[cell], sure_heads[cell + 1]):
                members[used[1] + count + k - sure_heads[cell]] = sure[k]
            members[used[1] : used[1] + whole].sort()
            used[0] += 1
            used[1] += whole
        held[slot] += weight[i]
        total += weight[i]
    return x.size, total


@numba.njit(cache=True)
def _rehash(
    key: Any, held: Any, starts: Any, sizes: Any, to_key: Any, to_held: Any, to_starts: Any, to_sizes: Any
) -> None:
    mask = np.uint64(to_sizes.size - 1)
    for old in range(sizes.size):
        if sizes[old]:
            slot = key[old, 0] & mask
            while to_sizes[slot]:
                slot = (slot + np.uint64(1)) & mask
            to_key[slot, 0], to_key[slot, 1] = key[old, 0], key[old, 1]
            to_held[slot], to_starts[slot], to_sizes[slot] = held[old], starts[old], sizes[old]
