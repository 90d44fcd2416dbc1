"""Shapley shares of a bundle of levers, on values measured in paired worlds.

The share of a lever is its marginal effect averaged over the orders in which the bundle can be put in place (Shapley
1953). Every world (same parcels, snow and luck for all bundles) gives its own shares; their mean is the answer and
their spread the interval. Sums are kept in exact fractions, so that shares add up to the bundle's effect exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np
from scipy.special import stdtrit

from postroad import randomness
from postroad.errors import UsageError

EXACT_UP_TO = 10
"""Players up to which every bundle is measured: 1,024 of them."""

Coalition = frozenset[str]


@dataclass(frozen=True)
class Game:
    """Values of bundles in paired worlds: ``values[bundle][world]`` for one target."""

    players: tuple[str, ...]
    values: Mapping[Coalition, Sequence[float]]

    def value(self, bundle: Coalition, world: int) -> Fraction:
        """Return a bundle's value in a world, exactly."""
        if bundle not in self.values:
            raise UsageError.of("effect.not_measured", bundle=", ".join(sorted(bundle)) or "-")
        return Fraction(float(self.values[bundle][world]))

    @property
    def worlds(self) -> int:
        """How many worlds every bundle was measured in."""
        return len(self.values[frozenset()])


@dataclass(frozen=True)
class Shares:
    """A share for each player: exact mean over worlds, and the half-width of its interval (``nan`` for one world).

    ``total`` is the effect of the whole bundle; the shares sum to it exactly. ``sampled`` is the number of orders
    drawn, or 0 when all of them count.
    """

    share: Mapping[str, Fraction]
    half_width: Mapping[str, float]
    total: Fraction
    level: float
    sampled: int

    def rounded(self, decimals: int) -> dict[str, float]:
        """Return the shares rounded so that they still sum to the rounded total (largest remainders go up)."""
        unit = Fraction(1, 10**decimals)
        whole = {player: math.floor(share / unit) for player, share in self.share.items()}
        missing = round(self.total / unit) - sum(whole.values())
        by_rest = sorted(self.share, key=lambda player: (whole[player] - self.share[player] / unit, player))
        for player in by_rest[: max(0, missing)]:
            whole[player] += 1
        return {player: count / 10**decimals for player, count in whole.items()}


def bundles(players: Sequence[str]) -> list[Coalition]:
    """Return every bundle of the players, smallest first."""
    return [frozenset(chosen) for size in range(len(players) + 1) for chosen in combinations(sorted(players), size)]


def orders(players: Sequence[str], count: int, seed: int) -> list[tuple[str, ...]]:
    """Return so many orders of the players, each followed by its reverse, which halves the noise of sampling."""
    names = sorted(players)
    drawn = []
    for k in range((count + 1) // 2):
        order = tuple(names[i] for i in randomness.shuffled(seed, f"effect/order/{k}", len(names)))
        drawn += [order, order[::-1]]
    return drawn[:count]


def needed(players: Sequence[str], sampled: int = 0, seed: int = 0) -> list[Coalition]:
    """Return the bundles that have to be measured: all of them, or those along the sampled orders."""
    if not sampled:
        return bundles(players)
    found = {frozenset(order[:k]) for order in orders(players, sampled, seed) for k in range(len(order) + 1)}
    return sorted(found, key=lambda bundle: (len(bundle), sorted(bundle)))


def shapley(game: Game, *, level: float = 0.95, sampled: int = 0, seed: int = 0) -> Shares:
    """Return each player's share of the effect of the whole bundle.

    Exact over all orders when ``sampled`` is 0, else the mean over so many orders drawn; the interval holds at
    ``level`` and covers worlds and, when sampled, orders. ``UsageError`` names a bundle that was not measured.
    """
    rows = [_world(game, world, sampled, seed) for world in range(game.worlds)]
    count = len(rows) * len(rows[0])
    flat = [draw for world in rows for draw in world]
    share = {player: sum((draw[player] for draw in flat), Fraction(0)) / count for player in game.players}
    whole, none = frozenset(game.players), frozenset[str]()
    total = sum((game.value(whole, w) - game.value(none, w) for w in range(game.worlds)), Fraction(0)) / game.worlds
    half = {
        player: _half_width([[float(d[player]) for d in world] for world in rows], level) for player in game.players
    }
    return Shares(share, half, total, level, sampled)


def _world(game: Game, world: int, sampled: int, seed: int) -> list[dict[str, Fraction]]:
    if sampled:
        return [_along(game, order, world) for order in orders(game.players, sampled, seed)]
    n = len(game.players)
    weight = [Fraction(math.factorial(k) * math.factorial(n - k - 1), math.factorial(n)) for k in range(n)]
    share = dict.fromkeys(game.players, Fraction(0))
    for bundle in bundles(game.players):
        for player in game.players:
            if player not in bundle:
                gain = game.value(bundle | {player}, world) - game.value(bundle, world)
                share[player] += weight[len(bundle)] * gain
    return [share]


def _along(game: Game, order: Sequence[str], world: int) -> dict[str, Fraction]:
    gains, bundle = {}, frozenset[str]()
    for player in order:
        gains[player] = game.value(bundle | {player}, world) - game.value(bundle, world)
        bundle |= {player}
    return gains


def _half_width(draws: Sequence[Sequence[float]], level: float) -> float:
    """Half the t interval: over worlds when there are several, else over the pairs of sampled orders."""
    means = [float(np.mean(world)) for world in draws]
    if len(means) == 1:
        world = np.asarray(draws[0])
        pairs = world[: world.size // 2 * 2].reshape(-1, 2).mean(axis=1)
        means = pairs.tolist()
    if len(means) < 2:
        return math.nan
    spread = float(np.std(means, ddof=1)) / math.sqrt(len(means))
    return float(stdtrit(len(means) - 1, (1 + level) / 2)) * spread


def interactions(game: Game) -> dict[tuple[str, str], float]:
    """Return for each pair what it does together beyond what each does alone, averaged over all bundles of the others.

    The Shapley interaction index (Grabisch and Roubens 1999): positive where levers help each other, negative where
    they do the same thing twice. Needs every bundle measured.
    """
    n = len(game.players)
    found = {}
    for one, other in combinations(sorted(game.players), 2):
        rest = [player for player in game.players if player not in (one, other)]
        total = Fraction(0)
        for bundle in bundles(rest):
            k = len(bundle)
            weight = Fraction(math.factorial(k) * math.factorial(n - k - 2), math.factorial(n - 1))
            total += weight * sum((_cross(game, bundle, one, other, w) for w in range(game.worlds)), Fraction(0))
        found[one, other] = float(total / game.worlds)
    return found


def _cross(game: Game, bundle: Coalition, one: str, other: str, world: int) -> Fraction:
    both = game.value(bundle | {one, other}, world) + game.value(bundle, world)
    return both - game.value(bundle | {one}, world) - game.value(bundle | {other}, world)
