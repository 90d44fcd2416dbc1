"""Two networks in the same worlds: the same parcels, roads and doors, so that only the network differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.simulate.trial.runs import Measure, Trial, interval, trial

if TYPE_CHECKING:
    from postroad.demand import Demand
    from postroad.network import Network


@dataclass(frozen=True)
class Comparison:
    """The difference ``after - before`` of a measure with its interval, and the two trials.

    ``variance_ratio`` is how many times smaller the variance of the paired difference is than it would be in
    independent worlds.
    """

    before: Trial
    after: Trial
    mean: float
    low: float
    high: float
    variance_ratio: float


def compare(
    before: Network, after: Network, demand: Demand, *, measure: Measure | None = None, **asked: Any
) -> Comparison:
    """Simulate the same worlds in two networks and return the paired difference; ``asked`` goes to ``trial``.

    Both run all their worlds, so that none is chosen by its luck.
    """
    wanted = measure or Measure()
    whole = Measure(wanted.name, wanted.flow_class, half_width=-1.0, level=wanted.level, least=wanted.least)
    pair = [trial(network, demand, measure=whole, **asked) for network in (before, after)]
    values = [whole.values(run["summary"])[1] for run in pair]
    difference = values[1] - values[0]
    mean, low, high = interval(difference, whole.level)
    own = float(np.var(values[0], ddof=1) + np.var(values[1], ddof=1)) if difference.size > 1 else 0.0
    left = float(np.var(difference, ddof=1)) if difference.size > 1 else 0.0
    return Comparison(pair[0], pair[1], mean, low, high, own / left if left > 0 else float("inf"))
