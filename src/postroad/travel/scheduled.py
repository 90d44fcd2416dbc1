"""The fastest scheduled journey by train or plane, with access by road and one change at most (P12).

A journey leaves home in time for its first train, so there is no wait before it but the loading; its minutes run from
door to door. The wait at a change is what the timetable says, and no less than the least time for a change.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import polars as pl

from postroad.travel import rides
from postroad.travel.engine import Error, Ways, great_circle_km
from postroad.travel.road import RoadEngine
from postroad.travel.speeds import Range, parameters

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from postroad.network import Network

_ORDER = (0, 1, 2)


@dataclass(frozen=True)
class Stops:
    """Stations or airports: name, position, and the far cities each belongs to (empty inside the province)."""

    names: list[str]
    lonlat: Any
    city: list[frozenset[str]]


class ScheduledEngine:
    """Journeys over rides; the subclasses say which."""

    name = "scheduled"
    origin = "derived"
    source = ""
    longest_access_min = 180.0

    def __init__(self, network: Network, season: str = "ordinary", on: dt.date | None = None) -> None:
        self.network = network
        self.road = RoadEngine(network, season, on)
        self.positions = self.road.positions
        self.held = parameters(network, self._needs())
        self.stops, self.rides = self._service(network)
        row = {name: i for i, name in enumerate(self.stops.names)}
        self._ends = np.array([[row[a], row[b]] for a, b in self.rides.select("from_stop", "to_stop").iter_rows()])
        self._ends = self._ends.reshape(-1, 2).astype(np.int64)

    def _needs(self) -> list[str]:
        return [
            f"{self.name}_loading_time",
            f"{self.name}_unloading_time",
            f"{self.name}_transfer_time",
            "far_access_time",
        ]

    def _service(self, network: Network) -> tuple[Stops, pl.DataFrame]:
        raise NotImplementedError

    def _detour(self) -> Range:
        """Kilometres flown or run for one of the great circle; not a number where no range is known."""
        return (1.0, np.nan, np.nan)

    def reaches(self, place_ids: Sequence[str]) -> list[str]:
        """Return the places asked for: any may turn out to have a service."""
        return list(place_ids)

    def error(self) -> Error | None:
        """Return ``None``: the timetables hold no kilometres to judge by."""
        return None

    @cached_property
    def _journeys(self) -> tuple[Any, Any]:
        """Minutes between stops, and the one or two rides of each journey."""
        size = len(self.stops.names)
        minutes, chosen = np.full((size, size), np.inf), np.full((size, size, 2), -1, np.int64)
        depart = self.rides["depart_min"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        year = self.rides["timetable_year"].to_numpy()
        least = self.held[f"{self.name}_transfer_time"][0]
        order = np.argsort(self._ends[:, 0], kind="stable")
        first = np.searchsorted(self._ends[order, 0], np.arange(size + 1))
        ride = self.rides["ride_min"].to_numpy()
        _change(self._ends, depart, ride, year, order, first, least, minutes, chosen)
        return minutes, chosen

    def _access(self, place_ids: Sequence[str]) -> Any:
        """Return minutes (likely, quick, slow) and km from places to stops, places × stops × 4."""
        at = self.positions.of(place_ids)
        out = np.full((len(place_ids), len(self.stops.names), 4), np.inf)
        far = self.network["places"].filter(level="external", kind="city")["place_id"]
        away = np.isin(np.array(place_ids), far.to_numpy())
        inside = np.flatnonzero([not city for city in self.stops.city])
        near = np.flatnonzero(~away).tolist()
        if len(near) and len(inside):
            joined = self.road.join([place_ids[i] for i in near])
            stops = self.road.join([f"stop {i}" for i in inside], self.stops.lonlat[inside])
            way = self.road.between(joined, stops)[..., [0, 2, 3, 1]]
            way[..., :3] += self.road.waits([place_ids[i] for i in near])[:, None]
            way[way[..., 0] > self.longest_access_min] = np.inf
            out[np.array(near)[:, None], inside[None]] = way
        fixed = np.array(self.held["far_access_time"])
        for i in np.flatnonzero(away).tolist():
            own = np.array([place_ids[i] in city for city in self.stops.city])
            km = great_circle_km(at[i : i + 1], self.stops.lonlat)[0]
            out[i, own, :3] = fixed
            out[i, own, 3] = km[own] * self.road.detour[0]
        return out

    def ways(self, origins: Sequence[str], destinations: Sequence[str]) -> Ways:
        """Return the ways from each origin to each destination; ``DataError`` names every unknown place."""
        start, end, a, b = self._stops_used(origins, destinations)
        minutes, _ = self._journeys
        i, j = np.meshgrid(np.arange(len(origins)), np.arange(len(destinations)), indexing="ij")
        found = a >= 0
        a, b = np.maximum(a, 0), np.maximum(b, 0)
        ride, apart = minutes[a, b], great_circle_km(self.stops.lonlat, self.stops.lonlat)[a, b]
        load, unload = (self.held[f"{self.name}_{what}_time"] for what in ("loading", "unloading"))
        total = [start[i, a, k] + end[j, b, k] + load[k] + unload[k] + ride for k in _ORDER]
        detour = self._detour()
        km = start[i, a, 3] + end[j, b, 3] + apart * detour[0]
        error = apart * max(detour[2] - detour[0], detour[0] - detour[1])
        km, likely, quick, slow = (np.where(found, one, np.inf) for one in (km, *total))
        return Ways(km, likely, quick, slow, np.where(found, error, np.nan))

    def _stops_used(self, origins: Sequence[str], destinations: Sequence[str]) -> tuple[Any, Any, Any, Any]:
        """Return access of both sides, and the stops of the fastest journey of each pair, -1 where there is none."""
        start, end = self._access(origins), self._access(destinations)
        minutes, _ = self._journeys
        shape = len(origins), len(destinations)
        best, a, b = np.full(shape, np.inf), np.full(shape, -1), np.full(shape, -1)
        for stop in range(len(self.stops.names)):
            # the best way from each origin to this stop, as the last of the journey
            way = start[:, :, 0] + minutes[:, stop][None]
            by = way.argmin(axis=1)
            reach = way[np.arange(shape[0]), by]
            total = reach[:, None] + end[:, stop, 0][None]
            less = total < best
            best = np.where(less, total, best)
            a, b = np.where(less, by[:, None], a), np.where(less, stop, b)
        return start, end, a, b

    def legs(self, origin: str, destination: str) -> list[dict[str, Any]]:
        """Return the legs of the fastest journey in order: access, one or two rides, egress; empty without one."""
        start, end, a, b = self._stops_used([origin], [destination])
        first, last = int(a[0, 0]), int(b[0, 0])
        if first < 0:
            return []
        _, chosen = self._journeys
        taken = [self.rides.row(int(k), named=True) for k in chosen[first, last] if k >= 0]
        access = {
            "mode": "road",
            "from": origin,
            "to": self.stops.names[first],
            "duration_min": float(start[0, first, 0]),
        }
        egress = {
            "mode": "road",
            "from": self.stops.names[last],
            "to": destination,
            "duration_min": float(end[0, last, 0]),
        }
        middle = [
            {
                "mode": self.name,
                "from": ride["from_stop"],
                "to": ride["to_stop"],
                "depart": _clock(ride["depart_min"]),
                "duration_min": ride["ride_min"],
                "service": ride["service"],
                "timetable_year": ride["timetable_year"],
            }
            for ride in taken
        ]
        return [access, *middle, egress]


class RailEngine(ScheduledEngine):
    """Trains of the timetables of 2016 and 2021 (or whatever a pack holds), access by road or, far away, assumed."""

    name = "rail"

    def _needs(self) -> list[str]:
        return [*super()._needs(), "rail_detour_factor"]

    def _detour(self) -> Range:
        return self.held["rail_detour_factor"]

    def _service(self, network: Network) -> tuple[Stops, pl.DataFrame]:
        held = rides.rail(network)
        self.source = _sources(network["train_calls"], network["train_passages"])
        own = network["rail_stations"].drop_nulls(["lon", "lat"]).unique("name_zh", keep="first", maintain_order=True)
        at = {name: (lon, lat) for name, lon, lat in own.select("name_zh", "lon", "lat").iter_rows()}
        cities = network["places"].filter(level="external", kind="city").drop_nulls(["lon", "lat"])
        called = sorted({*held["from_stop"], *held["to_stop"]})
        city: dict[str, frozenset[str]] = {name: frozenset() for name in called if name in at}
        for place, name, lon, lat in cities.select("place_id", "name_zh", "lon", "lat").iter_rows():
            for station in called:
                # a station of a far city is called by the city's name and perhaps a point of the compass
                if station not in at and station.removeprefix(name) in ("", "东", "南", "西", "北", "虹桥"):
                    at[station], city[station] = (lon, lat), frozenset([place])
        names = sorted(city)
        stops = Stops(names, np.array([at[n] for n in names]).reshape(-1, 2), [city[n] for n in names])
        return stops, held.filter(pl.col("from_stop").is_in(names), pl.col("to_stop").is_in(names))


class AirEngine(ScheduledEngine):
    """Direct routes of the pack, with minutes from the great circle; access by road or, far away, assumed."""

    name = "air"
    origin = "assumed"
    longest_access_min = 300.0
    near_km = 130.0
    """How far from a city its airport may lie."""

    def _needs(self) -> list[str]:
        return [*super()._needs(), "air_fixed_time", "air_cruise_speed"]

    def _service(self, network: Network) -> tuple[Stops, pl.DataFrame]:
        held = rides.air(network, self.held["air_fixed_time"][0], self.held["air_cruise_speed"][0])
        self.source = _sources(network["flights"])
        flown = {*held["from_stop"], *held["to_stop"]}
        ports = network["airports"].drop_nulls(["lon", "lat"]).sort("airport_id")
        ports = ports.filter(pl.col("airport_id").is_in(sorted(flown)))
        at = ports.select("lon", "lat").to_numpy().reshape(-1, 2)
        cities = network["places"].filter(level="external", kind="city").drop_nulls(["lon", "lat"])
        near = great_circle_km(at, cities.select("lon", "lat").to_numpy().reshape(-1, 2)) <= self.near_km
        ids = cities["place_id"].to_list()
        city = [frozenset(ids[k] for k in np.flatnonzero(row)) for row in near]
        # An airport abroad near no known city has no access by road either.
        home = ports["county_id"].is_not_null().to_list()
        marked = [frozenset() if h else (c or frozenset(["-"])) for h, c in zip(home, city, strict=True)]
        return Stops(ports["airport_id"].to_list(), at, marked), held


def _sources(*tables: pl.DataFrame) -> str:
    return ";".join(sorted({str(source) for table in tables for source in table["source"].unique()}))


def _clock(minutes: float | None) -> str | None:
    return None if minutes is None else f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


@numba.njit(cache=True)
def _change(
    ends: Any, depart: Any, ride: Any, year: Any, order: Any, first: Any, least: float, minutes: Any, chosen: Any
) -> None:
    for i in range(len(ends)):
        a, m = ends[i]
        if ride[i] < minutes[a, m]:
            minutes[a, m], chosen[a, m, 0], chosen[a, m, 1] = ride[i], i, -1
        reach = depart[i] + ride[i]
        for k in range(first[m], first[m + 1]):
            j = order[k]
            b = ends[j, 1]
            if b == a or year[j] != year[i]:
                continue
            wait = least
            if not np.isnan(depart[i]) and not np.isnan(depart[j]):
                wait = (depart[j] - reach - least) % 1440.0 + least
            total = ride[i] + wait + ride[j]
            if total < minutes[a, b]:
                minutes[a, b], chosen[a, b, 0], chosen[a, b, 1] = total, i, j
