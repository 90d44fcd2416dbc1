"""The least that each operator must reveal for a split everyone can check: by how much coarser data would change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.sharing.splits import shapley

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from postroad.design.sharing.game import Game


@dataclass(frozen=True)
class Level:
    """A degree of detail: what an operator reveals, how many numbers that is, and the game they allow."""

    name: str
    numbers: int
    game: Game


@dataclass(frozen=True)
class Reveal:
    """What a level is worth: the largest change of anyone's share against the finest level, of the cost of all."""

    name: str
    numbers: int
    change: float
    enough: bool


def least_data(levels: Sequence[Level], tolerance: float = 0.01) -> list[Reveal]:
    """Return every level with the change it brings, coarsest first; the first that is ``enough`` is the least.

    Levels go from coarse to fine, and the finest is the truth. A level is enough when nobody's Shapley share differs
    by more than ``tolerance`` of the cost of all.
    """
    change = _against(levels[-1].game)
    changes = [change(level.game) for level in levels]
    return [
        Reveal(level.name, level.numbers, moved, moved <= tolerance)
        for level, moved in zip(levels, changes, strict=True)
    ]


def least_each(
    players: Sequence[str], game: Callable[[frozenset[str]], Game], tolerance: float = 0.01
) -> frozenset[str]:
    """Return those of the players who must reveal the finer data; of the others the coarser is enough.

    ``game`` is what is known when a set of players reveals the finer data. The set is built by always adding who brings
    the shares nearest to those that all would give, until nobody's differs by more than ``tolerance`` of the cost of
    all, and then thinned of whoever is not needed: nobody in it can be left out, though another set may be smaller.
    """
    everyone = frozenset(players)
    moved = _against(game(everyone))

    def change(revealing: frozenset[str]) -> float:
        return moved(game(revealing))

    chosen: frozenset[str] = frozenset()
    while chosen != everyone and change(chosen) > tolerance:
        nearest = min((change(chosen | {one}), at) for at, one in enumerate(players) if one not in chosen)
        chosen |= {players[nearest[1]]}
    for one in players:
        if one in chosen and change(chosen - {one}) <= tolerance:
            chosen -= {one}
    return chosen


def _against(finest: Game) -> Callable[[Game], float]:
    """Return the measure of a coarser game: how far anyone's share lies from the finest's, of the cost of all."""
    true, whole = shapley(finest), max(finest.whole, 1e-12)
    return lambda game: float(np.abs(shapley(game) - true).max() / whole)
