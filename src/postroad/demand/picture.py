"""Two pictures of a year's flows: where they run inside the province, and how much enters, stays and leaves."""

from __future__ import annotations

import re
from html import escape
from math import cos, radians, sqrt
from typing import TYPE_CHECKING

import polars as pl

from postroad.language import Language, current, say
from postroad.naming import names_of, short_names_of

if TYPE_CHECKING:
    from postroad.demand.flows import Demand

WIDTH, HEIGHT = 900, 640
SHOWN = 220
_ending = re.compile("(shi|diqu|chaoxianzuzizhizhou)$")
COLOURS = {
    "inbound": "#257a6b", "inter_province": "#b07d2b", "intra_province": "#3c6e9f", "same_city": "#7a5c99",
    "international": "#a5271c",
}  # fmt: skip
STYLE = (
    "<style>text{font-family:'Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei',system-ui,sans-serif;fill:#1d2430}"
    ".small{font-size:12px}.big{font-size:15px;font-weight:600}.soft{fill:#566072}</style>"
)


def flow_map(made: Demand, spoken: Language | None = None) -> str:
    """Return an SVG map: the largest flows between counties as lines, received pieces as circles."""
    spoken = spoken or current()
    units = made.totals.units
    inside = made.flows.filter(pl.col("flow_class").is_in(["same_city", "intra_province"]))
    pairs = inside.filter(pl.col("origin_id") != pl.col("destination_id")).sort("pieces", descending=True).head(SHOWN)
    lon, lat = units["lon"].to_list(), units["lat"].to_list()
    west, north = float(min(lon)), float(max(lat))
    stretch = cos(radians(43.5))
    unit = (WIDTH - 80) / ((max(lon) - west) * stretch)
    height = (north - min(lat)) * unit + 120
    spot = {
        place: (40 + (lon - west) * stretch * unit, 70 + (north - lat) * unit)
        for place, lon, lat in units["place_id", "lon", "lat"].iter_rows()
    }
    top = pairs["pieces"][0] if pairs.height else 1.0
    title = say("demand.map_title", spoken, year=made.year)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{title}">',
        STYLE,
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fdfcf9"/><text class="big" x="24" y="30">{title}</text>',
        f'<text class="small soft" x="24" y="50">{escape(say("demand.map_note", spoken, count=pairs.height))}</text>',
    ]
    for origin, destination, pieces in pairs.reverse()["origin_id", "destination_id", "pieces"].iter_rows():
        (x1, y1), (x2, y2) = spot[origin], spot[destination]
        bend = f"{(x1 + x2) / 2 + (y2 - y1) * 0.12:.1f} {(y1 + y2) / 2 - (x2 - x1) * 0.12:.1f}"
        share = sqrt(pieces / top)
        parts.append(
            f'<path d="M{x1:.1f} {y1:.1f}Q{bend} {x2:.1f} {y2:.1f}" fill="none" stroke="#257a6b" '
            f'stroke-width="{0.3 + 5 * share:.2f}" stroke-opacity="{0.15 + 0.5 * share:.2f}"/>'
        )
    received = made.flows.group_by("destination_id").agg(pl.col("pieces").sum())
    most = max(received.filter(pl.col("destination_id").is_in(list(spot)))["pieces"].to_list())
    names = names_of(made.network, spoken)
    for place, pieces in received.sort("pieces", descending=True).iter_rows():
        if place in spot:
            x, y = spot[place]
            radius = 1.5 + 15 * sqrt(pieces / most)
            words = f"{names[place]}: {pieces / 1e4:,.0f} ×10⁴"
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#b07d2b" fill-opacity=".55" '
                         f'stroke="#fff" stroke-width=".8"><title>{escape(words)}</title></circle>')  # fmt: skip
    return "".join([*parts, _labels(made, spot, spoken), "</svg>"])


def _labels(made: Demand, spot: dict[str, tuple[float, float]], spoken: Language) -> str:
    seats = made.network["places"].filter(level="prefecture")
    parts = []
    names = short_names_of(made.network, spoken)
    for place in seats["place_id"]:
        own = [xy for unit, xy in spot.items() if unit.startswith(place)]
        x, y = (sum(xy[k] for xy in own) / len(own) for k in range(2))
        parts.append(f'<text class="small" x="{x:.1f}" y="{y - 10:.1f}" text-anchor="middle" stroke="#fdfcf9" '
                     f'stroke-width="3" paint-order="stroke">{escape(names[place])}</text>')  # fmt: skip
    return "".join(parts)


def sankey(made: Demand, spoken: Language | None = None) -> str:
    """Return an SVG of pieces that enter, stay in and leave the province, band widths in proportion."""
    spoken = spoken or current()
    pieces = dict(made.flows.group_by("flow_class").agg(pl.col("pieces").sum()).iter_rows())
    total = sum(pieces.values())
    scale = (HEIGHT - 200) / total
    order = ["inbound", "same_city", "intra_province", "inter_province", "international"]
    outside, province = say("demand.outside", spoken), made.network.label(spoken)
    title = say("demand.sankey_title", spoken, year=made.year)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
             STYLE, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fdfcf9"/>',
             f'<text class="big" x="24" y="30">{title}</text>']  # fmt: skip
    y = 80.0
    for name in order:
        band = max(1.2, pieces.get(name, 0.0) * scale)
        left = outside if name == "inbound" else province
        right = province if name in ("inbound", "same_city", "intra_province") else outside
        label = say(f"demand.class_{name}", spoken)
        share = f"{pieces.get(name, 0.0) / 1e8:,.2f} ×10⁸ ({100 * pieces.get(name, 0.0) / total:.1f} %)"
        middle = y + band / 2
        curve = f"M170 {middle:.1f}C360 {middle:.1f} 540 {middle:.1f} 730 {middle:.1f}"
        parts.append(f'<path d="{curve}" fill="none" stroke="{COLOURS[name]}" stroke-opacity=".62" '
                     f'stroke-width="{band:.1f}"/>')  # fmt: skip
        parts.append(f'<text class="small" x="158" y="{middle + 4:.1f}" text-anchor="end">{escape(left)}</text>')
        parts.append(f'<text class="small" x="742" y="{middle + 4:.1f}">{escape(right)}</text>')
        parts.append(f'<text class="small" x="450" y="{middle + 4:.1f}" text-anchor="middle" stroke="#fdfcf9" '
                     f'stroke-width="3" paint-order="stroke">{escape(label)} {share}</text>')  # fmt: skip
        y += max(band, 16.0) + 14
    return "".join([*parts, "</svg>"])
