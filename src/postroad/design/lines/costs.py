"""What a timetable costs, leg by leg: runs, full and empty kilometres, load factors, yuan and CO2e a piece, crews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.lines.vehicles import Vehicle, fleet

if TYPE_CHECKING:
    from postroad.design.lines.timetable import Timetable

LEGS = ("collect", "between", "gateway", "deliver", "sorting")


def leg_of(table: Timetable, a: str, b: str) -> str:
    """Return the leg a line belongs to: into a hub, between hubs, to or from outside, out of a hub."""
    tier = table.work.layout.tier
    if table.work.kinds.get(a) == "city" or table.work.kinds.get(b) == "city":
        return "gateway"
    if a in tier and b in tier:
        return "between"
    return "deliver" if a in tier else "collect"


def lines(table: Timetable) -> pl.DataFrame:
    """Return one row for each line and day of the ordinary timetable: runs, vehicles, pieces, km, empty km, yuan."""
    loads: dict[tuple[str, str], float] = {}
    for arc, (a, b) in enumerate(table.clock.arcs):
        span = slice(int(table.clock.first[arc]), int(table.clock.first[arc + 1]))
        loads[a, b] = float(table.poured["ordinary"].load[span].sum())
    runs = table.network["line_hauls"].filter(pl.col("season") == "any")
    types = {vehicle.vehicle_id: vehicle for vehicle in fleet(table.network)}
    held = runs.group_by("from_place_id", "to_place_id", "mode").agg(
        pl.len().alias("runs"), pl.col("vehicles").sum(), pl.col("capacity_pieces").sum(), pl.col("cost_yuan").sum(),
        pl.col("distance_km").first(), pl.col("duration_min").first(),
        pl.struct("vehicle_id", "vehicles").alias("fleet"),
    ).sort("from_place_id", "to_place_id")  # fmt: skip
    rows: list[dict[str, Any]] = [_line(table, types, loads, row) for row in held.iter_rows(named=True)]
    return _with_empties(pl.DataFrame(rows, infer_schema_length=None))


def _line(
    table: Timetable, types: dict[str, Vehicle], loads: dict[tuple[str, str], float], row: dict[str, Any]
) -> dict[str, Any]:
    a, b, km = row["from_place_id"], row["to_place_id"], row["distance_km"]
    pieces, terms = loads[a, b], table.work.terms
    fuel = sum((types[one["vehicle_id"]].per_100km * one["vehicles"] for one in row["fleet"] if one["vehicle_id"]), 0.0)
    co2e = fuel * km / 100 * terms.diesel_kgco2e_l
    if row["mode"] == "air":
        co2e = pieces * terms.piece_kg / 1000 * km * terms.air_kgco2e_tkm
    vehicles = row["vehicles"] or 0
    return {
        "leg": leg_of(table, a, b), "from_place_id": a, "to_place_id": b, "mode": row["mode"], "runs": row["runs"],
        "vehicles": vehicles, "pieces": pieces, "capacity_pieces": row["capacity_pieces"], "distance_km": km,
        "vehicle_km": vehicles * km, "crew_h": vehicles * row["duration_min"] / 60, "cost_yuan": row["cost_yuan"],
        "co2e_kg": co2e, "yuan_km": row["cost_yuan"] / max(1e-9, vehicles * km),
        "co2e_km": co2e / max(1e-9, vehicles * km),
    }  # fmt: skip


def _with_empties(held: pl.DataFrame) -> pl.DataFrame:
    """Vehicles that must come back empty are charged to the fuller direction, with their crews and fuel."""
    back = held.select(from_place_id="to_place_id", to_place_id="from_place_id", returning="vehicles")
    joined = held.join(back, on=["from_place_id", "to_place_id"], how="left").with_columns(
        empty=(pl.col("vehicles") - pl.col("returning").fill_null(0)).clip(lower_bound=0)
    )
    empty_km = pl.col("empty") * pl.col("distance_km")
    return joined.with_columns(
        empty_km=empty_km, empty_yuan=empty_km * pl.col("yuan_km"), empty_co2e_kg=empty_km * pl.col("co2e_km")
    ).drop("returning", "yuan_km", "co2e_km")


def legs(table: Timetable, held: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return one row for each leg: yuan, kg CO2e, load factor, empty share, and both for a piece of the whole day."""
    held = lines(table) if held is None else held
    pieces = float(table.work.pieces("ordinary").sum())
    by = held.group_by("leg").agg(
        pl.col("runs", "vehicles", "pieces", "capacity_pieces", "vehicle_km", "empty_km", "crew_h").sum(),
        cost_yuan=(pl.col("cost_yuan") + pl.col("empty_yuan")).sum(),
        co2e_kg=(pl.col("co2e_kg") + pl.col("empty_co2e_kg")).sum(),
    )
    made = by.with_columns(load_factor=pl.col("pieces") / pl.col("capacity_pieces"))
    handled = float(table.poured["ordinary"].sorted_pieces.sum())
    terms = table.work.terms
    sorting = pl.DataFrame([{"leg": "sorting", "pieces": handled, "cost_yuan": handled * terms.sort_cost_yuan,
                             "co2e_kg": handled * terms.energy_kwh_piece * terms.grid_kgco2e_kwh}])  # fmt: skip
    order = pl.col("leg").replace_strict({leg: n for n, leg in enumerate(LEGS)}, return_dtype=pl.Int64)
    return (
        pl.concat([made, sorting], how="diagonal")
        .sort(order)
        .with_columns(yuan_piece=pl.col("cost_yuan") / pieces, co2e_g_piece=1000 * pl.col("co2e_kg") / pieces)
    )
