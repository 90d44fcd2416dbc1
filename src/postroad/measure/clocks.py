"""The two clocks of a statistic held against each other and against today: nothing is known before it begins."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import Fault

if TYPE_CHECKING:
    from postroad.network import Network

WRITTEN = dt.date(2026, 11, 24)
"""A computer whose clock stands before the day this was written is wrong; its today is taken to be this day."""
AIM = "target_"
"""Statistics of this name tell what was wanted of a period, which is rightly known before it begins."""


def impossible(network: Network, as_of: dt.date) -> list[Fault]:
    """Return one fault for each statistic known after today (or after the day asked for), or before its period began.

    Of the period only the year counts, so that a month's figure published within the month passes.
    """
    today = max(dt.datetime.now(tz=dt.UTC).date(), as_of, WRITTEN)
    rows = network["statistics"].with_row_index("row", offset=1)
    known, aims = pl.col("known_on"), pl.col("indicator").str.starts_with(AIM)
    year = pl.col("period").str.slice(0, 4).cast(pl.Int32, strict=False)
    late = rows.filter(known > today)
    early = rows.filter((year > known.dt.year()) & ~aims & (known <= today))
    place = {"table": "statistics", "column": "known_on"}
    faults = [
        Fault.of("measure.from_the_future", **place, row=row["row"], value=row["known_on"].isoformat(),
                 indicator=row["indicator"], today=today.isoformat())
        for row in late.iter_rows(named=True)
    ]  # fmt: skip
    return faults + [
        Fault.of("measure.known_too_early", **place, row=row["row"], value=row["known_on"].isoformat(),
                 indicator=row["indicator"], period=row["period"])
        for row in early.iter_rows(named=True)
    ]  # fmt: skip
