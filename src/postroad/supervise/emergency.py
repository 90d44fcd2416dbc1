"""Emergency events: four levels, and the two clocks of the report: by word of mouth, and in writing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.records import act, view
from postroad.supervise.records.desk import CHINA
from postroad.supervise.register import in_state, in_time, one_of

if TYPE_CHECKING:
    from postroad.supervise.records import Desk

KINDS = ("fire", "explosion", "dangerous_goods", "backlog", "network_blocked", "data_leak", "weather", "epidemic",
         "crowding", "accident", "big_event", "other")  # fmt: skip


@act("emergency.occur")
def occur(
    desk: Desk,
    id_: str,
    kind: str,
    place_id: str,
    prefecture_id: str,
    occurred_at: dt.datetime,
    oral_at: dt.datetime | None = None,
    operator_id: str = "",
    items: int = 0,
    backlog_days: float = 0.0,
    level: int | None = None,
) -> str:
    """Enter an event with its oral report; the level comes from the thresholds in force unless it is set."""
    day = occurred_at.astimezone(CHINA).date()
    clocks, levels = desk.rule("emergency_report", day), desk.rule("emergency_level", day)
    if level is not None and not 1 <= level <= levels["levels"]:
        raise DataError.of("cases.not_one_of", column="level", value=level, known=f"1-{levels['levels']}")
    in_time("occurred_at", occurred_at, occurred_at, desk.now)
    in_time("oral_at", oral_at, occurred_at, desk.now)
    return desk.append(
        "emergencies", id_, new=True, kind=one_of("kind", kind, KINDS), place_id=place_id, prefecture_id=prefecture_id,
        operator_id=operator_id or None, occurred_at=occurred_at, oral_at=oral_at, items=items,
        backlog_days=backlog_days, level=level or level_of(levels.values, items, backlog_days), state="open",
        oral_by=occurred_at + dt.timedelta(minutes=clocks["oral_min"]),
        written_by=occurred_at + dt.timedelta(minutes=clocks["written_min"]), rule=clocks.cite,
    )  # fmt: skip


def level_of(thresholds: Any, items: int, backlog_days: float) -> int:
    """Return the level, 1 the gravest, that the items hit and the days of backlog reach; the lowest below all."""
    for number, (least_items, least_days) in enumerate(
        zip(thresholds["items"], thresholds["backlog_days"], strict=True), 1
    ):
        if items >= least_items or backlog_days >= least_days:
            return number
    return int(thresholds["levels"])


@act("emergency.written")
def written(desk: Desk, id_: str, at: dt.datetime, oral_at: dt.datetime | None = None) -> str:
    """Enter the written report, and the oral one when it was not entered yet."""
    held = desk.fact("emergencies", id_)
    in_state("emergencies", held, "open")
    in_time("at", at, held["occurred_at"], desk.now)
    in_time("oral_at", oral_at, held["occurred_at"], desk.now)
    return desk.append("emergencies", id_, written_at=at, oral_at=held["oral_at"] or oral_at, state="reported")


@act("emergency.end")
def end(desk: Desk, id_: str, at: dt.datetime) -> str:
    """Enter that an event is over."""
    held = desk.fact("emergencies", id_)
    in_state("emergencies", held, "reported")
    in_time("at", at, held["occurred_at"], desk.now)
    return desk.append("emergencies", id_, closed_at=at, state="closed")


@view("emergency.late")
def late(desk: Desk) -> list[dict[str, Any]]:
    """Return every report that came late or not at all, with the minutes over."""
    found = []
    for row in desk.rows("emergencies"):
        for clock in ("oral", "written"):
            done, due = row[f"{clock}_at"] or desk.now, row[f"{clock}_by"]
            if done > due:
                over = round((done - due).total_seconds() / 60)
                keep = {k: row[k] for k in ("id", "kind", "level", "prefecture_id", "operator_id", "rule")}
                reported = row[f"{clock}_at"]
                found.append({**keep, "clock": clock, "due": due, "reported_at": reported, "minutes_over": over})
    return sorted(found, key=lambda row: (row["level"], -row["minutes_over"], row["id"]))
