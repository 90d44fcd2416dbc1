"""Village coverage by county: how many administrative villages hold an open post station (P08).

Counts come from the sites table; where the sites are placed by rule, the share is marked synthetic. Minutes to a
usable point are another matter and not measured here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import datetime as dt

    from postroad.network import Network

STATION = "village_post_station"


def village_coverage(network: Network, on: dt.date) -> pl.DataFrame:
    """Return one row per statutory county: county_id, name_zh, pinyin, villages, served, share (0 to 1), origin.

    Counties without administrative villages are left out. Rows are in order of the county's code.
    """
    sites = network.on(on)["sites"].filter(pl.col("kind") == STATION, pl.col("status") == "open")
    places = network["places"]
    villages = places.filter(kind="village").select("place_id", "county_id")
    held = villages.with_columns(served=pl.col("place_id").is_in(sites["place_id"].implode()))
    counts = held.group_by("county_id").agg(villages=pl.len(), served=pl.col("served").sum())
    counties = places.filter((pl.col("level") == "county") & (pl.col("kind") != "dev_zone"))
    origin = "synthetic" if "synthetic" in sites["origin"].to_list() else "derived"
    return (
        counties.select(county_id="place_id", name_zh="name_zh", pinyin="pinyin")
        .join(counts, on="county_id")
        .with_columns(share=pl.col("served") / pl.col("villages"), origin=pl.lit(origin))
        .sort("county_id")
    )
