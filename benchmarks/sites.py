"""Where sites go: maximal covering on two families of any size, and the OR-Library p-median.

``python -m benchmarks sites --family cfl --points 100000 --candidates 100 --radius 5.5 --p 10 --seed 1 --json`` or
``python -m benchmarks sites --pmed pmed1.txt --json`` prints one line: objective, bound, gap, the chosen sites (from
0), seconds, peak_mb and status. ``--peer`` runs spopt with HiGHS on the same instance in the same run.

``solve_s`` runs from points in memory to the proof, for both sides alike: drawing the points, which both share, is told
as ``draw_s`` and left out; building the model is in. More than ``HELD`` points stream through in chunks that are never
held, and drawing them cannot be told apart.
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

HELD = 2_000_000
"""Points that are drawn into memory before the clock starts."""


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
    start = time.perf_counter()
    cost, p = _siting.pmed(Path(path))
    began = time.perf_counter()
    answer = p_median(cost, p, pace=Pace(time_s=limit, rounds=30))
    return _told(answer, start, customers=len(cost), p=p, solve_s=round(time.perf_counter() - began, 3))


def _drawn(family: str, sizes: list[int], radius: float) -> tuple[Any, Any, float]:
    points, candidates, seed = sizes
    if family == "cfl":
        return (*_siting.cfl(points, candidates, seed), radius)
    return _siting.clustered(points, candidates, seed, radius)


def covering(family: str, sizes: list[int], radius: float, p: int, limits: list[float]) -> dict[str, Any]:
    """Merge the points and choose; ``sizes`` is points, candidates and seed, ``limits`` seconds and gap."""
    start = time.perf_counter()
    sites, chunks, radius = _drawn(family, sizes, radius)
    if sizes[0] <= HELD:
        chunks = list(chunks)
    began = time.perf_counter()
    groups = merge_points(chunks, sites, radius)
    ready = time.perf_counter()
    left = max(1.0, limits[0] - (ready - began))
    answer = maximal_covering(groups, p, pace=Pace(time_s=left, gap=limits[1], rounds=1000))
    solved = time.perf_counter()
    more = {"groups": groups.count, "total_weight": groups.total, "radius": radius}
    clocks = {"draw_s": began - start, "merge_s": ready - began, "solve_s": solved - began}
    return _told(answer, start, **more, **{name: round(value, 3) for name, value in clocks.items()})


def spopt_covering(family: str, sizes: list[int], radius: float, p: int, limits: list[float]) -> dict[str, Any]:
    """Solve the same instance as spopt's MCLP with HiGHS, its limit counted from the end of building."""
    import pulp
    from spopt.locate import MCLP

    sites, chunks, radius = _drawn(family, sizes, radius)
    parts = list(chunks)
    x, y, weight = (np.concatenate([part[k] for part in parts]) for k in range(3))
    began = time.perf_counter()
    cost = np.hypot(x[:, None] - sites[None, :, 0], y[:, None] - sites[None, :, 1])
    model = MCLP.from_cost_matrix(cost, weight.astype(float), radius, p_facilities=p)
    built = time.perf_counter()
    model = model.solve(pulp.HiGHS(msg=False, timeLimit=limits[0]))
    solved = time.perf_counter()
    clocks = {"build_s": round(built - began, 3), "solve_s": round(solved - began, 3)}
    proven = model.problem.sol_status == pulp.LpSolutionOptimal and solved - built < limits[0]
    return {"objective": float(model.problem.objective.value()), "proven": proven, **clocks}


def spopt_median(path: str, limit: float) -> dict[str, Any]:
    """Solve the same file as spopt's p-median with HiGHS."""
    import pulp
    from spopt.locate import PMedian

    cost, p = _siting.pmed(Path(path))
    began = time.perf_counter()
    model = PMedian.from_cost_matrix(cost, np.ones(len(cost)), p_facilities=p)
    built = time.perf_counter()
    model = model.solve(pulp.HiGHS(msg=False, timeLimit=limit))
    solved = time.perf_counter()
    proven = model.problem.sol_status == pulp.LpSolutionOptimal and solved - built < limit
    clocks = {"build_s": round(built - began, 3), "solve_s": round(solved - began, 3)}
    return {"objective": float(model.problem.objective.value()), "proven": proven, **clocks}


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
    parser.add_argument("--peer", nargs="?", const="spopt", choices=["spopt"], help="run spopt with HiGHS too")
    parser.add_argument("--peer-limit", type=float, default=600.0, help="seconds that HiGHS may take for the peer")


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
    rest[-1] = [options.peer_limit, options.gap] if name == "covering" else options.peer_limit
    peer = alone(f"benchmarks.sites:spopt_{name}", *rest, imports=["benchmarks.sites", "spopt"])
    theirs = peer["result"]
    same = abs(theirs["objective"] - told["objective"]) < 0.5
    note = (
        f"ours {told['status']} {told['objective']:.0f}, spopt {'proven' if theirs['proven'] else 'stopped'} "
        f"{'at the same' if same else format(theirs['objective'], '.0f')} (built in {theirs['build_s']:.0f} s)"
    )
    figures = (told["solve_s"], theirs["solve_s"], mine["peak_mb"], peer["peak_mb"])
    return [Row("sites", size, "spopt+HiGHS", *figures, note)]


register("sites", _run, _arguments)
