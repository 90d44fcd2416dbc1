"""Duties of drivers: the roster cut where somebody rests, and how few duties and drivers no roster could do with.

A duty is a chain of legs. Which leg can follow which within the hours of one duty is a bipartite graph, and the legs
less a largest matching in it is the least number of chains that cover all of them: a bound on the duties of every
roster, since what more than two legs add to the hours is left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse.csgraph import maximum_bipartite_matching

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from postroad.design.lines.crews import Leg, Rules

DAY = 1440.0
COLUMNS = {"driver": pl.Int64, "duty": pl.Int64, "base_place_id": pl.String, "weekday": pl.Int64,
           "start_min": pl.Float64, "span_h": pl.Float64, "wheel_h": pl.Float64, "rest_before_h": pl.Float64,
           "legs": pl.Int64, "way": pl.String}  # fmt: skip


def duties(legs: Iterable[Leg], base: dict[int, str]) -> pl.DataFrame:
    """Return one row a duty, in order of driver and time: when, how long, at the wheel, rest before it, and its way."""
    rows: list[list[object]] = []
    number, free = 0, 0.0
    last: tuple[int, int] | None = None
    for one in sorted(legs, key=lambda leg: (leg.driver, leg.at)):
        if last != (one.driver, one.duty):
            fresh = last is None or last[0] != one.driver
            number = 1 if fresh else number + 1
            rest = None if fresh else (one.at - free) / 60
            rows.append([one.driver + 1, number, base[one.driver], int(one.at // DAY) + 1, one.at % DAY, 0.0, 0.0, rest,
                         0, one.way[0]])  # fmt: skip
            start, last = one.at, (one.driver, one.duty)
        free, row = one.at + one.minutes, rows[-1]
        row[5] = (free - start) / 60
        row[6], row[8], row[9] = row[6] + one.wheel_h, row[8] + 1, f"{row[9]} > {one.way[1]}"  # type: ignore[operator]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def least_duties(legs: list[Leg], rules: Rules) -> int:
    """Return how many duties every roster of these legs has at least: legs less a largest matching of followers."""
    places: dict[str, list[int]] = {}
    for k, leg in enumerate(legs):
        places.setdefault(leg.way[0], []).append(k)
    start = np.array([leg.at for leg in legs])
    end = start + np.array([leg.minutes for leg in legs])
    wheel = np.array([leg.wheel_h for leg in legs])
    begin: dict[str, NDArray[np.int64]] = {
        place: np.array(sorted(own, key=lambda k: (start[k], k)), np.int64) for place, own in places.items()
    }
    before, after = [], []
    for k, leg in enumerate(legs):
        own = begin.get(leg.way[1])
        if own is None:
            continue
        low, high = np.searchsorted(start[own], [end[k] + rules.turn_min, start[k] + 60 * rules.span_h])
        next_ = own[low:high]
        fits = (end[next_] - start[k] <= 60 * rules.span_h) & (wheel[next_] + wheel[k] <= rules.wheel_h + 1e-9)
        after.append(next_[fits])
        before.append(np.full(int(fits.sum()), k, np.int64))
    rows, columns = (np.concatenate([np.zeros(0, np.int64), *part]) for part in (before, after))
    graph = sparse.csr_array((np.ones(rows.size, np.int8), (rows, columns)), (len(legs), len(legs)))
    matched = maximum_bipartite_matching(graph, perm_type="column") if rows.size else np.full(1, -1)
    return len(legs) - int((matched >= 0).sum())


def least_drivers(legs: list[Leg], rules: Rules) -> int:
    """Return how many drivers every roster needs at least: those at work at once, hours at the wheel in the week."""
    moments = sorted([(leg.at, 1) for leg in legs] + [(leg.at + leg.minutes, -1) for leg in legs])
    at_once = max(np.cumsum([step for _, step in moments]).tolist(), default=0)
    return max(at_once, math.ceil(sum(leg.wheel_h for leg in legs) / rules.week_h - 1e-9))
