"""From a table of a result to a map: counties in colours, villages as dots, places as bubbles, or lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import UsageError
from postroad.face.report.charting import ORDERS
from postroad.face.report.flow_map import bubble_map, flow_map
from postroad.face.report.result_sheet import head, table_label, told_value, unit_of, unit_told
from postroad.language import say

if TYPE_CHECKING:
    from postroad.face.report.result_place import Ground

ADDED_UNITS = {"pieces", "pieces/day", "pieces/h", "pieces/week", "yuan", "yuan/day", "yuan/week", "persons", "kwh",
               "kg/week"}  # fmt: skip
ADDED = {"loaded", "left_over", "arrived", "sorted", "boarded", "needed"}
"""Measures of a place that may be added up over its rows, beside whole numbers without a unit."""
CASES = {"run", "rule", "case", "variant", "volume", "timetable", "layout", "scenario", "bundle", "year", "measure",
         "season"}  # fmt: skip
"""Columns that tell one case from another: never added up over."""
MOST_LINES, MOST_DOTS = 200, 200
ENDS = (("from_place_id", "to_place_id"), ("origin_id", "destination_id"))
HOURS = {"place_id", "before_h", "after_h", "change_h"}


def map_svg(ground: Ground, name: str, frame: pl.DataFrame, measure: str, words: tuple[str, str]) -> str:
    """Return the map of a table's measure, or nothing where it has no places; ``words`` are its title and run."""
    outlines, spoken = ground.outlines, ground.spoken
    if outlines is None:
        raise UsageError.of("face.no_outlines", name=ground.network.name or "?")
    ends = next((pair for pair in ENDS if all(c in frame.columns and ground.places(frame, c) for c in pair)), None)
    place = next((c for c in frame.columns if ground.places(frame, c)), None)
    keys = list(ends) if ends else [place] if place else []
    if not keys:
        return ""
    held = frame.drop_nulls([*keys, measure])
    if ends:
        held = held.filter(pl.col(ends[0]) != pl.col(ends[1]))
    rows, kept = _one_each(held, keys, measure)
    if not rows.height:
        return ""
    title, run = words
    if measure == "change_h" and set(frame.columns) >= HOURS:
        from postroad.face.report.effect import county_map

        return county_map(rows, ground.network, spoken)
    unit = unit_told(measure, spoken)
    what = f"{title}{say('face.colon', spoken)}{head(measure, spoken)}" + (
        f" ({unit})" if unit and f"({unit})" not in head(measure, spoken) else ""
    )
    told = [f"{head(c, spoken)} {told_value(c, value, spoken)}" for c, value in kept]
    held = rows.select(*keys, pl.col(measure).cast(pl.Float64).alias("value"))
    known = held.filter(pl.all_horizontal(pl.col(c).is_in(list(ground.spots)) for c in keys))
    if not ends:
        counties = {str(f["properties"]["code"]) for f in outlines["features"]}
        inside = _placed(held, keys[0]).filter(pl.col("place").is_in(counties))
        if 2 * inside.height > max(held.height, len(counties)):
            return ground.counties(inside, what)
    if not known.height:
        return ""
    most = MOST_LINES if ends else MOST_DOTS
    dotted = ground.dots(_placed(held, keys[0]), what, unit) if not ends and known.height > most else ""
    if dotted:
        return dotted
    largest = known.sort(pl.col("value").abs(), maintain_order=True, descending=True).head(most)
    key = "chart_largest" if known.height > most else "chart_note"
    note = say(
        f"face.{key}", spoken, table=table_label(name, spoken), run=run, count=largest.height, whole=known.height
    )
    whole = (what, " · ".join([note, *told]))
    if ends:
        return flow_map(outlines, list(largest.iter_rows()), ground.spots, ground.short_names, whole)
    return bubble_map(outlines, dict(largest.iter_rows()), ground.spots, ground.short_names, whole)


def _placed(held: pl.DataFrame, key: str) -> pl.DataFrame:
    return held.select(place=key, value="value")


def _one_each(frame: pl.DataFrame, keys: list[str], measure: str) -> tuple[pl.DataFrame, list[tuple[str, object]]]:
    """One row a place or pair: what may be added up is, of everything else the last case and the commonest value.

    The second value says which columns were held at which values.
    """
    held: list[tuple[str, object]] = []
    others = [c for c, kind in frame.schema.items() if c not in keys and (kind == pl.String or c in ORDERS)]
    by_case = [c for c in others if c in CASES]
    adds = (
        unit_of(measure) in ADDED_UNITS
        or measure in ADDED
        or (not unit_of(measure) and frame[measure].dtype.is_integer())
    )
    for column in sorted(by_case if adds else [*by_case, *(c for c in others if c not in by_case)],
                         key=lambda c: (c not in by_case, frame[c].n_unique())):  # fmt: skip
        if not frame.select(keys).is_duplicated().any():
            break
        if frame[column].n_unique() > 1:
            values = frame[column].drop_nulls()
            kept = values[-1] if column in by_case else values.mode().sort()[0]
            frame = frame.filter(pl.col(column) == kept)
            held.append((column, kept))
    if frame.select(keys).is_duplicated().any():
        if not adds:
            return frame.clear(), []
        frame = frame.group_by(keys, maintain_order=True).agg(pl.col(measure).sum())
    return frame, held
