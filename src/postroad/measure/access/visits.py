"""What rounds bring to each village: days served a week and the hour of arrival; two designs side by side, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from postroad.network import Network

LEAST_MIN = 5.0
"""Minutes of arrival below which a change counts as none."""


def visits(network: Network) -> pl.DataFrame:
    """Return one row a place that a round stops at: weekdays served and the mean minute of the day's first stop."""
    stops = network["round_stops"].join(network["rounds"].select("round_id", "days"), on="round_id")
    each = stops.with_columns(day=pl.col("days").str.split("")).explode("day").filter(pl.col("day") != "")
    first = each.group_by("place_id", "day").agg(arrive_min=pl.col("arrive_min").min())
    return (
        first.group_by("place_id")
        .agg(days_a_week=pl.len().cast(pl.Int64), arrive_min=pl.col("arrive_min").mean())
        .sort("place_id")
    )


def visit_change(before: Network, after: Network) -> pl.DataFrame:
    """Return the villages that are served on other days or at another hour: who gains (more days, then earlier).

    A village on no round has 0 days.
    """
    then, now = visits(before), visits(after)
    names = after["places"].select("place_id", "name_zh", "pinyin", "county_id", "origin")
    both = then.join(now, on="place_id", how="full", suffix="_after", coalesce=True).join(names, on="place_id")
    rows = both.with_columns(
        days=pl.col("days_a_week_after").fill_null(0) - pl.col("days_a_week").fill_null(0),
        minutes=(pl.col("arrive_min_after") - pl.col("arrive_min")).fill_null(0.0),
        synthetic=pl.col("origin") == "synthetic",
    ).filter((pl.col("days") != 0) | (pl.col("minutes").abs() >= LEAST_MIN))
    gains = (pl.col("days") > 0) | ((pl.col("days") == 0) & (pl.col("minutes") < 0))
    return rows.select(
        "place_id", "name_zh", "pinyin", "county_id", days_before=pl.col("days_a_week").fill_null(0),
        days_after=pl.col("days_a_week_after").fill_null(0), arrive_before_min="arrive_min",
        arrive_after_min="arrive_min_after", gains=gains, synthetic="synthetic",
    ).sort("gains", "days_after", "place_id")  # fmt: skip
