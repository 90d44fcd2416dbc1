"""Every village as a dot, coloured by one value, over the outlines of the counties: one SVG picture."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from math import cos, radians
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 1000
LEGEND = 110
COLOURS = ("#1a6f5f", "#5ba391", "#b9d3a4", "#f0d58c", "#e08f4f", "#a8322b")
"""From good to bad; told apart in grey as well."""
MISSING = "#111111"
FEW = 1000
"""Up to so many dots are drawn larger."""


def village_map(
    outlines: dict[str, Any], dots: Sequence[tuple[float, float, float | None]], cuts: Sequence[float],
    words: tuple[str, str, str], labels: Sequence[str] = (),
) -> str:  # fmt: skip
    """Return the picture; a dot is longitude, latitude and value (none: black), ``cuts`` are five class limits.

    ``words`` are the title, the unit of the legend and the label of dots without a value. ``labels`` name the six
    classes where limits would not; a class without a label, and dots without a value, are then left out of the legend.
    """
    title, unit, missing = words
    rings = [ring for feature in outlines["features"] for ring in _rings(feature)]
    every = [point for ring in rings for point in ring]
    west, east = min(p[0] for p in every), max(p[0] for p in every)
    south, north = min(p[1] for p in every), max(p[1] for p in every)
    stretch = cos(radians((south + north) / 2))
    scale = WIDTH / ((east - west) * stretch)
    height = (north - south) * scale

    def place(lon: float, lat: float) -> tuple[float, float]:
        return (lon - west) * stretch * scale, (north - lat) * scale + 50

    def pair(point: list[float]) -> str:
        x, y = place(point[0], point[1])
        return f"{x:.0f},{y:.0f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 {WIDTH + 20} {height + 70 + LEGEND:.0f}" role="img" '
        f'font-family="Noto Sans CJK SC,Microsoft YaHei,sans-serif">',
        '<rect x="-10" width="100%" height="100%" fill="#fdfcf9"/>',
        f'<text x="0" y="30" font-size="24" font-weight="700" fill="#1d2430">{escape(title)}</text>',
        f'<path fill="#f1efe8" stroke="#b8b3a5" stroke-width=".8" d="'
        f'{"".join("M" + "L".join(pair(p) for p in ring) + "Z" for ring in rings)}"/>',
    ]
    groups: dict[str, list[str]] = {}
    size = 5 if len(dots) > FEW else 9
    for lon, lat, value in dots:
        x, y = place(lon, lat)
        groups.setdefault(_colour(value, cuts), []).append(f"M{x:.0f},{y:.0f}h0")
    for colour in (*COLOURS, MISSING):
        if colour in groups:
            parts.append(
                f'<path stroke="{colour}" stroke-width="{size}" stroke-linecap="round" d="{"".join(groups[colour])}"/>'
            )
    texts = [(c, text) for c, text in zip(COLOURS, labels, strict=True) if text] if labels else None
    parts += _legend(texts or _classes(cuts, unit, missing), height + 75, groups)
    return "".join([*parts, "</svg>"])


def _classes(cuts: Sequence[float], unit: str, missing: str) -> list[tuple[str, str]]:
    edges = [f"{cut:g}" for cut in cuts]
    texts = [f"< {edges[0]}", *(f"{a}–{b}" for a, b in pairwise(edges)), f"≥ {edges[-1]}"]
    return [*((colour, f"{text} {unit}") for colour, text in zip(COLOURS, texts, strict=True)), (MISSING, missing)]


def _legend(rows: list[tuple[str, str]], top: float, groups: dict[str, list[str]]) -> list[str]:
    parts = []
    for k, (colour, text) in enumerate(rows):
        x, y = (k % 4) * WIDTH / 4, top + (k // 4) * 34
        count = len(groups.get(colour, ()))
        parts.append(f'<circle cx="{x + 8:.0f}" cy="{y:.0f}" r="7" fill="{colour}"/>'
                     f'<text x="{x + 24:.0f}" y="{y + 6:.0f}" font-size="17" fill="#1d2430">'
                     f'{escape(text)} ({count:,})</text>')  # fmt: skip
    return parts


def _colour(value: float | None, cuts: Sequence[float]) -> str:
    return MISSING if value is None else COLOURS[sum(value >= cut for cut in cuts)]


def _rings(feature: dict[str, Any]) -> list[list[list[float]]]:
    shape = feature["geometry"]
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [ring for polygon in polygons for ring in polygon]
