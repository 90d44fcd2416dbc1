"""Balancing flows to their totals: by hand, to one part in a thousand million, and refused when impossible."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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
        ([10, 10], [15, 5], [0, 1, 1, 0], "demand.no_balance"),
    ],
)
def test_what_cannot_be_balanced_is_named(sent, received, prior, key):
    rows, columns = full(2, 2)
    totals = (np.array(sent, float), np.array(received, float))
    with pytest.raises(InfeasibleError) as refused:
        balance(rows, columns, np.array(prior, float), *totals)
    assert refused.value.faults[0].key == key
    assert refused.value.faults[0].remedy("zh")
