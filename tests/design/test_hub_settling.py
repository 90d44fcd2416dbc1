"""Tight rooms: the allocation program against trying everything, and annealing that never gives a full hub too much."""

import itertools
import time

import numpy as np
import pytest

from postroad.design.hubs import choose_hubs, euclidean, settling, single_search
from postroad.design.hubs.arrays import NONE, single_arrays
from postroad.design.hubs.hunt import Hunt
from postroad.design.program import Limits


def tight(seed, n=7, slack=0.04):
    """A problem whose three first places can be hubs and have hardly more room than is needed."""
    random = np.random.default_rng(seed)
    at = random.random((n, 2)) * 100
    flow = random.gamma(1.0, 10.0, (n, n)).round(1)
    distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    sent = flow.sum(1)
    room = np.zeros(n)
    room[:3] = sent.sum() * (1 + slack) * random.dirichlet(np.full(3, 6.0))
    return euclidean(flow, distance, (3.0, 0.75, 2.0), fixed=np.ones(n), capacity=room, candidates=np.arange(n) < 3)


def by_trying(s):
    """Least cost over every allocation that keeps the rules with all three hubs open."""
    best = NONE
    for rest in itertools.product(range(3), repeat=s.cost.shape[0] - 3):
        a = np.array([0, 1, 2, *rest])
        if single_search.keeps_rules(s, a):
            best = min(best, single_search.total_cost(s, a))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_program_of_decided_hubs_agrees_with_trying_everything(seed):
    problem = tight(seed)
    s = single_arrays(problem)
    wanted = by_trying(s)
    hunt = Hunt(problem, Limits(), time.monotonic())
    bound = settling.settle(hunt, s, np.arange(3), np.ones(s.cost.shape, bool), 10.0)
    assert hunt.cost == pytest.approx(wanted, rel=1e-9)
    if wanted < NONE:
        assert bound == pytest.approx(wanted, rel=1e-5)
        again = settling.settle(hunt, s, np.arange(3), np.ones(s.cost.shape, bool), 10.0)
        assert again == pytest.approx(wanted, rel=1e-5)  # nothing better exists, and it says so


@pytest.mark.parametrize("seed", range(8))
def test_annealing_keeps_every_room_and_never_loses(seed):
    s = single_arrays(tight(seed, n=12, slack=0.15))
    a = single_search.begin(s, np.ones(3, bool), s.cost, np.ones(s.cost.shape, bool), True)
    if a.min() < 0:
        return
    before = single_search.total_cost(s, a)
    after = single_search.squeeze(s, a, before, 20_000)
    assert after <= before * (1 + 1e-12)
    assert single_search.keeps_rules(s, a)
    assert after == pytest.approx(single_search.total_cost(s, a))


def test_a_tight_problem_is_proven():
    answer = choose_hubs(tight(3, n=10, slack=0.3), Limits(time_s=600))
    assert answer.status == "optimal"
    assert answer.gap <= 1.1e-6
