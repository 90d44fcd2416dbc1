"""A plan: the path of every load and who shares which departure; its times, its cost and its dispatches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.lines.continuous.instance import Instance
    from postroad.design.lines.continuous.paths import Paths


@dataclass(frozen=True)
class Dispatch:
    """One departure of a service: when, how many vehicles, which loads."""

    service: int
    depart: float
    vehicles: int
    loads: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """The answer of a design: dispatches and each load's services in order, with objective and bound.

    ``status`` is ``optimal`` when the gap asked for is proven, ``feasible`` when time ran out before.
    """

    objective: float
    bound: float
    status: str
    seconds: float
    dispatches: tuple[Dispatch, ...]
    ways: tuple[tuple[int, ...], ...]

    @property
    def gap(self) -> float:
        """Distance from objective to bound as a share of the objective."""
        return max(0.0, self.objective - self.bound) / max(1e-12, abs(self.objective))


def dispatches(instance: Instance, ways: Paths, chosen: NDArray[np.int64], group: NDArray[np.int64],
               leaves: NDArray[np.float64]) -> tuple[Dispatch, ...]:  # fmt: skip
    """Return the departures of a plan in order of time: one for each group of loads on a service."""
    loads: dict[int, list[int]] = {}
    arc: dict[int, int] = {}
    for k, p in enumerate(chosen.tolist()):
        for step, cell in enumerate(range(int(ways.first[p]), int(ways.first[p + 1]))):
            loads.setdefault(int(group[k, step]), []).append(k)
            arc[int(group[k, step])] = int(ways.arc[cell])
    made = []
    for g, held in loads.items():
        count = int(np.ceil(instance.quantity[held].sum() / instance.capacity[arc[g]] - 1e-9))
        made.append(Dispatch(arc[g], float(leaves[g]), count, tuple(sorted(held))))
    return tuple(sorted(made, key=lambda one: (one.depart, one.service, one.loads)))


def cost(instance: Instance, made: tuple[Dispatch, ...]) -> float:
    """Return the cost of dispatches: vehicles, and every unit moved."""
    vehicles = sum(one.vehicles * float(instance.fixed[one.service]) for one in made)
    moved = sum(float(instance.variable[one.service] * instance.quantity[list(one.loads)].sum()) for one in made)
    return vehicles + moved
