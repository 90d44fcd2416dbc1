"""The rules of a single-allocation problem as a program without costs: what of them cannot hold together, what gives.

``z[i, k]`` allocates a place to a hub and ``r[k]`` is the longest way from a place to its hub ``k``, so that a latest
arrival is one row for every two hubs. Capacity gives way by a hub's room, a latest arrival by hours for all at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.program import Limits, Program
from postroad.design.program import why as conflict_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.hubs.problem import HubProblem
    from postroad.design.program import Conflict
    from postroad.design.program.model import Columns

MOST = 4000
"""Allocations of the largest problem that is looked into."""
ROOM, LATEST = "room", "latest arrival"
"""Names of the rows that may give way."""


def conflict(problem: HubProblem, time_s: float = 20.0) -> Conflict | None:
    """Return the rules that cannot hold together and the cheapest relief; None where the problem is too large."""
    if problem.size * int(problem.may_be_hub.sum()) > MOST or problem.multiple:
        return None
    return conflict_of(rules(problem), Limits(time_s=time_s))


def rules(problem: HubProblem) -> Program:
    """Return the program of a problem's rules; its rows bear the names of places."""
    hub = np.flatnonzero(problem.may_be_hub)
    n, h = problem.size, hub.size
    made = Program()
    z = made.columns("allocation", n * h, high=1.0, integer=True)
    place = [problem.name(i) for i in range(n)]
    hubs = [problem.name(int(k)) for k in hub]
    opens = _columns(hub * h + np.arange(h), n * h)
    made.rows("one hub", [(z, sparse.kron(sparse.eye_array(n), np.ones((1, h))))], low=1.0, high=1.0, labels=place,
              relief=None)  # fmt: skip
    made.rows("only open hubs", [(z, sparse.eye_array(n * h) - sparse.vstack([opens] * n))], high=0.0, relief=None,
              labels=lambda row: f"{place[row // h]} - {hubs[row % h]}")  # fmt: skip
    if problem.hubs is not None:
        count = sparse.csr_array(opens.sum(0)[None])
        made.rows("number of hubs", [(z, count)], low=problem.hubs, high=problem.hubs, relief=None)
    if problem.capacity is not None:
        load = sparse.kron(problem.sent[None], sparse.eye_array(h))
        made.rows(ROOM, [(z, load - sparse.diags_array(problem.capacity[hub]) @ opens)], high=0.0, labels=hubs)
    if problem.within is not None:
        _timely(made, problem, hub, z)
    return made


def _timely(made: Program, problem: HubProblem, hub: NDArray[np.int64], z: Columns) -> None:
    """The longest way to each hub, and for every two open hubs no more than the limit, which may be put off for all."""
    if problem.time is None or problem.transfer_time is None:
        return
    n, h, within = problem.size, hub.size, float(problem.within or 0.0)
    reach, leg = problem.time[:, hub], problem.transfer_time[np.ix_(hub, hub)]
    radius = made.columns("longest way", h)
    later = made.columns("later", 1)
    each = sparse.vstack([sparse.eye_array(h)] * n)
    made.rows("longest way", [(z, sparse.diags_array(reach.ravel())), (radius, -each)], high=0.0, relief=None)
    k, m = np.tril_indices(h)
    slack = 2 * float(reach.max()) + float(leg.max())
    opens = _columns(hub * h + np.arange(h), n * h)
    pair = _columns(k, h) + _columns(m, h)
    names = [f"{problem.name(int(hub[a]))} - {problem.name(int(hub[b]))}" for a, b in zip(k, m, strict=True)]
    made.rows("every two hubs", [(radius, pair), (z, slack * (pair @ opens)), (later, -np.ones((k.size, 1)))],
              high=within - leg[k, m] + 2 * slack, labels=names, relief=None)  # fmt: skip
    made.rows(LATEST, [(later, np.ones((1, 1)))], high=0.0)


def _columns(column: NDArray[np.int64], width: int) -> sparse.csr_array:
    """A matrix with a one in each row, in the column given."""
    return sparse.csr_array((np.ones(column.size), (np.arange(column.size), column)), (column.size, width))
