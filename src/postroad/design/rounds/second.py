"""PyVRP on the plane, as it comes: the very steps it takes on its own, with its best routes to be seen meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.rounds.plane import Plane

ASKED_S = 0.2
"""How often a search asks whether it should stop, and shows how far it is."""


class Pyvrp:
    """A search by PyVRP for so many seconds or iterations; ``best`` has the best routes so far from any thread."""

    def __init__(self, plane: Plane, deadline: float | None, iterations: int | None, seed: int) -> None:
        self.plane, self.deadline, self.iterations, self.seed = plane, deadline, iterations, seed
        self.done, self._told, self._found, self._beat = 0, 0.0, None, _quiet

    def run(self, beat: Callable[[], None]) -> None:
        """Search until the limit; ``beat`` is called several times a second and may raise to end it."""
        from pyvrp import IteratedLocalSearchCallbacks, IteratedLocalSearchParams, SolveParams, solve

        seen = IteratedLocalSearchCallbacks()
        seen.on_best = self._keep  # type: ignore[method-assign]
        self._beat = beat
        params = SolveParams(ils=IteratedLocalSearchParams(callbacks=seen))
        data, ends = _data(self.plane), cast("Any", self._ends)
        self._keep(solve(data, ends, seed=self.seed, collect_stats=False, params=params).best)

    def best(self) -> list[list[int]]:
        """Return the best routes so far; none while there are none that keep the capacity."""
        found: Any = self._found
        if found is None or not found.is_feasible():
            return []
        return [[int(visit.idx) for visit in route if visit.is_client()] for route in found.routes()]

    def _keep(self, best: Any) -> None:
        self._found = best

    def _ends(self, _: int) -> bool:
        now = time.monotonic()
        if now - self._told > ASKED_S:
            self._told = now
            self._beat()
        self.done += 1
        if self.iterations is not None:
            return self.done > self.iterations
        return self.deadline is not None and now >= self.deadline


def _quiet() -> None:
    """Say nothing."""


def _data(plane: Plane) -> Any:
    from pyvrp import Client, Depot, Location, ProblemData, VehicleType

    x = np.concatenate([[plane.depot[0]], plane.x])
    y = np.concatenate([[plane.depot[1]], plane.y])
    matrix = np.floor(np.hypot(x[:, None] - x, y[:, None] - y) + 0.5).astype(np.int64)
    return ProblemData(
        [Location(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)],
        [Client(k + 1, delivery=[load]) for k, load in enumerate(plane.demand.tolist())],
        [Depot(0)],
        [VehicleType(len(plane), capacity=[plane.capacity])],
        [matrix],
        [matrix],  # its neighbourhoods weigh durations too, and its own reader gives the distances
    )
