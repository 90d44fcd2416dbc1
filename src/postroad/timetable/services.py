"""Services of a day: capacity that leaves one stop at a time and reaches the next, with its hold, cost and hand-over.

A trip becomes one service for each pair of neighbouring stops; frequencies are unrolled into trips. Holds and costs of
a mode are assumptions kept in one table here, so that whoever knows better replaces them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from postroad.timetable.feed import Feed, minutes
from postroad.timetable.rules import DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Hold:
    """What a mode can take on a trip, what a piece costs, and how long handing over takes."""

    capacity_pieces: int
    capacity_kg: float
    cost_yuan_per_piece: float
    handover_min: float
    origin: str
    source: str


HOLDS: Mapping[str, Hold] = {
    "rail": Hold(400, 500.0, 1.2, 40.0, "assumed", "rail-2021"),
    "bus": Hold(60, 80.0, 0.3, 5.0, "synthetic", "rule-buses"),
    "air": Hold(1500, 2000.0, 4.0, 90.0, "assumed", "rule-flights"),
}
MODES = {"2": "rail", "3": "bus", "1100": "air"}
"""Mode of a GTFS route type; others are taken for buses when below 1000."""


def running(feed: Feed, day: dt.date) -> pl.Series:
    """Return the ids of services that run on a day: the weekly calendar, then the exceptions."""
    text = day.strftime("%Y%m%d")
    on = pl.Series("service_id", [], dtype=pl.String)
    if "calendar" in feed.tables:
        week = feed["calendar"].filter(
            pl.col(DAYS[day.weekday()]) == "1", pl.col("start_date") <= text, pl.col("end_date") >= text
        )
        on = week["service_id"]
    if "calendar_dates" in feed.tables:
        dates = feed["calendar_dates"].filter(pl.col("date") == text)
        added = dates.filter(exception_type="1")["service_id"]
        removed = dates.filter(exception_type="2")["service_id"]
        on = pl.concat([on, added]).unique()
        on = on.filter(~on.is_in(removed.implode()))
    return on.sort()


def services(feed: Feed, day: dt.date, holds: Mapping[str, Hold] = HOLDS) -> pl.DataFrame:
    """Return the services of a day in order of departure.

    Columns: service_id, trip_id, mode, from_stop, to_stop, depart_min, arrive_min (after midnight; may pass 1440),
    capacity_pieces, capacity_kg, cost_yuan_per_piece, handover_min, origin, source.
    """
    on = running(feed, day)
    trips = feed["trips"].filter(pl.col("service_id").is_in(on.implode())).join(
        feed["routes"].select("route_id", "route_type"), on="route_id"
    )  # fmt: skip
    mode = pl.col("route_type").replace_strict(MODES, default="bus").alias("mode")
    timed = (
        feed["stop_times"]
        .join(trips.select("trip_id", mode), on="trip_id")
        .with_columns(
            order=pl.col("stop_sequence").str.strip_chars().cast(pl.Int64),
            arrive=minutes("arrival_time"),
            leave=minutes("departure_time"),
        )
        .filter(pl.col("arrive").is_not_null() | pl.col("leave").is_not_null())
        .sort("trip_id", "order", maintain_order=True)
    )
    legs = timed.with_columns(
        from_stop="stop_id",
        to_stop=pl.col("stop_id").shift(-1).over("trip_id"),
        depart_min=pl.coalesce("leave", "arrive"),
        arrive_min=pl.coalesce(pl.col("arrive"), pl.col("leave")).shift(-1).over("trip_id"),
    ).filter(pl.col("to_stop").is_not_null())
    legs = _unrolled(feed, legs)
    facts = pl.DataFrame([{"mode": name, **vars(hold)} for name, hold in holds.items()])
    numbered = legs.with_columns(service_id=pl.format("{}#{}", "trip_id", "order"))
    columns = ["service_id", "trip_id", "mode", "from_stop", "to_stop", "depart_min", "arrive_min"]
    return numbered.select(columns).join(facts, on="mode", how="left").sort("depart_min", "service_id")


def _unrolled(feed: Feed, legs: pl.DataFrame) -> pl.DataFrame:
    """Repeat the legs of trips that run by headway: one copy for each start in the span, the last start excluded."""
    if "frequencies" not in feed.tables or not feed["frequencies"].height:
        return legs
    spans = feed["frequencies"].with_columns(begin=minutes("start_time"), until=minutes("end_time"))
    copies = [
        (trip, begin + k * int(headway) / 60)
        for trip, begin, until, headway in spans.select("trip_id", "begin", "until", "headway_secs").iter_rows()
        for k in range(int(-(-(until - begin) * 60 // int(headway))))
    ]
    starts = pl.DataFrame(copies, schema={"trip_id": pl.String, "start": pl.Float64}, orient="row")
    first = legs.group_by("trip_id").agg(pl.col("depart_min").min().alias("first"))
    by_headway = legs.join(first, on="trip_id").join(starts, on="trip_id").with_columns(
        depart_min=pl.col("depart_min") - pl.col("first") + pl.col("start"),
        arrive_min=pl.col("arrive_min") - pl.col("first") + pl.col("start"),
        trip_id=pl.format("{}@{}", "trip_id", "start"),
    )  # fmt: skip
    fixed = legs.filter(~pl.col("trip_id").is_in(starts["trip_id"].unique().implode()))
    return pl.concat([fixed, by_headway.select(legs.columns)])
