"""How far a change of statistical scope raised a series: both scopes were published nationally for some years."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import datetime as dt

    from postroad.network import Network

NATION = "000000"


def scope_breaks(network: Network, as_of: dt.date) -> dict[str, dict[tuple[str, str], float]]:
    """Return, by statistic and by (old scope, new scope), how far a change of scope raised the national level.

    Taken from every year that was published nationally in both scopes; of several years the largest factor.
    """
    rows = network["statistics"].filter(
        pl.col("region_id") == NATION, pl.col("known_on") <= as_of, pl.col("period").str.contains(r"^\d{4}$")
    )
    breaks: dict[str, dict[tuple[str, str], float]] = {}
    for (name, _), group in rows.group_by("indicator", "period", maintain_order=True):
        levels = {row["scope"]: row["value"] for row in group.sort("known_on").iter_rows(named=True)}
        for old, new in permutations(levels, 2):
            if levels[old] > 0:
                found = breaks.setdefault(str(name), {})
                found[old, new] = max(found.get((old, new), 0.0), levels[new] / levels[old])
    return breaks
