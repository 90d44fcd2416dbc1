"""Locker cells from arrivals, holding time and the chance of finding none free: Erlang's loss formula.

A parcel that finds every cell taken goes elsewhere, so the cells are servers of an M/G/c/c queue, whose loss depends on
the mean holding time alone (Erlang 1917; Sevast'yanov 1957 for any law of the holding time). The recursion
B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1)) is stable for any load.
"""

from __future__ import annotations

import math

from postroad.errors import UsageError

MOST_CELLS = 1_000_000


def refusal(load: float, cells: int) -> float:
    """Return the chance that an arrival finds no free cell, at ``load`` = arrivals a day × days held."""
    if not math.isfinite(load) or load < 0 or cells < 0:
        raise UsageError.of("sites.bad_load", load=load, cells=cells)
    loss = 1.0
    for cell in range(1, cells + 1):
        loss = load * loss / (cell + load * loss)
    return loss


def cells_for(load: float, most_refusal: float) -> int:
    """Return the fewest cells at which no more than ``most_refusal`` of the arrivals are turned away."""
    if not 0 < most_refusal <= 1 or not math.isfinite(load) or load < 0 or load > MOST_CELLS:
        raise UsageError.of("sites.bad_load", load=load, cells=most_refusal)
    loss, cells = 1.0, 0
    while loss > most_refusal:
        cells += 1
        loss = load * loss / (cells + load * loss)
    return cells


def turnover(load: float, cells: int, held_days: float) -> float:
    """Return how many parcels a cell takes a day: the arrivals that are let in, over the cells."""
    return load / held_days * (1.0 - refusal(load, cells)) / cells if cells else 0.0
