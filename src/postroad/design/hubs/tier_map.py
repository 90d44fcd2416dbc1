"""The plan's tiers beside the best, as one SVG picture."""

from __future__ import annotations

from html import escape
from math import cos, radians
from typing import TYPE_CHECKING, Any

from postroad.design.hubs.tier_report import above, hub_tiers
from postroad.language import Language, current, say
from postroad.naming import short_name_of

if TYPE_CHECKING:
    from postroad.design.hubs.tier_search import Layout
    from postroad.design.hubs.trunk import TrunkTiers
    from postroad.network import Network

PANEL, TOP = 620.0, 84.0
COLOURS = {1: "#a5271c", 2: "#b07d2b", 3: "#257a6b"}
RADIUS = {1: 9.0, 2: 7.0, 3: 5.0}
STYLE = (
    "<style>text{font-family:'Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei',system-ui,sans-serif;fill:#1d2430}"
    ".small{font-size:12px}.name{font-size:12px;paint-order:stroke;stroke:#fdfcf9;stroke-width:3px}"
    ".big{font-size:16px;font-weight:600}.soft{fill:#566072}.land{fill:#f1efe8;stroke:#d6d1c4;stroke-width:.6}</style>"
)


def tier_map(
    found: TrunkTiers, network: Network, outlines: dict[str, Any] | None = None, spoken: Language | None = None
) -> str:
    """Return the picture: on the left the plan's hubs and who is gathered at them, on the right the best found."""
    spoken = spoken or current()
    frame = _Frame(found, network, outlines)
    height = TOP + frame.height + 46
    title = say("design.map_title", spoken, year=found.result.stamp.options["year"])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * PANEL:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}">',
        STYLE,
        f'<rect width="{2 * PANEL:.0f}" height="{height:.0f}" fill="#fdfcf9"/>',
        f'<text class="big" x="24" y="32">{escape(title)}</text>',
    ]
    for number, (key, layout) in enumerate((("design.map_plan", found.plan), ("design.map_best", found.best))):
        cost = say(key, spoken, cost=f"{layout.cost / 1e4:,.1f}", more=f"{100 * found.regret:.1f}")
        parts.append(f'<g transform="translate({number * PANEL:.0f},{TOP:.0f})">')
        parts.append(f'<text class="small soft" x="24" y="-24">{escape(cost)}</text>')
        parts += frame.panel(layout, spoken)
        parts.append("</g>")
    parts += _legend(found, height - 18, spoken)
    return "".join([*parts, "</svg>"])


def _legend(found: TrunkTiers, y: float, spoken: Language) -> list[str]:
    parts, x = [], 24.0
    for tier in (1, 2, 3):
        words = say("design.map_tier", spoken, tier=tier)
        parts.append(f'<circle cx="{x + 8:.0f}" cy="{y - 4:.0f}" r="{RADIUS[tier]}" fill="{COLOURS[tier]}"/>')
        parts.append(f'<text class="small" x="{x + 22:.0f}" y="{y:.0f}">{escape(words)}</text>')
        x += 110
    note = say("design.map_note", spoken, gap=f"{100 * found.gap:.1f}", run=found.result.run_id)
    return [*parts, f'<text class="small soft" x="{x + 20:.0f}" y="{y:.0f}">{escape(note)}</text>']


class _Frame:
    """Where things lie on a panel."""

    def __init__(self, found: TrunkTiers, network: Network, outlines: dict[str, Any] | None) -> None:
        self.found = found
        wanted = set(found.problem.units) | set(found.problem.towns)
        rows = network["places"].select("place_id", "lon", "lat").iter_rows()
        self.at = {place: (lon, lat) for place, lon, lat in rows if place in wanted}
        self.network = network
        self.rings = [ring for feature in (outlines or {}).get("features", []) for ring in _rings(feature["geometry"])]
        points = [*self.at.values(), *(point for ring in self.rings for point in ring)]
        self.west, self.north = min(p[0] for p in points), max(p[1] for p in points)
        east, south = max(p[0] for p in points), min(p[1] for p in points)
        self.stretch = cos(radians((self.north + south) / 2))
        self.unit = (PANEL - 48) / ((east - self.west) * self.stretch)
        self.height = (self.north - south) * self.unit

    def spot(self, point: tuple[float, float] | list[float]) -> tuple[float, float]:
        """Return x and y of a longitude and latitude."""
        return 24 + (point[0] - self.west) * self.stretch * self.unit, (self.north - point[1]) * self.unit

    def panel(self, layout: Layout, spoken: Language) -> list[str]:
        """Return the shapes of one layout."""
        tiers, up = hub_tiers(self.found.problem, layout), above(self.found.problem, layout)
        land = "".join("M" + "L".join("{:.1f},{:.1f}".format(*self.spot(p)) for p in ring) + "Z" for ring in self.rings)
        parts = [f'<path class="land" d="{land}"/>'] if land else []
        for place, hub in sorted(up.items(), key=lambda pair: pair[0] in tiers):
            (x1, y1), (x2, y2) = self.spot(self.at[place]), self.spot(self.at[hub])
            colour, width = (COLOURS[tiers[hub]], 2.4) if place in tiers else ("#8b93a1", 0.8)
            line = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            parts.append(f'<line {line} stroke="{colour}" stroke-width="{width}" stroke-opacity=".75"/>')
            if place not in tiers:
                parts.append(f'<circle cx="{x1:.1f}" cy="{y1:.1f}" r="1.8" fill="#566072"/>')
        taken = [(x - RADIUS[tier], y - RADIUS[tier], x + RADIUS[tier], y + RADIUS[tier])
                 for place, tier in tiers.items() for x, y in [self.spot(self.at[place])]]  # fmt: skip
        for place, tier in sorted(tiers.items(), key=lambda pair: -pair[1]):
            x, y = self.spot(self.at[place])
            name = short_name_of(self.network, place, spoken)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS[tier]}" fill="{COLOURS[tier]}"/>')
            left, base = _beside(x, y, 12.0 * len(name) if spoken == "zh" else 6.6 * len(name), taken)
            parts.append(f'<text class="name" x="{left:.1f}" y="{base:.1f}">{escape(name)}</text>')
        return parts


def _beside(x: float, y: float, width: float, taken: list[tuple[float, float, float, float]]) -> tuple[float, float]:
    """Where a name stands clear of what is there: right of its hub, left, above or below; its box is added."""
    spots = ((x + 11, y + 4), (x - 11 - width, y + 4), (x - width / 2, y - 12), (x - width / 2, y + 20))
    boxes = [(left, base - 10, left + width, base + 3) for left, base in spots]
    clear = [not any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in taken) for a in boxes]
    chosen = clear.index(True) if any(clear) else 0
    taken.append(boxes[chosen])
    return spots[chosen]


def _rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    shapes = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [shape[0] for shape in shapes]
