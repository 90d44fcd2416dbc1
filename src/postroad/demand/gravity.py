"""The doubly constrained gravity model: the most likely flows that keep both control totals.

``T_ij = a_i b_j O_i D_j exp(-beta c_ij)`` (Wilson 1967); the balancing factors are found by iterative proportional
fitting (Furness 1965), which converges whenever the pattern allows both totals. Pairs are kept as lists, so that a
pattern may be sparse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.demand.conflict import Overfull, overfull
from postroad.errors import InfeasibleError, PostroadError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PRECISION = 1e-9
MOST_ROUNDS = 20_000
SHOWN = 6
"""Places named on either side of a conflict."""


@dataclass(frozen=True)
class Fitted:
    """Flows on the given pairs, the rounds taken, and the largest relative error left on any total."""

    flow: NDArray[np.float64]
    rounds: int
    error: float


def balance(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    prior: NDArray[np.float64],
    row_totals: NDArray[np.float64],
    column_totals: NDArray[np.float64],
    names: Sequence[str] = (),
) -> Fitted:
    """Return the flows proportional to a prior that keep both sides' totals, to a relative error of 1e-9.

    Pairs are ``(rows[k], columns[k])``. ``InfeasibleError`` when totals are negative, when the sums of the sides
    differ (by how much), when a total has no pair to go to, or when no flow on these pairs can keep all totals: then
    it says which totals conflict with which, by ``names`` of the places where given, and by how much.
    """
    _refuse(rows, columns, prior, row_totals, column_totals)
    a, b = np.ones(row_totals.size), np.ones(column_totals.size)
    has_row, has_column = row_totals > 0, column_totals > 0
    error = np.inf
    made: NDArray[np.float64] = np.zeros(row_totals.size)
    for done in range(1, MOST_ROUNDS + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            reached = np.bincount(rows, prior * b[columns], row_totals.size)
            a = np.divide(row_totals, reached, out=np.zeros_like(a), where=has_row & (reached > 0))
            reached = np.bincount(columns, prior * a[rows], column_totals.size)
            b = np.divide(column_totals, reached, out=np.zeros_like(b), where=has_column & (reached > 0))
            flow = prior * a[rows] * b[columns]
        if not np.isfinite(flow).all():
            break  # the factors run away: the pattern cannot hold the totals
        made = np.bincount(rows, flow, row_totals.size).astype(np.float64)
        error = float(np.max(np.abs(made - row_totals)[has_row] / row_totals[has_row], initial=0.0))
        if error <= PRECISION:
            return Fitted(flow, done, error)
    open_ = prior > 0
    found = overfull(rows[open_], columns[open_], row_totals, column_totals)
    raise _conflict(found, names) or _unsettled(row_totals, made, error)


def _conflict(found: Overfull | None, names: Sequence[str]) -> PostroadError | None:
    if found is None:
        return None

    def told(which: NDArray[np.int64]) -> str:
        shown = [names[k] if names else str(k) for k in which[:SHOWN]]
        return ", ".join(shown) + (" …" if which.size > SHOWN else "")

    facts = {"senders": found.rows.size, "receivers": found.columns.size, "sent": f"{found.wanted:,.0f}",
             "received": f"{found.room:,.0f}", "gap": f"{found.wanted - found.room:,.0f}"}  # fmt: skip
    return InfeasibleError.of("demand.totals_conflict", from_=told(found.rows), to=told(found.columns) or "-", **facts)


def _unsettled(row_totals: NDArray[np.float64], made: NDArray[np.float64], error: float) -> PostroadError:
    worst = int(np.argmax(np.abs(made - row_totals)))
    return InfeasibleError.of("demand.no_balance", error=f"{error:.2g}", worst=worst, wanted=float(row_totals[worst]),
                             reached=float(made[worst]))  # fmt: skip


def _refuse(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    prior: NDArray[np.float64],
    row_totals: NDArray[np.float64],
    column_totals: NDArray[np.float64],
) -> None:
    if min(row_totals.min(initial=0), column_totals.min(initial=0), prior.min(initial=0)) < 0:
        raise InfeasibleError.of("demand.negative_total")
    sent, received = float(row_totals.sum()), float(column_totals.sum())
    if abs(sent - received) > 1e-9 * max(sent, received, 1e-300):
        raise InfeasibleError.of("demand.sides_differ", sent=sent, received=received, gap=sent - received)
    for side, index, wanted in (("row", rows, row_totals), ("column", columns, column_totals)):
        open_ = np.bincount(index, prior > 0, wanted.size) > 0
        lost = np.flatnonzero((wanted > 0) & ~open_)
        if lost.size:
            raise InfeasibleError.of("demand.total_without_pair", side=side, index=int(lost[0]), count=lost.size)
