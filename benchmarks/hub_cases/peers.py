"""The compact programs of Ernst and Krishnamoorthy, and the time-definite program, in HiGHS or SCIP.

Single allocation: ``z[i, k]`` and flows ``y[i, k, l]`` of origin ``i`` between hubs. Multiple allocation: ``h[k]``,
collection ``c[i, k]``, transfer ``y[i, k, l]`` and distribution ``x[i, l, j]``. HiGHS takes them as arrays; SCIP as an
MPS file through OR-Tools.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from ortools.linear_solver.python import model_builder
from scipy import sparse

from benchmarks.hub_cases.reading import Asked, problem
from postroad.design.hubs import HubProblem
from postroad.design.program import Limits, Program, solve, write_mps


def program(case: HubProblem) -> tuple[Program, Any]:
    """Return the compact program of a problem and its columns of hubs (or allocations)."""
    return _multiple(case) if case.multiple else _single(case)


def _single(case: HubProblem) -> tuple[Program, Any]:
    n, hub = case.size, np.flatnonzero(case.may_be_hub)
    h = hub.size
    made = Program()
    z = made.columns("z", n * h, cost=case.joining[:, hub].ravel(), high=1, integer=True)
    transfer = case.transfer[np.ix_(hub, hub)]
    y = made.columns("y", n * h * h, cost=np.tile(transfer.ravel(), n))
    eye = sparse.eye_array(n, format="csr")
    made.rows("one hub", [(z, sparse.kron(eye, np.ones((1, h))))], low=1, high=1)
    _linking(made, z, n, hub)
    if case.hubs:
        made.rows("number", [(z, _own(n, hub).sum(0)[None])], low=case.hubs, high=case.hubs)
    # sum_l y[i, k, l] - sum_l y[i, l, k] = O_i z[i, k] - sum_j w_ij z[j, k], with what i keeps to itself left out.
    flow = case.flow * (1 - np.eye(n))
    inner = sparse.eye_array(h, format="csr")
    leave, enter = sparse.kron(inner, np.ones((1, h))), sparse.kron(np.ones((1, h)), inner)
    balance = sparse.kron(eye, leave - enter)
    sends = sparse.kron(sparse.csr_array(flow - np.diag(flow.sum(1))), inner)
    made.rows("balance", [(y, balance), (z, sends)], low=0, high=0)
    if case.capacity is not None:
        load = sparse.kron(sparse.csr_array(case.sent[None]), inner)
        made.rows("capacity", [(z, load - _own(n, hub).multiply(case.capacity[hub][:, None]))], high=0)
    if case.link_cost is not None:
        _links(made, z, case, hub)
    if case.within is not None:
        _arrivals(made, z, case, hub)
    return made, z


def _own(n: int, hub: np.ndarray) -> sparse.csr_array:
    """One row for each candidate, with its own allocation."""
    h = hub.size
    return sparse.csr_array((np.ones(h), (np.arange(h), hub * h + np.arange(h))), shape=(h, n * h))


def _linking(made: Program, z: Any, n: int, hub: np.ndarray) -> None:
    h = hub.size
    opened = sparse.kron(np.ones((n, 1)), _own(n, hub))
    made.rows("linking", [(z, sparse.eye_array(n * h) - opened)], high=0)


def _links(made: Program, z: Any, case: HubProblem, hub: np.ndarray) -> None:
    """A link between two hubs costs when both are open."""
    h, own = hub.size, _own(case.size, hub)
    a, b = np.triu_indices(h, 1)
    both = case.link_cost + case.link_cost.T
    e = made.columns("e", a.size, cost=both[hub[a], hub[b]])
    made.rows("link", [(z, own[a] + own[b]), (e, -sparse.eye_array(a.size))], high=1)


def _arrivals(made: Program, z: Any, case: HubProblem, hub: np.ndarray) -> None:
    """Radius of each hub; radius, leg and radius within the limit for every two open hubs."""
    n, h = case.size, hub.size
    own = _own(n, hub)
    r = made.columns("r", h)
    reach = sparse.csr_array((case.time[:, hub].ravel(), (np.arange(n * h), np.arange(n * h))))
    made.rows("radius", [(z, reach), (r, -sparse.kron(np.ones((n, 1)), sparse.eye_array(h)))], high=0)
    a, b = np.triu_indices(h)
    leg = case.transfer_time[hub[a], hub[b]]
    pick = sparse.csr_array((np.ones(a.size), (np.arange(a.size), a)), shape=(a.size, h))
    pick = pick + sparse.csr_array((np.ones(a.size), (np.arange(a.size), b)), shape=(a.size, h))
    opened = (own[a] + own[b]).multiply(np.where(a == b, 0.5, 1.0)[:, None]).multiply(leg[:, None])
    slack = np.where(a == b, 0.0, leg)
    made.rows("within", [(r, pick), (z, sparse.csr_array(opened))], high=case.within + slack + 1e-9)


def _multiple(case: HubProblem) -> tuple[Program, Any]:
    n = case.size
    made = Program()
    fixed = np.zeros(n) if case.fixed is None else case.fixed
    hub = made.columns("h", n, cost=fixed, high=case.may_be_hub.astype(float), integer=True)
    c = made.columns("c", n * n, cost=case.collect.ravel())
    y = made.columns("y", n**3, cost=np.tile(case.transfer.ravel(), n))
    x = made.columns("x", n**3, cost=np.tile(case.distribute.ravel(), n))
    eye, ones = sparse.eye_array(n, format="csr"), np.ones((1, n))
    made.rows("all leaves", [(c, sparse.kron(eye, ones))], low=case.sent, high=case.sent)
    arrive = sparse.kron(eye, sparse.kron(ones, eye))
    made.rows("all arrives", [(x, arrive)], low=case.flow.ravel(), high=case.flow.ravel())
    leave, enter = sparse.kron(eye, ones), sparse.kron(ones, eye)
    made.rows(
        "balance",
        [(c, sparse.eye_array(n * n)), (y, sparse.kron(eye, enter - leave)), (x, -sparse.kron(eye, leave))],
        low=0,
        high=0,
    )
    made.rows(
        "collects at hubs",
        [(c, sparse.eye_array(n * n)), (hub, sparse.kron(sparse.csr_array(-case.sent[:, None]), eye))],
        high=0,
    )
    wide = sparse.kron(sparse.kron(np.ones((n, 1)), eye), np.ones((n, 1))).multiply(
        case.flow[:, None, :].repeat(n, 1).reshape(-1, 1)
    )
    made.rows("distributes from hubs", [(x, sparse.eye_array(n**3)), (hub, -sparse.csr_array(wide))], high=0)
    if case.hubs:
        made.rows("number", [(hub, np.ones((1, n)))], low=case.hubs, high=case.hubs)
    return made, hub


def highs(path: str, asked: dict[str, Any], time_s: float) -> dict[str, Any]:
    """Solve with HiGHS; its own defaults but for the limits."""
    case = problem(path, Asked(**asked))
    made, _ = program(case)
    answer = solve(made, Limits(time_s=time_s, gap=1e-6))
    found = answer.objective if answer.answered else None
    bound = answer.bound if np.isfinite(answer.bound) else None
    return {"objective": found, "bound": bound, "status": answer.status, "solver": highspy.Highs().version()}


def scip(path: str, asked: dict[str, Any], time_s: float) -> dict[str, Any]:
    """Solve with SCIP through OR-Tools; its own defaults but for the time limit."""
    made, _ = program(problem(path, Asked(**asked)))
    with tempfile.TemporaryDirectory() as folder:
        file = write_mps(made, Path(folder) / "compact.mps")
        model = model_builder.ModelBuilder()
        model.import_from_mps_file(str(file))
    solver = model_builder.ModelSolver("SCIP")
    solver.set_time_limit_in_seconds(time_s)
    status = solver.solve(model)
    answered = status in (model_builder.SolveStatus.OPTIMAL, model_builder.SolveStatus.FEASIBLE)
    found = solver.objective_value if answered else None
    return {"objective": found, "bound": solver.best_objective_bound if answered else None, "status": str(status)}
