"""What keeps a failing direction from its share: roads, trains as they run, their holds, or handling outside.

For each promised direction that fails on a simulated day there is a ladder of what could be had at most: every parcel
keeps its own collection and its own luck at the door, and goes by the quickest road without waiting; or by one train or
flight as timetabled, or two one after another; or by these no more than their holds take. Where a city outside lies at
one end, the minutes by which handling there would have to be quicker are told too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.evaluate.causes import Day
from postroad.evaluate.promised import KEYS, promised_journeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.design.lines import Timetable

MOST_RIDES = 2
CHANGE_MIN = 30.0
"""Between two rides at a city outside; at a hub a parcel is sorted. Assumed."""
QUICKER_STEP, QUICKER_MOST = 15, 900
"""Handling outside is tried quicker in steps of so many minutes, up to so many."""
SCHEMA = {**dict.fromkeys(KEYS, pl.String), "pair_id": pl.Int64, "promise_h": pl.Float64,
          "share_asked_percent": pl.Float64, "parcels": pl.Int64, "simulated_percent": pl.Float64,
          "by_road_percent": pl.Float64, "one_ride_percent": pl.Float64, "two_rides_percent": pl.Float64,
          "within_holds_percent": pl.Float64, "outside_quicker_min": pl.Int64}  # fmt: skip


class Riding:
    """When parcels could be at a dock by trains and flights as they run, with a road before and after."""

    def __init__(self, table: Timetable) -> None:
        self.work = table.work
        self.rides = list(self.work.rides.values())
        self.places = sorted({place for ride in self.rides for place in ride.key[:2]})
        row = {place: n for n, place in enumerate(self.places)}
        self.start = np.array([row[ride.from_place_id] for ride in self.rides], np.int64)
        self.end = np.array([row[ride.to_place_id] for ride in self.rides], np.int64)
        self.depart = np.array([ride.depart_min for ride in self.rides])
        self.minutes = np.array([ride.duration_min for ride in self.rides])
        tier, terms = self.work.layout.tier, self.work.terms
        self.change = np.array([terms.sort_min[tier[place]] + terms.margin_min if place in tier else CHANGE_MIN
                                for place in self.places])  # fmt: skip

    def arrivals(self, ready: float, origin: str, destination: str) -> list[NDArray[np.float64]]:
        """Return when a parcel would be at the destination's dock by each ride as its first, then as its second."""
        made, at = [], ready + np.array([self._road(origin, place) for place in self.places])
        back = np.array([self._road(place, destination) for place in self.places])
        for _ in range(MOST_RIDES):
            leaves = at[self.start]
            known = np.isfinite(leaves)
            wait = np.where(known, self.depart - np.where(known, leaves, 0.0), 0.0) % 1440.0
            there = leaves + wait + self.minutes
            made.append(there + back[self.end])
            at = np.full(len(self.places), np.inf)
            np.minimum.at(at, self.end, there)
            at += self.change
        return made

    def _road(self, a: str, b: str) -> float:
        return 0.0 if a == b else float(self.work.roads.minutes(a, b))


def gaps(table: Timetable, parcels: pl.DataFrame, held: pl.DataFrame, scale: float) -> pl.DataFrame:
    """Return one row for each failing direction of a simulated day: what it could have at most, and why no more.

    ``scale`` is the share of all parcels that was simulated: holds take as much smaller a number of them.
    """
    day, riding, rows = Day(table), Riding(table), []
    trips = promised_journeys(table, parcels)
    for one in held.iter_rows(named=True):
        if one["simulated_percent"] >= one["share_asked_percent"] - 1e-9:
            continue
        own = trips[tuple(one[name] for name in KEYS[:4])]
        late = [trip for trip in own if trip["late"]]
        stuck = [trip for trip in late if day.best(trip, road=True) > trip["due_min"] + 1e-6]
        first, second, room = _by_rides(day, riding, stuck, scale)
        said = {name: 100 * (len(own) - len(stuck) + count) / len(own)
                for name, count in (("by_road", 0), ("one_ride", first), ("two_rides", second),
                                    ("within_holds", min(second, room)))}  # fmt: skip
        rows.append({**{name: one[name] for name in KEYS}, "parcels": len(own),
                     "simulated_percent": one["simulated_percent"],
                     **{f"{name}_percent": share for name, share in said.items()},
                     "outside_quicker_min": _quicker(day, own, one["share_asked_percent"])})  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _by_rides(day: Day, riding: Riding, stuck: Sequence[dict[str, Any]], scale: float) -> tuple[int, int, int]:
    """How many parcels that no road brings one ride does, one or two do, and how many the holds of these could take.

    Whoever rides has a last ride; of one trip those that end at a place share its hold.
    """
    counts, useful = [0] * MOST_RIDES, set[int]()
    for trip in stuck:
        if trip["ready_min"] is None or trip["door_min"] is None:
            continue
        done = False
        for n, there in enumerate(riding.arrivals(trip["ready_min"], trip["origin"], trip["destination"])):
            in_time = [int(k) for k in np.flatnonzero(np.isfinite(there))
                       if day.door(trip, float(there[k])) <= trip["due_min"] + 1e-6]  # fmt: skip
            useful |= set(in_time)
            done = done or bool(in_time)
            counts[n] += done
    holds = {(riding.rides[k].trip, riding.rides[k].to_place_id): riding.rides[k].capacity_pieces for k in useful}
    return counts[0], counts[-1], int(np.ceil(scale * sum(holds.values()) - 1e-9))


def _quicker(day: Day, own: Sequence[dict[str, Any]], asked: float) -> int | None:
    """The minutes by which handling outside must be quicker so that a road could bring the share asked for."""
    ends = [side for side in ("origin", "destination") if own[0][side] in day.outside]
    if not ends:
        return None
    for less in range(0, QUICKER_MOST + 1, QUICKER_STEP):
        in_time = sum(not trip["late"] or day.best(_sooner(trip, ends[0], less), road=True) <= trip["due_min"] + 1e-6
                      for trip in own)  # fmt: skip
        if 100 * in_time >= asked * len(own) - 1e-6:
            return less
    return None


def _sooner(trip: dict[str, Any], side: str, less: float) -> dict[str, Any]:
    """A journey whose handling outside takes less."""
    name = "ready_min" if side == "origin" else "door_min"
    if trip[name] is None:
        return trip
    return {**trip, name: max(trip["accepted_min"], trip[name] - less)}
