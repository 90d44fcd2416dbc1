"""Which weekdays a village is served: as often as its load asks, with regular gaps and an even load over the week."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.rounds.hours import EVERY_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.design.rounds.terms import Terms

WEEK = 7
PATTERNS: dict[int, tuple[tuple[int, ...], ...]] = {
    # The gaps of a week of three are 2, 2 and 3 days and of five 1, 1, 1, 2 and 2: nothing is more regular.
    3: tuple(tuple(sorted((s + d) % WEEK for d in (0, 2, 4))) for s in range(WEEK)),
    5: tuple(tuple(sorted((s + d) % WEEK for d in (0, 1, 3, 4, 6))) for s in range(WEEK)),
    7: (tuple(range(WEEK)),),
}
PASSES = 3


def frequency(pieces: NDArray[np.float64], terms: Terms) -> NDArray[np.int64]:
    """Return days a week for villages with so many pieces a day."""
    return np.where(pieces >= terms.daily_from, 7, np.where(pieces >= terms.five_from, 5, 3)).astype(np.int64)


def patterns(count: int, on: tuple[int, ...] = EVERY_DAY) -> tuple[tuple[int, ...], ...]:
    """Return the most regular ways to serve so many days a week among those on which the station is open.

    Where it is open on fewer days, it is served on all of them.
    """
    free = tuple(p for p in PATTERNS[count] if set(p) <= set(on))
    if free or not on:
        return free or PATTERNS[count]
    every = list(combinations(on, min(count, len(on))))
    least = min(worst_gap(p) for p in every)
    return tuple(p for p in every if worst_gap(p) == least)


def assign(
    days: NDArray[np.int64],
    pieces: NDArray[np.float64],
    angle: NDArray[np.float64],
    on: Sequence[tuple[int, ...]] | None = None,
) -> list[tuple[int, ...]]:
    """Return each village's weekdays (0 is Monday): even load first, then the days of the neighbour in sweep order.

    A visit takes what has gathered since the last one, in the mean ``7 / days`` days' pieces. ``on`` has the days on
    which each village's station is open.
    """
    ways = [patterns(int(d), on[k] if on else EVERY_DAY) for k, d in enumerate(days)]
    chosen = [own[0] for own in ways]
    visit = pieces * WEEK / np.array([len(own) for own in chosen])
    order = np.lexsort((np.arange(days.size), angle))
    week = np.zeros(WEEK)
    daily = np.array([len(own) == WEEK for own in chosen], bool)
    week += visit[daily].sum()
    for v in (v for v, own in enumerate(ways) if len(own) == 1 and not daily[v]):
        week[list(chosen[v])] += visit[v]
    some = [int(v) for v in order if len(ways[v]) > 1]
    for sweep in range(PASSES):
        before: tuple[int, ...] = ()
        for v in some:
            if sweep:
                week[list(chosen[v])] -= visit[v]
            chosen[v] = min(ways[v], key=lambda p: _uneven(week, p, visit[v], before))
            week[list(chosen[v])] += visit[v]
            before = chosen[v]
    return chosen


def _uneven(week: NDArray[np.float64], pattern: tuple[int, ...], visit: float, before: tuple[int, ...]) -> float:
    """The rise of the sum of squared daily loads, a tenth less for each day shared with the neighbour's pattern."""
    days = list(pattern)
    rise = float(((week[days] + visit) ** 2 - week[days] ** 2).sum()) + 1e-9
    return rise * (1.0 - 0.02 * len(set(pattern) & set(before)))


def worst_gap(pattern: tuple[int, ...]) -> int:
    """Return the longest stretch from one service day to the next."""
    following = [*pattern[1:], pattern[0] + WEEK]
    return max(b - a for a, b in zip(pattern, following, strict=True))


def as_text(pattern: tuple[int, ...]) -> str:
    """Return weekdays as the tables write them: 1 is Monday."""
    return "".join(str(day + 1) for day in pattern)
