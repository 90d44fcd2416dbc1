"""Which weekdays a village is served: as often as its load asks, with regular gaps and an even load over the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
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


def assign(days: NDArray[np.int64], pieces: NDArray[np.float64], angle: NDArray[np.float64]) -> list[tuple[int, ...]]:
    """Return each village's weekdays (0 is Monday): even load first, then the days of the neighbour in sweep order.

    A visit takes what has gathered since the last one, in the mean ``7 / days`` days' pieces.
    """
    visit = pieces * WEEK / days
    order = np.lexsort((np.arange(days.size), angle))
    chosen: list[tuple[int, ...]] = [PATTERNS[int(d)][0] for d in days]
    week = np.zeros(WEEK)
    week += visit[days == WEEK].sum()
    some = [int(v) for v in order if days[v] < WEEK]
    for sweep in range(PASSES):
        before: tuple[int, ...] = ()
        for v in some:
            if sweep:
                week[list(chosen[v])] -= visit[v]
            chosen[v] = min(PATTERNS[int(days[v])], key=lambda p: _uneven(week, p, visit[v], before))
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
