"""Where traffic is slow: the built-up area of towns, from their people (P13).

A town's built-up area is a disc around it: its urban people over a density. The density is a parameter; China's code
for urban land (GB 50137-2011) allows 65 to 115 m² of built land a person, 8,700 to 15,400 people a km².
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import shapely

from postroad.travel.joining import flat

if TYPE_CHECKING:
    from postroad.network import Network

SMALLEST_PERSONS = 10_000  # a town of fewer people has no streets that slow a van


class Town:
    """The built-up area of a province, on a plane."""

    def __init__(self, network: Network, density: float, latitude: float) -> None:
        self.latitude = latitude
        people = network["populations"].filter(pl.col("urban_persons").is_not_null()).sort("period")
        people = people.unique("place_id", keep="last", maintain_order=True)
        towns = network["places"].filter(level="township").drop_nulls(["lon", "lat"])
        towns = towns.join(people.select("place_id", "urban_persons"), on="place_id").sort("place_id")
        towns = towns.filter(pl.col("urban_persons") >= SMALLEST_PERSONS)
        radius = np.sqrt(towns["urban_persons"].to_numpy() / density / np.pi)
        self.area = None
        if towns.height:
            centres = shapely.points(flat(towns.select("lon", "lat").to_numpy(), latitude))
            self.area = shapely.union_all(shapely.buffer(centres, radius))
            shapely.prepare(self.area)  # type: ignore[no-untyped-call]

    def share(self, lonlat: Any, ends: Any) -> Any:
        """Return the share of each link's straight line that lies in town."""
        if self.area is None or not len(ends):
            return np.zeros(len(ends))
        lines = shapely.linestrings(flat(lonlat, self.latitude)[ends])
        length = shapely.length(lines)  # type: ignore[no-untyped-call]
        inside = np.zeros(len(lines))
        near = shapely.intersects(lines, self.area)  # type: ignore[no-untyped-call]
        inside[near] = shapely.length(shapely.intersection(lines[near], self.area))  # type: ignore[no-untyped-call]
        return np.divide(inside, length, out=np.zeros(len(lines)), where=length > 0)

    def holds(self, lonlat: Any) -> Any:
        """Return whether each point lies in town."""
        if self.area is None:
            return np.zeros(len(lonlat), bool)
        points = shapely.points(flat(lonlat, self.latitude))
        return shapely.intersects(points, self.area)  # type: ignore[no-untyped-call]
