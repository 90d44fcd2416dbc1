"""What levers buy, in pictures: a waterfall for each measure, and the counties that gain or lose."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.evaluate.case import ALL_MEASURES
from postroad.evaluate.ready import opened
from postroad.face.report.map import plain_map
from postroad.face.report.sheet import DRAWN, grid, sheet
from postroad.language import Language, say
from postroad.naming import names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.network import Network
    from postroad.plan.levers import Levers
    from postroad.results import Result

WIDTH, ROW, LEFT, RIGHT = 860, 30, 300, 130
GOOD, BAD, BASE = "#257a6b", "#a5271c", "#8a8575"
STEPS = (("#0b5c4a", -2.0), ("#5ba391", -0.5), ("#c4d6bd", -0.05), ("#ece8dc", 0.05), ("#f0cfae", 0.5),
         ("#d98b56", 2.0))  # fmt: skip
WORST = "#a5271c"
WAN = 1e4


def waterfall(shares: pl.DataFrame, names: dict[str, str], spoken: Language, title: str) -> str:
    """Return an SVG of one measure: before, each lever's share with its interval in order of size, after."""
    moving = shares.filter(pl.col("share").abs() > 1e-12)
    rows = moving.sort(pl.col("gain"), descending=True, maintain_order=True).to_dicts()
    before, after = float(rows[0]["before"]), float(rows[0]["after"])
    edges = [before, after]
    at = before
    for row in rows:
        at += row["share"]
        edges.append(at)
    low, high = min(edges), max(edges)
    span = (high - low) or max(1.0, abs(high)) * 0.1
    low, high = low - 0.08 * span, high + 0.08 * span

    def x(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    height = 52 + ROW * (len(rows) + 2)
    parts = [
        f'<svg class="fall" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}"><text x="8" y="22" font-size="15" font-weight="600">{escape(title)}</text>'
    ]
    parts.append(_line(0, say("effect.before", spoken), f"{before:.4g}", x(low), x(before), BASE))
    at = before
    for k, row in enumerate(rows, 1):
        start, at = at, at + row["share"]
        colour = GOOD if row["gain"] > 0 else BAD if row["gain"] < 0 else BASE
        half = row["half_width"]
        shown = f"{row['share']:+.3g}" + (f" ± {half:.2g}" if half == half else "")  # not a number with one world
        parts.append(_line(k, names[row["lever"]], shown, x(start), x(at), colour))
    parts.append(_line(len(rows) + 1, say("effect.after", spoken), f"{after:.4g}", x(low), x(after), BASE))
    return "".join([*parts, "</svg>"])


def _line(k: int, label: str, shown: str, start: float, end: float, colour: str) -> str:
    y = 40 + ROW * k
    left, width = min(start, end), max(1.5, abs(end - start))
    return (
        f'<text x="{LEFT - 10}" y="{y + 15}" font-size="12.5" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="20" rx="2" fill="{colour}"/>'
        f'<text x="{WIDTH - RIGHT + 8}" y="{y + 15}" font-size="12.5">{escape(shown)}</text>'
    )


def colour_of(change_h: float) -> str:
    """Return the colour of a change of hours: green faster, brown slower."""
    for colour, edge in STEPS:
        if change_h <= edge:
            return colour
    return WORST


def county_map(counties: pl.DataFrame, network: Network, spoken: Language) -> str:
    """Return the province's counties coloured by the change of mean hours."""
    names = names_of(network, spoken)
    cells = {}
    for row in counties.iter_rows(named=True):
        name = names[row["place_id"]]
        after = row["after_h"]
        words = say("effect.hours_change", spoken, name=name, before=f"{row['before_h']:.1f}", after=f"{after:.1f}")
        cells[row["place_id"]] = (colour_of(row["change_h"]), words)
    drawn = plain_map(network, cells, say("effect.counties_title", spoken), spoken)
    height = float(drawn.partition('viewBox="')[2].partition('"')[0].split()[3])
    return drawn.removesuffix("</svg>") + _legend(spoken, height - 44) + "</svg>"


def _legend(spoken: Language, y: float) -> str:
    """Colours of the map from faster to slower with the hours between them, in its lower left corner."""
    colours = [*(colour for colour, _ in STEPS), WORST]
    parts = []
    for k, colour in enumerate(colours):
        parts.append(f'<rect x="{8 + 34 * k}" y="{y:.0f}" width="34" height="12" fill="{colour}"/>')
    for k, (_, edge) in enumerate(STEPS, 1):
        parts.append(f'<text x="{8 + 34 * k}" y="{y + 26:.0f}" font-size="11" text-anchor="middle">{edge:+g}</text>')
    end = 8 + 34 * len(colours)
    faster, slower, hours = (escape(say(f"effect.legend_{name}", spoken)) for name in ("faster", "slower", "hours"))
    parts.append(f'<text x="8" y="{y - 6:.0f}" font-size="12">{faster}</text>')
    parts.append(f'<text x="{end}" y="{y - 6:.0f}" font-size="12" text-anchor="end">{slower}</text>')
    parts.append(f'<text x="{end + 8}" y="{y + 11:.0f}" font-size="12">{hours}</text>')
    return "".join(parts)


def page(result: Result, network: Network, held: Levers, spoken: Language) -> str:
    """Return one self-contained page: lead, waterfalls of the measures that move, table of shares, map, losers."""
    asked = result.stamp.options
    shares = result["shares"]
    names = {lever.id: lever.label(spoken) for lever in held.levers}
    moving = [
        name
        for name, group in _by_measure(shares).items()
        if group["share"].abs().max() > 1e-9  # type: ignore[operator]
    ]
    still = [name for name in _by_measure(shares) if name not in moving]
    facts = {"province": network.label(spoken), "day": asked["day"], "worlds": asked["worlds"],
             "scale": f"{100 * asked['scale']:g}", "run": result.run_id}  # fmt: skip
    title = say("effect.title", spoken, year=asked["year"])
    body = [f"<h1>{escape(title)}</h1><p>{escape(say('effect.lead', spoken, **facts))}</p>"]
    body.append(f"<h2>{escape(say('effect.moved', spoken))}</h2>")
    for name in moving:
        body.append(waterfall(_by_measure(shares)[name], names, spoken, measure_title(name, spoken)))
    if still:
        comma = "、" if spoken == "zh" else "; "
        labels = comma.join(ALL_MEASURES[name].label(spoken) for name in still)
        body.append(f"<p>{escape(say('effect.unmoved', spoken, names=labels))}</p>")
    body.append(_table(shares.filter(pl.col("measure").is_in(moving)), names, spoken))
    if result["cheapest"].height:
        body.append(f"<h2>{escape(say('effect.cheapest', spoken))}</h2>")
        body += [f"<p>{escape(line)}</p>" for line in (chosen_bundle(result, spoken), *beyond(result, spoken))]
        body += frontiers(result, spoken)
    if result["counties"].height:
        body.append(
            f"<h2>{escape(say('effect.counties_title', spoken))}</h2>{county_map(result['counties'], network, spoken)}"
        )
        body.append(f"<p>{escape(losers(result['counties'], network, spoken))}</p>")
    return sheet(title, body, spoken, DRAWN + "svg{margin:.4rem 0 1.2rem}")


def _by_measure(shares: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {str(name): group for (name,), group in shares.group_by(["measure"], maintain_order=True)}


def measure_title(name: str, spoken: Language) -> str:
    """Return a measure's label with its unit, and whether it only stands in for the plan's target."""
    measure: Any = ALL_MEASURES[name]
    aside = say("effect.stands_in", spoken) if measure.stands_in and measure.target else ""
    if spoken == "zh":
        return f"{measure.label(spoken)}（{measure.unit_label(spoken)}{'，' + aside if aside else ''}）"
    return f"{measure.label(spoken)}, {measure.unit_label(spoken)}{f' ({aside})' if aside else ''}"


def losers(counties: pl.DataFrame, network: Network, spoken: Language) -> str:
    """Return the counties that wait longer, worst first, in one sentence."""
    slower = counties.filter(pl.col("change_h") > 0.05).sort("change_h", descending=True)
    if not slower.height:
        return say("effect.no_losers", spoken)
    names = names_of(network, spoken)
    told = [f"{names[p]} +{change:.1f}" for p, change in slower["place_id", "change_h"].iter_rows()]
    comma = "、" if spoken == "zh" else ", "
    return say("effect.losers", spoken, count=slower.height, names=comma.join(told))


def _table(shares: pl.DataFrame, names: dict[str, str], spoken: Language) -> str:
    heads = [say(f"effect.{key}", spoken) for key in ("measure", "lever", "share", "price")]
    rows = []
    for row in shares.filter(pl.col("share").abs() > 1e-12).iter_rows(named=True):
        half = row["half_width"]
        price = f"{row['yuan_per_unit'] / WAN:,.1f}" if row["yuan_per_unit"] is not None else "–"
        rows.append((ALL_MEASURES[row["measure"]].label(spoken), names[row["lever"]],
                     f"{row['share']:+.3g}" + (f" ± {half:.2g}" if half == half else ""), price))  # fmt: skip
    return grid(heads, rows)


def chosen_bundle(result: Result, spoken: Language) -> str:
    """Return which bundle is the cheapest for the aims that can be met together, in one sentence."""
    levers = result.facts["cheapest"]
    met = result["cheapest"].filter("met").height
    if not levers:
        return say("effect.cheapest_none", spoken, met=met, count=result["cheapest"].height)
    names = _labels(result, levers, spoken)
    return say("effect.cheapest_is", spoken, levers=names, met=met, count=result["cheapest"].height,
               yuan=f"{result.facts['cheapest_yuan'] / WAN:,.0f}")  # fmt: skip


def _labels(result: Result, levers: Sequence[str], spoken: Language) -> str:
    """The names of levers as officials read them; what stands for none of them."""
    held = opened(str(result.stamp.options["province"]))[1]
    comma = "、" if spoken == "zh" else ", "
    return comma.join(held[name].label(spoken) for name in levers if name) or say("effect.nothing", spoken)


def beyond(result: Result, spoken: Language) -> list[str]:
    """Return a sentence for each aim that the cheapest bundle misses: the best that was found, and its price."""
    told = []
    for row in result["cheapest"].filter(~pl.col("met")).iter_rows(named=True):
        facts = {"name": measure_title(row["measure"], spoken), "best": f"{row['best']:.4g}",
                 "aim": f"{row['aim']:.4g}", "gap": f"{row['gap']:.3g}", "cost": f"{row['best_cost_yuan'] / WAN:,.0f}",
                 "levers": _labels(result, row["best_levers"].split("+"), spoken)}  # fmt: skip
        if row["gap"] == 0:
            told.append(say("effect.beyond_alone", spoken, **facts))
        elif row["price_yuan"] is None:
            told.append(say("effect.beyond_unmoved", spoken, **facts))
        else:
            step, whole = (f"{row[key] / WAN:,.1f}" for key in ("yuan_per_unit", "price_yuan"))
            told.append(say("effect.beyond_price", spoken, step=step, whole=whole, **facts))
    return told


def frontiers(result: Result, spoken: Language) -> list[str]:
    """Return a drawing for each aim that levers move: cost against value over all bundles, frontier, aim and choice."""
    found = []
    bundles, chosen = result["bundles"], "+".join(result.facts["cheapest"] or ())
    for row in result["cheapest"].iter_rows(named=True):
        if row["yuan_per_unit"] is not None and "frontier" in result.tables:
            front = result["frontier"].filter(measure=row["measure"]).sort("cost_yuan")
            found.append(_frontier(bundles, front, row, chosen, measure_title(row["measure"], spoken), spoken))
    return found


def _frontier(
    bundles: pl.DataFrame, front: pl.DataFrame, aim: dict[str, Any], chosen: str, title: str, spoken: Language
) -> str:
    left, right, top, height = 70, 40, 40, 240
    cost = bundles["cost_yuan"] / WAN
    values = bundles[aim["measure"]]
    low, high = min(*values, aim["aim"]), max(*values, aim["aim"])
    pad = ((high - low) or 1.0) * 0.06
    low, high, most = low - pad, high + pad, float(cost.max() or 1.0) * 1.04  # type: ignore[arg-type]

    def at(yuan: float, value: float) -> tuple[float, float]:
        x = left + yuan / most * (WIDTH - left - right)
        return round(x, 1), round(top + height - (value - low) / (high - low) * height, 1)

    dots = "".join(
        '<circle cx="{}" cy="{}" r="2.2" fill="#b9b4a7"/>'.format(*at(x, y)) for x, y in zip(cost, values, strict=True)
    )
    steps = [at(x / WAN, y) for x, y in front.select("cost_yuan", "value").iter_rows()]
    line = "L".join(f"{x},{y}" for x, y in steps)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + height + 50}" role="img" '
        f'aria-label="{escape(title)}"><text x="8" y="22" font-size="15" font-weight="600">{escape(title)}</text>{dots}'
        f'<path d="M{line}" fill="none" stroke="{GOOD}" stroke-width="2"/>'
    ]
    y = at(0, aim["aim"])[1]
    parts.append(f'<line x1="{left}" x2="{WIDTH - right}" y1="{y}" y2="{y}" stroke="{BAD}" stroke-dasharray="5 4"/>'
                 f'<text x="{WIDTH - right}" y="{y - 5}" font-size="12" text-anchor="end" fill="{BAD}">'
                 f'{escape(say("effect.aim", spoken))} {aim["aim"]:.4g}</text>')  # fmt: skip
    for k in range(5):
        value, yuan = low + (high - low) * k / 4, most * k / 4
        parts.append(f'<text x="{left - 8}" y="{at(0, value)[1] + 4}" font-size="11.5" text-anchor="end">{value:.4g}'
                     f'</text><text x="{at(yuan, low)[0]}" y="{top + height + 18}" font-size="11.5" '
                     f'text-anchor="middle">{yuan:,.0f}</text>')  # fmt: skip
    own = bundles.filter(levers=chosen)
    if own.height:
        x, y = at(own["cost_yuan"][0] / WAN, own[aim["measure"]][0])
        parts.append(f'<circle cx="{x}" cy="{y}" r="6" fill="none" stroke="#1a1a1a" stroke-width="2"/>')
    words = escape(say("effect.frontier_axis", spoken))
    parts.append(f'<text x="{left}" y="{top + height + 40}" font-size="12">{words}</text></svg>')  # fmt: skip
    return "".join(parts)
