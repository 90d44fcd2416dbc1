"""Rides of the timetables: which train or flight goes from where to where, when it leaves and how long it takes (P12).

Two rail timetables are kept apart, because a journey cannot change from one year's trains to another's: the calls of
2016 know every stop of the fast trains, the boards of 2021 know every train at eleven stations. On the boards a train
that passes two stations goes the way round that takes less than twelve hours. Routes of the air have no clock times:
their minutes come from the great circle and a cruising speed, and count as assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.travel.engine import EARTH_KM

if TYPE_CHECKING:
    from postroad.network import Network

DAY_MIN = 1440
RIDE = {
    "from_stop": pl.String, "to_stop": pl.String, "depart_min": pl.Float64, "ride_min": pl.Float64,
    "service": pl.String, "timetable_year": pl.Int64,
}  # fmt: skip


def rail(network: Network) -> pl.DataFrame:
    """Return rides by daily trains, one row for each pair of calls of a train in order."""
    return pl.concat([_from_calls(network["train_calls"]), _from_boards(network["train_passages"])])


def _clock(column: str) -> pl.Expr:
    part = pl.col(column).str.splitn(":", 2)
    hours, minutes = (part.struct.field(f"field_{k}").cast(pl.Float64, strict=False) for k in (0, 1))
    return hours * 60 + minutes


def _from_calls(calls: pl.DataFrame) -> pl.DataFrame:
    daily = calls.filter(run_days="ALL").sort("timetable_year", "train_no", "stop_sequence")
    train = ["timetable_year", "train_no"]
    times = daily.with_columns(leave=_clock("depart"), reach=_clock("arrive"))
    clock = pl.coalesce("reach", "leave")
    # A clock that runs backwards along a train has passed midnight.
    past = (clock < clock.shift(1)).fill_null(value=False).cast(pl.Int64).cum_sum().over(train)
    late = (pl.col("leave") < pl.col("reach")).fill_null(value=False).cast(pl.Int64)
    times = times.with_columns(
        reach=pl.col("reach") + past * DAY_MIN, leave=pl.col("leave") + (past + late) * DAY_MIN
    ).select(*train, "stop_sequence", "station_name", "leave", "reach")
    pairs = times.drop_nulls("leave").join(times.drop_nulls("reach"), on=train, suffix="_b")
    pairs = pairs.filter(pl.col("stop_sequence") < pl.col("stop_sequence_b"))
    return pairs.select(
        from_stop="station_name",
        to_stop="station_name_b",
        depart_min=pl.col("leave") % DAY_MIN,
        ride_min=pl.col("reach_b") - pl.col("leave"),
        service="train_no",
        timetable_year="timetable_year",
    ).cast(RIDE)  # type: ignore[arg-type]


def _from_boards(boards: pl.DataFrame) -> pl.DataFrame:
    train = ["timetable_year", "train_no"]
    seen = boards.with_columns(leave=_clock("depart"), reach=_clock("arrive"))
    leaving = seen.filter(pl.col("call_type") != "terminus").drop_nulls("leave")
    reaching = seen.filter(pl.col("call_type") != "origin").drop_nulls("reach")
    pairs = leaving.join(reaching, on=train, suffix="_b").filter(pl.col("station_name") != pl.col("station_name_b"))
    ride = (pl.col("reach_b") - pl.col("leave")) % DAY_MIN
    sure = (pl.col("call_type") == "origin") | (pl.col("call_type_b") == "terminus")
    return (
        pairs.with_columns(ride=ride)
        .filter(sure | (pl.col("ride") < DAY_MIN / 2))
        .select(
            from_stop="station_name",
            to_stop="station_name_b",
            depart_min="leave",
            ride_min="ride",
            service="train_no",
            timetable_year="timetable_year",
        )
        .cast(RIDE)  # type: ignore[arg-type]
    )


def air(network: Network, fixed_min: float, cruise_km_per_h: float) -> pl.DataFrame:
    """Return rides by direct routes that are no codeshares; they have no clock time."""
    ports = network["airports"].select("airport_id", "lon", "lat").drop_nulls()
    routes = network["flights"].filter(~pl.col("codeshare").fill_null(value=False))
    ends = routes.join(ports, left_on="from_airport", right_on="airport_id").join(
        ports, left_on="to_airport", right_on="airport_id", suffix="_b"
    )
    a, b = (pl.col(name).radians() for name in ("lat", "lat_b"))
    sines = ((b - a) / 2).sin() ** 2 + a.cos() * b.cos() * ((pl.col("lon_b") - pl.col("lon")).radians() / 2).sin() ** 2
    km = pl.coalesce("distance_km", 2 * EARTH_KM * sines.sqrt().arcsin())
    return ends.select(
        from_stop="from_airport",
        to_stop="to_airport",
        depart_min=pl.lit(None, pl.Float64),
        ride_min=fixed_min * (pl.col("stops").fill_null(0) + 1) + km / cruise_km_per_h * 60,
        service="airline",
        timetable_year="timetable_year",
    ).cast(RIDE)  # type: ignore[arg-type]
