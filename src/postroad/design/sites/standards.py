"""Set covering (the cheapest sites that reach everybody) and the p-centre (the shortest longest way)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.program import Limits, Program, solve
from postroad.errors import Fault, InfeasibleError, Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Standing:
    """Sites chosen, what they come to, and a bound no choice can go below."""

    chosen: NDArray[np.int64]
    objective: float
    bound: float
    status: str


def set_covering(
    reach: sparse.csr_array, yuan: NDArray[np.float64], *, opened: Sequence[int] = (), time_s: float = 60.0
) -> Standing:
    """Return the cheapest sites (columns) so that every need (row) is reached; sites already open cost nothing.

    ``InfeasibleError`` names every need that no site reaches, ``Stopped`` says that the time was too short.
    """
    reach = sparse.csr_array(reach > 0).astype(float)
    lonely = np.flatnonzero(np.asarray(reach.sum(axis=1)).ravel() == 0)
    if lonely.size:
        raise InfeasibleError(Fault.of("sites.no_site_reaches", value=int(i)) for i in lonely)
    cost, low = np.array(yuan, float), np.zeros(reach.shape[1])
    already = np.asarray(opened, np.int64)
    cost[already], low[already] = 0.0, 1.0
    program = Program()
    build = program.columns("open", reach.shape[1], cost=cost, low=low, high=1.0, integer=True)
    program.rows("reached", [(build, reach)], low=1.0)
    answer = solve(program, Limits(time_s=time_s))
    if not answer.answered:
        raise Stopped.of("errors.stopped", done=0, total=1)
    return Standing(np.flatnonzero(answer[build] > 0.5), answer.objective, answer.bound, answer.status)


def p_centre(way: NDArray[np.float64], p: int, *, opened: Sequence[int] = (), time_s: float = 60.0) -> Standing:
    """Return the ``p`` sites that make the longest way to the nearest one as short as can be.

    The answer is one of the ways that occur, so they are halved again and again, each time asking how few sites can
    reach everybody within one.
    """
    lengths = np.unique(way)
    low, high = int(np.searchsorted(lengths, way.min(axis=1).max())), lengths.size - 1
    fixed = len(set(opened))
    if p < max(1, fixed):
        raise InfeasibleError.of("sites.number_out_of_reach", asked=p, low=max(1, fixed), high=way.shape[1])
    best: NDArray[np.int64] | None = None
    while low < high or best is None:
        middle = (low + high) // 2
        within = sparse.csr_array(way <= lengths[middle])
        found = set_covering(within, np.ones(way.shape[1]), opened=opened, time_s=time_s)
        if found.chosen.size <= p:
            high, best = middle, found.chosen
            if low == high:
                break
        elif fixed + found.bound > p + 1e-6:
            low = middle + 1
        else:
            raise Stopped.of("errors.stopped", done=0, total=1)
    return Standing(best, float(lengths[high]), float(lengths[high]), "optimal")
