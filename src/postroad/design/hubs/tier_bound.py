"""A bound on the cost of every three-tier layout: an integer program that leaves out what couples all hubs at once.

Each unit joins an upper hub ``(m, m)`` (tier 1 or 2), or a hub of tier 3 with the upper hub above it, ``(k, m)``.
Feeders, lines of tier 3, lines to places outside and sorting are in it, and that pieces between two units of one hub
are spared part of this. Lines between upper hubs are left out, but for pieces on their way outside. Where a line pays
for its heavier direction, the direction heavier for the whole province is counted: no line costs less than that.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import highspy
import numpy as np
from scipy import sparse

from postroad.design.hubs import tier_cost
from postroad.design.program import Limits, Program, solve
from postroad.design.program.solving import make_solver
from postroad.errors import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.hubs.tier_problem import TierProblem
    from postroad.design.program.model import Columns
    from postroad.parallel import Progress

GAP = 5e-4
ROLE = "one role"
PAIRS = 800
"""Pairs of units, those with most between them, that the program tells apart by hub; the others always share theirs."""


class TierBound(NamedTuple):
    """What no layout undercuts, and the tiers of the program's answer: 3, and 2 for every hub above that."""

    bound: float
    tier: NDArray[np.int64] | None


class Ways(NamedTuple):
    """Hubs with the upper hub above each (an upper hub's is itself), and costs a day.

    ``join[i, w]`` is that of unit ``i`` by way ``w`` when no piece of it has its other end at the same hub; a piece
    that has is spared one sorting and ``truck[w]``.
    """

    hub: NDArray[np.int64]
    upper: NDArray[np.int64]
    join: NDArray[np.float64]
    truck: NDArray[np.float64]


def tier_bound(
    problem: TierProblem,
    counts: tuple[int, int, int],
    known: float,
    time_s: float,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> TierBound:
    """Return a bound on all layouts with so many hubs of each tier; ``known`` is the cost of one of them."""
    ways = ways_up(problem)
    made, opened = _program(problem, ways, counts)
    found = solve(made, Limits(time_s=time_s, gap=GAP), cutoff=known, progress=progress, stop=stop)
    if found.status == "infeasible":  # nothing costs less than what is known
        return TierBound(known, None)
    tier = None
    if found.answered:
        tier = np.zeros(len(problem.towns), np.int64)
        chosen = np.flatnonzero(found[opened] > 0.5)
        tier[ways.hub[chosen]] = np.where(ways.hub[chosen] == ways.upper[chosen], 2, 3)
    return TierBound(min(found.bound, known), tier)


def town_bounds(
    problem: TierProblem, counts: tuple[int, int, int], time_s: float, stop: Callable[[], bool] | None = None
) -> NDArray[np.float64]:
    """Return for each town what no layout without a hub there undercuts, and none with one; NaN where time ended.

    These are bounds of the linear program, each solved from the answer of the one before.
    """
    until = time.monotonic() + time_s
    made, _ = _program(problem, ways_up(problem), counts, integer=False)
    roles = next(block for block in made.row_blocks if block.name == ROLE)
    solver = make_solver(made, Limits())
    found = np.full((2, len(problem.towns)), np.nan)
    for k in range(len(problem.towns)):
        row = np.array([roles.start + k], np.int32)
        for wanted in (0.0, 1.0):
            if time.monotonic() > until:
                return found
            if stop and stop():
                raise Stopped.of("errors.stopped", done=k, total=len(problem.towns))
            solver.changeRowsBounds(1, row, np.array([wanted]), np.array([wanted]))
            solver.setOptionValue("time_limit", solver.getRunTime() + max(0.01, until - time.monotonic()))
            solver.run()
            if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                found[int(wanted), k] = solver.getInfo().objective_function_value
            elif solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
                found[int(wanted), k] = np.inf
        solver.changeRowsBounds(1, row, np.zeros(1), np.ones(1))
    return found


def ways_up(p: TierProblem) -> Ways:
    """Return every way up from a hub, and what joining it costs at least."""
    c = len(p.towns)
    hub, upper = np.repeat(np.arange(c), c), np.tile(np.arange(c), c)
    low = hub != upper
    inside = p.flow * (1 - np.eye(len(p.units)))
    outside = p.sent_out.sum(1) + p.taken_in.sum(1)
    carried = p.taken_in.sum(1) + inside.sum(0)
    if p.sent_out.sum() > p.taken_in.sum():
        carried = p.sent_out.sum(1) + inside.sum(1)
    truck = 2 * p.run[1][hub, upper] / p.room[1] * low
    passed = p.flow.sum(1) + (inside + inside.T).sum(1) / 2 + outside
    join = tier_cost.trunk_arrays(p).join[:, hub] + _outward(p)[:, upper]
    join += p.sort_yuan * (passed[:, None] + outside[:, None] * low) + carried[:, None] * truck
    return Ways(hub, upper, join, truck)


def _outward(p: TierProblem) -> NDArray[np.float64]:
    """Cost of each unit's pieces between each upper hub and the places outside: direct, or over some first-tier hub."""
    carried = np.where(p.sent_out.sum(0) > p.taken_in.sum(0), p.sent_out, p.taken_in)
    across = p.sent_out if p.sent_out.sum() > p.taken_in.sum() else p.taken_in
    both = p.sent_out + p.taken_in
    far, semi = 2 * p.run_outside / p.room[2], 2 * p.run[2] / p.room[2]
    total = np.zeros((len(p.units), len(p.towns)))
    for x in range(len(p.outside)):
        straight = carried[:, x, None] * far[None, :, x]
        over = across[:, x, None, None] * semi + carried[:, x, None, None] * far[:, x]
        total += np.minimum(straight, over.min(2) + p.sort_yuan * both[:, x, None])
    return total


def _worth_keeping(p: TierProblem, w: Ways, share: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which unit may join by which way: by a hub of tier 3 only at home, or where the hub above it is dearer."""
    spared = share.sum(1)[:, None] * (p.sort_yuan + w.truck)
    direct = w.join[:, w.upper * (len(p.towns) + 1)]
    keep: NDArray[np.bool_] = (w.hub == w.upper) | (p.own[:, None] == w.hub) | (w.join - spared < direct)
    return keep


def _program(p: TierProblem, w: Ways, counts: tuple[int, int, int], *, integer: bool = True) -> tuple[Program, Columns]:
    """Return the program, and its columns for ways opened."""
    made, n, c = Program(), len(p.units), len(p.towns)
    share = (p.flow + p.flow.T) * (1 - np.eye(n))
    unit, way = np.nonzero(_worth_keeping(p, w, share))
    first, second = np.nonzero(np.tril(share))
    order = np.argsort(-share[first, second], kind="stable")[:PAIRS]
    first, second = first[order], second[order]
    told = np.zeros((n, n))
    told[first, second] = told[second, first] = share[first, second]
    spared = p.sort_yuan * (share - told).sum(1)[:, None] + share.sum(1)[:, None] * w.truck
    opened = made.columns("opened", c * c, high=1.0, integer=integer)
    joins = made.columns("joins", unit.size, cost=(w.join - spared / 2)[unit, way], high=1.0)
    _open_ways(made, w, opened, counts)
    made.rows("one way", [(joins, _ones(unit, (n, unit.size)))], low=1.0, high=1.0)
    made.rows("open way", [(joins, sparse.eye_array(unit.size)), (opened, -_ones(way, (c * c, unit.size)).T)], high=0.0)
    home = np.flatnonzero(p.own[unit] == w.hub[way])
    made.rows("at home", [(joins, _ones(home, (unit.size, home.size)).T),
                          (opened, -_ones(way[home], (c * c, home.size)).T)], low=0.0, high=0.0)  # fmt: skip
    if first.size:
        at_hub = _ones(unit * c + w.hub[way], (n * c, unit.size))
        hub = np.tile(np.arange(c), first.size)
        worth = p.sort_yuan * np.repeat(share[first, second], c)
        together = made.columns("share a hub", hub.size, cost=-worth, high=1.0)
        for side in (first, second):
            place = at_hub[np.repeat(side, c) * c + hub]
            made.rows("share a hub", [(together, sparse.eye_array(hub.size)), (joins, -place)], high=0.0)
    return made, opened


def _open_ways(made: Program, w: Ways, opened: Columns, counts: tuple[int, int, int]) -> None:
    """How many ways of each kind are open; a town has one role, and the hub above another is an upper hub."""
    many = w.hub.size
    c = round(many**0.5)
    third = w.hub != w.upper
    for name, kind, count in (("upper hubs", ~third, counts[0] + counts[1]), ("third tier", third, counts[2])):
        made.rows(name, [(opened, sparse.csr_array(kind.astype(float)[None]))], low=count, high=count)
    made.rows(ROLE, [(opened, _ones(w.hub, (c, many)))], high=1.0)
    low = np.flatnonzero(third)
    above = _ones(low, (many, low.size)).T - _ones(w.upper[low] * (c + 1), (many, low.size)).T
    made.rows("upper hub open", [(opened, above)], high=0.0)


def _ones(row: NDArray[np.int64], shape: tuple[int, int]) -> sparse.csr_array:
    """A matrix with a one in each column, in the row given."""
    return sparse.csr_array((np.ones(row.size), (row, np.arange(row.size))), shape)
