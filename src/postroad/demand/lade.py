"""Read the public LaDe set of last-mile deliveries (one city's delivery file, brought by the user).

What it gives: pieces by hour of acceptance and of delivery, the time from one to the other, and pieces a courier and
day. Its times carry month, day and hour but no year.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from postroad.errors import DataError, UsageError

COLUMNS = (
    "order_id", "region_id", "city", "courier_id", "lng", "lat", "aoi_id", "aoi_type", "accept_time", "accept_gps_time",
    "accept_gps_lng", "accept_gps_lat", "delivery_time", "delivery_gps_time", "delivery_gps_lng", "delivery_gps_lat",
    "ds",
)  # fmt: skip
_YEAR = 2022
_FORM = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class LastMile:
    """Hour profiles (step, pieces), minutes from acceptance to delivery, pieces a courier and day, rows set aside."""

    accepted: pl.DataFrame
    delivered: pl.DataFrame
    minutes_median: float
    minutes_p90: float
    pieces_per_courier_day: float
    rows: int
    set_aside: int


def read_lade(path: str | Path) -> LastMile:
    """Return what a delivery file of the set says; ``DataError`` names columns that are missing.

    Rows whose times cannot be read, or that were delivered before they were accepted, are set aside and counted.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError.of("demand.no_waybills", path=str(path))
    raw = pl.read_csv(path, infer_schema_length=0)
    missing = [column for column in COLUMNS if column not in raw.columns]
    if missing:
        raise DataError.of(
            "demand.waybill_columns", table=path.name, value=", ".join(missing), known=", ".join(raw.columns)
        )
    timed = raw.with_columns(accepted=_time("accept_time"), delivered=_time("delivery_time"))
    good = timed.filter(pl.col("delivered") >= pl.col("accepted"))
    if not good.height:
        raise DataError.of("demand.no_waybill_taken", count=raw.height)
    wait = (good["delivered"] - good["accepted"]).dt.total_minutes()
    loads = good.group_by("courier_id", "ds").len()["len"]
    median, p90 = (float(wait.quantile(q) or 0.0) for q in (0.5, 0.9))
    aside = raw.height - good.height
    mean = float(loads.sum()) / loads.len()
    return LastMile(_hours(good, "accepted"), _hours(good, "delivered"), median, p90, mean, raw.height, aside)


def _time(column: str) -> pl.Expr:
    """Month, day and clock, put into one leap-free year so that they can be subtracted."""
    text = pl.lit(f"{_YEAR}-") + pl.col(column).str.strip_chars()
    return text.str.to_datetime(_FORM, strict=False)


def _hours(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    counted = frame.group_by(step=pl.col(column).dt.hour().cast(pl.Int64)).agg(pieces=pl.len())
    every = pl.DataFrame({"step": range(24)})
    return every.join(counted, on="step", how="left").with_columns(pl.col("pieces").fill_null(0)).sort("step")
