"""Draw the map of hours from Changchun by road, in an ordinary season and in winter: ``docs/pictures/travel-*.svg``.

python -m tools.draw_travel
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from postroad.language import LANGUAGES, Language
from postroad.network import Network, pack_folder, province
from postroad.travel import RoadEngine

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
START = "2201"
CELL_KM = 6.0
HOURS = (1, 2, 3, 4, 5, 6, 7, 8)
COLOURS = ("#fde725", "#b5de2b", "#6ece58", "#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4989", "#440154")
TOWNS = {
    "2201": "above", "2202": "right", "2203": "right", "2204": "right", "2205": "right", "2206": "right",
    "2207": "right", "2208": "right", "222401": "above", "222404": "below", "222403": "right", "220623": "right",
    "220582": "right",
}  # fmt: skip
"""The towns named on the map, and on which side."""
SIDES = {"right": (6, 4, "start"), "above": (0, -8, "middle"), "below": (0, 17, "middle")}
SCALE = 0.82  # pixels a km
WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "title": "从长春出发的公路行车时间",
        "ordinary": "平常", "winter": "冬季", "legend": "小时", "over": "{} 以上",
        "note": "路网引擎；六边形边距 6 公里；没有地图公路处按最后一段估算。道路 © OpenStreetMap contributors",
    },
    "en": {
        "title": "Hours by road from Changchun",
        "ordinary": "Ordinary season", "winter": "Winter", "legend": "hours", "over": "over {}",
        "note": "Road graph engine; cells 6 km across; off the mapped roads a last leg is estimated. "
        "Roads © OpenStreetMap contributors",
    },
}  # fmt: skip


class Map:
    """The province on a plane, with its cells and the minutes to each."""

    def __init__(self, network: Network) -> None:
        self.network = network
        shapes = json.loads((pack_folder("jilin") / "outlines.geojson").read_text("utf-8"))["features"]
        self.counties = [shapely.from_geojson(json.dumps(shape["geometry"])) for shape in shapes]
        whole = shapely.union_all(self.counties)
        west, south, east, north = whole.bounds
        self.origin, self.stretch = (west, north), np.cos(np.radians((south + north) / 2))
        self.size = self.plane(np.array([[east, south]]))[0]
        dlat = CELL_KM / 111.195
        dlon = dlat / self.stretch
        rows = np.arange(south, north + dlat, dlat * np.sqrt(3) / 2)
        cells = [(west + dlon * (k + 0.5 * (i % 2)), lat) for i, lat in enumerate(rows)
                 for k in range(int((east - west) / dlon) + 2)]  # fmt: skip
        spots = np.array(cells)
        shapely.prepare(whole)
        self.cells = spots[shapely.contains_xy(whole, spots[:, 0], spots[:, 1])]

    def plane(self, lonlat: Any) -> Any:
        """Return pixels right and down."""
        km = (np.asarray(lonlat) - self.origin) * (self.stretch * 111.195, -111.195)
        return km * SCALE

    def hours(self, season: str) -> Any:
        """Return hours to each cell."""
        road = RoadEngine(self.network, season)
        start, cells = road.join([START]), road.join([f"cell {i}" for i in range(len(self.cells))], self.cells)
        return road.between(start, cells)[0, :, 0] / 60.0

    def panel(self, hours: Any, title: str, spoken: Language) -> str:
        """Return the cells, outlines, expressways and towns of one season."""
        corner = [(np.sin(a), np.cos(a)) for a in np.radians(np.arange(0, 360, 60))]
        radius = CELL_KM * SCALE / np.sqrt(3) * 1.03
        band = np.digitize(hours, HOURS)
        parts = [f'<text x="0" y="-14" font-size="19" font-weight="600">{title}</text>']
        at = self.plane(self.cells)
        for k, colour in enumerate(COLOURS):
            hexagons = shapely.polygons(
                [[(x + radius * dx, y + radius * dy) for dx, dy in corner] for x, y in at[band == k]]
            )
            area = shapely.simplify(shapely.union_all(hexagons), 0.4)
            parts.append(f'<path fill="{colour}" fill-rule="evenodd" d="{_outline(area)}"/>')
        outline = "".join(_outline(shapely.transform(county, self.plane)) for county in self.counties)
        parts.append(f'<path d="{outline}" fill="none" stroke="#fff" stroke-opacity=".55" stroke-width=".7"/>')
        parts.append(f'<path d="{self._expressways()}" fill="none" stroke="#7a0019" stroke-width="1.1"/>')
        return "".join(parts) + self._towns(spoken)

    def _expressways(self) -> str:
        nodes = {node: at for node, *at in self.network["road_nodes"].select("node_id", "lon", "lat").iter_rows()}
        links = self.network["road_links"].filter(road_class="motorway", in_province=True)
        ends = [self.plane([nodes[a], nodes[b]]) for a, b in links.select("from_node", "to_node").iter_rows()]
        return "".join(f"M{a[0]:.1f},{a[1]:.1f}L{b[0]:.1f},{b[1]:.1f}" for a, b in ends)

    def _towns(self, spoken: Language) -> str:
        places = {row["place_id"]: row for row in self.network["places"].filter(level="prefecture").to_dicts()}
        places |= {row["place_id"]: row for row in self.network["places"].filter(level="county").to_dicts()}
        parts = []
        for town in TOWNS:
            row = places[town]
            x, y = self.plane([[row["lon"], row["lat"]]])[0]
            name = row["name_zh"].removesuffix("市").removesuffix("朝鲜族自治县")
            name = (
                name
                if spoken == "zh"
                else row["pinyin"].removesuffix("shi").removesuffix("chaoxianzuzizhixian").title()
            )
            right, down, anchor = SIDES[TOWNS[town]]
            words = f'x="{x + right:.1f}" y="{y + down:.1f}" text-anchor="{anchor}"'
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="#fff" stroke="#000"/><text {words} font-size="13" '
                f'stroke="#fff" stroke-width="3" stroke-opacity=".85" paint-order="stroke">{name}</text>'
            )
        return "".join(parts)


def _outline(shape: Any) -> str:
    """Return the outer and inner rings of a shape as a path."""
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    return "".join("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in ring.coords) + "Z" for ring in rings)


def _legend(words: dict[str, str]) -> str:
    parts = [f'<text x="0" y="0" font-size="13">{words["legend"]}</text>']
    for k, colour in enumerate(COLOURS):
        label = f"{k}-{k + 1}" if k < len(HOURS) else words["over"].format(HOURS[-1])
        parts.append(
            f'<rect x="{60 + 62 * k}" y="-13" width="18" height="16" fill="{colour}"/>'
            f'<text x="{82 + 62 * k}" y="0" font-size="13">{label}</text>'
        )
    return "".join(parts)


def main() -> None:
    """Write the picture in both languages."""
    drawn = Map(province("jilin"))
    seasons = {season: drawn.hours(season) for season in ("ordinary", "winter")}
    wide, high = drawn.size
    for spoken in LANGUAGES:
        words = WORDS[spoken]
        width, height = 2 * wide + 100, high + 150
        left, right = (drawn.panel(hours, words[season], spoken) for season, hours in seasons.items())
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" font-family="Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, sans-serif">'
            f'<title>{words["title"]}</title><rect width="100%" height="100%" fill="#fff"/>'
            f'<text x="30" y="36" font-size="24" font-weight="700">{words["title"]}</text>'
            f'<g transform="translate(30 85)">{left}</g><g transform="translate({wide + 70:.0f} 85)">{right}</g>'
            f'<g transform="translate(30 {height - 40:.0f})">{_legend(words)}</g>'
            f'<text x="30" y="{height - 14:.0f}" font-size="12" fill="#444">{words["note"]}</text></svg>\n'
        )
        path = PICTURES / f"travel-{spoken}.svg"
        path.write_text(svg, "utf-8")
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1024:.0f} kB\n")


if __name__ == "__main__":
    main()
