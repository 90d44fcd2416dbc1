"""A hub's day drawn: what arrives, is sorted and waits by half hour, as it is and with more parcels, on one scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from postroad.face.report.mark import mark
from postroad.face.report.trunk_map import FONT, SVG
from postroad.language import Language, say

if TYPE_CHECKING:
    from postroad.results import Result

LEFT, WIDE, TALL, TOP, GAP = 126, 1008, 220, 74, 64
HALVES = 48
ARRIVED, SORTED, QUEUE, RATE = "#b9c7d6", "#0b5c4a", "#c2572b", "#8a5f18"
INK, GRID = "#1d2430", "#e4e0d6"


def hub_picture(made: Result, place: str, spoken: Language) -> str:
    """Return two panels of 48 half hours as SVG text: arrivals as bars, sorted and queue as lines, the rate dashed."""
    halves, more = made["half_hours"], float(made.stamp.options["more_percent"])
    drawn = halves.select(pl.max_horizontal("arrived", "sorted", "queue", "capacity_pieces").max()).item()
    top = _round_above(float(drawn or 1.0))
    height = TOP + 2 * TALL + GAP + 60
    told = {"place": place, "more": more, "day": day_label(made, spoken), "run": made.run_id}
    parts = [
        mark("rect", width=LEFT + WIDE + 30, height=height, fill="#fdfcf9"),
        mark("text", say("hub_day.title", spoken, **told), x=20, y=34, font_size=19, font_weight=700, fill=INK),
        *_legend(spoken),
    ]
    for k, (volume, name) in enumerate((("usual", "usual"), ("more", "changed"))):
        y = TOP + k * (TALL + GAP)
        words = say(f"hub_day.{name}", spoken, more=more)
        parts += _panel(halves.filter(volume=volume), y, top, words, spoken)
    return mark("svg", inside="".join(parts), xmlns=SVG, viewBox=f"0 0 {LEFT + WIDE + 30} {height}", role="img",
                font_family=FONT)  # fmt: skip


def day_label(made: Result, spoken: Language) -> str:
    """Return the day of a result in words."""
    day = str(made.stamp.options["day"])
    return say("hub_day.peak", spoken) if day == "peak" else day


def _round_above(value: float) -> float:
    """Return the next number above with one digit that matters, even so that half of it is round too."""
    unit: float = 10 ** max(0, math.floor(math.log10(value)))
    return 2 * math.ceil(value / unit / 2) * unit if value / unit > 4 else math.ceil(2 * value / unit) * unit / 2


def _legend(spoken: Language) -> list[str]:
    parts, x = [], LEFT + WIDE - 4
    for key, colour in (("rate", RATE), ("queue", QUEUE), ("sorted", SORTED), ("arrived", ARRIVED)):
        words = say(f"hub_day.picture_{key}", spoken)
        parts.append(mark("text", words, x=x, y=60, font_size=13, text_anchor="end", fill=INK))
        x -= 24 + round(sum(13 if ord(c) > 255 else 7.2 for c in words))
        parts.append(mark("rect", x=x, y=50, width=14, height=10, fill=colour))
        x -= 16
    return parts


def _panel(rows: pl.DataFrame, y: int, top: float, words: str, spoken: Language) -> list[str]:
    step = WIDE / HALVES
    parts = [mark("text", words, x=LEFT, y=y + 2, font_size=15, font_weight=600, fill=INK)]
    base = y + TALL
    for hour in range(0, 25, 2):
        x = LEFT + WIDE * hour / 24
        parts.append(mark("path", d=f"M{x:.0f},{y + 12}V{base}", stroke=GRID))
        parts.append(mark("text", f"{hour:02d}:00", x=x, y=base + 18, font_size=12, text_anchor="middle", fill="#555"))
    for share in (0.5, 1.0):
        level = base - (TALL - 16) * share
        parts.append(mark("path", d=f"M{LEFT},{level:.1f}h{WIDE}", stroke=GRID))
        parts.append(mark("text", f"{top * share:,.0f}", x=LEFT - 8, y=level + 4, font_size=12, text_anchor="end",
                          fill="#555"))  # fmt: skip
    parts.append(mark("text", say("hub_day.picture_unit", spoken), x=LEFT - 8, y=y + 2, font_size=11,
                      text_anchor="end", fill="#555"))  # fmt: skip
    held = {int(row["from_min"]) // 30: row for row in rows.iter_rows(named=True)}

    def level_of(k: int, column: str) -> float:
        value = held.get(k, {}).get(column)
        return base - (TALL - 16) * float(value or 0.0) / top

    for k in held:
        at = level_of(k, "arrived")
        parts.append(mark("rect", x=LEFT + k * step + 2, y=at, width=step - 4, height=base - at, fill=ARRIVED))
    middles = [LEFT + (k + 0.5) * step for k in range(HALVES)]
    for column, colour in (("sorted", SORTED), ("queue", QUEUE)):
        path = "M" + "L".join(f"{x:.1f},{level_of(k, column):.1f}" for k, x in enumerate(middles))
        parts.append(mark("path", d=path, fill="none", stroke=colour, stroke_width=2.2))
    rated = [k for k in sorted(held) if held[k]["capacity_pieces"]]
    if rated:
        level = level_of(rated[0], "capacity_pieces")
        parts.append(mark("path", d=f"M{LEFT},{level:.1f}h{WIDE}", stroke=RATE, stroke_width=1.4,
                          stroke_dasharray="6 4"))  # fmt: skip
    return parts
