"""Vehicles over the week: where they are left over, the cheapest empty runs that bring them back, fleet and drivers.

For each type of vehicle what arrives at a place in a week must leave it again. The empty runs that see to it are a
transport problem over all places, so that a vehicle may go on empty to a third place instead of back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import sparse

from postroad.design.lines.vehicles import DUTY_H, fleet
from postroad.design.program import Limits, Program, solve, why
from postroad.errors import Fault, InfeasibleError

if TYPE_CHECKING:
    from postroad.design.lines.vehicles import Vehicle
    from postroad.design.lines.week import Week
    from postroad.design.lines.work import Trunk

WEEK_H = 40.0
"""A driver's hours in a week by the standard working time."""


@dataclass(frozen=True)
class Balanced:
    """``empties``: one row for each empty run a week; ``fleet``: one row for each type of vehicle."""

    empties: pl.DataFrame
    fleet: pl.DataFrame


def balanced(week: Week) -> Balanced:
    """Return the cheapest empty runs that close the week, with the fleet and the drivers they and the loads need."""
    work = week.table.work
    road = week.run.filter(pl.col("vehicle_id").is_not_null())
    types = {vehicle.vehicle_id: vehicle for vehicle in fleet(week.table.network)}
    empties, rows = [], []
    for name in sorted(road["vehicle_id"].unique().to_list()):
        own = road.filter(vehicle_id=name)
        moved = _empties(work, types[name], own)
        empties += moved
        rows.append(_row(types[name], own, moved))
    columns = {"vehicle_id": pl.String, "from_place_id": pl.String, "to_place_id": pl.String, "vehicles": pl.Int64,
               "distance_km": pl.Float64, "minutes": pl.Float64, "cost_yuan": pl.Float64}  # fmt: skip
    told = pl.DataFrame(empties, schema=columns, orient="row")
    return Balanced(told, pl.DataFrame(rows, infer_schema_length=None))


def _empties(work: Trunk, vehicle: Vehicle, own: pl.DataFrame) -> list[tuple[str, str, str, int, float, float, float]]:
    """Empty runs a week of one type: a transport problem from places with too many to places with too few.

    ``InfeasibleError`` names the places that vehicles cannot leave, or cannot come back to.
    """
    surplus: dict[str, int] = {}
    for a, b, count in own.select("from_place_id", "to_place_id", "vehicles").iter_rows():
        surplus[b] = surplus.get(b, 0) + count
        surplus[a] = surplus.get(a, 0) - count
    have = sorted(place for place, n in surplus.items() if n > 0)
    want = sorted(place for place, n in surplus.items() if n < 0)
    cells = [(i, j) for i, a in enumerate(have) for j, b in enumerate(want) if np.isfinite(work.roads.minutes(a, b))]
    if not have:
        return []
    if not cells:
        raise _stuck(work, vehicle, [("left over", place, surplus[place]) for place in have])
    row, column = (np.array(part) for part in zip(*cells, strict=True))
    cost = [vehicle.cost(work.roads.km(have[i], want[j]), work.roads.minutes(have[i], want[j])) for i, j in cells]
    program, at = Program(), np.arange(len(cells))
    runs = program.columns("empty runs", len(cells), cost=np.array(cost))
    for name, index, places, sign in (("left over", row, have, 1), ("missing", column, want, -1)):
        matrix = sparse.coo_array((np.ones(len(cells)), (index, at)), (len(places), len(cells)))
        need = np.array([float(sign * surplus[place]) for place in places])
        program.rows(name, [(runs, matrix)], low=need, high=need, labels=places)
    answer = solve(program, Limits(20.0))
    if answer.status == "infeasible":
        rules = why(program, Limits(20.0)).rules
        raise _stuck(work, vehicle, [(rule.rows, rule.label, surplus[rule.label]) for rule in rules])
    # A transport problem with whole supplies has a whole answer at every corner.
    values = np.round(answer[runs]).astype(int)
    return [
        (vehicle.vehicle_id, have[i], want[j], int(n), work.roads.km(have[i], want[j]),
         work.roads.minutes(have[i], want[j]), round(float(n) * price, 2))
        for (i, j), n, price in zip(cells, values, cost, strict=True) if n
    ]  # fmt: skip


def _stuck(work: Trunk, vehicle: Vehicle, places: list[tuple[str, str, int]]) -> InfeasibleError:
    """What no empty run mends: vehicles left over, or missing, at places without a road to the others."""
    own = {"table": "line_hauls", "vehicle": vehicle.vehicle_id}
    keys = {"left over": "lines.stuck_left_over", "missing": "lines.stuck_missing"}
    return InfeasibleError(
        Fault.of(keys[what], place=work.roads.label(place), count=abs(count), **own) for what, place, count in places
    )


def _row(
    vehicle: Vehicle, own: pl.DataFrame, moved: list[tuple[str, str, str, int, float, float, float]]
) -> dict[str, object]:
    """A type's week: runs, km, empty km, vehicles under way at the busiest minute, crew hours and drivers."""
    empty_h = sum(n * minutes / 60 for *_, n, _, minutes, _ in moved)
    crew_h = float(own.select((pl.col("vehicles") * pl.col("minutes")).sum()).item()) / 60
    busiest = _under_way(own) + int(np.ceil(empty_h / 168.0))
    drivers = own.select((pl.col("vehicles") * (pl.col("minutes") / 60 / DUTY_H).ceil()).sum()).item()
    drivers += sum(n * np.ceil(minutes / 60 / DUTY_H) for *_, n, _, minutes, _ in moved)
    return {
        "vehicle_id": vehicle.vehicle_id, "runs_week": int(own["vehicles"].sum()),
        "km_week": float(own.select((pl.col("vehicles") * pl.col("distance_km")).sum()).item()),
        "empty_runs_week": sum(one[3] for one in moved), "empty_km_week": sum(one[3] * one[4] for one in moved),
        "empty_yuan_week": sum(one[6] for one in moved), "fleet": busiest, "crew_h_week": crew_h + empty_h,
        "duties_week": int(drivers), "drivers": int(np.ceil(max((crew_h + empty_h) / WEEK_H, drivers / 5.0))),
    }  # fmt: skip


def _under_way(own: pl.DataFrame) -> int:
    """The most vehicles under way with pieces at one moment of the week, which repeats."""
    start = (own["weekday"].to_numpy() - 1) * 1440.0 + own["at_min"].to_numpy()
    end, count = start + own["minutes"].to_numpy(), own["vehicles"].to_numpy()
    # Runs that go on into the next week are under way at its beginning too.
    laps = int(np.ceil(end.max() / 10080.0))
    starts = np.concatenate([start - 10080.0 * lap for lap in range(laps)])
    ends, counts = np.concatenate([end - 10080.0 * lap for lap in range(laps)]), np.tile(count, laps)
    moments = np.unique(np.clip(starts, 0.0, 10080.0))
    order, last = np.argsort(starts), np.argsort(ends)
    gone_in = np.concatenate([[0], np.cumsum(counts[order])])[np.searchsorted(starts[order], moments, "right")]
    come_out = np.concatenate([[0], np.cumsum(counts[last])])[np.searchsorted(ends[last], moments, "right")]
    return int((gone_in - come_out).max())
