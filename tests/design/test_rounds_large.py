"""The search for large rounds: against brute force, an independent checker, and itself on other workers."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.design.rounds.checking import check_routes
from postroad.design.rounds.large import Effort, solve
from postroad.design.rounds.plane import Plane, length, read_vrplib
from postroad.design.rounds.portfolio import STEPS_PER_ITERATION, search
from postroad.design.rounds.second import Pyvrp
from postroad.errors import DataError, Stopped, UsageError
from postroad.parallel import Progress


def plane(n: int, seed: int = 0, capacity: int = 20) -> Plane:
    drawn = np.random.default_rng(seed)
    x, y = drawn.integers(0, 1000, (2, n)).astype(float)
    return Plane(x, y, drawn.integers(1, 6, n), (500.0, 500.0), capacity)


def judged(problem: Plane, routes: list[list[int]]) -> tuple[int, list[str]]:
    points = list(zip(problem.x.tolist(), problem.y.tolist(), strict=True))
    return check_routes(routes, points, problem.demand.tolist(), problem.depot, problem.capacity)


def brute(problem: Plane) -> int:
    """The least length over all partitions into ordered routes, straight from the definition."""
    stops = range(len(problem))
    best_of: dict[int, float] = {}
    for mask in range(1, 1 << len(problem)):
        own = [s for s in stops if mask >> s & 1]
        if sum(int(problem.demand[s]) for s in own) <= problem.capacity:
            best_of[mask] = min(length(problem, [list(order)]) for order in itertools.permutations(own))
    least = [0.0] + [math.inf] * ((1 << len(problem)) - 1)
    for mask in range(1, 1 << len(problem)):
        for part, cost in best_of.items():
            if part & mask == part:
                least[mask] = min(least[mask], least[mask ^ part] + cost)
    return int(least[-1])


@pytest.mark.parametrize("seed", range(4))
def test_six_stops_as_brute_force(seed: int) -> None:
    problem = plane(6, seed, 10)
    found = solve(problem, Effort(steps=4000, seed=seed, workers=1))
    assert found.cost == brute(problem)


@given(st.integers(1, 60), st.integers(0, 10_000), st.integers(5, 40), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_checker_agrees(n: int, seed: int, capacity: int, parts: int) -> None:
    problem = plane(n, seed, capacity)
    found = solve(problem, Effort(steps=500, seed=seed, parts=parts, workers=1))
    assert judged(problem, found.routes) == (found.cost, [])
    assert found.cost <= found.first_cost


def test_checker_sees_what_is_wrong() -> None:
    problem = plane(6, 1, 10)
    _, wrong = judged(problem, [[0, 1, 2, 3, 4], [0], [9]])
    assert any("over 10" in line for line in wrong)
    assert any("in routes 0 and 1" in line for line in wrong)
    assert any("no stop 9" in line for line in wrong)
    assert any("stop 5: not visited" in line for line in wrong)


def test_same_routes_at_any_number_of_workers() -> None:
    problem = plane(400, 3)
    one, two, four = (solve(problem, Effort(steps=30_000, seed=5, workers=w)) for w in (1, 2, 4))
    assert one.routes == two.routes == four.routes
    assert solve(problem, Effort(steps=30_000, seed=6, workers=1)).routes != one.routes


def test_stops_on_one_spot_and_at_the_depot() -> None:
    same = Plane(np.full(30, 5.0), np.full(30, 5.0), np.ones(30, np.int64), (5.0, 5.0), 7)
    found = solve(same, Effort(steps=200, workers=1))
    assert judged(same, found.routes) == (0, [])


@pytest.mark.parametrize(
    "bad", [{}, {"steps": 1, "parts": 0}, {"steps": 1, "removed_mean": 1e6}, {"steps": 1, "hot": 0}]
)
def test_bad_settings_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Effort(**bad)  # type: ignore[arg-type]


def test_stop_is_asked() -> None:
    with pytest.raises(Stopped):
        solve(plane(50), Effort(steps=10**9, workers=1), stop=lambda: True)


def test_bad_loads_are_named_all_at_once() -> None:
    with pytest.raises(DataError) as caught:
        Plane(np.zeros(3), np.zeros(3), np.array([50, 1, 60]), (0.0, 0.0), 10)
    assert [fault.value for fault in caught.value.faults] == [0, 2]


def test_reads_vrplib(tmp_path: Path) -> None:
    text = (
        "NAME : t\nTYPE : CVRP\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 9\nNODE_COORD_SECTION\n"
        "1 0 0\n2 3 4\n3 6 8\nDEMAND_SECTION\n1 0\n2 4\n3 5\nDEPOT_SECTION\n1\n-1\nEOF\n"
    )
    file = tmp_path / "t.vrp"
    file.write_text(text)
    problem = read_vrplib(file)
    assert (len(problem), problem.capacity, problem.demand.tolist()) == (2, 9, [4, 5])
    assert length(problem, [[0, 1]]) == 20
    file.write_text(text.replace("EUC_2D", "GEO"))
    with pytest.raises(DataError, match="GEO"):
        read_vrplib(file)


def test_beside_pyvrp_never_worse_than_alone() -> None:
    problem = plane(80, 8)
    effort = Effort(steps=9_000, seed=2)
    both, again = search(problem, effort), search(problem, effort)
    assert both.routes == again.routes
    assert judged(problem, both.routes) == (both.cost, [])
    alone = Pyvrp(problem, None, 9_000 // STEPS_PER_ITERATION, 2)
    alone.run(lambda: None)
    assert both.cost <= length(problem, alone.best())
    assert both.cost <= solve(problem, replace(effort, parts=1, workers=1)).first_cost


def test_both_searches_end_when_asked_to_stop() -> None:
    told: list[Progress] = []
    with pytest.raises(Stopped):
        search(plane(60, 1), Effort(steps=10**9), told.append, lambda: len(told) > 1)
    assert 1 <= len(told) <= 3


def test_going_on_from_routes_never_makes_them_longer() -> None:
    problem = plane(60, 4)
    first = solve(problem, Effort(steps=300, workers=1))
    again = solve(problem, Effort(steps=300, workers=1, hot=5.0, cold=5.0), start=first.routes)
    assert again.first_cost == first.cost
    assert again.cost <= first.cost
    assert judged(problem, again.routes) == (again.cost, [])
