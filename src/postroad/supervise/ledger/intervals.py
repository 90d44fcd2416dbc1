"""Intervals for a share: Wilson's by default, Clopper and Pearson's where coverage must never fall short."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

stats: Any = import_module("scipy.stats")
"""Its distributions are made when it is imported, where a type checker cannot see them."""
METHODS = ("wilson", "exact")
CONFIDENCE = 0.95


def interval(
    hits: ArrayLike, of: ArrayLike, method: str = "wilson", confidence: float = CONFIDENCE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return low and high of the share ``hits / of``; not a number where ``of`` is 0."""
    k, n = np.asarray(hits, float), np.asarray(of, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "exact":
            tail = (1 - confidence) / 2
            low = np.where(k > 0, stats.beta.ppf(tail, np.maximum(k, 1), n - k + 1), 0.0)
            high = np.where(k < n, stats.beta.ppf(1 - tail, k + 1, np.maximum(n - k, 1)), 1.0)
            return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)
        z = stats.norm.ppf(0.5 + confidence / 2)
        share = k / n
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.asarray(np.clip(middle - half, 0.0, 1.0)), np.asarray(np.clip(middle + half, 0.0, 1.0))
