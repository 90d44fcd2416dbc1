"""Where a short series will be at a date: a damped trend with a bootstrap fan.

Holt's linear trend with damping (Gardner and McKenzie 1985) on a yearly grid: level ``l``, trend ``b``, damping
``phi``; one step ahead is ``l + phi*b``. A year without a value is a step without correction: level and trend run on.
For given smoothing weights the one-step errors are linear in the starting level and trend, so these are found by least
squares; the weights are searched on a grid, coarse for short series, fine and then polished for long ones. Series
that grow by rates are fitted in logarithms.

The fan redraws the one-step errors and runs the model on. In-sample errors of a short series are far smaller than those
to come, so they are widened to Akaike's final prediction error, ``sse/(n-p) * (n+p)/n`` (Akaike 1969), and each path
draws its own scale from the chi-squared distribution with n-p degrees of freedom, which gives Student's tails.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy.optimize import minimize
from scipy.special import gammaincinv

from postroad import randomness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST = 5
LONG = 10
DRAWS = 4000
LARGEST_LOG = 700.0
"""Just under the logarithm of the largest number a computer holds."""
SPENT_SHORT, SPENT_LONG = 3, 5
"""Parameters counted as spent: start and a coarse choice of weights, or start and three fitted weights."""
_SHORT_GRID = ((0.5, 0.8, 1.0), (0.1, 0.3, 0.6), (0.8, 0.9, 0.98))
_LONG_GRID = (
    (0.0005, *np.linspace(0.05, 1.0, 20)),
    tuple(np.linspace(0.0, 1.0, 21)),
    tuple(np.linspace(0.8, 0.995, 14)),
)


@dataclass(frozen=True)
class Fit:
    """A fitted damped trend: weights, last level and trend, one-step errors, and the sum of their squares."""

    alpha: float
    beta: float
    phi: float
    level: float
    trend: float
    errors: NDArray[np.float64]
    sse: float
    logarithmic: bool


@dataclass(frozen=True)
class Fan:
    """Years ahead with median and the ends of the 50 % and 80 % intervals; ``draws`` are paths, one row each."""

    years: tuple[int, ...]
    median: tuple[float, ...]
    low50: tuple[float, ...]
    high50: tuple[float, ...]
    low80: tuple[float, ...]
    high80: tuple[float, ...]
    draws: NDArray[np.float64]
    fit: Fit

    def probability(self, year: int, value: float, direction: str) -> float:
        """Return the share of paths that reach a value in a year: at least it when up is better, at most when down."""
        paths = self.draws[:, self.years.index(year)]
        return float(np.mean(paths >= value if direction != "down" else paths <= value))


def fit(years: Sequence[int], values: Sequence[float], logarithmic: bool) -> Fit:
    """Return the damped trend with the least sum of squared one-step errors; years may have gaps."""
    y = np.full(years[-1] - years[0] + 1, np.nan)
    y[np.asarray(years) - years[0]] = np.log(values) if logarithmic else values
    grid = _LONG_GRID if len(years) >= LONG else _SHORT_GRID
    best: dict[int, Fit] = {}
    for alpha, beta, phi in product(*grid):
        if beta > alpha:
            continue
        found = _start(y, float(alpha), float(beta), float(phi), logarithmic)
        # Still, slow and quick levels each have a valley of their own, so the best of each is kept.
        band = int(np.digitize(alpha, (0.01, 0.5)))
        if band not in best or found.sse < best[band].sse - 1e-15:
            best[band] = found
    fits = [_polish(y, rough) for rough in best.values()] if len(years) >= LONG else list(best.values())
    return min(fits, key=lambda found: found.sse)


def _polish(y: NDArray[np.float64], rough: Fit) -> Fit:
    """Walk from the best point of the grid to the nearest minimum, inside the same bounds."""

    def sse(weights: NDArray[np.float64]) -> float:
        alpha, share, phi = weights
        return _start(y, alpha, alpha * share, phi, rough.logarithmic).sse

    start = np.array([rough.alpha, rough.beta / rough.alpha if rough.alpha else 0.0, rough.phi])
    bounds = [(0.0, 1.0), (0.0, 1.0), (0.8, 0.995)]
    found = minimize(sse, start, method="Nelder-Mead", bounds=bounds, options={"xatol": 1e-4, "fatol": 1e-9})
    alpha, share, phi = (float(weight) for weight in found.x)
    better = _start(y, alpha, alpha * share, phi, rough.logarithmic)
    return better if better.sse < rough.sse else rough


@njit(cache=True)
def _run(y, level, trend, alpha, beta, phi):  # type: ignore[no-untyped-def]
    """One-step errors at the observed years, and the last level and trend; ``beta`` corrects the trend directly."""
    errors = np.empty(y.size)
    count = 0
    for value in y:
        ahead = level + phi * trend
        error = 0.0
        if not np.isnan(value):
            error = value - ahead
            errors[count] = error
            count += 1
        level, trend = ahead + alpha * error, phi * trend + beta * error
    return errors[:count], level, trend


def _start(y: NDArray[np.float64], alpha: float, beta: float, phi: float, logarithmic: bool) -> Fit:
    """Least squares for the starting level and trend: the errors are linear in both."""
    zero = _run(y, 0.0, 0.0, alpha, beta, phi)[0]
    by_level = _run(y, 1.0, 0.0, alpha, beta, phi)[0] - zero
    by_trend = _run(y, 0.0, 1.0, alpha, beta, phi)[0] - zero
    start = np.linalg.lstsq(-np.column_stack([by_level, by_trend]), zero, rcond=None)[0]
    errors, level, trend = _run(y, float(start[0]), float(start[1]), alpha, beta, phi)
    return Fit(alpha, beta, phi, level, trend, errors, float((errors**2).sum()), logarithmic)


def _shocks(fitted: Fit, ahead: int, seed: int, name: str) -> NDArray[np.float64]:
    """Errors to come, one row a path: redrawn, widened to the final prediction error, with a scale of their own."""
    n = fitted.errors.size
    spent = SPENT_LONG if n >= LONG else SPENT_SHORT
    centred = fitted.errors - fitted.errors.mean()
    size = np.sqrt(np.mean(centred**2))
    pool = centred / size if size > 0 else centred
    width = np.sqrt(fitted.sse / (n - spent) * (n + spent) / n)
    luck = randomness.integers(seed, f"forecast/{name}", 0, DRAWS * ahead, below=n).reshape(DRAWS, ahead)
    even = randomness.uniforms(seed, f"forecast/{name}/scale", 0, DRAWS)
    freedom = n - spent
    scale = np.sqrt(freedom / (2 * gammaincinv(freedom / 2, even)))
    return np.asarray(pool[luck] * width * scale[:, None])


def forecast(
    years: Sequence[int],
    values: Sequence[float],
    until: int,
    *,
    seed: int,
    logarithmic: bool,
    name: str = "",
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Fan | None:
    """Return a fan from the year after the last to ``until``, or ``None`` when the series has fewer than 5 points.

    ``name`` keys the draws, so that two series with one seed do not share their luck; ``bounds`` are what the value
    cannot leave, such as 0 and 100 for a share in percent.
    """
    if len(years) < FEWEST or until <= years[-1]:
        return None
    fitted = fit(years, values, logarithmic)
    ahead = tuple(range(years[-1] + 1, until + 1))
    shocks = _shocks(fitted, len(ahead), seed, name)
    level, trend = np.full(DRAWS, fitted.level), np.full(DRAWS, fitted.trend)
    paths = np.empty((DRAWS, len(ahead)))
    for step in range(len(ahead)):
        expected = level + fitted.phi * trend
        paths[:, step] = expected + shocks[:, step]
        level, trend = (
            expected + fitted.alpha * shocks[:, step],
            fitted.phi * trend + fitted.beta * shocks[:, step],
        )
    if logarithmic:
        paths = np.exp(np.minimum(paths, LARGEST_LOG))
    paths = np.clip(paths, *bounds)
    cuts = np.quantile(paths, [0.1, 0.25, 0.5, 0.75, 0.9], axis=0)
    low80, low50, median, high50, high80 = (tuple(float(v) for v in row) for row in cuts)
    return Fan(ahead, median, low50, high50, low80, high80, paths, fitted)
