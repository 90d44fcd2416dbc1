"""Hazards: grade, owner, deadline, what is overdue, what came back; major ones by the published list."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

from postroad.supervise.evidence import checked
from postroad.supervise.records import act, view
from postroad.supervise.records.desk import officers
from postroad.supervise.register import in_order, in_state, not_published
from postroad.supervise.regulation import days_after

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


@act("hazard.open")
def open_hazard(
    desk: Desk,
    id_: str,
    outlet_id: str,
    heading: str,
    owner: str,
    found_on: dt.date,
    grave: bool = False,
) -> str:
    """Enter a hazard. It is major when its heading is on the list in force, or when the inspector says so.

    ``owner`` is the post that answers for it, never a person's name. A hazard of the same heading closed at the same
    outlet within the recurrence term makes this one a recurrence.
    """
    outlet = desk.fact("outlets", outlet_id)
    if desk.actor.role == "inspector" and not desk.rows("inspections", outlet_id=outlet_id):
        desk.refuse("outlets", outlet_id)  # an inspector's own cases are where it was sent
    in_order("found_on", found_on, dt.date.min, desk.today)
    terms = desk.rule("hazard_deadline", found_on)
    listed = [r for r in desk.rules.rules if r.id == "hazard_major" and r.in_force(found_on)]
    major = grave or any(heading in rule["headings"] for rule in listed)
    before = [
        row
        for row in desk.facts("hazards", outlet_id=outlet_id, heading=heading, state="closed")
        if row["closed_on"] >= days_after(found_on, -terms["recurrence_days"])
    ]
    return desk.append(
        "hazards", id_, new=True, outlet_id=outlet_id, operator_id=outlet["operator_id"],
        prefecture_id=outlet["prefecture_id"], branch_id=outlet["branch_id"], heading=heading, owner=owner,
        grade="major" if major else "general", found_on=found_on, state="open",
        deadline_on=days_after(found_on, terms["major_days" if major else "general_days"]),
        recurrence_of=max(before, key=lambda row: row["closed_on"])["id"] if before else None,
        officers=officers(desk.actor.scope) if desk.actor.role == "inspector" else "",
        rule=listed[0].cite if major and listed else terms.cite,
    )  # fmt: skip


@act("hazard.remedy")
def remedy(desk: Desk, id_: str, on: dt.date, evidence_sha256: str) -> str:
    """Enter the firm's word that a hazard was put right, with the digest of its evidence."""
    held = desk.fact("hazards", id_)
    in_state("hazards", held, "open")
    in_order("on", on, held["found_on"], desk.today)
    mark = checked("evidence_sha256", evidence_sha256)
    return desk.append("hazards", id_, state="remedied", remedied_on=on, evidence_sha256=mark)


@act("hazard.close")
def close(desk: Desk, id_: str, on: dt.date, accepted: bool = True) -> str:
    """Close a hazard after looking again, or open it again when it was not put right."""
    held = desk.fact("hazards", id_)
    in_state("hazards", held, "remedied")
    in_order("on", on, held["remedied_on"], desk.today)
    if not accepted:
        return desk.append("hazards", id_, state="open", remedied_on=None)
    return desk.append("hazards", id_, state="closed", closed_on=on)


@act("hazard.publish")
def publish(desk: Desk, id_: str) -> str:
    """Make a hazard public."""
    not_published("hazards", desk.fact("hazards", id_))
    return desk.append("hazards", id_, published_on=desk.today)


@view("hazard.overdue")
def overdue(desk: Desk) -> list[dict[str, Any]]:
    """Return hazards past their deadline and not closed, the longest overdue first."""
    late = [row for row in desk.rows("hazards") if row["state"] != "closed" and row["deadline_on"] < desk.today]
    keep = ("id", "outlet_id", "operator_id", "prefecture_id", "heading", "grade", "owner", "deadline_on", "state")
    found = [{**{k: row[k] for k in keep}, "days_over": (desk.today - row["deadline_on"]).days} for row in late]
    return sorted(found, key=lambda row: (-row["days_over"], row["id"]))


@view("hazard.recurrence")
def recurrence(desk: Desk) -> list[dict[str, Any]]:
    """Return, by heading, how many hazards there were and what share of them had come back."""
    rows = desk.rows("hazards")
    all_of, back = Counter(r["heading"] for r in rows), Counter(r["heading"] for r in rows if r["recurrence_of"])
    return [
        {"heading": heading, "hazards": count, "recurred": back[heading], "share": back[heading] / count}
        for heading, count in sorted(all_of.items())
    ]


@view("hazard.major")
def major(desk: Desk) -> list[dict[str, Any]]:
    """Return the list of major hazards that stand, by deadline."""
    rows = [row for row in desk.rows("hazards", grade="major") if row["state"] != "closed"]
    return sorted(rows, key=lambda row: (row["deadline_on"], row["id"]))
