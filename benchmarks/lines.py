"""Continuous-time service network design: a proven gap on published instances, judged apart, against HiGHS alone.

``--instance FILE --time-limit S`` solves one file of the published format and prints one record. The clock starts after
the kernels are compiled (``compile_seconds``; a second run finds them compiled). ``--peer`` also solves the whole
time-expanded program of the same file in HiGHS, with one variable for every load, service and time on the file's grid:
sensible for the 60-minute grid. ``--folder DIR`` does that for every file there and gives rows.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks import Options, Row, alone, register
from benchmarks._lines_judge import judge


def _warm_up() -> float:
    from postroad.design.lines.continuous import Instance, design

    began = time.perf_counter()
    one, two = np.array([1.0]), np.array([1.0, 1.0])
    tiny = Instance(np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([2.0, 2.0, 5.0]), np.array([9.0, 9.0, 30.0]),
                    np.repeat(one * 4, 3), np.repeat(one, 3), np.array([0, 0]), np.array([2, 2]), two, two * 0,
                    two * 9)  # fmt: skip
    design(tiny, time_s=5.0, gap=0.0)
    return time.perf_counter() - began


def ours(path: str, time_limit: float, gap: float, seed: int) -> dict[str, Any]:
    """Solve an instance and return the record that is printed."""
    from postroad.design.lines.continuous import design, read

    compiled = _warm_up()
    began = time.perf_counter()
    held = read(path)
    plan = design(held, time_s=time_limit, gap=gap, seed=seed)
    seconds = time.perf_counter() - began
    shown = [
        {"service": one.service, "tail": int(held.tail[one.service]) + 1, "head": int(held.head[one.service]) + 1,
         "depart": one.depart, "vehicles": one.vehicles, "commodities": list(one.loads)}
        for one in plan.dispatches
    ]  # fmt: skip
    record = {
        "instance": Path(path).name, "objective": plan.objective, "bound": plan.bound, "gap": plan.gap,
        "seconds": round(seconds, 3), "peak_mb": _peak_mb(), "status": plan.status, "gap_asked": gap,
        "compile_seconds": round(compiled, 3), "dispatches": shown, "paths": [list(way) for way in plan.ways],
    }  # fmt: skip
    verdict = judge(path, record)
    right = not verdict["faults"] and abs(verdict["cost"] - plan.objective) <= 1e-6 * plan.objective
    return {**record, "judged": "holds" if right else verdict}


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def peer(path: str, time_limit: float, gap: float) -> dict[str, Any]:
    """Solve the whole time-expanded program in HiGHS: flow of each load over its times, vehicles for each departure."""
    import highspy

    from postroad.design.lines.continuous import read

    began = time.perf_counter()
    lp, whole = _expanded(read(path))
    solver = highspy.Highs()
    for name, value in (("output_flag", False), ("time_limit", time_limit), ("mip_rel_gap", gap), ("threads", 1)):
        solver.setOptionValue(name, value)
    lp.integrality_ = [(highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)[int(flag)] for flag in whole]
    solver.passModel(lp)
    solver.run()
    told = solver.getInfo()
    return {"objective": told.objective_function_value, "bound": told.mip_dual_bound, "columns": int(lp.num_col_),
            "seconds": round(time.perf_counter() - began, 3), "peak_mb": _peak_mb()}  # fmt: skip


def _expanded(held: Any) -> tuple[Any, Any]:
    """Return the program: moves (load, service, time), waits (load, node, time), vehicles (service, time)."""
    import highspy

    least = held.shortest()
    moves, waits = [], []
    for k in range(held.quantity.size):
        o, d = held.origin[k], held.destination[k]
        soonest = held.release[k] + least[o]
        latest = held.deadline[k] - least[:, d]
        for arc in range(held.tail.size):
            a, b = held.tail[arc], held.head[arc]
            last = latest[b] - held.minutes[arc]
            if soonest[a] <= last:
                moves += [(k, arc, t) for t in range(int(soonest[a]), int(last) + 1)]
        for node in np.flatnonzero(soonest <= latest).tolist():
            waits += [(k, node, t) for t in range(int(soonest[node]), int(latest[node]))]
    move, wait = np.array(moves), np.array(waits).reshape(-1, 3)
    departures, of = np.unique(move[:, 1:], axis=0, return_inverse=True)
    m, w, z = len(move), len(wait), len(departures)
    load, arc, at = move.T
    ends = np.concatenate([
        np.column_stack([load, held.tail[arc], at]), np.column_stack([load, held.head[arc], at + held.minutes[arc]]),
        wait, wait + np.array([0, 0, 1]),
        np.column_stack([np.arange(held.quantity.size), held.origin, held.release]),
        np.column_stack([np.arange(held.quantity.size), held.destination, held.deadline]),
    ]).astype(np.int64)  # fmt: skip
    points, row = np.unique(ends, axis=0, return_inverse=True)
    cut = np.cumsum([m, m, w, w, held.quantity.size])
    leave, reach, stay, go_on, source, goal = np.split(row.ravel(), cut)
    net = np.zeros(len(points))
    np.add.at(net, source, 1.0)
    np.add.at(net, goal, -1.0)
    columns = np.arange(m + w + z)
    ones = np.ones(m)
    flow = sparse.coo_array((np.concatenate([ones, -ones, np.ones(w), -np.ones(w)]),
                             (np.concatenate([leave, reach, stay, go_on]),
                              np.concatenate([columns[:m], columns[:m], columns[m : m + w], columns[m : m + w]]))),
                            (len(points), m + w + z))  # fmt: skip
    cars = m + w + of.ravel()
    weights = np.concatenate([held.quantity[load], -held.capacity[departures[:, 0]]])
    filled = np.concatenate([of.ravel(), np.arange(z)]), np.concatenate([columns[:m], columns[m + w :]])
    room = sparse.coo_array((weights, filled), (z, m + w + z))
    linked = np.tile(np.arange(m), 2), np.concatenate([columns[:m], cars])
    link = sparse.coo_array((np.concatenate([ones, -ones]), linked), (m, m + w + z))
    matrix = sparse.csr_array(sparse.vstack([flow, room, link]))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = m + w + z, matrix.shape[0]
    lp.col_cost_ = np.concatenate([held.variable[arc] * held.quantity[load], np.zeros(w), held.fixed[departures[:, 0]]])
    lp.col_lower_ = np.zeros(m + w + z)
    lp.col_upper_ = np.concatenate([np.ones(m + w), np.full(z, np.inf)])
    lp.row_lower_ = np.concatenate([net, np.full(z + m, -np.inf)])
    lp.row_upper_ = np.concatenate([net, np.zeros(z + m)])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data
    return lp, np.concatenate([np.ones(m), np.zeros(w), np.ones(z)])


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this subject."""
    parser.add_argument("--instance", help="a file of the published format")
    parser.add_argument("--folder", help="do every file of a folder and give rows")
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--gap", type=float, default=0.01, help="end as soon as this gap is proven")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peer", action="store_true", help="also the whole time-expanded program in HiGHS")


def run(options: Options) -> list[Row] | dict[str, Any]:
    """Return one record for an instance, or rows for a folder."""
    words = (options.time_limit, options.gap)
    if options.instance:
        record = ours(options.instance, *words, options.seed)
        if options.peer:
            record["peer"] = alone("benchmarks.lines:peer", options.instance, *words, imports=["highspy"])["result"]
        return record
    rows = []
    for path in sorted(Path(options.folder).glob("*.txt")):
        mine = alone("benchmarks.lines:ours", str(path), *words, options.seed)["result"]
        if mine["judged"] != "holds":
            raise RuntimeError(f"{path.name}: {mine['judged']}")
        note = f"gap {100 * mine['gap']:.2f} %, cost {mine['objective']:.0f}, bound {mine['bound']:.0f}"
        other = None
        if options.peer:
            other = alone("benchmarks.lines:peer", str(path), *words, imports=["highspy"])["result"]
        if other:
            note += f"; peer cost {other['objective']:.0f}, bound {other['bound']:.0f}"
        told = ("HiGHS, whole program", mine["seconds"], other["seconds"] if other else float("nan"))
        rows.append(Row("lines", path.stem, *told, mine["peak_mb"], other["peak_mb"] if other else None, note))
    return rows


register("lines", run, arguments)
