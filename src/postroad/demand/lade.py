"""Read the delivery tables of LaDe, a public last-mile set: hours of the day and density of couriers (P75).

Columns as published (Wu et al. 2023, arXiv:2306.10675). Times stand as month, day and clock without a year, so weekdays
cannot be known; a delivery earlier in the year than its acceptance fell into the next year.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.demand.scan import MEMORY_MB, Scan, chosen, opened
from postroad.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.network import Network
    from postroad.parallel import Progress

COLUMNS = (
    "order_id", "region_id", "city", "courier_id", "lng", "lat", "aoi_id", "aoi_type", "accept_time",
    "accept_gps_time", "accept_gps_lng", "accept_gps_lat", "delivery_time", "delivery_gps_time", "delivery_gps_lng",
    "delivery_gps_lat", "ds",
)  # fmt: skip
NEEDED = ("order_id", "region_id", "city", "courier_id", "lng", "lat", "accept_time", "delivery_time", "ds")
JILIN_SHA256 = "12e2cf4664dd5b4475d39dddee8872f5a03b3082f08f0eece7f103baee6c6e73"
"""The published ``delivery_jl.csv``, 31,415 rows."""
LEAP_YEAR = 2020
"""Stands in for the year that the times lack, so that 29 February can be read."""
LONGEST_DAYS = 60
"""A delivery that would be later than this is one before its acceptance, not one of the next year; assumed."""
KM_PER_DEGREE = 111.195
SOURCE = "lade-delivery"


@dataclass(frozen=True)
class LastMile:
    """What a LaDe file says.

    ``reasons`` counts rows set aside. ``hours`` has hour, accepted, delivered; ``couriers`` has city, region_id,
    days, couriers (mean at work on a day), pieces_per_courier_day, served_km2 (1 km squares with a delivery) and
    couriers_per_km2; ``minutes`` from acceptance to delivery at the 10, 50 and 90 per cent quantiles. ``published``
    says whether it is the Jilin file as published.
    """

    rows: int
    taken: int
    reasons: dict[str, int]
    unreadable: int
    hours: pl.DataFrame
    couriers: pl.DataFrame
    minutes: tuple[float, float, float]
    published: bool

    def applied(self, network: Network) -> Network:
        """Return the network with the hours of acceptance in its profiles, marked derived, and the source named."""
        mine = self.profile()
        others = network["profiles"].filter(pl.col("profile") != "hour")
        profiles = pl.concat([others, mine.select(others.columns).cast(others.schema)])
        row = {"source_id": SOURCE, "title": "LaDe", "origin": "observed", "source": SOURCE}
        sources = network["sources"].filter(pl.col("source_id") != SOURCE)
        sources = pl.concat([sources, pl.DataFrame([row])], how="diagonal_relaxed").select(sources.columns)
        return network.with_(profiles=profiles, sources=sources)

    def profile(self) -> pl.DataFrame:
        """Return the hours of acceptance as rows of the ``profiles`` table, with a mean weight of 1."""
        weight = self.hours["accepted"].to_numpy().astype(float)
        frame = {"profile": ["hour"] * 24, "step": np.arange(24), "weight": weight / weight.mean()}
        return pl.DataFrame(frame).with_columns(origin=pl.lit("derived"), source=pl.lit(SOURCE))


def read(
    path: Path,
    *,
    memory_mb: int = MEMORY_MB,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> LastMile:
    """Return what a LaDe delivery file says; ``DataError`` names missing columns, or says that no row can be used."""
    path = Path(path)
    with opened(path, memory_mb, progress, stop) as scan:
        _prepare(scan)
        judged = scan.run("SELECT reason, count(*) AS n FROM delivery GROUP BY reason ORDER BY reason NULLS FIRST")
        counts = dict(judged.iter_rows())
        taken = counts.pop(None, 0)
        lost = scan.unreadable().height
        if not taken:
            told = ", ".join(f"{reason} {n}" for reason, n in counts.items()) or "0"
            raise DataError.of("demand.no_waybills", path=str(path), count=sum(counts.values()) + lost, reasons=told)
        middle = scan.run(
            "SELECT quantile_cont(minutes, [0.1, 0.5, 0.9]) AS q FROM delivery WHERE reason IS NULL"
        )["q"][0]  # fmt: skip
        rows = taken + sum(counts.values()) + lost
        low, half, high = (float(q) for q in middle)
        minutes = low, half, high
        return LastMile(
            rows, taken, counts, lost, _hours(scan), _couriers(scan), minutes, _digest(path) == JILIN_SHA256
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _prepare(scan: Scan) -> None:
    """Make the view ``delivery``: moments, minutes between, a square of the grid, and why a row is unusable."""
    column = chosen(scan, {name: (name,) for name in COLUMNS}, may_lack=tuple(set(COLUMNS) - set(NEEDED)))
    said = {name: f"trim({scan.at(own)}::VARCHAR)" for name, own in column.items()}
    moment = {
        name: f"try_strptime('{LEAP_YEAR}-' || {said[name]}, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M'])"
        for name in ("accept_time", "delivery_time")
    }
    scan.run(
        f"""CREATE TEMP VIEW told AS SELECT {said["city"]} AS city, {said["region_id"]} AS region_id,
        {said["courier_id"]} AS courier_id, {said["ds"]} AS ds, TRY_CAST({said["lng"]} AS DOUBLE) AS lng,
        TRY_CAST({said["lat"]} AS DOUBLE) AS lat, {moment["accept_time"]} AS accepted,
        {moment["delivery_time"]} AS early FROM raw"""  # noqa: S608 - names are quoted
    )
    scan.run(
        f"""CREATE TEMP VIEW delivery AS SELECT *, date_diff('second', accepted, delivered) / 60 AS minutes,
        floor(lat * {KM_PER_DEGREE})::BIGINT AS north,
        floor(lng * {KM_PER_DEGREE} * cos(radians(floor(lat * {KM_PER_DEGREE}) / {KM_PER_DEGREE})))::BIGINT AS east,
        CASE WHEN accepted IS NULL OR delivered IS NULL
        OR date_diff('day', accepted, delivered) > {LONGEST_DAYS} THEN 'bad_time'
        WHEN coalesce(courier_id, '') = '' OR coalesce(ds, '') = '' THEN 'no_courier'
        WHEN lng IS NULL OR lat IS NULL OR NOT (lng BETWEEN 70 AND 140 AND lat BETWEEN 15 AND 56) THEN 'bad_position'
        END AS reason FROM (SELECT *, CASE WHEN early < accepted THEN early + INTERVAL 1 YEAR ELSE early END
        AS delivered FROM told)"""  # noqa: S608 - constants only
    )


def _hours(scan: Scan) -> pl.DataFrame:
    counted = scan.run(
        "SELECT h::INTEGER AS hour, sum(a)::BIGINT AS accepted, sum(d)::BIGINT AS delivered FROM ("
        "SELECT hour(accepted) AS h, 1 AS a, 0 AS d FROM delivery WHERE reason IS NULL UNION ALL "
        "SELECT hour(delivered), 0, 1 FROM delivery WHERE reason IS NULL) GROUP BY h ORDER BY h"
    )
    every = pl.DataFrame({"hour": np.arange(24, dtype=np.int32)})
    return every.join(counted, on="hour", how="left").fill_null(0).sort("hour")


def _couriers(scan: Scan) -> pl.DataFrame:
    return scan.run(
        """WITH daily AS (SELECT city, region_id, ds, count(DISTINCT courier_id) AS couriers, count(*) AS pieces
        FROM delivery WHERE reason IS NULL GROUP BY ALL),
        served AS (SELECT city, region_id, count(DISTINCT (north, east)) AS km2 FROM delivery WHERE reason IS NULL
        GROUP BY ALL)
        SELECT city, region_id, count(*) AS days, sum(couriers)::DOUBLE / count(*) AS couriers,
        sum(pieces)::DOUBLE / sum(couriers) AS pieces_per_courier_day, any_value(km2)::DOUBLE AS served_km2,
        sum(couriers)::DOUBLE / count(*) / any_value(km2) AS couriers_per_km2
        FROM daily JOIN served USING (city, region_id) GROUP BY city, region_id ORDER BY city, region_id"""
    )
