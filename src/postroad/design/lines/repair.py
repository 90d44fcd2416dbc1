"""What it would cost to mend a pair that does not hold: an extra departure, a direct line, an earlier cut-off."""

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
from postroad.design.lines.thinning import Departures, at_the_door
from postroad.design.lines.timetable import assembled
from postroad.design.lines.vehicles import cheapest, fleet

if TYPE_CHECKING:
    from postroad.design.lines.timetable import Timetable

EARLIEST_MIN = 480.0
"""No pick-up cut-off is moved before this minute of the day."""


def repairs(table: Timetable, told: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return for each direction that does not hold every mending that makes it hold, cheapest first, with its price.

    ``repair`` is ``departure``, ``direct`` or ``cutoff``; ``yuan_day`` what it costs, ``share_percent`` what it brings,
    ``at_min`` the new departure or cut-off; ``best`` marks the cheapest. A cut-off costs nothing but moves
    ``moved_percent`` of the pieces to the next day's clock. No row with a share means nothing here mends it.
    """
    told = promises(table) if told is None else told
    rows: list[dict[str, Any]] = []
    for held in members(table.work):
        own = held.pop("rows")
        key = {name: held[name] for name in ("pair_id", "from_place_id", "to_place_id")}
        now = told.filter(pl.all_horizontal(pl.col(name) == value for name, value in key.items()))
        if not now.height or now["holds"][0]:
            continue
        options = [_departure(table, own, held, now), _direct(table, own, held), _cutoff(table, own, held)]
        found = [one for one in options if one and one["share_percent"] >= held["share_asked_percent"] - 1e-9]
        found.sort(key=lambda one: (one["yuan_day"], one["moved_percent"]))
        none = [{"repair": "none", "place_id": None, "to_id": None, "at_min": None, "yuan_day": None,
                 "share_percent": float(now["share_percent"][0]), "moved_percent": None}]  # fmt: skip
        rows += [{**held, **one, "best": n == 0} for n, one in enumerate(found or none)]
    return pl.DataFrame(rows, infer_schema_length=None)


def _share(table: Timetable, own: list[int], hours: float, departures: Departures, ways: list[list[str]]) -> float:
    """The share of a pair's pieces in time with other departures or ways."""
    work, terms = table.work, table.work.terms
    clock = Clockwork.of(departures, table.waves, table.handling)
    minutes = pour(clock, ways, np.ones(len(ways)), work.hours, terms.first_mile_min).minutes
    door = at_the_door(minutes, terms.delivery_starts_min, terms.delivery_min)
    since = np.array([counted_from(work, way[0], ACCEPTED) - ACCEPTED for way in ways])
    pieces = spread(table)[own]
    return 100 * float((pieces * (door - since <= 60 * hours + 1e-6)).sum() / pieces.sum())


def _priced(table: Timetable, a: str, b: str, pieces: float, *, both: bool) -> float:
    km, minutes = table.work.roads.km(a, b), table.work.roads.minutes(a, b)
    vehicle, count = cheapest(fleet(table.network), pieces * table.work.terms.spare, km, minutes)
    return round(count * vehicle.cost(km, minutes) * (2 if both else 1), 2)


def _departure(table: Timetable, own: list[int], held: dict[str, Any], now: pl.DataFrame) -> dict[str, Any] | None:
    """One more departure on a leg, at the moment the late pieces are ready for it; the wave runs with it."""
    steps = journey(table, int(now["binding_row"][0]), int(now["binding_slot"][0]))
    way = table.work.ways[int(now["binding_row"][0])]
    best: dict[str, Any] | None = None
    for a, b in itertools.pairwise(way):
        at = next((one["start"] for one in steps if one["step"] == "departure" and one["place_id"] == a), None)
        wave = next((one["minutes"] for one in steps if one["step"] == "wave" and one["place_id"] == a), 0.0)
        if at is None:
            continue
        margin = table.work.terms.margin_min
        leaves = (5.0 * np.ceil((at - wave + margin) / 5.0)) % 1440.0
        trial = {**table.departures, (a, b): [*table.departures[a, b], (leaves, table.work.roads.minutes(a, b))]}
        sorting = table.work.terms.sort_min.get(table.work.layout.tier.get(a, 0))
        waves = table.waves
        if sorting is not None:
            waves = {**waves, a: [*waves[a], ((leaves - margin - sorting) % 1440.0, sorting)]}
        share = _share(replace(table, waves=waves), own, held["promise_h"], trial, [table.work.ways[k] for k in own])
        pieces = float(spread(table)[own].sum()) * (1 - float(now["share_percent"][0]) / 100)
        one = {"repair": "departure", "place_id": a, "to_id": b, "at_min": leaves, "share_percent": share,
               "yuan_day": _priced(table, a, b, pieces, both=True), "moved_percent": 0.0}  # fmt: skip
        asked = held["share_asked_percent"]
        if best is None or (share >= asked, -one["yuan_day"]) > (best["share_percent"] >= asked, -best["yuan_day"]):
            best = one
    return best


def _direct(table: Timetable, own: list[int], held: dict[str, Any]) -> dict[str, Any] | None:
    """A line of its own from where the pair begins to where it ends, leaving when the day's pick-up is in."""
    work = table.work
    a, b = max(((work.ways[k][0], work.ways[k][-1]) for k in own), key=lambda ends: ends)
    if a == b or not np.isfinite(work.roads.minutes(a, b)):
        return None
    start, end = held["from_place_id"], held["to_place_id"]
    start, end = (start if start in work.roads.row else a), (end if end in work.roads.row else b)
    county = work.kinds.get(start) in ("county_city", "county", "autonomous_county")
    cut = work.terms.county_cutoff_min if county else work.terms.city_cutoff_min
    leaves = (cut + work.terms.first_mile_min + work.terms.county_handling_min) % 1440.0
    ways = [[work.ways[k][0], work.ways[k][-1]] for k in own]
    lines = {(x, y): [(leaves, work.roads.minutes(x, y))] for x, y in ways}
    share = _share(table, own, held["promise_h"], {**table.departures, **lines}, ways)
    pieces = float(spread(table)[own].sum())
    return {"repair": "direct", "place_id": start, "to_id": end, "at_min": leaves, "share_percent": share,
            "yuan_day": _priced(table, start, end, pieces, both=True), "moved_percent": 0.0}  # fmt: skip


def _cutoff(table: Timetable, own: list[int], held: dict[str, Any]) -> dict[str, Any] | None:
    """The latest earlier cut-off from which the pair holds; later pieces count from the next day."""
    work = table.work
    ways = [work.ways[k] for k in own]
    latest = max(work.terms.city_cutoff_min, work.terms.county_cutoff_min)
    pieces = spread(table)[own]
    for cut in np.arange(latest - 30.0, EARLIEST_MIN - 1.0, -30.0).tolist():
        terms = replace(work.terms, city_cutoff_min=min(cut, work.terms.city_cutoff_min),
                        county_cutoff_min=min(cut, work.terms.county_cutoff_min))  # fmt: skip
        trial = replace(table, work=replace(work, terms=terms))
        share = _share(trial, own, held["promise_h"], table.departures, ways)
        if share >= held["share_asked_percent"] - 1e-9:
            slot = (np.arange(pieces.shape[1]) + 0.5) * 1440.0 / pieces.shape[1]
            moved = 100 * float(pieces[:, (slot > cut) & (slot <= latest)].sum() / pieces.sum())
            return {"repair": "cutoff", "place_id": held["from_place_id"], "to_id": None, "at_min": cut,
                    "share_percent": share, "yuan_day": 0.0, "moved_percent": moved}  # fmt: skip
    return None


def mended(table: Timetable, rounds: int = 4) -> Timetable:
    """Return the timetable with the extra departures that make failing pairs hold, where such departures do."""
    for _ in range(rounds):
        told = promises(table)
        wanted = _wanted(table, told)
        if not wanted:
            return table
        departures = {arc: list(times) for arc, times in table.departures.items()}
        waves = {hub: list(held) for hub, held in table.waves.items()}
        for a, b, leaves in sorted(wanted):
            departures[a, b].append((leaves, table.work.roads.minutes(a, b)))
            if a in waves:
                sorting = table.work.terms.sort_min[table.work.layout.tier[a]]
                waves[a].append(((leaves - table.work.terms.margin_min - sorting) % 1440.0, sorting))
        waves = {hub: sorted(set(held)) for hub, held in waves.items()}
        table = assembled(table.work, departures, waves, table.handling, table.program)
    return table


def _wanted(table: Timetable, told: pl.DataFrame) -> set[tuple[str, str, float]]:
    wanted = set()
    for held in members(table.work):
        own = held.pop("rows")
        key = {name: held[name] for name in ("pair_id", "from_place_id", "to_place_id")}
        now = told.filter(pl.all_horizontal(pl.col(name) == value for name, value in key.items()))
        if now["holds"][0]:
            continue
        one = _departure(table, own, held, now)
        if one and one["share_percent"] > float(now["share_percent"][0]) + 0.1:
            wanted.add((one["place_id"], one["to_id"], float(one["at_min"])))
    return wanted
