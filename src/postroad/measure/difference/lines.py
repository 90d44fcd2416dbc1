"""Hubs that change their tier or what they serve, and line-hauls that come, go, move or carry more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroad.network import Network

MOST_SHIFT_MIN = 180.0
"""A departure moved farther than this is another departure."""
ARC = ("from_place_id", "to_place_id", "mode", "season")
DAY_MIN = 1440


def hubs(before: Network, after: Network) -> pl.DataFrame:
    """Return places whose tier or hub differs: place_id, tier_before, tier_after, hub_before, hub_after."""
    old, new = (n["allocations"].select("place_id", "tier", "hub_place_id") for n in (before, after))
    both = old.join(new, on="place_id", how="full", coalesce=True, suffix="_after")
    moved = pl.col("tier").ne_missing(pl.col("tier_after")) | pl.col("hub_place_id").ne_missing(
        pl.col("hub_place_id_after")
    )
    return both.filter(moved).select(
        "place_id", tier_before="tier", tier_after="tier_after", hub_before="hub_place_id",
        hub_after="hub_place_id_after",
    ).sort("place_id")  # fmt: skip


def lines(before: Network, after: Network) -> pl.DataFrame:
    """Return line-hauls paired on their arc by least total shift of departure, with what became of each.

    ``change`` is same, retimed, resized (capacity, vehicle or days), both, added or removed; ``shift_min`` is the
    shorter way round the clock.
    """
    rows: list[dict[str, Any]] = []
    for arc, old, new in _arcs(before["line_hauls"], after["line_hauls"]):
        told = dict(zip(ARC, arc, strict=True))
        pairs = _paired([row["depart_min"] for row in old], [row["depart_min"] for row in new])
        for a, b in pairs:
            rows.append({**told, **_row(old[a], new[b])})
        for a in sorted(set(range(len(old))) - {a for a, _ in pairs}):
            rows.append({**told, "change": "removed", "before_id": old[a]["line_haul_id"],
                         "depart_before_min": old[a]["depart_min"]})  # fmt: skip
        for b in sorted(set(range(len(new))) - {b for _, b in pairs}):
            rows.append({**told, "change": "added", "after_id": new[b]["line_haul_id"],
                         "depart_after_min": new[b]["depart_min"]})  # fmt: skip
    text, number = pl.String, pl.Float64
    schema = dict.fromkeys(ARC, text) | {
        "change": text, "before_id": text, "after_id": text, "depart_before_min": number, "depart_after_min": number,
        "shift_min": number, "capacity_change_pieces": number,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def lines_told(before: Network, after: Network, changed: pl.DataFrame) -> dict[str, Any]:
    """Return counts by change, departures before and after, and yuan a day of all line-hauls before and after."""
    counts = dict(changed["change"].value_counts().iter_rows())
    cost = [float(n["line_hauls"]["cost_yuan"].fill_null(0).sum()) for n in (before, after)]
    return {
        "before": before["line_hauls"].height,
        "after": after["line_hauls"].height,
        **{kind: counts.get(kind, 0) for kind in ("same", "retimed", "resized", "both", "added", "removed")},
        "cost_before_yuan": round(cost[0], 2),
        "cost_after_yuan": round(cost[1], 2),
    }


def _arcs(old: pl.DataFrame, new: pl.DataFrame) -> Iterator[tuple[tuple[str | None, ...], list[Any], list[Any]]]:
    groups: dict[tuple[str | None, ...], tuple[list[Any], list[Any]]] = {}
    for side, frame in enumerate((old, new)):
        for row in frame.sort("depart_min", "line_haul_id").iter_rows(named=True):
            groups.setdefault(tuple(row[c] for c in ARC), ([], []))[side].append(row)
    for arc in sorted(groups, key=lambda parts: tuple(str(part) for part in parts)):
        yield arc, *groups[arc]


def _paired(old: list[float], new: list[float]) -> list[tuple[int, int]]:
    """Pairs of positions with least total shift; a pair shifted too far is none."""
    if not old or not new:
        return []
    shift = np.abs(np.subtract.outer(np.array(old, float), np.array(new, float)))
    shift = np.minimum(shift, DAY_MIN - shift)
    chosen = linear_sum_assignment(np.minimum(shift, 2 * MOST_SHIFT_MIN))
    return [(int(a), int(b)) for a, b in zip(*chosen, strict=True) if shift[a, b] <= MOST_SHIFT_MIN]


def _row(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    shift = (new["depart_min"] - old["depart_min"] + DAY_MIN / 2) % DAY_MIN - DAY_MIN / 2
    sized = any(old[c] != new[c] for c in ("capacity_pieces", "vehicle_id", "vehicles", "days"))
    change = {(False, False): "same", (True, False): "retimed", (False, True): "resized", (True, True): "both"}
    return {
        "change": change[shift != 0, sized],
        "before_id": old["line_haul_id"],
        "after_id": new["line_haul_id"],
        "depart_before_min": old["depart_min"],
        "depart_after_min": new["depart_min"],
        "shift_min": shift,
        "capacity_change_pieces": _capacity(new) - _capacity(old),
    }


def _capacity(row: dict[str, Any]) -> float:
    return float((row["capacity_pieces"] or 0.0) * (row["vehicles"] or 1))
