"""Ways to split the cost of all: Shapley value, nucleolus, equal profit; and whether a group would leave.

The nucleolus (Schmeidler 1969) makes the least content group as content as it can be, then the next: a sequence of
linear programs (Maschler, Peleg and Shapley 1979; HiGHS solves them), each fixing the groups whose content cannot rise
any more, until only one split is left.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.design.sharing.fen import to_fen
from postroad.errors import InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.sharing.game import Game

RULES = ("shapley", "nucleolus", "equal_profit")
TOLERANCE = 1e-7


def _program(aim: Any, **rules: Any) -> Any:
    """Solve a small dense linear program with HiGHS through SciPy, whose stubs do not know it."""
    return importlib.import_module("scipy.optimize").linprog(aim, **rules)


@dataclass(frozen=True)
class Split:
    """A split in whole fen: who pays what, and by how much the least content group is better off than alone.

    ``slack_yuan`` is negative when some group would leave; ``leaver`` names the members of the least content group.
    """

    rule: str
    players: tuple[str, ...]
    fen: tuple[int, ...]
    total_fen: int
    slack_yuan: float
    leaver: tuple[str, ...]

    @property
    def stable(self) -> bool:
        """Whether no group pays more than alone, to the rounding of one fen a member."""
        return self.slack_yuan >= -0.01 * len(self.players)


def split(game: Game, rule: str) -> Split:
    """Return the split of a game by a rule, in fen that sum to the cost of all."""
    shares = {"shapley": shapley, "nucleolus": nucleolus, "equal_profit": equal_profit}[rule](game)
    total = round(game.whole * 100)
    fen = to_fen(shares, total)
    slack, group = core_excess(game, fen / 100.0)
    return Split(rule, game.players, tuple(int(f) for f in fen), total, slack, group)


def shapley(game: Game) -> NDArray[np.float64]:
    """Return the Shapley value: a player's mean added cost over all orders of joining."""
    n = len(game.players)
    members = game.members()
    size = members.sum(1)
    weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])
    masks = np.arange(game.cost.size)
    value = np.empty(n)
    for k in range(n):
        without = masks[~members[:, k]]
        value[k] = (weight[size[without]] * (game.cost[without | 1 << k] - game.cost[without])).sum()
    return value


def equal_profit(game: Game) -> NDArray[np.float64]:
    """Return the split under which shares of saving lie as close together as the core allows (Frisk et al. 2010).

    Every player's saving is a percentage of its cost alone; the largest difference of two is least. When the core is
    empty all save the same percentage.
    """
    n = len(game.players)
    alone = np.maximum(game.alone, 1e-12)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    rows = np.zeros((len(pairs), n + 1))
    for row, (i, j) in zip(rows, pairs, strict=True):
        row[i], row[j], row[n] = 1 / alone[i], -1 / alone[j], -1.0
    core = game.members()[1:-1]
    upper = np.vstack([rows, np.hstack([core, np.zeros((len(core), 1))])])
    limit = np.concatenate([np.zeros(len(pairs)), game.cost[1:-1]])
    whole = np.r_[np.ones(n), 0.0][None]
    found = _program(np.r_[np.zeros(n), 1.0], A_ub=upper, b_ub=limit, A_eq=whole, b_eq=[game.whole],
                    bounds=[(None, None)] * n + [(0, None)], method="highs")  # fmt: skip
    if not found.success:
        return np.asarray(alone * game.whole / alone.sum())
    return np.asarray(found.x[:n])


def nucleolus(game: Game) -> NDArray[np.float64]:
    """Return the nucleolus of the game."""
    n = len(game.players)
    if n == 1:
        return np.array([game.whole])
    members = game.members()[1:-1].astype(float)
    scale = max(1.0, float(np.abs(game.cost).max()))
    cost = game.cost[1:-1] / scale
    fixed, level = np.zeros(len(cost), bool), np.zeros(len(cost))
    equal, value = [np.ones(n)], [game.whole / scale]
    share = np.full(n, game.whole / scale / n)
    while np.linalg.matrix_rank(np.array(equal)) < n:
        share, rise, tight = _raise(members, cost, fixed, equal, value)
        fresh = _forced(members, cost, fixed, equal, value, (rise, tight))
        fixed[fresh], level[fresh] = True, rise
        equal += [members[c] for c in fresh]
        value += [float(cost[c] - rise) for c in fresh]
    share = np.linalg.lstsq(np.array(equal), np.array(value), rcond=None)[0]
    return np.asarray(share * scale)


def _raise(
    members: NDArray[np.float64], cost: NDArray[np.float64], fixed: NDArray[np.bool_],
    equal: list[NDArray[np.float64]], value: list[float],
) -> tuple[NDArray[np.float64], float, NDArray[np.int64]]:  # fmt: skip
    """Make the least content of the free groups as content as possible; return split, content and tight groups."""
    n, free = members.shape[1], np.flatnonzero(~fixed)
    upper = np.hstack([members[free], np.ones((free.size, 1))])
    same = np.hstack([np.array(equal), np.zeros((len(equal), 1))])
    found = _program(np.r_[np.zeros(n), -1.0], A_ub=upper, b_ub=cost[free], A_eq=same, b_eq=value,
                    bounds=[(None, None)] * (n + 1), method="highs")  # fmt: skip
    if not found.success:
        raise InfeasibleError.of("sharing.no_nucleolus", detail=found.message)
    tight = free[np.abs(found.slack) <= TOLERANCE]
    return found.x[:n], float(found.x[n]), tight


def _forced(
    members: NDArray[np.float64], cost: NDArray[np.float64], fixed: NDArray[np.bool_],
    equal: list[NDArray[np.float64]], value: list[float], reached: tuple[float, NDArray[np.int64]],
) -> list[int]:  # fmt: skip
    """Return the tight groups that are tight in every best split: those that pay less in none."""
    rise, tight = reached
    n, free = members.shape[1], np.flatnonzero(~fixed)
    found = []
    for group in tight:
        low = _program(members[group], A_ub=members[free], b_ub=cost[free] - rise + 1e-9, A_eq=np.array(equal),
                      b_eq=value, bounds=[(None, None)] * n, method="highs")  # fmt: skip
        if not low.success or low.fun >= cost[group] - rise - 10 * TOLERANCE:
            found.append(int(group))
    if not found:  # numerically none is certain: fix the first, which keeps the content already reached
        found = [int(tight[0])]
    return _independent(members, equal, found)


def _independent(members: NDArray[np.float64], equal: list[NDArray[np.float64]], groups: list[int]) -> list[int]:
    """Keep all groups fixed, but let equations that say nothing new stand last: rank decides the end, not count."""
    rank = np.linalg.matrix_rank(np.array(equal))
    first: list[int] = []
    rest: list[int] = []
    stack = list(equal)
    for group in groups:
        more = np.linalg.matrix_rank(np.array([*stack, members[group]]))
        if more > rank:
            rank = more
            stack.append(members[group])
            first.append(group)
        else:
            rest.append(group)
    return first + rest


def core_excess(game: Game, shares: NDArray[np.float64]) -> tuple[float, tuple[str, ...]]:
    """Return by how much the least content group is better off than alone, and its members; below zero it leaves."""
    members = game.members()
    slack = game.cost - members @ np.asarray(shares, float)
    inner = slack[1:-1]
    if not inner.size:
        return 0.0, game.players
    worst = int(np.argmin(inner)) + 1
    return float(slack[worst]), tuple(p for p, inside in zip(game.players, members[worst], strict=True) if inside)
