"""What happens at either end of the trunk: when pieces reach the first dock, how they get from the last to the door.

Without better knowledge the terms say it in single figures. Learned from a simulated day it has the hour of collection
in it, couriers who serve villages once a day, doors that stay shut, and the luck of places outside: then a promise is
kept by a piece with some chance, and shares in time are expected ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from postroad.design.lines.terms import Terms


EARLIEST_MIN, LATEST_MIN = -2880, 20160
"""Whole minutes between which times at the door are counted."""


@dataclass(frozen=True)
class Door:
    """How a share of a place's pieces gets from its dock to the door.

    Couriers leave at ``starts_min`` (none: pieces go on at once, whenever they come) and hand over after one of
    ``after_min``, each as likely as the others, in rising order.
    """

    share: float
    starts_min: tuple[float, ...]
    after_min: tuple[float, ...]

    def within(self, chance: float) -> float:
        """Return the minutes after the start within which a piece is handed over with this chance."""
        return float(np.quantile(self.after_min, chance, method="inverted_cdf"))


@dataclass(frozen=True)
class Ends:
    """The ends of the trunk as a design counts on them.

    ``first_min[place]`` are minutes from acceptance to the first dock by half hour of acceptance, ``spread_min[place]``
    those of equally likely pieces (columns) of each half hour (rows). ``doors[place]`` is the way from dock to door,
    ``last_min`` what a centre takes longer than its handling before couriers can load. Roads take ``luck`` times their
    minutes. ``source`` is ``assumed`` or says what the figures were learned from.
    """

    usual_first_min: float
    usual_door: tuple[Door, ...]
    first_min: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    spread_min: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    doors: Mapping[str, tuple[Door, ...]] = field(default_factory=dict)
    last_min: float = 0.0
    luck: float = 1.0
    source: str = "assumed"

    @classmethod
    def of(cls, terms: Terms) -> Ends:
        """Return the ends as the terms assume them: the same everywhere, without luck."""
        door = Door(1.0, tuple(sorted(terms.delivery_starts_min)), (terms.delivery_min,))
        return cls(terms.first_mile_min, (door,))

    def door(self, place: str) -> tuple[Door, ...]:
        """Return the ways from a place's dock to the door."""
        return self.doors.get(place, self.usual_door)

    def first(self, place: str, slots: int) -> NDArray[np.float64]:
        """Return minutes from acceptance to a place's dock, by half hour."""
        return self.first_min.get(place, np.full(slots, self.usual_first_min))

    def lucks(self, place: str, slots: int) -> NDArray[np.float64]:
        """Return the same by half hour (rows) for equally likely pieces (columns)."""
        held = self.spread_min.get(place)
        if held is not None:
            return held
        count = max((one.shape[1] for one in self.spread_min.values()), default=1)
        return np.repeat(self.first(place, slots)[:, None], count, 1)

    def inside_only(self, kinds: Mapping[str, str]) -> Ends:
        """Return the same with cities outside as the terms assume every place: what is known of them is left out."""

        def kept(known: Mapping[str, Any]) -> dict[str, Any]:
            return {place: held for place, held in known.items() if kinds.get(place) != "city"}

        return replace(self, first_min=kept(self.first_min), spread_min=kept(self.spread_min), doors=kept(self.doors))

    def frame(self, label: Mapping[str, str]) -> pl.DataFrame:
        """Return what is counted on as a table: one row a place, hours of the day and minutes."""
        rows = []
        for place in sorted({*self.first_min, *self.doors, *self.spread_min}):
            first = self.spread_min.get(place, np.array([self.usual_first_min]))
            doors = self.door(place)
            most = max(doors, key=lambda one: one.share)
            starts = ", ".join(f"{int(at // 60):02d}:{int(at % 60):02d}" for at in most.starts_min)
            rows.append((place, label.get(place, place), float(np.median(first)), float(np.quantile(first, 0.95)),
                         starts, 100 * most.share, most.within(0.5), most.within(0.95), self.source))  # fmt: skip
        names = ("place_id", "name_zh", "dock_p50_min", "dock_p95_min", "couriers_leave", "share_percent",
                 "door_p50_min", "door_p95_min", "learned_from")  # fmt: skip
        text = ("place_id", "name_zh", "couriers_leave", "learned_from")
        return pl.DataFrame(rows, schema={n: pl.String if n in text else pl.Float64 for n in names}, orient="row")


@dataclass(frozen=True)
class Doors:
    """Doors of many pairs as arrays: pair ``k`` has doors ``first[k]:first[k] + count[k]``."""

    first: NDArray[np.int64]
    count: NDArray[np.int64]
    share: NDArray[np.float64]
    start_first: NDArray[np.int64]
    starts: NDArray[np.float64]
    after_first: NDArray[np.int64]
    after: NDArray[np.float64]
    last_min: float

    @classmethod
    def of(cls, ends: Ends, destinations: Sequence[str]) -> Doors:
        """Return the doors of pairs with these destinations."""
        known: dict[str, int] = {}
        flat: list[Door] = []
        for place in destinations:
            if place not in known:
                known[place] = len(flat)
                flat += ends.door(place)
        return cls(
            np.array([known[place] for place in destinations], np.int64),
            np.array([len(ends.door(place)) for place in destinations], np.int64),
            np.array([one.share for one in flat]), _first([one.starts_min for one in flat]),
            _flat([one.starts_min for one in flat]), _first([one.after_min for one in flat]),
            _flat([one.after_min for one in flat]), ends.last_min,
        )  # fmt: skip

    def kept(
        self, rows: NDArray[np.int64], minutes: NDArray[np.float64], allowed: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the chance of being at the door within the allowed minutes, from those to the last centre."""
        accepted = (np.arange(minutes.shape[1]) + 0.5) * 1440.0 / 48
        made: Any = _kept(np.ascontiguousarray(rows), np.ascontiguousarray(minutes), np.ascontiguousarray(allowed),
                          accepted, self._arrays(), self.last_min)  # fmt: skip
        return np.asarray(made)

    def spent(
        self, rows: NDArray[np.int64], minutes: NDArray[np.float64], weight: NDArray[np.float64],
        since: NDArray[np.float64],
    ) -> NDArray[np.float64]:  # fmt: skip
        """Return the weight at the door by whole minutes from ``since`` after acceptance on, EARLIEST_MIN first."""
        accepted = (np.arange(minutes.shape[1]) + 0.5) * 1440.0 / 48
        weight, since = np.ascontiguousarray(weight), np.ascontiguousarray(since)
        return np.asarray(_spent(np.ascontiguousarray(rows), np.ascontiguousarray(minutes), weight, since, accepted,
                                 self._arrays(), self.last_min))  # fmt: skip

    def usual(self, rows: NDArray[np.int64], minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return minutes to the door of a middling piece of the largest share, from those to the last centre."""
        accepted = (np.arange(minutes.shape[1]) + 0.5) * 1440.0 / 48
        return np.asarray(_usual(np.ascontiguousarray(rows), np.ascontiguousarray(minutes), accepted, self._arrays(),
                                 self.last_min))  # fmt: skip

    def _arrays(self) -> tuple[Any, ...]:
        return (self.first, self.count, self.share, self.start_first, self.starts, self.after_first, self.after)


def middling(doors: Sequence[Door]) -> float:
    """Return minutes from the start to the door of a middling piece of the largest share."""
    after = max(doors, key=lambda one: one.share).after_min
    return sorted(after)[len(after) // 2]


def _first(parts: Sequence[Sequence[float]]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)


def _flat(parts: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    return np.array([x for part in parts for x in sorted(part)], np.float64)


@njit(cache=True)
def _begins(there, begin, end, starts):  # type: ignore[no-untyped-def]
    """When couriers leave with what came at a moment; at once where there are no rounds."""
    if begin == end:
        return there
    day = there // 1440.0 * 1440.0
    for n in range(begin, end):
        if day + starts[n] >= there - 1e-9:
            return day + starts[n]
    return day + 1440.0 + starts[begin]


@njit(cache=True)
def _kept(rows, minutes, allowed, accepted, doors, last):  # type: ignore[no-untyped-def]
    first, count, share, start_first, starts, after_first, after = doors
    made = np.zeros(minutes.shape)
    for k in range(rows.size):
        pair = rows[k]
        for s in range(accepted.size):
            if not np.isfinite(minutes[k, s]):
                continue
            there = accepted[s] + minutes[k, s] + last
            for door in range(first[pair], first[pair] + count[pair]):
                spent = _begins(there, start_first[door], start_first[door + 1], starts) - accepted[s]
                low, high = after_first[door], after_first[door + 1]
                size, left = high - low, allowed[k, s] - spent + 1e-6
                while low < high:
                    middle = (low + high) // 2
                    if after[middle] <= left:
                        low = middle + 1
                    else:
                        high = middle
                made[k, s] += share[door] * (low - after_first[door]) / size
    return made


@njit(cache=True)
def _spent(rows, minutes, weight, since, accepted, doors, last):  # type: ignore[no-untyped-def]
    first, count, share, start_first, starts, after_first, after = doors
    made = np.zeros(LATEST_MIN - EARLIEST_MIN + 1)
    for k in range(rows.size):
        pair = rows[k]
        for s in range(accepted.size):
            if not np.isfinite(minutes[k, s]) or weight[k, s] <= 0:
                continue
            there = accepted[s] + minutes[k, s] + last
            for door in range(first[pair], first[pair] + count[pair]):
                begins = _begins(there, start_first[door], start_first[door + 1], starts)
                low, high = after_first[door], after_first[door + 1]
                for n in range(low, high):
                    elapsed = np.ceil(begins + after[n] - accepted[s] - since[k, s] - 1e-6) - EARLIEST_MIN
                    if elapsed < made.size:
                        made[max(0, int(elapsed))] += weight[k, s] * share[door] / (high - low)
    return made


@njit(cache=True)
def _usual(rows, minutes, accepted, doors, last):  # type: ignore[no-untyped-def]
    first, count, share, start_first, starts, after_first, after = doors
    made = np.full(minutes.shape, np.inf)
    for k in range(rows.size):
        door = first[rows[k]]
        for other in range(door, door + count[rows[k]]):
            if share[other] > share[door]:
                door = other
        middle = after[(after_first[door] + after_first[door + 1]) // 2]
        for s in range(accepted.size):
            if np.isfinite(minutes[k, s]):
                there = accepted[s] + minutes[k, s] + last
                begins = _begins(there, start_first[door], start_first[door + 1], starts)
                made[k, s] = begins + middle - accepted[s]
    return made
