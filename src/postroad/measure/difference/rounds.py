"""Rounds paired by the villages they share, what became of each, and what a village notices of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.network import Network

NOTICED_MIN = 30.0
"""An arrival moved by more than this is noticed in the village; assumed."""
KINDS = ("same", "retimed", "reordered", "changed", "new", "dropped")


class Way(NamedTuple):
    """A round: its driver's day, places in order, and when it leaves."""

    round_id: str
    days: str
    vehicle: str | None
    depart_min: float | None
    places: tuple[str, ...]


def rounds(before: Network, after: Network) -> pl.DataFrame:
    """Return rounds paired within their county by most villages in common.

    ``change`` is same (order, hour, vehicle and days), retimed (order only), reordered (same villages), changed, new or
    dropped; ``stops_kept``, ``stops_gained`` and ``stops_lost`` count villages.
    """
    old, new = _ways(before), _ways(after)
    rows: list[dict[str, Any]] = []
    for county in sorted(set(old) | set(new)):
        rows += [{"county_id": county, **row} for row in _county(old.get(county, []), new.get(county, []))]
    text, count = pl.String, pl.Int64
    schema = {"county_id": text, "change": text, "before_id": text, "after_id": text, "stops_kept": count,
              "stops_gained": count, "stops_lost": count}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def rounds_told(before: Network, after: Network, changed: pl.DataFrame) -> dict[str, Any]:
    """Return counts by change, drivers affected, the share of stops that keep their round, and yuan before and after.

    A driver is affected when the round is anything but the same; a round dropped is a driver to place elsewhere.
    """
    counts = dict(changed["change"].value_counts().iter_rows())
    kept, lost = int(changed["stops_kept"].sum()), int(changed["stops_lost"].sum())
    cost = [float(n["rounds"]["cost_yuan"].fill_null(0).sum()) for n in (before, after)]
    return {
        "before": before["rounds"].height,
        "after": after["rounds"].height,
        **{kind: counts.get(kind, 0) for kind in KINDS},
        "drivers_affected": changed.height - counts.get("same", 0),
        "kept_percent": round(100.0 * kept / (kept + lost), 2) if kept + lost else 100.0,
        "cost_before_yuan": round(cost[0], 2),
        "cost_after_yuan": round(cost[1], 2),
    }


def villages(before: Network, after: Network) -> pl.DataFrame:
    """Return villages whose days a week or first hour of arrival differ: days and minutes before and after."""
    both = _served(before).join(_served(after), on="place_id", how="full", coalesce=True, suffix="_after")
    moved = (pl.col("arrive_min_after") - pl.col("arrive_min")).alias("shift_min")
    return (
        both.with_columns(pl.col("days", "days_after").fill_null(0), moved)
        .filter((pl.col("days") != pl.col("days_after")) | (pl.col("shift_min") != 0))
        .select("place_id", days_before="days", days_after="days_after", arrive_before_min="arrive_min",
                arrive_after_min="arrive_min_after", shift_min="shift_min")
        .sort("place_id")
    )  # fmt: skip


def villages_told(changed: pl.DataFrame) -> dict[str, Any]:
    """Return how many villages come to be served, lose service, have more or fewer days, or notice another hour."""
    was, now = pl.col("days_before"), pl.col("days_after")
    asked = {
        "villages_gained": (was == 0) & (now > 0),
        "villages_lost": (was > 0) & (now == 0),
        "villages_more_days": (was > 0) & (now > was),
        "villages_fewer_days": (now > 0) & (now < was),
        "villages_noticing": pl.col("shift_min").abs() > NOTICED_MIN,
    }
    return dict(
        changed.select(expr.fill_null(False).sum().alias(name) for name, expr in asked.items()).row(0, named=True)
    )


def _ways(network: Network) -> dict[str, list[Way]]:
    order = {
        str(name): tuple(frame["place_id"])
        for (name,), frame in network["round_stops"].sort("round_id", "stop").group_by("round_id", maintain_order=True)
    }
    found: dict[str, list[Way]] = {}
    for row in network["rounds"].sort("round_id").iter_rows(named=True):
        way = Way(row["round_id"], row["days"], row["vehicle_id"], row["depart_min"], order.get(row["round_id"], ()))
        found.setdefault(row["county_id"], []).append(way)
    return found


def _county(old: list[Way], new: list[Way]) -> list[dict[str, Any]]:
    common = _common(old, new)
    pairs = [(int(a), int(b)) for a, b in zip(*linear_sum_assignment(-common), strict=True) if common[a, b] >= 1]
    rows = [_pair(old[a], new[b]) for a, b in pairs]
    for a in sorted(set(range(len(old))) - {a for a, _ in pairs}):
        rows.append(_told("dropped", old[a], None))
    for b in sorted(set(range(len(new))) - {b for _, b in pairs}):
        rows.append(_told("new", None, new[b]))
    return rows


def _common(old: list[Way], new: list[Way]) -> NDArray[np.float64]:
    """Villages in common of every two rounds; where there are any, the same days and the same hour settle a tie."""
    at: dict[tuple[str, int], list[int]] = {}
    for b, way in enumerate(new):
        for visit in _visits(way):
            at.setdefault(visit, []).append(b)
    found = np.zeros((len(old), len(new)))
    for a, way in enumerate(old):
        for visit in _visits(way):
            found[a, at.get(visit, [])] += 1
    for a, b in zip(*np.nonzero(found), strict=True):
        found[a, b] += 0.5 * (old[a].days == new[b].days) + 0.25 * (old[a].depart_min == new[b].depart_min)
    return found


def _visits(way: Way) -> list[tuple[str, int]]:
    """Places with the number of the visit, so that a place called at twice is two."""
    seen: Counter[str] = Counter()
    made = []
    for place in way.places:
        made.append((place, seen[place]))
        seen[place] += 1
    return made


def _pair(old: Way, new: Way) -> dict[str, Any]:
    if old[1:] == new[1:]:
        return _told("same", old, new)
    if old.places == new.places:
        return _told("retimed", old, new)
    return _told("reordered" if Counter(old.places) == Counter(new.places) else "changed", old, new)


def _told(change: str, old: Way | None, new: Way | None) -> dict[str, Any]:
    was, now = Counter(old.places if old else ()), Counter(new.places if new else ())
    return {
        "change": change,
        "before_id": old.round_id if old else None,
        "after_id": new.round_id if new else None,
        "stops_kept": (was & now).total(),
        "stops_gained": (now - was).total(),
        "stops_lost": (was - now).total(),
    }


def _served(network: Network) -> pl.DataFrame:
    """Days a week and first arrival of each place on a round."""
    stops = network["round_stops"].join(network["rounds"].select("round_id", "days"), on="round_id")
    days = pl.col("days").str.extract_all("[1-7]").explode().n_unique().cast(pl.Int64)
    return stops.group_by("place_id").agg(days, pl.col("arrive_min").min())
