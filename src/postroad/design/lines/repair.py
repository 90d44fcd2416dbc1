"""What it would cost to mend a failing pair: an extra departure, a seat, a direct line, an earlier cut-off."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.batches import counted_from
from postroad.design.lines.fluid import Clockwork, pour
from postroad.design.lines.pairs import members
from postroad.design.lines.promise import ACCEPTED, journey, promises, spread
from postroad.design.lines.thinning import Departures, Waves, lucky, trips
from postroad.design.lines.vehicles import cheapest, fleet
from postroad.design.lines.work import all_in
from postroad.errors import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.lines.timetable import Timetable

INSIDE = ("runs", "waves", "ways")
"""What a repair changes of a timetable: departures, waves and ways; no matter for a table."""
SEATS_TRIED = 4
"""So many trains or flights are tried on a leg, soonest first."""
MOST_WAVES = 48
"""A hub has no more waves a day than this, one each half hour."""
EARLIEST_MIN = 480.0
"""No pick-up cut-off is moved before this minute of the day."""


def repairs(table: Timetable, told: pl.DataFrame | None = None, stop: Callable[[], bool] | None = None) -> pl.DataFrame:
    """Return for each direction that does not hold every mending that makes it hold, cheapest first, with its price.

    ``repair`` is ``departure``, ``seat``, ``direct`` or ``cutoff``; ``yuan_day`` what it costs, ``share_percent`` what
    it brings, ``at_min`` the new departure or cut-off; ``best`` marks the cheapest. A cut-off costs nothing but moves
    ``moved_percent`` of the pieces to the next day's clock. Where nothing makes it hold, a row ``none`` says so and a
    row with ``nearest`` has what brings most of its pieces in time.
    """
    told = promises(table) if told is None else told
    rows: list[dict[str, Any]] = []
    for held in members(table.work):
        own = held.pop("rows")
        key = {name: held[name] for name in ("pair_id", "from_place_id", "to_place_id")}
        now = told.filter(pl.all_horizontal(pl.col(name) == value for name, value in key.items()))
        if not now.height or now["holds"][0]:
            continue
        if stop and stop():
            raise Stopped.of("errors.stopped", done=len(rows), total=told.height)
        lines = (evening(table, own, held, at_hub=where) for where in (True, False))
        options = [extra_departure(table, own, held, now), seat(table, own, held, now), *lines]
        options.append(_cutoff(table, own, held))
        found = [one for one in options if one and one["share_percent"] >= held["share_asked_percent"] - 1e-9]
        same = {(one["repair"], one["place_id"], one["to_id"], one["at_min"], one["yuan_day"]): one for one in found}
        found = sorted(same.values(), key=lambda one: (one["yuan_day"], one["moved_percent"]))
        told_of = [{name: value for name, value in one.items() if name not in INSIDE} for one in found]
        told_of = told_of or _none(options, float(now["share_percent"][0]))
        rows += [{"nearest": False, **held, **one, "best": n == 0} for n, one in enumerate(told_of)]
    return pl.DataFrame(rows, infer_schema_length=None)


def _none(options: list[dict[str, Any] | None], share: float) -> list[dict[str, Any]]:
    """That nothing makes a pair hold, and the thing that brings most of its pieces in time, with its price."""
    none = {"repair": "none", "place_id": None, "to_id": None, "at_min": None, "yuan_day": None,
            "share_percent": share, "moved_percent": None}  # fmt: skip
    nearer = [one for one in options if one and one["share_percent"] > share + 1e-9]
    if not nearer:
        return [none]
    most = max(nearer, key=lambda one: (one["share_percent"], -one["yuan_day"]))
    return [none, {**{name: value for name, value in most.items() if name not in INSIDE}, "nearest": True}]


def _share(table: Timetable, own: list[int], hours: float, departures: Departures, ways: list[list[str]]) -> float:
    """The share of a pair's pieces in time with other departures or ways."""
    return _in_time(table, own, hours, _run(table, own, departures, ways), ways)


def _run(table: Timetable, own: list[int], departures: Departures, ways: list[list[str]]) -> list[NDArray[np.float64]]:
    """Minutes to the last centre of a pair's pieces with other departures or ways, for each luck of readiness."""
    work = table.work
    clock = Clockwork.of(departures, table.waves, table.handling, work.rides)
    if work.ends.spread_min:
        return lucky(work, clock, ways)
    # Promised pairs get their seats before all others, so that these need not be poured.
    changed, rows = dict(zip(own, ways, strict=True)), work.promised
    every = [changed.get(int(k), work.ways[k]) for k in rows]
    pieces = work.pieces("ordinary")[rows]
    minutes = pour(clock, every, pieces, work.hours, work.first_mile[rows], None, work.ends.luck).minutes
    at = {int(k): n for n, k in enumerate(rows)}
    return [minutes[[at[k] for k in own]]]


def _in_time(
    table: Timetable, own: list[int], hours: float, run: list[NDArray[np.float64]], ways: list[list[str]]
) -> float:
    work, rows = table.work, np.array(own, np.int64)
    allowed = 60 * hours + np.array([counted_from(work, way[0], ACCEPTED) - ACCEPTED for way in ways])
    chance = np.mean([work.doors.kept(rows, minutes, allowed) for minutes in run], axis=0)
    pieces = spread(table)[own]
    return 100 * float((pieces * chance).sum() / pieces.sum())


def _priced(table: Timetable, a: str, b: str, pieces: float, *, both: bool) -> float:
    km, minutes = table.work.roads.km(a, b), table.work.roads.minutes(a, b)
    vehicle, count = cheapest(fleet(table.network), pieces * table.work.terms.spare, km, minutes)
    return round(count * vehicle.cost(km, minutes) * (2 if both else 1), 2)


def extra_departure(table: Timetable, own: list[int], held: dict[str, Any], now: pl.DataFrame) -> dict[str, Any] | None:
    """One more departure on a leg or past the hubs between, when the late pieces are ready; the wave runs with it.

    ``repair`` is ``departure`` on a line there is, ``direct`` where the pieces leave their way for a new line.
    """
    steps = journey(table, int(now["binding_row"][0]), int(now["binding_slot"][0]))
    way = table.work.ways[int(now["binding_row"][0])]
    margin, best = table.work.terms.margin_min, None
    everything = float(spread(table)[own].sum())
    for i, j in itertools.combinations(range(len(way)), 2):
        a, b = way[i], way[j]
        at = next((one["start"] for one in steps if one["step"] == "departure" and one["place_id"] == a), None)
        wave = next((one["minutes"] for one in steps if one["step"] == "wave" and one["place_id"] == a), 0.0)
        if at is None or table.work.roads.mode(a, b) != "road" or not np.isfinite(table.work.roads.minutes(a, b)):
            continue
        leaves = float((5.0 * np.ceil((at - wave + margin) / 5.0)) % 1440.0)
        run = (leaves, table.work.roads.minutes(a, b))
        trial = {**table.departures, (a, b): [*table.departures.get((a, b), []), run]}
        waved = replace(table, waves=with_wave(table, a, leaves))
        share = _share(waved, own, held["promise_h"], trial, [past(table.work.ways[k], a, b) for k in own])
        late = everything * (1.0 if j > i + 1 else 1 - float(now["share_percent"][0]) / 100)
        one: dict[str, Any] = {
            "repair": "direct" if j > i + 1 else "departure", "place_id": a, "to_id": b, "at_min": leaves,
               "share_percent": share, "yuan_day": _priced(table, a, b, late, both=True), "moved_percent": 0.0,
               "runs": {(a, b): run}, "waves": waved.waves,
               "ways": {k: past(table.work.ways[k], a, b) for k in own}}  # fmt: skip
        asked = held["share_asked_percent"] - 1e-9
        if best is None or (share >= asked, -one["yuan_day"]) > (best["share_percent"] >= asked, -best["yuan_day"]):
            best = one
    return best


def with_wave(table: Timetable, hub: str, leaves: float) -> Waves:
    """Return the waves with one more at a hub, released in time for a departure; as they are elsewhere.

    A hub that has as many waves as a day may have keeps those it has.
    """
    if hub not in table.waves or len(table.waves[hub]) >= MOST_WAVES:
        return table.waves
    sorting = table.work.terms.sort_min[table.work.layout.tier[hub]]
    cut = (leaves - table.work.terms.margin_min - sorting) % 1440.0
    return {**table.waves, hub: sorted({*table.waves[hub], (cut, sorting)})}


def seat(table: Timetable, own: list[int], held: dict[str, Any], now: pl.DataFrame) -> dict[str, Any] | None:
    """Seats on a train or flight that leaves once the late pieces are ready: on a leg, or past the hubs between."""
    work = table.work
    way = work.ways[int(now["binding_row"][0])]
    steps = journey(table, int(now["binding_row"][0]), int(now["binding_slot"][0]))
    ready = {one["place_id"]: one["start"] for one in steps if one["step"] == "departure"}
    used = trips(work, table.departures)
    everything = float(spread(table)[own].sum()) * work.terms.spare
    best: dict[str, Any] | None = None
    for i, j in itertools.combinations(range(len(way)), 2):
        a, b = way[i], way[j]
        if a not in ready:
            continue
        found = [ride for ride in work.rides.values() if ride.key[:2] == (a, b) and ride.trip not in used]
        for ride in sorted(found, key=lambda one: ((one.depart_min - ready[a]) % 1440.0, one.trip))[:SEATS_TRIED]:
            times = {**table.departures, (a, b): [*table.departures.get((a, b), []), ride.key[2:]]}
            ways = [past(work.ways[k], a, b) for k in own]
            share = _share(table, own, held["promise_h"], times, ways)
            late = everything * (1.0 if j > i + 1 else 1 - float(now["share_percent"][0]) / 100)
            one = {"repair": "seat", "place_id": a, "to_id": b, "at_min": ride.depart_min, "share_percent": share,
                   "yuan_day": round(late * ride.yuan_piece, 2), "moved_percent": 0.0, "service_ref": ride.service_ref,
                   "runs": {(a, b): ride.key[2:]}, "waves": table.waves,
                   "ways": dict(zip(own, ways, strict=True))}  # fmt: skip
            if best is None or _better(one, best, held["share_asked_percent"] - 1e-9):
                best = one
    return best


def _better(one: dict[str, Any], best: dict[str, Any], asked: float) -> bool:
    """Whether a seat is to be preferred: what makes the pair hold, then the cheapest of those, else the nearest."""
    held = [min(it["share_percent"], asked) for it in (one, best)]
    return (held[0], -one["yuan_day"]) > (held[1], -best["yuan_day"])


def past(way: list[str], a: str, b: str) -> list[str]:
    """The way with everything between two of its places left out; as it is where it does not pass both."""
    return [*way[: way.index(a) + 1], *way[way.index(b) :]] if a in way and b in way else way


def evening(
    table: Timetable, own: list[int], held: dict[str, Any], *, at_hub: bool
) -> dict[str, Any] | None:  # fmt: skip
    """A line of its own for the evening: feeders once the day's pick-up is in, a wave, straight to the last hub.

    Without ``at_hub`` the line begins where the pieces were accepted and no hub sorts them before the last.
    """
    work, waves, runs, ways = table.work, table.waves, {}, []
    closing: dict[str, float] = {}
    for k in own:
        way = work.ways[k]
        hubs = [place for place in way if place in work.layout.tier]
        if not hubs or (not at_hub and hubs[-1] == way[0]):
            return None
        stops = list(dict.fromkeys([way[0], *([hubs[0]] if at_hub else []), hubs[-1]]))
        ways.append([*stops, *way[way.index(hubs[-1]) + 1 :]])
        leaves = all_in(work, way[0])
        for a, b in itertools.pairwise(stops[:2]):
            runs[a, b] = (leaves % 1440.0, work.roads.minutes(a, b))
            closing[b] = max(closing.get(b, 0.0), leaves + work.roads.minutes(a, b))
        if len(stops) == 1:
            closing[stops[0]] = max(closing.get(stops[0], 0.0), leaves)
    for way in ways:
        a, b = next(((a, b) for a, b in itertools.pairwise(way) if a in closing and b in work.layout.tier), ("", ""))
        if a:
            ready = closing[a] + work.terms.sort_min[work.layout.tier[a]] + work.terms.margin_min
            leaves = 5.0 * np.ceil(ready / 5.0)
            runs[a, b] = (float(leaves % 1440.0), work.roads.minutes(a, b))
            waves = with_wave(replace(table, waves=waves), a, float(leaves))
    if not runs or not all(np.isfinite(long) and work.roads.mode(*arc) == "road" for arc, (_, long) in runs.items()):
        return None
    trial = {**table.departures, **{arc: [*table.departures.get(arc, []), run] for arc, run in runs.items()}}
    share = _share(replace(table, waves=waves), own, held["promise_h"], trial, ways)
    weight, price = spread(table)[own].sum(1), 0.0
    for arc in runs:
        pieces = sum(float(w) for w, way in zip(weight, ways, strict=True) if arc in itertools.pairwise(way))
        price += _priced(table, *arc, pieces, both=True)
    a, b = max(runs, key=lambda arc: work.roads.minutes(*arc))
    return {"repair": "direct", "place_id": a, "to_id": b, "at_min": runs[a, b][0], "share_percent": share,
            "yuan_day": round(price, 2), "moved_percent": 0.0, "runs": runs, "waves": waves,
            "ways": dict(zip(own, ways, strict=True))}  # fmt: skip


def _cutoff(table: Timetable, own: list[int], held: dict[str, Any]) -> dict[str, Any] | None:
    """The latest earlier cut-off from which the pair holds; later pieces count from the next day."""
    work = table.work
    ways = [work.ways[k] for k in own]
    latest = max(work.terms.city_cutoff_min, work.terms.county_cutoff_min)
    pieces, run = spread(table)[own], _run(table, own, table.departures, ways)
    for cut in np.arange(latest - 30.0, EARLIEST_MIN - 1.0, -30.0).tolist():
        terms = replace(work.terms, city_cutoff_min=min(cut, work.terms.city_cutoff_min),
                        county_cutoff_min=min(cut, work.terms.county_cutoff_min))  # fmt: skip
        trial = replace(table, work=replace(work, terms=terms))
        share = _in_time(trial, own, held["promise_h"], run, ways)
        if share >= held["share_asked_percent"] - 1e-9:
            slot = (np.arange(pieces.shape[1]) + 0.5) * 1440.0 / pieces.shape[1]
            moved = 100 * float(pieces[:, (slot > cut) & (slot <= latest)].sum() / pieces.sum())
            return {"repair": "cutoff", "place_id": held["from_place_id"], "to_id": None, "at_min": cut,
                    "share_percent": share, "yuan_day": 0.0, "moved_percent": moved}  # fmt: skip
    return None
