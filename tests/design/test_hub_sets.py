"""Sets of hubs written down: none that could be better is missing, and every bound is below what the set costs."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.design import hub_oracle

from postroad.design.hubs import choose_hubs, euclidean
from postroad.design.hubs.arrays import NONE
from postroad.design.hubs.hunt import Hunt
from postroad.design.hubs.sets import sets_left, stripped
from postroad.design.program import Limits


def dear(seed, n=6):
    """A problem whose hubs cost about as much as the carrying, with hardly room enough in two of them."""
    random = np.random.default_rng(seed)
    at = random.random((n, 2)) * 100
    flow = random.gamma(1.0, 10.0, (n, n)).round(1)
    distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    fixed = flow.sum() * random.uniform(10, 60, n)
    room = flow.sum() * random.uniform(0.3, 0.8, n)
    return euclidean(flow, distance, (3.0, 0.75, 2.0), fixed=fixed, capacity=room)


def of_set(problem, hubs):
    """Least cost with exactly these hubs, by trying every allocation."""
    others = [i for i in range(problem.size) if i not in hubs]
    best = NONE
    for rest in itertools.product(hubs, repeat=len(others)):
        a = np.arange(problem.size)
        a[others] = rest
        load = np.bincount(a, problem.sent, problem.size)
        if (load <= problem.capacity + 1e-9).all():
            best = min(best, hub_oracle.price(problem, hubs, a))
    return best


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 3), st.floats(1.0, 1.2))
def test_no_set_that_could_be_better_is_missing(seed, count, over):
    problem = dear(seed)
    costs = {hubs: of_set(problem, hubs) for hubs in itertools.combinations(range(problem.size), count)}
    goal = over * min(costs.values())
    if goal >= NONE:
        return
    hunt = Hunt(problem, Limits(), time.monotonic())
    carried = choose_hubs(stripped(problem, problem.may_be_hub, count)).bound
    left = sets_left(hunt, problem.may_be_hub, count, carried, lambda: goal)
    bounds = {tuple(sorted(map(int, hubs))): bound for bound, hubs in left}
    for hubs, cost in costs.items():
        if cost < goal * (1 - 1e-9):
            assert hubs in bounds
    for hubs, bound in bounds.items():
        assert bound <= costs[hubs] * (1 + 1e-9)
        assert problem.capacity[list(hubs)].sum() >= problem.sent.sum() * (1 - 1e-9)
    assert [bound for bound, _ in left] == sorted((bound for bound, _ in left), reverse=True)


@pytest.mark.parametrize("seed", range(6))
def test_dear_hubs_with_little_room_are_chosen_as_by_trying(seed):
    problem = dear(seed)
    costs = [of_set(problem, hubs) for p in (2, 3, 4, 5) for hubs in itertools.combinations(range(problem.size), p)]
    found = choose_hubs(problem)
    assert found.objective == pytest.approx(min(costs), rel=1e-6)
    assert found.bound <= min(costs) * (1 + 1e-9)
    assert found.status == "optimal"


def test_nothing_is_written_down_where_hubs_are_free_or_sets_too_many(monkeypatch):
    problem = dear(1)
    assert stripped(problem.but(fixed=None), problem.may_be_hub, 2) is None
    monkeypatch.setattr("postroad.design.hubs.sets.MOST_SETS", 3)
    hunt = Hunt(problem, Limits(), time.monotonic())
    assert sets_left(hunt, problem.may_be_hub, 3, 0.0, lambda: 1e12) is None
