"""The rollout over years keeps every promise of a design method; standards and locker sizes against plain reckoning."""

from __future__ import annotations

import dataclasses
from itertools import combinations, product

import numpy as np
import pytest
from scipy import sparse
from tests.design.contract import DesignContract, digest

from postroad.design.sites import (
    Question,
    cells_for,
    lift,
    p_centre,
    refusal,
    rollout,
    set_covering,
    turnover,
)  # fmt: skip
from postroad.design.sites.equity import Minutes, inequality
from postroad.design.sites.lifting import shorten
from postroad.errors import DataError, InfeasibleError, UsageError


def worst_share(minutes, persons) -> float:
    """Return the mean over the worst tenth of persons, one person after another."""
    each = np.repeat(minutes, (persons * 10).astype(int))
    return float(np.sort(each)[::-1][: round(persons.sum())].mean())


def question(seed: int, needs: int = 6, sites: int = 6, years: int = 2, **more) -> Question:
    rng = np.random.default_rng(seed)
    way = np.linalg.norm(rng.random((needs, 1, 2)) - rng.random((1, sites, 2)), axis=2)
    held = {
        "reach": sparse.csr_array((way < 0.45).astype(float)),
        "persons": rng.integers(1, 100, needs).astype(float),
        "area": np.arange(needs) % 2,
        "yuan": rng.integers(1, 5, sites).astype(float),
        "opened": np.arange(sites) == 0,
        "budgets": tuple([4.0] * years),
        "need_names": tuple(f"村{i}" for i in range(needs)),
        "site_names": tuple(f"点{j}" for j in range(sites)),
        "area_names": ("甲县", "乙县"),
    }
    return Question(**{**held, **more})


def outside(asked: Question, year: tuple[int, ...]) -> float:
    total = 0.0
    for t in range(asked.years):
        built = np.array([0 <= y <= t for y in year])
        met = asked.reach.toarray()[:, built].any(axis=1)
        total += asked.persons[~met].sum()
    return total


class TestRollout(DesignContract):
    def usual(self):
        return question(1, 120, 40, 3, budgets=(20.0, 20.0, 20.0))

    def solve(self, problem, *, seed=0, time_s=30.0, stop=None):
        return rollout(problem, time_s=time_s, stop=stop)

    def fingerprint(self, problem):
        held = {f.name: getattr(problem, f.name) for f in dataclasses.fields(problem)}
        return digest({**held, "reach": problem.reach.toarray()})

    def small(self):
        return [question(seed) for seed in range(8)]

    def brute_force(self, problem):
        best = np.inf
        choices = [(0,) if problem.opened[j] else (-1, 0, 1) for j in range(6)]
        for year in product(*choices):
            spent = [sum(problem.yuan[j] for j in range(6) if year[j] == t and not problem.opened[j]) for t in (0, 1)]
            if spent[0] <= problem.budgets[0] and sum(spent) <= sum(problem.budgets):
                best = min(best, outside(problem, year))
        return best

    def impossible(self):
        nobody = sparse.csr_array((6, 6))
        yield question(0, reach=nobody, must=np.arange(6) == 2), ("村2",)
        far = question(2, reach=sparse.csr_array(np.eye(6)), yuan=np.full(6, 5.0), floors=np.array([1.0, 0.0]))
        yield far, ("甲县",)

    def admissible(self, problem, answer):
        spent = np.array([problem.yuan[(answer.year == t) & ~problem.opened].sum() for t in range(problem.years)])
        assert (np.cumsum(spent) <= np.cumsum(problem.budgets) + 1e-6).all()
        assert (answer.year[problem.opened] == 0).all()
        assert answer.objective == pytest.approx(outside(problem, tuple(answer.year)), abs=1e-5)


def test_a_floor_is_kept_and_may_cost_others_their_site():
    free = question(2, reach=sparse.csr_array(np.eye(6)), yuan=np.full(6, 4.0), years=1)
    asked = dataclasses.replace(free, persons=np.array([0.0, 1.0, 0.0, 1.0, 50.0, 0.0]))
    assert rollout(asked).year.tolist() == [0, -1, -1, -1, 0, -1]
    floored = dataclasses.replace(asked, floors=np.array([0.0, 0.5]))
    kept = rollout(floored)
    assert kept.met[-1] @ (asked.persons * asked.area) >= 1.0
    assert kept.year[4] == -1


def test_capacity_limits_whom_a_site_serves():
    asked = question(0, reach=sparse.csr_array(np.ones((6, 6))), years=1, persons=np.full(6, 10.0),
                     capacity=np.full(6, 15.0), yuan=np.full(6, 4.0))  # fmt: skip
    assert rollout(asked).objective == pytest.approx(60.0 - 30.0)


def test_all_faults_of_a_question_at_once():
    with pytest.raises(DataError) as raised:
        question(0, persons=np.ones(5), yuan=-np.ones(6), budgets=())
    assert len(raised.value.faults) == 3


@pytest.mark.parametrize("seed", range(6))
def test_set_covering_and_centre_agree_with_every_choice(seed):
    rng = np.random.default_rng(seed)
    way, yuan = rng.random((12, 7)), rng.integers(1, 6, 7).astype(float)
    choices = [list(c) for k in range(1, 8) for c in combinations(range(7), k)]
    within = way <= 0.5
    if within.any(1).all():
        best = min(yuan[c].sum() for c in choices if within[:, c].any(1).all())
        assert set_covering(sparse.csr_array(within), yuan).objective == pytest.approx(best)
    best = min(way[:, c].min(1).max() for c in choices if len(c) <= 3)
    found = p_centre(way, 3)
    assert found.objective == pytest.approx(best) == pytest.approx(way[:, found.chosen].min(1).max())
    best = min(way[:, c].min(1).max() for c in choices if len(c) <= 3 and 0 in c)
    assert p_centre(way, 3, opened=[0]).objective == pytest.approx(best)
    with pytest.raises(InfeasibleError):
        set_covering(sparse.csr_array((2, 3)), np.ones(3))


def test_refusal_by_hand_and_against_a_simulation():
    assert refusal(1.0, 1) == 0.5
    assert refusal(2.0, 2) == pytest.approx(0.4)
    assert cells_for(2.0, 0.4) == 2
    assert turnover(2.0, 2, 1.0) == pytest.approx(0.6)
    rng = np.random.default_rng(1)
    arrivals = np.cumsum(rng.exponential(1 / 30.0, 60_000))  # 30 a day, held half a day to one and a half days
    held = rng.uniform(0.5, 1.5, 60_000)
    busy: list[float] = []
    refused = 0
    for at, stay in zip(arrivals, held, strict=True):
        busy = [end for end in busy if end > at]
        if len(busy) >= 30:
            refused += 1
        else:
            busy.append(at + stay)
    assert refused / 60_000 == pytest.approx(refusal(30.0, 30), abs=0.012)
    with pytest.raises(UsageError):
        refusal(-1.0, 3)
    with pytest.raises(UsageError):
        cells_for(5.0, 0.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("floor", [0.5, 0.9])
def test_the_price_of_a_floor_agrees_with_every_choice(seed, floor):
    asked, best = question(seed), np.inf
    way = asked.reach.toarray() > 0
    whole = np.bincount(asked.area, asked.persons)
    most = np.minimum(floor * whole, np.bincount(asked.area, asked.persons * way.any(1)))
    for extra in product((False, True), repeat=5):
        built = np.array([True, *extra])
        if (np.bincount(asked.area, asked.persons * way[:, built].any(1)) >= most - 1e-9).all():
            best = min(best, asked.yuan[1:][built[1:]].sum())
    found = lift(asked, floor)
    assert found.yuan == pytest.approx(best)
    assert found.bound == pytest.approx(best)


def limited(seed: int, **limits) -> Question:
    """Return a question with everybody's minutes, some of them shortened by new sites."""
    asked = question(seed, years=2)
    rng = np.random.default_rng(100 + seed)
    now = rng.uniform(20, 60, 6)
    ways = rng.uniform(2, 60, (6, 6))
    ways[:, 0] = 60.0
    held = sparse.csr_array(np.where(ways < now[:, None], ways, 0.0))
    return dataclasses.replace(asked, minutes=Minutes(now, held, asked.persons, asked.area, **limits))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["worst_tenth", "area_mean"])
def test_limits_on_minutes_agree_with_every_choice(seed, name):
    bare, best, reached = limited(seed), [], []
    choices = [(0,) if bare.opened[j] else (-1, 0, 1) for j in range(6)]
    for year in product(*choices):
        spent = [sum(bare.yuan[j] for j in range(1, 6) if year[j] == t) for t in (0, 1)]
        if spent[0] > bare.budgets[0] or sum(spent) > sum(bare.budgets):
            continue
        found = bare.minutes.after(np.array(year) >= 0)
        value = worst_share(found, bare.persons) if name == "worst_tenth" else bare.minutes.means(found, 2).max()
        best.append((outside(bare, year), value))
        reached.append(value)
    limit = float(np.quantile(reached, 0.05))
    within = min(cost for cost, value in best if value <= limit + 1e-9)
    answer = rollout(limited(seed, **{name: limit}))
    found = bare.minutes.after(answer.year >= 0)
    value = worst_share(found, bare.persons) if name == "worst_tenth" else bare.minutes.means(found, 2).max()
    assert value <= limit + 1e-5
    assert answer.bound - 1e-5 <= within <= answer.objective + 1e-5
    assert answer.objective == pytest.approx(within, rel=1e-5)
    assert answer.objective == pytest.approx(outside(bare, tuple(answer.year)), abs=1e-5)
    with pytest.raises(InfeasibleError):
        rollout(limited(seed, **{name: 1.0}))
    if min(reached) > bare.minutes.now.min() and (short := min(reached) * 0.999) > 2:
        with pytest.raises(InfeasibleError):
            rollout(limited(seed, **{name: short}))


def test_a_need_may_take_none_of_a_capacity():
    asked = question(0, reach=sparse.csr_array(np.ones((6, 6))), years=1, persons=np.full(6, 10.0),
                     capacity=np.full(6, 15.0), yuan=np.full(6, 4.0),
                     load=np.array([10.0] * 4 + [0.0] * 2))  # fmt: skip
    assert rollout(asked).objective == pytest.approx(60.0 - 20.0 - 30.0)


@pytest.mark.parametrize("seed", range(3))
def test_the_price_of_shorter_ways_agrees_with_every_choice(seed):
    bare = limited(seed)
    choices = [np.array([True, *extra]) for extra in product((False, True), repeat=5)]
    for one in shorten(bare, 2):
        fits = []
        for built in choices:
            found = bare.minutes.after(built)
            tenth, mean = worst_share(found, bare.persons), bare.minutes.means(found, 2).max()
            if (tenth if one.what == "worst_tenth" else mean) <= one.limit + 1e-4:
                fits.append(bare.yuan[1:][built[1:]].sum())
        assert one.bound - 1e-6 <= min(fits) <= one.yuan + 1e-6
        assert one.yuan <= min(fits) * 1.006 + 1e-6
        assert (one.worst_tenth if one.what == "worst_tenth" else one.worst_mean) <= one.limit + 1e-4
    with pytest.raises(UsageError):
        shorten(question(seed))


def test_inequality_by_hand():
    assert inequality(np.array([5.0, 5.0]), np.array([3.0, 1.0])) == pytest.approx(0.0)
    assert inequality(np.array([0.0, 8.0]), np.array([1.0, 1.0])) == pytest.approx(0.5)
