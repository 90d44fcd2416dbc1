"""The damped trend against its own equations, against a second library, and as a forecast."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from postroad import randomness
from postroad.measure.forecast import DRAWS, FEWEST, fit, forecast


def test_a_straight_line_is_carried_on_by_its_damped_trend():
    years, values = list(range(2000, 2020)), [100.0 + 5 * k for k in range(20)]
    fan = forecast(years, values, 2022, seed=1, logarithmic=False)
    assert fan.fit.sse < 1.0
    assert fan.median[0] == pytest.approx(200, abs=1)
    assert fan.median[2] == pytest.approx(210, abs=2)


def test_growth_by_rates_is_fitted_in_logarithms():
    years, values = list(range(2000, 2012)), [100 * 1.1**k for k in range(12)]
    fan = forecast(years, values, 2013, seed=1, logarithmic=True)
    assert fan.median[-1] == pytest.approx(100 * 1.1**13, rel=0.02)


def noisy(seed, n):
    z = randomness.generator(seed, "series").normal(size=n)
    return list(50 + np.cumsum(1 + z))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.filterwarnings("ignore")
def test_a_complete_series_is_fitted_as_well_as_by_statsmodels(seed):
    values = noisy(seed, 30)
    ours = fit(range(30), values, logarithmic=False)
    judge = ExponentialSmoothing(values, trend="add", damped_trend=True, initialization_method="estimated").fit()
    assert ours.sse <= 1.02 * judge.sse
    expected = judge.forecast(3)
    fan = forecast(list(range(30)), values, 32, seed=0, logarithmic=False)
    spread = np.array(fan.high80) - np.array(fan.low80)
    assert (np.abs(np.array(fan.median) - expected) < 0.5 * spread).all()


def test_a_missing_year_is_left_missing_and_not_invented():
    years, values = [2000, 2001, 2003, 2004, 2005, 2007], [10.0, 12, 16, 18, 20, 24]
    fan = forecast(years, values, 2009, seed=1, logarithmic=False)
    assert len(fan.fit.errors) == 6
    assert fan.years == (2008, 2009)
    assert fan.median[-1] == pytest.approx(28, abs=1.5)


def test_too_few_points_give_no_forecast():
    years = list(range(2000, 2000 + FEWEST - 1))
    assert forecast(years, [1.0] * (FEWEST - 1), 2030, seed=0, logarithmic=False) is None


def test_same_seed_same_bytes_and_another_name_another_luck():
    years, values = list(range(15)), noisy(3, 15)
    a, b, c = (forecast(years, values, 18, seed=5, logarithmic=False, name=n) for n in ("x", "x", "y"))
    assert a.draws.tobytes() == b.draws.tobytes()
    assert a.draws.tobytes() != c.draws.tobytes()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1, 1000), min_size=5, max_size=9), st.integers(0, 99))
def test_the_fan_is_nested_and_probabilities_agree_with_it(values, seed):
    fan = forecast(list(range(len(values))), values, len(values) + 2, seed=seed, logarithmic=False)
    for k, year in enumerate(fan.years):
        assert fan.low80[k] <= fan.low50[k] <= fan.median[k] <= fan.high50[k] <= fan.high80[k]
        assert fan.probability(year, fan.low80[k], "up") == pytest.approx(0.9, abs=0.11)
        assert fan.draws.shape == (DRAWS, len(fan.years))


def test_eighty_percent_intervals_hold_about_eighty_percent_of_what_comes():
    """Two hundred series of known make: a damped trend with noise; the next value falls inside about as often."""
    inside = 0
    for seed in range(200):
        values = noisy(1000 + seed, 21)
        fan = forecast(list(range(20)), values[:20], 20, seed=seed, logarithmic=False)
        inside += fan.low80[0] <= values[20] <= fan.high80[0]
    assert 0.70 <= inside / 200 <= 0.92
