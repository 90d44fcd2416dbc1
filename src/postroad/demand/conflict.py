"""Which control totals cannot stand together: some places send more than the places they may send to can receive.

By max-flow and min-cut such a set exists exactly when no flow on the pairs keeps all totals (Gale 1957).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 10**9
"""Totals are rounded to this many parts of their sum: the flow is found in whole numbers."""
LEAST_GAP = 1e-6
"""A gap smaller than this share of all pieces is rounding, not a conflict."""


class Overfull(NamedTuple):
    """Rows that together want more than the only columns they reach can take, and the two sums."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    wanted: float
    room: float


def overfull(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    row_totals: NDArray[np.float64],
    column_totals: NDArray[np.float64],
) -> Overfull | None:
    """Return the rows and columns of pairs ``(rows[k], columns[k])`` in conflict, or ``None`` when there is none."""
    n, m = row_totals.size, column_totals.size
    source, sink = n + m, n + m + 1
    unit = float(row_totals.sum()) / STEPS
    if unit <= 0:
        return None
    # No place takes more than all send: a larger room would only overflow the flow's whole numbers.
    give, take = (np.minimum(np.rint(totals / unit), STEPS).astype(np.int64) for totals in (row_totals, column_totals))
    tail = np.concatenate([np.full(n, source), rows, n + np.arange(m)])
    head = np.concatenate([np.arange(n), n + columns, np.full(m, sink)])
    room = np.concatenate([give, np.full(rows.size, STEPS, np.int64), take]).astype(np.int32)
    graph = csr_array((room, (tail, head)), shape=(n + m + 2, n + m + 2))
    left = graph - maximum_flow(graph, source, sink).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = breadth_first_order(left, source, return_predecessors=False)
    own, far = np.sort(reached[reached < n]), np.sort(reached[(reached >= n) & (reached < n + m)] - n)
    wanted, held = float(row_totals[own].sum()), float(column_totals[far].sum())
    return Overfull(own, far, wanted, held) if wanted - held > LEAST_GAP * row_totals.sum() else None
