"""A drawn sample as a survey: the rate in the whole list with its interval, from the published chances.

The number of outlets in breach is the Horvitz-Thompson sum of 1 / chance over those found in breach, and the rate is
that sum over the size of the list. When units were struck the size of what remains is not known, and the rate becomes
the ratio of two such sums.

The variance is that of a draw with replacement (Hansen and Hurwitz): it needs no joint chances, and it is too large
rather than too small for a draw without replacement, so the interval errs on the wide side. The interval is
Clopper-Pearson's on the effective sample size (Korn and Graubard), which stays honest when no or few breaches are
found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from postroad.errors import DataError


@dataclass(frozen=True)
class Seen:
    """One visited unit: its chance of being drawn, whether it was in breach, and whether it was not struck."""

    unit: str
    chance: Fraction
    breach: bool
    belongs: bool = True


@dataclass(frozen=True)
class Estimate:
    """A share of the whole list (0 to 1) with its interval, the total it stands for and the sample behind it."""

    rate: float
    low: float
    high: float
    total: float
    visited: int
    effective: float
    level: float


def violation_rate(seen: Sequence[Seen], listed: int, level: float = 0.95) -> Estimate:
    """Return the share of the list in breach; ``DataError`` when nothing was seen or a chance is not in (0, 1]."""
    if not seen or listed < len(seen):
        raise DataError.of("draw.nothing_seen", seen=len(seen), listed=listed)
    if wrong := [unit.unit for unit in seen if not 0 < unit.chance <= 1]:
        raise DataError.of("draw.bad_chance", value=", ".join(wrong[:5]))
    heavy = np.array([float(1 / unit.chance) for unit in seen])
    breach = np.array([unit.breach and unit.belongs for unit in seen], dtype=float)
    belongs = np.array([unit.belongs for unit in seen], dtype=float)
    if not belongs.any():
        raise DataError.of("draw.nothing_seen", seen=0, listed=listed)
    total = float((heavy * breach).sum())
    base = float(listed) if belongs.all() else float((heavy * belongs).sum())
    rate = min(total / base, 1.0)
    residual = heavy * (breach if belongs.all() else breach - rate * belongs)
    count = len(seen)
    spread = count / (count - 1) * float(((residual - residual.mean()) ** 2).sum()) if count > 1 else 0.0
    kish = float((heavy * belongs).sum() ** 2 / (heavy * belongs @ (heavy * belongs)))
    effective = kish if spread <= 0 or rate in (0.0, 1.0) else min(rate * (1 - rate) * base**2 / spread, float(count))
    low, high = clopper_pearson(rate * effective, effective, level)
    return Estimate(rate, low, high, total, int(belongs.sum()), effective, level)


def clopper_pearson(hits: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share; hits and trials need not be whole."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return low, high
