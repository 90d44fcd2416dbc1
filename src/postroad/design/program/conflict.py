"""Why a program has no answer: rules that cannot hold together, and the cheapest way to relax them.

For a linear program HiGHS gives an irreducible infeasible subsystem. When only whole numbers make it impossible, rows
are dropped block by block and then row by row for as long as the rest stays impossible (the deletion filter of
Chinneck), which ends at a set that is irreducible too, unless time runs out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

from postroad.design.program.model import Program
from postroad.design.program.solving import Limits, as_lp, make_solver, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.program.model import Rows

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Rule:
    """A row in the user's words: the block it stands in, its number there, and its label."""

    rows: str
    row: int
    label: str


@dataclass(frozen=True)
class Relief:
    """How much a rule would have to give way: ``amount`` in the row's own unit, and what that costs."""

    rule: Rule
    amount: float
    price: float


@dataclass(frozen=True)
class Conflict:
    """Rules that cannot hold together; ``irreducible`` when dropping any one of them would do."""

    rules: tuple[Rule, ...]
    relief: tuple[Relief, ...]
    irreducible: bool

    def __bool__(self) -> bool:
        return bool(self.rules)


def why(program: Program, limits: Limits | None = None) -> Conflict:
    """Return the rules of a program that cannot hold together and the cheapest relief; empty when it has an answer."""
    limits = limits or Limits(time_s=30.0)
    deadline = time.monotonic() + limits.time_s
    solver = make_solver(program, limits)
    solver.setOptionValue("time_limit", limits.time_s)
    solver.run()
    none = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
    if solver.getModelStatus() not in none:
        return Conflict((), (), irreducible=False)
    rows, irreducible = _linear(program, limits)
    if not rows.size:
        rows, irreducible = _filter(program, limits, deadline)
    rules = tuple(_rule(program, int(row)) for row in rows)
    return Conflict(rules, _relief(program, limits), irreducible)


def _linear(program: Program, limits: Limits) -> tuple[NDArray[np.int64], bool]:
    """Rows of an irreducible infeasible subsystem of the program without whole numbers; none if that has an answer."""
    solver = make_solver(program, limits)
    relaxed = as_lp(program)
    relaxed.integrality_ = []
    solver.passModel(relaxed)
    solver.setOptionValue("iis_strategy", 6)  # from the LP, made irreducible
    solver.setOptionValue("time_limit", limits.time_s)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        return np.empty(0, np.int64), False
    _, system = solver.getIis()
    return np.asarray(system.row_index_, np.int64), bool(system.valid_)


def _filter(program: Program, limits: Limits, deadline: float) -> tuple[NDArray[np.int64], bool]:
    """Drop rows, first in blocks and then one by one, while the rest stays impossible."""
    low, high = program.whole("row_low"), program.whole("row_high")
    kept = np.ones(program.height, bool)

    def impossible(trial: NDArray[np.bool_]) -> bool:
        solver = make_solver(program, limits)
        rows = np.arange(program.height, dtype=np.int32)
        free_low, free_high = np.where(trial, low, -np.inf), np.where(trial, high, np.inf)
        solver.changeRowsBounds(rows.size, rows, free_low, free_high)
        solver.setOptionValue("time_limit", max(0.01, deadline - time.monotonic()))
        solver.run()
        return bool(solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible)

    pieces = [np.arange(block.start, block.start + block.count) for block in program.row_blocks]
    while pieces:
        piece = pieces.pop(0)
        if time.monotonic() > deadline:
            return np.flatnonzero(kept), False
        trial = kept.copy()
        trial[piece] = False
        if impossible(trial):
            kept = trial
        elif piece.size > 1:
            pieces.extend(np.array_split(piece, 2))
    return np.flatnonzero(kept), True


def _relief(program: Program, limits: Limits) -> tuple[Relief, ...]:
    """Solve the elastic program: every row with a price may be stretched at that price, nothing else is paid for."""
    prices = np.concatenate([np.full(b.count, np.nan if b.relief is None else b.relief) for b in program.row_blocks])
    soft = np.flatnonzero(~np.isnan(prices))
    elastic = Program()
    own = elastic.columns(
        "own", program.width, low=program.whole("low"), high=program.whole("high"), integer=program.whole("integer")
    )
    under = elastic.columns("under", soft.size, cost=prices[soft])
    over = elastic.columns("over", soft.size, cost=prices[soft])
    stretch = sparse.csr_array((np.ones(soft.size), (soft, np.arange(soft.size))), shape=(program.height, soft.size))
    elastic.rows(
        "all",
        [(own, program.matrix()), (under, stretch), (over, -stretch)],
        low=program.whole("row_low"),
        high=program.whole("row_high"),
    )
    answer = solve(elastic, limits)
    if not answer.answered:
        return ()
    amounts = answer[under] + answer[over]
    found = np.flatnonzero(amounts > TOLERANCE)
    return tuple(
        Relief(_rule(program, int(soft[k])), float(amounts[k]), float(amounts[k] * prices[soft[k]])) for k in found
    )


def _block_of(program: Program, row: int) -> Rows:
    return next(block for block in program.row_blocks if block.start <= row < block.start + block.count)


def _rule(program: Program, row: int) -> Rule:
    block: Any = _block_of(program, row)
    return Rule(block.name, row - block.start, block.label(row - block.start))
