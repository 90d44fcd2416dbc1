"""A single-allocation problem as compiled kernels take it: candidate hubs only, absent parts as empty arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.hubs.problem import HubProblem

NONE = 1e300


class Single(NamedTuple):
    """``hub[k]`` is the place of candidate ``k``, ``own[i]`` the candidate at place ``i`` or -1.

    ``cost`` is places by candidates, ``between`` places by places, ``transfer`` candidates by candidates; ``link``,
    ``reach`` and ``leg`` are empty where the problem has none. ``least`` and ``most`` bound the number of hubs.
    """

    hub: NDArray[np.int64]
    own: NDArray[np.int64]
    cost: NDArray[np.float64]
    between: NDArray[np.float64]
    transfer: NDArray[np.float64]
    link: NDArray[np.float64]
    reach: NDArray[np.float64]
    leg: NDArray[np.float64]
    within: float
    sent: NDArray[np.float64]
    capacity: NDArray[np.float64]
    least: int
    most: int


def single_arrays(problem: HubProblem, keep: NDArray[np.bool_] | None = None) -> Single:
    """Return the arrays of a problem over its candidates, or over those of them in ``keep``."""
    allowed = problem.may_be_hub if keep is None else problem.may_be_hub & keep
    hub = np.flatnonzero(allowed).astype(np.int64)
    own = np.full(problem.size, -1, np.int64)
    own[hub] = np.arange(hub.size)
    square = np.ix_(hub, hub)
    none = np.empty((0, 0))
    link = (
        none if problem.link_cost is None else np.ascontiguousarray((problem.link_cost + problem.link_cost.T)[square])
    )
    timed = problem.within is not None
    return Single(
        hub,
        own,
        np.ascontiguousarray(problem.joining[:, hub]),
        problem.between,
        np.ascontiguousarray(problem.transfer[square]),
        link,
        np.ascontiguousarray(problem.time[:, hub]) if timed and problem.time is not None else none,
        np.ascontiguousarray(problem.transfer_time[square]) if timed and problem.transfer_time is not None else none,
        float(problem.within or 0.0) + 1e-9,
        np.ascontiguousarray(problem.sent),
        np.ascontiguousarray(problem.capacity[hub]) if problem.capacity is not None else np.empty(0),
        problem.hubs or 1,
        problem.hubs or hub.size,
    )
