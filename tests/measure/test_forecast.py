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


def made(kind, seed, n):
    """Logarithms of a series of known make: a drifting walk, a line with noise, or a trend that wanders under noise."""
    z = randomness.generator(seed, f"made/{kind}").normal(size=(3, n))
    if kind == "walk":
        return 4.6 + np.cumsum(0.08 + 0.04 * z[0])
    if kind == "line":
        return 4.6 + 0.08 * np.arange(n) + 0.03 * z[0]
    trend = np.empty(n)
    trend[0] = 0.08
    for k in range(1, n):
        trend[k] = 0.008 + 0.9 * trend[k - 1] + 0.01 * z[0, k]
    return 4.6 + np.cumsum(trend) + 0.03 * z[1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["walk", "line", "wandering"])
@pytest.mark.parametrize("n", [5, 8, 12, 20])
def test_eighty_percent_intervals_hold_about_eighty_percent_of_what_comes(kind, n):
    """Two hundred series of each make and length, none of them made by the model's own equations."""
    inside = 0
    for seed in range(200):
        values = np.exp(made(kind, seed, n + 1))
        fan = forecast(list(range(n)), list(values[:n]), n, seed=seed, logarithmic=True)
        inside += fan.low80[0] <= values[n] <= fan.high80[0]
    assert 0.68 <= inside / 200 <= 0.95


def test_five_points_give_a_wide_fan_whose_scale_is_akaikes():
    """With errors of one size s, the middle of the scales is near s * sqrt((n+p)/(n-p)): twice s for 5 points."""
    fan = forecast([0, 1, 2, 3, 4], [10.0, 12, 11, 14, 13], 5, seed=0, logarithmic=False)
    centred = fan.fit.errors - fan.fit.errors.mean()
    spread = np.abs(fan.draws[:, 0] - (fan.fit.level + fan.fit.phi * fan.fit.trend))
    expected = np.sqrt(fan.fit.sse / 2 * 8 / 5) * np.abs(centred) / np.sqrt(np.mean(centred**2))
    scale = np.sqrt(2 / (2 * np.log(2)))  # the median of sqrt(2 / chi-squared with 2 degrees of freedom)
    assert expected.min() * scale * 0.9 <= np.median(spread) <= expected.max() * scale * 1.1
    assert fan.high80[0] - fan.low80[0] > 2 * np.sqrt(fan.fit.sse / 5)


def test_a_share_stays_between_nothing_and_everything():
    fan = forecast(range(6), [90.0, 93, 95, 97, 98, 99], 8, seed=0, logarithmic=False, bounds=(0.0, 100.0))
    assert fan.draws.max() <= 100
    assert fan.draws.min() >= 0
