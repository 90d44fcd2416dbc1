"""Rows that only one of two networks has, and cells of the rows that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad import tables

if TYPE_CHECKING:
    from postroad.network import Network

SIGN = " · "
"""Between the parts of a key of several columns."""
COLUMNS = {"table": pl.String, "key": pl.String, "change": pl.String, "column": pl.String,
           "before": pl.String, "after": pl.String}  # fmt: skip


def rows(before: Network, after: Network) -> pl.DataFrame:
    """Return one row for each row ``added`` or ``removed`` and for each cell ``changed``, by table and key."""
    found = [_of_table(name, before[name], after[name]) for name in before.tables]
    return pl.concat([frame for frame in found if frame.height] or [pl.DataFrame(schema=COLUMNS)])


def counted(before: Network, after: Network, changed: pl.DataFrame) -> pl.DataFrame:
    """Return, for each table with a difference, its rows before and after and how many came, went and changed."""
    counts = changed.group_by("table").agg(
        pl.col("key").filter(pl.col("change") == change).n_unique().alias(change)
        for change in ("added", "removed", "changed")
    )
    heights = {name: (before[name].height, after[name].height) for name in counts["table"]}
    return counts.with_columns(
        pl.col("table")
        .replace_strict({n: h[0] for n, h in heights.items()}, return_dtype=pl.Int64)
        .alias("rows_before"),
        pl.col("table")
        .replace_strict({n: h[1] for n, h in heights.items()}, return_dtype=pl.Int64)
        .alias("rows_after"),
    ).sort("table")


def _of_table(name: str, old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    if old.equals(new):
        return pl.DataFrame(schema=COLUMNS)
    by = list(tables.schema().tables[name].key)
    rest = [column for column in old.columns if column not in by]
    key = pl.concat_str([pl.col(c).cast(pl.String) for c in by], separator=SIGN).alias("key")
    gone, come = old.join(new, on=by, how="anti"), new.join(old, on=by, how="anti")
    both = old.join(new, on=by, how="inner", suffix="|")
    frames = [
        _whole(gone.select(key), "removed"),
        _whole(come.select(key), "added"),
        *(
            both.filter(pl.col(c).ne_missing(pl.col(f"{c}|"))).select(
                key, pl.lit("changed").alias("change"), pl.lit(c).alias("column"),
                pl.col(c).cast(pl.String).alias("before"), pl.col(f"{c}|").cast(pl.String).alias("after"),
            )
            for c in rest
        ),
    ]  # fmt: skip
    told = pl.concat(frames).select(pl.lit(name).alias("table"), pl.all())
    return told.sort("key", "column", nulls_last=True)


def _whole(keys: pl.DataFrame, change: str) -> pl.DataFrame:
    nothing = pl.lit(None, pl.String)
    return keys.select(
        "key", pl.lit(change).alias("change"), nothing.alias("column"), nothing.alias("before"), nothing.alias("after")
    )
