"""Bundles against targets: the frontier of cost, the cheapest bundle that meets what can be met, and what cannot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bundle:
    """A bundle with its yearly cost and its value for each target (the mean over worlds)."""

    levers: frozenset[str]
    cost_yuan: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Aim:
    """A target to reach: its value and which way is better (``up`` or ``down``)."""

    target: str
    value: float
    direction: str

    def met(self, value: float) -> bool:
        """Return whether a value meets the aim."""
        if math.isnan(value):
            return False
        return value >= self.value if self.direction == "up" else value <= self.value

    def short(self, value: float) -> float:
        """Return how far a value is from the aim; 0 when met."""
        return max(0.0, self.value - value) if self.direction == "up" else max(0.0, value - self.value)


@dataclass(frozen=True)
class Choice:
    """The cheapest bundle that meets every aim that some bundle meets, and the aims that none does.

    ``beyond`` gives for each aim out of reach the best value found, the bundle that gives it, and its cost.
    """

    bundle: Bundle | None
    met: tuple[str, ...]
    beyond: Mapping[str, tuple[float, Bundle]]


def frontier(bundles: Sequence[Bundle], target: str, direction: str) -> list[Bundle]:
    """Return the bundles that no other beats in both cost and the target, cheapest first."""
    sign = 1.0 if direction == "up" else -1.0
    best, kept = -math.inf, []
    for bundle in sorted(bundles, key=lambda b: (b.cost_yuan, -sign * b.values[target], sorted(b.levers))):
        if sign * bundle.values[target] > best:
            best = sign * bundle.values[target]
            kept.append(bundle)
    return kept


def cheapest(bundles: Sequence[Bundle], aims: Sequence[Aim]) -> Choice:
    """Return the cheapest bundle for all aims that can be met together, and what is beyond reach.

    Aims are dropped one by one, those fewest bundles meet first, until some bundle meets all that are left.
    """
    within = [aim for aim in aims if any(aim.met(b.values[aim.target]) for b in bundles)]
    beyond = {aim.target: _nearest(bundles, aim) for aim in aims if aim not in within}
    while within:
        good = [b for b in bundles if all(aim.met(b.values[aim.target]) for aim in within)]
        if good:
            best = min(good, key=lambda b: (b.cost_yuan, len(b.levers), sorted(b.levers)))
            return Choice(best, tuple(aim.target for aim in within), beyond)
        hardest = min(within, key=lambda aim: (sum(aim.met(b.values[aim.target]) for b in bundles), aim.target))
        within.remove(hardest)
        beyond[hardest.target] = _nearest(bundles, hardest)
    return Choice(None, (), beyond)


def _nearest(bundles: Sequence[Bundle], aim: Aim) -> tuple[float, Bundle]:
    best = min(bundles, key=lambda b: (aim.short(b.values[aim.target]), b.cost_yuan, sorted(b.levers)))
    return best.values[aim.target], best


def price_per_point(share: float, cost_yuan: float) -> float:
    """Return yuan for one point of a target; infinite when the lever moves it nowhere or the wrong way."""
    return cost_yuan / share if share > 0 else math.inf
