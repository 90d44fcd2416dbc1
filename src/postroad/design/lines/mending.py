"""Give failing pairs what makes them hold, cheapest first: an extra departure, a direct line, seats on a train."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.lines.costs import legs
from postroad.design.lines.pairs import members
from postroad.design.lines.promise import promises
from postroad.design.lines.repair import evening, extra_departure, seat
from postroad.design.lines.timetable import assembled, routings
from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from postroad.design.lines.timetable import Timetable

TRIED = 2
NEARER, NEARER_YUAN = 1.0, 200.0
"""Where nothing makes a pair hold, what brings failing pairs this many points of a percent nearer is taken if a point
costs no more than this a day; assumed."""
MENDED = ("pair_id", "from_place_id", "to_place_id", "repair", "place_id", "to_id", "at_min", "yuan_day", "service_ref")


def mended(
    table: Timetable, rounds: int = 3, *, rerouted: bool = True, time_s: float = math.inf,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Timetable:  # fmt: skip
    """Return the timetable with what makes failing pairs hold, where something on the road or on rails does.

    Without ``rerouted`` all pieces keep their ways and only departures are added. Of the cheapest two for a pair that
    is kept which adds least to the day's cost, if more pairs hold with it, or failing ones come much nearer; ``mends``
    of the timetable says what was added, with that price. It ends when the time is over.
    """
    began = time.monotonic()
    for _ in range(rounds):
        told, before = promises(table, whole=False), len(table.mends)
        failing = [held for held in members(table.work) if not _row(told, held)["holds"][0]]
        # Those that miss least come first: they are the likeliest to hold.
        failing.sort(key=lambda held: -float(_row(told, held)["share_percent"][0]))
        for done, held in enumerate(failing):
            if stop and stop():
                raise Stopped.of("errors.stopped", done=done, total=len(failing))
            if progress:
                progress(Progress(done, len(failing)))
            now = _row(told, held)
            if now["holds"][0]:
                continue
            if time.monotonic() - began > time_s:
                return table
            better = []
            for trial in _mends(table, held, now, rerouted=rerouted):
                if stop and stop():
                    raise Stopped.of("errors.stopped", done=done, total=len(failing))
                better.append(_kept(table, told, trial))
            found = [one for one in better if one is not None]
            if found:
                _, table, told = min(found, key=lambda one: one[0])
        if len(table.mends) == before:
            break
    return table


def short(told: pl.DataFrame) -> float:
    """Return by how many points of a percent the failing pairs together miss the shares asked for."""
    missing = (pl.col("share_asked_percent") - pl.col("share_percent")).clip(lower_bound=0.0)
    return float(told.select(missing.sum()).item())


def yuan(table: Timetable) -> float:
    """Return what an ordinary day of a timetable costs, sorting included."""
    return float(legs(table)["cost_yuan"].sum())


def _row(told: pl.DataFrame, held: dict[str, Any]) -> pl.DataFrame:
    keys = ("pair_id", "from_place_id", "to_place_id")
    return told.filter(pl.all_horizontal(pl.col(name) == held[name] for name in keys))


def _kept(table: Timetable, told: pl.DataFrame, trial: Timetable) -> tuple[float, Timetable, pl.DataFrame] | None:
    """A mended timetable with what it costs more, if more pairs hold in it than before or failing ones come nearer."""
    after = promises(trial, whole=False)
    gained, nearer = int(after["holds"].sum()) - int(told["holds"].sum()), short(told) - short(after)
    if gained < 0 or (gained == 0 and nearer < NEARER):
        return None
    more = yuan(trial) - yuan(table)
    if gained == 0 and more > NEARER_YUAN * nearer:
        return None
    mends = (*trial.mends[:-1], {**trial.mends[-1], "yuan_day": round(more, 2)})
    return more, replace(trial, mends=mends), after


def _mends(table: Timetable, held: dict[str, Any], now: pl.DataFrame, *, rerouted: bool) -> Iterator[Timetable]:
    """The timetable with each of the cheapest things that make a pair hold, or failing that bring it nearer."""
    own, asked = held["rows"], held["share_asked_percent"] - 1e-9
    options = [extra_departure(table, own, held, now), seat(table, own, held, now),
               *(evening(table, own, held, at_hub=where) for where in (True, False))]  # fmt: skip
    found = [one for one in options if one and one["share_percent"] > float(now["share_percent"][0]) + 0.1]
    if not rerouted:
        found = [one for one in found if all(table.work.ways[k] == way for k, way in one["ways"].items())]
    found.sort(key=lambda it: (it["share_percent"] < asked, it["yuan_day"]))
    for one in found[:TRIED]:
        yield _with(table, held, one)


def _with(table: Timetable, held: dict[str, Any], one: dict[str, Any]) -> Timetable:
    """The timetable with a repair in it."""
    departures = dict(table.departures)
    for arc, run in one["runs"].items():
        departures[arc] = sorted({*departures.get(arc, []), run})
    work = replace(table.work, ways=_ways(table, one["ways"]))
    made = assembled(work, departures, one["waves"], table.handling, table.program)
    told = {name: one.get(name, held.get(name)) for name in MENDED}
    return replace(made, mends=(*table.mends, told), network=made.network.with_(routings=routings(work)))


def _ways(table: Timetable, changed: dict[int, list[str]]) -> list[list[str]]:
    """All ways after some have changed: whoever is at a place for the same end goes on from there in the same way."""
    onward = {(way[n], way[-1]): way[n:] for way in changed.values() for n in range(len(way) - 1)}
    made = []
    for k, way in enumerate(table.work.ways):
        if k in changed:
            made.append(changed[k])
            continue
        turn = next((n for n, place in enumerate(way) if (place, way[-1]) in onward), None)
        made.append(way if turn is None else [*way[:turn], *onward[way[turn], way[-1]]])
    return made
