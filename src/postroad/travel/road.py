"""Quickest ways over the pack's road graph, with a last leg from each place to its nearest ordinary road (P12, P13)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree

from postroad.errors import DataError, Fault, UsageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from postroad.network import Network

Season = Literal["ordinary", "winter"]
SPEEDS = {
    "motorway": "speed_expressway_truck",
    "trunk": "speed_national_provincial_road",
    "primary": "speed_national_provincial_road",
    "secondary": "speed_county_road",
    "link": "speed_county_road",
}
LAST_LEG_DETOUR = 1.3  # assumed: the graph's own county-to-county median is 1.29, and no finer roads are known
KM_PER_DEGREE = 111.195
SHORTEST_KM = 1e-6  # scipy would drop a link of no length


class RoadEngine:
    """The road graph of a network on a day and in a season, with some places joined to it."""

    name = "road graph"

    def __init__(
        self, network: Network, place_ids: Sequence[str], season: Season = "ordinary", on: dt.date | None = None
    ) -> None:
        if season not in ("ordinary", "winter"):
            raise UsageError.of("travel.unknown_season", asked=season)
        network = network.on(on) if on else network
        values = dict(network["parameters"].select("parameter", "value").iter_rows())
        wanted = [*dict.fromkeys(SPEEDS.values()), "speed_township_village_road", "winter_speed_factor_jilin"]
        if lost := [name for name in wanted if name not in values]:
            raise DataError(Fault.of("travel.no_parameter", table="parameters", value=name) for name in lost)
        factor = values["winter_speed_factor_jilin"] if season == "winter" else 1.0
        self.place_ids = list(place_ids)
        nodes, links = network["road_nodes"], network["road_links"].filter(pl.col("length_km").is_not_null())
        row = {node: i for i, node in enumerate(nodes["node_id"])}
        self._nodes = nodes["node_id"].to_list()
        self._xy = nodes.select("lon", "lat").to_numpy()
        ends = np.array([[row[a], row[b]] for a, b in links.select("from_node", "to_node").iter_rows()]).reshape(-1, 2)
        km = np.maximum(links["length_km"].to_numpy(), SHORTEST_KM)
        speed = np.array([values[SPEEDS[c]] * factor for c in links["road_class"]])
        ordinary = ~links["road_class"].is_in(["motorway", "link"]).to_numpy()
        if not ordinary.any():
            raise DataError.of("travel.no_road", table="road_links")
        self._join(_positions(network, self.place_ids), ends, km, speed, ordinary)
        self._build(values["speed_township_village_road"] * factor)

    def _join(self, at: Any, ends: Any, km: Any, speed: Any, ordinary: Any) -> None:
        """Cut each place's nearest ordinary link where the place's foot falls, so that places on one link meet."""
        scale = np.array([np.cos(np.radians(at[:, 1].mean())), 1.0]) * KM_PER_DEGREE
        flat = self._xy * scale
        lines = shapely.linestrings(flat[ends])
        usable = np.flatnonzero(ordinary)
        points = shapely.points(at * scale)
        nearest = usable[shapely.STRtree(lines[usable]).nearest(points)]
        self._leg_km = shapely.distance(points, lines[nearest]) * LAST_LEG_DETOUR  # type: ignore[no-untyped-call]
        share = shapely.line_locate_point(lines[nearest], points, normalized=True)
        share = np.nan_to_num(share)
        first = len(self._xy)
        foot = first + np.arange(len(at))
        order = np.lexsort((share, nearest))
        cut: dict[int, list[int]] = {}
        for i in order:
            cut.setdefault(int(nearest[i]), []).append(int(i))
        parts: list[tuple[int, int, float, float]] = []
        for link, cuts in cut.items():
            stops = [(int(ends[link, 0]), 0.0), *((int(foot[i]), share[i]) for i in cuts), (int(ends[link, 1]), 1.0)]
            for (a, s), (b, t) in pairwise(stops):
                parts.append((a, b, max((t - s) * km[link], SHORTEST_KM), speed[link]))
        keep = np.setdiff1d(np.arange(len(ends)), nearest)
        whole = np.column_stack([ends[keep], km[keep], speed[keep]])
        self._arcs = np.vstack([whole, np.array(parts).reshape(-1, 4)])
        self._first = first

    def _build(self, leg_speed: float) -> None:
        n, count = self._first, len(self.place_ids)
        legs = np.maximum(self._leg_km, SHORTEST_KM)
        spokes = np.column_stack([n + np.arange(count), n + count + np.arange(count), legs, np.full(count, leg_speed)])
        arcs = np.vstack([self._arcs, spokes])
        a, b = arcs[:, 0].astype(int), arcs[:, 1].astype(int)
        minutes = arcs[:, 2] / arcs[:, 3] * 60.0
        low, high = np.minimum(a, b), np.maximum(a, b)
        order = np.lexsort((minutes, high, low))
        first = np.ones(len(order), bool)
        first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)  # of parallel links, the quickest
        best = order[first & (low[order] != high[order])]
        size = n + 2 * count
        at = (np.r_[low[best], high[best]], np.r_[high[best], low[best]])
        self._minutes = csr_array((np.r_[minutes[best], minutes[best]], at), shape=(size, size))
        self._km = csr_array((np.r_[arcs[best, 2], arcs[best, 2]], at), shape=(size, size))

    def matrix(self) -> tuple[Any, Any]:
        """Return kilometres along the quickest way and its minutes, each places × places; infinite where no road."""
        place = self._first + len(self.place_ids) + np.arange(len(self.place_ids))
        minutes, before = dijkstra(self._minutes, directed=False, indices=place, return_predecessors=True)
        own = np.arange(before.shape[1])
        before = np.where(before < 0, own, before)
        km = np.zeros(before.shape)
        for i in range(len(place)):
            step, jump = np.zeros(len(own)), before[i].copy()
            moved = jump != own
            step[moved] = np.asarray(self._km[jump[moved], own[moved]]).ravel()
            while (jump != jump[jump]).any():  # pointer doubling: each pass doubles the length of way summed
                step, jump = step + step[jump], jump[jump]
            km[i] = step
        km[~np.isfinite(minutes)] = np.inf
        return km[:, place], minutes[:, place]

    def gap(self, place: int) -> dict[str, Any]:
        """Return the first place's id, and the two closest road nodes of its and another place's roads, with km."""
        _, group = connected_components(self._minutes, directed=False)
        spot = self._first + len(self.place_ids)
        scale = np.array([np.cos(np.radians(self._xy[:, 1].mean())), 1.0]) * KM_PER_DEGREE
        mine, theirs = (np.flatnonzero(group[: self._first] == group[spot + i]) for i in (place, 0))
        far, nearest = KDTree(self._xy[theirs] * scale).query(self._xy[mine] * scale)
        i = int(np.argmin(far))
        ends = self._nodes[int(mine[i])], self._nodes[int(theirs[nearest[i]])]
        return {"start": self.place_ids[0], "node": ends[0], "other": ends[1], "gap_km": round(float(far[i]), 1)}


def travel(
    network: Network, place_ids: Sequence[str], season: Season = "ordinary", on: dt.date | None = None
) -> pl.DataFrame:
    """Return from_id, to_id, distance_km, duration_min, engine and origin for every ordered pair of different places.

    Dense: for hundreds of places, not for all villages. ``DataError`` names unknown places and places no road joins.
    """
    engine = RoadEngine(network, place_ids, season, on)
    km, minutes = engine.matrix()
    apart = np.flatnonzero(~np.isfinite(minutes[0]))
    if apart.size:
        ids = engine.place_ids
        raise DataError(
            Fault.of("travel.disconnected", table="places", value=ids[i], **engine.gap(int(i))) for i in apart
        )
    i, j = np.nonzero(~np.eye(len(place_ids), dtype=bool))
    names = np.array(engine.place_ids)
    frame = pl.DataFrame(
        {"from_id": names[i], "to_id": names[j], "distance_km": km[i, j], "duration_min": minutes[i, j]}
    )
    return frame.with_columns(engine=pl.lit(engine.name), origin=pl.lit("derived"))


def _positions(network: Network, place_ids: Sequence[str]) -> Any:
    rows = network["places"].select("place_id", "lon", "lat").drop_nulls().iter_rows()
    known = {place: (lon, lat) for place, lon, lat in rows}
    if lost := [place for place in place_ids if place not in known]:
        raise DataError(Fault.of("travel.unknown_place", table="places", value=place) for place in lost)
    if not place_ids:
        raise UsageError.of("travel.no_places")
    return np.array([known[place] for place in place_ids])
