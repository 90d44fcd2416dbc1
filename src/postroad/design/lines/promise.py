"""The promise before any simulation: planned hours door to door of every promised pair, what binds, how to mend (P44).

A pair holds when the share asked for is delivered within its hours, counted from the pick-up cut-off after acceptance.
The share counted from acceptance itself stands beside it, since the plan does not say which clock it means.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.batches import counted_from
from postroad.design.lines.ends import EARLIEST_MIN, middling
from postroad.design.lines.fluid import accepted, shares
from postroad.design.lines.pairs import members

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.lines.timetable import Timetable

ACCEPTED = accepted()


def spread(table: Timetable) -> NDArray[np.float64]:
    """Return the pieces of each pair accepted in each half hour of the ordinary day."""
    return np.asarray(table.work.pieces("ordinary")[:, None] * shares(table.work.hours))


def percentile(hours: NDArray[np.float64], weight: NDArray[np.float64], share: float) -> float:
    """Return the hours within which a share of the weight lies."""
    order = np.argsort(hours, axis=None)
    total = np.cumsum(weight.ravel()[order])
    return float(hours.ravel()[order][min(int(np.searchsorted(total, share * total[-1] - 1e-12)), total.size - 1)])


def promises(table: Timetable, *, whole: bool = True) -> pl.DataFrame:
    """Return one row for each direction of each promised pair.

    Hours at the 50th, 90th and 95th percentile of pieces by hour of acceptance, the shares on both clocks, the slack
    (hours promised less the hours of the share asked for), whether it holds, and the place and wait that bind. Without
    ``whole`` only the share from the cut-off, whether it holds and what binds: enough to mend by.
    """
    door, weight = table.door, spread(table)
    rows = []
    for held in members(table.work):
        own = held.pop("rows")
        pieces, since, asked = weight[own], _since(table, own), held["share_asked_percent"] / 100
        lucks = Lucks(table, own, pieces)
        share = lucks.within(held["promise_h"], since)
        told = {}
        if whole:
            through = lucks.spent()
            told = {f"p{p}_h": hours_of(through, p / 100) for p in (50, 90, 95)}
            told["share_from_acceptance_percent"] = 100 * lucks.within(held["promise_h"])
            told["slack_h"] = held["promise_h"] - hours_of(lucks.spent(since), asked)
        rows.append({**held, "pieces": float(pieces.sum()), **told, "share_percent": 100 * share,
                     "holds": share >= asked - 1e-11, **_binding(table, own, door[own] / 60 - since / 60, pieces)}
                    )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


class Lucks:
    """A direction's pieces with all their luck: what share of them is at the door within some hours."""

    def __init__(self, table: Timetable, own: list[int], pieces: NDArray[np.float64]) -> None:
        self.doors, self.rows, self.weight = table.work.doors, np.array(own, np.int64), pieces / pieces.sum()
        at = np.searchsorted(np.sort(table.work.promised), self.rows)
        own_rows = np.argsort(table.work.promised)[at]
        self.minutes = [one[own_rows] for one in table.lucks]

    def within(self, hours: float, since: NDArray[np.float64] | float = 0.0) -> float:
        """Return the share delivered within some hours, counted from ``since`` minutes after acceptance on."""
        allowed = np.broadcast_to(60.0 * hours + since, self.weight.shape)
        chance = sum(self.doors.kept(self.rows, minutes, allowed) for minutes in self.minutes)
        return float((self.weight * chance).sum()) / len(self.minutes)

    def spent(self, since: NDArray[np.float64] | float = 0.0) -> NDArray[np.float64]:
        """Return which share is delivered within each whole minute from ``EARLIEST_MIN`` on, counted likewise."""
        start = np.broadcast_to(np.asarray(since, np.float64), self.weight.shape)
        parts = [self.doors.spent(self.rows, minutes, self.weight, start) for minutes in self.minutes]
        return np.asarray(np.cumsum(sum(parts) / len(parts)))


def hours_of(through: NDArray[np.float64], share: float) -> float:
    """Return the hours within which a share is delivered, to the minute; what is left over may never be."""
    at = int(np.searchsorted(through, share - 1e-9))
    return (at + EARLIEST_MIN) / 60 if at < through.size else float("inf")


def _since(table: Timetable, own: list[int]) -> NDArray[np.float64]:
    """Minutes from acceptance until the clock of the promise starts, by pair and half hour."""
    return np.array([counted_from(table.work, table.work.ways[k][0], ACCEPTED) - ACCEPTED for k in own])


def by_hour(table: Timetable) -> pl.DataFrame:
    """Return the planned hours door to door of each direction of each pair, by hour of acceptance."""
    door, weight = table.door, spread(table)
    rows = []
    for held in members(table.work):
        own = held.pop("rows")
        pieces = weight[own].reshape(len(own), 24, -1)
        hours = (door[own] / 60).reshape(len(own), 24, -1)
        for hour in range(24):
            if pieces[:, hour].sum() > 0:
                mean = float((hours[:, hour] * pieces[:, hour]).sum() / pieces[:, hour].sum())
                rows.append({**held, "accept_hour": hour, "door_h": mean})
    return pl.DataFrame(rows)


def without_flow(table: Timetable) -> pl.DataFrame:
    """Return the pairs of a promise class whose pieces do not pass this network: cities outside among themselves.

    The plan promises the core cities of the Northeast to each other. One row for each direction, from the pick-up
    cut-off: minutes by road, hours to the door with a direct line that evening and the next delivery round.
    """
    work, terms, rows = table.work, table.work.terms, []
    held = work.network["promise_pairs"].select("promise_class", "from_place_id", "to_place_id", "promise_h")
    known = {(a, b) for _, a, b, _ in held.iter_rows()} | {(b, a) for _, a, b, _ in held.iter_rows()}
    outside = set(work.network["places"].filter(level="external")["place_id"]) & set(work.roads.row)
    for (name,), own in sorted(held.partition_by("promise_class", as_dict=True).items()):
        cities = sorted(outside & {*own["from_place_id"], *own["to_place_id"]})
        hours = float(own["promise_h"].max())  # type: ignore[arg-type]
        for start, end in itertools.permutations(cities, 2):
            if (start, end) in known:
                continue
            drive = work.roads.minutes(start, end)
            leaves = terms.city_cutoff_min + terms.first_mile_min + terms.county_handling_min
            there = leaves + drive + terms.county_handling_min + terms.margin_min
            rounds = [1440.0 * day + at for day in range(4) for at in terms.delivery_starts_min]
            begins = min((at for at in rounds if at >= there), default=np.inf)
            door = (begins + terms.delivery_min - terms.city_cutoff_min) / 60
            rows.append((name, start, end, hours, drive, door, door <= hours))
    names = ("promise_class", "from_place_id", "to_place_id", "promise_h", "drive_min", "door_h", "holds")
    types = dict(
        zip(names, (pl.String, pl.String, pl.String, pl.Float64, pl.Float64, pl.Float64, pl.Boolean), strict=True)
    )
    return pl.DataFrame(rows, schema=types, orient="row")


def _binding(
    table: Timetable, own: list[int], counted: NDArray[np.float64], pieces: NDArray[np.float64]
) -> dict[str, Any]:
    """The longest step of the pieces at the far end: the slowest twentieth is looked at."""
    reach = percentile(counted, pieces, 0.95)
    slow = (counted >= reach - 1e-9) & (pieces > 0)
    k, slot = np.unravel_index(int(np.argmax(np.where(slow, pieces, -1.0))), pieces.shape)
    steps = journey(table, own[int(k)], int(slot))
    waits = [one for one in steps if one["step"] != "drive"] or steps
    worst = max(waits, key=lambda one: one["minutes"])
    return {"binding": worst["step"], "binding_place_id": worst["place_id"], "binding_min": worst["minutes"],
            "binding_row": own[int(k)], "binding_slot": int(slot)}  # fmt: skip


def journey(table: Timetable, pair: int, slot: int) -> list[dict[str, Any]]:
    """Return the steps of a piece of a pair accepted in a half hour: first mile, sorting, waits, drives, delivery."""
    work, clock = table.work, table.clock
    way, taken = work.ways[pair], table.poured["ordinary"].taken[pair, slot]
    first = float(work.first_mile[pair, slot])
    now = ACCEPTED[slot] + first
    steps = [{"step": "first_mile", "place_id": way[0], "minutes": first, "start": ACCEPTED[slot]}]
    row = {node: k for k, node in enumerate(clock.nodes)}
    for n, place in enumerate(way):
        span = slice(int(clock.wave_first[row[place]]), int(clock.wave_first[row[place] + 1]))
        if span.stop > span.start:
            wait, sorting = _wave(clock.cutoff[span], clock.release[span], now)
            steps.append({"step": "wave", "place_id": place, "minutes": wait, "start": now})
        else:
            wait, sorting = 0.0, float(clock.handling_min[row[place]])
        steps.append({"step": "sorting", "place_id": place, "minutes": sorting, "start": now + wait})
        now += wait + sorting
        if n + 1 == len(way) or taken[n] < 0:
            break
        wait = (float(clock.depart[taken[n]]) - now) % 1440.0
        wait = 0.0 if wait > 1440.0 - 1e-6 else wait
        steps.append({"step": "departure", "place_id": place, "minutes": wait, "start": now})
        drive = float(clock.duration[taken[n]])
        drive *= work.ends.luck if np.isinf(clock.limit[taken[n]]) else 1.0
        steps.append({"step": "drive", "place_id": way[n + 1], "minutes": drive, "start": now + wait})
        now += wait + drive
    total = float(table.door[pair, slot])
    delivery = middling(work.ends.door(way[-1]))
    rest = ACCEPTED[slot] + total - delivery - now
    steps.append({"step": "round", "place_id": way[-1], "minutes": max(0.0, rest), "start": now})
    steps.append({"step": "delivery", "place_id": way[-1], "minutes": delivery, "start": now + rest})
    return steps


def _wave(cutoff: NDArray[np.float64], release: NDArray[np.float64], now: float) -> tuple[float, float]:
    at = now % 1440.0
    later = np.flatnonzero(cutoff >= at - 1e-9)
    k = int(later[0]) if later.size else 0
    return float(max(0.0, cutoff[k] - at) if later.size else cutoff[k] + 1440.0 - at), float(release[k])
