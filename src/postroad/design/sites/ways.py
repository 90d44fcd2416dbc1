"""Which new points would shorten whose way, in minutes on foot: what limits on minutes are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from postroad.design.sites.equity import Minutes
from postroad.travel.doorstep import homes_km

if TYPE_CHECKING:
    import polars as pl

    from postroad.travel.doorstep import Pace


def shorter_ways(
    units: pl.DataFrame, ground: tuple[Any, Any, Any], walking: Pace, limits: tuple[float | None, float | None]
) -> Minutes:
    """Return everybody's minutes now and by each new point that shortens them by a hundredth.

    ``ground`` is where units lie, which of them are candidates and the kilometres to a point today; site 0 stands for
    what is open. ``limits`` are those on the worst tenth and on every county's mean.
    """
    at, may, km = ground
    spread = homes_km(at)
    straight = np.sqrt(np.maximum(0.0, (km / walking.detour) ** 2 - (walking.spread * spread) ** 2))
    found = KDTree(at[may]).query_ball_point(at, straight)
    home = np.repeat(np.arange(len(at)), [len(near) for near in found])
    site = np.fromiter((j for near in found for j in sorted(near)), np.int64, home.size)
    way = walking.km(np.linalg.norm(at[may[site]] - at[home], axis=1), spread[home])
    good = way < 0.99 * km[home]
    pace = 60.0 / walking.ordinary_kmh
    ways = sparse.csr_array(
        (pace * way[good], (home[good], 1 + site[good])), (len(at), may.size + 1)
    )  # fmt: skip
    counties = units["county_id"].fill_null("").to_list()
    number = {county: k for k, county in enumerate(sorted(set(counties)))}
    area = np.array([number[county] for county in counties])
    return Minutes(pace * km, ways, units["persons"].to_numpy().astype(float), area, *limits)
