"""Rounds from one depot on published instances: ours, and on request PyVRP, HGS-CVRP, VROOM and OR-Tools in one run.

``python -m benchmarks rounds --instance PATH --time-limit S --seed K --json`` prints cost (rounded Euclidean), routes
(customers numbered as in solution files: 1 is the first after the depot), seconds and peak_mb. With ``--peer
pyvrp,hygese,vroom,ortools`` every peer gets the same time. Each runs in a process of its own, and a checker that knows
none of them judges its routes.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import Options, Row, alone, register
from postroad.design.rounds.checking import check_routes
from postroad.design.rounds.plane import Plane, read_vrplib


def ours(path: str, time_limit: float, seed: int) -> dict[str, Any]:
    """Solve with our own search; imports, reading the file and loading compiled code count as time."""
    began = time.perf_counter()
    from postroad.design.rounds.large import Effort
    from postroad.design.rounds.portfolio import search

    plane = read_vrplib(path)
    left = time_limit - (time.perf_counter() - began)
    found = search(plane, Effort(time_limit_s=left, seed=seed))
    return {"routes": found.routes, "steps": found.steps}


def pyvrp(path: str, time_limit: float, seed: int) -> dict[str, Any]:
    """Solve with PyVRP as it comes; imports and reading the file count as time."""
    began = time.perf_counter()
    from pyvrp import read
    from pyvrp import solve as run
    from pyvrp.stop import MaxRuntime

    data = read(path, round_func="round")
    left = time_limit - (time.perf_counter() - began)
    best = run(data, MaxRuntime(max(0.1, left)), seed=seed, display=False).best
    routes = [[int(visit.idx) for visit in route if visit.is_client()] for route in best.routes()]
    return {"routes": routes, "steps": 0}


def hygese(path: str, time_limit: float, seed: int) -> dict[str, Any]:
    """Solve with HGS-CVRP through hygese, which counts processor seconds: on a busy machine it gets more."""
    import hygese as hgs

    plane = read_vrplib(path)
    x, y = _all(plane)
    data = {
        "x_coordinates": x, "y_coordinates": y, "distance_matrix": _matrix(x, y), "service_times": np.zeros(len(x)),
        "demands": np.concatenate([[0], plane.demand]), "vehicle_capacity": plane.capacity, "depot": 0,
    }  # fmt: skip
    solver = hgs.Solver(parameters=hgs.AlgorithmParameters(timeLimit=time_limit, seed=seed), verbose=False)
    found = solver.solve_cvrp(data, rounding=True)
    return {"routes": [[int(c) - 1 for c in route] for route in found.routes], "steps": 0}


def ortools(path: str, time_limit: float, _seed: int) -> dict[str, Any]:
    """Solve with OR-Tools routing: guided local search from savings."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    plane = read_vrplib(path)
    x, y = _all(plane)
    matrix = _matrix(x, y).astype(int).tolist()
    demand = [0, *plane.demand.tolist()]
    fleet = int(plane.demand.sum() // plane.capacity) + max(5, len(plane) // 50)
    manager = pywrapcp.RoutingIndexManager(len(x), fleet, 0)
    model = pywrapcp.RoutingModel(manager)
    far = model.RegisterTransitCallback(lambda a, b: matrix[manager.IndexToNode(a)][manager.IndexToNode(b)])
    model.SetArcCostEvaluatorOfAllVehicles(far)
    load = model.RegisterUnaryTransitCallback(lambda a: demand[manager.IndexToNode(a)])
    model.AddDimensionWithVehicleCapacity(load, 0, [plane.capacity] * fleet, True, "load")
    search = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.SAVINGS
    search.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    search.time_limit.seconds = int(time_limit)
    found = model.SolveWithParameters(search)
    routes = []
    for vehicle in range(fleet if found else 0):
        route, at = [], found.Value(model.NextVar(model.Start(vehicle)))
        while not model.IsEnd(at):
            route.append(manager.IndexToNode(at) - 1)
            at = found.Value(model.NextVar(at))
        if route:
            routes.append(route)
    return {"routes": routes, "steps": 0}


def vroom(path: str, time_limit: float, _seed: int) -> dict[str, Any]:
    """Solve with VROOM on two threads at its most thorough; it stops by itself when it finds nothing more."""
    from datetime import timedelta

    import vroom as peer

    plane = read_vrplib(path)
    x, y = _all(plane)
    asked = peer.Input()
    asked.set_durations_matrix("car", _matrix(x, y).astype(np.uint32))
    fleet = int(plane.demand.sum() // plane.capacity) + max(5, len(plane) // 50)
    asked.add_vehicle([peer.Vehicle(k, start=0, end=0, capacity=[plane.capacity]) for k in range(fleet)])
    loads = plane.demand.tolist()
    asked.add_job([peer.Job(k, location=k + 1, delivery=peer.Amount([load])) for k, load in enumerate(loads)])
    found = asked.solve(exploration_level=5, nb_threads=2, timeout=timedelta(seconds=time_limit))
    stops = found.routes[found.routes["type"] == "job"]
    return {"routes": [part["id"].astype(int).tolist() for _, part in stops.groupby("vehicle_id")], "steps": 0}


def _all(plane: Plane) -> tuple[Any, Any]:
    return np.concatenate([[plane.depot[0]], plane.x]), np.concatenate([[plane.depot[1]], plane.y])


def _matrix(x: Any, y: Any) -> Any:
    return np.floor(np.hypot(x[:, None] - x, y[:, None] - y) + 0.5)


PEERS = {"pyvrp": "PyVRP", "hygese": "HGS-CVRP", "vroom": "VROOM", "ortools": "OR-Tools"}


def _measure(name: str, options: Options) -> dict[str, Any]:
    """Run one contender, check its routes and return what is known of it."""
    path = str(Path(options.instance).resolve())
    told = alone(f"benchmarks.rounds:{name}", path, options.time_limit, options.seed, imports=["benchmarks.rounds"])
    plane = read_vrplib(path)
    points = list(zip(plane.x.tolist(), plane.y.tolist(), strict=True))
    routes = told["result"]["routes"]
    cost, wrong = check_routes(routes, points, plane.demand.tolist(), plane.depot, plane.capacity)
    best = best_known(Path(path))
    return {
        "solver": name, "instance": Path(path).stem, "cost": cost, "best_known": best,
        "gap_percent": round(100 * (cost / best - 1), 3) if best else None, "valid": not wrong, "wrong": wrong[:20],
        "seconds": round(told["seconds"], 2), "peak_mb": round(told["peak_mb"], 1), "seed": options.seed,
        "time_limit_s": options.time_limit, "steps": told["result"]["steps"],
        "routes": [[stop + 1 for stop in route] for route in routes],
    }  # fmt: skip


def best_known(path: Path) -> int | None:
    """Return the cost of the solution file beside an instance."""
    file = path.with_suffix(".sol")
    found = re.search(r"^Cost\s+(\d+)", file.read_text("utf-8"), re.MULTILINE) if file.is_file() else None
    return int(found[1]) if found else None


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--instance", required=True, help="a .vrp file; a .sol beside it gives the best known cost")
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer", default="", help="pyvrp,hygese,vroom,ortools")


def _run(options: Options) -> list[Row] | dict[str, Any]:
    mine = _measure("ours", options)
    names = [name for name in options.peer.split(",") if name]
    if unknown := sorted(set(names) - set(PEERS)):
        raise SystemExit(f"no such peer: {', '.join(unknown)}; known: {', '.join(PEERS)}")
    if not names:
        return mine
    rows = []
    for name in names:
        peer = _measure(name, options)
        note = f"gap {_gap(mine)} against {_gap(peer)}, seed {options.seed}"
        figures = (mine["seconds"], peer["seconds"], mine["peak_mb"], peer["peak_mb"])
        rows.append(Row("rounds", f"{mine['instance']}, {options.time_limit:g} s", PEERS[name], *figures, note))
    return rows


def _gap(told: dict[str, Any]) -> str:
    if not told["valid"]:
        return "INVALID"
    return f"{told['gap_percent']} %" if told["gap_percent"] is not None else str(told["cost"])


register("rounds", _run, _arguments)
