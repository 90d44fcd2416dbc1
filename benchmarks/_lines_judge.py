"""Judge a plan of a continuous-time instance: reads the file by itself and shares no code with the design."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any


def instance(path: str) -> tuple[dict[int, list[float]], dict[int, list[float]]]:
    """Return services (tail, head, unit cost, vehicle cost, capacity, minutes) and loads by number, nodes from 1."""
    arcs: dict[int, list[float]] = {}
    loads: dict[int, list[float]] = {}
    held: dict[int, list[float]] | None = None
    for line in Path(path).read_text().splitlines():
        cells = line.split(",")
        if cells[0] in ("NODES", "ARCS", "COMMODITIES"):
            held = {"ARCS": arcs, "COMMODITIES": loads}.get(cells[0])
        elif held is not None and not line.startswith("horizon") and line:
            held[len(held)] = [float(cell) for cell in cells[1:7]]
    return arcs, loads


def judge(path: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Return the cost worked out anew and every rule the plan breaks."""
    arcs, loads = instance(path)
    wrong: list[str] = []
    leaves: dict[tuple[int, int], float] = {}
    cost = 0.0
    for one in plan["dispatches"]:
        tail, head, unit, fixed, capacity, _ = arcs[one["service"]]
        if (one["tail"], one["head"]) != (tail, head):
            wrong.append(f"dispatch of service {one['service']} has other ends")
        quantity = sum(loads[k][2] for k in one["commodities"])
        if one["vehicles"] < math.ceil(quantity / capacity - 1e-9):
            wrong.append(f"service {one['service']} at {one['depart']}: too few vehicles")
        cost += one["vehicles"] * fixed + unit * quantity
        for k in one["commodities"]:
            if (k, one["service"]) in leaves:
                wrong.append(f"commodity {k} rides service {one['service']} twice")
            leaves[k, one["service"]] = one["depart"]
    for k, (origin, goal, _, release, deadline, *_rest) in loads.items():
        node, now = origin, release
        for service in plan["paths"][k]:
            tail, head, *_costs, minutes = arcs[service]
            depart = leaves.pop((k, service), None)
            if tail != node or depart is None or depart < now - 1e-6:
                wrong.append(f"commodity {k} cannot take service {service}")
                break
            node, now = head, depart + minutes
        if node != goal or now > deadline + 1e-6:
            wrong.append(f"commodity {k} is not there in time")
    if leaves:
        wrong.append(f"{len(leaves)} rides lie on no path")
    return {"cost": cost, "faults": wrong}
