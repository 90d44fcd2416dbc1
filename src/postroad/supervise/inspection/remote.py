"""Checks without a visit: papers sent in, a look through the cameras, a look at what is offered on the web."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.evidence import checked
from postroad.supervise.inspection.catalogue import checklist
from postroad.supervise.records import act, view
from postroad.supervise.register import in_order, in_state, of_time, one_of
from postroad.supervise.regulation import days_after

if TYPE_CHECKING:
    from postroad.supervise.records import Desk

METHODS = ("written", "video", "web")


@act("remote.check")
def check(
    desk: Desk, id_: str, outlet_id: str, method: str, item: str, passed: bool, on: dt.date, evidence_sha256: str
) -> str:
    """Enter what one item of an outlet's checklist showed from afar; what failed is to be corrected within the term."""
    outlet = desk.fact("outlets", outlet_id)
    in_order("on", on, outlet["opened_on"], desk.today)
    if item not in {known.id for known in checklist(outlet["kind"], on=on)}:
        raise DataError.of("cases.not_on_the_list", value=outlet_id, items=item)
    due = desk.rule("inspection_due", on)
    return desk.append(
        "remote_checks", id_, new=True, outlet_id=outlet_id, operator_id=outlet["operator_id"],
        prefecture_id=outlet["prefecture_id"], method=one_of("method", method, METHODS), item=item, passed=passed,
        found_on=on, evidence_sha256=checked("evidence_sha256", evidence_sha256), state="clean" if passed else "open",
        correct_by=None if passed else days_after(on, due["correction_days"]), rule=due.cite,
    )  # fmt: skip


@act("remote.correct")
def correct(desk: Desk, id_: str, on: dt.date, evidence_sha256: str) -> str:
    """Enter the firm's correction with the digest of its evidence."""
    held = desk.fact("remote_checks", id_)
    in_state("remote_checks", held, "open")
    in_order("on", on, held["found_on"], desk.today)
    mark = checked("evidence_sha256", evidence_sha256)
    return desk.append("remote_checks", id_, corrected_on=on, correction_sha256=mark, state="corrected")


@act("remote.close")
def close(desk: Desk, id_: str, accepted: bool = True) -> str:
    """Close a finding whose correction was accepted, or open it again."""
    in_state("remote_checks", desk.fact("remote_checks", id_), "corrected")
    return desk.append("remote_checks", id_, state="closed" if accepted else "open")


@view("remote.overdue")
def overdue(desk: Desk) -> list[dict[str, Any]]:
    """Return the findings not corrected within the term."""
    return [row for row in desk.rows("remote_checks", state="open") if row["correct_by"] < desk.today]


@view("remote.share")
def share(desk: Desk, period: str) -> list[dict[str, Any]]:
    """Return by method how many outlets were checked in a period, how many items, and the share that failed."""
    of_time(period)
    rows = [row for row in desk.rows("remote_checks") if row["found_on"].isoformat().startswith(period)]
    found = []
    for method in METHODS:
        held = [row for row in rows if row["method"] == method]
        failed = sum(not row["passed"] for row in held)
        found.append({"method": method, "outlets": len({row["outlet_id"] for row in held}), "items": len(held),
                      "failed": failed, "failed_share": failed / len(held) if held else None})  # fmt: skip
    return found
