"""Engine (c): a road graph from a user's own OpenStreetMap extract, read offline into a network's road tables (P13).

The rest is the code of engine (a). Roads are taken both ways, by class; a node stands at every crossing, at every end,
and along the way at least every ``SHAPE_KM``, so that places join close to the mapped line.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from postroad import tables
from postroad.errors import DataError, UsageError
from postroad.travel.engine import EARTH_KM
from postroad.travel.joining import flat

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.network import Network
    from postroad.parallel import Progress

SOURCE = "osm-extract"
SHAPE_KM = 2.0
ISLAND_KM = 50.0
"""Roads joined to nothing else and shorter than this in all are courts and car parks, and are left out."""
CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "local", "link")
HIGHWAYS = {
    **{name: name for name in CLASSES[:5]},
    **{f"{name}_link": "link" for name in CLASSES[:5]},
    **dict.fromkeys(("unclassified", "residential", "living_street", "road"), "local"),
}
EVERY = 20_000


@dataclass(frozen=True)
class Extract:
    """What an extract gave: the two road tables, and how much was left out."""

    nodes: pl.DataFrame
    links: pl.DataFrame
    ways: int
    islands: int
    island_km: float


@dataclass
class _Held:
    """Every point of every way taken, in order, and where each way begins."""

    refs: Any
    lonlat: Any
    starts: Any
    road_class: Any
    names: list[str | None]
    numbers: list[str | None]


def read_extract(path: str | Path, progress: Callable[[Progress], None] | None = None) -> Extract:
    """Return the roads of an OSM file (.pbf, .osm, .osm.bz2); ``DataError`` when it cannot be read or has no road."""
    held = _read(Path(path), progress)
    if not len(held.starts):
        raise DataError.of("travel.empty_extract", path=str(path))
    ends, km, way = _links(held)
    _, group = connected_components(_graph(ends), directed=False)
    at_node = np.bincount(ends[:, 0], weights=km, minlength=len(group))
    whole = np.bincount(group, weights=at_node)
    small = (whole < ISLAND_KM) & (np.arange(len(whole)) != whole.argmax())
    stay = ~small[group[ends[:, 0]]]
    islands = len(np.unique(group[ends[~stay, 0]]))
    ends, km, way = ends[stay], km[stay], way[stay]
    used, ends = np.unique(ends, return_inverse=True)
    ends = ends.reshape(-1, 2)
    points, first = np.unique(held.refs, return_index=True)
    lonlat = held.lonlat[first[used]]
    road_class = held.road_class[way]
    nodes = _node_table(points[used], lonlat, ends, road_class)
    links = _link_table(nodes["node_id"], ends, km, road_class, way, held)
    return Extract(nodes, links, len(held.starts), islands, float(whole[small].sum()))


def with_extract(network: Network, extract: Extract) -> Network:
    """Return the network with an extract's roads in place of its own; the links to far places are hung on them again.

    Each link to a place outside the province keeps its length and takes the extract's big road nearest to its old end.
    """
    old = network["road_nodes"]
    far = network["road_links"].filter(basis="assumed_external")
    outside = old.filter(pl.col("node_id").is_in(network["places"].filter(level="external")["place_id"].implode()))
    nodes, links = extract.nodes, extract.links
    if far.height:
        big = links.filter(pl.col("road_class").is_in(["motorway", "trunk", "primary"]))
        ids = pl.concat([big["from_node"], big["to_node"]]).unique().sort()
        gates = (nodes.filter(pl.col("node_id").is_in(ids.implode())) if ids.len() else nodes).sort("node_id")
        latitude = float(gates["lat"].to_numpy().mean())
        tree = KDTree(flat(gates.select("lon", "lat").to_numpy(), latitude))
        at = {node: (lon, lat) for node, lon, lat in old.select("node_id", "lon", "lat").iter_rows()}
        _, nearest = tree.query(flat(np.array([at[node] for node in far["to_node"]]), latitude))
        links = pl.concat([links, far.with_columns(to_node=gates["node_id"].gather(nearest))])
    sources = network["sources"].filter(pl.col("source_id") != SOURCE)
    own = pl.DataFrame({"source_id": [SOURCE], "title": ["OpenStreetMap extract given by the user"],
                        "licence": ["ODbL 1.0"], "note": ["© OpenStreetMap contributors"],
                        "origin": ["observed"], "source": [SOURCE]})  # fmt: skip
    return network.with_(
        road_nodes=pl.concat([nodes, outside.select(nodes.columns)]),
        road_links=links,
        sources=pl.concat([sources, tables.conform(own, "sources")]),
    )


def _read(path: Path, progress: Callable[[Progress], None] | None) -> _Held:
    try:
        import osmium
    except ImportError as missing:
        raise UsageError.of("errors.extra_missing", extra="osm", what="osmium") from missing
    from postroad.parallel import Progress

    refs, lonlat, starts, classes = array("q"), array("d"), array("q"), array("b")
    names: list[str | None] = []
    numbers: list[str | None] = []
    try:
        ways = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for way in ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)):
            if not isinstance(way, osmium.osm.Way):
                continue
            kind = HIGHWAYS.get(way.tags.get("highway") or "")
            if kind is None or way.tags.get("access") in ("no", "private"):
                continue
            points = [(node.ref, node.lon, node.lat) for node in way.nodes if node.location.valid()]
            if len(points) < 2:
                continue
            starts.append(len(refs))
            refs.extend(point[0] for point in points)
            lonlat.extend(number for point in points for number in point[1:])
            classes.append(CLASSES.index(kind))
            names.append(way.tags.get("name"))
            numbers.append(way.tags.get("ref"))
            if progress and len(starts) % EVERY == 0:
                progress(Progress(len(starts), 0))
    except (RuntimeError, OSError) as broken:
        raise DataError.of("travel.bad_extract", path=str(path), detail=str(broken)) from broken
    kinds = np.array(CLASSES)[np.array(classes, np.int8)] if classes else np.array([], str)
    spots = np.array(lonlat, float).reshape(-1, 2)
    return _Held(np.array(refs, np.int64), spots, np.array(starts, np.int64), kinds, names, numbers)


def _links(held: _Held) -> tuple[Any, Any, Any]:
    """Return node numbers of the two ends, km, and the way of each link."""
    _, node, uses = np.unique(held.refs, return_inverse=True, return_counts=True)
    way = np.repeat(np.arange(len(held.starts)), np.diff(np.r_[held.starts, len(node)]))
    step = _steps(held.lonlat)
    step[held.starts] = 0.0
    along = np.cumsum(step)
    along -= along[held.starts][way]
    stop = uses[node] > 1
    stop[held.starts] = True
    stop[np.r_[held.starts[1:], len(node)] - 1] = True
    mile = np.floor(along / SHAPE_KM)
    stop[1:] |= (mile[1:] > mile[:-1]) & (way[1:] == way[:-1])
    at = np.flatnonzero(stop)
    same = way[at[1:]] == way[at[:-1]]
    a, b = at[:-1][same], at[1:][same]
    return np.column_stack([node[a], node[b]]), along[b] - along[a], way[a]


def _steps(lonlat: Any) -> Any:
    """Return great-circle kilometres from each point to the one before it, 0 for the first."""
    a, b = np.radians(lonlat[:-1]), np.radians(lonlat[1:])
    sines = np.sin((b - a) / 2) ** 2
    chord = sines[:, 1] + np.cos(a[:, 1]) * np.cos(b[:, 1]) * sines[:, 0]
    return np.r_[0.0, 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))]


def _graph(ends: Any) -> Any:
    size = int(ends.max()) + 1
    return csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))


def _node_table(refs: Any, lonlat: Any, ends: Any, road_class: Any) -> pl.DataFrame:
    ordinary = np.zeros(len(refs), bool)
    ordinary[ends[~np.isin(road_class, ["motorway", "link"])].ravel()] = True
    frame = pl.DataFrame(
        {
            "node_id": pl.Series(refs).cast(pl.String),
            "lon": lonlat[:, 0],
            "lat": lonlat[:, 1],
            "layer": np.where(ordinary, "road", "expressway"),
        }
    )
    return tables.conform(frame.with_columns(origin=pl.lit("observed"), source=pl.lit(SOURCE)), "road_nodes")


def _link_table(node_ids: pl.Series, ends: Any, km: Any, road_class: Any, way: Any, held: _Held) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "link_id": pl.Series(np.arange(len(km))).cast(pl.String),
            "from_node": node_ids.gather(ends[:, 0]),
            "to_node": node_ids.gather(ends[:, 1]),
            "length_km": np.round(km, 4),
            "road_class": road_class,
            "ref": pl.Series(held.numbers, dtype=pl.String).gather(way),
            "name": pl.Series(held.names, dtype=pl.String).gather(way),
            "basis": pl.Series(["osm"]).new_from_index(0, len(km)),
        }
    )
    return tables.conform(frame.with_columns(origin=pl.lit("observed"), source=pl.lit(SOURCE)), "road_links")
