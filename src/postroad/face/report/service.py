"""The report and the maps of service points: minutes to one before and after, what is added when, who gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.face.report.map import outlines_of
from postroad.face.report.village_map import village_map
from postroad.language import Language, say

if TYPE_CHECKING:
    from postroad.design.sites.province import SitePlan
    from postroad.measure.access import Access, Change
    from postroad.network import Network

CUTS = (3.0, 5.0, 10.0, 15.0, 30.0)
SHOWN = 12


def maps(
    network: Network, states: dict[str, Access], spoken: Language, added: pl.DataFrame | None = None
) -> dict[str, str]:
    """Return a picture of each state, every village or block by minutes on foot, and one of what is added when.

    There is none without outlines.
    """
    outlines = outlines_of(network)
    if outlines is None:
        return {}
    found = {}
    for name, state in states.items():
        dots = state.units.select("lon", "lat", "walk_min").rows()
        share = state.figures()["synthetic_share"]
        title = say(f"access.map_{name}", spoken, synthetic=f"{100 * share:.0f}")
        words = (title, say("access.minutes", spoken), say("access.no_way", spoken))
        found[f"minutes-{name}"] = village_map(outlines, dots, CUTS, words)
    if added is not None and added.height:
        found["added"] = _added(outlines, added, spoken)
    return found


def _added(outlines: dict[str, Any], added: pl.DataFrame, spoken: Language) -> str:
    """Return the new points, coloured by year; years past the sixth share the last colour."""
    years = added["year"].unique().sort().to_list()[:6]
    shades = [k * 5 // max(1, len(years) - 1) for k in range(len(years))]  # as far apart as six colours allow
    cuts = [min(y for y, own in zip(years, shades, strict=True) if own >= c) - 0.5 if c <= shades[-1] else 9999.0
            for c in range(1, 6)]  # fmt: skip
    labels = [""] * 6
    for year, own in zip(years, shades, strict=True):
        labels[own] = say("access.in_year", spoken, year=year)
    dots = [(lon, lat, float(year)) for lon, lat, year in added.select("lon", "lat", "year").rows()]
    words = (say("access.map_added", spoken), "", say("access.no_way", spoken))
    return village_map(outlines, dots, cuts, words, labels)


def report(plan: SitePlan, changed: Change, winter: Access, spoken: Language) -> str:
    """Return the report in Markdown: figures before and after, the rollout by year, gains, losses, what is left."""
    facts, lines = plan.result.facts, [f"# {say('access.title', spoken)}", ""]
    lines += [say("access.run", spoken, run=plan.result.run_id, inputs=plan.result.stamp.inputs[:12]), ""]
    lines += [say("access.caution", spoken), ""]
    lines += _figures(changed, winter, spoken)
    lines += ["", f"## {say('access.by_year', spoken)}", ""]
    heads = ("year", "stations", "lockers", "yuan", "reached")
    lines += _table([say(f"access.head_{h}", spoken) for h in heads], _years(plan))
    lines += ["", say("access.proof", spoken, gap=f"{100 * facts['gap']:.2f}", left=facts["needs_left"]), ""]
    lines += [f"## {say('access.first', spoken)}", ""]
    name = "zh" if spoken == "zh" else "en"
    unit = "name_zh" if spoken == "zh" else "pinyin"
    first = plan.sites.head(SHOWN).select(f"county_{name}", unit, "kind", "cells", "year", "persons_each_10k_yuan")
    rows = [
        (c, n, say(f"access.kind_{k}", spoken), "–" if z is None else z, y, f"{g:,.0f}")
        for c, n, k, z, y, g in first.rows()
    ]
    lines += _table(
        [say(f"access.head_{h}", spoken) for h in ("county", "place", "kind", "cells", "year", "gain")], rows
    )
    lines += ["", f"## {say('access.gain_lose', spoken)}", ""]
    lines.append(say("access.gained", spoken, persons=f"{int(changed.gained['persons'].sum()):,}",
                     places=changed.gained.height))  # fmt: skip
    lost = changed.lost
    names = "、".join(lost[unit].head(SHOWN)) if lost.height else say("access.nobody", spoken)
    lines.append(say("access.lost", spoken, persons=f"{int(lost['persons'].sum()):,}", names=names))
    lines += ["", *_table([say(f"access.head_{h}", spoken) for h in ("county", "gain_persons", "lose_persons")],
                          [(r[0], f"{r[1]:,}", f"{r[2]:,}") for r in changed.counties().head(SHOWN).select(
                              f"county_{name}", "gain_persons", "lose_persons").rows()])]  # fmt: skip
    lines += ["", f"## {say('access.lifting', spoken)}", ""]
    counties = plan.network["places"].filter(level="county")
    english = {} if spoken == "zh" else dict(counties.select("name_zh", "pinyin").iter_rows())
    floors = plan.result["floors"].select("floor", "yuan", "sites", "short").rows()
    lines += _table(
        [say(f"access.head_{h}", spoken) for h in ("floor", "yuan", "sites", "short")],
        [(f"{100 * floor:.0f} %", f"{yuan:,.0f}", n, _first(short, english)) for floor, yuan, n, short in floors],
    )
    lines += ["", f"## {say('access.left', spoken)}", ""]
    area, place = ("area", "need") if spoken == "zh" else ("county_en", "pinyin")
    left = plan.result["unmet"].head(SHOWN)
    lines += _table(
        [say(f"access.head_{h}", spoken) for h in ("county", "place", "standard", "persons", "reason", "repair")],
        [(r[0], r[1], say(f"access.need_{r[2]}", spoken), f"{r[3]:,.0f}", say(f"access.reason_{r[4]}", spoken),
          say("access.repair", spoken, sites=r[5], yuan=f"{r[6]:,.0f}"))
         for r in left.select(area, place, "standard", "persons", "reason", "repair_sites", "repair_yuan").rows()],
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def _figures(changed: Change, winter: Access, spoken: Language) -> list[str]:
    before, after, cold = changed.before, changed.after, winter.figures()
    rows = []
    for name in ("inside_city", "inside_town", "inside_rural"):
        own = name.replace("inside", "synthetic")
        rows.append((say(f"access.{name}", spoken), *(_percent(f[name]) for f in (before, after, cold)),
                     _percent(after[own])))  # fmt: skip
    rows.append(
        (say("access.townships", spoken), *(f"{f['townships_served']}/{f['townships']}" for f in (before, after, cold)),
         "–")
    )  # fmt: skip
    for name in ("walk_mean_min", "walk_worst_decile_min", "walk_gini"):
        figures = [f"{f[name]:.2f}" for f in (before, after, cold)]
        rows.append((say(f"access.{name}", spoken), *figures, _percent(after["synthetic_share"])))
    key = "county_zh" if spoken == "zh" else "county_en"
    worst = [f"{f['worst_county'][key]} {f['worst_county']['walk_mean_min']:.1f}" for f in (before, after, cold)]
    rows.append((say("access.worst_county", spoken), *worst, _percent(after["worst_county"]["synthetic"])))
    heads = [say(f"access.head_{h}", spoken) for h in ("figure", "before", "after", "winter", "synthetic")]
    return _table(heads, rows)


def _years(plan: SitePlan) -> list[tuple[Any, ...]]:
    years = plan.sites.group_by("year").agg(
        stations=(pl.col("kind") == "village_post_station").sum(),
        lockers=(pl.col("kind") == "locker_group").sum(),
        yuan=pl.col("yuan").sum(),
        reached=pl.col("persons_reached").sum(),
    )
    return [(y, s, n, f"{m:,.0f}", f"{r:,.0f}") for y, s, n, m, r in years.sort("year").rows()]


def _table(heads: list[str], rows: list[tuple[Any, ...]]) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


def _first(names: str, english: dict[str, str]) -> str:
    """Return the first few names and how many there are in all."""
    every = [english.get(name, name) for name in names.split(", ")] if names else []
    return "–" if not every else f"{len(every)}: " + ", ".join(every[:5]) + (" …" if len(every) > 5 else "")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
