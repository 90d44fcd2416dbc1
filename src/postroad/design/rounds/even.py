"""Even work: the shortest longest day that a given surcharge buys."""

from __future__ import annotations

from dataclasses import replace

from postroad.design.rounds.days import only
from postroad.design.rounds.routing import Day, Round, total_yuan

STEPS = (0.0, 0.25, 0.5, 0.75)
"""Where between the mean and the longest day a new bound is tried, the most even first."""


def evened(day: Day, rounds: list[Round], rows: frozenset[int], seed: int, more: float) -> list[Round]:
    """Return rounds whose longest day is as short as a bound on the shift makes it for at most ``more`` of the cost."""
    if len(rounds) < 2 or more <= 0:
        return rounds
    worked = [one.duration_min + day.terms.load_min for one in rounds]
    mean, longest = sum(worked) / len(worked), max(worked)
    for step in STEPS:
        shift = mean + step * (longest - mean) + 1.0
        if shift >= longest:
            break
        made = only(replace(day, terms=replace(day.terms, shift_min=shift)), rows, seed)
        if made is not None and total_yuan(made) <= (1.0 + more) * total_yuan(rounds):
            return made
    return rounds
