"""What a timetable costs, leg by leg: runs, full and empty kilometres, load factors, yuan and CO2e a piece, crews."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.rates import Rates, runs

if TYPE_CHECKING:
    from postroad.design.lines.timetable import Timetable

LEGS = ("collect", "between", "gateway", "rail", "air", "deliver", "sorting")
SEATS = ("rail", "air")


def leg_of(table: Timetable, a: str, b: str, mode: str = "road") -> str:
    """Return the leg of a line: into a hub, between hubs, to or from outside, out of a hub; or seats by mode."""
    tier = table.work.layout.tier
    if mode in SEATS:
        return mode
    if table.work.kinds.get(a) == "city" or table.work.kinds.get(b) == "city":
        return "gateway"
    if a in tier and b in tier:
        return "between"
    return "deliver" if a in tier else "collect"


def lines(table: Timetable) -> pl.DataFrame:
    """Return one row for each line and mode of the ordinary day: runs, vehicles, pieces, km, empty km, yuan, CO2e."""
    by = ["from_place_id", "to_place_id", "mode"]
    rates = Rates.of(table.network)
    hauls = table.network["line_hauls"].filter(pl.col("season") == "any")
    season = "winter" if table.work.roads.season == "winter" else "any"
    road = runs(table.network, hauls.drop_nulls("vehicle_id"), season=season, rates=rates).select(
        "line_haul_id", emitted=pl.col("co2e_kg") * pl.col("vehicles")
    )
    per_tkm = pl.when(pl.col("mode") == "rail").then(rates.rail_kgco2e_tkm).otherwise(rates.air_kgco2e_tkm)
    held = hauls.join(road, on="line_haul_id", how="left").group_by(by).agg(
        pl.len().alias("runs"), pl.col("vehicles", "capacity_pieces", "cost_yuan", "emitted").sum(),
        pl.col("distance_km", "duration_min").first(),
    ).join(_carried(table), on=by, how="left").with_columns(pl.col("pieces").fill_null(0.0)).sort(by)  # fmt: skip
    leg = [leg_of(table, a, b, mode) for a, b, mode in held.select(by).iter_rows()]
    tkm = pl.col("pieces") * rates.piece_kg / 1000 * pl.col("distance_km")
    moved = held.select(
        pl.Series("leg", leg, pl.String), *by, "runs", pl.col("vehicles").fill_null(0), "pieces", "capacity_pieces",
        "distance_km", "cost_yuan", vehicle_km=pl.col("vehicles") * pl.col("distance_km"),
        crew_h=pl.col("vehicles") * pl.col("duration_min") / 60,
        co2e_kg=pl.when(pl.col("mode").is_in(SEATS)).then(tkm * per_tkm).otherwise(pl.col("emitted")),
    )  # fmt: skip
    return _with_empties(moved)


def _carried(table: Timetable) -> pl.DataFrame:
    """Pieces of the ordinary day by line and mode."""
    clock, load = table.clock, table.poured["ordinary"].load
    rows = []
    for run, (arc, pieces) in enumerate(zip(clock.arc_of.tolist(), load.tolist(), strict=True)):
        a, b = clock.arcs[arc]
        ride = table.work.rides.get((a, b, float(clock.depart[run]), float(clock.duration[run])))
        rows.append((a, b, ride.mode if ride else table.work.roads.mode(a, b), pieces))
    columns = {"from_place_id": pl.String, "to_place_id": pl.String, "mode": pl.String, "pieces": pl.Float64}
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return frame.group_by("from_place_id", "to_place_id", "mode").agg(pl.col("pieces").sum())


def _with_empties(held: pl.DataFrame) -> pl.DataFrame:
    """Vehicles that must come back empty are charged to the fuller direction, with their crews and fuel."""
    back = held.select("mode", from_place_id="to_place_id", to_place_id="from_place_id", returning="vehicles")
    joined = held.join(back, on=["from_place_id", "to_place_id", "mode"], how="left").with_columns(
        empty=(pl.col("vehicles").cast(pl.Int64) - pl.col("returning").fill_null(0)).clip(lower_bound=0),
        yuan_km=pl.col("cost_yuan") / pl.col("vehicle_km").clip(lower_bound=1e-9),
        co2e_km=pl.col("co2e_kg") / pl.col("vehicle_km").clip(lower_bound=1e-9),
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
    terms, rates = table.work.terms, Rates.of(table.network)
    sorting = pl.DataFrame([{"leg": "sorting", "pieces": handled, "cost_yuan": handled * terms.sort_cost_yuan,
                             "co2e_kg": handled * terms.energy_kwh_piece * rates.grid_kgco2e_kwh}])  # fmt: skip
    order = pl.col("leg").replace_strict({leg: n for n, leg in enumerate(LEGS)}, return_dtype=pl.Int64)
    return (
        pl.concat([made, sorting], how="diagonal")
        .sort(order)
        .with_columns(yuan_piece=pl.col("cost_yuan") / pieces, co2e_g_piece=1000 * pl.col("co2e_kg") / pieces)
    )
