import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from postroad.design.program import Limits, Program, solve, why, write_mps
from postroad.errors import UsageError


def knapsack(values, weights, room) -> tuple[Program, object]:
    program = Program()
    take = program.columns("take", len(values), cost=-np.asarray(values, float), high=1, integer=True)
    program.rows("room", [(take, np.asarray([weights], float))], high=room)
    return program, take


def test_a_knapsack_by_hand():
    program, take = knapsack([10, 7, 6], [5, 4, 3], 7)
    answer = solve(program)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(-13)
    assert answer[take].round().tolist() == [0, 1, 1]
    assert answer.gap < 1e-6


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=1, max_size=8), st.integers(0, 60))
def test_a_knapsack_agrees_with_trying_everything(things, room):
    values, weights = zip(*things, strict=True)
    program, _ = knapsack(values, weights, room)
    best = max(
        sum(v for v, pick in zip(values, picks, strict=True) if pick)
        for picks in itertools.product([0, 1], repeat=len(things))
        if sum(w for w, pick in zip(weights, picks, strict=True) if pick) <= room
    )
    assert solve(program).objective == pytest.approx(-best)


def test_an_impossible_linear_program_names_the_smallest_conflict_and_the_cheapest_relief():
    program = Program()
    flow = program.columns("flow", 3)
    program.rows("demand", [(flow, np.array([[1.0, 1, 0]]))], low=8, labels=["安图 needs 8"], relief=5)
    program.rows("truck", [(flow, np.eye(3))], high=[3, 4, 9], labels=lambda r: f"truck {r + 1}", relief=1)
    conflict = why(program)
    assert conflict.irreducible
    assert {rule.label for rule in conflict.rules} == {"安图 needs 8", "truck 1", "truck 2"}
    assert sum(relief.price for relief in conflict.relief) == pytest.approx(1)
    assert conflict.relief[0].rule.rows == "truck"


def test_a_rule_without_a_price_is_never_relaxed():
    program = Program()
    x = program.columns("x", 1)
    program.rows("law", [(x, np.eye(1))], high=3, relief=None)
    program.rows("wish", [(x, np.eye(1))], low=5, relief=1)
    relief = why(program).relief
    assert [r.rule.rows for r in relief] == ["wish"]
    assert relief[0].amount == pytest.approx(2)


def test_a_program_only_whole_numbers_make_impossible_is_explained_too():
    program = Program()
    x = program.columns("x", 3, high=1, integer=True)
    program.rows("even", [(x, np.array([[2.0, 2, 0]]))], low=1, high=1, labels=["twice a whole number is one"])
    program.rows("idle", [(x, np.eye(3))], high=1, relief=None)
    conflict = why(program)
    assert [rule.label for rule in conflict.rules] == ["twice a whole number is one"]
    assert conflict.irreducible
    assert conflict.relief


def test_a_program_with_an_answer_has_no_conflict():
    program, _ = knapsack([1], [1], 1)
    assert not why(program)


def test_cuts_are_added_until_none_is_broken():
    """Forbid picking two neighbours, one broken pair at a time."""
    program = Program()
    x = program.columns("x", 6, cost=-1, high=1, integer=True)
    program.rows("any", [(x, np.ones((1, 6)))], high=6)
    asked = []

    def cuts(answer):
        asked.append(answer.objective)
        picked = answer[x] > 0.5
        pairs = [k for k in range(5) if picked[k] and picked[k + 1]][:1]
        return [(sparse.csr_array(np.eye(6)[k] + np.eye(6)[k + 1]).reshape(1, 6), -np.inf, 1.0) for k in pairs]

    answer = solve(program, cuts=cuts)
    assert answer.objective == pytest.approx(-3)
    assert len(asked) > 2


def hard(seed: int) -> Program:
    rng = np.random.default_rng(seed)
    program = Program()
    weights = rng.integers(100, 1000, (30, 250)).astype(float)
    x = program.columns("x", 250, cost=-rng.integers(100, 1000, 250).astype(float), high=1, integer=True)
    program.rows("room", [(x, weights)], high=weights.sum(1) / 2)
    return program


def test_a_time_limit_gives_an_answer_and_a_bound():
    answer = solve(hard(1), Limits(time_s=1.0, gap=0.0))
    assert answer.status in ("feasible", "optimal")
    assert answer.bound <= answer.objective


def test_a_stop_is_honoured_within_two_seconds():
    began = time.monotonic()
    solve(hard(2), Limits(time_s=60, gap=0.0), stop=lambda: time.monotonic() - began > 0.5)
    assert time.monotonic() - began < 30  # far below the limit of a minute: it was the request that ended it


def test_progress_is_told_while_solving():
    told = []
    solve(hard(3), Limits(time_s=3, gap=0.0), progress=told.append)
    assert told


def test_same_program_same_answer():
    first, second = (solve(hard(4), Limits(time_s=20, gap=0.02)) for _ in range(2))
    assert first.values.tolist() == second.values.tolist()


def test_a_start_is_taken():
    program, _ = knapsack([10, 7, 6], [5, 4, 3], 7)
    assert solve(program, start=np.array([0.0, 1, 1])).objective == pytest.approx(-13)


def test_a_matrix_that_does_not_fit_is_refused():
    program = Program()
    x = program.columns("x", 3)
    with pytest.raises(UsageError, match="x"):
        program.rows("wrong", [(x, np.ones((1, 2)))])


def test_the_program_can_be_written_for_other_solvers(tmp_path):
    program, _ = knapsack([10, 7, 6], [5, 4, 3], 7)
    text = write_mps(program, tmp_path / "model.mps").read_text()
    assert "ROWS" in text
