"""A drill's page: grades and ranked actions, the backlog by hour, relief by hour, and the review in words."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.face.report.sheet import DRAWN, grid, sheet
from postroad.language import Language, say
from postroad.naming import names_of

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.results import Result
    from postroad.simulate.drill import Script

COLOURS = {"calm": "#8a8575", "struck": "#a5271c", "all": "#0b5c4a"}
OTHERS = ("#3c6e9f", "#b07d2b", "#7a5c99", "#5ba391")
WIDTH, HEIGHT = 860, 300
WAN = 1e4


def names(made: Script, spoken: Language) -> dict[str, str]:
    """Return the label of each case of a drill."""
    own = {action.id: action.label(spoken) for action in made.actions}
    return {**{key: say(f"drill.{key}", spoken) for key in ("calm", "struck", "all")}, **own}


def page(result: Result, made: Script, network: Network, spoken: Language) -> str:
    """Return the drill as one self-contained page."""
    title = say("drill.title", spoken, name=made.label(spoken))
    options = result.stamp.options
    lead = say("drill.lead", spoken, province=network.label(spoken), day=made.date(options["year"]), days=made.days,
               scale=f"{100 * options['scale']:g}", seed=result.stamp.seed, run=result.run_id)  # fmt: skip
    trigger = made.trigger_zh if spoken == "zh" else made.trigger_en
    label = names(made, spoken)
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(say('drill.trigger', spoken, words=trigger))}</p><p>{escape(lead)}</p>"
    ]
    parts.append(_grades(result, network, label, spoken))
    # A half hour in which nothing waits has no row.
    calm = result["timeline"].filter(run="calm").select("from_min", pl.col("waiting").alias("calm"))
    beyond = result["timeline"].filter(pl.col("run") != "calm").join(calm, on="from_min", how="left")
    scaled = beyond.select(
        (pl.col("from_min") / 60).alias("x"),
        ((pl.col("waiting") - pl.col("calm").fill_null(0)) / WAN).alias("y"),
        "run",
    )
    parts.append(lines(scaled, label, say("drill.chart_backlog", spoken), spoken))
    if result["relief"].height:
        relief = result["relief"].select(pl.col("hour").alias("x"), pl.col("delivered_percent").alias("y"), "run")
        parts.append(lines(relief, label, say("drill.chart_relief", spoken), spoken))
    parts.append(f"<h2>{escape(say('drill.review', spoken))}</h2>")
    parts += [f"<p>{escape(sentence)}</p>" for sentence in review(result, network, label, spoken)]
    return sheet(title, parts, spoken, DRAWN + "svg text{font-size:12px}")


def clock(minute: float, spoken: Language, place: str) -> str:
    """Return a moment as day and time of day."""
    day, rest = divmod(int(minute), 1440)
    return say("drill.at", spoken, place=place, day=day + 1, clock=f"{rest // 60:02d}:{rest % 60:02d}")


def _place(network: Network, place: str | None, spoken: Language) -> str:
    return names_of(network, spoken).get(place, place) if place else "–"


def _grades(result: Result, network: Network, label: dict[str, str], spoken: Language) -> str:
    keys = (
        "run",
        "grade",
        "late",
        "percent",
        "spared",
        "displaced",
        "relief",
        "recovery",
        "break",
        "cost",
        "price",
        "who",
    )
    heads = [say(f"drill.col_{key}", spoken) for key in keys]
    rows = []
    for row in result["grades"].iter_rows(named=True):
        broke = row["first_break_place_id"]
        where = clock(row["first_break_min"], spoken, _place(network, broke, spoken)) if broke else "–"
        relief = f"{row['relief_delivered']:.0f} %, {row['relief_mean_h']:.1f} h" if row["relief_mean_h"] else "–"
        recovered = f"{row['recovery_h']:.1f}" if row["recovery_h"] is not None else say("drill.not_recovered", spoken)
        price = f"{row['yuan_per_piece']:.2f}" if row["yuan_per_piece"] is not None else "–"
        cells = (label[row["run"]], row["grade"], f"{row['late_pieces']:,.0f}", f"{row['late_percent']:.2f} %",
                 f"{row['spared_pieces']:,.0f}", f"{row['displaced_pieces']:,.0f}", relief, recovered, where,
                 f"{row['cost_yuan']:,.0f}", price, row["who"] or "–")  # fmt: skip
        rows.append([str(cell) for cell in cells])
    return grid(heads, rows)


def lines(points: pl.DataFrame, label: dict[str, str], title: str, spoken: Language) -> str:
    """Return an SVG line chart with a line for each run; ``points`` has x (hours), y and run."""
    left, right, top, bottom = 56, 190, 34, 34
    most_x = float(points["x"].max() or 1)  # type: ignore[arg-type]
    most_y, least_y = float(points["y"].max() or 1), min(0.0, float(points["y"].min() or 0))  # type: ignore[arg-type]
    span = (most_y - least_y) or 1.0
    width, height = WIDTH - left - right, HEIGHT - top - bottom

    def at(x: float, y: float) -> str:
        return f"{left + x / most_x * width:.1f},{top + height - (y - least_y) / span * height:.1f}"

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
             f'<text x="8" y="18" font-weight="600">{escape(title)}</text>']  # fmt: skip
    for k in range(5):
        y, tick = top + height * (1 - k / 4), f"{least_y + span * k / 4:.3g}"
        parts.append(f'<line x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d9d5ca"/>'
                     f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')  # fmt: skip
    for hour in range(0, int(most_x) + 1, 24 if most_x > 48 else 6):
        x = left + hour / most_x * width
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{hour}</text>')
    parts.append(f'<text x="{left + width + 8}" y="{HEIGHT - 12}">{escape(say("drill.hour", spoken))}</text>')
    for k, ((run,), group) in enumerate(points.sort("x").group_by(["run"], maintain_order=False)):
        parts.append(_drawn(str(run), k, group, at))
    order = [name for name in label if name in set(points["run"])]
    most = 11 if spoken == "zh" else 22
    for k, name in enumerate(order):
        y = top + 14 + 20 * k
        colour, words = _colour(name, order), label[name]
        short = words if len(words) <= most else words[: most - 1] + "…"
        parts.append(f'<line x1="{WIDTH - right + 14}" x2="{WIDTH - right + 34}" y1="{y - 4}" y2="{y - 4}" '
                     f'stroke="{colour}" stroke-width="2.5"/><text x="{WIDTH - right + 40}" y="{y}">'
                     f'{escape(short)}</text>')  # fmt: skip
    drawn = "".join(parts)
    for name in order:
        drawn = drawn.replace(f"COLOUR-{name}-", _colour(name, order))
    return drawn + "</svg>"


def _drawn(run: str, k: int, group: pl.DataFrame, at: Any) -> str:
    path = "L".join(at(x, y) for x, y in group.select("x", "y").iter_rows())
    thick = 2.2 if run in COLOURS else 1.4
    return f'<path d="M{path}" fill="none" stroke="COLOUR-{run}-" stroke-width="{thick}" data-run="{k}"/>'


def _colour(name: str, order: list[str]) -> str:
    others = [other for other in order if other not in COLOURS]
    return COLOURS.get(name) or OTHERS[others.index(name) % len(OTHERS)]


def review(result: Result, network: Network, label: dict[str, str], spoken: Language) -> list[str]:
    """Return the after-action review: what broke first, what helped most, what did harm."""
    rows = result["grades"].to_dicts()
    told = []
    struck = rows[0]
    if struck["first_break_place_id"]:
        where = clock(struck["first_break_min"], spoken, _place(network, struck["first_break_place_id"], spoken))
        told.append(say("drill.review_break", spoken, where=where))
    single = [row for row in rows[1:] if row["run"] != "all"]
    helped = [row for row in single if row["spared_pieces"] > 0]
    if helped:
        best = max(helped, key=lambda row: row["spared_pieces"])
        told.append(say("drill.review_best", spoken, name=label[best["run"]], spared=f"{best['spared_pieces']:,.0f}",
                        price=f"{best['yuan_per_piece']:.2f}"))  # fmt: skip
    else:
        told.append(say("drill.review_none", spoken))
    sooner = [row for row in single if row["relief_mean_h"] is not None and struck["relief_mean_h"] is not None]
    if sooner:
        best = min(sooner, key=lambda row: row["relief_mean_h"])
        told.append(say("drill.review_relief", spoken, name=label[best["run"]], before=f"{struck['relief_mean_h']:.1f}",
                        after=f"{best['relief_mean_h']:.1f}"))  # fmt: skip
    for row in single:
        if row["spared_pieces"] < 0:
            told.append(say("drill.review_harm", spoken, name=label[row["run"]], more=f"{-row['spared_pieces']:,.0f}"))
    return told
