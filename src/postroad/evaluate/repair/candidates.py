"""What might mend a pair, read from its late parcels: where they wait, how long, and when they are ready.

Five kinds: one more departure on the leg where they wait longest; one more sort wave at a hub, a departure after it;
a direct line past all hubs; the wave they wait for closing an hour earlier, with the departures that follow it; a
quarter more sorter where the queue is the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.simulate.day.arrays import VISITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

DAY_MIN = 1440
EARLIER_MIN = 60.0
SORT_MIN = 90.0
"""From the cut-off of an added wave to the departure after it; assumed."""
MORE_SORTER = 1.25
LEAST_WAIT_MIN = 30.0
"""Mean minutes of waiting below which one more departure is not worth a try."""
QUEUED = ("sorter", "dock")
QUEUED_SHARE = 0.05
"""Share of late parcels that must be late for a queue before more sorter is tried."""


@dataclass(frozen=True, order=True)
class Candidate:
    """A change to the trunk: ``departure``, ``wave``, ``direct`` (from, to, minute), ``cutoff`` (hub), ``sorter``."""

    kind: str
    place_id: str
    to_id: str = ""
    at_min: float = 0.0
    pieces: float = 0.0
    """Pieces a day it has to carry."""


def candidates(late: pl.DataFrame, days: float) -> list[Candidate]:
    """Return what might mend a pair from the late parcels of some days (scaled to full days), one of a kind at most."""
    found = [*_departure(late, days), *_wave(late, days), *_direct(late, days), *_cutoff(late), *_sorter(late)]
    return [one for one in found if one]


def _minutes(late: pl.DataFrame, name: str) -> NDArray[np.float64]:
    return late[name].cast(pl.Float64).to_numpy() / 60.0


def _legs(late: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame, int]]:
    """Every leg between two facilities with the parcels that went it, and which stop it begins at."""
    for k in range(1, VISITS):
        here, there = f"stop{k}_place_id", f"stop{k + 1}_place_id"
        known = late.drop_nulls([here, there, f"stop{k}_ready_s", f"stop{k}_depart_s"])
        for (a, b), group in known.group_by(here, there, maintain_order=True):
            yield str(a), str(b), group, k


def _departure(late: pl.DataFrame, days: float) -> list[Candidate]:
    """Where the late parcels together wait longest for a departure, at the minute that spares the most waiting."""
    waits: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    for a, b, group, k in _legs(late):
        if a != b:
            waits.setdefault((a, b), []).append(
                np.stack([_minutes(group, f"stop{k}_ready_s"), _minutes(group, f"stop{k}_depart_s")])
            )
    best, most = None, 0.0
    for (a, b), parts in sorted(waits.items()):
        ready, depart = np.concatenate(parts, axis=1)
        at, spared, riders = _best_minute(ready, depart)
        if spared > most and spared >= LEAST_WAIT_MIN * late.height * 0.25:
            best, most = Candidate("departure", a, b, at, riders / days), spared
    return [best] if best else []


def _wave(late: pl.DataFrame, days: float) -> list[Candidate]:
    """The hub and leg where one more wave, and a departure after it, spares the late parcels most from arrival on."""
    times: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    for a, b, group, k in _legs(late):
        known = group.drop_nulls(f"stop{k}_arrive_s")
        if a != b and known.height:
            arrive = _minutes(known, f"stop{k}_arrive_s") + SORT_MIN
            times.setdefault((a, b), []).append(np.stack([arrive, _minutes(known, f"stop{k}_depart_s")]))
    best, most = None, 0.0
    for (a, b), parts in sorted(times.items()):
        at, spared, riders = _best_minute(*np.concatenate(parts, axis=1))
        if spared > most:
            best, most = Candidate("wave", a, b, at, riders / days), spared
    return [best] if best else []


def _best_minute(ready: NDArray[np.float64], until: NDArray[np.float64]) -> tuple[float, float, float]:
    """The minute of the day at which a departure spares the most waiting, how much, and who would ride."""
    best = (0.0, 0.0, 0.0)
    for minute in np.arange(0.0, DAY_MIN, 15.0):
        next_run = ready + (minute - ready) % DAY_MIN
        gains = until - next_run
        rides = gains > 0
        spared = float(gains[rides].sum())
        if spared > best[1]:
            best = (float(minute), spared, float(rides.sum()))
    return best


def _direct(late: pl.DataFrame, days: float) -> list[Candidate]:
    """From the first facility straight to the last, for the busiest two ends, once what waits there is ready."""
    last = pl.coalesce([pl.when(pl.col("stops") == k).then(pl.col(f"stop{k}_place_id")) for k in range(VISITS, 0, -1)])
    known = late.filter(pl.col("stops").is_between(3, VISITS)).with_columns(last=last)
    known = known.drop_nulls(["stop1_place_id", "last", "stop1_ready_s"])
    ends = known.group_by("stop1_place_id", "last").len().sort(
        ["len", "stop1_place_id", "last"], descending=[True, False, False]
    )  # fmt: skip
    for a, b, count in ends.head(1).iter_rows():
        own = known.filter(pl.col("stop1_place_id") == a, pl.col("last") == b)
        ready = _minutes(own, "stop1_ready_s") % DAY_MIN
        # A quarter of an hour after three in four are ready.
        at = float(15 * np.ceil(np.quantile(ready, 0.75) / 15) + 15) % DAY_MIN
        if a != b:
            return [Candidate("direct", str(a), str(b), at, count / days)]
    return []


def _cutoff(late: pl.DataFrame) -> list[Candidate]:
    """The hub where late parcels stay longest from arrival to readiness, and when most of them are ready."""
    stays: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for a, _, group, k in _legs(late.drop_nulls("stop2_place_id")):
        if k > 1:
            times = group.drop_nulls(f"stop{k}_arrive_s")
            stays.setdefault(a, []).append((_minutes(times, f"stop{k}_arrive_s"), _minutes(times, f"stop{k}_ready_s")))
    best, most = None, 0.0
    for place, parts in sorted(stays.items()):
        arrive, ready = (np.concatenate(column) for column in zip(*parts, strict=True))
        stay = float((ready - arrive).sum())
        if ready.size and stay > most:
            minutes, count = np.unique(np.round(ready % DAY_MIN), return_counts=True)
            best, most = Candidate("cutoff", place, "", float(minutes[count.argmax()])), stay
    return [best] if best else []


def _sorter(late: pl.DataFrame) -> list[Candidate]:
    queued = late.filter(pl.col("cause").is_in(QUEUED)).group_by("at_place_id").len()
    worst = queued.sort(["len", "at_place_id"], descending=[True, False]).head(1)
    held: Sequence[tuple[str, int]] = worst.rows()
    return [Candidate("sorter", str(p)) for p, n in held if p is not None and n >= QUEUED_SHARE * late.height]
