"""Seats on scheduled trains and holds of passenger flights that a trunk could use, dock to dock, from the timetables.

A ride joins two stops of one train or flight whose places are hubs or cities outside: pieces must be ready at
``depart_min``, a way to the station and loading before the train leaves, and are at the other dock ``duration_min``
later. Trains that do not run every day of the week are offered on the days they do run. All rides of one trip share its
hold, stretch by stretch.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.pairs import stands_for
from postroad.timetable.flights import flights
from postroad.timetable.services import HOLDS, services
from postroad.timetable.trains import trains
from postroad.travel.engine import great_circle_km
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from postroad.network import Network
    from postroad.timetable.feed import Feed

NEAR_KM = 60.0
"""An airport belongs to a city outside from so near."""
ACCESS_KM_H, ACCESS_DETOUR, LEAST_ACCESS_MIN = 40.0, 1.3, 15.0
"""Between a hub's dock and the station or airport; assumed. The price of a seat holds this way."""
HANDING = {"rail": ("rail_loading_time", "rail_unloading_time"), "air": ("air_loading_time", "air_unloading_time")}
PRICE = {"rail": "rail_seat_price", "air": "air_seat_price"}
"""Parameters of the network that replace the price of a hold, in yuan a piece, where it has them."""


@dataclass(frozen=True)
class Ride:
    """Seats between two places: what it rides on, when pieces must be ready, how long to the other dock, what it takes.

    ``stretch`` are the numbers of the first stop and the last among the trip's stops; ``leaves_min`` is when the train
    or flight itself leaves.
    """

    trip: str
    service_ref: str
    mode: str
    from_place_id: str
    to_place_id: str
    depart_min: float
    duration_min: float
    capacity_pieces: int
    yuan_piece: float
    distance_km: float
    days: str
    leaves_min: float
    stretch: tuple[int, int]

    @property
    def key(self) -> tuple[str, str, float, float]:
        """What tells a departure on it from others."""
        return (self.from_place_id, self.to_place_id, self.depart_min, self.duration_min)


Rides = dict[tuple[str, str, float, float], Ride]


def rides(network: Network, hubs: Iterable[str], year: int = 2020) -> tuple[Ride, ...]:
    """Return every ride between two hubs, or a hub and a city outside, in order of its key.

    ``DataError`` names hand-over times that the parameters do not hold.
    """
    hubs = tuple(hubs)
    held = parameters(network, [name for pair in HANDING.values() for name in pair])
    told = dict(network["parameters"].select("parameter", "value").drop_nulls().iter_rows())
    handing = {mode: tuple(held[name][0] for name in names) for mode, names in HANDING.items()}
    made: dict[tuple[str, str, float, float], Ride] = {}
    feeds = {"rail": trains(network).feed, "air": flights(network)}
    for mode, feed in feeds.items():
        if not feed["trips"].height:
            continue
        stops = _stops(network, feed["stops"], hubs, mode)
        for trip, days, legs in _newest(_trips(feed, year)):
            for ride in _of_trip(trip, days, legs, stops, mode, handing[mode], told.get(PRICE[mode]), set(hubs)):
                kept = made.get(ride.key)
                made[ride.key] = ride if kept is None or ride.capacity_pieces > kept.capacity_pieces else kept
    return tuple(made[key] for key in sorted(made))


def _trips(feed: Feed, year: int) -> list[tuple[str, str, list[tuple[str, str, float, float]]]]:
    """Trips with the weekdays they run on and their legs: from, to, leaves, arrives."""
    monday = dt.date(year, 6, 1) + dt.timedelta(days=(7 - dt.date(year, 6, 1).weekday()) % 7)
    week = [services(feed, monday + dt.timedelta(days=k)) for k in range(7)]
    days: dict[str, str] = {}
    legs: dict[str, list[tuple[str, str, float, float]]] = {}
    for k, day in enumerate(week, 1):
        rows = day.sort("trip_id", "depart_min").select("trip_id", "from_stop", "to_stop", "depart_min", "arrive_min")
        seen: dict[str, list[tuple[str, str, float, float]]] = {}
        for trip, a, b, leaves, arrives in rows.iter_rows():
            seen.setdefault(trip, []).append((a, b, leaves, arrives))
        for trip, found in seen.items():
            days[trip] = days.get(trip, "") + str(k)
            legs[trip] = found
    return [(trip, days[trip], legs[trip]) for trip in sorted(legs)]


def _newest(trips: list[tuple[str, str, list[Any]]]) -> list[tuple[str, str, list[Any]]]:
    """One trip for each train number: a train that stands in two years' timetables has one hold, not two."""
    newest: dict[str, str] = {}
    for trip, _, _ in trips:
        name, _, year = trip.partition("/")
        newest[name] = max(newest.get(name, ""), year.rpartition("/")[2])
    return [one for one in trips if one[0].partition("/")[2].rpartition("/")[2] == newest[one[0].partition("/")[0]]]


def _of_trip(
    trip: str, days: str, legs: list[tuple[str, str, float, float]], stops: dict[str, tuple[str, float, float, float]],
    mode: str, handing: tuple[float, ...], price: float | None, hubs: set[str],
) -> list[Ride]:  # fmt: skip
    """Rides between all pairs of a trip's stops that belong to places."""
    hold, found = HOLDS[mode], []
    names = [legs[0][0], *(leg[1] for leg in legs)]
    for i, leg in enumerate(legs):
        if leg[0] not in stops:
            continue
        a, access, *here = stops[leg[0]]
        for j in range(i, len(legs)):
            if names[j + 1] not in stops:
                continue
            b, beyond, *there = stops[names[j + 1]]
            if a == b or not {a, b} & hubs:
                continue
            before, after = handing[0] + access, handing[1] + beyond
            minutes = 5.0 * np.ceil((before + legs[j][3] - leg[2] + after) / 5.0)
            km = ACCESS_DETOUR * float(great_circle_km(np.array([here]), np.array([there]))[0, 0])
            depart = 5.0 * np.floor((leg[2] - before) / 5.0) % 1440.0
            room, yuan = hold.capacity_pieces, price or hold.cost_yuan_per_piece
            found.append(Ride(trip, trip.split("/", maxsplit=1)[0], mode, a, b, float(depart), float(minutes + 5.0),
                              room, yuan, km, days, leg[2] % 1440.0, (i, j + 1)))  # fmt: skip
    return found


def _stops(
    network: Network, rows: pl.DataFrame, hubs: tuple[str, ...], mode: str
) -> dict[str, tuple[str, float, float, float]]:
    """Stops that serve a hub or a city outside: the place, minutes between its dock and the stop, and where it lies."""
    unit = {part: hub for hub in sorted(hubs, reverse=True) for part in (hub, *stands_for(network, hub))}
    table, key = ("rail_stations", "station_id") if mode == "rail" else ("airports", "airport_id")
    county = dict(network[table].select(key, "county_id").iter_rows())
    places = network["places"].filter(pl.col("lon").is_not_null())
    where = {place: (lon, lat) for place, lon, lat in places.select("place_id", "lon", "lat").iter_rows()}
    cities = places.filter(level="external", kind="city")["place_id"].to_list()
    found = {}
    at = rows.select("stop_id", pl.col("stop_lon", "stop_lat").cast(pl.Float64))
    for stop, lon, lat in at.iter_rows():
        place = stop if stop in where else unit.get(county.get(stop) or "")
        if place is None and not county.get(stop):
            place = min(cities, key=lambda city: _km(where[city], (lon, lat)), default=None)
            if place is None or _km(where[place], (lon, lat)) > NEAR_KM:
                continue
        if place is not None:
            access = ACCESS_DETOUR * _km(where.get(place, (lon, lat)), (lon, lat)) / ACCESS_KM_H * 60.0
            found[stop] = (place, max(LEAST_ACCESS_MIN, access), lon, lat)
    return found


def _km(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(great_circle_km(np.array([a]), np.array([b]))[0, 0])
