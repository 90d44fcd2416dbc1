# mypy: disable-error-code="no-untyped-def,assignment"
"""Where hubs are dear: write down every set of them that could still be better, and bound each by itself.

With a given number of hubs, what is carried costs at least what it would with the best hubs of that number, free and
without limit. A set whose fixed costs add more to that than the best answer allows is out, as is one without the room.
Of sets that remain each is bounded once more, every two places meeting over the cheapest hubs of the set. Where fixed
costs are high and rooms tight the linear program is weak and this is strong: few sets are left of millions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.hubs.hunt import Hunt
    from postroad.design.hubs.problem import HubProblem

MOST_SETS = 1_000_000
"""More sets than this are not written down."""
CHUNK = 2_000
"""Sets bounded between two looks at the clock."""


def stripped(problem: HubProblem, inside: NDArray[np.bool_], count: int) -> HubProblem | None:
    """Return the problem of carrying alone, over ``count`` free hubs; None where nothing is paid for a hub."""
    if problem.fixed is None or not problem.fixed.any() or problem.allocation_cost is not None:
        return None
    return problem.but(
        hubs=count, fixed=None, capacity=None, link_cost=None, within=None, time=None, transfer_time=None,
        candidates=inside,
    )  # fmt: skip


def sets_left(
    hunt: Hunt, inside: NDArray[np.bool_], count: int, carried: float, goal: Callable[[], float]
) -> list[tuple[float, NDArray[np.int64]]] | None:
    """Return the sets of ``count`` places inside that may cost less than ``goal``, each with a bound, least last.

    ``carried`` is a bound of what carrying costs with that many hubs. None when sets are too many or time ends.
    """
    problem = hunt.problem
    assert problem.fixed is not None
    places = np.flatnonzero(inside)
    places = places[np.argsort(problem.fixed[places], kind="stable")]
    fixed, room, need = problem.fixed[places], np.zeros(places.size), 0.0
    if problem.capacity is not None:
        room, need = problem.capacity[places], float(problem.sent.sum()) * (1 - 1e-9)
    found, whole = _written(fixed, room, need, goal() - carried, count, MOST_SETS)
    if not whole:
        return None
    sets = places[found]
    left: list[tuple[float, NDArray[np.int64]]] = []
    for at in range(0, len(sets), CHUNK):
        if not hunt.left():
            return None
        some = sets[at : at + CHUNK]
        bound = _bounds(
            problem.flow, problem.collect, problem.transfer, problem.distribute, some, problem.fixed, goal()
        )
        left += [(float(bound[q]), some[q]) for q in np.flatnonzero(bound < goal())]
    return sorted(left, key=lambda one: -one[0])


@njit(cache=True)
def _written(fixed, room, need, budget, count, most):
    """Rows of all sets within the budget that have the room, ``fixed`` in rising order; False when over ``most``."""
    n, held = fixed.size, 1024
    out, m = np.empty((held, count), np.int64), 0
    at, paid, has = np.zeros(count, np.int64), np.zeros(count + 1), np.zeros(count + 1)
    depth = 0
    at[0] = -1
    while depth >= 0:
        at[depth] += 1
        k = at[depth]
        least = paid[depth]
        for q in range(k, k + count - depth):
            least += fixed[q] if q < n else np.inf
        if not least <= budget:
            depth -= 1
        elif depth < count - 1:
            paid[depth + 1], has[depth + 1] = paid[depth] + fixed[k], has[depth] + room[k]
            at[depth + 1] = k
            depth += 1
        elif has[depth] + room[k] >= need:
            if m == most:
                return out[:m], False
            if m == held:
                held *= 2
                more = np.empty((held, count), np.int64)
                more[:m] = out
                out = more
            out[m] = at
            m += 1
    return out[:m], True


@njit(cache=True)
def _bounds(flow, collect, transfer, distribute, sets, fixed, goal):
    """Fixed costs and cheapest meetings of each set; where that passes ``goal`` the sum is broken off."""
    n, count = flow.shape[0], sets.shape[1]
    bounds, to = np.empty(len(sets)), np.empty(count)
    for q in range(len(sets)):
        hubs = sets[q]
        total = 0.0
        for k in hubs:
            total += fixed[k]
        for i in range(n):
            _to_hubs(collect, transfer, hubs, i, to)
            for j in range(n):
                least = np.inf
                for m in range(count):
                    least = min(least, to[m] + distribute[hubs[m], j])
                total += flow[i, j] * least
            if total >= goal:
                break
        bounds[q] = total
    return bounds


@njit(cache=True)
def _to_hubs(collect, transfer, hubs, i, to):
    """Least cost of a unit from place ``i`` to each hub of the set; a hub starts from itself."""
    for m in range(hubs.size):
        to[m] = np.inf
        for k in hubs:
            to[m] = min(to[m], collect[i, k] + transfer[k, hubs[m]])
    for k in hubs:
        if k == i:
            for m in range(hubs.size):
                to[m] = transfer[k, hubs[m]]
