"""Time and place of the lines between hubs: a hub is a level, a departure a slanted stroke, a wave a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postroad.face.report.mark import mark
from postroad.face.report.trunk_map import BETWEEN, FONT, GATEWAY, HUB, SEATS, SVG, named
from postroad.language import Language, say

if TYPE_CHECKING:
    from postroad.design.lines import Timetable

LEFT, WIDE, STEP, TOP = 110, 1080, 62, 80
DAY = 1440.0


def time_space(table: Timetable, spoken: Language) -> str:
    """Return the diagram of a day: hubs from west to east; lines outside are short ticks on their hub's level."""
    levels = _levels(table)
    height = TOP + STEP * len(levels) + 60
    rows = {place: TOP + STEP * n for n, place in enumerate(levels)}
    wide = LEFT + WIDE + 30
    day = mark("clipPath", inside=mark("rect", x=LEFT, y=0, width=WIDE, height=height), id="day")
    parts = [
        mark("rect", width=wide, height=height, fill="#fdfcf9"),
        mark("text", say("lines.diagram_title", spoken), x=20, y=34, font_size=22, font_weight=700, fill="#1d2430"),
        day, *_grid(table, rows, height, spoken), *_waves(table, rows), *_runs(table, rows, spoken),
    ]  # fmt: skip
    return mark("svg", inside="".join(parts), xmlns=SVG, viewBox=f"0 0 {wide} {height}", role="img", font_family=FONT)


def _levels(table: Timetable) -> list[str]:
    """Hubs in order of longitude: neighbours on the page are mostly neighbours on the ground."""
    lon = dict(table.network["places"].select("place_id", "lon").iter_rows())
    return sorted(table.work.layout.hubs, key=lambda place: float(lon[place] or 0.0))


def _grid(table: Timetable, rows: dict[str, int], height: int, spoken: Language) -> list[str]:
    parts = []
    for hour in range(25):
        x = LEFT + WIDE * hour / 24
        colour = "#b9b4a6" if hour % 6 == 0 else "#e4e0d6"
        parts.append(mark("path", d=f"M{x:.0f},{TOP - 28}V{height - 46}", stroke=colour))
        if hour % 2 == 0:
            parts.append(
                mark("text", f"{hour:02d}:00", x=x, y=height - 26, font_size=12, text_anchor="middle", fill="#555")
            )
    for place, y in rows.items():
        tier = table.work.layout.tier.get(place)
        colour, strong = (HUB[tier], 700) if tier else (GATEWAY, 400)
        parts.append(
            mark("path", d=f"M{LEFT},{y}h{WIDE}", stroke=colour, stroke_width=1.6 if tier else 0.8, opacity=0.55)
        )
        parts.append(mark("text", named(table, place, spoken), x=LEFT - 10, y=y + 5, font_size=14, text_anchor="end",
                          fill=colour, font_weight=strong))  # fmt: skip
    return parts


def _waves(table: Timetable, rows: dict[str, int]) -> list[str]:
    parts = []
    for place, cut, release in table.network["sort_waves"].select("place_id", "cutoff_min", "release_min").iter_rows():
        if place not in rows:
            continue
        for shift in (0.0, -DAY):
            x, end = LEFT + WIDE * (cut + shift) / DAY, LEFT + WIDE * (release + shift) / DAY
            if end > LEFT and x < LEFT + WIDE:
                parts.append(mark("rect", clip_path="url(#day)", x=x, y=rows[place] - 4, width=end - x, height=8,
                                  fill="#d9b44a", opacity=0.5))  # fmt: skip
    return parts


def _runs(table: Timetable, rows: dict[str, int], spoken: Language) -> list[str]:
    """Strokes between hubs; for lines to and from outside a tick below and above the level of the hub."""
    parts = []
    for arc, (a, b) in enumerate(table.clock.arcs):
        for run in range(int(table.clock.first[arc]), int(table.clock.first[arc + 1])):
            depart, long = float(table.clock.depart[run]), float(table.clock.duration[run])
            if table.poured["ordinary"].load[run] <= 0 or not {a, b} & set(rows):
                continue
            ride = table.work.rides.get((a, b, depart, long))
            colour = SEATS[ride.mode] if ride else BETWEEN
            words = f"{ride.service_ref} " if ride else ""
            words += f"{named(table, a, spoken)} {clock(depart)} → {named(table, b, spoken)} {clock(depart + long)}"
            if a in rows and b in rows:
                parts += [_stroke(depart - day * DAY, rows[a], depart + long - day * DAY, rows[b], words, colour)
                          for day in range(int((depart + long) // DAY) + 1)]  # fmt: skip
            elif "city" in (table.work.kinds.get(a), table.work.kinds.get(b)):
                at, y, way = (depart, rows[a], 1) if a in rows else ((depart + long) % DAY, rows[b], -1)
                x = LEFT + WIDE * at / DAY
                end = x + 5 if a in rows else x - 5
                parts.append(mark("path", inside=mark("title", words), d=f"M{x:.1f},{y}L{end:.1f},{y + 15 * way}",
                                  stroke=colour if ride else GATEWAY, stroke_width=2.4 if ride else 1.6,
                                  opacity=0.75))  # fmt: skip
    return parts


def _stroke(start: float, y: int, end: float, below: int, words: str, colour: str = BETWEEN) -> str:
    x1, x2 = (LEFT + WIDE * t / DAY for t in (start, end))
    return mark("path", inside=mark("title", words), d=f"M{x1:.1f},{y}L{x2:.1f},{below}", clip_path="url(#day)",
                stroke=colour, stroke_width=1.4, opacity=0.8)  # fmt: skip


def clock(minutes: float) -> str:
    """Return minutes after midnight as a clock time, with the days that have passed."""
    days, rest = divmod(round(minutes), 1440)
    return f"{rest // 60:02d}:{rest % 60:02d}" + (f" +{days}" if days else "")
