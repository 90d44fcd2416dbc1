"""Every row of a table of published optima, in one process: what is found, what is proven, what is not.

The table is ``optima.csv`` (problem, instance, n, p, alpha, objective, hubs, status); instances lie in folders beside.
Compiled code is loaded before the first row.
"""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.hub_cases.reading import Asked, problem

CENT = 0.006
"""Half a unit of the last place that tables give, and a little."""


@dataclass(frozen=True)
class Listed:
    """A row of the table with the file and the words that ask for it; ``path`` is None where no file holds it."""

    problem: str
    instance: str
    size: int
    objective: float
    status: str
    path: Path | None
    asked: Asked


def rows(folder: Path) -> list[Listed]:
    """Return the rows of the table in a folder."""
    with (folder / "optima.csv").open(encoding="utf-8", newline="") as file:
        return [_listed(folder, row) for row in csv.DictReader(file)]


def _listed(folder: Path, row: dict[str, str]) -> Listed:
    name = row["instance"]
    p = int(row["p"]) if row["p"] else None
    more: dict[str, Any] = {"problem": row["problem"], "p": p}
    beta = re.search(r"first (\d+) cities, beta=([\d.]+)h, K=(\d+)", name)
    fixed, capacity = re.search(r" F([LT])", name), re.search(r" C([LT])", name)
    size = int(row["n"])
    if beta:
        more |= {"first": int(beta[1]), "beta": float(beta[2]), "candidates": int(beta[3])}
    if name.startswith("AP") and size > 50:
        letters = (fixed[1] if fixed else "L").lower() + (capacity[1] if capacity else "T").lower()
        file = folder / "ap_ext" / f"{size}{letters}.txt"
    elif name.startswith("AP"):
        more |= {"fixed": fixed[1] if fixed else "L", "capacity": capacity[1] if capacity else "L"}
        file = folder / "ap" / f"AP{size}.txt"
    elif name.startswith("set "):
        file = folder / "set3" / f"{name.split()[1]}.txt"
    else:
        file = folder / re.split(r"\d+", name.lower())[0]
        file = next((f for f in sorted(folder.iterdir()) if f.is_dir() and f.name.startswith(file.name)), file)
        more["alpha"] = float(row["alpha"])
    found = file if file.exists() else None
    return Listed(row["problem"], name, size, float(row["objective"]), row["status"], found, Asked(**more))


def wanted(listed: Listed, most: int, least: int, only: str) -> bool:
    """Whether a row is of the sizes and the words asked for."""
    text = f"{listed.problem} {listed.instance} p={listed.asked.p} a={listed.asked.alpha}"
    return least <= listed.size <= most and re.search(only, text) is not None


def sweep(listed: list[Listed], time_s: float, seed: int) -> Iterator[dict[str, Any]]:
    """Solve the rows one after another; yield for each what is found beside what is listed."""
    from postroad.design.hubs import choose_hubs
    from postroad.design.program import Limits
    from postroad.errors import InfeasibleError, Stopped

    for multiple in (False, True):
        load(multiple=multiple)
    for row in listed:
        told: dict[str, Any] = {"problem": row.problem, "instance": row.instance, "listed": row.objective}
        told |= {k: v for k, v in asdict(row.asked).items() if k in ("p", "alpha") and v is not None}
        if row.path is None:
            yield {**told, "verdict": "no file"}
            continue
        began, worked = time.perf_counter(), time.process_time()
        try:
            answer = choose_hubs(problem(str(row.path), row.asked), Limits(time_s=time_s), seed=seed)
        except (InfeasibleError, Stopped) as none:
            yield {**told, "verdict": f"no answer: {none}"}
            continue
        above = answer.objective / row.objective - 1
        told |= {"objective": round(answer.objective, 5), "bound": round(answer.bound, 5), "gap": round(answer.gap, 7)}
        told |= {"hubs": " ".join(str(k + 1) for k in answer.hubs), "above": round(above, 6), "nodes": answer.nodes}
        told |= {
            "seconds": round(time.perf_counter() - began, 2),
            "processor_s": round(time.process_time() - worked, 2),
        }
        yield {**told, "verdict": _verdict(row, answer.objective, answer.bound, answer.status)}


def load(*, multiple: bool) -> float:
    """Solve something tiny, so that no row pays for loading compiled code; return the seconds that took."""
    from postroad.design.hubs import choose_hubs, euclidean

    began = time.perf_counter()
    at = np.arange(5.0)
    flow, distance = np.ones((5, 5)), np.abs(at[:, None] - at[None])
    choose_hubs(euclidean(flow, distance, (1.0, 0.5, 1.0), hubs=2, multiple=multiple))
    return time.perf_counter() - began


def _verdict(row: Listed, objective: float, bound: float, status: str) -> str:
    slack = max(CENT, 1e-7 * row.objective)
    if row.status == "proven" and (objective < row.objective - slack or bound > row.objective * (1 + 2e-6) + slack):
        return "at odds with the table"
    if objective > row.objective + slack:
        return "not found"
    if objective < row.objective - slack:
        return "better than listed, proven" if status == "optimal" else "better than listed"
    if status == "optimal":
        return "proven"
    return "found within 1 %" if objective - bound <= 0.01 * objective else "found"
