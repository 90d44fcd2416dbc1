"""A target's path, what was observed, and the fan of the forecast, as one small SVG picture.

Observed values are filled dots, derived ones hollow, assumed and synthetic ones hollow diamonds. Values of different
scopes are never joined by a line. Colours come from the page's style, so the picture follows light and dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Any

from postroad.language import Language, say
from postroad.measure.indicator import year_of

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 58, 84, 16, 30
PLAN_YEARS = 5


@dataclass(frozen=True)
class Scale:
    """From years and values to picture units."""

    first: float
    last: float
    low: float
    high: float

    def x(self, year: float) -> float:
        """Return the place of a year from the left."""
        return LEFT + (year - self.first) / max(1e-9, self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return the place of a value from the top."""
        return HEIGHT - BOTTOM - (value - self.low) / max(1e-9, self.high - self.low) * (HEIGHT - TOP - BOTTOM)

    def points(self, pairs: list[tuple[float, float]]) -> str:
        """Return year and value pairs as SVG points."""
        return " ".join(f"{self.x(year):.1f},{self.y(value):.1f}" for year, value in pairs)


def drawable(line: dict[str, Any]) -> bool:
    """Return whether a target can be drawn: it aims at a number by a date."""
    aimed = line["target"] and line["target"]["value"] is not None
    return bool(aimed and line["wording"] == "numeric" and line["deadline"])


def chart(line: dict[str, Any], spoken: Language) -> str:
    """Return the picture of one target as SVG text."""
    scale = _scale(line)
    label = line["label"][spoken]
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">',
        *_grid(scale),
        *_fan(line, scale),
        *_path(line, scale, spoken),
        *_observations(line, scale, spoken),
        *_nothing_known(line, spoken),
        "</svg>",
    ]
    return "".join(parts)


def _scale(line: dict[str, Any]) -> Scale:
    years = [year_of(o["period"]) for o in line["observations"]] + [float(p["period"]) for p in line["path"]]
    values = [o["value"] for o in line["observations"]] + [p["value"] for p in line["path"]]
    values.append(line["target"]["value"])
    last = float(line["deadline"][:4])
    years += [last, min([last - PLAN_YEARS, *years])]
    if fan := line["forecast"]:
        years += [float(p) for p in fan["periods"]]
        values += [*fan["low80"], *fan["high80"]]
    low, high = min(values), max(values)
    if low == high:
        low, high = min(low, 0.0), max(high, 1.0)
    room = 0.08 * (high - low)
    bottom = low - room
    if line["unit"] == "%":
        return Scale(min(years) - 0.5, max(years) + 0.5, max(0.0, bottom), min(100.5, high + room))
    return Scale(min(years) - 0.5, max(years) + 0.5, 0.0 if low >= 0 and low < 0.5 * high else bottom, high + room)


def _grid(scale: Scale) -> list[str]:
    parts = []
    for value in _round_values(scale.low, scale.high):
        y = scale.y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>')
    first, last = round(scale.first + 0.5), round(scale.last - 0.5)
    step = max(1, (last - first + 5) // 6)
    for year in range(first, last + 1, step):
        x = scale.x(year)
        parts.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{year}</text>')
    return parts


def _nothing_known(line: dict[str, Any], spoken: Language) -> list[str]:
    if line["observations"]:
        return []
    words = escape(say("face.nothing_known", spoken))
    x, y = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    return [f'<text class="tick" x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{words}</text>']


def _round_values(low: float, high: float) -> list[float]:
    """Three to six round numbers inside a range, a power of ten times 1, 2 or 5 apart."""
    rough = (high - low) / 4
    power = 10.0 ** floor(log10(rough))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda size: abs(size - rough))
    first = ceil(low / step)
    return [k * step for k in range(first, int(high // step) + 1)]


def _path(line: dict[str, Any], scale: Scale, spoken: Language) -> list[str]:
    parts = []
    if line["path"]:
        pairs = [(float(p["period"]), p["value"]) for p in line["path"]]
        parts.append(f'<polyline class="path" points="{scale.points(pairs)}"/>')
    x, y = scale.x(float(line["deadline"][:4])), scale.y(line["target"]["value"])
    words = say("face.target_mark", spoken, value=short(line["target"]["value"]))
    parts.append(f'<path class="aim" d="M{x - 6:.1f} {y:.1f}h12M{x:.1f} {y - 6:.1f}v12"/>')
    # Right of the cross, where no path, value or fan can lie: the deadline is the last year drawn.
    parts.append(f'<text class="aimtext" x="{x + 10:.1f}" y="{y + 4:.1f}">{escape(words)}</text>')
    return parts


def _fan(line: dict[str, Any], scale: Scale) -> list[str]:
    fan = line["forecast"]
    if not fan:
        return []
    same = [o for o in line["observations"] if o["scope"] == line["latest"]["scope"]]
    start = [(year_of(same[-1]["period"]), same[-1]["value"])]
    years = [float(p) for p in fan["periods"]]
    parts = []
    for low, high in (("low80", "high80"), ("low50", "high50")):
        up = start + list(zip(years, fan[high], strict=True))
        down = start + list(zip(years, fan[low], strict=True))
        parts.append(f'<polygon class="fan" points="{scale.points(up + down[::-1])}"/>')
    middle = start + list(zip(years, fan["median"], strict=True))
    parts.append(f'<polyline class="median" points="{scale.points(middle)}"/>')
    return parts


def _observations(line: dict[str, Any], scale: Scale, spoken: Language) -> list[str]:
    parts = []
    scopes: dict[str, list[tuple[float, float]]] = {}
    for seen in line["observations"]:
        scopes.setdefault(seen["scope"], []).append((year_of(seen["period"]), seen["value"]))
    parts += [f'<polyline class="seen" points="{scale.points(pairs)}"/>' for pairs in scopes.values() if len(pairs) > 1]
    if len(scopes) > 1:
        # Just before the first value of the wider count: between the two nobody knows more than that.
        begun = sorted(pairs[0][0] for pairs in scopes.values())[1]
        middle = scale.x(begun - 0.5)
        words = say("face.scope_break", spoken)
        parts.append(f'<line class="break" x1="{middle:.1f}" x2="{middle:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="tick" x="{middle - 4:.1f}" y="{TOP + 8}" text-anchor="end">{escape(words)}</text>')
    for seen in line["observations"]:
        x, y = scale.x(year_of(seen["period"])), scale.y(seen["value"])
        title = (
            f"<title>{seen['period']}: {seen['value']:,.2f} ({say('face.origin_' + seen['origin'], spoken)})</title>"
        )
        if seen["origin"] in ("assumed", "synthetic"):
            shape = f'<path class="dot {seen["origin"]}" d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z">{title}</path>'
        else:
            shape = f'<circle class="dot {seen["origin"]}" cx="{x:.1f}" cy="{y:.1f}" r="4">{title}</circle>'
        parts.append(shape)
    return parts


def short(value: float) -> str:
    """Return a number as it is shown on axes and in tables: thousands apart, at most two decimals."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")
