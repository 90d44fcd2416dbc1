"""Service network design in continuous time: by hand, against everything there is, and by the contract."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from contract import DesignContract, digest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.design.lines.continuous import Instance, design, read
from postroad.design.lines.continuous.paths import paths
from postroad.design.lines.continuous.relaxed import relaxed
from postroad.design.lines.continuous.slots import Slots
from postroad.design.program import solve, why
from postroad.errors import DataError, InfeasibleError, Stopped


def made(arcs, loads, names=()):
    """An instance from (tail, head, minutes, fixed, capacity, variable) and (from, to, quantity, release, deadline)."""
    a, k = np.array(arcs, float), np.array(loads, float)
    ends = [part[:, n].astype(np.int64) for part in (a, k) for n in (0, 1)]
    return Instance(
        ends[0], ends[1], *(a[:, n] for n in (2, 3, 4, 5)), ends[2], ends[3], *(k[:, n] for n in (2, 3, 4)), names
    )


def drawn(seed, nodes=4, loads=4, slack=1.6):
    """A small network drawn at random: every pair of nodes has a service, windows allow a detour and a wait."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 60, (nodes, 2))
    arcs = [
        (i, j, max(1.0, round(math.dist(at[i], at[j]))), float(rng.integers(20, 60)), 10.0, float(rng.integers(0, 3)))
        for i, j in itertools.permutations(range(nodes), 2)
    ]
    instance = made(arcs, [(0, 1, 1, 0, 1000)])
    least = instance.shortest()
    held = []
    for _ in range(loads):
        a, b = rng.choice(nodes, 2, replace=False)
        release = float(rng.integers(0, 40))
        held.append((a, b, float(rng.integers(2, 9)), release, release + math.ceil(least[a, b] * slack)))
    return made(arcs, held)


def keeps_the_rules(instance, plan):
    leaves = {}
    for one in plan.dispatches:
        quantity = sum(instance.quantity[k] for k in one.loads)
        assert one.vehicles * instance.capacity[one.service] >= quantity - 1e-9
        for k in one.loads:
            assert leaves.setdefault((k, one.service), one.depart) == one.depart
    for k, way in enumerate(plan.ways):
        node, now = instance.origin[k], instance.release[k]
        for arc in way:
            assert instance.tail[arc] == node
            assert leaves[k, arc] >= now - 1e-9
            node, now = instance.head[arc], leaves[k, arc] + instance.minutes[arc]
        assert node == instance.destination[k]
        assert now <= instance.deadline[k] + 1e-9
    assert sum(len(way) for way in plan.ways) == len(leaves)


def everything(instance):
    """The least cost over all paths and all ways of sharing departures, with nothing of the design's own code."""
    ways = []
    for k in range(instance.quantity.size):
        found, stack = [], [(int(instance.origin[k]), ())]
        while stack:
            node, taken = stack.pop()
            if node == instance.destination[k]:
                spent = sum(instance.minutes[a] for a in taken)
                found += [taken] if spent <= instance.deadline[k] - instance.release[k] else []
                continue
            seen = {int(instance.origin[k])} | {int(instance.head[a]) for a in taken}
            stack += [
                (int(instance.head[a]), (*taken, a))
                for a in np.flatnonzero(instance.tail == node).tolist()
                if int(instance.head[a]) not in seen
            ]
        ways.append(found)
    return min(_cheapest_sharing(instance, chosen) for chosen in itertools.product(*ways))


def _cheapest_sharing(instance, chosen):
    users = {}
    for k, way in enumerate(chosen):
        for arc in way:
            users.setdefault(arc, []).append(k)
    moved = sum(instance.variable[a] * instance.quantity[k] for k, way in enumerate(chosen) for a in way)
    best = math.inf
    options = [[(arc, parts) for parts in _partitions(held)] for arc, held in users.items()]
    for pick in itertools.product(*options):
        cost = moved + sum(
            instance.fixed[arc] * math.ceil(sum(instance.quantity[k] for k in part) / instance.capacity[arc] - 1e-9)
            for arc, parts in pick for part in parts
        )  # fmt: skip
        if cost < best and _in_time(instance, chosen, dict(pick)):
            best = cost
    return best


def _partitions(items):
    if not items:
        yield []
        return
    head, *rest = items
    for smaller in _partitions(rest):
        for n in range(len(smaller)):
            yield [*smaller[:n], [head, *smaller[n]], *smaller[n + 1 :]]
        yield [[head], *smaller]


def _in_time(instance, chosen, sharing):
    leaves = {}
    for _ in range(200):
        changed = False
        for k, way in enumerate(chosen):
            now = instance.release[k]
            for arc in way:
                part = next(n for n, held in enumerate(sharing[arc]) if k in held)
                if leaves.get((arc, part), -math.inf) < now:
                    leaves[arc, part], changed = now, True
                now = leaves[arc, part] + instance.minutes[arc]
            if now > instance.deadline[k]:
                return False
        if not changed:
            return True
    return False


class TestContinuous(DesignContract):
    def usual(self):
        return drawn(3, nodes=8, loads=20)

    def solve(self, problem, *, seed=0, time_s=30.0, stop=None):
        return design(problem, time_s=time_s, gap=0.0, seed=seed, stop=stop)

    def fingerprint(self, problem):
        return digest(problem)

    def small(self):
        return [drawn(seed) for seed in range(6)]

    def brute_force(self, problem):
        return everything(problem)

    def impossible(self):
        line = [(0, 1, 60.0, 9.0, 10.0, 0.0), (2, 1, 60.0, 9.0, 10.0, 0.0)]
        return [
            (made(line, [(0, 1, 1.0, 0.0, 45.0)], ("长春", "延吉", "白城")), ("长春", "延吉", "45", "60")),
            (made(line, [(0, 2, 1.0, 0.0, 900.0)], ("长春", "延吉", "白城")), ("长春", "白城")),
        ]

    def admissible(self, problem, answer):
        keeps_the_rules(problem, answer)


def test_two_loads_share_a_vehicle_by_hand():
    # Both go 0 -> 1; apart two vehicles cost 20, together one: the first waits for the second at 5 and is there at 15.
    arcs = [(0, 1, 10.0, 10.0, 4.0, 1.0)]
    plan = design(made(arcs, [(0, 1, 2.0, 0.0, 15.0), (0, 1, 2.0, 5.0, 30.0)]), gap=0.0)
    assert plan.objective == plan.bound == 14.0
    assert [(one.depart, one.vehicles, one.loads) for one in plan.dispatches] == [(5.0, 1, (0, 1))]


def test_a_minute_too_little_and_they_cannot_share():
    arcs = [(0, 1, 10.0, 10.0, 4.0, 1.0)]
    plan = design(made(arcs, [(0, 1, 2.0, 0.0, 14.0), (0, 1, 2.0, 5.0, 30.0)]), gap=0.0)
    assert plan.objective == plan.bound == 24.0


def test_waiting_for_one_departure_may_miss_the_next():
    """The relaxation on its first slots takes both for shared; only the split slot shows that one must be lost."""
    arcs = [(0, 1, 10.0, 10.0, 9.0, 0.0), (1, 2, 10.0, 10.0, 9.0, 0.0)]
    loads = [(0, 2, 1.0, 0.0, 30.0), (0, 1, 1.0, 8.0, 30.0), (1, 2, 1.0, 10.0, 26.0)]
    plan = design(made(arcs, loads), gap=0.0)
    assert plan.objective == plan.bound == 30.0


@settings(max_examples=15, deadline=None)
@given(st.integers(10, 10_000))
def test_agrees_with_trying_everything(seed):
    instance = drawn(seed)
    plan = design(instance, gap=0.0)
    keeps_the_rules(instance, plan)
    assert plan.bound <= everything(instance) + 1e-6
    assert plan.objective >= everything(instance) - 1e-6


def test_a_wider_window_never_costs_more():
    tight = drawn(11, nodes=6, loads=10)
    wide = dataclasses.replace(tight, deadline=tight.deadline + 30)
    assert design(wide, gap=0.0).bound <= design(tight, gap=0.0).objective + 1e-6


def test_progress_is_told_and_stop_ends_it():
    told = []
    with pytest.raises(Stopped):
        design(drawn(3, nodes=8, loads=20), gap=0.0, progress=told.append, stop=lambda: len(told) > 2)
    assert told


def test_the_published_format_is_read_and_its_faults_are_named(tmp_path):
    file = tmp_path / "one.txt"
    file.write_text(
        "NODES,2\n1,1,-,-\n2,2,-,-\nARCS,1\n0,1,2,3,7,10,60,60,60.0\nCOMMODITIES,1\n0,1,2,4,5,90.0,5,90.0\nhorizon=3\n"
    )
    instance = read(file)
    assert design(instance).objective == 3 * 4 + 7
    file.write_text("NODES,2\nARCS,1\n0,1,2,3,x,10,60\nCOMMODITIES,1\n0,1,2,4,5,90.0\n")
    with pytest.raises(DataError) as caught:
        read(file)
    assert "3" in caught.value.say("en")


def test_a_service_without_room_is_refused():
    with pytest.raises(DataError):
        design(made([(0, 1, 10.0, 10.0, 0.0, 1.0)], [(0, 1, 2.0, 0.0, 15.0)]))
    with pytest.raises(InfeasibleError):
        design(made([(0, 1, 10.0, 10.0, 1.0, 1.0)], [(1, 0, 2.0, 0.0, 15.0)]))


def test_no_load_passes_a_node_that_is_an_end_only():
    arcs = [(0, 1, 10, 5, 10, 0), (1, 2, 10, 5, 10, 0), (0, 2, 50, 90, 10, 0)]
    loads = [(0, 2, 4, 0, 100), (1, 2, 3, 0, 100)]
    free, closed = made(arcs, loads), dataclasses.replace(made(arcs, loads), ends=np.array([False, True, False]))
    assert design(free, time_s=5.0, gap=0.0).ways == ((0, 1), (1,))
    assert design(closed, time_s=5.0, gap=0.0).ways == ((2,), (1,))
    assert closed.shortest()[0, 2] == 50
    assert closed.shortest()[1, 2] == 10


def test_a_reserved_service_is_for_its_load_alone():
    arcs = [(0, 1, 10, 100, 10, 0), (0, 1, 30, 0, 10, 1)]
    loads = [(0, 1, 6, 0, 100), (0, 1, 6, 0, 100)]
    held = dataclasses.replace(made(arcs, loads), reserved=np.array([-1, 1]))
    plan = design(held, time_s=5.0, gap=0.0)
    assert plan.ways == ((0,), (1,))
    assert plan.objective == 106.0


def test_a_relaxation_without_a_way_says_which_load_has_none():
    """Close every path of one load on purpose: ``why`` names that load and no other."""
    held = made([(0, 1, 10, 100, 10, 0), (1, 2, 10, 100, 10, 0)], [(0, 2, 3, 0, 90), (0, 1, 3, 0, 90)], ("A", "B", "C"))
    ways = paths(held)
    for whole in (False, True):
        program = relaxed(held, ways, Slots(ways), whole=whole, open_=ways.load != 0).program
        assert solve(program).status == "infeasible"
        assert [(rule.rows, rule.label) for rule in why(program).rules] == [("one path", "0: A > C")]


@pytest.mark.parametrize(
    ("arcs", "loads", "keys", "word"),
    [
        ([(0, 1, 10, 1, 10, 0)], [(1, 0, 3, 0, 90)], ["lines.no_way"], "B"),
        ([(0, 1, 100, 1, 10, 0)], [(0, 1, 3, 0, 90), (0, 1, 3, 0, 80)], ["lines.promise_too_short"] * 2, "100"),
    ],
)
def test_hopeless_loads_are_refused_all_at_once(arcs, loads, keys, word):
    with pytest.raises(InfeasibleError) as caught:
        design(made(arcs, loads, ("A", "B")), time_s=1.0)
    assert [fault.key for fault in caught.value.faults] == keys
    assert word in caught.value.say("zh")
    assert word in caught.value.say("en")
    assert caught.value.exit_code == 2
