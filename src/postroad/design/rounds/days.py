"""Rounds of single weekdays: those of the fullest day with stops left out, or fresh ones where they save much."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from postroad.design.rounds.routing import Day, Round, hopeless, solve_day, subset, total_yuan

if TYPE_CHECKING:
    pass

CONSISTENCY = 0.05
"""Rounds of the fullest day, and those of an older plan, are kept unless fresh ones save more than this share."""
WEEK = 7


def of_day(
    whole: Day, template: list[Round], rows: frozenset[int], seed: int
) -> tuple[tuple[Round, ...], tuple[float, float]]:
    """Rounds of a weekday: the template's with stops left out, or fresh ones where they save much."""
    same = subset(whole, template, set(rows))
    cost = total_yuan(same)
    if sum(len({v.row for v in one.visits} - {0}) for one in template) == len(rows):
        return tuple(same), (cost, cost)
    fresh = only(whole, rows, seed)
    if fresh is None:
        return tuple(same), (cost, cost)
    other = total_yuan(fresh)
    return tuple(fresh if other < (1 - CONSISTENCY) * cost else same), (cost, other)


def only(whole: Day, rows: frozenset[int], seed: int) -> list[Round] | None:
    """Rounds for some of the places of a day, in the rows of the whole; ``None`` when there are none."""
    own = [0, *sorted(rows)]
    rounds = solve_day(_part(whole, own), seed)
    if rounds is None:
        return None
    return [replace(one, visits=tuple(replace(v, row=own[v.row]) for v in one.visits)) for one in rounds]


def _part(whole: Day, own: list[int]) -> Day:
    latest = whole.latest_min if whole.latest_min is None else whole.latest_min[own]
    return replace(whole, ground=whole.ground.take(own), deliver=whole.deliver[own], collect=whole.collect[own],
                   latest_min=latest)  # fmt: skip


def possible(whole: Day, rows: frozenset[int], seed: int) -> tuple[list[Round], frozenset[int]]:
    """Rounds of the fullest day; places that no vehicle reaches in time are left out and named."""
    rounds = only(whole, rows, seed)
    if rounds is not None:
        return rounds, frozenset()
    own = [0, *sorted(rows)]
    left = frozenset(own[row] for row in hopeless(_part(whole, own)))
    return only(whole, rows - left, seed) or [], left
