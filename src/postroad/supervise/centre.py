"""Safety centres: three conditions each, shown by dated evidence or not met."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.evidence import checked
from postroad.supervise.records import act, view
from postroad.supervise.register import in_order, one_of
from postroad.supervise.regulation import days_after

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


@act("centre.show")
def show(
    desk: Desk,
    centre_id: str,
    prefecture_id: str,
    condition: str,
    met: bool,
    evidence_on: dt.date,
    evidence_sha256: str,
) -> str:
    """Enter what the evidence of a day shows of one condition of a centre; again when there is newer evidence."""
    one_of("condition", condition, tuple(desk.rule("centre", evidence_on)["conditions"]))
    in_order("evidence_on", evidence_on, dt.date.min, desk.today)
    id_ = f"{centre_id}:{condition}"
    known = desk.facts("centre_conditions", id=id_)
    for held in desk.facts("centre_conditions", centre_id=centre_id):
        if held["prefecture_id"] != prefecture_id:
            raise DataError.of("cases.other_prefecture", value=centre_id, prefecture=held["prefecture_id"])
    if known:
        in_order("evidence_on", evidence_on, known[0]["evidence_on"], desk.today)
    return desk.append(
        "centre_conditions", id_, new=not known, centre_id=centre_id, prefecture_id=prefecture_id, met=met,
        condition=condition, evidence_on=evidence_on, evidence_sha256=checked("evidence_sha256", evidence_sha256),
    )  # fmt: skip


@view("centre.readiness")
def readiness(desk: Desk, centres: list[str]) -> list[dict[str, Any]]:
    """Return every condition of the centres named: met, not met, out of date, or never shown.

    A prefecture is told of the centres on its own record; of the others it cannot know what was shown.
    """
    rule = desk.rule("centre")
    oldest = days_after(desk.today, -rule["evidence_days"])
    known = {row["id"]: row for row in desk.rows("centre_conditions")}
    found = []
    own = {row["centre_id"] for row in known.values()}
    for centre in (name for name in centres if desk.actor.role == "province" or name in own):
        for condition in rule["conditions"]:
            row = known.get(f"{centre}:{condition}")
            state = "never_shown" if row is None else "met" if row["met"] else "not_met"
            if row is not None and row["met"] and row["evidence_on"] < oldest:
                state = "out_of_date"
            on = row["evidence_on"] if row else None
            found.append({"centre_id": centre, "condition": condition, "state": state, "evidence_on": on})
    return found
