"""Line-hauls and buses as lanes with dated trips: which run, when they leave, and when they arrive that day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault
from postroad.simulate.chance import factors
from postroad.simulate.day.arrays import NEVER, Lanes
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.lines import UNLIMITED, Line
from postroad.simulate.day.places import CUSTOMS
from postroad.simulate.day.plants import DAY_MIN
from postroad.simulate.day.vans import legs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.simulate.day.disruption import Disruption
    from postroad.simulate.day.options import Horizon, Options
    from postroad.simulate.day.places import Places

DEFAULT_RUNS = ((450.0, 780.0), (630.0, 990.0))
"""County to township at these minutes, and back at those, where a depot has no line or bus of its own; assumed."""
DETOUR = 1.3
KM_PER_DEGREE = 111.195


@dataclass(frozen=True)
class Timetable:
    """The lanes as arrays, with the names of their ends and, trip by trip, of the line and its mode."""

    lanes: Lanes
    ends: tuple[tuple[str, str], ...]
    lane: dict[tuple[str, str], int]
    trip_line: NDArray[Any]
    trip_mode: NDArray[Any]
    plan_arrive: NDArray[np.int64]
    """When each trip would arrive if nothing were slow."""


def lines(network: Network, spots: Places, needed: Sequence[tuple[str, str]], options: Options) -> list[Line]:
    """Return every line that can run; ``needed`` pairs that have none get the default between county and township."""
    made = [_line(row) for row in network["line_hauls"].iter_rows(named=True)]
    made += legs(network, spots)
    holds = network["bus_holds"].filter(pl.col("to_place_id").is_in(spots.nodes)).filter(
        pl.col("from_place_id").is_in(spots.nodes)
    ).select("bus_hold_id", "from_place_id", "to_place_id", "depart_min", "duration_min",
                                        "handover_min", "days", "capacity_pieces")  # fmt: skip
    made += [
        Line(name, a, b, "bus", leaves, takes + (hand or 0.0), days, "any", pieces)
        for name, a, b, leaves, takes, hand, days, pieces in holds.iter_rows()
    ]
    faults = [Fault.of("simulate.no_duration", table="line_hauls", column="duration_min", value=line.name)
              for line in made if not line.duration_min * MINUTE_MS >= 1]  # fmt: skip
    faults += [Fault.of("simulate.never_filled", table="line_hauls", column="least_pieces", value=line.name,
                        least=line.least, pieces=line.pieces) for line in made if line.least > line.pieces]  # fmt: skip
    if faults:
        raise DataError(faults)
    made = _through_customs(made, spots, options)
    known = {(line.source, line.target) for line in made}
    distance = {pair: _minutes(network, pair, options) for pair in needed if pair not in known}
    outward = {pair[1] for pair in needed}
    for pair, minutes in distance.items():
        times = DEFAULT_RUNS[0] if pair[1] in outward and pair[0] not in outward else DEFAULT_RUNS[1]
        made += [Line(f"default:{pair[0]}>{pair[1]}", *pair, "road", leaves, minutes, "1234567", "any", UNLIMITED)
                 for leaves in times]  # fmt: skip
    return made


def _through_customs(made: list[Line], spots: Places, options: Options) -> list[Line]:
    """Lines abroad leave from the exchange office of their place, which is fed by hand-overs from the hub beside it."""
    abroad = {name for name, kind in zip(spots.nodes, spots.outside, strict=True) if kind == 2}
    held = []
    for line in made:
        office = line.source + CUSTOMS
        moved = line.target in abroad and office in spots.node
        held.append(replace(line, source=office) if moved else line)
    step = options.customs_transfer_min
    for office in (name for name in spots.nodes if name.endswith(CUSTOMS)):
        hub = office.removesuffix(CUSTOMS)
        held += [
            Line(f"hand-over:{hub}", hub, office, "road", float(minute), step / 2, "1234567", "any", UNLIMITED)
            for minute in np.arange(0.0, DAY_MIN, step)
        ]
    return held


def _line(row: dict[str, Any]) -> Line:
    """Return a row of the line-hauls; one that consolidates runs when it fills or when a piece has waited too long."""
    least, hold = row["least_pieces"], row["hold_days"]
    return Line(
        row["line_haul_id"], row["from_place_id"], row["to_place_id"], row["mode"], row["depart_min"],
        row["duration_min"], row["days"], row["season"], row["capacity_pieces"],
        roads="winter" if row["season"] == "winter" else "any",
        least=0.0 if least is None else least, hold_days=float("inf") if hold is None else hold,
    )  # fmt: skip


def _minutes(network: Network, pair: tuple[str, str], options: Options) -> float:
    rows = network["places"].filter(pl.col("place_id").is_in(list(pair))).select("lon", "lat").drop_nulls().to_numpy()
    if len(rows) < 2:
        return 60.0
    east = (rows[0, 0] - rows[1, 0]) * KM_PER_DEGREE * np.cos(np.radians(rows[:, 1].mean()))
    km = float(np.hypot(east, (rows[0, 1] - rows[1, 1]) * KM_PER_DEGREE)) * DETOUR
    return max(5.0, km / options.speed_rural_kmh * 60.0)


def timetable(
    made: Sequence[Line], spots: Places, horizon: Horizon, options: Options, seed: int, struck: Sequence[Disruption]
) -> Timetable:
    """Return the dated trips of every lane, disturbed and with the day's luck on the road."""
    rows = _dated(made, horizon, options, struck)
    ends = tuple(sorted({(line.source, line.target) for line in made}))
    number = {pair: k for k, pair in enumerate(ends)}
    lane = np.array([number[row[0].source, row[0].target] for row in rows], np.int32)
    names = np.array([row[0].name for row in rows], object)
    stretch = _luck(rows, horizon, options, seed) / np.array([row[3] for row in rows])
    planned = np.array([round(row[0].duration_min * MINUTE_MS) for row in rows], np.int64)
    # A leg of a van leaves late where the van came late to its stop.
    since = np.array([round((row[0].depart_min - row[0].begins_min) * MINUTE_MS) if row[0].van else 0 for row in rows])
    depart = np.array([row[1] for row in rows], np.int64) + np.round(since * (stretch - 1)).astype(np.int64)
    takes = np.maximum(1, np.round(planned * stretch)).astype(np.int64)
    order = np.lexsort((names.astype(str), depart, lane)) if rows else np.zeros(0, np.int64)
    capacity = np.array([row[2] for row in rows], np.int64)[order]
    lane, depart, planned, takes = lane[order], depart[order], planned[order], takes[order]
    runs = (capacity >= 0).astype(np.int64)
    before = np.cumsum(runs) - runs
    first = np.searchsorted(lane, np.arange(len(ends) + 1)).astype(np.int64)
    last = np.ones(len(rows), np.bool_)
    last[:-1] = (lane[1:] != lane[:-1]) | (depart[1:] != depart[:-1])
    lanes = Lanes(
        source=np.array([spots.node[a] for a, _ in ends], np.int32),
        target=np.array([spots.node[b] for _, b in ends], np.int32),
        first=first,
        lane_of=lane,
        depart=depart,
        arrive=np.minimum(NEVER - 1, depart + takes),
        planned=planned,
        capacity=capacity.astype(np.int32),
        number=before - before[first[lane]] if len(rows) else before,
        last_of_moment=last,
        least=np.array([_least(row[0], options) for row in rows], np.int64)[order],
        hold=np.array([min(NEVER, row[0].hold_days * DAY_MIN * MINUTE_MS) for row in rows], np.int64)[order],
        **_vans([rows[k] for k in order]),
    )
    modes = np.array([row[0].mode for row in rows], object)
    plan = np.array([row[1] for row in rows], np.int64)[order] + planned
    return Timetable(lanes, ends, number, names[order], modes[order], plan)


def _vans(rows: Sequence[tuple[Line, int, int, float, int]]) -> dict[str, NDArray[Any]]:
    """Legs of vans by trip of the timetable: the van's number (-1: none), the leg out it frees, legs out by van."""
    vans = sorted({(row[0].van, row[4]) for row in rows if row[0].van})
    number = {van: k for k, van in enumerate(vans)}
    van = np.array([number.get((row[0].van, row[4]), -1) for row in rows], np.int64)
    at = {(row[0].name, row[4]): k for k, row in enumerate(rows) if row[0].van}
    frees = np.array([at.get((row[0].frees, row[4]), -1) if row[0].frees else -1 for row in rows], np.int64)
    outward = [[] for _ in vans]  # type: list[list[int]]
    for k, row in enumerate(rows):
        if row[0].van and not row[0].frees:
            outward[van[k]].append(k)
    return {"van": van, "frees": frees, "van_first": np.concatenate([[0], np.cumsum([len(x) for x in outward])]).astype(
        np.int64), "van_trip": np.array([k for x in outward for k in x], np.int64)}  # fmt: skip


def _dated(
    made: Sequence[Line], horizon: Horizon, options: Options, struck: Sequence[Disruption]
) -> list[tuple[Line, int, int, float, int]]:
    """Every line on every day it runs: line, departure, capacity (-1: does not run), speed, day."""
    rows: list[tuple[Line, int, int, float, int]] = []
    own = [item for item in struck if item.what in ("line", "road", "round")]
    start_min = horizon.warm * DAY_MIN
    for day in range(horizon.length):
        seasons, weekday = horizon.seasons(day), str(horizon.date(day).isoweekday())
        for line in made:
            if line.season not in seasons or weekday not in line.days:
                continue
            depart = round((day * DAY_MIN + line.depart_min) * MINUTE_MS)
            share = 1.0 if line.pieces >= UNLIMITED else options.scale
            pieces, speed = line.pieces * share, options.pace(seasons, line.roads) if _by_road(line) else 1.0
            met = round((day * DAY_MIN + line.begins_min) * MINUTE_MS) if line.van else depart
            for item in own:
                if _strikes(item, line) and item.within(met, start_min):
                    if item.factor == 0:
                        pieces = -1.0
                    elif item.what == "line":
                        pieces = pieces * item.factor
                    else:
                        speed *= item.factor
            capacity = -1 if pieces < 0 else min(UNLIMITED, max(int(line.pieces > 0), int(pieces + 0.5)))
            rows.append((line, depart, capacity, speed, day))
    return rows


def _least(line: Line, options: Options) -> int:
    return max(1, int(line.least * options.scale + 0.5)) if line.least > 0 else 0


def _by_road(line: Line) -> bool:
    return line.mode in ("road", "bus") and not line.name.startswith("hand-over:")


def _strikes(item: Disruption, line: Line) -> bool:
    if line.van:
        # All legs of a van are struck alike: by what slows its depot's rounds, or the roads around its depot.
        depot = line.target if line.frees else line.source
        here = item.place_id in (depot, depot[:6])
        return here and (item.what == "round" or (item.what == "road" and item.mode in (None, "road")))
    if item.what == "round":
        return False
    if item.mode is not None and item.mode != line.mode:
        return False
    if item.line_haul_id is not None:
        return item.line_haul_id == line.name
    a, b = line.source.removesuffix(CUSTOMS), line.target.removesuffix(CUSTOMS)
    if item.place_id is not None and item.place_id not in (a, b):
        return False
    wanted = (item.from_place_id, item.to_place_id)
    there = wanted[0] in (None, a) and wanted[1] in (None, b)
    back = item.what == "road" and wanted[0] in (None, b) and wanted[1] in (None, a)
    return (there or back) and (item.what == "line" or _by_road(line))


def _luck(
    rows: Sequence[tuple[Line, int, int, float, int]], horizon: Horizon, options: Options, seed: int
) -> NDArray[np.float64]:
    """How much longer than planned each trip takes: a share for the road's day, both ways alike, a share of its own."""
    half = options.variation / np.sqrt(2.0)
    ends = [(row[0].van, "") if row[0].van else sorted((row[0].source, row[0].target)) for row in rows]
    pairs = [(*two, horizon.date(row[4]).isoformat()) for two, row in zip(ends, rows, strict=True)]
    shared = factors(seed, [("road", *pair) for pair in pairs], half)
    runs = [("trip", row[0].van or row[0].name, pair[2]) for row, pair in zip(rows, pairs, strict=True)]
    own = factors(seed, runs, half)
    moves = np.array([_by_road(row[0]) for row in rows], np.bool_)
    return np.where(moves, shared * own, 1.0)
