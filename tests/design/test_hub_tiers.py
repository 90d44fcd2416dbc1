import dataclasses
import itertools

import numpy as np
import polars as pl
import pytest
from tests.design import hub_oracle
from tests.design.contract import DesignContract, digest

import postroad as pr
from postroad.demand import demand
from postroad.design.hubs import Standard, choose_hubs, standard_hubs, standard_problem, trunk_tiers
from postroad.design.hubs.tier_bound import tier_bound
from postroad.design.hubs.tier_problem import TierProblem, cut_off, tier_problem
from postroad.design.hubs.tier_report import hub_tiers, minutes, tier_of
from postroad.design.hubs.trunk import search_tiers
from postroad.design.program import Limits
from postroad.errors import DataError, InfeasibleError, UsageError


def world(seed: int, towns: int = 6, outside: int = 1) -> TierProblem:
    """Towns that are units themselves, on a plane, with one place far outside; costs are kilometres times a rate."""
    random = np.random.default_rng(seed)
    at, far = random.random((towns, 2)) * 300, random.random((outside, 2)) * 300 + 600
    km = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    km_far = np.hypot(*(at[:, None] - far[None]).transpose(2, 0, 1))
    flow = random.gamma(1.0, 800.0, (towns, towns))
    names = tuple(f"T{k}" for k in range(towns))
    return TierProblem(
        names, names, tuple(f"X{k}" for k in range(outside)), {n: n for n in names},
        flow, random.gamma(1.0, 2000.0, (towns, outside)), random.gamma(1.0, 6000.0, (towns, outside)),
        np.array([1200.0, 4400.0, 10400.0]), np.array([2.5 * km, 4.1 * km, 5.6 * km]), 2.5 * km, 5.6 * km_far,
        km, km, km_far, np.arange(towns), 0.25, 240.0, 195.0,
    )  # fmt: skip


def by_hand(p: TierProblem, tier, hub, above) -> float:
    """Cost of a layout, piece by piece and line by line: loads of lines first, then round trips of whole lines."""
    top = tier.index(1)
    towns = range(len(p.towns))
    load: dict = {}
    sorted_pieces = total = 0.0

    def upper(k):
        return above[k] if tier[k] == 3 else k

    def put(a, b, pieces):
        if a != b:
            load[a, b] = load.get((a, b), 0.0) + pieces

    across: dict = {}
    for i in towns:
        for j in towns:
            f = p.flow[i, j]
            way = [
                hub[i],
                *([upper(hub[i])] if hub[i] != hub[j] else []),
                *([upper(hub[j])] if hub[i] != hub[j] else []),
                hub[j],
            ]
            sorted_pieces += f * len(dict.fromkeys(way))
            if hub[i] != hub[j]:
                put(hub[i], upper(hub[i]), f)
                put(upper(hub[j]), hub[j], f)
                if upper(hub[i]) != upper(hub[j]):
                    key = (upper(hub[i]), upper(hub[j]))
                    across[key] = across.get(key, 0.0) + f
        for x in range(len(p.outside)):
            k = upper(hub[i])
            sorted_pieces += (p.sent_out[i, x] + p.taken_in[i, x]) * (1 + (k != hub[i]))
            put(hub[i], k, p.sent_out[i, x])
            put(k, hub[i], p.taken_in[i, x])
            across[k, f"x{x}"] = across.get((k, f"x{x}"), 0.0) + p.sent_out[i, x]
            across[f"x{x}", k] = across.get((f"x{x}", k), 0.0) + p.taken_in[i, x]

    def line(a, b, there, back):
        if isinstance(b, str):
            return 2 * max(1.0, max(there, back) / p.room[2]) * p.run_outside[a, int(b[1:])]
        v = 1 if 3 in (tier[a], tier[b]) else 2
        return 2 * max(1.0, max(there, back) / p.room[v]) * p.run[v][a, b]

    seconds = [k for k in towns if tier[k] == 2]
    for a in seconds:
        for b in [*(m for m in seconds if m < a), *(f"x{x}" for x in range(len(p.outside)))]:
            there, back = across.pop((a, b), 0.0), across.pop((b, a), 0.0)
            own = line(a, b, there, back)
            if isinstance(b, str):
                over = 2 * max(there, back) * (p.run[2][a, top] + p.run_outside[top, int(b[1:])]) / p.room[2]
            else:
                over = (there + back) * (p.run[2][a, top] + p.run[2][top, b]) / p.room[2]
            if own < over + (there + back) * p.sort_yuan:
                total += own
                continue
            sorted_pieces += there + back
            for q, r, pieces in ((a, b, there), (b, a, back)):
                across[q, top] = across.get((q, top), 0.0) + pieces
                across[top, r] = across.get((top, r), 0.0) + pieces
    for k in seconds:
        total += line(k, top, across.get((k, top), 0.0), across.get((top, k), 0.0))
    for x in range(len(p.outside)):
        total += line(top, f"x{x}", across.get((top, f"x{x}"), 0.0), across.get((f"x{x}", top), 0.0))
    for k in towns:
        if tier[k] == 3:
            total += line(k, above[k], load.get((k, above[k]), 0.0), load.get((above[k], k), 0.0))
    for i in towns:
        up = p.flow[i].sum() + p.sent_out[i].sum()
        down = p.flow[:, i].sum() + p.taken_in[i].sum()
        total += 2 * max(1.0, max(up, down) / p.room[0]) * p.run_unit[i, hub[i]]
    return total + sorted_pieces * p.sort_yuan


def cheapest(p: TierProblem, counts) -> float:
    """Least cost over every layout, every hub above a third-tier hub and every allocation."""
    towns, best = len(p.towns), np.inf
    levels = [level for level, count in enumerate(counts, 1) for _ in range(count)]
    for places in itertools.permutations(range(towns), len(levels)):
        tier = [0] * towns
        for k, level in zip(places, levels, strict=True):
            tier[k] = level
        hubs = [k for k in range(towns) if tier[k]]
        others = [i for i in range(towns) if not tier[i]]
        thirds = [k for k in range(towns) if tier[k] == 3]
        uppers = [k for k in range(towns) if tier[k] in (1, 2)]
        for parents in itertools.product(uppers, repeat=len(thirds)):
            above = dict(zip(thirds, parents, strict=True))
            for picks in itertools.product(hubs, repeat=len(others)):
                hub = {k: k for k in hubs} | dict(zip(others, picks, strict=True))
                best = min(best, by_hand(p, tier, hub, above))
    return best


def plan_of(p: TierProblem, counts=(1, 1, 1)) -> np.ndarray:
    tier = np.zeros(len(p.towns), np.int64)
    tier[: sum(counts)] = np.repeat([1, 2, 3], counts)
    return tier


class TestTiers(DesignContract):
    def usual(self):
        return world(5, 8, 2), (1, 2, 2)

    def solve(self, problem, *, seed=0, time_s=200.0, stop=None):
        p, counts = problem
        return search_tiers(p, plan_of(p, counts), time_s=time_s, seed=seed, stop=stop)

    def fingerprint(self, problem):
        return digest(problem[0])

    def small(self):
        return [(world(seed), (1, 1, 1)) for seed in (1, 2)]

    def brute_force(self, problem):
        return cheapest(*problem)

    def impossible(self):
        p, _ = self.usual()
        lost = dataclasses.replace(p, run_unit=np.full_like(p.run_unit, np.inf))
        yield (lost, (1, 2, 2)), ("T0",)

    def admissible(self, problem, answer):
        p, counts = problem
        for layout in (answer.plan, answer.best):
            assert tuple(len(hubs) for hubs in layout.tiers) == counts
            tier = tier_of(p, layout).tolist()
            bounds = answer.towns[np.minimum(tier, 1), np.arange(len(tier))]
            assert (np.nan_to_num(bounds) <= layout.cost * (1 + 1e-9)).all()
            above = {k: int(layout.above[k]) for k in range(len(tier)) if tier[k] == 3}
            assert all(tier[m] in (1, 2) for m in above.values())
            assert layout.cost == pytest.approx(by_hand(p, tier, layout.hub.tolist(), above), rel=1e-9)


@pytest.mark.parametrize("turned", [False, True])
def test_the_bound_lies_close_under_the_best_layout_whichever_way_is_heavier(turned):
    p = world(7)
    if turned:
        p = dataclasses.replace(p, sent_out=p.taken_in, taken_in=p.sent_out, flow=p.flow.T)
    best = cheapest(p, (1, 1, 1))
    found = tier_bound(p, (1, 1, 1), np.inf, 20.0)
    assert 0.8 * best < found.bound <= best * (1 + 1e-9)
    assert sorted(found.tier[found.tier > 0]) == [2, 2, 3]
    assert tier_bound(p, (1, 1, 1), 0.5 * best, 20.0).bound == 0.5 * best


def test_minutes_by_hand():
    p = world(3)
    answer = search_tiers(p, plan_of(p), time_s=5)
    layout = answer.plan
    took = minutes(p, layout)
    tier, hub = tier_of(p, layout), layout.hub
    for i, j in itertools.product(range(6), repeat=2):
        up = [hub[i], *([layout.above[hub[i]]] if tier[hub[i]] == 3 else [])]
        down = [hub[j], *([layout.above[hub[j]]] if tier[hub[j]] == 3 else [])]
        if up[-1] != down[-1] and 1 not in (tier[up[-1]], tier[down[-1]]) and not layout.direct[up[-1], down[-1]]:
            up.append(layout.tiers[0][0])
        way = [hub[i]] if hub[i] == hub[j] else list(dict.fromkeys([*up, *reversed(down)]))
        drive = p.minutes_unit[i, way[0]] + p.minutes_unit[j, way[-1]]
        drive += sum(p.minutes[a, b] for a, b in itertools.pairwise(way))
        assert took[i, j] == pytest.approx(drive + p.dwell_min * len(way) + p.delivery_min)


@pytest.fixture(scope="module")
def jilin():
    network = pr.province("jilin")
    return network, demand(network, 2020)


@pytest.mark.slow
def test_the_plan_of_jilin_is_placed_among_its_neighbours(jilin):
    network, made = jilin
    found = trunk_tiers(network, made, time_s=240)
    assert found.bound <= found.best.cost <= found.plan.cost
    assert found.gap < 0.01
    assert found.result["frequency"].filter(pl.col("name_zh") == "长春市")["least_without"].min() > 0.01
    assert found.network.check() == []
    layouts = found.result["layouts"]
    assert layouts["layout"][:2].to_list() == ["plan", "best"]
    assert (layouts["over_best"] >= 0).all()
    often = found.result["frequency"]
    for (within,), group in often.group_by("within"):
        assert group["hub"].sum() == pytest.approx(10), within
    assert set(found.tiers("plan")) == set(
        network.sites.filter(pl.col("kind") == "hub", pl.col("tier").is_not_null())["place_id"]
    )
    tiers = found.network["allocations"].filter(pl.col("tier").is_not_null())
    assert dict(tiers["place_id", "tier"].iter_rows()) == hub_tiers(found.problem, found.best)
    with pytest.raises(UsageError):
        found.tiers("other")


def test_a_standard_problem_stands_on_the_flows_and_roads_of_the_province():
    p = world(3)
    problem = standard_problem(p, Standard("USApHMP", p=2, alpha=0.5))
    found = choose_hubs(problem)
    assert found.objective == pytest.approx(hub_oracle.single(problem)[0], rel=1e-6)
    a = found.allocation
    yuan = sum(
        p.flow[i, j] * (p.run_unit[i, a[i]] + 0.5 * p.run[0][a[i], a[j]] + p.run_unit[j, a[j]]) / p.room[0]
        for i in range(6)
        for j in range(6)
    )
    assert found.objective == pytest.approx(yuan)


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        (Standard("USApHMP", beta=3.0, alpha=2.0), {"standard_needs", "standard_not_used", "standard_alpha"}),
        (Standard("CSAHLP", fixed=-1.0), {"standard_needs", "standard_not_positive"}),
        (Standard("p-median"), {"standard_unknown"}),
    ],
)
def test_a_standard_problem_asked_wrongly_is_refused_with_every_reason(asked, keys):
    with pytest.raises(UsageError) as raised:
        standard_problem(world(3), asked)
    assert {fault.key.removeprefix("design.") for fault in raised.value.faults} == keys


def test_hubs_of_the_plan_are_held_against_the_best_of_a_standard_problem(jilin):
    network, made = jilin
    found = standard_hubs(network, made, Standard("UMApHMP", p=3), Limits(60.0))
    facts = found.facts
    assert facts["status"] == "optimal"
    assert facts["objective"] <= facts["plan_objective"]
    assert found["hubs"].height == 3
    assert set(found["allocations"]["hub_place_id"]) <= set(found["hubs"]["place_id"])


def test_a_network_without_a_first_tier_hub_is_refused(jilin):
    network, made = jilin
    lost = network.with_(sites=network.sites.with_columns(tier=pl.lit(None, pl.Int64)))
    with pytest.raises(DataError) as raised:
        trunk_tiers(lost, made)
    assert "1" in raised.value.say("en")
    fleet = network.with_(vehicles=network.vehicles.filter(pl.col("vehicle_id") != "SEMI_17_5"))
    with pytest.raises(DataError) as raised:
        tier_problem(fleet, made)
    assert "SEMI_17_5" in raised.value.say("zh")


def test_units_no_road_leads_to_are_named():
    p = world(5)
    with pytest.raises(InfeasibleError) as raised:
        search_tiers(
            dataclasses.replace(p, run_unit=np.where(np.arange(6)[:, None] == 2, np.inf, p.run_unit)), plan_of(p)
        )
    assert "T2" in raised.value.say("zh")


def test_only_the_places_cut_off_are_named_though_each_reaches_itself():
    rows, columns = ["a", "b", "c"], ["a", "b", "c", "far"]
    reached = np.ones((3, 4), bool)
    assert cut_off(reached, rows, columns) == []
    reached[2, [0, 1, 3]] = reached[[0, 1], 2] = False
    assert cut_off(reached, rows, columns) == ["c"]
    reached[:, 3] = False
    assert cut_off(reached, rows, columns) == ["c", "far"]
