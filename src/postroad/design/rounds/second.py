"""PyVRP on the plane, in a process of its own: this module imports little, so that the process is up at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from postroad.design.rounds.plane import Plane


@dataclass(frozen=True)
class Limit:
    """Ends PyVRP at a moment of the wall clock or after a number of iterations."""

    deadline: float | None
    iterations: int | None


def by_pyvrp(plane: Plane, limit: Limit, seed: int) -> list[list[int]]:
    """Return the routes PyVRP finds within the limit; none when they break a rule."""
    from pyvrp import Client, Depot, Location, ProblemData, VehicleType
    from pyvrp import solve as run
    from pyvrp.stop import MaxIterations, MaxRuntime

    x = np.concatenate([[plane.depot[0]], plane.x])
    y = np.concatenate([[plane.depot[1]], plane.y])
    matrix = np.floor(np.hypot(x[:, None] - x, y[:, None] - y) + 0.5).astype(np.int64)
    data = ProblemData(
        [Location(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)],
        [Client(k + 1, delivery=[load]) for k, load in enumerate(plane.demand.tolist())],
        [Depot(0)],
        [VehicleType(len(plane), capacity=[plane.capacity])],
        [matrix],
        [matrix],  # its neighbourhoods weigh durations too, and its own reader gives the distances
    )
    if limit.iterations is not None:
        ends: Any = MaxIterations(limit.iterations)
    else:
        ends = MaxRuntime(max(0.05, (limit.deadline or 0.0) - time.time()))
    best = run(data, ends, seed=seed, collect_stats=False, display=False).best
    if not best.is_feasible():
        return []
    return [[int(visit.idx) for visit in route if visit.is_client()] for route in best.routes()]
