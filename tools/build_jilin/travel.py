"""What travel has to assume: detours, waiting and handling, each with a range."""

from __future__ import annotations

import polars as pl

ASSUMED = [
    # parameter, value, low, high, unit, note
    ("last_leg_detour_factor", 1.3, 1.1, 1.7, "ratio", "from a place to its nearest mapped road; the county-to-county "
     "detour of the mapped roads has the median 1.29"),
    ("built_up_density", 10000.0, 8700.0, 15400.0, "person/km2", "range: GB 50137-2011, 65-115 m2 of urban land a "
     "person; sets how far city traffic reaches"),
    ("rail_detour_factor", 1.12, 1.05, 1.3, "ratio", "line over great circle; the timetables hold no kilometres"),
    ("rail_loading_time", 40.0, 20.0, 90.0, "min", "before a train leaves"),
    ("rail_unloading_time", 30.0, 15.0, 60.0, "min", "after a train arrives"),
    ("rail_transfer_time", 40.0, 20.0, 90.0, "min", "least time between two trains at one station"),
    ("air_loading_time", 150.0, 90.0, 240.0, "min", "before a flight leaves, screening included"),
    ("air_unloading_time", 60.0, 30.0, 120.0, "min", "after a flight lands"),
    ("air_transfer_time", 180.0, 120.0, 360.0, "min", "between two flights at one airport"),
    ("air_fixed_time", 35.0, 25.0, 45.0, "min", "taxi, climb and approach; the route table holds no times"),
    ("air_cruise_speed", 780.0, 700.0, 850.0, "km/h", "the route table holds no times"),
    ("far_access_time", 60.0, 30.0, 120.0, "min", "between a city outside the province and its station or airport"),
]  # fmt: skip


def parameters() -> pl.DataFrame:
    """Return the parameters that travel assumes."""
    columns = ["parameter", "value", "low", "high", "unit", "note"]
    return pl.DataFrame(ASSUMED, schema=columns, orient="row").with_columns(
        confidence=pl.lit("low"), origin=pl.lit("assumed"), source=pl.lit("rule-travel")
    )
