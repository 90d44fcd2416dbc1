"""The parts of the trunk's page that tell what was added, which seats are taken, the week, and what seasons change."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.face.report.mark import mark
from postroad.face.report.trunk_diagram import clock
from postroad.face.report.trunk_map import named
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from postroad.design.lines import TrunkDesign

MOST_CHANGES = 400


def heads(keys: Sequence[str], spoken: Language) -> list[str]:
    """Return the words of some columns."""
    return [say(f"lines.c_{key}", spoken) for key in keys]


def _way(made: TrunkDesign, row: dict[str, Any], spoken: Language) -> str:
    return escape(" → ".join(named(made.plan, row[side], spoken) for side in ("from_place_id", "to_place_id")))


def mends(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Return the table of what was added so that the promise holds."""
    held = made.result["mends"]
    if not held.height:
        return mark("p", say("lines.no_mends", spoken))
    rows = []
    for r in held.iter_rows(named=True):
        place, to = (named(made.plan, r[side], spoken) for side in ("place_id", "to_id"))
        what = say(f"lines.repair_{r['repair']}", spoken, place=place, to=to, at=clock(r["at_min"]))
        service = f" ({r['service_ref']})" if r["service_ref"] else ""
        rows.append((_way(made, r, spoken), escape(what + service), f"{r['yuan_day']:,.0f}"))
    total = f"{float(held['yuan_day'].sum()):,.0f}"
    return table(heads(("pair", "repair", "more_yuan"), spoken), [*rows, ("", "Σ", total)], 1)


def amended(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Return what was added because a simulated day of the plan showed it missing, with shares before and after."""
    held = made.result.tables.get("amended")
    if held is None or not held.height:
        return ""
    rows = [(_way(made, r, spoken), say("lines.yes" if r["kept"] else "lines.no", spoken),
             *(f"{r[name]:.1f}" for name in ("before_percent", "after_percent", "at_most_by_road_percent")),
             f"{r['departures']}", f"{r['waves']}", f"{r['yuan_day']:,.0f}")
            for r in held.iter_rows(named=True)]  # fmt: skip
    keys = ("pair", "kept", "before_run", "after_run", "best_road", "added_departures", "added_waves", "more_yuan")
    note = mark("p", say("lines.amended_note", spoken), class_="note")
    return mark("h3", say("lines.h_amended", spoken)) + note + table(heads(keys, spoken), rows, 6)


def elsewhere(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Return the table of promised pairs whose pieces do not pass this network."""
    held = made.result["promises_elsewhere"]
    if not held.height:
        return ""
    rows = [(say(f"lines.class_{r['promise_class']}", spoken), _way(made, r, spoken),
             say("lines.yes" if r["holds"] else "lines.no", spoken), f"{r['drive_min']:,.0f}", f"{r['door_h']:.1f}")
            for r in held.iter_rows(named=True)]  # fmt: skip
    keys = ("class", "pair", "holds", "drive_min", "door_h")
    return mark("p", say("lines.elsewhere_note", spoken), class_="note") + table(heads(keys, spoken), rows, 2)


def seats(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Return the table of seats on trains and flights."""
    held = made.result["seats"].filter(pl.col("pieces") > 0)
    if not held.height:
        return mark("p", say("lines.no_seats", spoken))
    rows = [(escape(r["service_ref"]), _way(made, r, spoken), clock(r["ready_min"]), clock(r["leaves_min"]),
             clock(r["there_min"]), f"{r['room_pieces']:,.0f}", f"{r['pieces']:,.0f}", f"{r['yuan_piece']:.2f}")
            for r in held.iter_rows(named=True)]  # fmt: skip
    keys = ("service", "pair", "ready", "time", "there", "room", "pieces", "price")
    return table(heads(keys, spoken), rows, 3)


def week(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Return the tables of weekdays and of the fleet over the week, for both seasons."""
    parts = []
    for season in ("plan", "winter"):
        parts.append(mark("h4", say(f"lines.t_{season}", spoken)))
        days = made.result["week"].filter(timetable=season).sort("weekday")
        rows = [(str(r["weekday"]), f"{r['departures']:,}", f"{r['vehicles']:,}", f"{r['vehicle_km']:,.0f}",
                 f"{r['load_factor']:.0%}", f"{r['crew_h']:,.0f}", f"{r['cost_yuan']:,.0f}",
                 f"{r['pairs_hold']} / {r['pairs']}") for r in days.iter_rows(named=True)]  # fmt: skip
        keys = ("weekday", "departures", "vehicles", "vehicle_km", "load_factor", "crew_h", "yuan_day", "pairs_hold")
        parts.append(table(heads(keys, spoken), rows, len(keys) - 1))
        fleet = made.result["fleet"].filter(timetable=season)
        names = dict(made.plan.network["vehicles"].select("vehicle_id", f"name_{spoken}").iter_rows())
        types = [(escape(str(names.get(r["vehicle_id"]) or r["vehicle_id"])), f"{r['fleet']:,}",
                 f"{r['runs_week']:,}", f"{r['empty_runs_week']:,}", f"{r['empty_km_week']:,.0f}",
                 f"{r['crew_h_week']:,.0f}", f"{r['drivers']:,}") for r in fleet.iter_rows(named=True)]  # fmt: skip
        owned = ("vehicle", "fleet", "week_runs", "week_empty", "week_empty_km", "crew_week", "drivers")
        parts.append(table(heads(owned, spoken), types, len(owned) - 1))
    return "".join(parts)


def changes(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Return what winter and the peak day change: the sums, and every departure below a fold."""
    held, parts = made.result["changes"], []
    sums = held.group_by("variant", "change").agg(
        pl.len(), pl.col("moved_min").mean(), pl.col("vehicles", "yuan_day").sum()
    ).sort("variant", "change", descending=[True, False])  # fmt: skip
    rows = [(say(f"lines.t_{r['variant']}", spoken), say(f"lines.change_{r['change']}", spoken), f"{r['len']:,}",
             "–" if r["moved_min"] is None else f"{r['moved_min']:+.0f}", f"{r['vehicles']:+,}",
             f"{r['yuan_day']:+,.0f}") for r in sums.iter_rows(named=True)]  # fmt: skip
    keys = ("timetable", "change", "lines_count", "moved_min", "vehicles_more", "more_yuan")
    parts.append(table(heads(keys, spoken), rows, 4))
    for (variant,), own in held.group_by(["variant"], maintain_order=True):
        every = [(_way(made, r, spoken), say(f"lines.change_{r['change']}", spoken), _clock(r["base_min"]),
                 _clock(r["variant_min"]), f"{r['vehicles']:+,}", f"{r['yuan_day']:+,.0f}")
                for r in own.head(MOST_CHANGES).iter_rows(named=True)]  # fmt: skip
        name = say(f"lines.t_{variant}", spoken)
        columns = ("pair", "change", "time", "time", "vehicles_more", "more_yuan")
        inside = mark("summary", f"{name} · {own.height:,}") + table(heads(columns, spoken), every, 4)
        parts.append(mark("details", inside=inside))
    return "".join(parts)


def _clock(minutes: float | None) -> str:
    return "–" if minutes is None else clock(minutes)
