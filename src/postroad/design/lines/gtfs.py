"""The trunk timetable as a GTFS feed that any tool for timetables reads: lines are routes, departures trips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postroad.timetable.feed import Feed, clock
from postroad.timetable.trains import ZONE, table

if TYPE_CHECKING:
    from postroad.network import Network

WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ROUTE_TYPE = {"road": "700", "rail": "2", "air": "1100", "bus": "3"}
SEASON_DATES = {
    "any": ("0101", "1231"),
    "summer": ("0401", "1031"),
    "winter": ("1101", "0331"),
    "peak": ("1101", "1120"),
}
"""First and last day of each season's service, month and day; assumed."""


def feed(network: Network, year: int = 2020) -> Feed:
    """Return the line-hauls of a network as a feed; a season is a service with its dates and weekdays."""
    names = {place: (name, lon, lat) for place, name, lon, lat in
             network["places"].select("place_id", "name_zh", "lon", "lat").iter_rows()}  # fmt: skip
    lines, trips, times, services, used = {}, [], [], {}, set()
    columns = ("line_haul_id", "from_place_id", "to_place_id", "mode", "depart_min", "duration_min", "days", "season")
    for name, a, b, mode, leaves, long, days, season in network["line_hauls"].select(columns).iter_rows():
        route, service = f"{a}-{b}" + ("" if mode == "road" else f"-{mode}"), f"{season}-{days}"
        lines[route] = (route, "TRUNK", route, f"{names[a][0]}—{names[b][0]}", ROUTE_TYPE[mode])
        first, last = SEASON_DATES[season]
        ends = f"{year + (last < first)}{last}"
        services[service] = (service, *("1" if str(k) in days else "0" for k in range(1, 8)), f"{year}{first}", ends)
        trips.append((route, service, name))
        times.append((name, clock(leaves), clock(leaves), a, "1"))
        times.append((name, clock(leaves + long), clock(leaves + long), b, "2"))
        used |= {a, b}
    stops = [
        (p, names[p][0], f"{names[p][2]:.5f}", f"{names[p][1]:.5f}") for p in sorted(used) if names[p][1] is not None
    ]
    return Feed(
        {
            "agency": table(["agency_id", "agency_name", "agency_url", "agency_timezone"],
                            [("TRUNK", "干线（设计）", "https://example.org", ZONE)]),
            "stops": table(["stop_id", "stop_name", "stop_lat", "stop_lon"], stops),
            "routes": table(["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"],
                            sorted(lines.values())),
            "trips": table(["route_id", "service_id", "trip_id"], trips),
            "stop_times": table(["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"], times),
            "calendar": table(["service_id", *WEEK, "start_date", "end_date"], sorted(services.values())),
            "feed_info": table(["feed_publisher_name", "feed_publisher_url", "feed_lang"],
                               [("postroad (designed, synthetic)", "https://example.org", "zh")]),
        }
    )  # fmt: skip
