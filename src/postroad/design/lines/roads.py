"""Minutes and kilometres between the places of a trunk: by road, over a border, or by air where no road goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.travel import engine
from postroad.travel.engine import Positions, great_circle_km
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.network import Network

BORDER = {"RU": "X-RU-HUNCHUN"}
"""The crossing that mail by road to a country takes, where a road leads to it; assumed."""
AIR = ("air_fixed_time", "air_cruise_speed", "air_loading_time", "air_unloading_time")
BEYOND_KM_H = 50.0
"""Speed on roads beyond a border; assumed."""
LEAST_MIN = 15.0
"""No vehicle gets from one yard to another in less, however near the places' centres lie; assumed."""


class Roads:
    """Ways between places, made once: minutes and km by road (``season``), and by air from first to last apron."""

    def __init__(self, network: Network, places: Sequence[str], season: str = "ordinary") -> None:
        self.network, self.season = network, season
        self.places = tuple(dict.fromkeys(places))
        self.row = {place: k for k, place in enumerate(self.places)}
        known = network["places"].filter(pl.col("place_id").is_in(self.places))
        self._label = dict(known.select("place_id", "name_zh").iter_rows())
        self._country = dict(known.select("place_id", "country").iter_rows())
        road = engine(network, "road", season)
        size = len(self.places)
        self._minutes, self._km = np.full((size, size), np.inf), np.full((size, size), np.inf)
        joined = road.reaches(self.places)
        at = np.array([self.row[place] for place in joined], np.int64)
        found = road.ways(joined, joined)
        self._minutes[at[:, None], at], self._km[at[:, None], at] = found.minutes, found.km
        abroad = set(known.filter(pl.col("level") == "external")["place_id"])
        self._cross(road, joined, [place for place in self.places if place in abroad - set(joined)])

    def _cross(self, road: Any, joined: list[str], rest: list[str]) -> None:
        """Go on from a border crossing to places beyond it, with the wait there, and by air to all others."""
        self._border: dict[str, str] = {}
        self._air: dict[str, float] = {}
        positions = Positions(self.network)
        waits = dict(self.network["border_waits"].select("place_id", "wait_min").iter_rows())
        rows = np.array([self.row[place] for place in joined], np.int64)
        for place in rest:
            crossing = BORDER.get(self._country.get(place, ""), "")
            if crossing in waits and (reached := road.reaches([crossing])):
                way = road.ways(joined, reached)
                km = 1.3 * float(great_circle_km(positions.of([crossing]), positions.of([place]))[0, 0])
                self._border[place] = crossing
                self._minutes[rows, self.row[place]] = way.minutes[:, 0] + km / BEYOND_KM_H * 60
                self._km[rows, self.row[place]] = way.km[:, 0] + km
            else:
                held = parameters(self.network, AIR)
                km = great_circle_km(positions.of(joined), positions.of([place]))[:, 0]
                self._air[place] = held["air_fixed_time"][0]
                ground = sum(held[name][0] for name in ("air_fixed_time", "air_loading_time", "air_unloading_time"))
                self._minutes[rows, self.row[place]] = ground + km / held["air_cruise_speed"][0] * 60
                self._km[rows, self.row[place]] = km
            self._minutes[self.row[place], rows] = self._minutes[rows, self.row[place]]
            self._km[self.row[place], rows] = self._km[rows, self.row[place]]

    def minutes(self, origin: str, destination: str) -> float:
        """Return timetable minutes: up to the next five, at least fifteen; infinite where there is no way."""
        found = float(self._minutes[self.row[origin], self.row[destination]])
        return max(LEAST_MIN, 5.0 * np.ceil(found / 5.0 - 1e-9)) if origin != destination else 0.0

    def km(self, origin: str, destination: str) -> float:
        """Return the kilometres from place to place."""
        return float(self._km[self.row[origin], self.row[destination]])

    def mode(self, origin: str, destination: str) -> str:
        """Return ``air`` where one end has no road to it, else ``road``."""
        return "air" if origin in self._air or destination in self._air else "road"

    def by_border(self, place: str) -> str | None:
        """Return the crossing by which a place abroad is reached by road."""
        return self._border.get(place)

    def label(self, place: str) -> str:
        """Return the name of a place."""
        return str(self._label.get(place, place))
