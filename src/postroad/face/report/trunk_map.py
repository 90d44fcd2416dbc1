"""The trunk on a map: hubs by tier, feeders, lines between hubs by pieces, lines leaving the province at its edge."""

from __future__ import annotations

from math import cos, radians, sqrt
from typing import TYPE_CHECKING, Any

from postroad.face.report.mark import mark
from postroad.language import Language, say
from postroad.naming import short_name_of

if TYPE_CHECKING:
    import polars as pl

    from postroad.design.lines import Timetable

SVG = "http://www.w3.org/2000/svg"
FONT = "Noto Sans CJK SC,Microsoft YaHei,sans-serif"
WIDTH = 1000
MARGIN = 130
HUB = {1: "#a8322b", 2: "#c46a17", 3: "#2f6f8f"}
BETWEEN, GATEWAY, FEEDER = "#1f4e79", "#8a5a9e", "#9a9686"
SEATS = {"rail": "#1a7f5a", "air": "#c2410c"}


class _Sheet:
    """Puts longitude and latitude on paper; points beyond the province are drawn at the sheet's edge."""

    def __init__(self, outlines: dict[str, Any]) -> None:
        self.rings = [ring for feature in outlines["features"] for ring in _rings(feature)]
        every = [point for ring in self.rings for point in ring]
        self.west, self.east = min(p[0] for p in every), max(p[0] for p in every)
        self.south, self.north = min(p[1] for p in every), max(p[1] for p in every)
        self.stretch = cos(radians((self.south + self.north) / 2))
        self.scale = (WIDTH - 2 * MARGIN) / ((self.east - self.west) * self.stretch)
        self.height = (self.north - self.south) * self.scale + 2 * MARGIN

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        return MARGIN + (lon - self.west) * self.stretch * self.scale, MARGIN + (self.north - lat) * self.scale

    def edge(self, lon: float, lat: float) -> tuple[float, float]:
        """The point where the way from the middle of the sheet to a far place leaves it."""
        x, y = self.at(lon, lat)
        cx, cy = WIDTH / 2, self.height / 2
        reach = min((cx - 60) / max(1e-9, abs(x - cx)), (cy - 40) / max(1e-9, abs(y - cy)), 1.0)
        return cx + (x - cx) * reach, cy + (y - cy) * reach


def trunk_map(table: Timetable, held: pl.DataFrame, outlines: dict[str, Any] | None, spoken: Language) -> str:
    """Return the picture of a timetable with its ``lines`` table; without outlines only the lines are drawn."""
    places = table.network["places"]
    where = {i: (x, y) for i, x, y in places.select("place_id", "lon", "lat").drop_nulls().iter_rows()}
    sheet = _Sheet(outlines or _around(where, table))
    spots = _spots(table, where, sheet)
    height = sheet.height + 100
    parts = [
        mark("rect", width=WIDTH, height=height, fill="#fdfcf9"),
        mark("text", say("lines.map_title", spoken), x=24, y=36, font_size=24, font_weight=700, fill="#1d2430"),
    ]
    if outlines:
        rings = "".join("M" + "L".join("{:.0f},{:.0f}".format(*sheet.at(*p[:2])) for p in r) + "Z" for r in sheet.rings)
        parts.append(mark("path", d=rings, fill="#f1efe8", stroke="#cfcabb", stroke_width=0.7))
    parts += [*_lines(table, held, spots), *_marks(table, spots, spoken), *_legend(sheet, spoken)]
    return mark(
        "svg", inside="".join(parts), xmlns=SVG, viewBox=f"0 0 {WIDTH} {height:.0f}", role="img", font_family=FONT
    )


def _spots(table: Timetable, where: dict[str, tuple[float, float]], sheet: _Sheet) -> dict[str, tuple[float, float]]:
    """Where each place is drawn; far places to the south stand in a row along the lower edge."""
    spots: dict[str, tuple[float, float]] = {}
    row: list[tuple[float, str]] = []
    for place in sorted({end for arc in table.clock.arcs for end in arc} | set(table.work.layout.hubs)):
        if place not in where:
            continue
        if table.work.kinds.get(place) != "city":
            spots[place] = sheet.at(*where[place])
        elif (far := sheet.edge(*where[place]))[1] > sheet.height - 90:
            row.append((where[place][0], place))
        else:
            spots[place] = far
    gap = (WIDTH - 140) / max(1, len(row) - 1)
    for n, (_, place) in enumerate(sorted(row)):
        spots[place] = (70 + n * gap, sheet.height - 30)
    return spots


def _lines(table: Timetable, held: pl.DataFrame, spots: dict[str, tuple[float, float]]) -> list[str]:
    both: dict[tuple[str, str, str], list[Any]] = {}
    for leg, a, b, pieces, runs in held.select("leg", "from_place_id", "to_place_id", "pieces", "runs").iter_rows():
        one = both.setdefault((min(a, b), max(a, b), leg if leg in SEATS else ""), [leg, 0.0, 0])
        one[0] = one[0] if leg in ("collect", "deliver") else leg
        one[1] += pieces
        one[2] += runs
    label = table.work.roads.label
    order = {"collect": 0, "deliver": 0, "gateway": 1, "between": 2, "rail": 3, "air": 3}
    parts = []
    for (a, b, _), (leg, pieces, runs) in sorted(both.items(), key=lambda item: (order[item[1][0]], item[1][1])):
        if a not in spots or b not in spots:
            continue
        (x1, y1), (x2, y2) = spots[a], spots[b]
        bend = -0.12 if leg in SEATS else 0.08 if leg in ("between", "gateway") else 0.0
        mx, my = (x1 + x2) / 2 - (y2 - y1) * bend, (y1 + y2) / 2 + (x2 - x1) * bend
        colour, width, fade = _stroke(leg, pieces)
        title = mark("title", f"{label(a)} – {label(b)}: {pieces:,.0f} / {runs}")
        parts.append(
            mark("path", inside=title, d=f"M{x1:.0f},{y1:.0f}Q{mx:.0f},{my:.0f} {x2:.0f},{y2:.0f}", fill="none",
                 stroke=colour, stroke_width=width, opacity=fade, stroke_linecap="round")
        )  # fmt: skip
    return parts


def _stroke(leg: str, pieces: float) -> tuple[str, float, float]:
    """Colour, width and opacity of a line by its leg and pieces."""
    if leg in SEATS:
        return SEATS[leg], 2.0, 0.9
    if leg == "between":
        return BETWEEN, 1.2 + sqrt(pieces) / 75, 0.8
    return (GATEWAY, 0.7 + sqrt(pieces) / 130, 0.5) if leg == "gateway" else (FEEDER, 0.9, 0.8)


def _marks(table: Timetable, spots: dict[str, tuple[float, float]], spoken: Language) -> list[str]:
    parts = []
    for place, (x, y) in spots.items():
        tier = table.work.layout.tier.get(place)
        name = named(table, place, spoken)
        if tier:
            size = {1: 13, 2: 10, 3: 7}[tier]
            halo: dict[str, Any] = {"stroke": "#fdfcf9", "stroke_width": 4, "paint_order": "stroke", "fill": "#1d2430"}
            parts.append(mark("circle", cx=x, cy=y, r=size, fill=HUB[tier], stroke="#fff", stroke_width=2))
            parts.append(mark("text", name, x=x, y=y - size - 5, font_size=19 - 2 * tier, font_weight=700,
                              text_anchor="middle", **halo))  # fmt: skip
        elif table.work.kinds.get(place) == "city":
            wide = (14 if spoken == "zh" else 8) * len(name) + 16
            parts.append(
                mark("rect", x=x - wide / 2, y=y - 13, width=wide, height=26, rx=5, fill="#fff", stroke=GATEWAY)
            )
            parts.append(mark("text", name, x=x, y=y + 5, font_size=14, text_anchor="middle", fill="#4b2f59"))
        else:
            parts.append(mark("circle", cx=x, cy=y, r=2.4, fill="#6d6a5e"))
    return parts


def named(table: Timetable, place: str, spoken: Language) -> str:
    """Return a place's short name in a language."""
    return short_name_of(table.network, place, spoken)


def _legend(sheet: _Sheet, spoken: Language) -> list[str]:
    parts, x, y = [], 24.0, sheet.height + 40
    for tier, colour in HUB.items():
        parts.append(mark("circle", cx=x + 8, cy=y - 5, r=13 - 2 * tier, fill=colour))
        parts.append(mark("text", say("lines.map_tier", spoken, tier=tier), x=x + 26, y=y, font_size=15))
        x += 130
    x, y = 24.0, y + 32
    strokes = [("map_between", BETWEEN, 5), ("map_gateway", GATEWAY, 4), ("map_feeder", FEEDER, 2)]
    strokes += [(f"leg_{mode}", colour, 3) for mode, colour in SEATS.items()]
    for key, colour, width in strokes:
        parts.append(mark("path", d=f"M{x},{y - 5}h36", stroke=colour, stroke_width=width))
        parts.append(mark("text", say(f"lines.{key}", spoken), x=x + 44, y=y, font_size=14))
        x += 44 + (16 if spoken == "zh" else 8) * len(say(f"lines.{key}", spoken)) + 24
    return parts


def _around(where: dict[str, tuple[float, float]], table: Timetable) -> dict[str, Any]:
    """A box around the places inside, for a province without outlines."""
    inside = [where[p] for p in table.work.layout.places if p in where and table.work.kinds.get(p) != "city"]
    xs, ys = [p[0] for p in inside], [p[1] for p in inside]
    ring = [[min(xs) - 0.1, min(ys) - 0.1], [max(xs) + 0.1, min(ys) - 0.1], [max(xs) + 0.1, max(ys) + 0.1]]
    return {"features": [{"geometry": {"type": "Polygon", "coordinates": [ring]}}]}


def _rings(feature: dict[str, Any]) -> list[list[list[float]]]:
    shape = feature["geometry"]
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [ring for polygon in polygons for ring in polygon]
