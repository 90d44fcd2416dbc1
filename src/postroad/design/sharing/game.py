"""A cost game: what every group of operators would pay on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

MOST_PLAYERS = 16
"""Every coalition is priced: beyond this their number is out of hand."""


@dataclass(frozen=True)
class Game:
    """``cost[mask]`` is the cost of the coalition whose members are the set bits; the empty one costs nothing.

    ``note`` says how the costs came about: solved, or by which approximation.
    """

    players: tuple[str, ...]
    cost: NDArray[np.float64]
    note: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.players) <= MOST_PLAYERS or len(set(self.players)) != len(self.players):
            raise UsageError.of("sharing.bad_players", value=len(self.players), most=MOST_PLAYERS)
        if self.cost.shape != (1 << len(self.players),):
            raise UsageError.of("sharing.bad_costs", value=self.cost.size, wanted=1 << len(self.players))
        if not np.isfinite(self.cost).all() or self.cost[0] != 0:
            raise DataError.of("sharing.no_cost", value=int(np.argmin(np.isfinite(self.cost))))

    @classmethod
    def of(cls, players: Sequence[str], cost: Callable[[tuple[str, ...]], float], note: str = "") -> Game:
        """Return the game of a function that prices a group of players."""
        n = len(players)
        if not 1 <= n <= MOST_PLAYERS:
            raise UsageError.of("sharing.bad_players", value=n, most=MOST_PLAYERS)
        groups = (tuple(p for k, p in enumerate(players) if mask >> k & 1) for mask in range(1, 1 << n))
        return cls(tuple(players), np.array([0.0, *(cost(group) for group in groups)]), note)

    @property
    def whole(self) -> float:
        """Cost of all together."""
        return float(self.cost[-1])

    @property
    def alone(self) -> NDArray[np.float64]:
        """Cost of each player alone."""
        return np.asarray(self.cost[1 << np.arange(len(self.players))])

    @property
    def saving(self) -> float:
        """What all save together against each alone."""
        return float(self.alone.sum()) - self.whole

    def members(self) -> NDArray[np.bool_]:
        """Return coalitions × players: who is in which."""
        masks = np.arange(self.cost.size)[:, None]
        return np.asarray((masks >> np.arange(len(self.players))) & 1, bool)
