"""Direct air routes as a feed: one departure a day each, at an assumed time, since only the routes are known (P12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad import randomness
from postroad.timetable.feed import Feed, clock
from postroad.timetable.trains import ZONE, table

if TYPE_CHECKING:
    from postroad.network import Network

SPEED_KM_H = 750.0
GROUND_MIN = 30.0
FIRST_MIN, LAST_MIN = 7 * 60, 21 * 60


def flights(network: Network, seed: int = 0) -> Feed:
    """Return a feed of non-stop routes flown by the airline itself, between airports with a place; times are seeded."""
    own = pl.col("codeshare").fill_null(False).not_() & (pl.col("stops").fill_null(0) == 0)
    routes = network["flights"].filter(own).sort("airline", "from_airport", "to_airport")
    placed = network["airports"].filter(pl.col("lon").is_not_null())
    airports = {row[0]: row[1:] for row in placed["airport_id", "name_zh", "name_en", "lon", "lat"].iter_rows()}
    known = pl.all_horizontal(pl.col(end).is_in(list(airports)) for end in ("from_airport", "to_airport"))
    routes = routes.filter(known)
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    lines, trips, times, used = [], [], [], set()
    for airline, origin, destination, km in routes["airline", "from_airport", "to_airport", "distance_km"].iter_rows():
        name = f"{airline}-{origin}-{destination}"
        leave = round(FIRST_MIN + float(randomness.uniforms(seed, f"flight/{name}", 0, 1)[0]) * (LAST_MIN - FIRST_MIN))
        arrive = leave + (km or 0.0) / SPEED_KM_H * 60 + GROUND_MIN
        lines.append((name, "AIR", name, "", "1100"))
        trips.append((name, "daily", name))
        times.append((name, clock(leave), clock(leave), origin, "1"))
        times.append((name, clock(arrive), clock(arrive), destination, "2"))
        used |= {origin, destination}
    stops = [
        (code, airports[code][0] or airports[code][1] or code, f"{airports[code][3]:.5f}", f"{airports[code][2]:.5f}")
        for code in sorted(used)
    ]
    return Feed(
        {
            "agency": table(["agency_id", "agency_name", "agency_url", "agency_timezone"],
                            [("AIR", "民航（时刻为假定）", "https://example.org", ZONE)]),
            "stops": table(["stop_id", "stop_name", "stop_lat", "stop_lon"], stops),
            "routes": table(["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"], lines),
            "trips": table(["route_id", "service_id", "trip_id"], trips),
            "stop_times": table(["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"], times),
            "calendar": table(["service_id", *days, "start_date", "end_date"],
                              [("daily", *"1111111", "20200101", "20301231")]),
            "feed_info": table(["feed_publisher_name", "feed_publisher_url", "feed_lang"],
                               [("postroad (assumed times)", "https://example.org", "zh")]),
        }
    )  # fmt: skip
