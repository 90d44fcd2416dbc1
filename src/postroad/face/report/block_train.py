"""Block trains drawn: the fill of every departure by rule, and the hours of clearance, waiting and ride."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.face.report.mark import mark
from postroad.face.report.trunk_map import FONT, SVG
from postroad.language import Language, say
from postroad.naming import short_names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.network import Network
    from postroad.results import Result

LEFT, FILLS, BARS, GAP, ROW, TOP = 236, 500, 380, 60, 74, 104
INK, SOFT, GRID, ROOM = "#1d2430", "#5a6470", "#e4e0d6", "#efece4"
PARTS = {"clearance": "#8a5f18", "waiting": "#c2572b", "ride": "#0b5c4a"}
DAYS, DAY_MIN = 10, 1440


def ends_of(made: Result, network: Network, spoken: Language) -> dict[str, str]:
    """Return the names of both ends in a language."""
    names = short_names_of(network, spoken)
    told = made.stamp.options
    return {key: names[told[column]] for key, column in (("office", "from_place_id"), ("place", "to_place_id"))}


def title(made: Result, ends: Mapping[str, str], spoken: Language) -> str:
    """Return what a result is about in one line."""
    told = made.stamp.options
    figures: dict[str, Any] = {"share": told["least_share"], "hold": told["hold_days"], "room": told["capacity_pieces"]}
    return say("block_train.title", spoken, **ends, **figures, run=made.run_id)


def train_picture(made: Result, ends: Mapping[str, str], spoken: Language) -> str:
    """Return one row for each rule as SVG text: departures over ten days with their fill, and hours of each part."""
    rules = made["rules"].to_dicts()
    height = TOP + ROW * len(rules) + 54
    wide = LEFT + FILLS + GAP + BARS + 40
    most = max(1.0, *(float(row[f"{part}_p95_h"] or 0) for row in rules for part in PARTS))
    parts = [
        mark("rect", width=wide, height=height, fill="#fdfcf9"),
        mark("text", title(made, ends, spoken), x=20, y=34, font_size=16, font_weight=700, fill=INK),
        mark("text", say("block_train.picture_fill", spoken), x=LEFT, y=66, font_size=13, fill=SOFT),
        mark("text", say("block_train.picture_hours", spoken), x=LEFT + FILLS + GAP, y=66, font_size=13, fill=SOFT),
    ]
    for k, row in enumerate(rules):
        y = TOP + ROW * k
        words = say(f"block_train.rule_{row['rule']}", spoken)
        parts.append(mark("text", words, x=LEFT - 12, y=y + 22, font_size=13, text_anchor="end", fill=INK))
        parts += _fills(made["trains"].filter(rule=row["rule"]), y)
        parts += _bars(row, y, most, spoken)
    base = TOP + ROW * len(rules)
    for day in range(0, DAYS + 1, 2):
        x = LEFT + FILLS * day / DAYS
        parts.append(mark("text", say("block_train.day", spoken, n=day), x=x, y=base + 12, font_size=11,
                          text_anchor="middle", fill=SOFT))  # fmt: skip
    return mark("svg", inside="".join(parts), xmlns=SVG, viewBox=f"0 0 {wide} {height}", role="img", font_family=FONT)


def _fills(trips: pl.DataFrame, y: int) -> list[str]:
    """A box for each departure, filled as far as it was; a dot where it was held."""
    parts = [mark("path", d=f"M{LEFT},{y + 44}h{FILLS}", stroke=GRID)]
    for row in trips.filter(pl.col("depart_min").is_between(0, DAYS * DAY_MIN)).iter_rows(named=True):
        x = LEFT + FILLS * float(row["depart_min"]) / DAY_MIN / DAYS
        if row["held"]:
            parts.append(mark("circle", cx=f"{x:.1f}", cy=y + 40, r=2.5, fill="#b8b2a4"))
        if not row["runs"]:
            continue
        rail = row["mode"] == "rail"
        width, share = (14.0 if rail else 7.0), min(1.0, float(row["fill_share"] or 0.0))
        x = min(x, LEFT + FILLS - width)
        parts.append(mark("rect", x=f"{x:.1f}", y=y + 4, width=width, height=40, fill=ROOM, stroke="#cfc9bb"))
        parts.append(mark("rect", x=f"{x:.1f}", y=f"{y + 44 - 40 * share:.1f}", width=width, height=f"{40 * share:.1f}",
                          fill="#0b5c4a" if rail else "#7c8b99"))  # fmt: skip
        if rail:
            parts.append(mark("text", f"{100 * share:.0f} %", x=f"{x + width / 2:.1f}", y=y, font_size=11,
                              text_anchor="middle", fill=INK))  # fmt: skip
    return parts


def _bars(row: Mapping[str, Any], y: int, most: float, spoken: Language) -> list[str]:
    """Median as a bar, the 95th percentile as a line behind it, one for each part."""
    parts, left = [], LEFT + FILLS + GAP + 64
    unit = (BARS - 120) / most
    for k, (part, colour) in enumerate(PARTS.items()):
        middle, far = row[f"{part}_p50_h"], row[f"{part}_p95_h"]
        level = y + 2 + 17 * k
        words = say(f"block_train.part_{part}", spoken)
        parts.append(mark("text", words, x=left - 8, y=level + 10, font_size=11, text_anchor="end", fill=SOFT))
        if middle is None or far is None:
            continue
        parts.append(mark("path", d=f"M{left},{level + 6}h{far * unit:.1f}", stroke=colour, stroke_width=2))
        parts.append(mark("rect", x=left, y=level + 1, width=f"{middle * unit:.1f}", height=10, fill=colour))
        parts.append(mark("text", f"{middle:.0f} / {far:.0f} h", x=f"{left + far * unit + 6:.1f}", y=level + 10,
                          font_size=11, fill=INK))  # fmt: skip
    return parts
