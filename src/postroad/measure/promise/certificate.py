"""The certificate of the promised pairs: share on time, interval, slack, binding place and hour, by kind of day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.measure.promise.shares import Interval, interval

if TYPE_CHECKING:
    from postroad.network import Network

FACTS = ("world", "day", "kind", "origin_id", "destination_id", "accept_min", "hours", "cause", "at_place_id")
"""Columns of the facts: which world, day and kind of day (ordinary, snow, peak); leaf places; minute of acceptance;
hours from acceptance to delivery (null: not delivered within the horizon, which is late); and for late parcels the
cause of the longest single wait and where it was."""
WITHIN = "__same__"


@dataclass(frozen=True)
class Certificate:
    """``pairs`` has a row for each promised pair and kind of day, ``classes`` one for each class and kind of day.

    Shares are percent. ``certified`` says that the low end of the interval is at least the share asked for.
    """

    pairs: pl.DataFrame
    classes: pl.DataFrame

    def value(self, promise_class: str, kind: str) -> float:
        """Return the share on time of a class on a kind of day, in percent; not a number without parcels."""
        rows = self.classes.filter(promise_class=promise_class, kind=kind)
        return float(rows["share_percent"][0]) if rows.height else float("nan")


def certificate(facts: pl.DataFrame | pl.LazyFrame, network: Network, level: float = 0.95) -> Certificate:
    """Return the certificate from parcel facts with the columns of ``FACTS``; only promised pairs count."""
    promised = of_pairs(facts.lazy().select(FACTS), network).collect()
    return Certificate(
        _judged(promised, ["promise_class", "from_place_id", "to_place_id", "kind"], level),
        _judged(promised, ["promise_class", "kind"], level),
    )


def members(network: Network) -> pl.DataFrame:
    """Return which counties and zones each end of a promised pair stands for: end_id, unit_id.

    A prefecture stands for its districts and zones, or for all its counties where it has neither; a county or an
    outside place for itself.
    """
    places = network["places"]
    pairs = network["promise_pairs"]
    ends = pl.concat([pairs["from_place_id"], pairs["to_place_id"]]).unique().sort()
    level = dict(places.select("place_id", "level").iter_rows())
    rows = []
    for end in ends:
        below = places.filter(pl.col("parent_id") == end, pl.col("level") == "county")
        urban = below.filter(pl.col("kind").is_in(["district", "dev_zone"]))
        chosen = urban if urban.height else below
        units = chosen["place_id"].to_list() if level.get(end) == "prefecture" else [end]
        rows += [(end, unit) for unit in units]
    return pl.DataFrame(rows, schema=["end_id", "unit_id"], orient="row")


def units_of(network: Network) -> pl.DataFrame:
    """Return the county-level unit (or outside place) every place lies in: place_id, unit_id."""
    places = network["places"]
    parent = dict(places.select("place_id", "parent_id").iter_rows())
    level = dict(places.select("place_id", "level").iter_rows())

    def unit(place: str) -> str | None:
        at: str | None = place
        while at is not None and level[at] not in ("county", "external"):
            at = parent[at]
        return at

    return pl.DataFrame({"place_id": places["place_id"], "unit_id": [unit(p) for p in places["place_id"]]})


def of_pairs(facts: pl.LazyFrame, network: Network) -> pl.LazyFrame:
    """Return the parcels of promised pairs, with class and ends of their pair, its promise, and whether on time."""
    unit = units_of(network).lazy()
    found = facts
    for side in ("origin", "destination"):
        own = unit.rename({"place_id": f"{side}_id", "unit_id": f"{side}_unit"})
        found = found.join(own, on=f"{side}_id", how="left")
    held = members(network)
    pairs = network["promise_pairs"].select(
        "promise_class", "from_place_id", "to_place_id", "promise_h", "share_percent"
    )
    ends = pairs.join(held.rename({"end_id": "from_place_id", "unit_id": "a"}), on="from_place_id").join(
        held.rename({"end_id": "to_place_id", "unit_id": "b"}), on="to_place_id"
    )
    there = ends.rename({"a": "origin_unit", "b": "destination_unit"})
    back = ends.filter(pl.col("from_place_id") != pl.col("to_place_id")).rename(
        {"b": "origin_unit", "a": "destination_unit"}
    )
    both = pl.concat([there, back.select(there.columns)]).unique(maintain_order=True)
    return found.join(both.lazy(), on=["origin_unit", "destination_unit"], how="inner").with_columns(
        (pl.col("hours") <= pl.col("promise_h")).fill_null(False).alias("on_time")
    )


def _judged(promised: pl.DataFrame, by: list[str], level: float) -> pl.DataFrame:
    rows = [
        {**dict(zip(by, key, strict=True)), **_row(group, level)}
        for key, group in promised.sort([*by, "world", "day"]).group_by(by, maintain_order=True)
    ]
    schema = {**dict.fromkeys(by, pl.String), **_COLUMNS}
    return pl.DataFrame(rows, schema=schema) if rows else pl.DataFrame(schema=schema)


_COLUMNS: dict[str, Any] = {
    "parcels": pl.Int64, "clusters": pl.Int64, "share_percent": pl.Float64, "low_percent": pl.Float64,
    "high_percent": pl.Float64, "asked_percent": pl.Float64, "certified": pl.Boolean, "median_h": pl.Float64,
    "p95_h": pl.Float64, "slack_h": pl.Float64, "worst_hour": pl.Int64, "cause": pl.String, "at_place_id": pl.String,
}  # fmt: skip


def _row(group: pl.DataFrame, level: float) -> dict[str, Any]:
    clusters = group.group_by("world", "day").agg(pl.len().alias("n"), pl.col("on_time").sum())
    found: Interval = interval(clusters["on_time"].to_numpy(), clusters["n"].to_numpy(), level)
    asked, promise = float(group["share_percent"][0]), float(group["promise_h"][0])
    hours = group["hours"].fill_null(np.inf).to_numpy()
    # The hours within which the asked share arrives; beyond the horizon they are not known.
    reached = float(np.quantile(hours, asked / 100, method="higher")) if hours.size else float("nan")
    late = group.filter(~pl.col("on_time"))
    by_hour = group.group_by((pl.col("accept_min") // 60).alias("hour")).agg(pl.col("on_time").mean(), pl.len())
    worst = by_hour.sort(["on_time", "hour"])["hour"]
    told = late.drop_nulls("cause").group_by("cause", "at_place_id").len()
    why = told.sort(["len", "cause", "at_place_id"], descending=[True, False, False])
    return {
        "parcels": found.parcels, "clusters": found.clusters, "share_percent": 100 * found.share,
        "low_percent": 100 * found.low, "high_percent": 100 * found.high, "asked_percent": asked,
        "certified": 100 * found.low >= asked, "median_h": _finite(float(np.median(hours))), "p95_h": _finite(reached),
        "slack_h": _finite(promise - reached), "worst_hour": int(worst[0]) if late.height else None,
        "cause": why["cause"][0] if why.height else None, "at_place_id": why["at_place_id"][0] if why.height else None,
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
