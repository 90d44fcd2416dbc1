"""Loads and services of a continuous-time instance, and the reader of the published text format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from postroad.errors import DataError, Fault, InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Instance:
    """Nodes count from 0. A service is an arc: minutes, cost of a vehicle, its capacity, cost of a unit.

    Loads: ``origin``, ``destination``, ``quantity``, ``release`` and ``deadline``, in the unit of ``minutes``.
    ``names`` are the nodes' names for explanations. ``most_services`` limits how many services a load may take (0: any
    number), ``longest_detour`` its minutes under way against the quickest; the bound holds within these limits.
    ``reserved`` is the load that alone may take a service, straight to its destination (-1: all may): a seat on a
    timetable is such a service, its minutes counted from the load's release with the wait for it. ``ends`` says which
    nodes are ends only: no load passes them on its way.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    minutes: NDArray[np.float64]
    fixed: NDArray[np.float64]
    capacity: NDArray[np.float64]
    variable: NDArray[np.float64]
    origin: NDArray[np.int64]
    destination: NDArray[np.int64]
    quantity: NDArray[np.float64]
    release: NDArray[np.float64]
    deadline: NDArray[np.float64]
    names: tuple[str, ...] = ()
    most_services: int = 0
    longest_detour: float = np.inf
    reserved: NDArray[np.int64] | None = None
    ends: NDArray[np.bool_] | None = None

    @property
    def shared(self) -> NDArray[np.bool_]:
        """Which services all loads may take."""
        return np.ones(self.tail.size, np.bool_) if self.reserved is None else self.reserved < 0

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        ends = [part.max(initial=-1) for part in (self.tail, self.head, self.origin, self.destination)]
        return max(len(self.names), int(max(ends)) + 1)

    def name(self, node: int) -> str:
        """Return a node's name, or its number from 1."""
        return self.names[node] if self.names else str(node + 1)

    def shortest(self) -> NDArray[np.float64]:
        """Return the least minutes between all nodes by services for all; infinite where there is no way."""
        best = np.full((self.nodes, self.nodes), np.inf)
        np.minimum.at(best, (self.tail[self.shared], self.head[self.shared]), self.minutes[self.shared])
        closed = np.zeros(self.nodes, np.bool_) if self.ends is None else self.ends
        rows, columns = np.nonzero(np.isfinite(best) & ~closed[:, None])
        graph = csr_array((best[rows, columns], (rows, columns)), shape=best.shape)
        least = np.asarray(dijkstra(graph))
        for node in np.flatnonzero(closed):  # a way may begin at an end, but not lead on from one
            least[node] = np.minimum(least[node], (best[node][:, None] + least).min(0))
        return least

    def check(self) -> NDArray[np.float64]:
        """Return the least minutes; ``DataError`` for impossible figures, ``InfeasibleError`` for hopeless loads.

        A load is hopeless when no chain of services joins its ends, or the quickest takes longer than its window: each
        is named with the minutes it has and the minutes it needs.
        """
        costs = np.concatenate([self.fixed, self.variable])
        if (self.minutes <= 0).any() or (self.capacity <= 0).any() or (costs < 0).any():
            raise DataError.of("lines.bad_service", table="line_hauls")
        if (self.quantity <= 0).any():
            raise DataError.of("lines.bad_load", count=int((self.quantity <= 0).sum()))
        least = self.shortest()
        need, given = least[self.origin, self.destination], self.deadline - self.release
        if self.reserved is not None:
            own = np.flatnonzero(~self.shared)
            np.minimum.at(need, self.reserved[own], self.minutes[own])
        faults = []
        for k in np.flatnonzero(need > given + 1e-9).tolist():
            ends = {"origin": self.name(int(self.origin[k])), "destination": self.name(int(self.destination[k]))}
            if np.isinf(need[k]):
                faults.append(Fault.of("lines.no_way", load=k, **ends))
            else:
                times = {"given": float(given[k]), "need": float(need[k])}
                faults.append(Fault.of("lines.promise_too_short", load=k, **times, **ends))
        if faults:
            raise InfeasibleError(faults)
        return least


def read(path: str | Path) -> Instance:
    """Return the instance in a file of the published format; ``DataError`` names the line that cannot be read.

    Sections ``NODES``, ``ARCS`` (id, tail, head, cost per unit, cost per vehicle, capacity, minutes, ...) and
    ``COMMODITIES`` (id, origin, destination, quantity, release, deadline, ...), times in the file's own grid.
    """
    parts: dict[str, list[list[float]]] = {"NODES": [], "ARCS": [], "COMMODITIES": []}
    width = {"NODES": 1, "ARCS": 7, "COMMODITIES": 6}
    section = ""
    for number, line in enumerate(Path(path).read_text("utf-8").splitlines(), 1):
        head, *rest = line.strip().split(",")
        if head in parts:
            section = head
        elif head and not head.startswith("horizon") and section != "NODES":
            try:
                row = [float(cell) for cell in (head, *rest)]
                parts[section].append(row[: width[section]])
                if len(row) < width[section]:
                    raise ValueError(line)
            except (ValueError, KeyError):
                raise DataError.of("lines.bad_instance", path=str(path), line=number, text=line[:80]) from None
    if not parts["ARCS"] or not parts["COMMODITIES"]:
        raise DataError.of("lines.bad_instance", path=str(path), line=0, text="")
    arcs, loads = np.array(parts["ARCS"]), np.array(parts["COMMODITIES"])
    ends = [part[:, k].astype(np.int64) - 1 for part in (arcs, loads) for k in (1, 2)]
    minutes, fixed, capacity, variable = (arcs[:, k] for k in (6, 4, 5, 3))
    quantity, release, deadline = (loads[:, k] for k in (3, 4, 5))
    return Instance(ends[0], ends[1], minutes, fixed, capacity, variable, ends[2], ends[3], quantity, release, deadline)
