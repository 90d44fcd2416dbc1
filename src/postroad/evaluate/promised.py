"""The parcels of promised directions in a simulated day: by county or zone, and as journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.lines.pairs import members
from postroad.evaluate.causes import journeys
from postroad.measure.promise.certificate import units_of

if TYPE_CHECKING:
    from postroad.design.lines import Timetable

KEYS = ("promise_class", "pair_id", "from_place_id", "to_place_id", "promise_h", "share_asked_percent")


def promised(table: Timetable, parcels: pl.DataFrame) -> dict[Any, pl.DataFrame]:
    """The parcels of promised pairs by county or zone, with the minute from which their promise counts."""
    ends = list(table.work.pairs.select("origin_id", "destination_id").iter_rows())
    wanted = sorted({ends[k] for held in members(table.work) for k in held["rows"]})
    columns = ["origin_id", "destination_id"]
    units = dict(units_of(table.network).select("place_id", "unit_id").iter_rows())
    own = parcels.with_columns(pl.col(columns).cast(pl.String).replace(units)).join(
        pl.DataFrame(wanted, schema=columns, orient="row"), on=columns, how="semi"
    )  # fmt: skip
    cut = pl.col("origin_id").replace_strict({a: table.work.cutoff(a) for a, _ in wanted}, return_dtype=pl.Float64)
    minute = pl.col("accepted_s") / 60
    start = minute // 1440.0 * 1440.0 + cut + pl.when(minute % 1440.0 > cut).then(1440.0).otherwise(0.0)
    return dict(own.with_columns(start_min=start).partition_by(columns, as_dict=True))


def promised_journeys(table: Timetable, parcels: pl.DataFrame) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Return the parcels of each promised direction as journeys; the key is class, pair, from and to.

    ``row`` of a journey is the number of its pair of counties or zones, ``late`` whether it missed its promise.
    """
    ends = list(table.work.pairs.select("origin_id", "destination_id").iter_rows())
    by_ends, made = promised(table, parcels), dict[tuple[Any, ...], list[dict[str, Any]]]()
    for held in members(table.work):
        own = made.setdefault(tuple(held[name] for name in KEYS[:4]), [])
        for k in held["rows"]:
            if (part := by_ends.get(ends[k])) is None:
                continue
            for one in journeys(part.with_columns(due_min=pl.col("start_min") + 60.0 * held["promise_h"])):
                late = one["door_min"] is None or one["door_min"] > one["due_min"] + 1e-6
                own.append({**one, "row": k, "late": late})
    return made
