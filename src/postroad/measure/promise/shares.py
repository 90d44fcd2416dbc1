"""The interval of a share when parcels of one day share its snow, queues and luck.

Parcels of a day are no independent draws, so the number of parcels says little; days and worlds do. The variance of
the share is taken between clusters, leaving out each in turn, which gives an effective number of parcels; the exact
binomial interval (Clopper and Pearson 1934) is laid at that number, with Student's factor for few clusters (Korn and
Graubard 1998). It keeps its coverage near 0 and 100 %, where a symmetric interval leaves the range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, stdtrit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Interval:
    """A share with its interval, from 0 to 1, and what it rests on."""

    share: float
    low: float
    high: float
    parcels: int
    clusters: int
    effective: float


def interval(on_time: ArrayLike, parcels: ArrayLike, level: float = 0.95) -> Interval:
    """Return the share on time over clusters (days of worlds), with its interval at a level.

    ``on_time`` and ``parcels`` have one entry a cluster; clusters without parcels are left out. One cluster alone says
    nothing about how days differ: its interval is the whole range.
    """
    hits, counts = np.asarray(on_time, float), np.asarray(parcels, float)
    hits, counts = hits[counts > 0], counts[counts > 0]
    total, clusters = float(counts.sum()), int(counts.size)
    if not clusters:
        return Interval(float("nan"), 0.0, 1.0, 0, 0, 0.0)
    share = float(hits.sum()) / total
    if clusters == 1:
        return Interval(share, 0.0, 1.0, int(total), 1, 1.0)
    effective = _effective(hits, counts, share)
    # Student's factor: the variance rests on clusters - 1 differences, not on the parcels.
    student = (stdtrit(max(1.0, total - 1), (1 + level) / 2) / stdtrit(clusters - 1, (1 + level) / 2)) ** 2
    n = min(total, effective) * float(student)
    x = n * share
    tail = (1 - level) / 2
    low = 0.0 if x <= 0 else float(betaincinv(x, n - x + 1, tail))
    high = 1.0 if n - x <= 1e-12 else float(betaincinv(x + 1, max(n - x, 1e-12), 1 - tail))
    return Interval(share, low, high, int(total), clusters, effective)


def _effective(hits: np.ndarray, counts: np.ndarray, share: float) -> float:
    """How many independent parcels would give the variance seen between clusters.

    A share of 0 or 1, or clusters that happen to agree, show no variance; then each cluster counts as one parcel less
    than it has of doubt: the number of clusters stands for the number of parcels.
    """
    total, clusters = float(counts.sum()), counts.size
    binomial = share * (1 - share)
    # Leaving each cluster out in turn (the jackknife): large clusters pull the share towards themselves.
    residual = (hits - share * counts) / (1 - counts / total)
    variance = clusters / (clusters - 1) * float((residual**2).sum()) / total**2
    if binomial <= 0.0:
        return float(clusters)
    if variance <= 0.0:
        return total
    return max(1.0, min(total, binomial / variance))
