"""Where sites go: maximal covering on two families of any size, and the OR-Library p-median.

``python -m benchmarks sites --family cfl --points 100000 --candidates 100 --radius 5.5 --p 10 --seed 1 --json`` or
``python -m benchmarks sites --pmed pmed1.txt --json`` prints one line: objective, bound, gap, the chosen sites (from
0), seconds, peak_mb and status. ``--peer`` runs spopt with HiGHS on the same instance in the same run.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import Options, Row, _siting, alone, register
from postroad.design.sites.covering import maximal_covering
from postroad.design.sites.median import p_median
from postroad.design.sites.merging import merge_points
from postroad.design.sites.tree import Pace


def _told(answer: Any, began: float, **more: Any) -> dict[str, Any]:
    return {
        "objective": answer.objective,
        "bound": answer.bound,
        "gap": answer.gap,
        "status": answer.status,
        "sites": answer.chosen.tolist(),
        "nodes": answer.nodes,
        "total_s": round(time.perf_counter() - began, 3),
        **more,
    }


def median(path: str, limit: float) -> dict[str, Any]:
    """Read an OR-Library file and solve it."""
    began = time.perf_counter()
    cost, p = _siting.pmed(Path(path))
    return _told(p_median(cost, p, pace=Pace(time_s=limit, rounds=30)), began, customers=len(cost), p=p)


def covering(family: str, sizes: list[int], radius: float, p: int, limits: list[float]) -> dict[str, Any]:
    """Draw the points, merge them and choose; ``sizes`` is points, candidates and seed, ``limits`` seconds and gap."""
    began = time.perf_counter()
    points, candidates, seed = sizes
    if family == "cfl":
        sites, chunks = _siting.cfl(points, candidates, seed)
    else:
        sites, chunks, radius = _siting.clustered(points, candidates, seed, radius)
    groups = merge_points(chunks, sites, radius)
    ready = time.perf_counter()
    left = max(1.0, limits[0] - (ready - began))
    answer = maximal_covering(groups, p, pace=Pace(time_s=left, gap=limits[1], rounds=1000))
    more = {"groups": groups.count, "total_weight": groups.total, "radius": radius, "merge_s": round(ready - began, 3)}
    return _told(answer, began, **more)


def spopt_covering(family: str, sizes: list[int], radius: float, p: int, limits: list[float]) -> dict[str, Any]:
    """Solve the same instance as spopt's MCLP with HiGHS."""
    import pulp
    from spopt.locate import MCLP

    points, candidates, seed = sizes
    drawn = _siting.cfl(points, candidates, seed) if family == "cfl" else None
    if drawn is None:
        sites, chunks, radius = _siting.clustered(points, candidates, seed, radius)
    else:
        sites, chunks = drawn
    parts = list(chunks)
    x, y, weight = (np.concatenate([part[k] for part in parts]) for k in range(3))
    cost = np.hypot(x[:, None] - sites[None, :, 0], y[:, None] - sites[None, :, 1])
    model = MCLP.from_cost_matrix(cost, weight.astype(float), radius, p_facilities=p)
    model = model.solve(pulp.HiGHS(msg=False, timeLimit=limits[0]))
    return {"objective": float(model.problem.objective.value()), "status": int(model.problem.status)}


def spopt_median(path: str, limit: float) -> dict[str, Any]:
    """Solve the same file as spopt's p-median with HiGHS."""
    import pulp
    from spopt.locate import PMedian

    cost, p = _siting.pmed(Path(path))
    model = PMedian.from_cost_matrix(cost, np.ones(len(cost)), p_facilities=p)
    model = model.solve(pulp.HiGHS(msg=False, timeLimit=limit))
    return {"objective": float(model.problem.objective.value()), "status": int(model.problem.status)}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--family", choices=["cfl", "clustered"], default="cfl")
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--radius", type=float, default=0.0, help="0: the family's own")
    parser.add_argument("--p", type=int, default=0, help="0: the family's own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--gap", type=float, default=0.0, help="relative gap that is good enough")
    parser.add_argument("--pmed", help="an OR-Library p-median file")
    parser.add_argument("--peer", action="store_true", help="run spopt with HiGHS too")


def _run(options: Options) -> list[Row] | dict[str, Any]:
    if options.pmed:
        call: list[Any] = ["median", options.pmed, options.time_limit]
        size = Path(options.pmed).stem
    else:
        radius = options.radius or (5.5 * (100 / options.candidates) ** 0.5 if options.family == "cfl" else 0.0)
        p = options.p or max(1, options.candidates // (10 if options.family == "cfl" else 20))
        sizes = [options.points, options.candidates, options.seed]
        call = ["covering", options.family, sizes, radius, p, [options.time_limit, options.gap]]
        size = f"{options.family} {options.points:,} x {options.candidates}, p={p}"
        # A first small run leaves the compiled code on disk, as any earlier run would have.
        alone("benchmarks.sites:covering", "cfl", [2000, 20, 1], 5.5, 3, [5.0, 0.0], imports=["benchmarks.sites"])
    name, *rest = call
    mine = alone(f"benchmarks.sites:{name}", *rest, imports=["benchmarks.sites"])
    told = {"instance": size, **mine["result"], "seconds": round(mine["seconds"], 3), "peak_mb": round(mine["peak_mb"])}
    if not options.peer:
        return told
    peer = alone(f"benchmarks.sites:spopt_{name}", *rest, imports=["benchmarks.sites", "spopt"])
    same = abs(peer["result"]["objective"] - told["objective"]) < 0.5
    note = f"ours {told['status']} {told['objective']:.0f}, spopt {'the same' if same else peer['result']['objective']}"
    figures = (mine["seconds"], peer["seconds"], mine["peak_mb"], peer["peak_mb"])
    return [Row("sites", size, "spopt+HiGHS", *figures, note)]


register("sites", _run, _arguments)
