"""Read a published instance in the formats of the AP, extended AP, set III, CAB and Turkish sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from postroad.design.hubs import HubProblem, euclidean
from postroad.errors import UsageError

PROBLEMS = ("USApHMP", "UMApHMP", "USAHLP", "UMAHLP", "CSAHLP", "TD-SAHLP")
SPEED_KM_H = 60.0


class UnreadableError(UsageError):
    """An instance that cannot be read as asked."""

    def __init__(self, text: str) -> None:
        super().__init__([])
        self.text = text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Asked:
    """What a row of a table of optima says: problem, number of hubs, factor, time limit, variants."""

    problem: str
    p: int | None = None
    alpha: float | None = None
    beta: float | None = None
    first: int | None = None
    candidates: int = 20
    fixed: str = "L"
    capacity: str = "L"


@dataclass(frozen=True)
class Data:
    """An instance as it stands in its files, in the unit its objective is quoted in."""

    name: str
    flow: np.ndarray
    distance: np.ndarray
    factors: tuple[float, float, float]
    fixed: np.ndarray | None = None
    capacity: np.ndarray | None = None
    links: np.ndarray | None = None
    factors_known: bool = True


def problem(path: str, asked: Asked) -> HubProblem:
    """Return the problem that a row asks for, over the instance at a path."""
    where, asked = _variant(path, asked)
    data = _data(where, asked)
    factors = data.factors
    if asked.alpha is not None:
        factors = (factors[0], asked.alpha, factors[2])
    elif not data.factors_known:
        raise UnreadableError(f"{where}: say the transfer factor with --alpha")
    if asked.problem == "TD-SAHLP":
        return _time_definite(data, asked, factors)
    more: dict[str, object] = {"multiple": asked.problem.startswith("UMA")}
    if asked.problem.endswith("pHMP"):
        if asked.p is None:
            raise UnreadableError(f"{asked.problem} needs --p")
        more["hubs"] = asked.p
    else:
        if data.fixed is None:
            raise UnreadableError(f"{where}: no fixed costs found beside or in the file, which {asked.problem} needs")
        more["fixed"] = data.fixed
    if asked.problem == "CSAHLP":
        if data.capacity is None:
            raise UnreadableError(f"{where}: no capacities found beside or in the file, which CSAHLP needs")
        more["capacity"] = data.capacity
    return euclidean(data.flow, data.distance, factors, **more)


def _variant(path: str, asked: Asked) -> tuple[Path, Asked]:
    """``AP50.txt FT CL`` and ``AP50.txt FT`` name the variants after the path."""
    found = re.fullmatch(r"(.*?)\s+F([LT])(?:\s+C([LT]))?", path)
    if not found or Path(path).exists():
        return Path(path), asked
    changed = {**asked.__dict__, "fixed": found[2], "capacity": found[3] or asked.capacity}
    return Path(found[1]), Asked(**changed)


def _data(path: Path, asked: Asked) -> Data:
    if not path.exists() and path.with_suffix(".txt").exists():
        path = path.with_suffix(".txt")
    if not path.exists():
        raise UnreadableError(f"no instance at {path}")
    folder = path if path.is_dir() else path.parent
    if path.is_dir() or path.suffix == ".csv":
        return _tables(folder, path)
    return _text(path, folder, asked)


def _tables(folder: Path, path: Path) -> Data:
    """Flow and distance as CSV squares; with ``cities.csv`` also hub costs, with ``fixed_link_cost.csv`` links."""
    flows, distances = sorted(folder.glob("*flow*.csv")), sorted(folder.glob("*dist*.csv"))
    stem = path.stem.split("_")[0]
    if path.is_file() and len(flows) > 1:
        flows, distances = ([f for f in files if f.stem.startswith(stem)] for files in (flows, distances))
    if not flows or not distances:
        raise UnreadableError(f"{folder}: no *flow*.csv and *dist*.csv there")
    flow, distance = (np.loadtxt(files[0], delimiter=",") for files in (flows, distances))
    fixed = links = None
    if (folder / "cities.csv").exists():
        lines = (folder / "cities.csv").read_text("utf-8").splitlines()
        fixed = np.round([float(line.split(",")[-1]) for line in lines[1:] if line.strip()], 2)
    if (folder / "fixed_link_cost.csv").exists():
        links = np.loadtxt(folder / "fixed_link_cost.csv", delimiter=",")
    return Data(folder.name, flow / flow.sum(), distance, (1.0, 1.0, 1.0), fixed, None, links, factors_known=False)


def _text(path: Path, folder: Path, asked: Asked) -> Data:
    """Coordinates, flows, ``p c t d``; then nothing (AP), n fixed costs (set III), or these and n capacities."""
    words = np.array(path.read_text().split(), float)
    n = int(words[0])
    square = 1 + 2 * n + n * n
    tail = words[square:]
    if tail.size not in (4, 4 + n, 4 + 2 * n):
        raise UnreadableError(f"{path}: {tail.size} numbers after the flows; 4, {4 + n} or {4 + 2 * n} were expected")
    at = words[1 : 1 + 2 * n].reshape(n, 2)
    flow = words[1 + 2 * n : square].reshape(n, n)
    scale = 5.0 if tail.size == 4 + n else 1.0
    distance = scale * np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) / 1000
    factors = (float(tail[1]), float(tail[2]), float(tail[3]))
    fixed = tail[4 : 4 + n] if tail.size > 4 else _beside(folder, "Fcost", asked.fixed, n)
    capacity = tail[4 + n :] if tail.size == 4 + 2 * n else _beside(folder, "Cap", asked.capacity, n)
    return Data(path.stem, flow, distance, factors, fixed, capacity)


def _beside(folder: Path, kind: str, which: str, n: int) -> np.ndarray | None:
    file = Path(which) if Path(which).is_file() else folder / f"{kind}{which}.{n}"
    if not file.is_file():
        return None
    found = np.array(file.read_text().split(), float)
    if found.size != n:
        raise UnreadableError(f"{file}: {found.size} numbers, {n} were expected")
    return found


def _time_definite(data: Data, asked: Asked, factors: tuple[float, float, float]) -> HubProblem:
    """Hubs among the cities that send most of all, the first cities only, every route within ``beta`` hours."""
    if asked.beta is None or data.fixed is None or data.links is None:
        raise UnreadableError("TD-SAHLP needs --beta, and cities.csv and fixed_link_cost.csv beside the tables")
    n = asked.first or data.flow.shape[0]
    busiest = np.argsort(-data.flow.sum(1), kind="stable")[: asked.candidates]
    square = np.ix_(range(n), range(n))
    hours = data.distance[square] / SPEED_KM_H
    links = data.links[square] * (1 - np.eye(n))
    return euclidean(
        data.flow[square],
        data.distance[square],
        factors,
        fixed=data.fixed[:n],
        candidates=np.isin(np.arange(n), busiest),
        allocation_cost=links,
        link_cost=links,
        time=hours,
        transfer_time=factors[1] * hours,
        within=asked.beta,
    )
