"""Solve a program with HiGHS: limits, a start, lazy rows, progress and stop; every answer with its bound."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

from postroad.design.program.model import INFINITY, Columns, Program
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

_STATUS = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
}


@dataclass(frozen=True)
class Limits:
    """When to stop looking: seconds of wall clock, relative gap, threads (HiGHS is repeatable at any number)."""

    time_s: float = 120.0
    gap: float = 1e-6
    threads: int = 1


@dataclass(frozen=True)
class Solution:
    """What a solve gives: status, objective, bound, and values of every column.

    ``status`` is optimal, feasible (stopped by a limit with an answer), unanswered (stopped without one), infeasible
    or unbounded. ``bound`` is on the objective of any answer; ``gap`` is relative to the objective.
    """

    status: str
    objective: float
    bound: float
    values: NDArray[np.float64]
    row_duals: NDArray[np.float64]
    seconds: float
    nodes: int

    @property
    def answered(self) -> bool:
        """Whether there is an answer to read."""
        return self.status in ("optimal", "feasible")

    @property
    def gap(self) -> float:
        """Distance from objective to bound, as a share of the objective; 0 when proven, infinite without an answer."""
        if not self.answered:
            return INFINITY
        return abs(self.objective - self.bound) / max(1e-12, abs(self.objective))

    def __getitem__(self, columns: Columns) -> NDArray[np.float64]:
        return self.values[columns.slice]


def solve(
    program: Program,
    limits: Limits | None = None,
    *,
    start: NDArray[np.float64] | None = None,
    cuts: Callable[[Solution], Sequence[tuple[Any, ArrayLike, ArrayLike]]] | None = None,
    cutoff: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Solution:
    """Return the best answer found within the limits, with a bound.

    ``start`` is an answer to begin from. ``cuts`` sees each answer and returns rows ``(matrix, low, high)`` over
    all columns that it breaks; the program is solved again with them until none is returned. With ``cutoff`` only
    answers below it are looked for: the program counts as infeasible when there are none. ``stop`` is asked several
    times a second.
    """
    limits = limits or Limits()
    began = time.monotonic()
    solver = make_solver(program, limits)
    if cutoff is not None:
        solver.setOptionValue("objective_bound", cutoff)
    _listen(solver, began, limits, progress, stop)
    while True:
        if start is not None:
            _hint(solver, start)
        solver.setOptionValue("time_limit", max(0.01, limits.time_s - (time.monotonic() - began)))
        solver.run()
        answer = _read(solver, began)
        broken = cuts(answer) if cuts and answer.answered else ()
        if not broken:
            return answer
        if time.monotonic() - began > limits.time_s:
            # The rows still broken say that this answer is not one; its bound holds all the same.
            return Solution("unanswered", INFINITY, answer.bound, answer.values, answer.row_duals, answer.seconds, 0)
        for matrix, low, high in broken:
            _add_rows(solver, sparse.csr_array(matrix), low, high)
        start = answer.values


def write_mps(program: Program, path: Path) -> Path:
    """Write the program as an MPS file, for users of other solvers, and return its path."""
    make_solver(program, Limits()).writeModel(str(path))
    return path


class _Silent(highspy.Highs):
    """HiGHS greets on the output stream, where answers go as JSON, unless it is told not to before it starts."""

    def enableCallbacks(self) -> Any:  # noqa: N802 - the name is theirs
        self.setOptionValue("output_flag", False)
        return super().enableCallbacks()  # type: ignore[no-untyped-call]


def make_solver(program: Program, limits: Limits) -> Any:
    """Return a silent HiGHS holding the program."""
    solver = _Silent()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("mip_rel_gap", limits.gap),
        ("threads", limits.threads),
        ("random_seed", 0),
    ):
        solver.setOptionValue(option, value)
    solver.passModel(as_lp(program))
    return solver


def as_lp(program: Program) -> Any:
    """Return the program as HiGHS takes it: row-wise arrays."""
    matrix = program.matrix()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = program.width, program.height
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.whole("cost"), program.whole("low"), program.whole("high")
    lp.row_lower_, lp.row_upper_ = program.whole("row_low"), program.whole("row_high")
    lp.offset_ = program.offset
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data
    integer = program.whole("integer")
    if integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[flag] for flag in integer.astype(int).tolist()]
    return lp


def _listen(
    solver: Any,
    began: float,
    limits: Limits,
    progress: Callable[[Progress], None] | None,
    stop: Callable[[], bool] | None,
) -> None:
    last = [began]

    def hear(event: Any) -> None:
        now = time.monotonic()
        if progress and now - last[0] >= 1.0:
            last[0] = now
            progress(Progress(int(now - began), int(limits.time_s)))
        if stop and stop():
            event.data_in.user_interrupt = 1

    if progress or stop:
        for callback in (solver.cbMipInterrupt, solver.cbSimplexInterrupt, solver.cbIpmInterrupt):
            callback.subscribe(hear)


def _hint(solver: Any, values: NDArray[np.float64]) -> None:
    hint = highspy.HighsSolution()
    hint.col_value = values.tolist()
    solver.setSolution(hint)


def _add_rows(solver: Any, matrix: sparse.csr_array, low: ArrayLike, high: ArrayLike) -> None:
    count = matrix.shape[0]
    solver.addRows(
        count,
        np.broadcast_to(np.asarray(low, np.float64), (count,)).copy(),
        np.broadcast_to(np.asarray(high, np.float64), (count,)).copy(),
        matrix.nnz,
        matrix.indptr[:-1].astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float64),
    )


def _read(solver: Any, began: float) -> Solution:
    info, held = solver.getInfo(), solver.getSolution()
    status = _STATUS.get(solver.getModelStatus())
    integer = bool(len(solver.getLp().integrality_))
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if status is None:
        status = "feasible" if feasible else "unanswered"
    answered = status in ("optimal", "feasible")
    objective = float(info.objective_function_value) if answered else INFINITY
    bound = float(info.mip_dual_bound) if integer else (objective if status == "optimal" else -INFINITY)
    return Solution(
        status,
        objective,
        bound,
        np.asarray(held.col_value, np.float64),
        np.asarray(held.row_dual, np.float64),
        time.monotonic() - began,
        max(0, int(info.mip_node_count)),
    )
