"""The trunk design as one page that needs nothing else: figures, map, diagram, promises, repairs, each hub's day."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from postroad.face.report import trunk_crews, trunk_ran, trunk_week
from postroad.face.report.map import outlines_of
from postroad.face.report.mark import mark
from postroad.face.report.trunk_diagram import clock, time_space
from postroad.face.report.trunk_map import named, trunk_map
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

    from postroad.design.lines import Timetable, TrunkDesign
    from postroad.evaluate.planned import Ran

STYLE = """
body{font:15px/1.55 "Noto Sans CJK SC","Microsoft YaHei",system-ui,sans-serif;color:#1d2430;background:#fdfcf9;
  max-width:1180px;margin:0 auto;padding:24px}
h1{font-size:28px} h2{margin-top:40px;border-bottom:2px solid #d9d4c6;padding-bottom:4px}
table{border-collapse:collapse;width:100%;margin:12px 0;font-variant-numeric:tabular-nums}
th,td{padding:4px 8px;text-align:left;border-bottom:1px solid #e4e0d6;vertical-align:top} th{background:#f1efe8}
td.n,th.n{text-align:right} .no{color:#a8322b;font-weight:700} .yes{color:#1a6f5f} details{margin:8px 0}
summary{cursor:pointer;font-weight:600} svg{max-width:100%;height:auto} .note{color:#555;max-width:75ch}
.scroll{overflow-x:auto}
"""


def pictures(made: TrunkDesign, spoken: Language) -> dict[str, str]:
    """Return the map and the time-space diagram of the plan's timetable as SVG."""
    return {"trunk-map": trunk_map(made.plan, made.result["lines"], outlines_of(made.plan.network), spoken),
            "trunk-day": time_space(made.plan, spoken)}  # fmt: skip


def page(made: TrunkDesign, spoken: Language, day: Ran | None = None) -> str:
    """Return the whole report as HTML; with a simulated day, planned stands beside simulated."""
    drawn, facts, tiers = pictures(made, spoken), made.result.facts, made.tiers

    def head(key: str, note: str = "") -> str:
        below = mark("p", say(f"lines.{note}", spoken), class_="note") if note else ""
        return mark("h2", say(f"lines.{key}", spoken)) + below

    bound = {"cost": facts["between_hubs_yuan_day"], "bound": facts["between_hubs_bound"]}
    layouts = {which: _tiers(made, which, spoken) for which in ("plan", "best")}
    hubs = "".join(_hub(made.plan, hub, spoken) for hub in made.plan.work.layout.hubs)
    body = [
        mark("h1", say("lines.title", spoken)),
        mark("p", say("lines.lead", spoken, run_id=made.result.run_id), class_="note"),
        mark("p", say("lines.bound", spoken, **bound, gap=100 * facts["between_hubs_gap"])),
        head("h_compared"), _compared(made, spoken),
        mark("p", say("lines.tiers", spoken, **layouts, regret=100 * tiers.regret, gap=100 * tiers.gap)),
        head("map_title"), drawn["trunk-map"],
        head("diagram_title", "diagram_note"), mark("div", inside=drawn["trunk-day"], class_="scroll"),
        head("h_promise", "promise_note"), _promises(made, spoken), trunk_week.elsewhere(made, spoken, _table),
        trunk_ran.ran(made, day, spoken, _table), trunk_ran.ends(made, spoken, _table),
        head("h_mends", "mends_note"), trunk_week.mends(made, spoken, _table),
        trunk_week.amended(made, spoken, _table),
        head("h_repairs", "repairs_note"), _repairs(made, spoken),
        head("h_seats", "seats_note"), trunk_week.seats(made, spoken, _table),
        head("h_week", "week_note"), trunk_week.week(made, spoken, _table),
        head("h_crews", "crews_note"), trunk_crews.crews(made, spoken, _table),
        head("h_changes"), trunk_week.changes(made, spoken, _table),
        head("h_legs"), _legs(made, spoken),
        head("h_plants"), _plants(made, spoken),
        head("h_exchanges", "exchange_note"), _exchanges(made, spoken),
        head("h_hubs"), hubs, head("h_limits", "limits"),
    ]  # fmt: skip
    tongue = "zh-CN" if spoken == "zh" else "en"
    meta = "<meta charset=utf-8><meta name=viewport content='width=device-width'>"
    title = mark("title", say("lines.title", spoken))
    return f"<!doctype html><html lang={tongue}>{meta}{title}<style>{STYLE}</style>{''.join(body)}</html>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int) -> str:
    """A table whose last columns are numbers."""
    first = len(heads) - numbers
    top = "".join(f"<th{' class=n' if k >= first else ''}>{escape(h)}</th>" for k, h in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f"<td{' class=n' if k >= first else ''}>{cell}</td>" for k, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"<div class=scroll><table><tr>{top}</tr>{body}</table></div>"


def _heads(keys: Sequence[str], spoken: Language) -> list[str]:
    return [say(f"lines.c_{key}", spoken) for key in keys]


def _compared(made: TrunkDesign, spoken: Language) -> str:
    keys = ("timetable", "departures", "yuan_day", "yuan_piece", "co2e", "vehicle_km", "empty", "pairs_hold")
    rows = []
    for r in made.result["compared"].iter_rows(named=True):
        empty = 100 * r["empty_km"] / (r["vehicle_km"] + r["empty_km"])
        rows.append((say(f"lines.t_{r['timetable']}", spoken), f"{r['departures']:,}", f"{r['yuan_day']:,.0f}",
                     f"{r['yuan_piece']:.3f}", f"{r['co2e_g_piece']:.0f}", f"{r['vehicle_km']:,.0f}", f"{empty:.0f} %",
                     f"{r['pairs_hold']} / {r['pairs']}"))  # fmt: skip
    return _table(_heads(keys, spoken), rows, len(keys) - 1)


def _tiers(made: TrunkDesign, which: str, spoken: Language) -> str:
    tiers = made.tiers.tiers(which)
    comma = "、" if spoken == "zh" else ", "
    return "; ".join(f"{level}: " + comma.join(named(made.plan, p, spoken) for p in sorted(tiers) if tiers[p] == level)
                     for level in (1, 2, 3))  # fmt: skip


def _promises(made: TrunkDesign, spoken: Language) -> str:
    by = "pair_id", "from_place_id", "to_place_id"
    winter = {tuple(r[k] for k in by): r["holds"] for r in made.result["promises_winter"].iter_rows(named=True)}
    keys = ("class", "pair", "binding", "holds", "winter", "pieces", "p50", "p90", "p95", "share", "share_accepted",
            "slack")  # fmt: skip
    rows = []
    for r in made.result["promises"].sort("promise_class", "holds", "pair_id").iter_rows(named=True):
        place, step = named(made.plan, r["binding_place_id"], spoken), say(f"lines.step_{r['binding']}", spoken)
        what = say("lines.binding_at", spoken, place=place, step=step, minutes=r["binding_min"])
        cold = winter.get(tuple(r[k] for k in by), False)
        hours = [f"{r[k]:.1f}" for k in ("p50_h", "p90_h", "p95_h")]
        shares = [f"{r[k]:.1f}" for k in ("share_percent", "share_from_acceptance_percent")]
        name = say(f"lines.class_{r['promise_class']}", spoken)
        rows.append((escape(name), _ends(made, r, spoken), escape(what), _mark(r["holds"], spoken), _mark(cold, spoken),
                     f"{r['pieces']:,.0f}", *hours, *shares, f"{r['slack_h']:+.1f}"))  # fmt: skip
    return _table(_heads(keys, spoken), rows, 7)


def _ends(made: TrunkDesign, row: dict[str, Any], spoken: Language) -> str:
    ends = (named(made.plan, row[side], spoken) for side in ("from_place_id", "to_place_id"))
    return escape(" → ".join(ends))


def _mark(holds: bool, spoken: Language) -> str:
    return f"<span class={'yes' if holds else 'no'}>{escape(say('lines.yes' if holds else 'lines.no', spoken))}</span>"


def _repairs(made: TrunkDesign, spoken: Language) -> str:
    held = made.result["repairs"]
    if not held.height:
        return mark("p", say("lines.all_hold", spoken))
    rows = []
    for r in held.iter_rows(named=True):
        place, to = (named(made.plan, r[side], spoken) if r[side] else "" for side in ("place_id", "to_id"))
        at = "" if r["at_min"] is None else clock(r["at_min"])
        what = ("★ " if r["best"] else "") + say(f"lines.repair_{r['repair']}", spoken, place=place, to=to, at=at)
        what = say("lines.repair_nearest", spoken, what=what) if r["nearest"] else what
        told = f"{r['share_percent']:.1f}", _cell(r["moved_percent"], ".0f"), _cell(r["yuan_day"], ",.0f")
        rows.append((_ends(made, r, spoken), escape(what), *told))
    return _table(_heads(("pair", "repair", "share", "moved", "yuan_day"), spoken), rows, 3)


def _cell(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _legs(made: TrunkDesign, spoken: Language) -> str:
    forms = {"runs": ",.0f", "vehicles": ",.0f", "load_factor": ".0%", "vehicle_km": ",.0f", "empty_km": ",.0f",
             "crew_h": ",.0f", "cost_yuan": ",.0f", "yuan_piece": ".3f", "co2e_g_piece": ".1f"}  # fmt: skip
    rows = [(say(f"lines.leg_{r['leg']}", spoken), *(_cell(r[name], form) for name, form in forms.items()))
            for r in made.result["legs"].iter_rows(named=True)]  # fmt: skip
    keys = (
        "leg",
        "runs",
        "vehicles",
        "load_factor",
        "vehicle_km",
        "empty_km",
        "crew_h",
        "yuan_day",
        "yuan_piece",
        "co2e",
    )
    return _table(_heads(keys, spoken), rows, len(keys) - 1)


def _plants(made: TrunkDesign, spoken: Language) -> str:
    hubs = made.plan.network["hub_plants"].filter(kind="hub").sort("sort_rate_pieces_h", descending=True)
    peak, nodes = made.plan.poured["peak"].sorted_pieces, made.plan.clock.nodes
    rows = []
    for r in hubs.iter_rows(named=True):
        arrivals = peak[nodes.index(r["place_id"])]
        busiest = f"{2 * arrivals.max():,.0f}", clock(30.0 * int(arrivals.argmax()))
        rows.append((escape(named(made.plan, r["place_id"], spoken)), f"{arrivals.sum():,.0f}", *busiest,
                     f"{r['sort_rate_pieces_h']:,.0f}", f"{r['docks']:,}", f"{r['staff']:,.0f}"))  # fmt: skip
    keys = ("hub", "peak_day", "peak_rate", "peak_at", "sort_rate", "docks", "staff")
    return _table(_heads(keys, spoken), rows, len(keys) - 1)


def _exchanges(made: TrunkDesign, spoken: Language) -> str:
    forms = {"peak_pieces_day": ",.0f", "use_percent": ".0f", "longest_wait_min": ".0f",
             "held_in_customs_pieces": ",.0f", "floor_m2": ",.0f"}  # fmt: skip
    rows = [(escape(named(made.plan, r["place_id"], spoken)), *(format(r[name], form) for name, form in forms.items()))
            for r in made.result["exchanges"].iter_rows(named=True)]  # fmt: skip
    return _table(_heads(("hub", "peak_day", "use", "wait", "held", "floor"), spoken), rows, 5)


def _hub(table: Timetable, hub: str, spoken: Language) -> str:
    """A hub's day: what arrives, the waves, what leaves."""
    runs = {key: _runs_at(table, hub, arriving=key == "arrivals") for key in ("arrivals", "departures")}
    waves = table.network["sort_waves"].filter(place_id=hub).sort("cutoff_min").select("cutoff_min", "release_min")
    cuts = [(clock(cut), clock(release)) for cut, release in waves.iter_rows()]
    counted = {"inward": len(runs["arrivals"]), "waves": len(cuts), "outward": len(runs["departures"])}
    parts = [mark("summary", f"{named(table, hub, spoken)} · {say('lines.hub_line', spoken, **counted)}")]
    heads = _heads(("time", "place", "vehicles", "pieces"), spoken)
    for key, held in runs.items():
        rows = [(clock(t), escape(named(table, p, spoken)), escape(v), f"{n:,.0f}") for t, p, v, n in held]
        parts += [mark("h4", say(f"lines.{key}", spoken)), _table(heads, rows, 2)]
    wave_table = _table(_heads(("cutoff", "release"), spoken), cuts, 0)
    return mark("details", inside="".join([*parts, mark("h4", say("lines.waves", spoken)), wave_table]))


def _runs_at(table: Timetable, hub: str, *, arriving: bool) -> list[tuple[float, str, str, float]]:
    rows = table.network["line_hauls"].filter(season="any")
    columns = ("from_place_id", "to_place_id", "depart_min", "duration_min", "vehicles", "service_ref")
    known = {tuple(row[:4]): (row[4] or 0, row[5] or "") for row in rows.select(columns).iter_rows()}
    found = []
    for arc, (a, b) in enumerate(table.clock.arcs):
        if (b if arriving else a) != hub:
            continue
        for run in range(int(table.clock.first[arc]), int(table.clock.first[arc + 1])):
            depart, pieces = float(table.clock.depart[run]), float(table.poured["ordinary"].load[run])
            at = (depart + float(table.clock.duration[run])) % 1440.0 if arriving else depart
            if pieces > 0:
                key = (a, b, round(depart, 1) % 1440.0, round(float(table.clock.duration[run]), 1))
                count, service = known.get(key, (0, ""))
                found.append((at, a if arriving else b, service or f"{count:,}", pieces))
    return sorted(found)


def as_csv(made: TrunkDesign) -> dict[str, pl.DataFrame]:
    """Return the tables worth opening in a spreadsheet."""
    wanted = ("promises", "repairs", "mends", "seats", "hours", "legs", "lines", "compared", "exchanges", "week",
              "fleet", "empties", "changes", "promises_elsewhere", "ends", "crews", "roster",
              "crew_duties", "crew_unfilled", "crew_bounds")  # fmt: skip
    learning = {name: made.result[name] for name in ("learning", "amended") if name in made.result.tables}
    return {name: made.result[name] for name in wanted} | learning
