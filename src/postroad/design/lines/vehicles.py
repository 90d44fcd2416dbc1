"""Vehicles for departures: the cheapest number of one type that takes the load, and what a run costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.lines.terms import SOURCE
from postroad.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from postroad.design.lines.fluid import Clockwork, Poured
    from postroad.design.lines.rides import Ride
    from postroad.design.lines.work import Trunk
    from postroad.network import Network

AIR_YUAN = 4.0
"""Yuan a piece on a scheduled flight, as timetable.services assumes it."""
DUTY_H = 8.0
"""Hours at the wheel in a day: the standard working day (Labour Law, article 36)."""
SHORT_NOTICE = 1.5
"""How much dearer air without a seat in the timetable is where the timetable has flights; assumed."""


@dataclass(frozen=True)
class Vehicle:
    """A type of road vehicle: what it takes, what it costs, how far it goes, and its fuel for 100 km."""

    vehicle_id: str
    pieces: int
    yuan_km: float
    yuan_h: float
    range_km: float
    energy: str
    per_100km: float

    def cost(self, km: float, minutes: float) -> float:
        """Return the cost of one run in yuan: kilometres and the hours of as many drivers as it takes."""
        return km * self.yuan_km + minutes / 60 * self.yuan_h * drivers_for(minutes)


def drivers_for(minutes: float) -> int:
    """Return how many drivers a run takes so that none drives longer than ``DUTY_H``: a relay, or a second on board."""
    return max(1, math.ceil(minutes / 60 / DUTY_H - 1e-9))


def fleet(network: Network) -> tuple[Vehicle, ...]:
    """Return the vehicles of the network, largest first; ``DataError`` when there is none with a capacity."""
    columns = (
        "vehicle_id",
        "capacity_pieces",
        "cost_yuan_per_km",
        "cost_yuan_per_h",
        "range_km",
        "energy",
        "energy_per_100km",
    )
    rows = network["vehicles"].select(columns).drop_nulls(["capacity_pieces", "cost_yuan_per_km"])
    made = [
        Vehicle(name, int(size), km, hour or 0.0, reach or math.inf, energy or "diesel", use or 0.0)
        for name, size, km, hour, reach, energy, use in rows.iter_rows()
        if size
    ]
    if not made:
        raise DataError.of("lines.no_vehicle", table="vehicles", column="capacity_pieces")
    return tuple(sorted(made, key=lambda vehicle: (-vehicle.pieces, vehicle.vehicle_id)))


def cheapest(types: Sequence[Vehicle], pieces: float, km: float, minutes: float) -> tuple[Vehicle, int]:
    """Return the type and number that take the pieces at the least cost; at least one vehicle."""
    fit = [vehicle for vehicle in types if vehicle.range_km >= km] or list(types)
    needed = [(vehicle, max(1, math.ceil(pieces / vehicle.pieces - 1e-9))) for vehicle in fit]
    return min(needed, key=lambda pair: (pair[1] * pair[0].cost(km, minutes), pair[1], pair[0].vehicle_id))


def runs(work: Trunk, clock: Clockwork, poured: Mapping[str, Poured], types: Sequence[Vehicle]) -> pl.DataFrame:
    """Return the line-hauls: for each departure vehicles for the ordinary day, and more of them for the peak."""
    rows: list[dict[str, Any]] = []
    for arc, (a, b) in enumerate(clock.arcs):
        km, mode = work.roads.km(a, b), work.roads.mode(a, b)
        for n, run in enumerate(range(int(clock.first[arc]), int(clock.first[arc + 1]))):
            minutes = float(clock.duration[run])
            ordinary, peak = (float(poured[day].load[run]) * work.terms.spare for day in ("ordinary", "peak"))
            held = 0.0
            for season, pieces in (("any", ordinary), ("peak", peak)):
                if pieces <= held or (season == "any" and pieces <= 0):
                    continue
                row: dict[str, Any] = {
                    "line_haul_id": f"LH-{a}-{b}-{n + 1}" + ("" if season == "any" else "-P"),
                    "from_place_id": a,
                    "to_place_id": b,
                    "mode": mode,
                    "depart_min": round(float(clock.depart[run]), 1) % 1440.0,
                    "duration_min": round(minutes, 1),
                    "season": season,
                    "distance_km": round(km, 1),
                    "origin": "synthetic",
                    "source": SOURCE,
                }
                ride = work.rides.get((a, b, float(clock.depart[run]), minutes))
                if ride is not None:
                    rows.append(row | seats_of(ride, ordinary))
                    break
                row |= _capacity(types, pieces - held, km, minutes, air_yuan(work, a, b) if mode == "air" else None)
                held += row["capacity_pieces"]
                rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def seats_of(ride: Ride, pieces: float) -> dict[str, Any]:
    """Return what a line-hauls row says of a ride: its train or flight, room, days, and the price of the pieces."""
    paid = min(float(ride.capacity_pieces), math.ceil(pieces))
    return {"mode": ride.mode, "service_ref": ride.service_ref, "vehicle_id": None, "vehicles": None,
            "capacity_pieces": ride.capacity_pieces, "cost_yuan": round(paid * ride.yuan_piece, 2), "days": ride.days,
            "distance_km": round(ride.distance_km, 1), "season": "any"}  # fmt: skip


def air_yuan(work: Trunk, a: str, b: str) -> float:
    """Return yuan a piece by air without a seat of the timetable."""
    return AIR_YUAN * (SHORT_NOTICE if (a, b) in work.ridden else 1.0)


def _capacity(
    types: Sequence[Vehicle], pieces: float, km: float, minutes: float, by_air: float | None
) -> dict[str, Any]:
    if by_air is not None:
        taken = math.ceil(pieces)
        return {"vehicle_id": None, "vehicles": None, "capacity_pieces": taken, "cost_yuan": round(taken * by_air, 2)}
    vehicle, count = cheapest(types, pieces, km, minutes)
    cost = round(count * vehicle.cost(km, minutes), 2)
    size = count * vehicle.pieces
    return {"vehicle_id": vehicle.vehicle_id, "vehicles": count, "capacity_pieces": size, "cost_yuan": cost}
