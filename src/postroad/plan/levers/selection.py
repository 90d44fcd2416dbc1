"""Which rows of a table a lever acts on, and at which places it opens new ones; always seen on the base network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from postroad.network import Network

AT = ("level", "kind", "urban_rural", "place_id", "county_id", "lacking", "having", "order")
"""What a selection of places may say: columns of ``places``, a site kind that is lacking or there, and the order."""


def rows(frame: pl.DataFrame, where: Mapping[str, Any]) -> pl.Series:
    """Return which rows a filter names: a value, a list of values, or ``{above, below}`` for each column."""
    held = pl.lit(True)
    for column, wanted in where.items():
        if isinstance(wanted, Mapping):
            if "above" in wanted:
                held &= pl.col(column) > wanted["above"]
            if "below" in wanted:
                held &= pl.col(column) < wanted["below"]
        elif isinstance(wanted, list):
            held &= pl.col(column).is_in(wanted)
        else:
            held &= pl.col(column) == wanted
    return frame.with_columns(held=held.fill_null(False))["held"]


def places(network: Network, at: Mapping[str, Any]) -> pl.DataFrame:
    """Return the chosen places with people, in the order in which rows are opened: place_id, lon, lat, people."""
    plain = {k: v for k, v in at.items() if k not in ("lacking", "having", "order")}
    table = network["places"]
    chosen = table.filter(rows(table, plain))
    sites = network["sites"].filter(pl.col("status") == "open")
    for name, keep in (("lacking", False), ("having", True)):
        if name in at:
            there = pl.col("place_id").is_in(sites.filter(kind=at[name])["place_id"].implode())
            chosen = chosen.filter(there if keep else ~there)
    people = network["populations"].sort("period").group_by("place_id").agg(pl.col("population_persons").last())
    chosen = chosen.join(people, on="place_id", how="left").with_columns(
        pl.col("population_persons").fill_null(0).alias("people")
    )
    order = at.get("order", "people")
    by, falling = {"people": ("people", True), "fewest": ("people", False), "place_id": ("place_id", False)}[order]
    return chosen.sort([by, "place_id"], descending=[falling, False]).select("place_id", "lon", "lat", "people")
