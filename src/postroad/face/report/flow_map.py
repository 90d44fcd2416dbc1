"""Lines between places, or dots at places, as large as a measure says, over the outlines of the counties, as SVG."""

from __future__ import annotations

from math import cos, radians, sqrt
from typing import TYPE_CHECKING, Any

from postroad.face.report.figure import INK, PAPER, QUIET, cut, short, wide_of
from postroad.face.report.mark import mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDE, TOP, EDGE = 1000, 70, 74
LINE, ENDS = "#0b5c4a", "#c2572b"
THICK, BUBBLE, LINE_HIGH = 11.0, 34.0, 14
FOOT, NEAR = 50, 0.3
"""Places within so much of the width and height of the province are shown from near."""
COLON = ": "
NAMED = 24
"""Ends that are named on the map, those with most first."""
Spot = tuple[float, float]


class Sheet:
    """The outlines of the counties on a sheet; places outside it stand at its edge, in their direction."""

    def __init__(self, outlines: dict[str, Any], shown: Sequence[Spot], words: tuple[str, str]) -> None:
        title, note = words
        rings = [ring for feature in outlines["features"] for ring in _rings(feature)]
        self.west, south, east, self.north = _frame([(p[0], p[1]) for ring in rings for p in ring], shown)
        self.stretch = cos(radians((south + self.north) / 2))
        self.scale = (WIDE - 2 * EDGE) / ((east - self.west) * self.stretch)
        self.height = (self.north - south) * self.scale + 2 * EDGE
        self.title = title
        land = "".join("M" + "L".join("{:.0f},{:.0f}".format(*self._free(*p[:2])) for p in r) + "Z" for r in rings)
        whole = self.height + TOP + FOOT
        self.parts = [
            mark("rect", width=WIDE, height=whole, fill=PAPER),
            mark("path", d=land, fill="#f1efe8", stroke="#b8b3a5", stroke_width=0.7),
            # Over what of a near view lies beyond the frame.
            mark("rect", width=WIDE, height=TOP, fill=PAPER),
            mark("rect", y=whole - FOOT, width=WIDE, height=FOOT, fill=PAPER),
            mark("text", cut(title, WIDE - 40, 21), x=20, y=34, font_size=21, font_weight=700, fill=INK),
            mark("text", cut(note, WIDE - 40, 12), x=20, y=55, font_size=12, fill=QUIET),
        ]

    def _free(self, lon: float, lat: float) -> Spot:
        return (lon - self.west) * self.stretch * self.scale + EDGE, (self.north - lat) * self.scale + EDGE + TOP

    def place(self, lon: float, lat: float) -> Spot:
        """Return where a place stands."""
        x, y = self._free(lon, lat)
        across, down = WIDE / 2, TOP + self.height / 2
        away = max(abs(x - across) / (WIDE / 2 - 14), abs(y - down) / (self.height / 2 - 14), 1.0)
        return across + (x - across) / away, down + (y - down) / away

    def svg(self) -> str:
        """Return the picture."""
        box = f"0 0 {WIDE} {self.height + TOP + FOOT:.0f}"
        return mark("svg", inside="".join(self.parts), viewBox=box, role="img", aria_label=self.title)


def flow_map(
    outlines: dict[str, Any], rows: Sequence[tuple[str, str, float]], spots: Mapping[str, Spot],
    names: Mapping[str, str], words: tuple[str, str],
) -> str:  # fmt: skip
    """Return lines between places; rows are from, to and value, ``words`` the title and a line below it."""
    sheet = Sheet(outlines, [spots[one] for a, b, _ in rows for one in (a, b)], words)
    most = max(abs(value) for _, _, value in rows) or 1.0
    at = {one: sheet.place(*spots[one]) for a, b, _ in rows for one in (a, b)}
    weight: dict[str, float] = {}
    for a, b, value in sorted(rows, key=lambda row: abs(row[2])):
        (x1, y1), (x2, y2) = at[a], at[b]
        share = abs(value) / most
        told = f"{names.get(a, a)} – {names.get(b, b)}{COLON}{short(value)}"
        # Bent to the right of its way, so that both directions of a pair are seen.
        bend = f"M{x1:.1f},{y1:.1f}Q{(x1 + x2) / 2 - 0.12 * (y2 - y1):.1f},{(y1 + y2) / 2 + 0.12 * (x2 - x1):.1f} "
        sheet.parts.append(mark("path", inside=mark("title", told), d=f"{bend}{x2:.1f},{y2:.1f}", fill="none",
                                stroke=LINE if value >= 0 else ENDS, stroke_width=max(0.5, THICK * sqrt(share)),
                                stroke_opacity=f"{0.22 + 0.5 * share:.2f}", stroke_linecap="round"))  # fmt: skip
        for one in (a, b):
            weight[one] = weight.get(one, 0.0) + abs(value)
    sheet.parts += _ends(at, dict.fromkeys(at, 2.6), weight, names)
    sheet.parts += _legend(most, sheet.height + TOP + 24)
    return sheet.svg()


def bubble_map(
    outlines: dict[str, Any], values: Mapping[str, float], spots: Mapping[str, Spot],
    names: Mapping[str, str], words: tuple[str, str],
) -> str:  # fmt: skip
    """Return places as dots whose area is their value; what is below nought is hollow."""
    sheet = Sheet(outlines, [spots[one] for one in values], words)
    most = max(abs(value) for value in values.values()) or 1.0
    at = {one: sheet.place(*spots[one]) for one in values}
    radius = {one: max(2.5, BUBBLE * sqrt(abs(value) / most)) for one, value in values.items()}
    for one in sorted(values, key=lambda place: -abs(values[place])):
        told = f"{names.get(one, one)}{COLON}{short(values[one])}"
        sheet.parts.append(mark("circle", inside=mark("title", told), cx=at[one][0], cy=at[one][1], r=radius[one],
                                fill=LINE if values[one] >= 0 else "none", fill_opacity="0.45",
                                stroke=LINE if values[one] >= 0 else ENDS, stroke_width=1.0))  # fmt: skip
    told_names = {one: f"{names.get(one, one)} {short(value)}" for one, value in values.items()}
    sheet.parts += _ends(at, {}, {one: abs(value) for one, value in values.items()}, told_names)
    return sheet.svg()


def _ends(
    at: Mapping[str, Spot], dots: Mapping[str, float], weight: Mapping[str, float], names: Mapping[str, str]
) -> list[str]:
    """The ends as dots; those with most are named where no other name stands."""
    parts: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for number, one in enumerate(sorted(weight, key=lambda place: (-weight[place], place))):
        x, y = at[one]
        if one in dots:
            parts.append(mark("circle", cx=x, cy=y, r=dots[one], fill=ENDS))
        words = names.get(one, one)
        wide = wide_of(words, 12)
        left = x + 7 if x + 7 + wide < WIDE else x - 7 - wide
        crossed = any(abs(y - other) < LINE_HIGH and left < b and a < left + wide for other, a, b in taken)
        if number < NAMED and not crossed:
            taken.append((y, left, left + wide))
            parts.append(mark("text", words, x=left, y=y + 4, font_size=12, fill=INK, stroke=PAPER, stroke_width=3,
                              paint_order="stroke"))  # fmt: skip
    return parts


def _legend(most: float, y: float) -> list[str]:
    parts: list[str] = []
    for k, share in enumerate((1.0, 0.25, 0.04)):
        x = 20 + 170 * k
        parts.append(mark("path", d=f"M{x},{y}h44", stroke=LINE, stroke_width=max(0.5, THICK * sqrt(share)),
                          stroke_opacity=f"{0.22 + 0.5 * share:.2f}"))  # fmt: skip
        parts.append(mark("text", short(most * share), x=x + 54, y=y + 5, font_size=13, fill=INK))
    return parts


def _frame(land: Sequence[Spot], shown: Sequence[Spot]) -> tuple[float, float, float, float]:
    """West, south, east and north of the sheet: the province's, or of what is shown where that is a small part."""
    west, east = min(p[0] for p in land), max(p[0] for p in land)
    south, north = min(p[1] for p in land), max(p[1] for p in land)
    own = (min(p[0] for p in shown), min(p[1] for p in shown), max(p[0] for p in shown), max(p[1] for p in shown))
    across, down = own[2] - own[0], own[3] - own[1]
    if len(shown) == 1 or across > NEAR * (east - west) or down > NEAR * (north - south):
        return west, south, east, north
    room = 0.15 * max(across, down)
    return own[0] - room, own[1] - room, own[2] + room, own[3] + room


def _rings(feature: dict[str, Any]) -> list[list[list[float]]]:
    shape = feature["geometry"]
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [ring for polygon in polygons for ring in polygon]
