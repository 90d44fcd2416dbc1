"""How a place meets the road: the point of the nearest ordinary link, and the last leg to it (P13).

Link shapes are not kept, so a link is the straight line between its nodes. The answer for a pair of places does not
depend on which other places are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from postroad.travel.graph import KM, MINUTES

KM_PER_DEGREE = 111.195


def flat(lonlat: Any, latitude: float) -> Any:
    """Return kilometres east and north on a plane that is true at a latitude."""
    return np.asarray(lonlat) * (np.array([np.cos(np.radians(latitude)), 1.0]) * KM_PER_DEGREE)


@dataclass(frozen=True)
class Joined:
    """Places on the graph: the two ends of each one's link, the weights to them, and the straight last leg in km.

    ``link`` is -1 for a place that is a node itself; ``along`` is the share of the link that lies before the place.
    """

    nodes: Any
    weights: Any
    leg: Any
    leg_km: Any
    link: Any
    along: Any

    def take(self, rows: Any) -> Joined:
        """Return some of the places."""
        return Joined(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


class Joiner:
    """Joins places to the ordinary links of a graph."""

    def __init__(self, lonlat: Any, ends: Any, weights: Any, ordinary: Any) -> None:
        self.latitude = float(lonlat[:, 1].mean())
        self.ends, self.weights = ends, weights
        self.usable = np.flatnonzero(ordinary)
        self.lines = shapely.linestrings(flat(lonlat, self.latitude)[ends[self.usable]])
        self.tree = shapely.STRtree(self.lines)

    def join(self, lonlat: Any, own_node: Any, detour: float, leg_minutes: Any) -> Joined:
        """Return places joined; ``own_node`` is a place's node or -1, ``leg_minutes`` places × 3 minutes a km."""
        points = shapely.points(flat(lonlat, self.latitude))
        near = self.tree.nearest(points)
        line, link = self.lines[near], self.usable[near]
        straight = shapely.distance(points, line)  # type: ignore[no-untyped-call]
        along = np.nan_to_num(shapely.line_locate_point(line, points, normalized=True))
        at_node = own_node >= 0
        straight[at_node] = 0.0
        leg_km = straight * detour
        leg = np.empty((len(points), 4))
        leg[:, KM] = leg_km
        leg[:, [MINUTES, 2, 3]] = leg_minutes * leg_km[:, None]
        nodes = np.where(at_node[:, None], own_node[:, None], self.ends[link])
        share = np.stack([along, 1.0 - along], axis=1)
        share[at_node] = 0.0
        weights = share[:, :, None] * self.weights[link][:, None, :] + leg[:, None, :]
        return Joined(nodes, weights, leg, straight, np.where(at_node, -1, link), along)


def crossed(trees: Any, a: Joined, b: Joined, weights: Any) -> Any:
    """Return the quickest way between two groups, a × b × 4, from the trees between their link ends.

    ``trees`` is (2·a) × (2·b) × 4 in the order of ``nodes.ravel()``. Places on one link also meet along it.
    """
    count = len(a.leg), len(b.leg)
    by_end = trees.reshape(count[0], 2, count[1], 2, 4)
    best = np.full((*count, 4), np.inf)
    for i in (0, 1):
        for j in (0, 1):
            way = by_end[:, i, :, j] + a.weights[:, i][:, None] + b.weights[:, j][None]
            _better(best, way)
    same = (a.link[:, None] == b.link[None]) & (a.link >= 0)[:, None]
    here, there = np.nonzero(same)
    way = np.full_like(best, np.inf)
    gap = np.abs(a.along[here] - b.along[there])[:, None]
    way[here, there] = gap * weights[a.link[here]] + a.leg[here] + b.leg[there]
    _better(best, way)
    return best


def _better(best: Any, way: Any) -> None:
    """Keep the quicker of two ways, and the shorter of two that take as long, in place."""
    less = way[..., MINUTES] < best[..., MINUTES]
    less |= (way[..., MINUTES] == best[..., MINUTES]) & (way[..., KM] < best[..., KM])
    best[less] = way[less]
