"""From a county or zone down to its villages and communities: each by its people, farther ones a little less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.demand.totals import RURAL_RECEIVING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.network import Network

HALF_AT_KM = 60.0
"""A village this far from its county's seat counts half its people; assumed."""
KM_PER_DEGREE = 111.195


def leaf_weights(
    network: Network, ends: pl.Series
) -> tuple[list[tuple[NDArray[np.float64], NDArray[np.int32]]], pl.Series]:
    """Return, for each end of flows, weights and place numbers of what a parcel may be drawn to, and the place ids.

    An end outside the province, or without people below it, is drawn to itself.
    """
    people = network["populations"].sort("period").unique("place_id", keep="last", maintain_order=True)
    places = network["places"].join(people, on="place_id", how="left").sort("place_id")
    parents = places.filter(level="village")["parent_id"].unique()
    leaf = places.filter(
        (pl.col("level") == "village")
        | ((pl.col("level") == "township") & ~pl.col("place_id").is_in(parents.implode()))
    ).filter(pl.col("population_persons") > 0)
    seats = places.filter(pl.col("place_id").is_in(ends.implode())).select(
        unit="place_id", seat_lon="lon", seat_lat="lat"
    )
    leaf = leaf.with_columns(unit=pl.col("place_id").str.slice(0, 6)).join(seats, on="unit")
    east = (pl.col("lon") - pl.col("seat_lon")) * KM_PER_DEGREE * np.cos(np.radians(43.5))
    km = (east.pow(2) + ((pl.col("lat") - pl.col("seat_lat")) * KM_PER_DEGREE).pow(2)).sqrt()
    counted = pl.col("urban_persons").fill_null(0) + RURAL_RECEIVING * pl.col("rural_persons").fill_null(0)
    leaf = leaf.with_columns(weight=counted / (1 + km / HALF_AT_KM))
    groups = {unit: group for (unit,), group in leaf.group_by("unit", maintain_order=True)}
    place_ids = pl.concat([leaf["place_id"], ends]).unique().sort()
    number = {place: k for k, place in enumerate(place_ids)}
    found = []
    for end in ends:
        group = groups.get(end)
        if group is None or not group["weight"].sum() > 0:
            found.append((np.ones(1), np.array([number[end]], np.int32)))
        else:
            found.append((group["weight"].to_numpy(), np.array([number[p] for p in group["place_id"]], np.int32)))
    return found, place_ids
