"""Engine (b): great circle × detour factor by terrain and class, learnt from the road graph (P13).

The factor of a pair is that of its distance class times the geometric mean of the terrain factors of its two
prefectures; speed follows the distance class. Both are medians over the county seats on the road graph, in the same
season and on the same day, so this engine can be no better than engine (a); it needs no graph once it is learnt, and
answers for any two points.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.travel.engine import Error, Ways, against_known, great_circle_km
from postroad.travel.road import RoadEngine

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import polars as pl

    from postroad.network import Network

CLASS_KM = (25.0, 75.0, 150.0, 300.0)
"""Great-circle bounds between the distance classes."""
LEAST_PAIRS = 8  # a median of fewer pairs is noise: the class takes all pairs instead


class CircleEngine:
    """Great circle × detour, calibrated on a network's own road graph."""

    name = "great_circle"
    origin = "derived"

    def __init__(self, network: Network, season: str = "ordinary", on: dt.date | None = None) -> None:
        self.network = network
        road = RoadEngine(network, season, on)
        self.source, self.positions = road.source, road.positions
        places = network["places"]
        self._area = _prefectures(places)
        self.reaches = road.reaches
        seats = places.filter(level="county").drop_nulls(["lon", "lat"])["place_id"].sort().to_list()
        if len(seats) < 2:
            seats = road.reaches(places.drop_nulls(["lon", "lat"])["place_id"].sort().to_list()[:200])
        self._learn(road, seats)

    def _learn(self, road: RoadEngine, seats: list[str]) -> None:
        joined = road.join(seats)
        found = road.between(joined, joined)
        straight = great_circle_km(self.positions.of(seats), self.positions.of(seats))
        i, j = np.nonzero(np.triu(np.isfinite(found[..., 0]) & (straight > 2.0), 1))
        apart, km = straight[i, j], found[i, j, 1]
        ratio, band = km / apart, np.digitize(apart, CLASS_KM)
        self.detour = _medians(band, ratio, len(CLASS_KM) + 1)
        rest = ratio / self.detour[band]
        area = np.array([self._area[s] for s in seats])
        self.terrain = {
            a: float(np.median(rest[(area[i] == a) | (area[j] == a)])) for a in sorted(set(area[np.r_[i, j]]))
        }
        speed = [km / (found[i, j, k] / 60.0) for k in (0, 2, 3)]
        self.speed = np.stack([_medians(band, one, len(CLASS_KM) + 1) for one in speed], axis=1)
        self.spread = (
            float(np.mean(np.abs(self._factor(apart, area[i], area[j]) / ratio - 1))) if len(ratio) else np.nan
        )

    def _factor(self, straight: Any, here: Any, there: Any) -> Any:
        rough = [
            np.array([self.terrain.get(a, 1.0) for a in np.ravel(side)]).reshape(np.shape(side))
            for side in (here, there)
        ]
        return np.maximum(self.detour[np.digitize(straight, CLASS_KM)] * np.sqrt(rough[0] * rough[1]), 1.0)

    def ways(self, origins: Sequence[str], destinations: Sequence[str]) -> Ways:
        """Return the ways from each origin to each destination; ``DataError`` names every unknown place."""
        km, straight = self._km(origins, destinations)
        hours = km[..., None] / self.speed[np.digitize(straight, CLASS_KM)]
        share = self._error.mean_share if self._error else self.spread
        minutes = hours * 60.0
        return Ways(km, minutes[..., 0], minutes[..., 1], minutes[..., 2], share * km)

    def _km(self, origins: Sequence[str], destinations: Sequence[str]) -> tuple[Any, Any]:
        straight = great_circle_km(self.positions.of(origins), self.positions.of(destinations))
        here, there = ([self._area.get(p, "") for p in side] for side in (origins, destinations))
        shape = straight.shape
        grid = np.broadcast_to(np.array(here)[:, None], shape), np.broadcast_to(np.array(there)[None], shape)
        return straight * self._factor(straight, *grid), straight

    def error(self) -> Error | None:
        """Return the error of the kilometres against the network's known distances."""
        return self._error

    @cached_property
    def _error(self) -> Error | None:
        return against_known(self.network, self.kilometres)

    def kilometres(self, origins: Sequence[str], destinations: Sequence[str]) -> Any:
        """Return kilometres alone, origins × destinations."""
        return self._km(origins, destinations)[0]


def _prefectures(places: pl.DataFrame) -> dict[str, str]:
    """Return the prefecture each place lies in, empty above it and outside the province."""
    level = dict(places.select("place_id", "level").iter_rows())
    above = dict(places.select("place_id", "parent_id").iter_rows())
    found = {place: place if rank == "prefecture" else "" for place, rank in level.items()}
    for rank in ("county", "township", "village"):  # from the top down, so that a parent is known before its children
        found |= {place: found.get(above[place] or "", "") for place, own in level.items() if own == rank}
    return found


def _medians(band: Any, values: Any, count: int) -> Any:
    whole = float(np.median(values)) if len(values) else 1.3
    return np.array([np.median(values[band == k]) if (band == k).sum() >= LEAST_PAIRS else whole for k in range(count)])
