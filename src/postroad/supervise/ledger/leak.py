"""Whether what is missing on a leg is more than the usual loss: a test whose false alarms and power are stated.

Each place and each leg carried ``n`` pieces of which ``k`` are unexplained. The usual loss is taken from all of them
together, those that stand out left aside; where losses vary more than by chance alone the beta-binomial widens the
test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.supervise.ledger.intervals import stats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ROUNDS = 20
LEAST_SHARE = 1e-6
FLAT = 1e-9
"""Correlations below this are none: the binomial is meant."""


@dataclass(frozen=True)
class Usual:
    """The usual loss: its share, and how alike pieces of one leg fare (0: independently)."""

    share: float
    correlation: float

    def tail(self, k: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
        """Return the chance of ``k`` or more unexplained of ``n``."""
        k, n = np.asarray(k, float), np.asarray(n, float)
        if self.correlation <= FLAT:
            return np.asarray(stats.binom.sf(k - 1, n, self.share))
        spread = 1 / self.correlation - 1
        return np.asarray(stats.betabinom.sf(k - 1, n, self.share * spread, (1 - self.share) * spread))

    def critical(self, n: int, size: float) -> int:
        """Return the fewest unexplained pieces of ``n`` whose chance is at most ``size``."""
        low, high = 0, n + 1
        while low < high:
            middle = (low + high) // 2
            if self.tail(middle, n) <= size:
                high = middle
            else:
                low = middle + 1
        return low

    def false_alarm(self, n: int, size: float) -> float:
        """Return the chance that a leg without a leak is flagged by itself; never above ``size``."""
        return float(self.tail(self.critical(n, size), n))

    def power(self, n: int, leak: float, size: float) -> float:
        """Return the chance that a leg losing a share ``leak`` beyond the usual is flagged by itself."""
        share = self.share + leak * (1 - self.share)
        least = self.critical(n, size)
        if self.correlation <= FLAT:
            return float(stats.binom.sf(least - 1, n, share))
        spread = 1 / self.correlation - 1
        return float(stats.betabinom.sf(least - 1, n, share * spread, (1 - share) * spread))

    def least_pieces(self, leak: float, size: float, wanted: float = 0.9, most: int = 10_000_000) -> int | None:
        """Return the fewest pieces with which such a leak is found so often; ``None`` when beyond ``most``."""
        n = 16
        while n <= most:
            if self.power(n, leak, size) >= wanted:
                break
            n *= 2
        else:
            return None
        low, high = n // 2, n
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.power(middle, leak, size) >= wanted else (middle, high)
        return high


def usual(k: NDArray[np.int64], n: NDArray[np.int64], false_discovery: float) -> Usual:
    """Return the usual loss of many legs, with those that stand out left aside until none is left to leave.

    It begins from losses by chance alone: were the spread taken from all legs first, a few leaks would widen it until
    none stood out. Legs that only vary more come back in as the spread of those kept grows.
    """
    keep = n > 0
    found = Usual(LEAST_SHARE, 0.0)
    for turn in range(ROUNDS):
        held_k, held_n = k[keep], n[keep]
        if not held_n.size:
            return found
        share = max(LEAST_SHARE, float(held_k.sum() + 0.5) / float(held_n.sum() + 1))
        found = Usual(min(share, 0.5), _correlation(held_k, held_n, share) if turn else 0.0)
        out = discoveries(found.tail(k, n), false_discovery) & (k > 0)
        again = (n > 0) & ~out
        if turn and (again == keep).all():
            break
        keep = again
    return found


def _correlation(k: NDArray[np.int64], n: NDArray[np.int64], share: float) -> float:
    """The moment estimate of the correlation inside a leg, from legs with at least one piece expected; none below 0."""
    seen = n * share >= 1
    if seen.sum() < 10:
        return 0.0
    k, n = k[seen], n[seen]
    chi = float((((k - n * share) ** 2) / (n * share * (1 - share))).sum())
    excess = chi - len(k)
    # One and a half standard errors of a chi-square are no sign of spread.
    if excess <= 1.5 * np.sqrt(2 * len(k)):
        return 0.0
    return float(min(0.5, excess / float((n - 1).sum())))


def discoveries(p: ArrayLike, rate: float) -> NDArray[np.bool_]:
    """Return which of many tests are discoveries at a false-discovery rate (Benjamini and Hochberg 1995)."""
    values = np.asarray(p, float)
    if not values.size:
        return np.zeros(0, bool)
    order = np.argsort(values, kind="stable")
    steps = rate * np.arange(1, values.size + 1) / values.size
    under = np.flatnonzero(values[order] <= steps)
    found = np.zeros(values.size, bool)
    if under.size:
        found[order[: under[-1] + 1]] = True
    return found
