"""All ways of a load that keep its window, and when it could leave on each service of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.errors import Stopped, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.lines.continuous.instance import Instance

MOST_PATHS = 400_000
"""More are not enumerated: the windows are too wide for a design over paths."""


@dataclass(frozen=True)
class Paths:
    """Paths of all loads in order of load; a cell is one service on one path.

    Paths of load ``k`` are ``of_load[k]:of_load[k + 1]``, cells of path ``p`` are ``first[p]:first[p + 1]``. ``early``
    and ``late`` bound the moment a cell's departure may happen; ``cost`` is the path's cost without vehicles.
    """

    of_load: NDArray[np.int64]
    load: NDArray[np.int64]
    first: NDArray[np.int64]
    arc: NDArray[np.int64]
    early: NDArray[np.float64]
    late: NDArray[np.float64]
    cost: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many paths there are."""
        return self.load.size

    @property
    def path(self) -> NDArray[np.int64]:
        """The path of each cell."""
        return np.repeat(np.arange(self.count), np.diff(self.first))


def paths(instance: Instance, stop: Callable[[], bool] | None = None) -> Paths:
    """Return every simple path of every load that arrives in time.

    A path that costs more without vehicles than another way alone, vehicles paid, is never best and left out: taking
    the load off the others cannot make them dearer or late.
    """
    least = instance.check()
    out: list[list[int]] = [[] for _ in range(instance.nodes)]
    for arc in np.flatnonzero(instance.shared).tolist():
        out[int(instance.tail[arc])].append(arc)
    own = _reserved(instance)
    closed = frozenset() if instance.ends is None else frozenset(np.flatnonzero(instance.ends).tolist())
    head, minutes = instance.head.tolist(), instance.minutes.tolist()
    counts, flat = [], []
    for k in range(instance.quantity.size):
        if stop and k % 64 == 0 and stop():
            raise Stopped.of("errors.stopped", done=k, total=instance.quantity.size)
        found = _of_load(instance, k, least, (out, head, minutes), closed) + own.get(k, [])
        found = _undominated(instance, k, sorted(found))
        counts.append(len(found))
        flat += found
        if len(flat) > MOST_PATHS:
            raise UsageError.of("lines.too_many_paths", most=MOST_PATHS)
    return _measured(instance, np.array(counts), flat)


def _of_load(
    instance: Instance,
    k: int,
    least: NDArray[np.float64],
    graph: tuple[list[list[int]], list[int], list[float]],
    closed: frozenset[int],
) -> list[tuple[int, ...]]:
    out, head, minutes = graph
    origin, goal = int(instance.origin[k]), int(instance.destination[k])
    window = float(instance.deadline[k] - instance.release[k]) + 1e-9
    window = min(window, float(least[origin, goal]) * instance.longest_detour + 1e-9)
    most = instance.most_services or instance.nodes
    onward = least[:, goal].tolist()
    found: list[tuple[int, ...]] = []
    stack: list[tuple[int, float, tuple[int, ...], frozenset[int]]] = [(origin, 0.0, (), frozenset([origin]))]
    while stack:
        node, spent, taken, seen = stack.pop()
        if node == goal:
            found.append(taken)
            continue
        if len(taken) == most or (node in closed and taken):
            continue
        for arc in out[node]:
            after = spent + minutes[arc]
            if head[arc] not in seen and after + onward[head[arc]] <= window:
                stack.append((head[arc], after, (*taken, arc), seen | {head[arc]}))
    return found


def _reserved(instance: Instance) -> dict[int, list[tuple[int, ...]]]:
    """The services that each load alone may take, where they keep its window."""
    held: dict[int, list[tuple[int, ...]]] = {}
    for arc in np.flatnonzero(~instance.shared).tolist():
        k = int(instance.reserved[arc]) if instance.reserved is not None else -1
        if instance.minutes[arc] <= instance.deadline[k] - instance.release[k] + 1e-9:
            held.setdefault(k, []).append((arc,))
    return held


def _undominated(instance: Instance, k: int, found: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    quantity = float(instance.quantity[k])
    moving = np.array([instance.variable[list(way)].sum() * quantity for way in found])
    vehicles = np.ceil(quantity / instance.capacity - 1e-9) * instance.fixed
    alone = moving + np.array([vehicles[list(way)].sum() for way in found])
    kept = moving <= alone.min()
    return [way for way, keep in zip(found, kept, strict=True) if keep]


def _measured(instance: Instance, counts: NDArray[np.int64], ways: list[tuple[int, ...]]) -> Paths:
    of_load = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    load = np.repeat(np.arange(counts.size), counts)
    first = np.concatenate([[0], np.cumsum([len(way) for way in ways])]).astype(np.int64)
    arc = np.array([a for way in ways for a in way], np.int64)
    path = np.repeat(np.arange(load.size), np.diff(first))
    before = np.concatenate([[0.0], np.cumsum(instance.minutes[arc])])
    offset = before[:-1] - before[first[path]]
    total = before[first[1:]] - before[first[:-1]]
    early = instance.release[load[path]] + offset
    slack = (instance.deadline - instance.release)[load] - total
    moving = np.asarray(np.bincount(path, instance.variable[arc] * instance.quantity[load[path]], load.size), float)
    return Paths(of_load, load, first, arc, early, early + slack[path], moving)
