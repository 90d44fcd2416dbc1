"""Stops on a plane with one depot: the input of the search for very large rounds, and its reader of VRPLIB files.

No matrix is ever made: distances are whole numbers, the rounded straight line times nothing, computed from coordinates
when they are asked for. Stop 0 is the depot in a file; here customers are 0 to n - 1 and the depot stands apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from postroad.errors import DataError, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SECTIONS = ("NODE_COORD_SECTION", "DEMAND_SECTION", "DEPOT_SECTION")


@dataclass(frozen=True)
class Plane:
    """Customers with coordinates and whole demands, one depot, one capacity."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    demand: NDArray[np.int64]
    depot: tuple[float, float]
    capacity: int

    def __post_init__(self) -> None:
        faults = []
        for stop in np.flatnonzero(self.demand > self.capacity)[:20]:
            load = int(self.demand[stop])
            faults.append(Fault.of("rounds.too_heavy", value=int(stop), load=load, capacity=self.capacity))
        if (self.demand < 0).any():
            faults.append(Fault.of("rounds.negative_load", value=int(np.argmin(self.demand))))
        if not (np.isfinite(self.x).all() and np.isfinite(self.y).all()):
            faults.append(Fault.of("rounds.no_coordinates"))
        if faults:
            raise DataError(faults)

    def __len__(self) -> int:
        return self.x.size


def length(plane: Plane, routes: Sequence[Sequence[int]]) -> int:
    """Return the length of routes of customers, each from the depot and back, by rounded straight lines."""
    total = 0
    for route in routes:
        if len(route):
            own = np.asarray(route)
            x = np.concatenate([[plane.depot[0]], plane.x[own], [plane.depot[0]]])
            y = np.concatenate([[plane.depot[1]], plane.y[own], [plane.depot[1]]])
            total += int(np.floor(np.hypot(np.diff(x), np.diff(y)) + 0.5).sum())
    return total


def read_vrplib(path: str | Path) -> Plane:
    """Return a capacitated instance with two-dimensional rounded Euclidean distances; ``DataError`` for others."""
    header: dict[str, str] = {}
    rows: dict[str, list[list[float]]] = {name: [] for name in _SECTIONS}
    section = ""
    try:
        for line in Path(path).read_text("utf-8").splitlines():
            word = line.strip()
            if word in _SECTIONS:
                section = word
            elif word == "EOF":
                break
            elif ":" in word and not section:
                key, _, value = word.partition(":")
                header[key.strip()] = value.strip()
            elif word:
                rows[section].append([float(part) for part in word.split()])
        if header.get("EDGE_WEIGHT_TYPE") != "EUC_2D":
            raise ValueError("EDGE_WEIGHT_TYPE " + header.get("EDGE_WEIGHT_TYPE", "?"))
        nodes = np.array(sorted(rows["NODE_COORD_SECTION"]))
        demands = np.array(sorted(rows["DEMAND_SECTION"]))
        depot = int(rows["DEPOT_SECTION"][0][0])
        if depot != int(nodes[0, 0]) or not np.array_equal(nodes[:, 0], demands[:, 0]):
            raise ValueError("DEPOT_SECTION")
        capacity = int(header["CAPACITY"])
    except (OSError, KeyError, ValueError, IndexError) as broken:
        raise DataError.of("rounds.bad_instance", path=str(path), detail=repr(broken)) from broken
    start = (float(nodes[0, 1]), float(nodes[0, 2]))
    return Plane(nodes[1:, 1].copy(), nodes[1:, 2].copy(), demands[1:, 1].astype(np.int64), start, capacity)
