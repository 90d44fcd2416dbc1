"""What a season changes against the base: departures moved, longer, added, dropped, more vehicles or fewer, yuan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroad.design.lines.timetable import Timetable

NEAR_MIN = 180.0
"""A departure of the variant is the base's moved when it leaves within so many minutes of it; else it is another."""
BASE = ["from_place_id", "to_place_id", "mode", "depart_min", "duration_min", "vehicles", "cost_yuan"]
Run = tuple[str, str, str, float, float, int | None, float]
Arc = tuple[str, str, str]


def changes(base: Timetable, winter: Timetable) -> pl.DataFrame:
    """Return one row for each departure that winter or the peak day changes against the ordinary day of the base."""
    hauls = base.network["line_hauls"]
    ordinary, peak = (hauls.filter(season=season).select(BASE) for season in ("any", "peak"))
    by = ["from_place_id", "to_place_id", "mode", "depart_min", "duration_min"]
    peak = pl.concat([ordinary, peak]).group_by(by, maintain_order=True).agg(pl.col("vehicles", "cost_yuan").sum())
    cold = winter.network["line_hauls"].filter(season="any").select(BASE)
    rows = [{"variant": name, **row} for name, frame in (("winter", cold), ("peak", peak))
            for row in _changed(ordinary, frame.select(BASE))]  # fmt: skip
    columns = {"variant": pl.String, "change": pl.String, "from_place_id": pl.String, "to_place_id": pl.String,
               "mode": pl.String, "base_min": pl.Float64, "variant_min": pl.Float64, "moved_min": pl.Float64,
               "longer_min": pl.Float64, "vehicles": pl.Int64, "yuan_day": pl.Float64}  # fmt: skip
    return pl.DataFrame(rows, schema=columns)


def _changed(base: pl.DataFrame, other: pl.DataFrame) -> Iterator[dict[str, Any]]:
    before, after = _by_arc(base), _by_arc(other)
    for arc in sorted({*before, *after}):
        for old, new in _matched(before.get(arc, []), after.get(arc, [])):
            change: dict[str, Any] = {"from_place_id": arc[0], "to_place_id": arc[1], "mode": arc[2],
                      "base_min": old[3] if old else None, "variant_min": new[3] if new else None,
                      "moved_min": _ahead(old[3], new[3]) if old and new else None,
                      "longer_min": new[4] - old[4] if old and new else None,
                      "vehicles": (new[5] or 0 if new else 0) - (old[5] or 0 if old else 0),
                      "yuan_day": (new[6] if new else 0.0) - (old[6] if old else 0.0)}  # fmt: skip
            if not old or not new:
                yield {"change": "added" if new else "dropped", **change}
            elif abs(change["moved_min"]) > 0.5:
                yield {"change": "moved", **change}
            elif abs(change["longer_min"]) > 0.5:
                yield {"change": "longer", **change}
            elif change["vehicles"]:
                yield {"change": "vehicles", **change}


def _by_arc(frame: pl.DataFrame) -> dict[Arc, list[Run]]:
    held: dict[Arc, list[Run]] = {}
    for row in frame.sort("depart_min", "duration_min").iter_rows():
        held.setdefault(row[:3], []).append(row)
    return held


def _matched(before: list[Run], after: list[Run]) -> list[tuple[Run | None, Run | None]]:
    """Pairs of departures, nearest on the clock first; those left over stand alone."""
    near = sorted((abs(_ahead(old[3], new[3])), i, j) for i, old in enumerate(before) for j, new in enumerate(after))
    mine, theirs, pairs = set[int](), set[int](), list[tuple[Run | None, Run | None]]()
    for gap, i, j in near:
        if gap <= NEAR_MIN and i not in mine and j not in theirs:
            mine.add(i)
            theirs.add(j)
            pairs.append((before[i], after[j]))
    pairs += [(old, None) for i, old in enumerate(before) if i not in mine]
    return pairs + [(None, new) for j, new in enumerate(after) if j not in theirs]


def _ahead(old: float, new: float) -> float:
    """Minutes from one clock time to another, the short way round."""
    return (new - old + 720.0) % 1440.0 - 720.0
