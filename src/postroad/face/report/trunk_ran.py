"""The parts of the trunk's page that tell what a simulated day made of the plan, why, and what the ends take."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import polars as pl

from postroad.face.report.mark import mark
from postroad.face.report.trunk_map import named
from postroad.face.report.trunk_week import heads
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.lines import TrunkDesign
    from postroad.evaluate.planned import Ran

SHARES = ("planned_own_percent", "planned_percent", "simulated_percent", "best_percent", "best_road_percent")
LEARNED = ("planned_percent", "simulated_percent", "core_planned_percent", "core_simulated_percent")
PLACES = 12
"""So many places are told of the causes between the ends."""


def ran(made: TrunkDesign, day: Ran | None, spoken: Language, table: Callable[..., str]) -> str:
    """Return planned beside simulated by class and direction, and the shares lost by cause."""
    if day is None:
        return ""
    parts = [mark("h2", say("lines.h_ran", spoken)), mark("p", say("lines.ran_note", spoken), class_="note")]
    keys = ("class", "directions", "parcels", "own", "planned", "simulated", "best", "best_road", "hold_planned",
            "hold_simulated", "hold_best")  # fmt: skip
    rows = [(escape(say(f"lines.class_{r['promise_class']}", spoken)), f"{r['pairs']}", f"{r['parcels']:,}",
             *(f"{r[name]:.1f}" for name in SHARES),
             *(f"{r[f'pairs_hold_{name}']}" for name in ("planned", "simulated", "best")))
            for r in day.classes.iter_rows(named=True)]  # fmt: skip
    parts.append(table(heads(keys, spoken), rows, len(keys) - 1))
    parts += [mark("h3", say("lines.h_lost", spoken)), mark("p", say("lines.lost_note", spoken), class_="note")]
    parts += [_lost(day, spoken, table), _where(made, day, spoken, table), _gaps(made, day, spoken, table)]
    parts.append(_directions(made, day, spoken, table))
    return "".join(parts)


def _lost(day: Ran, spoken: Language, table: Callable[..., str]) -> str:
    """Shares lost by cause, a column for each class."""
    held = day.lost_by_class
    if not held.height:
        return ""
    classes = held["promise_class"].unique().sort().to_list()
    causes = held.group_by("cause", "at_ends").agg(pl.col("parcels").sum())
    causes = causes.sort("at_ends", "parcels", "cause", descending=[True, True, False])
    share = {(r["promise_class"], r["cause"]): r["lost_percent"] for r in held.iter_rows(named=True)}
    rows = [(escape(say("lines.at_ends" if ends else "lines.between_ends", spoken)),
             escape(say(f"lines.cause_{cause}", spoken)),
             *(f"{share[name, cause]:.1f}" if (name, cause) in share else "–" for name in classes))
            for cause, ends in causes.select("cause", "at_ends").iter_rows()]  # fmt: skip
    names = [say(f"lines.class_{name}", spoken) for name in classes]
    return table([*heads(("lies", "cause"), spoken), *names], rows, len(classes))


def _where(made: TrunkDesign, day: Ran, spoken: Language, table: Callable[..., str]) -> str:
    """The places at which most parcels are lost between the ends."""
    between = set(day.lost_by_class.filter(~pl.col("at_ends"))["cause"])
    held = day.lost.filter(pl.col("cause").is_in(sorted(between))).group_by("cause", "place_id").agg(
        pl.col("parcels").sum()
    ).sort("parcels", "cause", "place_id", descending=[True, False, False]).head(PLACES)  # fmt: skip
    rows = [(escape(say(f"lines.cause_{cause}", spoken)), escape(named(made.plan, place, spoken)), f"{count:,}")
            for cause, place, count in held.iter_rows()]  # fmt: skip
    return table(heads(("cause", "place", "parcels"), spoken), rows, 1) if rows else ""


def _gaps(made: TrunkDesign, day: Ran, spoken: Language, table: Callable[..., str]) -> str:
    """What each failing direction could have at most: by road, by rides as timetabled, within their holds."""
    if not day.gaps.height:
        return ""
    shares = (
        "simulated_percent",
        "third_round_percent",
        "by_road_percent",
        "one_ride_percent",
        "two_rides_percent",
        "within_holds_percent",
    )
    rows = []
    for r in day.gaps.iter_rows(named=True):
        way = " → ".join(named(made.plan, r[side], spoken) for side in ("from_place_id", "to_place_id"))
        could = r["within_holds_percent"] >= r["share_asked_percent"] - 1e-9
        quicker = "–" if r["outside_quicker_min"] is None else f"{r['outside_quicker_min']}"
        rows.append((escape(say(f"lines.class_{r['promise_class']}", spoken)), escape(way),
                     say("lines.yes" if could else "lines.no", spoken), f"{r['parcels']:,}",
                     *("–" if r[one] is None else f"{r[one]:.1f}" for one in shares), quicker))  # fmt: skip
    keys = ("class", "pair", "could_hold", "parcels", "simulated", "third_round", "best_road", "one_ride", "two_rides",
            "within_holds", "outside_quicker")  # fmt: skip
    price = say("lines.third_round_note", spoken, yuan=day.facts["third_round_yuan_day"])
    head = mark("h3", say("lines.h_gaps", spoken)) + mark("p", say("lines.gaps_note", spoken), class_="note")
    return head + mark("p", price, class_="note") + table(heads(keys, spoken), rows, len(keys) - 3)


def _directions(made: TrunkDesign, day: Ran, spoken: Language, table: Callable[..., str]) -> str:
    rows = []
    for r in day.pairs.sort("promise_class", "pair_id", "from_place_id").iter_rows(named=True):
        way = " → ".join(named(made.plan, r[side], spoken) for side in ("from_place_id", "to_place_id"))
        hours = [f"{r[name]:.1f}" for name in ("planned_p95_h", "simulated_p95_h")]
        name = say(f"lines.class_{r['promise_class']}", spoken)
        rows.append((escape(name), escape(way), f"{r['parcels']:,}", *(f"{r[one]:.1f}" for one in SHARES), *hours))
    keys = ("class", "pair", "parcels", "own", "planned", "simulated", "best", "best_road", "p95", "p95_simulated")
    return mark("details", inside=mark("summary", say("lines.each_direction", spoken))
                + table(heads(keys, spoken), rows, 8))  # fmt: skip


def _learning(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Each round of learning: what its brief timetable planned and what a day of it kept; ★ marks the one kept."""
    if "learning" not in made.result.tables:
        return ""
    rows = [(f"{r['round']}{' ★' if r['kept'] else ''}", f"{r['pairs_hold']} / {r['pairs']}",
             *("–" if r[name] is None else f"{r[name]:.1f}" for name in LEARNED))
            for r in made.result["learning"].iter_rows(named=True)]  # fmt: skip
    keys = ("round", "hold_simulated", "planned", "simulated", "core_planned", "core_simulated")
    return mark("p", say("lines.learning_note", spoken), class_="note") + table(
        heads(keys, spoken), rows, len(keys) - 1
    )


def ends(made: TrunkDesign, spoken: Language, table: Callable[..., str]) -> str:
    """Return what the design counts on at the ends of the trunk, place by place."""
    held = made.result["ends"]
    note = mark("p", say("lines.ends_note" if held.height else "lines.ends_assumed", spoken), class_="note")
    head = mark("h2", say("lines.h_ends", spoken)) + note
    if not held.height:
        return head
    rows = [(escape(named(made.plan, r["place_id"], spoken)), r["couriers_leave"] or "–", f"{r['dock_p50_min']:.0f}",
             f"{r['dock_p95_min']:.0f}", f"{r['share_percent']:.0f}", f"{r['door_p50_min']:.0f}",
             f"{r['door_p95_min']:.0f}") for r in held.iter_rows(named=True)]  # fmt: skip
    keys = ("place", "couriers", "dock_p50", "dock_p95", "served", "door_p50", "door_p95")
    head += _learning(made, spoken, table)
    return head + mark("details", inside=mark("summary", say("lines.each_place", spoken))
                       + table(heads(keys, spoken), rows, 5))  # fmt: skip
