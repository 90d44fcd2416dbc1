"""Why promised parcels of a simulated day are late, leg by leg against the plan, and what no timetable could mend.

For every parcel there is a best possible time: its own collection and its own luck at the door, and nothing between
them but the quickest way. Where that is late, the cause lies at the ends. Else the first departure is looked for that
the parcel missed although the plan had it there, and what kept it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.design.lines.ends import middling
from postroad.design.lines.fluid import SLOT_MIN
from postroad.simulate.day.arrays import VISITS

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from postroad.design.lines import Timetable

CAUSES = ("outside", "collection", "couriers", "second_try", "undelivered", "feeder", "full", "road", "queue", "round",
          "timetable")  # fmt: skip
"""At the ends: handling outside, collection after the cut-off, couriers who leave too seldom or take long, a door that
stayed shut. Between them: a first departure missed, no room, roads, docks and sorters, couriers missed; or a timetable
that comes too late for the luck at the end."""
AT_ENDS = CAUSES[:5]


class Day:
    """A simulated day against a timetable: the best possible minute at the door of each parcel, and why it is late."""

    def __init__(self, table: Timetable) -> None:
        self.table, work = table, table.work
        self.row = {ends: k for k, ends in enumerate(work.pairs.select("origin_id", "destination_id").iter_rows())}
        self.outside = {place for place, kind in work.kinds.items() if kind == "city"}
        self.quickest, self.by_road = _quickest(table), table.work.roads.minutes

    def best(self, one: dict[str, Any], *, road: bool = False) -> float:
        """Return the minute a parcel could be at the door at the earliest, whatever runs between the ends.

        With ``road`` whatever runs by road.
        """
        if one["ready_min"] is None or one["door_min"] is None:
            return np.inf
        between = self.by_road if road else self.quickest
        there = one["ready_min"] + between(one["origin"], one["destination"])
        return self.door(one, there)

    def door(self, one: dict[str, Any], there: float) -> float:
        """Return the minute a parcel that is at the last dock at some minute could be at the door."""
        work = self.table.work
        if one["destination"] in self.outside:
            return float(there + one["door_min"] - one["there_min"]) if one["there_min"] is not None else np.inf
        if one["out_min"] is None:
            return np.inf
        if one["origin"] == one["destination"]:
            there = one["ready_min"] - work.terms.county_handling_min
        starts = {at for door in work.ends.door(one["destination"]) for at in door.starts_min}
        begins = _next(there + work.terms.county_handling_min, sorted(starts))
        return float(min(begins + one["door_min"] - one["out_min"], one["door_min"]))

    def cause(self, one: dict[str, Any], best: float) -> tuple[str, str | None]:
        """Return why a late parcel is late, and where."""
        due, work = one["due_min"], self.table.work
        if one["door_min"] is None:
            return "undelivered", one["destination"]
        if one["attempts"] > 1 and one["out_min"] + middling(work.ends.door(one["destination"])) <= due:
            return "second_try", one["destination"]
        if best > due + 1e-6:
            away = self.outside & {one["origin"], one["destination"]}
            if away:
                return "outside", min(away)
            if one["ready_min"] is None:
                return "timetable", one["origin"]
            # With a collection that takes what the terms assume, would the rest have been in time?
            spared = one["ready_min"] - one["accepted_min"] - work.terms.first_mile_min - work.terms.county_handling_min
            return ("collection", one["origin"]) if best - spared <= due else ("couriers", one["destination"])
        return self._missed(one)

    def _missed(self, one: dict[str, Any]) -> tuple[str, str | None]:
        """The first departure of the planned journey that a parcel missed, and what kept it from it."""
        clock, k = self.table.clock, self.row[one["origin"], one["destination"]]
        way, slot = self.table.work.ways[k], int(one["accepted_min"] % 1440.0 // SLOT_MIN)
        taken, now = self.table.poured["ordinary"].taken[k, slot], one["accepted_min"]
        for n, place in enumerate(way[:-1]):
            stop = one["stops"][n] if n < len(one["stops"]) else None
            if stop is None or stop[0] != place or taken[n] < 0 or stop[3] is None:
                return "timetable", place
            planned = now + (float(clock.depart[taken[n]]) - now) % 1440.0
            if stop[3] > planned + 1.0:
                if stop[2] <= planned:
                    return "full", place
                return ("feeder", place) if n == 0 else (_kept_back(one), place)
            now = stop[3] + 1.0
        planned = one["accepted_min"] + float(self.table.door[k, slot])
        return ("timetable" if way[-1] in self.outside or planned > one["due_min"] else "round"), way[-1]


def _kept_back(one: dict[str, Any]) -> str:
    """What made a parcel late for a departure: the road to the place, or the dock and sorter there."""
    return "road" if one["road_min"] > one["queue_min"] else "queue"


def _next(at: float, starts: list[float]) -> float:
    day = at // 1440.0 * 1440.0
    return min(day + more + start for more in (0.0, 1440.0) for start in starts if day + more + start >= at)


def _quickest(table: Timetable) -> Callable[[str, str], float]:
    """Minutes between two places by road, or by road to a hub and on by the quickest train or flight from it."""
    work = table.work
    seats: dict[tuple[str, str], float] = {}
    for ride in work.rides.values():
        pair = ride.key[:2]
        seats[pair] = min(seats.get(pair, np.inf), ride.duration_min)
    known: dict[tuple[str, str], float] = {}

    def minutes(a: str, b: str) -> float:
        if (a, b) not in known:
            by_road = work.roads.minutes(a, b)
            rides = [to(a, x) + long + to(y, b) for (x, y), long in seats.items()]
            known[a, b] = min([by_road, *rides])
        return known[a, b]

    def to(a: str, b: str) -> float:
        return work.roads.minutes(a, b) if a != b else 0.0

    return minutes


def journeys(parcels: pl.DataFrame) -> list[dict[str, Any]]:
    """Return parcels as rows whose times are in minutes; ``stops`` are (place, came, ready, left) one after another."""
    return [_journey(one) for one in parcels.iter_rows(named=True)]


def _journey(one: dict[str, Any]) -> dict[str, Any]:
    names = [(one.get(f"stop{k}_place_id"), *(one.get(f"stop{k}_{what}_s") for what in ("arrive", "ready", "depart")))
             for k in range(1, VISITS + 1)]  # fmt: skip
    stops = [(place, *(None if s is None else s / 60 for s in times)) for place, *times in names if place is not None]
    end = next((stop for n, stop in enumerate(stops) if stop[0] == one["destination_id"]
                and (n or one["origin_id"] == one["destination_id"])), None)  # fmt: skip
    minutes = {name: None if one.get(f"{column}_s") is None else one[f"{column}_s"] / 60 for name, column in (
        ("accepted_min", "accepted"), ("door_min", "delivered"), ("out_min", "out"), ("road_min", "road_delay"),
        ("queue_min", "queue"))}  # fmt: skip
    if minutes["door_min"] is not None and minutes["door_min"] < minutes["accepted_min"]:
        minutes["door_min"] = None
    return {**minutes, "origin": one["origin_id"], "destination": one["destination_id"], "stops": stops,
            "ready_min": stops[0][2] if stops else None, "there_min": end[1] if end else None,
            "attempts": one.get("attempts") or 0, "due_min": one["due_min"]}  # fmt: skip
