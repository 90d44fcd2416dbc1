"""Luck keyed by what it strikes: the same road on the same day has the same luck in every network of a comparison."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def key(seed: int, *names: object) -> int:
    """Return a 64-bit key of a seed and what it is for: the start of a stream of random numbers."""
    text = "\x1f".join(["simulate", str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def uniforms(seed: int, names: Iterable[tuple[object, ...]]) -> NDArray[np.float64]:
    """Return a number in (0, 1) for each name, whatever else is asked with it."""
    words = np.array([key(seed, *name) for name in names], np.uint64)
    return ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def factors(seed: int, names: Iterable[tuple[object, ...]], sigma: float) -> NDArray[np.float64]:
    """Return a factor with mean 1 for each name: log-normal with this standard deviation of the logarithm."""
    return np.asarray(np.exp(sigma * ndtri(uniforms(seed, names)) - sigma * sigma / 2.0))
