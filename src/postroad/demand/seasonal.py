"""Farm products and factories: how much more, or less, a county sends out of the province in a month (P16 P17 P74).

Goods are part of what their county sends to other provinces. Inside its season a product is spread evenly over the
months; outside it sends nothing. A month's factor is what the county then sends against its mean month.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from postroad.network import Network

CLASS = "inter_province"
LARGEST_PART = 0.8
"""Goods are held to this part of what a county sends, so that the rest of its trade never vanishes; assumed."""


def season(first: int, last: int) -> list[int]:
    """Return the months of a season, which may run over the year's end."""
    return list(range(first, last + 1)) if first <= last else [*range(first, 13), *range(1, last + 1)]


def month_factors(network: Network, flows: pl.DataFrame, month: int) -> dict[str, float]:
    """Return, for each county with goods, the month's pieces out of the province against its mean month."""
    sent = dict(flows.filter(flow_class=CLASS).group_by("origin_id").agg(pl.col("pieces").sum()).iter_rows())
    goods: dict[str, float] = {}
    now: dict[str, float] = {}
    for row in network["seasonal_goods"].iter_rows(named=True):
        months = season(row["first_month"], row["last_month"])
        place, pieces = row["place_id"], row["pieces_per_year"]
        goods[place] = goods.get(place, 0.0) + pieces
        now[place] = now.get(place, 0.0) + (12 * pieces / len(months) if month in months else 0.0)
    factors = {}
    for place, pieces in goods.items():
        if sent.get(place, 0.0) > 0:
            part = min(LARGEST_PART, pieces / sent[place])
            factors[place] = 1 - part + part * now[place] / pieces
    return factors


def in_month(network: Network, flows: pl.DataFrame, month: int) -> pl.DataFrame:
    """Return the flows with each county's pieces out of the province as they are in a month."""
    factors = month_factors(network, flows, month)
    if not factors:
        return flows
    factor = pl.col("origin_id").replace_strict(factors, default=1.0, return_dtype=pl.Float64)
    seasonal = pl.when(pl.col("flow_class") == CLASS).then(pl.col("pieces") * factor).otherwise("pieces")
    return flows.with_columns(pieces=seasonal)


def mean_factor(network: Network, flows: pl.DataFrame) -> float:
    """Return the mean over months of all factors: 1 when seasons only move pieces and make none."""
    every = [list(month_factors(network, flows, month).values()) for month in range(1, 13)]
    return float(np.mean(every)) if every[0] else 1.0
