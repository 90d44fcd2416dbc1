"""Engine (a): quickest ways over a network's road graph, with a last leg from each place to its road (P12, P13)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from postroad.errors import DataError, Fault
from postroad.travel.engine import Error, Positions, Ways, against_known, great_circle_km
from postroad.travel.graph import KM, Graph
from postroad.travel.joining import Joined, Joiner, crossed, flat
from postroad.travel.speeds import Speeds, parameters
from postroad.travel.town import Town

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from postroad.network import Network


LOCAL_KM = 30.0
"""Within this, county and village roads are taken to lead more or less straight, where the mapped roads do not."""


class RoadEngine:
    """The road graph of a network in a season and on a day; ``speeds`` replaces the network's own."""

    name = "road_graph"
    origin = "derived"

    def __init__(
        self, network: Network, season: str = "ordinary", on: dt.date | None = None, speeds: Speeds | None = None
    ) -> None:
        self.network = network = network.on(on) if on else network
        self.positions = Positions(network)
        self.speeds = speeds or Speeds.of(network, season)
        held = parameters(network, ["last_leg_detour_factor", "built_up_density"])
        self.detour = held["last_leg_detour_factor"]
        links = network["road_links"].filter(pl.col("length_km").is_not_null())
        nodes = network["road_nodes"]
        ordinary = ~links["road_class"].is_in(["motorway", "link"]).to_numpy()
        if not ordinary.any():
            raise DataError.of("travel.no_road", table="road_links")
        told = links.filter(pl.col("origin") != "assumed")
        self.source = str((told if told.height else links)["source"].mode().sort()[0])
        self.name = "osm_extract" if self.source == "osm-extract" else "road_graph"
        self.node_ids: list[str] = nodes["node_id"].to_list()
        self._row = {node: i for i, node in enumerate(self.node_ids)}
        self._xy = nodes.select("lon", "lat").to_numpy()
        lookup = links.select("from_node", "to_node").iter_rows()
        ends = np.array([[self._row[a], self._row[b]] for a, b in lookup], np.int64).reshape(-1, 2)
        self._town = Town(network, held["built_up_density"][0], float(self._xy[:, 1].mean()))
        share = np.where(ordinary, self._town.share(self._xy, ends), 0.0)  # an expressway passes towns by
        km = links["length_km"].to_numpy()
        minutes = self.speeds.minutes(km, links["road_class"], share)
        self._weights = np.column_stack([minutes[:, 0], km, minutes[:, 1:]])
        self.graph = Graph(len(self.node_ids), ends, self._weights)
        self._joiner = Joiner(self._xy, ends, self._weights, ordinary)
        self._waits = _waits(network)
        self._beyond = set(network["places"].filter(level="external", kind="city")["place_id"])

    def join(self, place_ids: Sequence[str], lonlat: Any = None) -> Joined:
        """Return places joined to the graph; ``DataError`` names unknown places and those no road leads to.

        ``lonlat`` gives the positions of points that are no places of the network, such as stations.
        """
        at = self.positions.of(place_ids) if lonlat is None else lonlat
        own = np.array([self._row.get(place, -1) for place in place_ids], np.int64)
        if lonlat is None and (far := self._overseas(place_ids, own)):
            raise DataError(Fault.of("travel.no_road_there", table="places", value=place) for place in far)
        leg = np.where(self._town.holds(at)[:, None], *(1 / np.array(s) for s in (self.speeds.urban, self.speeds.leg)))
        return self._joiner.join(at, own, self.detour[0], leg[:, [0, 2, 1]] * 60.0)

    def _overseas(self, place_ids: Sequence[str], own: Any) -> list[str]:
        return [place for place, node in zip(place_ids, own, strict=True) if node < 0 and place in self._beyond]

    def reaches(self, place_ids: Sequence[str]) -> list[str]:
        """Return the places that the network gives a road to: all but far cities without a link of their own."""
        own = np.array([self._row.get(place, -1) for place in place_ids], np.int64)
        far = set(self._overseas(place_ids, own))
        return [place for place in place_ids if place not in far]

    def ways(self, origins: Sequence[str], destinations: Sequence[str]) -> Ways:
        """Return the ways from each origin to each destination; ``DataError`` names every unknown place."""
        share = self._error.mean_share if self._error else np.nan
        found, local, off_road = self._found(origins, destinations)
        spread = max(self.detour[0] - self.detour[1], self.detour[2] - self.detour[0])
        km = found[..., KM]
        with np.errstate(invalid="ignore"):
            error = np.where(local, km / self.detour[0] * spread, share * km + off_road * spread)
        error[~np.isfinite(km)] = np.nan
        wait = self.waits(origins)[:, None] + self.waits(destinations)[None]
        same = np.array(origins)[:, None] == np.array(destinations)[None]
        found[same], error[same], wait[same] = 0.0, 0.0, 0.0
        minutes = found[..., [0, 2, 3]] + wait
        return Ways(km, minutes[..., 0], minutes[..., 1], minutes[..., 2], error)

    def between(self, a: Joined, b: Joined) -> Any:
        """Return the weights of the quickest ways between joined places over the graph, a × b × 4."""
        trees = self.graph.trees(a.nodes.ravel(), b.nodes.ravel())
        return crossed(trees, a, b, self._weights)

    def _found(self, origins: Sequence[str], destinations: Sequence[str]) -> tuple[Any, Any, Any]:
        """Return the weights of the ways, where they are local roads, and the straight km off the mapped road."""
        a, b = self.join(origins), self.join(destinations)
        found, off_road = self.between(a, b), a.leg_km[:, None] + b.leg_km[None]
        return found, self._local(found, off_road, origins, destinations), off_road

    def _local(self, found: Any, off_road: Any, origins: Sequence[str], destinations: Sequence[str]) -> Any:
        """Let neighbours meet by the local roads that the graph does not know; return where that is the quicker way.

        They are neighbours when they lie closer to each other than to any road, or within ``LOCAL_KM`` with a way over
        the graph: places that the graph does not join stay apart.
        """
        straight = great_circle_km(self.positions.of(origins), self.positions.of(destinations))
        near = (straight < off_road) | ((straight <= LOCAL_KM) & np.isfinite(found[..., 0]))
        leg = 60.0 / np.array(self.speeds.leg)[[0, 2, 1]]
        km = straight * self.detour[0]
        direct = np.stack([km * leg[0], km, km * leg[1], km * leg[2]], axis=-1)
        near &= direct[..., 0] < found[..., 0]
        found[near] = direct[near]
        return near

    def waits(self, place_ids: Sequence[str]) -> Any:
        """Return the minutes of waiting at each place, likely, low and high; none but at a border crossing."""
        return np.array([self._waits.get(place, (0.0, 0.0, 0.0)) for place in place_ids])

    def error(self) -> Error | None:
        """Return the error of the kilometres against the network's known distances."""
        return self._error

    @cached_property
    def _error(self) -> Error | None:
        return against_known(self.network, self.kilometres)

    def kilometres(self, origins: Sequence[str], destinations: Sequence[str]) -> Any:
        """Return kilometres alone, origins × destinations."""
        return self._found(origins, destinations)[0][..., KM]

    def gap(self, start: str, place: str) -> dict[str, Any]:
        """Return the two closest road nodes of the roads of two places that no road joins, and the km between."""
        arcs = csr_array((np.ones(len(self.graph.heads)), self.graph.heads, self.graph.first))
        arcs.resize((self.graph.size, self.graph.size))
        _, group = connected_components(arcs, directed=False)
        spots = self.join([place, start]).nodes[:, 0]
        at = flat(self._xy, self._joiner.latitude)
        mine, theirs = (np.flatnonzero(group == group[spot]) for spot in spots)
        far, nearest = KDTree(at[theirs]).query(at[mine])
        i = int(np.argmin(far))
        ends = self.node_ids[int(mine[i])], self.node_ids[int(theirs[nearest[i]])]
        return {"start": start, "node": ends[0], "other": ends[1], "gap_km": round(float(far[i]), 1)}


def _waits(network: Network) -> dict[str, tuple[float, float, float]]:
    rows = network["border_waits"].select("place_id", "wait_min", "low_min", "high_min").iter_rows()
    return {
        place: (wait, wait if low is None else low, wait if high is None else high) for place, wait, low, high in rows
    }
