"""Where outlets stand and who keeps them: property with its title, and agencies that act for the post."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.records import act, view
from postroad.supervise.register import in_order, in_state, one_of

if TYPE_CHECKING:
    from postroad.supervise.records import Desk

TITLES = ("owned", "use_right", "rented", "lent")
HOSTS = ("village_committee", "shop", "supply_cooperative", "bank", "other_operator", "other")


@act("premises.enter")
def enter(
    desk: Desk, outlet_id: str, title: str, area_m2: float, from_on: dt.date, until_on: dt.date | None = None
) -> str:
    """Enter the property an outlet stands in; again to correct or renew it. A lease says when it ends."""
    outlet = desk.fact("outlets", outlet_id)
    one_of("title", title, TITLES)
    in_order("until_on", until_on, from_on)
    if area_m2 <= 0 or (title in ("rented", "lent") and until_on is None):
        raise DataError.of("cases.bad_premises", value=outlet_id)
    known = bool(desk.facts("premises", id=outlet_id))
    return desk.append(
        "premises", outlet_id, new=not known, outlet_id=outlet_id, operator_id=outlet["operator_id"],
        prefecture_id=outlet["prefecture_id"], title=title, area_m2=area_m2, from_on=from_on, until_on=until_on,
    )  # fmt: skip


@act("agency.enter")
def entrust(desk: Desk, id_: str, outlet_id: str, host: str, from_on: dt.date, until_on: dt.date | None = None) -> str:
    """Enter that an outlet is kept by an agent; ``host`` says what kind of house it is, never whose."""
    outlet = desk.fact("outlets", outlet_id)
    in_order("until_on", until_on, from_on)
    return desk.append(
        "agencies", id_, new=True, outlet_id=outlet_id, operator_id=outlet["operator_id"],
        prefecture_id=outlet["prefecture_id"], host=one_of("host", host, HOSTS), from_on=from_on, until_on=until_on,
        state="running",
    )  # fmt: skip


@act("agency.end")
def end(desk: Desk, id_: str, on: dt.date) -> str:
    """Enter that an agent keeps an outlet no longer."""
    held = desk.fact("agencies", id_)
    in_state("agencies", held, "running")
    in_order("on", on, held["from_on"])
    return desk.append("agencies", id_, until_on=on, state="ended")


@view("premises.state")
def state(desk: Desk) -> list[dict[str, Any]]:
    """Return by prefecture how many open outlets there are, on what title, kept by agents, and not yet entered."""
    titles = {row["outlet_id"]: row for row in desk.rows("premises")}
    agents = {row["outlet_id"] for row in desk.rows("agencies", state="running")}
    found: dict[str, dict[str, Any]] = {}
    for row in desk.rows("outlets", state="open"):
        blank = {"prefecture_id": row["prefecture_id"], "outlets": 0, **dict.fromkeys(TITLES, 0), "by_agents": 0,
                 "not_entered": 0, "ended": 0}  # fmt: skip
        told = found.setdefault(row["prefecture_id"], blank)
        held = titles.get(row["id"])
        told["outlets"] += 1
        told["by_agents"] += row["id"] in agents
        told["not_entered"] += held is None
        if held is not None:
            told[held["title"]] += 1
            told["ended"] += held["until_on"] is not None and held["until_on"] < desk.today
    return [found[name] for name in sorted(found)]
