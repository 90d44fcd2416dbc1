"""Which pairs of places a scope holds, in blocks that are small enough to be dense (P13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl
from scipy.spatial import Delaunay, KDTree

from postroad.errors import UsageError
from postroad.travel.joining import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroad.network import Network

Scope = Literal["county", "township", "village"]
Block = tuple[list[str], list[str]]
"""Origins and destinations."""


def blocks(network: Network, scope: str) -> Iterator[Block]:
    """Yield the blocks of a scope; together they hold each of its pairs once, and never all villages at once.

    ``county``: every county-level unit and every place outside the province, in one block. ``township``: a block per
    county, to its own townships and its neighbours'. ``village``: a block per township, it and its villages.
    """
    if scope not in get_args(Scope):
        raise UsageError.of("travel.unknown_scope", asked=scope, known=", ".join(get_args(Scope)))
    places = network["places"].drop_nulls(["lon", "lat"]).sort("place_id")
    if scope == "county":
        ids = places.filter(pl.col("level").is_in(["county", "external"]))["place_id"].to_list()
        yield ids, ids
    elif scope == "township":
        towns = places.filter(level="township")
        members = _grouped(towns, "county_id")
        near = neighbours(network)
        for county, own in members.items():
            yield own, [place for one in sorted({county, *near.get(county, ())}) for place in members.get(one, [])]
    else:
        held = set(places.filter(level="township")["place_id"])
        for town, own in _grouped(places.filter(level="village"), "parent_id").items():
            ids = [town, *own] if town in held else own
            yield ids, ids


def neighbours(network: Network) -> dict[str, set[str]]:
    """Return the neighbours of each county: a road link joins them, or two of their townships lie next to each other.

    Next to each other: the circle over the two as diameter holds no third township (Gabriel's graph).
    """
    near: dict[str, set[str]] = {}
    county = dict(network["road_nodes"].select("node_id", "county_id").drop_nulls().iter_rows())
    pairs = [
        (county.get(a), county.get(b)) for a, b in network["road_links"].select("from_node", "to_node").iter_rows()
    ]
    towns = network["places"].filter(level="township").drop_nulls(["lon", "lat", "county_id"]).sort("place_id")
    owner = towns["county_id"].to_list()
    pairs += [(owner[a], owner[b]) for a, b in _gabriel(towns)]
    for a, b in pairs:
        if a and b and a != b:
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)
    return near


def _gabriel(towns: pl.DataFrame) -> list[tuple[int, int]]:
    if towns.height < 4:
        return [(a, b) for a in range(towns.height) for b in range(a)]
    at = flat(towns.select("lon", "lat").to_numpy(), float(towns["lat"].to_numpy().mean()))
    corners: Any = Delaunay(at, qhull_options="QJ").simplices
    edges = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0)
    half = np.linalg.norm(at[edges[:, 0]] - at[edges[:, 1]], axis=1) / 2
    third, _ = KDTree(at).query((at[edges[:, 0]] + at[edges[:, 1]]) / 2)
    return [(int(a), int(b)) for a, b in edges[third >= half - 1e-9]]


def _grouped(places: pl.DataFrame, by: str) -> dict[str, list[str]]:
    groups = places.drop_nulls(by).group_by(by, maintain_order=True).agg("place_id").sort(by)
    return {str(key): list(ids) for key, ids in groups.iter_rows()}
