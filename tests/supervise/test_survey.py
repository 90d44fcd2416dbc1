"""What a drawn sample says of the whole list: right on average, and its interval holds as often as it says."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binomtest

from postroad.errors import DataError
from postroad.supervise import draw
from postroad.supervise.survey import Seen, clopper_pearson, violation_rate


def seen(unit, chance, breach, belongs=True):
    return Seen(unit, Fraction(chance), breach, belongs)


def test_two_outlets_by_hand():
    # One in breach drawn at 1/10, one clean at 1/5, of 20 listed: 10 in breach, half of the list.
    found = violation_rate([seen("A", "1/10", True), seen("B", "1/5", False)], 20)
    assert found.total == 10
    assert found.rate == 0.5
    assert found.low < 0.5 < found.high


def test_a_census_of_equal_chances_is_the_plain_interval():
    rows = [seen(str(k), "1/4", k < 5) for k in range(50)]
    found = violation_rate(rows, 200)
    assert found.rate == pytest.approx(0.1)
    exact = binomtest(5, 50).proportion_ci(0.95, method="exact")
    # n/(n-1) in the variance makes the effective size 49 instead of 50.
    assert found.effective == pytest.approx(49)
    assert found.low == pytest.approx(exact.low, abs=0.002)
    assert found.high == pytest.approx(exact.high, abs=0.004)
    assert clopper_pearson(5, 50) == pytest.approx((exact.low, exact.high))


def test_no_breach_found_is_not_no_breach():
    found = violation_rate([seen(str(k), "1/10", False) for k in range(59)], 590)
    assert (found.rate, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 59))


def test_struck_outlets_leave_both_sums():
    rows = [seen("A", "1/2", True), seen("B", "1/2", False), seen("C", "1/2", False, belongs=False)]
    assert violation_rate(rows, 6).rate == 0.5


@pytest.mark.parametrize("rows", [[], [seen("A", "0", True)], [seen("A", "3/2", True)]])
def test_nothing_is_estimated_from_nothing(rows):
    with pytest.raises(DataError):
        violation_rate(rows, 10)


def coverage(share, size, rounds, listed=400):
    """Draw again and again from a list where heavier outlets err more often; say bias and how often it is covered."""
    generator = np.random.Generator(np.random.Philox(5))
    weight = generator.integers(1, 7, listed)
    breach = generator.random(listed) < np.minimum(share * weight / weight.mean(), 1.0)
    units = [draw.Unit(f"u{k}", int(weight[k])) for k in range(listed)]
    truth, rates, held = float(breach.mean()), [], 0
    for number in range(rounds):
        order, chance = draw.picked(units, size, f"pulse {number}")
        rows = [Seen(u.id, Fraction(*chance[u.id]), bool(breach[int(u.id[1:])])) for u in order]
        found = violation_rate(rows, listed)
        rates.append(found.rate)
        held += found.low <= truth <= found.high
    spread = float(np.std(rates, ddof=1)) / rounds**0.5
    return (float(np.mean(rates)) - truth) / spread, held / rounds


@pytest.mark.slow
@pytest.mark.parametrize(("share", "size"), [(0.05, 40), (0.2, 40), (0.2, 100)])
def test_unbiased_and_covered(share, size):
    bias_z, held = coverage(share, size, 1000)
    assert abs(bias_z) < 3.5
    # 950 of 1000 within four standard errors, or more: the variance is on the wide side.
    assert held >= 0.95 - 4 * (0.95 * 0.05 / 1000) ** 0.5


def test_coverage_of_a_few_hundred_draws():
    bias_z, held = coverage(0.15, 40, 200)
    assert abs(bias_z) < 3.5
    assert held >= 0.90
