"""The province's counties coloured by village coverage, as one SVG picture."""

from __future__ import annotations

import json
from html import escape
from itertools import pairwise
from math import cos, radians
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import UsageError
from postroad.language import Language, say
from postroad.naming import short_name, short_zh

if TYPE_CHECKING:
    from postroad.network import Network

WIDTH = 900
CLASSES = (0.90, 0.93, 0.95, 0.97, 0.99)


def coverage_map(outlines: dict[str, Any], coverage: pl.DataFrame, spoken: Language) -> str:
    """Return the map with a legend; a county without villages is left plain."""
    shares = dict(coverage["county_id", "share"].iter_rows())
    counts = {row[0]: row[1:] for row in coverage["county_id", "served", "villages"].iter_rows()}
    names = {
        county: short_name((county, zh, pinyin, "county", None), spoken)
        for county, zh, pinyin in coverage["county_id", "name_zh", "pinyin"].iter_rows()
    }
    rings = {f["properties"]["code"]: (names.get(f["properties"]["code"], str(f["properties"]["name"])), _rings(f))
             for f in outlines["features"]}  # fmt: skip
    west, north, stretch, unit, height = _frame([group for _, group in rings.values()])

    def place(point: list[float]) -> str:
        return f"{(point[0] - west) * stretch * unit:.1f},{(north - point[1]) * unit:.1f}"

    parts = [f'<svg class="map" viewBox="-4 -4 {WIDTH + 8} {height + 8:.0f}" role="img" '
             f'aria-label="{escape(say("face.map_title", spoken))}">']  # fmt: skip
    for code, (name, group) in rings.items():
        path = "".join("M" + "L".join(place(p) for p in ring) + "Z" for ring in group)
        share = shares.get(code)
        words = name
        if share is not None:
            served, villages = counts[code]
            words = f"{name}: {served}/{villages} = {100 * share:.1f} %"
        level = "none" if share is None else f"c{sum(share >= cut for cut in CLASSES)}"
        parts.append(f'<path class="county {level}" d="{path}"><title>{escape(words)}</title></path>')
    for name, group in rings.values():
        ring = max(group, key=_area)
        if _area(ring) * unit * unit < 900:
            continue
        x, y = _middle(ring)
        size = 11 if spoken == "zh" else 9
        parts.append(f'<text class="place" font-size="{size}" x="{(x - west) * stretch * unit:.1f}" '
                     f'y="{(north - y) * unit:.1f}" text-anchor="middle">{escape(name)}</text>')  # fmt: skip
    return "".join([*parts, "</svg>"])


def outlines_of(network: Network) -> dict[str, Any] | None:
    """Return the outlines of a province's counties (GeoJSON), or ``None`` when its pack has none."""
    file = network.beside("outlines.geojson")
    return dict(json.loads(file.read_text("utf-8"))) if file else None


def plain_map(network: Network, cells: dict[str, tuple[str, str]], title: str, spoken: Language) -> str:
    """Return the counties of a province, each with a colour and words of its own; others stay grey.

    ``UsageError`` when the pack has no outlines.
    """
    outlines = outlines_of(network)
    if outlines is None:
        raise UsageError.of("face.no_outlines", name=network.name or "?")
    rings = {f["properties"]["code"]: (str(f["properties"]["name"]), _rings(f)) for f in outlines["features"]}
    west, north, stretch, unit, height = _frame([group for _, group in rings.values()])
    parts = [f'<svg class="map" xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {WIDTH + 8} {height + 8:.0f}" '
             f'role="img" aria-label="{escape(title)}">']  # fmt: skip
    labels: list[str] = []
    for code, (name, group) in rings.items():
        points = (
            "L".join(f"{(x - west) * stretch * unit:.1f},{(north - y) * unit:.1f}" for x, y in ring) for ring in group
        )
        colour, words = cells.get(code, ("#d9d5ca", name))
        path = "".join(f"M{ring}Z" for ring in points)
        parts.append(f'<path d="{path}" fill="{colour}" stroke="#fff"><title>{escape(words)}</title></path>')
        ring = max(group, key=_area)
        if spoken == "zh" and _area(ring) * unit * unit >= 900:
            x, y = _middle(ring)
            # Over every county and with a light edge: a neighbour drawn later would cut the name, a dark one hide it.
            labels.append(
                f'<text font-size="11" x="{(x - west) * stretch * unit:.1f}" y="{(north - y) * unit:.1f}" '
                f'text-anchor="middle" stroke="#fff" stroke-width="2.4" stroke-opacity=".8" paint-order="stroke">'
                f"{escape(short_zh(name))}</text>"
            )
    return "".join([*parts, *labels, "</svg>"])


def _frame(groups: list[list[list[list[float]]]]) -> tuple[float, float, float, float, float]:
    """West edge, north edge, stretch of a degree of longitude, pixels a degree, and height of the picture."""
    every = [point for group in groups for ring in group for point in ring]
    west, east = min(p[0] for p in every), max(p[0] for p in every)
    south, north = min(p[1] for p in every), max(p[1] for p in every)
    stretch = cos(radians((south + north) / 2))
    unit = WIDTH / ((east - west) * stretch)
    return west, north, stretch, unit, (north - south) * unit


def legend() -> list[tuple[str, str]]:
    """Return the classes of the map: style name and words."""
    edges = [f"{100 * cut:g}" for cut in CLASSES]
    words = [f"< {edges[0]} %"] + [f"{a}-{b} %" for a, b in pairwise(edges)] + [f"≥ {edges[-1]} %"]
    return [(f"c{k}", text) for k, text in enumerate(words)]


def _rings(feature: dict[str, Any]) -> list[list[list[float]]]:
    shape = feature["geometry"]
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [ring for polygon in polygons for ring in polygon]


def _area(ring: list[list[float]]) -> float:
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def _middle(ring: list[list[float]]) -> tuple[float, float]:
    """The centroid of a ring."""
    twice = x = y = 0.0
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        cross = a[0] * b[1] - b[0] * a[1]
        twice += cross
        x += (a[0] + b[0]) * cross
        y += (a[1] + b[1]) * cross
    return x / (3 * twice), y / (3 * twice)
