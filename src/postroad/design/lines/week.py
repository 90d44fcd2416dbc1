"""The week of a timetable: weekdays send different amounts, so some departures run on some days only.

All times stay those of the ordinary day. Vehicles of each departure are sized day by day, and departures that a light
day does not need are left out as long as every promised pair holds on every weekday it held. Vehicles are balanced over
the week: what goes out of a place comes back within it, empty if it must, over the cheapest ways.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.demand.profile import weights
from postroad.design.lines.batches import due
from postroad.design.lines.fluid import SLOTS, Clockwork, Poured, accepted, pour, shares
from postroad.design.lines.terms import SOURCE
from postroad.design.lines.thinning import MAY_LOSE, Ledger, spread_out, with_sure
from postroad.design.lines.vehicles import air_yuan, cheapest, fleet, seats_of
from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from postroad.design.lines.timetable import Timetable
    from postroad.design.lines.vehicles import Vehicle

DAYS, DAY_MIN, WEEK_MIN = 7, 1440.0, 10080.0
LIGHT = 0.5
"""Departures are looked at on days when they are less full than this."""
BATCH = 16
"""So many departures are left out at once; half as many where that breaks a promise."""

Runs = dict[tuple[str, str, float, float], tuple[int, ...]]
"""Weekdays (0 is Monday) of each departure by its arc, time and duration."""


@dataclass(frozen=True)
class Week:
    """The days each departure runs on, the week poured through them, and what each run carries.

    ``run`` has one row a departure and weekday: arc, time, vehicle, count, pieces, km, minutes, yuan. ``hold`` says for
    each promised direction (rows) and weekday whether it holds.
    """

    table: Timetable
    runs: Runs
    clock: Clockwork
    poured: Poured
    run: pl.DataFrame
    hold: NDArray[np.bool_]
    yuan: float


def week(
    table: Timetable, *, time_s: float = 20.0, progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Week:  # fmt: skip
    """Return the week of a timetable, lightest departures left out where promises allow, until the time is over."""
    began, weekly = time.monotonic(), _Weekly(table)
    runs: Runs = {
        (*arc, *one): tuple(int(d) - 1 for d in table.work.rides[(*arc, *one)].days)
        if (*arc, *one) in table.work.rides else tuple(range(DAYS))
        for arc, times in table.departures.items() for one in times
    }  # fmt: skip
    cost, hold, share, flowed, clock = weekly.price(runs)
    least = share - MAY_LOSE
    waiting = [_light(weekly, runs, clock, flowed, day) for day in range(DAYS)]
    batches = [held[n : n + BATCH] for held in waiting for n in range(0, len(held), BATCH)]
    total = len(batches)
    while batches and time.monotonic() - began < time_s:
        if stop and stop():
            raise Stopped.of("errors.stopped", done=total - len(batches), total=total)
        if progress:
            progress(Progress(max(0, total - len(batches)), total))
        batch = batches.pop(0)
        trial = _without(runs, batch)
        found = weekly.price(trial)
        if found[0] < cost - 1e-6 and found[2] >= least and not (hold & ~found[1]).any():
            runs, (cost, hold, _, flowed, clock) = trial, found
        elif len(batch) > 2:
            batches += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
    return Week(table, runs, clock, flowed, _each(table, clock, flowed), hold, cost)


class _Weekly:
    """Prices the week of a timetable for a choice of weekdays."""

    def __init__(self, table: Timetable) -> None:
        self.table, work = table, table.work
        by_day = weights(work.network, "weekday")
        self.hours = np.outer(by_day, work.hours).ravel()
        self.pieces = work.pieces("ordinary") * float(by_day.sum() / by_day.max())
        self.ledger = Ledger(work, table.handling)
        self.rows = work.promised
        self.weight = self.pieces[self.rows, None] * shares(self.hours)
        self.allowed = np.tile((due(work, accepted()) - accepted())[self.rows], (1, DAYS))
        at = {int(k): n for n, k in enumerate(self.rows)}
        self.promised = [([at[k] for k in rows], asked) for rows, asked in self.ledger.promised]
        self.waves = {hub: [(DAY_MIN * d + cut % DAY_MIN, long) for d in range(DAYS) for cut, long in held]
                      for hub, held in table.waves.items()}  # fmt: skip

    def clock(self, runs: Runs) -> Clockwork:
        departures: dict[tuple[str, str], list[tuple[float, float]]] = {arc: [] for arc in self.table.departures}
        rides = {}
        for (a, b, at, long), days in runs.items():
            for day in days:
                departures[a, b].append((DAY_MIN * day + at % DAY_MIN, long))
                if (a, b, at, long) in self.table.work.rides:
                    rides[a, b, DAY_MIN * day + at % DAY_MIN, long] = self.table.work.rides[a, b, at, long]
        return Clockwork.of(departures, self.waves, self.table.handling, rides, WEEK_MIN)

    def price(self, runs: Runs) -> tuple[float, NDArray[np.bool_], float, Poured, Clockwork]:
        """Return yuan a week, which promised directions hold on which weekday, their share in time, the week's flow."""
        work, clock = self.table.work, self.clock(runs)
        flowed = pour(clock, work.ways, self.pieces, self.hours, work.first_mile, work.order, work.ends.luck)
        flowed = with_sure(work, clock, flowed)
        chance = work.doors.kept(self.rows, flowed.minutes[self.rows], self.allowed)
        in_time = self.weight * spread_out(work, clock, self.rows, self.allowed, chance)
        hold = np.zeros((len(self.promised), DAYS), np.bool_)
        for n, (rows, asked) in enumerate(self.promised):
            done, all_ = (part[rows].sum(0).reshape(DAYS, SLOTS).sum(1) for part in (in_time, self.weight))
            hold[n] = done >= asked * all_ - 1e-9
        share = float(in_time.sum() / self.weight.sum())
        return self.ledger.yuan(clock, flowed), hold, share, flowed, clock


def _light(
    weekly: _Weekly, runs: Runs, clock: Clockwork, flowed: Poured, day: int
) -> list[tuple[tuple[str, str, float, float], int]]:
    """The departures of a weekday that are least full, emptiest first."""
    types, spare = weekly.ledger.types, weekly.table.work.terms.spare
    found = []
    for run, (arc, load) in enumerate(zip(clock.arc_of.tolist(), flowed.load.tolist(), strict=True)):
        a, b = clock.arcs[arc]
        at, long = float(clock.depart[run]), float(clock.duration[run])
        key = (a, b, at % DAY_MIN, long)
        if at // DAY_MIN != day or key not in runs or not load or key[:3] in weekly.table.work.sure:
            continue
        vehicle, count = cheapest(types, load * spare, weekly.table.work.roads.km(a, b), long)
        if load * spare < LIGHT * count * vehicle.pieces:
            found.append((load, (key, day)))
    return [one for _, one in sorted(found)]


def _without(runs: Runs, batch: Iterable[tuple[tuple[str, str, float, float], int]]) -> Runs:
    """The runs without some departures on some days; an arc keeps at least one run a day."""
    made = dict(runs)
    left: dict[tuple[str, str, int], int] = {}
    for key, days in runs.items():
        for day in days:
            left[(*key[:2], day)] = left.get((*key[:2], day), 0) + 1
    for key, day in batch:
        if left[(*key[:2], day)] > 1 and day in made[key]:
            made[key] = tuple(d for d in made[key] if d != day)
            left[(*key[:2], day)] -= 1
    return made


def _each(table: Timetable, clock: Clockwork, flowed: Poured) -> pl.DataFrame:
    """One row for each departure and weekday: its vehicles, or seats, with what they carry and cost."""
    work, types = table.work, fleet(table.network)
    rows: list[dict[str, Any]] = []
    for run, (arc, load) in enumerate(zip(clock.arc_of.tolist(), flowed.load.tolist(), strict=True)):
        a, b = clock.arcs[arc]
        at, long = float(clock.depart[run]), float(clock.duration[run])
        pieces, km, mode = load * work.terms.spare, work.roads.km(a, b), work.roads.mode(a, b)
        if load <= 0:
            continue
        row: dict[str, Any] = {"from_place_id": a, "to_place_id": b, "at_min": at % DAY_MIN, "minutes": long,
                               "weekday": int(at // DAY_MIN) + 1, "pieces": load, "mode": mode, "distance_km": km,
                               "vehicle_id": None, "vehicles": 0, "service_ref": None}  # fmt: skip
        ride = work.rides.get((a, b, at % DAY_MIN, long)) if np.isfinite(clock.limit[run]) else None
        if ride is not None:
            told = seats_of(ride, pieces)
            row |= {name: told[name] for name in ("mode", "service_ref", "cost_yuan", "distance_km")}
            row["capacity_pieces"] = float(told["capacity_pieces"])
        else:
            row |= _vehicles(table, types, (a, b), pieces, long)
        rows.append(row)
    return pl.DataFrame(rows, schema_overrides=TEXT, infer_schema_length=None)


def line_hauls(week: Week, season: str = "any") -> pl.DataFrame:
    """Return the rows of the table of line-hauls: one for each departure and set of weekdays with the same vehicles."""
    return _rows(week.run, season)


def peak_hauls(week: Week) -> pl.DataFrame:
    """Return the rows of season ``peak``: what each departure needs on the peak day beyond its weekday's vehicles."""
    table, types = week.table, fleet(week.table.network)
    by = "from_place_id", "to_place_id", "at_min", "minutes", "weekday", "capacity_pieces"
    have = {(a, b, at, long, day): size for a, b, at, long, day, size in week.run.select(by).iter_rows()}
    peak = table.poured["peak"].load.tolist()
    rows: list[dict[str, Any]] = []
    for run, (arc, load) in enumerate(zip(table.clock.arc_of.tolist(), peak, strict=True)):
        a, b = table.clock.arcs[arc]
        at, long = float(table.clock.depart[run]), float(table.clock.duration[run])
        km, mode = table.work.roads.km(a, b), table.work.roads.mode(a, b)
        for day in range(1, DAYS + 1) if not np.isfinite(table.clock.limit[run]) else ():
            more = load * table.work.terms.spare - have.get((a, b, at, long, day), 0.0)
            if more <= 0:
                continue
            row: dict[str, Any] = {"from_place_id": a, "to_place_id": b, "at_min": at, "minutes": long, "weekday": day,
                                   "mode": mode, "distance_km": km, "service_ref": None}  # fmt: skip
            rows.append(row | _vehicles(table, types, (a, b), more, long))
    return _rows(pl.DataFrame(rows, schema_overrides=TEXT, infer_schema_length=None), "peak")


def _vehicles(
    table: Timetable, types: Sequence[Vehicle], arc: tuple[str, str], pieces: float, minutes: float
) -> dict[str, Any]:
    """Vehicles of the cheapest type for some pieces, or unscheduled air where no road goes."""
    work, km = table.work, table.work.roads.km(*arc)
    if work.roads.mode(*arc) == "air":
        size = float(np.ceil(pieces))
        return {"vehicle_id": None, "vehicles": 0, "capacity_pieces": size, "cost_yuan": size * air_yuan(work, *arc)}
    vehicle, count = cheapest(types, pieces, km, minutes)
    return {"vehicle_id": vehicle.vehicle_id, "vehicles": count, "capacity_pieces": float(count * vehicle.pieces),
            "cost_yuan": round(count * vehicle.cost(km, minutes), 2)}  # fmt: skip


TEXT = {"vehicle_id": pl.String, "service_ref": pl.String}


def _rows(run: pl.DataFrame, season: str) -> pl.DataFrame:
    by = ["from_place_id", "to_place_id", "mode", "service_ref", "at_min", "minutes"]
    held = run.sort(*by, "weekday").group_by(*by, "vehicle_id", "vehicles", maintain_order=True).agg(
        pl.col("weekday").cast(pl.String).str.join("").alias("days"), pl.col("distance_km").first(),
        pl.col("capacity_pieces", "cost_yuan").max(),
    )  # fmt: skip
    ends = ["from_place_id", "to_place_id"]
    number = pl.struct("at_min", "minutes").rank("dense").over(ends)
    part = pl.int_range(1, pl.len() + 1).over(*ends, "at_min", "minutes")
    many = pl.len().over(*ends, "at_min", "minutes") > 1
    name = pl.format("LH-{}-{}-{}{}", *ends, number, pl.lit(MARK[season]))
    return held.select(
        (name + pl.when(many).then(pl.format("-{}", part)).otherwise(pl.lit(""))).alias("line_haul_id"), *ends, "mode",
        "vehicle_id", "service_ref", (pl.col("at_min").round(1) % DAY_MIN).alias("depart_min"),
        pl.col("minutes").round(1).alias("duration_min"), "days", pl.lit(season).alias("season"),
        pl.col("capacity_pieces").cast(pl.Float64), pl.when(pl.col("vehicles") > 0).then("vehicles").alias("vehicles"),
        pl.col("distance_km").round(1), pl.col("cost_yuan").cast(pl.Float64), pl.lit("synthetic").alias("origin"),
        pl.lit(SOURCE).alias("source"),
    )  # fmt: skip


MARK = {"any": "", "summer": "", "winter": "-W", "peak": "-P"}


def by_weekday(week: Week) -> pl.DataFrame:
    """Return one row for each weekday: departures, vehicles, km, load factor, crew hours, yuan, promised pairs held."""
    km = pl.col("vehicles") * pl.col("distance_km")
    hold = pl.DataFrame({"weekday": range(1, DAYS + 1), "pairs_hold": week.hold.sum(0), "pairs": len(week.hold)})
    rows = week.run.group_by("weekday").agg(
        departures=pl.len(), vehicles=pl.col("vehicles").sum(), vehicle_km=km.sum(),
        load_factor=pl.col("pieces").sum() / pl.col("capacity_pieces").sum(),
        crew_h=(pl.col("vehicles") * pl.col("minutes")).sum() / 60, cost_yuan=pl.col("cost_yuan").sum(),
    )  # fmt: skip
    return rows.join(hold.cast({"weekday": pl.Int64}), on="weekday").sort("weekday")
