"""Rural bus lines, synthetic: no timetable of them is published (P84). Every trip, stop and hold is an assumption.

Each township with people gets a line to its county's seat, calling at up to four villages that lie nearest the straight
way. Trips a day are the parameter's value, its high for the nearer half of townships and its low for the farthest
tenth. Speed is the county-road parameter over the straight distance times a detour.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad import randomness
from postroad.timetable.feed import Feed, clock
from postroad.timetable.trains import ZONE, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.network import Network

KM_PER_DEGREE = 111.195
DETOUR = 1.35
VILLAGES_ON_THE_WAY = 4
FIRST_MIN, LAST_MIN = 6 * 60, 17 * 60
DWELL_MIN = 1.0


def buses(network: Network, seed: int = 0) -> Feed:
    """Return a feed of synthetic bus lines, one for each township with a seat to go to; same seed, same feed."""
    speed = network.ranges(["speed_county_road"])["speed_county_road"][0]
    places = network["places"].drop_nulls(["lon", "lat"])
    seats = {row[0]: row[1:] for row in places.filter(level="county")["place_id", "name_zh", "lon", "lat"].iter_rows()}
    towns = places.filter(pl.col("level") == "township", ~pl.col("kind").is_in(["street", "special"])).sort("place_id")
    villages = {
        key[0]: group for key, group in places.filter(kind="village").group_by("parent_id", maintain_order=True)
    }
    trips_a_day = _trips(network, towns, seats)
    stops: dict[str, tuple[str, ...]] = {}
    routes, trips, times = [], [], []
    for town, name, county, lon, lat in towns["place_id", "name_zh", "county_id", "lon", "lat"].iter_rows():
        seat_name, seat_lon, seat_lat = seats[county]
        way = _on_the_way(villages.get(town), (seat_lon, seat_lat), (lon, lat))
        line = [(county, seat_name, seat_lon, seat_lat), *way, (town, name, lon, lat)]
        for stop, label, x, y in line:
            stops[stop] = (stop, label, f"{y:.5f}", f"{x:.5f}")
        routes.append((f"bus-{town}", "BUS", f"{seat_name}—{name}", "", "3"))
        minutes = _running([(x, y) for _, _, x, y in line], speed)
        starts = _starts(seed, town, trips_a_day[town], minutes[-1])
        for way_round, ordered in (("out", line), ("back", line[::-1])):
            for k, start in enumerate(starts):
                trip = f"bus-{town}-{way_round}-{k + 1}"
                trips.append((f"bus-{town}", "daily", trip))
                leave = start if way_round == "out" else start + minutes[-1] + 20
                run = minutes if way_round == "out" else minutes[-1] - minutes[::-1]
                times += [
                    (trip, clock(leave + at), clock(leave + at + (DWELL_MIN if 0 < n < len(line) - 1 else 0)), s[0],
                     str(n + 1))
                    for n, (s, at) in enumerate(zip(ordered, run, strict=True))
                ]  # fmt: skip
    return _feed(stops, routes, trips, times)


def _trips(network: Network, towns: pl.DataFrame, seats: dict[str, tuple[str, float, float]]) -> dict[str, int]:
    """Trips a day by township: the mean over all is the parameter's value to within half a trip."""
    value, low, high = (round(v) for v in network.ranges(["bus_route_trips_per_day"])["bus_route_trips_per_day"])
    away = [_km(lon, lat, *seats[county][1:]) for county, lon, lat in towns["county_id", "lon", "lat"].iter_rows()]
    rank = np.argsort(np.argsort(away, kind="stable"), kind="stable") / max(1, len(away) - 1)
    side = min(value - low, high - value)
    more = np.where(rank < 0.25, side, np.where(rank > 0.75, -side, 0))
    return dict(zip(towns["place_id"], (value + more).tolist(), strict=True))


def _km(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    east = (lon2 - lon1) * KM_PER_DEGREE * math.cos(math.radians((lat1 + lat2) / 2))
    return math.hypot(east, (lat2 - lat1) * KM_PER_DEGREE)


def _on_the_way(
    villages: pl.DataFrame | None, seat: tuple[float, float], town: tuple[float, float]
) -> list[tuple[str, str, float, float]]:
    """The villages that lengthen the straight way least, in the order they are passed."""
    if villages is None:
        return []
    found = []
    for place, name, lon, lat in villages["place_id", "name_zh", "lon", "lat"].iter_rows():
        more = _km(*seat, lon, lat) + _km(lon, lat, *town) - _km(*seat, *town)
        found.append((more, place, name, lon, lat))
    chosen = sorted(found)[:VILLAGES_ON_THE_WAY]
    return [(p, n, x, y) for _, p, n, x, y in sorted(chosen, key=lambda v: _km(*seat, v[3], v[4]))]


def _running(line: list[tuple[float, float]], speed: float) -> NDArray[np.float64]:
    legs = [_km(*a, *b) * DETOUR / speed * 60 + DWELL_MIN for a, b in pairwise(line)]
    return np.concatenate([[0.0], np.cumsum(np.maximum(1.0, legs))])


def _starts(seed: int, town: str, count: int, minutes: float) -> list[float]:
    """Departures from the seat, evenly over the working day with a seeded shift, whole minutes."""
    last = max(FIRST_MIN, LAST_MIN - minutes)
    gap = (last - FIRST_MIN) / max(1, count)
    shift = float(randomness.uniforms(seed, f"bus/{town}", 0, 1)[0]) * gap
    return [float(round(FIRST_MIN + shift + k * gap)) for k in range(count)]


def _feed(
    stops: dict[str, tuple[str, ...]],
    routes: Sequence[tuple[str, ...]],
    trips: Sequence[tuple[str, ...]],
    times: Sequence[tuple[str, ...]],
) -> Feed:
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    publisher = ("postroad (synthetic)", "https://example.org", "zh")
    return Feed(
        {
            "agency": table(["agency_id", "agency_name", "agency_url", "agency_timezone"],
                            [("BUS", "农村客运（合成）", "https://example.org", ZONE)]),
            "stops": table(["stop_id", "stop_name", "stop_lat", "stop_lon"], [stops[k] for k in sorted(stops)]),
            "routes": table(["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"], routes),
            "trips": table(["route_id", "service_id", "trip_id"], trips),
            "stop_times": table(["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"], times),
            "calendar": table(["service_id", *days, "start_date", "end_date"],
                              [("daily", *"1111111", "20200101", "20301231")]),
            "feed_info": table(["feed_publisher_name", "feed_publisher_url", "feed_lang"], [publisher]),
        }
    )  # fmt: skip
