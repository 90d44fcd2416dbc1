"""The part of the trunk's page that tells who drives: bases and relay posts, duties, and the bounds on both."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from postroad.face.report.mark import mark
from postroad.face.report.trunk_diagram import clock
from postroad.face.report.trunk_map import named
from postroad.face.report.trunk_week import heads
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.lines import TrunkDesign

MOST_DUTIES = 200


def crews(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Return how many drivers and duties there are against their bounds, bases and posts, the first duties, gaps."""
    bounds = made.result["crew_bounds"].row(0, named=True)
    parts = [mark("p", escape(say("lines.crews_line", spoken, **bounds))), _unfilled(made, spoken, table)]
    held = made.result["crews"].sort("drivers", "base_place_id", "part_of_way", descending=[True, False, False])
    rows = [(escape(_base(made, r, spoken)), f"{r['drivers']:,}", f"{r['duties_week']:,}", f"{r['wheel_h_week']:,.0f}",
             f"{r['longest_duty_h']:.1f}") for r in held.iter_rows(named=True)]  # fmt: skip
    keys = ("base", "drivers", "duties", "crew_week", "longest_duty")
    parts.append(_folded(say("lines.each_base", spoken), table(heads(keys, spoken), rows, len(keys) - 1)))
    return "".join([*parts, _duties(made, spoken, table)])


def _folded(title: str, inside: str) -> str:
    return mark("details", inside=mark("summary", escape(title)) + inside)


def _base(made: TrunkDesign, row: dict[str, str | None], spoken: Language) -> str:
    start = named(made.plan, str(row["base_place_id"]), spoken)
    if row["other_place_id"] is None:
        return start
    end = named(made.plan, str(row["other_place_id"]), spoken)
    return say("lines.post_name", spoken, start=start, end=end, part=row["part_of_way"])


def _spot(made: TrunkDesign, place: str, spoken: Language) -> str:
    """A place, or a post as the roster names it."""
    ends, _, part = place.partition(":")
    if not part:
        return named(made.plan, place, spoken)
    start, _, end = ends.partition("~")
    return _base(made, {"base_place_id": start, "other_place_id": end, "part_of_way": part}, spoken)


def _duties(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    held = made.result["crew_duties"]
    rows = [(f"{r['driver']}", escape(_spot(made, r["base_place_id"], spoken)),
             escape(" → ".join(_spot(made, one, spoken) for one in r["way"].split(" > "))), f"{r['weekday']}",
             clock(r["start_min"]), f"{r['span_h']:.1f}", f"{r['wheel_h']:.1f}",
             "–" if r["rest_before_h"] is None else f"{r['rest_before_h']:.1f}")
            for r in held.head(MOST_DUTIES).iter_rows(named=True)]  # fmt: skip
    keys = ("driver", "base", "duty_way", "weekday", "time", "on_duty_h", "wheel_h", "rest_before")
    title = say("lines.each_duty", spoken, shown=len(rows), count=held.height)
    return _folded(title, table(heads(keys, spoken), rows, 5))


def _unfilled(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    held = made.result["crew_unfilled"]
    if not held.height:
        return mark("p", say("lines.crews_filled", spoken))
    ends = ("from_place_id", "to_place_id")
    rows = [(escape(" → ".join(_spot(made, r[side], spoken) for side in ends)), f"{r['weekday']}", clock(r["at_min"]),
             f"{r['minutes']:.0f}") for r in held.iter_rows(named=True)]  # fmt: skip
    head = mark("p", say("lines.crews_unfilled", spoken, count=held.height))
    return head + table(heads(("pair", "weekday", "time", "minutes"), spoken), rows, 3)
