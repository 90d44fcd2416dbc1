import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.design import hub_oracle
from tests.design.contract import DesignContract

from postroad.design.hubs import HubProblem, choose_hubs, euclidean, searching, why
from postroad.design.hubs.rules import conflict
from postroad.design.program import Limits
from postroad.errors import InfeasibleError, UsageError


def drawn(seed: int, n: int, kind: str) -> HubProblem:
    """A small problem of each kind the field knows, with names, drawn from a seed."""
    random = np.random.default_rng(seed)
    at = random.random((n, 2)) * 100
    distance = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    flow = random.gamma(1.0, 10.0, (n, n)).round(1)
    factors = (float(random.choice([1.0, 3.0])), float(random.choice([0.2, 0.75, 1.0])), 1.0)
    more: dict = {"names": tuple(f"P{k + 1}" for k in range(n))}
    if kind.endswith("pHMP"):
        more["hubs"] = int(random.integers(1, n))
    else:
        more["fixed"] = random.random(n) * flow.sum() * 20
    if kind.startswith("UMA"):
        more["multiple"] = True
    if kind == "CSAHLP":
        more["capacity"] = flow.sum() * (0.3 + random.random(n) * 0.5)
    if kind in ("TD-SAHLP", "covering"):
        hours = distance / 60
        links = random.random((n, n)) * 100
        np.fill_diagonal(links, 0)
        more |= {"allocation_cost": links, "link_cost": links, "time": hours, "transfer_time": 0.8 * hours}
        more["within"] = float(np.median(hours[hours > 0])) * 2.2
        more["candidates"] = np.arange(n) < max(2, n - 1)
    if kind == "covering":
        flow = flow * 0
    return euclidean(flow, distance, factors, **more)


KINDS = ["USApHMP", "UMApHMP", "USAHLP", "UMAHLP", "CSAHLP", "TD-SAHLP", "covering"]


def keeps_rules(problem: HubProblem, answer) -> None:
    hubs, a = set(answer.hubs), answer.allocation
    assert set(a.tolist()) <= hubs
    if not problem.multiple:
        assert hubs == set(a.tolist())
        assert all(a[k] == k for k in hubs)
        cost = hub_oracle.price(problem, answer.hubs, a.tolist())
        assert answer.objective == pytest.approx(cost, rel=1e-9)
    assert all(problem.may_be_hub[k] for k in hubs)
    assert problem.hubs is None or len(hubs) == problem.hubs


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_every_kind_agrees_with_trying_everything(kind, seed):
    problem = drawn(seed, 5 if kind != "covering" else 6, kind)
    best = hub_oracle.multiple(problem) if problem.multiple else hub_oracle.single(problem)[0]
    if not np.isfinite(best):
        with pytest.raises(InfeasibleError):
            choose_hubs(problem)
        return
    answer = choose_hubs(problem)
    keeps_rules(problem, answer)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, rel=1e-6)
    assert answer.bound <= best * (1 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(KINDS))
def test_any_small_problem_agrees_with_trying_everything(seed, kind):
    problem = drawn(seed, 4, kind)
    best = hub_oracle.multiple(problem) if problem.multiple else hub_oracle.single(problem)[0]
    if np.isfinite(best):
        answer = choose_hubs(problem)
        keeps_rules(problem, answer)
        assert answer.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    else:
        with pytest.raises(InfeasibleError):
            choose_hubs(problem)


@pytest.mark.parametrize("kind", ["USApHMP", "CSAHLP", "TD-SAHLP", "covering"])
def test_the_proof_does_not_lean_on_a_first_answer(kind, monkeypatch):
    # While no answer is known nothing may be ruled out as too dear, and nothing called impossible.
    monkeypatch.setattr("postroad.design.hubs.searching.search", lambda *_: None)
    for seed in range(8):
        problem = drawn(seed, 5, kind)
        best = hub_oracle.single(problem)[0]
        if np.isfinite(best):
            assert choose_hubs(problem).objective == pytest.approx(best, rel=1e-6)
        else:
            with pytest.raises(InfeasibleError):
                choose_hubs(problem)


def test_three_places_by_hand():
    # A and B send each other 10 and 20, C stands idle between them: the hub in C costs 5 + 5 per unit, in A 0 + 10.
    flow = np.array([[0, 10, 0], [20, 0, 0], [0, 0, 0]], float)
    distance = np.array([[0, 10, 5], [10, 0, 5], [5, 5, 0]], float)
    one = choose_hubs(euclidean(flow, distance, (1, 1, 1), hubs=1))
    assert one.objective == pytest.approx(300)
    two = choose_hubs(euclidean(flow, distance, (1, 0.5, 1), hubs=2))
    assert two.hubs == (0, 1)
    assert two.objective == pytest.approx(150)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_what_must_hold_between_problems(seed):
    base = drawn(seed, 8, "USApHMP").but(hubs=3)
    many = choose_hubs(base.but(multiple=True))
    one = choose_hubs(base)
    assert many.objective <= one.objective * (1 + 1e-9)
    assert choose_hubs(base.but(hubs=4)).objective <= one.objective * (1 + 1e-6)
    assert choose_hubs(base.but(hubs=3, capacity=base.flow.sum() * np.ones(8))).objective == pytest.approx(
        one.objective
    )
    order = np.random.default_rng(seed).permutation(8)
    square = np.ix_(order, order)
    turned = HubProblem(base.flow[square], base.collect[square], base.transfer[square], base.distribute[square], hubs=3)
    assert choose_hubs(turned).objective == pytest.approx(one.objective, rel=1e-6)


def test_many_places_are_searched_in_chains_and_answered_alike_each_time():
    problem = drawn(5, searching.LARGE, "USApHMP").but(hubs=4)
    limits = Limits(time_s=60.0, gap=0.01)
    first, again = (choose_hubs(problem, limits, seed=3) for _ in range(2))
    keeps_rules(problem, first)
    assert first.status == "optimal"
    assert first.bound <= first.objective <= first.bound * 1.011
    assert (first.objective, first.bound, first.hubs) == (again.objective, again.bound, again.hubs)
    assert (first.allocation == again.allocation).all()


def test_impossible_problems_name_every_reason_at_once():
    problem = drawn(1, 5, "CSAHLP")
    short = problem.but(capacity=np.ones(5), hubs=7)
    keys = {fault.key for fault in why(short)}
    assert keys == {"design.hub_too_many", "design.hub_capacity_short", "design.hub_place_too_big"}
    far = drawn(1, 5, "TD-SAHLP").but(within=0.01)
    told = why(far)[0].say("en")
    assert "P" in told
    assert "0.01" in told
    widened = max(fault._all_facts()["least"] for fault in why(far))
    assert not why(far.but(within=widened + 0.01))


def test_a_limit_no_set_of_hubs_keeps_is_explained_by_one_that_will_do():
    # Two far ends and candidates only at them: each pair alone could be in time, all together cannot.
    hours = np.array([[0, 4, 2], [4, 0, 2], [2, 2, 0]], float)
    problem = HubProblem(
        np.ones((3, 3)), hours, hours, hours, fixed=np.ones(3), candidates=np.array([True, True, False]),
        time=hours, transfer_time=0.5 * hours, within=3.9,
    )  # fmt: skip
    with pytest.raises(InfeasibleError) as raised:
        choose_hubs(problem)
    assert "3.9" in raised.value.say("en")


def test_room_that_suffices_only_in_sum_is_explained_by_the_cheapest_way_out():
    # Three places send 10 each, two hubs take 15 each: whole places fit only when one hub takes 5 more.
    flow = np.array([[0, 5, 5], [5, 0, 5], [5, 5, 0]], float)
    problem = euclidean(
        flow, np.ones((3, 3)) - np.eye(3), (1, 1, 1), hubs=2, capacity=np.full(3, 15.0), names=("A", "B", "C")
    )
    assert not why(problem)
    found = conflict(problem)
    assert {rule.rows for rule in found.rules} >= {"room", "one hub"}
    assert [given.amount for given in found.relief] == [pytest.approx(5)]
    with pytest.raises(InfeasibleError) as raised:
        choose_hubs(problem)
    told = {fault.key: fault for fault in raised.value.faults}
    hub = dict(told["design.hub_more_room"].facts)["hub"]
    assert found.relief[0].rule.label == hub
    assert f"{hub} would have to take 5.0 more" in raised.value.say("en")
    wider = problem.capacity + 5 * (np.array(problem.names) == hub)
    assert choose_hubs(problem.but(capacity=wider)).status == "optimal"


@pytest.mark.parametrize("seed", range(3))
def test_a_latest_arrival_that_cannot_be_kept_is_put_off_by_no_more_than_it_takes(seed):
    problem = drawn(seed, 6, "covering").but(within=1.0)
    late = conflict(problem).relief[0].amount
    assert choose_hubs(problem.but(within=1.0 + late + 1e-3)).status == "optimal"
    assert conflict(problem.but(within=1.0 + 0.99 * late)).relief


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"flow": -np.ones((4, 4))}, "design.hub_negative"),
        ({"collect": np.full((4, 4), np.nan)}, "design.hub_not_a_number"),
        ({"transfer": np.arange(16.0).reshape(4, 4)}, "design.hub_asymmetric"),
        ({"fixed": np.ones(3)}, "design.hub_shape"),
        ({"within": 3.0}, "design.hub_no_times"),
        ({"multiple": True, "capacity": np.ones(4)}, "design.hub_single_only"),
    ],
)
def test_arrays_that_cannot_be_used_are_refused(change, key):
    problem = drawn(0, 4, "USAHLP")
    with pytest.raises(UsageError) as raised:
        problem.but(**change)
    assert key in {fault.key for fault in raised.value.faults}


def test_places_that_cannot_reach_each_other_are_named():
    problem = drawn(0, 4, "USAHLP")
    cut = problem.transfer.copy()
    cut[1, 3] = cut[3, 1] = np.inf
    with pytest.raises(UsageError) as raised:
        problem.but(transfer=cut)
    assert "P2" in raised.value.say("zh")
    assert "P4" in raised.value.say("en")
    assert raised.value.exit_code == 2


class SingleAllocation(DesignContract):
    kind = "USApHMP"

    def usual(self):
        return drawn(3, 18, self.kind)

    def solve(self, problem, *, seed=0, time_s=30.0, stop=None):
        return choose_hubs(problem, Limits(time_s=time_s), seed=seed, stop=stop)

    def small(self):
        return [drawn(seed, 6 if self.kind.startswith("UMA") else 5, self.kind) for seed in (11, 12)]

    def brute_force(self, problem):
        return hub_oracle.multiple(problem) if problem.multiple else hub_oracle.single(problem)[0]

    def fingerprint(self, problem):
        from tests.design.contract import digest

        return digest({f.name: getattr(problem, f.name) for f in dataclasses.fields(problem)})

    def admissible(self, problem, answer):
        keeps_rules(problem, answer)

    def impossible(self):
        yield self.usual().but(hubs=40), ("40", "18")


class TestSingleMedian(SingleAllocation):
    pass


class TestMultipleMedian(SingleAllocation):
    kind = "UMApHMP"


class TestSingleFixed(SingleAllocation):
    kind = "USAHLP"


class TestMultipleFixed(SingleAllocation):
    kind = "UMAHLP"


class TestCapacity(SingleAllocation):
    kind = "CSAHLP"

    def usual(self):
        problem = drawn(3, 14, self.kind)
        return problem.but(capacity=problem.flow.sum() * (0.2 + np.random.default_rng(0).random(14) * 0.3))

    def impossible(self):
        problem = self.usual()
        small = problem.capacity.copy() * 0 + 1.0
        yield problem.but(capacity=small), ("P1",)


class TestTimeDefinite(SingleAllocation):
    kind = "TD-SAHLP"

    def usual(self):
        problem = drawn(3, 12, self.kind)
        return problem.but(within=float(problem.time.max()) * 1.6)

    def small(self):
        for seed in (11, 12):
            problem = drawn(seed, 5, self.kind)
            yield problem.but(within=float(problem.time.max()) * 1.8)

    def impossible(self):
        problem = self.usual()
        yield problem.but(within=0.2), ("P", "0.2")


del SingleAllocation
