"""A checker of routes that shares no code with any search: what it says of a plan counts, not what the search says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_routes(
    routes: Sequence[Sequence[int]],
    points: Sequence[tuple[float, float]],
    demand: Sequence[int],
    depot: tuple[float, float],
    capacity: int,
) -> tuple[int, list[str]]:
    """Return the length by rounded straight lines and every way in which the routes break the rules."""
    seen: dict[int, int] = {}
    wrong, total = [], 0
    for number, route in enumerate(routes):
        load, here = 0, depot
        for stop in route:
            if not 0 <= stop < len(points):
                wrong.append(f"route {number}: no stop {stop}")
                continue
            if stop in seen:
                wrong.append(f"stop {stop}: in routes {seen[stop]} and {number}")
            seen[stop] = number
            load += demand[stop]
            total += math.floor(math.dist(here, points[stop]) + 0.5)
            here = points[stop]
        total += math.floor(math.dist(here, depot) + 0.5)
        if load > capacity:
            wrong.append(f"route {number}: load {load} over {capacity}")
    wrong += [f"stop {stop}: not visited" for stop in range(len(points)) if stop not in seen]
    return total, wrong
