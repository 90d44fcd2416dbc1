"""Covering and the p-median against trying every choice, and points merged on a grid against measuring each."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from benchmarks import _siting
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.design.sites import Pace, maximal_covering, merge_points, p_median
from postroad.errors import InfeasibleError, Stopped, UsageError


def world(seed: int, points: int = 60, sites: int = 8):
    rng = np.random.default_rng(seed)
    return rng.random((points, 2)), rng.random((sites, 2)), rng.integers(1, 10, points)


def merged(points, sites, weight, radius):
    half = len(points) // 2
    parts = [
        (p[:, 0].copy(), p[:, 1].copy(), w) for p, w in ((points[:half], weight[:half]), (points[half:], weight[half:]))
    ]
    return merge_points(parts, sites, radius)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), p=st.integers(1, 6), radius=st.floats(0.05, 0.6))
def test_covering_agrees_with_every_choice(seed, p, radius):
    points, sites, weight = world(seed)
    near = ((points[:, None] - sites[None]) ** 2).sum(2) <= radius * radius
    groups = merged(points, sites, weight, radius)
    assert groups.weights.sum() == weight[near.any(1)].sum()
    assert groups.total == weight.sum()
    assert groups.count == len({tuple(row) for row in near if row.any()})
    best = max(weight[near[:, list(c)].any(1)].sum() for c in combinations(range(8), p))
    answer = maximal_covering(groups, p, pace=Pace(rounds=5))
    assert answer.status == "optimal"
    assert answer.objective == answer.bound == best == weight[near[:, answer.chosen].any(1)].sum()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), p=st.integers(1, 6), whole=st.booleans())
def test_median_agrees_with_every_choice(seed, p, whole):
    points, sites, weight = world(seed)
    cost = weight[:, None] * np.sqrt(((points[:, None] - sites[None]) ** 2).sum(2))
    cost = np.rint(cost * 10) if whole else cost
    best = min(cost[:, list(c)].min(1).sum() for c in combinations(range(8), p))
    answer = p_median(cost, p, pace=Pace(rounds=5))
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, rel=1e-9)
    assert answer.bound <= answer.objective + 1e-9
    assert cost[np.arange(60), answer.server].sum() == pytest.approx(best, rel=1e-9)


def test_sites_already_open_stay_and_closed_ones_are_left():
    points, sites, weight = world(3)
    near = ((points[:, None] - sites[None]) ** 2).sum(2) <= 0.09
    groups = merged(points, sites, weight, 0.3)
    answer = maximal_covering(groups, 4, opened=[6, 7], closed=[0, 1])
    assert {6, 7} <= set(answer.chosen.tolist())
    assert not {0, 1} & set(answer.chosen.tolist())
    assert answer.objective == max(weight[near[:, [6, 7, *c]].any(1)].sum() for c in combinations((2, 3, 4, 5), 2))


def test_impossible_numbers_and_costs_are_refused():
    points, sites, weight = world(4)
    groups = merged(points, sites, weight, 0.3)
    with pytest.raises(InfeasibleError):
        maximal_covering(groups, 9)
    with pytest.raises(InfeasibleError):
        maximal_covering(groups, 1, opened=[0, 1])
    with pytest.raises(UsageError):
        p_median(np.array([[1.0, np.nan]]), 1)
    with pytest.raises(Stopped):
        maximal_covering(groups, 3, pace=Pace(stop=lambda: True))


def test_the_table_of_sets_grows():
    rng = np.random.default_rng(5)
    points, sites = rng.random((20_000, 2)), rng.random((150, 2))
    near = ((points[:, None] - sites[None]) ** 2).sum(2) <= 0.04
    groups = merged(points, sites, np.ones(20_000, np.int64), 0.2)
    assert groups.count == len(np.unique(near[near.any(1)], axis=0)) > 2100


def test_same_seed_same_answer():
    points, sites, weight = world(6, 400, 30)
    groups = merged(points, sites, weight, 0.2)
    first, second = (maximal_covering(groups, 6, pace=Pace(seed=3)) for _ in range(2))
    assert first.chosen.tolist() == second.chosen.tolist()


def test_a_published_instance_reaches_its_proven_optimum():
    sites, chunks = _siting.cfl(10_000, 100, 1)
    groups = merge_points(chunks, sites, 3.25)
    assert (groups.points, groups.total, groups.count) == (10_000, 502_399, 800)
    answer = maximal_covering(groups, 20, pace=Pace(rounds=300))
    assert (answer.objective, answer.bound, answer.status) == (356_433, 356_433, "optimal")
