"""Where a result lies: the network given, else the shipped province that has its places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.face.report.result_place import Ground
from postroad.network import province, shipped_packs

if TYPE_CHECKING:
    from postroad.language import Language
    from postroad.network import Network
    from postroad.results import Result

LOOKED_AT = 400
"""Rows of each column of ids that are looked up."""


def ground_of(result: Result, network: Network | None, spoken: Language) -> Ground | None:
    """Return the ground of a result, or nothing when no province has most of its places."""
    if network is not None:
        return Ground.of(network, spoken)
    asked = _ids(result)
    for name in shipped_packs() if asked else ():
        own = set(province(name)["places"]["place_id"])
        if 2 * len(asked & own) > len(asked):
            return Ground.of(province(name), spoken)
    return None


def _ids(result: Result) -> set[str]:
    """Ids in columns that are called after places."""
    found: set[str] = set()
    for frame in result.tables.values():
        for column, kind in frame.schema.items():
            if kind == pl.String and column.endswith(PLACED):
                found |= set(frame[column].drop_nulls().head(LOOKED_AT))
    return found


PLACED = ("place_id", "county_id", "township_id", "village_id", "prefecture_id", "city_id", "origin_id",
          "destination_id")  # fmt: skip
"""Endings of columns that hold ids of places."""
