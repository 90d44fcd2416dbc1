"""The rules of GTFS (gtfs.org, Schedule reference): every fault of a feed at once, with table, row and remedy."""

from __future__ import annotations

import zoneinfo
from typing import Any

import polars as pl

from postroad.errors import DataError, Fault
from postroad.timetable.feed import Feed, minutes

REQUIRED = {
    "agency": ("agency_name", "agency_url", "agency_timezone"),
    "stops": ("stop_id",),
    "routes": ("route_id", "route_type"),
    "trips": ("route_id", "service_id", "trip_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"),
}
OPTIONAL = {
    "calendar": ("service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                 "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs"),
    "transfers": ("from_stop_id", "to_stop_id", "transfer_type"),
    "shapes": ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"),
    "feed_info": ("feed_publisher_name", "feed_publisher_url", "feed_lang"),
}  # fmt: skip
KEYS = {
    "stops": ("stop_id",), "routes": ("route_id",), "trips": ("trip_id",), "stop_times": ("trip_id", "stop_sequence"),
    "calendar": ("service_id",), "calendar_dates": ("service_id", "date"), "frequencies": ("trip_id", "start_time"),
    "shapes": ("shape_id", "shape_pt_sequence"),
}  # fmt: skip
REFERENCES = [
    ("trips", "route_id", "routes", "route_id"), ("stop_times", "trip_id", "trips", "trip_id"),
    ("stop_times", "stop_id", "stops", "stop_id"), ("stops", "parent_station", "stops", "stop_id"),
    ("frequencies", "trip_id", "trips", "trip_id"), ("transfers", "from_stop_id", "stops", "stop_id"),
    ("transfers", "to_stop_id", "stops", "stop_id"), ("trips", "shape_id", "shapes", "shape_id"),
    ("routes", "agency_id", "agency", "agency_id"),
]  # fmt: skip
DAYS = OPTIONAL["calendar"][1:8]
ROUTE_TYPES = {*map(str, (0, 1, 2, 3, 4, 5, 6, 7, 11, 12)), *map(str, range(100, 1800))}
_DATE = r"^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$"


def check(feed: Feed) -> list[Fault]:
    """Return every fault of a feed; an empty list means it keeps the rules that are checked."""
    faults = _shape(feed)
    if faults:
        return faults  # the other rules need these files and columns
    return [*_keys(feed), *_links(feed), *_values(feed), *_calendars(feed), *_times(feed), *_frequencies(feed)]


def sound(feed: Feed) -> Feed:
    """Return the feed itself; ``DataError`` lists every fault when it has any."""
    if faults := check(feed):
        raise DataError(faults)
    return feed


def _shape(feed: Feed) -> list[Fault]:
    faults = [Fault.of("timetable.no_table", table=name) for name in REQUIRED if name not in feed.tables]
    if not {"calendar", "calendar_dates"} & set(feed.tables):
        faults.append(Fault.of("timetable.no_calendar", table="calendar"))
    for name, columns in {**REQUIRED, **OPTIONAL}.items():
        if name in feed.tables:
            lost = [column for column in columns if column not in feed[name].columns]
            faults += [Fault.of("timetable.no_column", table=name, column=column) for column in lost]
    for name in REQUIRED:
        if name in feed.tables and not feed[name].height:
            faults.append(Fault.of("timetable.no_rows", table=name))
    return faults


def _report(message: str, table: str, column: str, frame: pl.DataFrame, bad: pl.Expr, **facts: Any) -> list[Fault]:
    """One fault for each row (numbered from 1) where an expression holds."""
    found = frame.with_row_index("row", offset=1).filter(bad).select("row", column)
    return [
        Fault.of(message, table=table, column=column, row=row, value=value, **facts) for row, value in found.iter_rows()
    ]


def _keys(feed: Feed) -> list[Fault]:
    faults = []
    for name, key in KEYS.items():
        if name in feed.tables:
            frame = feed[name]
            twice = ~pl.struct(key).is_first_distinct()
            faults += _report("timetable.twice", name, key[0], frame, twice, unique="+".join(key))
            faults += _report("timetable.empty", name, key[0], frame, pl.col(key[0]) == "")
    return faults


def _links(feed: Feed) -> list[Fault]:
    faults = []
    for table, column, other, target in REFERENCES:
        if column in feed[table].columns:
            known = feed[other][target] if target in feed[other].columns else pl.Series([], dtype=pl.String)
            bad = (pl.col(column) != "") & ~pl.col(column).is_in(known.implode())
            faults += _report("timetable.dangling", table, column, feed[table], bad, target=f"{other}.{target}")
    services = [feed[name]["service_id"] for name in ("calendar", "calendar_dates") if name in feed.tables]
    bad = ~pl.col("service_id").is_in(pl.concat(services).implode())
    return [*faults, *_report("timetable.dangling", "trips", "service_id", feed["trips"], bad, target="calendar")]


def _values(feed: Feed) -> list[Fault]:
    stops, faults = feed["stops"], []
    place = pl.col("location_type").is_in(["", "0", "1", "2"]) if "location_type" in stops.columns else pl.lit(True)
    for column, bound in (("stop_lat", 90), ("stop_lon", 180)):
        if column not in stops.columns:
            faults.append(Fault.of("timetable.no_column", table="stops", column=column))
            continue
        number = pl.col(column).str.strip_chars().cast(pl.Float64, strict=False)
        bad = place & (number.is_null() | ~number.is_finite() | (number.abs() > bound))
        faults += _report("timetable.bad_coordinate", "stops", column, stops, bad, bound=bound)
    types = ~pl.col("route_type").is_in(list(ROUTE_TYPES))
    faults += _report("timetable.bad_route_type", "routes", "route_type", feed["routes"], types)
    zones = ~pl.col("agency_timezone").is_in(list(zoneinfo.available_timezones()))
    faults += _report("timetable.bad_timezone", "agency", "agency_timezone", feed["agency"], zones)
    for column in ("route_color", "route_text_color"):
        if column in feed["routes"].columns:
            bad = ~pl.col(column).str.contains(r"^([0-9A-Fa-f]{6})?$")
            faults += _report("timetable.bad_colour", "routes", column, feed["routes"], bad)
    return faults


def _calendars(feed: Feed) -> list[Fault]:
    faults = []
    added = pl.Series([], dtype=pl.String)
    if "calendar_dates" in feed.tables:
        dates = feed["calendar_dates"]
        faults += _report("timetable.bad_date", "calendar_dates", "date", dates, ~pl.col("date").str.contains(_DATE))
        kinds = ~pl.col("exception_type").is_in(["1", "2"])
        faults += _report("timetable.bad_exception", "calendar_dates", "exception_type", dates, kinds)
        added = dates.filter(pl.col("exception_type") == "1")["service_id"]
    if "calendar" in feed.tables:
        calendar = feed["calendar"]
        for day in DAYS:
            faults += _report("timetable.bad_flag", "calendar", day, calendar, ~pl.col(day).is_in(["0", "1"]))
        for column in ("start_date", "end_date"):
            faults += _report("timetable.bad_date", "calendar", column, calendar, ~pl.col(column).str.contains(_DATE))
        backwards = pl.col("start_date") > pl.col("end_date")
        faults += _report("timetable.ends_before_start", "calendar", "end_date", calendar, backwards)
        idle = pl.all_horizontal(pl.col(day) != "1" for day in DAYS) & ~pl.col("service_id").is_in(added.implode())
        faults += _report("timetable.never_runs", "calendar", "service_id", calendar, idle)
    return faults


def _times(feed: Feed) -> list[Fault]:
    """Times that are times, at both ends of a trip, and never running backwards along the sequence."""
    table = feed["stop_times"]
    faults = []
    for column in ("arrival_time", "departure_time"):
        bad = (pl.col(column).str.strip_chars() != "") & minutes(column).is_null()
        faults += _report("timetable.bad_time", "stop_times", column, table, bad)
    number = pl.col("stop_sequence").str.strip_chars().cast(pl.Int64, strict=False)
    bad = number.is_null() | (number < 0)
    faults += _report("timetable.bad_sequence", "stop_times", "stop_sequence", table, bad)
    if faults:
        return faults
    run = (
        table.with_row_index("row", offset=1)
        .with_columns(sequence=number, arrive=minutes("arrival_time"), leave=minutes("departure_time"))
        .sort("trip_id", "sequence", maintain_order=True)
    )
    first, last = pl.col("trip_id").is_first_distinct(), pl.col("trip_id").is_last_distinct()
    lone = run.filter((first & pl.col("leave").is_null()) | (last & pl.col("arrive").is_null()))
    faults += [
        Fault.of("timetable.no_end_time", table="stop_times", column="arrival_time", row=row, value=trip, stop=stop)
        for row, trip, stop in lone.select("row", "trip_id", "stop_id").iter_rows()
    ]
    before = pl.coalesce("leave", "arrive").forward_fill().shift(1).over("trip_id")
    wrong = run.with_columns(before=before).filter(
        (pl.col("leave") < pl.col("arrive")) | (pl.coalesce("arrive", "leave") < pl.col("before"))
    )
    columns = ("row", "trip_id", "stop_id", "stop_sequence")
    faults += [
        Fault.of("timetable.out_of_order", table="stop_times", column="arrival_time", row=row, value=trip, stop=stop,
                 sequence=sequence)
        for row, trip, stop, sequence in wrong.select(columns).iter_rows()
    ]  # fmt: skip
    short = run.group_by("trip_id").len().filter(pl.col("len") < 2)["trip_id"]
    return [*faults, *(Fault.of("timetable.one_stop", table="stop_times", column="trip_id", value=t) for t in short)]


def _frequencies(feed: Feed) -> list[Fault]:
    if "frequencies" not in feed.tables:
        return []
    table = feed["frequencies"]
    headway = pl.col("headway_secs").str.strip_chars().cast(pl.Int64, strict=False)
    faults = _report("timetable.bad_headway", "frequencies", "headway_secs", table, headway.is_null() | (headway <= 0))
    wrong = (
        minutes("start_time").is_null() | minutes("end_time").is_null() | (minutes("end_time") <= minutes("start_time"))
    )
    return [*faults, *_report("timetable.bad_span", "frequencies", "end_time", table, wrong)]
