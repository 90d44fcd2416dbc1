"""How steady the service of each village is: days served of those asked for, and the spread of the hour of arrival.

The plan wants the three-tier system's "stability" to rise and gives no measure (P71). Proposed: of the days on which a
village had parcels waiting, the share on which some were handed over; and the spread of the hour of handing over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from postroad.network import Network


def stability(facts: pl.DataFrame | pl.LazyFrame, network: Network) -> pl.DataFrame:
    """Return a row for each village with parcels: days, days_served, served_percent, hour and spread_h of arrival.

    ``facts`` has ``world``, ``day``, ``destination_id``, ``accept_min``, ``hours``. A day is one on which parcels for
    the village were accepted; it is served when one of them was delivered. ``served_year_days`` is the share laid on
    365 days. ``visit_days`` are the days of a year on which a round or bus of the network stops there (365 where it has
    none and rounds are assumed); with sampled parcels they say more than the days served.
    """
    villages = network["places"].filter(level="village").select("place_id").lazy()
    own = facts.lazy().rename({"destination_id": "place_id"}).join(villages, on="place_id", how="semi")
    clock = ((pl.col("accept_min") / 60 + pl.col("hours")) % 24).alias("clock_h")
    daily = own.with_columns(clock).group_by("place_id", "world", "day").agg(
        pl.len().alias("parcels"), pl.col("hours").is_not_null().any().alias("served"), pl.col("clock_h").median()
    )  # fmt: skip
    return (
        daily.group_by("place_id")
        .agg(
            pl.col("parcels").sum(),
            pl.len().alias("days"),
            pl.col("served").sum().alias("days_served"),
            pl.col("clock_h").median().alias("hour"),
            (pl.col("clock_h").quantile(0.9) - pl.col("clock_h").quantile(0.1)).alias("spread_h"),
        )
        .with_columns((100 * pl.col("days_served") / pl.col("days")).alias("served_percent"))
        .with_columns((pl.col("served_percent") * 3.65).alias("served_year_days"))
        .join(_visits(network), on="place_id", how="left")
        .with_columns(pl.col("visit_days").fill_null(365.0))
        .sort("place_id")
        .collect()
    )


def _visits(network: Network) -> pl.LazyFrame:
    """Days of a year on which rounds and buses stop at each place, by the weekdays of them all."""
    by_round = network["round_stops"].join(network["rounds"].select("round_id", "days"), on="round_id")
    stops = by_round.select("place_id", "days")
    buses = network["bus_holds"].select("days", place_id="to_place_id").select("place_id", "days")
    weekdays = pl.col("days").str.split("").explode().replace("", None).drop_nulls().n_unique()
    both = pl.concat([stops, buses]).lazy()
    return both.group_by("place_id").agg((weekdays * 365.0 / 7.0).alias("visit_days"))
