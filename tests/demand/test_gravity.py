"""Balancing flows to their totals: by hand, to one part in a thousand million, and refused when impossible."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from postroad.demand.conflict import overfull
from postroad.demand.gravity import PRECISION, balance
from postroad.errors import InfeasibleError


def full(n, m):
    rows, columns = np.indices((n, m))
    return rows.ravel(), columns.ravel()


def test_equal_priors_give_the_product_of_the_shares():
    rows, columns = full(2, 2)
    fitted = balance(rows, columns, np.ones(4), np.array([30.0, 70]), np.array([40.0, 60]))
    assert fitted.flow == pytest.approx([12, 18, 28, 42])


def test_two_places_by_hand():
    """Priors 4 1 / 1 4 with totals 5 and 5 are kept as they are."""
    rows, columns = full(2, 2)
    fitted = balance(rows, columns, np.array([4.0, 1, 1, 4]), np.array([5.0, 5]), np.array([5.0, 5]))
    assert fitted.flow == pytest.approx([4, 1, 1, 4])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6))
def test_any_full_pattern_is_balanced_to_one_part_in_a_thousand_million(n, m, seed):
    rng = np.random.default_rng(seed)
    prior = rng.uniform(0.01, 1, n * m)
    sent = rng.uniform(0, 100, n) * (rng.random(n) > 0.2)
    received = rng.uniform(0.1, 100, m)
    assume(sent.sum() > 0)
    received *= sent.sum() / received.sum()
    rows, columns = full(n, m)
    fitted = balance(rows, columns, prior, sent, received)
    got = np.bincount(rows, fitted.flow, n)
    assert np.abs(got - sent).max() <= 2 * PRECISION * sent.max()
    assert np.bincount(columns, fitted.flow, m) == pytest.approx(received, rel=1e-6)
    assert (fitted.flow >= 0).all()


@pytest.mark.parametrize(
    ("sent", "received", "prior", "key"),
    [
        ([10, 10], [10, 11], [1, 1, 1, 1], "demand.sides_differ"),
        ([-1, 11], [5, 5], [1, 1, 1, 1], "demand.negative_total"),
        ([10, 0], [5, 5], [0, 0, 1, 1], "demand.total_without_pair"),
        ([10, 10], [15, 5], [0, 1, 1, 0], "demand.totals_conflict"),
    ],
)
def test_what_cannot_be_balanced_is_named(sent, received, prior, key):
    rows, columns = full(2, 2)
    totals = (np.array(sent, float), np.array(received, float))
    with pytest.raises(InfeasibleError) as refused:
        balance(rows, columns, np.array(prior, float), *totals)
    assert refused.value.faults[0].key == key
    assert refused.value.faults[0].remedy("zh")


def test_which_totals_conflict_with_which_and_by_how_much():
    rows, columns = full(2, 2)
    with pytest.raises(InfeasibleError) as refused:
        balance(rows, columns, np.array([0.0, 1, 1, 0]), np.array([10.0, 10]), np.array([15.0, 5]), ["甲", "乙"])
    facts = dict(refused.value.faults[0].facts)
    assert (facts["from_"], facts["to"], facts["sent"], facts["received"], facts["gap"]) == ("甲", "乙", "10", "5", "5")


@given(st.lists(st.booleans(), min_size=9, max_size=9), *[st.lists(st.integers(0, 6), min_size=3, max_size=3)] * 2)
@example([False] * 8 + [True], [0, 1, 1], [0, 0, 5])  # more room at one place than all send
def test_a_conflict_is_found_exactly_when_some_places_send_too_much(pattern, sent, received):
    pairs = np.flatnonzero(pattern)
    rows, columns = pairs // 3, pairs % 3
    totals = np.array(sent, float), np.array(received, float)
    reach = [{int(c) for r, c in zip(rows, columns, strict=True) if r == row} for row in range(3)]

    def too_much(group):
        room = sum(received[c] for c in set().union(*(reach[row] for row in group)))
        return sum(sent[row] for row in group) > room

    groups = [[row for row in range(3) if mask >> row & 1] for mask in range(1, 8)]
    found = overfull(rows, columns, *totals)
    assert (found is not None) == any(map(too_much, groups))
    if found:
        assert too_much(found.rows.tolist())
        assert set(found.columns.tolist()) == set().union(*(reach[row] for row in found.rows))
