"""Add to a designed trunk what a simulated day shows is missing, and keep it where another run of the day is better.

A plan counts on middling luck; a day shows which parcels of a promised direction missed the first departure that would
still have brought them in time. Departures are put where the chance of bringing such parcels is largest, and a wave
closes just before each feeder they need. A direction that no road brings to its share is left as it is.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from math import ceil, erf, log, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.mending import MENDED, yuan
from postroad.design.lines.repair import with_wave
from postroad.design.lines.timetable import assembled, routings
from postroad.evaluate.causes import Day
from postroad.evaluate.planned import against
from postroad.evaluate.promised import promised_journeys
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.demand import Demand
    from postroad.design.lines import Timetable

ROUNDS = 2
MOST_ADDED = 4
"""So many departures at most are added to a direction in a round."""
LEAST_PARCELS = 40
"""Fewer parcels of a direction in the sample say nothing of what it lacks."""
LEAST_SHARE = 0.002
"""A departure that brings a smaller share of a direction's parcels is not worth a vehicle; assumed."""
APART_MIN = 20.0
"""A departure is not put nearer than this to another of its line; assumed."""
SURE_SIGMAS = 1.2816
"""The luck of roads that nine in ten vehicles keep lies so many standard deviations above the middle."""
KEYS = ("promise_class", "pair_id", "from_place_id", "to_place_id")


@dataclass(frozen=True)
class Window:
    """When a late parcel could have left on its longest leg: from when, and how long it may take if it leaves then."""

    line: tuple[str, str]
    ready_min: float
    until_min: float
    minutes: float
    feeder: tuple[str, float] | None

    def chance(self, at: float, sigma: float) -> float:
        """Return the chance that a vehicle that leaves at a minute of the day brings the parcel in time."""
        left = self.until_min - (self.ready_min + (at - self.ready_min) % 1440.0)
        if left <= 0:
            return 0.0
        if sigma <= 0:
            return float(left >= self.minutes)
        return 0.5 * (1 + erf(log(left / self.minutes) / sigma / sqrt(2)))


def amended(
    table: Timetable, demand: Demand, day: Mapping[str, Any], rounds: int = ROUNDS
) -> tuple[Timetable, pl.DataFrame]:
    """Return the timetable with the departures that simulated days show are missing, and one row a direction and round.

    A round is kept where more promised directions hold on the day, or as many with a larger share in time. The table
    says of each direction that was amended its shares before and after on that day, what was added, and its yuan a day.
    """
    rows: list[dict[str, Any]] = []
    parcels = simulate_day(table.network, demand, **day)["parcels"]
    held = against(table, parcels)[0]
    for turn in range(1, rounds + 1):
        trial, added = _round(table, parcels, held, day["scale"])
        if not added:
            break
        ran = simulate_day(trial.network, demand, **day)["parcels"]
        after = against(trial, ran)[0]
        kept = worth(after) > worth(held)
        rows += [{"round": turn, **one, "after_percent": _share(after, one), "kept": kept} for one in added]
        if not kept:
            break
        table, parcels, held = trial, ran, after
    return table, _frame(rows)


def worth(held: pl.DataFrame) -> tuple[int, float]:
    """Return what days are ranked by: directions that hold, then the share in time to a tenth of a percent."""
    holds = int((held["simulated_percent"] >= held["share_asked_percent"] - 1e-9).sum())
    weight = held["parcels"] / max(1, held["parcels"].sum())
    return holds, round(float((held["simulated_percent"] * weight).sum()), 1)


def _share(held: pl.DataFrame, key: Mapping[str, Any]) -> float:
    own = held.filter(pl.all_horizontal(pl.col(name) == key[name] for name in KEYS))
    return float(own["simulated_percent"][0])


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {"round": pl.Int64, "promise_class": pl.String, "pair_id": pl.Int64, "from_place_id": pl.String,
              "to_place_id": pl.String, "before_percent": pl.Float64, "after_percent": pl.Float64,
              "at_most_by_road_percent": pl.Float64, "departures": pl.Int64, "waves": pl.Int64,
              "yuan_day": pl.Float64, "kept": pl.Boolean}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _round(
    table: Timetable, parcels: pl.DataFrame, held: pl.DataFrame, scale: float
) -> tuple[Timetable, list[dict[str, Any]]]:
    """The timetable with what failing directions lack that a road could bring to their share; one row for each."""
    trips, day, rows = promised_journeys(table, parcels), Day(table), list[dict[str, Any]]()
    for one in held.iter_rows(named=True):
        asked = one["share_asked_percent"]
        if (
            one["parcels"] < LEAST_PARCELS
            or one["simulated_percent"] >= asked - 1e-9
            or one["best_road_percent"] < asked - 1e-9
        ):
            continue
        need = ceil(one["parcels"] * asked / 100 - 1e-9) - round(one["parcels"] * one["simulated_percent"] / 100)
        late = [trip for trip in trips[tuple(one[name] for name in KEYS)] if trip["late"]]
        late = [trip for trip in late if day.best(trip, road=True) <= trip["due_min"] + 1e-6]
        windows = [found for trip in late if (found := window(table, trip))]
        times, feeders = chosen(table, windows, need, one["parcels"])
        if not times:
            continue
        before = yuan(table)
        ready = [
            trip["ready_min"] for trip in trips[tuple(one[name] for name in KEYS)] if trip["ready_min"] is not None
        ]
        work = replace(table.work, sure={**table.work.sure, **room(table, times, ready, scale)})
        trial, waves = _with(replace(table, work=work), one, times, feeders)
        price = yuan(trial) - before
        count = sum(map(len, times.values()))
        each = round(price / count, 2)
        table = replace(trial, mends=tuple({**mend, "yuan_day": each} if n >= len(table.mends) else mend
                                           for n, mend in enumerate(trial.mends)))  # fmt: skip
        rows.append({**{name: one[name] for name in KEYS}, "before_percent": one["simulated_percent"],
                     "at_most_by_road_percent": one["best_road_percent"], "departures": count, "waves": waves,
                     "yuan_day": round(price, 2)})  # fmt: skip
    return table, rows


def window(table: Timetable, one: dict[str, Any]) -> Window | None:
    """Return when a late parcel could have left on the longest leg of its way to be in time, if at all."""
    work = table.work
    way = work.ways[one["row"]]
    legs = list(itertools.pairwise(way))
    if not legs:
        return None
    longest = max(range(len(legs)), key=lambda n: work.roads.minutes(*legs[n]))
    a, b = legs[longest]
    ready = one["ready_min"] if longest == 0 else _sorted_at(table, one, a)
    if ready is None or work.roads.mode(a, b) != "road":
        return None
    until, feeder = one["due_min"], None
    if work.kinds.get(way[-1]) == "city":
        if one["door_min"] is None or one["there_min"] is None:
            return None
        until -= one["door_min"] - one["there_min"]
    else:
        if one["door_min"] is None or one["out_min"] is None:
            return None
        start = _last_start(table, way[-1], until - (one["door_min"] - one["out_min"]))
        until = start - work.terms.county_handling_min - work.ends.last_min
        for x, y in reversed(legs[longest + 1 :]):
            leave = _latest(table, (x, y), until - work.roads.minutes(x, y))
            if leave is None:
                return None
            if x == b:
                feeder = (x, leave % 1440.0)
            sorting = work.terms.sort_min[work.layout.tier[x]] if x in work.layout.tier else table.handling[x]
            until = leave - work.terms.margin_min - sorting
    minutes = work.roads.minutes(a, b)
    return Window((a, b), float(ready), float(until), minutes, feeder) if ready + minutes <= until else None


def _sorted_at(table: Timetable, one: dict[str, Any], hub: str) -> float | None:
    """When a parcel that came to a hub could have been sorted there."""
    came = next((stop[1] for stop in one["stops"] if stop[0] == hub and stop[1] is not None), None)
    tier = table.work.layout.tier.get(hub)
    sorting = table.work.terms.sort_min[tier] if tier is not None else table.handling[hub]
    return None if came is None else float(came + sorting + table.work.terms.margin_min)


def _last_start(table: Timetable, place: str, by: float) -> float:
    """The last start of couriers no later than a moment."""
    starts = {at for door in table.work.ends.door(place) for at in door.starts_min}
    return max((by - (by - at) % 1440.0 for at in starts), default=by)


def _latest(table: Timetable, arc: tuple[str, str], by: float) -> float | None:
    """The last departure of a line no later than a moment."""
    return max((by - (by - at) % 1440.0 for at, _ in table.departures.get(arc, ())), default=None)


def chosen(
    table: Timetable, windows: list[Window], need: int, parcels: int
) -> tuple[dict[tuple[str, str], list[float]], set[tuple[str, float]]]:
    """Return the departures by line that bring most late parcels in time, best first, and the feeders they go on with.

    Each takes what the ones before it leave; it ends when the parcels needed are brought, as expected.
    """
    sigma = log(max(1.0, table.work.ends.luck)) / SURE_SIGMAS
    missing, times = np.ones(len(windows), np.float64), dict[tuple[str, str], list[float]]()
    brought: float = 0.0
    taken = {line: [at for at, _ in table.departures.get(line, ())] for line in {one.line for one in windows}}
    while sum(map(len, times.values())) < MOST_ADDED and brought < need:
        best: tuple[float, float, tuple[str, str]] | None = None
        for line, at in sorted({(one.line, float(5 * ceil(one.ready_min / 5) % 1440)) for one in windows}):
            if any(min((at - x) % 1440, (x - at) % 1440) < APART_MIN for x in taken[line]):
                continue
            odds = np.array([one.chance(at, sigma) * (one.line == line) for one in windows])
            gain = float((odds * missing).sum())
            if best is None or gain > best[0]:
                best = (gain, at, line)
        if best is None or best[0] < max(1.0, LEAST_SHARE * parcels):
            break
        gain, at, line = best
        brought += gain
        taken[line].append(at)
        times.setdefault(line, []).append(at)
        missing *= [1 - one.chance(at, sigma) * (one.line == line) for one in windows]
    return times, {one.feeder for one, left in zip(windows, missing, strict=True) if one.feeder and left < 0.5}


def room(
    table: Timetable, times: Mapping[tuple[str, str], list[float]], ready: list[float], scale: float
) -> dict[tuple[str, str, float], float]:
    """Return the pieces that each added departure needs room for: those ready since the one before, as the day shows.

    ``ready`` are the minutes at which the direction's simulated parcels are ready for the line; what else goes by the
    line is counted in by its share of the plan's pieces.
    """
    made: dict[tuple[str, str, float], float] = {}
    clock, load = table.clock, table.poured["ordinary"].load
    for line, added in times.items():
        of_line = np.array([clock.arcs[arc] == line for arc in clock.arc_of.tolist()])
        every = float(load[of_line].sum())
        each = max(1.0 / scale, every / max(1, len(ready)))
        leaves = sorted({*added, *(at for at, _ in table.departures.get(line, ()))})
        for at in added:
            gap = min(((at - other) % 1440.0 or 1440.0) for other in leaves)
            made[(*line, at % 1440.0)] = each * sum((at - minute) % 1440.0 < gap for minute in ready)
    return made


def _with(
    table: Timetable, one: Mapping[str, Any], times: Mapping[tuple[str, str], list[float]],
    feeders: set[tuple[str, float]],
) -> tuple[Timetable, int]:  # fmt: skip
    """The timetable with departures added and a wave just before each feeder; how many waves that are."""
    work, departures, waves = table.work, dict(table.departures), table.waves
    mends = []
    for line, added in sorted(times.items()):
        departures[line] = sorted({*departures.get(line, []), *((at, work.roads.minutes(*line)) for at in added)})
        told = {"pair_id": one["pair_id"], "from_place_id": one["from_place_id"], "to_place_id": one["to_place_id"],
                "repair": "departure", "place_id": line[0], "to_id": line[1], "service_ref": None}  # fmt: skip
        mends += [{name: {**told, "at_min": at, "yuan_day": 0.0}[name] for name in MENDED} for at in sorted(added)]
    leaves = {*feeders, *((line[0], at) for line, added in times.items() for at in added)}
    for hub, at in sorted(leaves):
        waves = with_wave(replace(table, waves=waves), hub, at)
    more = sum(len(waves[hub]) - len(table.waves.get(hub, [])) for hub in waves)
    made = assembled(work, departures, waves, table.handling, table.program)
    network = made.network.with_(routings=routings(work))
    return replace(made, mends=(*table.mends, *mends), network=network), more
