"""The trains of a network's tables as a GTFS feed: itineraries of 2016, and runs past the stations of 2021 (P85).

Stations outside the province count only where they belong to a known place outside; other calls are trimmed and
counted. Trains that ran on some dates only are left out and counted, since the dates are not told. A train of the
station boards becomes a trip over the boards it stands on, in order of the clock, the night being its largest gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.timetable.feed import Feed, clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from postroad.network import Network

ZONE = "Asia/Shanghai"
DAY = 1440
EVERY_DAY = "daily"


@dataclass(frozen=True)
class Trains:
    """The feed, and what is not in it: calls trimmed, trains with fewer than two known stops or with days not told."""

    feed: Feed
    trimmed_calls: int
    dropped_trains: int
    unknown_days: int


def trains(network: Network) -> Trains:
    """Return the trains of a network as a feed with what had to be left out."""
    stops = _stops(network)
    trips: list[tuple[str, str, list[tuple[str, float, float]]]] = []
    trimmed = dropped = unknown = 0
    for trip_id, days, calls in [*_itineraries(network), *_boards(network)]:
        if days != EVERY_DAY:
            unknown += 1
            continue
        known = [call for call in calls if call[0] in stops]
        trimmed += len(calls) - len(known)
        if len(known) < 2:
            dropped += 1
            continue
        trips.append((trip_id, days, known))
    return Trains(_feed(stops, trips), trimmed, dropped, unknown)


def _stops(network: Network) -> dict[str, tuple[str, float, float]]:
    """Known stops by station name: id, longitude, latitude. Outside, a city's stations stand at the city."""
    known: dict[str, tuple[str, float, float]] = {}
    for row in network["rail_stations"].filter(pl.col("lon").is_not_null()).iter_rows(named=True):
        known[row["name_zh"]] = (row["station_id"], row["lon"], row["lat"])
    outside = network["places"].filter(level="external", kind="city", country="CN")
    names = {*network["train_calls"]["station_name"], *network["train_passages"]["origin_station"].drop_nulls(),
             *network["train_passages"]["terminus_station"].drop_nulls()}  # fmt: skip
    for city, place, lon, lat in outside["name_zh", "place_id", "lon", "lat"].iter_rows():
        for name in names:
            if name not in known and name.removesuffix("站").rstrip("东西南北") == city:
                known[name] = (place, lon, lat)
    return known


def _clock_min(text: str | None) -> float | None:
    if not text or ":" not in text:
        return None
    hour, minute = text.split(":")[:2]
    return int(hour) * 60.0 + int(minute)


def _itineraries(network: Network) -> Iterable[tuple[str, str, list[tuple[str, float, float]]]]:
    calls = network["train_calls"].sort("train_no", "run_days", "stop_sequence")
    for (train, days), group in calls.group_by("train_no", "run_days", maintain_order=True):
        rows = group.select("station_name", "arrive", "depart").iter_rows()
        runs = EVERY_DAY if days == "ALL" else str(days)
        yield f"{train}/2016", runs, _unrolled((n, _clock_min(a), _clock_min(d)) for n, a, d in rows)


def _unrolled(calls: Iterable[tuple[str, float | None, float | None]]) -> list[tuple[str, float, float]]:
    """Times that never run backwards: past midnight a day is added."""
    found: list[tuple[str, float, float]] = []
    now = 0.0
    for name, arrive, depart in calls:
        a = arrive if arrive is not None else depart
        if a is None:
            continue
        while found and a < now:
            a += DAY
        d = depart if depart is not None else a
        while d < a:
            d += DAY
        found.append((name, a, d))
        now = d
    return found


def _boards(network: Network) -> Iterable[tuple[str, str, list[tuple[str, float, float]]]]:
    boards = network["train_passages"]
    keys = ("train_no", "origin_station", "terminus_station")
    for key, group in boards.group_by(keys, maintain_order=True):
        seen = []
        for name, arrive, depart in group.select("station_name", "arrive", "depart").iter_rows():
            a, d = _clock_min(arrive), _clock_min(depart)
            if a is not None or d is not None:
                seen.append((name, a, d))
        if len(seen) < 2:
            continue
        seen.sort(key=lambda call: call[1] if call[1] is not None else call[2])  # type: ignore[arg-type, return-value]
        yield "/".join(map(str, key)) + "/2021", EVERY_DAY, _unrolled(_from_morning(seen))


def _from_morning(seen: list[tuple[str, float | None, float | None]]) -> list[tuple[str, float | None, float | None]]:
    """Begin after the largest gap of the clock, which is taken for the time the train is elsewhere."""
    times = [a if a is not None else float(d or 0.0) for _, a, d in seen]
    gaps = [(times[k] - times[k - 1]) % DAY for k in range(len(times))]
    start = max(range(len(gaps)), key=gaps.__getitem__)
    return [*seen[start:], *seen[:start]]


def _feed(stops: dict[str, tuple[str, float, float]], trips: list[tuple[str, str, list[Any]]]) -> Feed:
    used = {name for _, _, calls in trips for name, _, _ in calls}
    services = sorted({days for _, days, _ in trips})
    rows = [
        (trip, clock(a), clock(d), stops[name][0], str(k))
        for trip, _, calls in trips
        for k, (name, a, d) in enumerate(calls, 1)
    ]
    places = {stops[name][0]: (stops[name][0], name, str(stops[name][2]), str(stops[name][1])) for name in sorted(used)}
    return Feed(
        {
            "agency": table(["agency_id", "agency_name", "agency_url", "agency_timezone"],
                            [("RAIL", "铁路", "https://www.12306.cn", ZONE)]),
            "stops": table(["stop_id", "stop_name", "stop_lat", "stop_lon"], sorted(places.values())),
            "routes": table(["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"],
                            [("rail", "RAIL", "铁路", "", "2")]),
            "trips": table(["route_id", "service_id", "trip_id"], [("rail", days, trip) for trip, days, _ in trips]),
            "stop_times": table(["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"], rows),
            "calendar": table(
                ["service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                 "start_date", "end_date"],
                [(days, *"1111111", "20160301", "20301231") for days in services]),
            "feed_info": table(["feed_publisher_name", "feed_publisher_url", "feed_lang"],
                               [("postroad", "https://www.12306.cn", "zh")]),
        }
    )  # fmt: skip


def table(columns: list[str], rows: Sequence[tuple[str, ...]]) -> pl.DataFrame:
    """Return a feed's table of these columns, all text."""
    return pl.DataFrame(list(rows), schema=dict.fromkeys(columns, pl.String), orient="row")
