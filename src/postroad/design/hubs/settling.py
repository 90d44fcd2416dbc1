"""Where capacity binds and the hubs are decided: the best allocation to them, proven by an integer program.

Prices treat a hub's room as divisible, so that their bound stands still where rooms are tight. Once the hubs are known
few columns are left: ``x[i, k]`` allocates a place, ``y[i, k, l]`` is the flow of place ``i`` with the places before
it that goes from hub ``k`` to hub ``l`` (the flow form of Ernst and Krishnamoorthy 1996).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.hubs import single_search
from postroad.design.hubs.arrays import NONE
from postroad.design.program import Limits, Program, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.hubs.arrays import Single
    from postroad.design.hubs.hunt import Hunt
    from postroad.design.program import Solution
    from postroad.design.program.model import Columns

MOST_COLUMNS = 20_000
"""A larger program is left to the division of places."""


def fits(s: Single, opened: NDArray[np.int64]) -> bool:
    """Whether the program of these hubs is small enough, and capacity the only rule it has to keep."""
    return bool(s.capacity.size and not s.reach.size and s.cost.shape[0] * opened.size**2 <= MOST_COLUMNS)


def settle(hunt: Hunt, s: Single, opened: NDArray[np.int64], ok: NDArray[np.bool_], time_s: float) -> float | None:
    """Take the best allocation to the open hubs and return a bound on it; ``None`` when time ended without a proof.

    The bound is that of this set of hubs only, and not below the best answer known when none better exists.
    """
    program, x = _program(s, opened, ok)
    links = float(np.triu(s.link[np.ix_(opened, opened)], 1).sum()) if s.link.size else 0.0
    best = hunt.cost - hunt.tolerance - links if hunt.cost < NONE else None
    limits = Limits(time_s=max(0.05, min(time_s, hunt.left_s)), gap=0.5 * hunt.limits.gap)
    found = solve(program, limits, cutoff=best, stop=hunt.stop)
    _take(hunt, s, opened, found, x)
    if found.status == "infeasible":
        return hunt.cost
    return found.bound + links if found.status == "optimal" else None


def _program(s: Single, opened: NDArray[np.int64], ok: NDArray[np.bool_]) -> tuple[Program, Columns]:
    n, k = s.cost.shape[0], opened.size
    before = np.tril(s.between, -1)
    total = before.sum(1)
    transfer = s.transfer[np.ix_(opened, opened)]
    program = Program()
    high = ok[:, opened].astype(float)
    own = np.zeros((n, k))
    own[s.hub[opened], np.arange(k)] = 1.0
    x = program.columns("allocation", n * k, cost=s.cost[:, opened].ravel(), low=(own * high).ravel(),
                        high=high.ravel(), integer=True)  # fmt: skip
    y = program.columns("flow", n * k * k, cost=np.tile(transfer.ravel(), n))
    one, places = sparse.eye_array(k), sparse.eye_array(n)
    sums = np.ones((1, k))
    program.rows("one hub", [(x, sparse.kron(places, sums))], low=1.0, high=1.0)
    program.rows("leaves", [(y, sparse.kron(places, sparse.kron(one, sums))),
                            (x, sparse.kron(sparse.diags_array(-total), one))], low=0.0, high=0.0)  # fmt: skip
    program.rows("arrives", [(y, sparse.kron(places, sparse.kron(sums, one))),
                             (x, sparse.kron(sparse.csr_array(-before), one))], low=0.0, high=0.0)  # fmt: skip
    program.rows("room", [(x, sparse.kron(s.sent[None, :], one))], high=s.capacity[opened])
    return program, x


def _take(hunt: Hunt, s: Single, opened: NDArray[np.int64], found: Solution, x: Columns) -> None:
    if not found.answered:
        return
    a = opened[found[x].reshape(-1, opened.size).argmax(1)]
    if single_search.keeps_rules(s, a):
        hunt.take(s, a, single_search.total_cost(s, a))
