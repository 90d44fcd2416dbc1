"""From order to publication: visits, findings, corrections, closure; joint visits merged and counted as saved (P95)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.evidence import checked
from postroad.supervise.holidays import working_days_after
from postroad.supervise.inspection.catalogue import checklist, items, score
from postroad.supervise.records import act, view
from postroad.supervise.records.desk import CHINA, coded, officers
from postroad.supervise.register import in_order, in_state, not_published, of_time, wrong_state
from postroad.supervise.regulation import days_after

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


@act("inspection.order")
def order(
    desk: Desk,
    id_: str,
    outlet_id: str,
    inspectors: list[str],
    themes: list[str] | None = None,
    draw_id: str = "",
    departments: list[str] | None = None,
) -> str:
    """Order a visit by at least two inspectors; an outlet with a visit already ordered gets one visit for both.

    The merged visit looks at the items of both and counts one visit saved; inspectors who were drawn go first.
    """
    outlet = desk.fact("outlets", outlet_id)
    in_state("outlets", outlet, "open")
    pair = desk.rule("inspection_pair")
    if len(set(inspectors)) < pair["least"]:
        raise DataError.of("cases.too_few_inspectors", value=outlet_id, least=pair["least"])
    for code in inspectors:
        person = desk.fact("inspectors", code)
        if person["state"] != "active" or person["credential_until"] < desk.today:
            raise DataError.of("cases.credential_over", value=code, until=person["credential_until"].isoformat())
    asked = [item.id for item in checklist(outlet["kind"], tuple(themes or ()), desk.today)]
    if not asked:
        raise DataError.of("cases.nothing_to_look_at", value=outlet_id, kind=outlet["kind"])
    chance = _chance(desk, draw_id, outlet_id) if draw_id else None
    if draw_id and desk.facts("inspections", draw_id=draw_id, outlet_id=outlet_id):
        raise DataError.of("cases.ordered_before", value=outlet_id, draw=draw_id)
    waiting = desk.facts("inspections", outlet_id=outlet_id, state="ordered")
    if waiting:
        first = waiting[0]
        both = [*first["items"], *(name for name in asked if name not in first["items"])]
        if not draw_id and both == first["items"] and set(departments or []) <= set(first["joint"]):
            raise DataError.of("cases.no_new_purpose", value=outlet_id, visit=first["id"])
        return desk.append(
            "inspections", first["id"], items=both, saved_visits=first["saved_visits"] + 1,
            joint=sorted({*first["joint"], *(departments or [])}), draw_id=first["draw_id"] or draw_id or None,
            chance=first["chance"] or chance,
            officers=first["officers"] if first["draw_id"] or not draw_id else officers(*sorted(set(inspectors))),
        )  # fmt: skip
    return desk.append(
        "inspections", id_, new=True, draw_id=draw_id or None, outlet_id=outlet_id, operator_id=outlet["operator_id"],
        prefecture_id=outlet["prefecture_id"], branch_id=outlet["branch_id"], kind=outlet["kind"], items=asked,
        joint=sorted(departments or []), saved_visits=0, chance=chance, officers=officers(*sorted(set(inspectors))),
        due_on=days_after(desk.today, desk.rule("inspection_due")["days"]), state="ordered", rule=pair.cite,
    )  # fmt: skip


@act("inspection.order_drawn")
def order_drawn(desk: Desk, draw_id: str, themes: list[str] | None = None) -> list[str]:
    """Order the visit of every unit drawn, by the two inspectors drawn with it; those struck or ordered stay out.

    Units for which no two inspectors were found are left for ``inspection.order``, which names them.
    """
    receipt = desk.row("draw_papers", draw_id)["receipt"]  # of the actor's own draws only
    if receipt is None:
        raise wrong_state("draws", draw_id, "committed", "revealed")
    there = {row["outlet_id"] for row in desk.facts("inspections", draw_id=draw_id)}
    standing = {row["id"] for row in desk.facts("outlets", state="open")}
    return [
        order(desk, f"{draw_id}:{row['place']:03d}", row["unit"], row["inspectors"], themes, draw_id)
        for row in receipt["drawn"]
        if row["inspectors"] and not row["struck"] and row["unit"] not in there and row["unit"] in standing
    ]


def _chance(desk: Desk, draw_id: str, outlet_id: str) -> str:
    receipt = desk.fact("draw_papers", draw_id)["receipt"] or {"drawn": []}
    for row in receipt["drawn"]:
        if row["unit"] == outlet_id and not row["struck"]:
            return str(row["chance"])
    raise DataError.of("cases.not_drawn", value=outlet_id, draw=draw_id)


@act("inspection.visit")
def visit(
    desk: Desk,
    id_: str,
    on: dt.date,
    hours: float,
    failed: list[str] | None = None,
    evidence: list[str] | None = None,
) -> str:
    """Enter a visit: every item passed but those failed, each of which needs ``item=sha256`` as evidence."""
    held = desk.fact("inspections", id_)
    in_state("inspections", held, "ordered")
    in_order("on", on, held["valid_from"].astimezone(CHINA).date(), desk.today)
    if hours <= 0:
        raise DataError.of("cases.no_hours", value=id_, hours=hours)
    wrong = {item.id for item in items(failed or [])}
    if strange := sorted(wrong - set(held["items"])):
        raise DataError.of("cases.not_on_the_list", value=id_, items=", ".join(strange))
    proof = _proofs(evidence or [], wrong)
    if strange := sorted(set(proof) - set(held["items"])):
        raise DataError.of("cases.not_on_the_list", value=id_, items=", ".join(strange))
    due = desk.rule("inspection_due", on)
    for item in items(held["items"]):
        passed = item.id not in wrong
        keep = {k: held[k] for k in ("outlet_id", "operator_id", "prefecture_id", "branch_id", "officers")}
        desk.append(
            "findings", f"{id_}:{item.id}", new=True, inspection_id=id_, item=item.id, passed=passed, found_on=on,
            evidence_sha256=proof.get(item.id), correct_by=None if passed else days_after(on, due["correction_days"]),
            state="clean" if passed else "open", rule=item.cite, **keep,
        )  # fmt: skip
    publish_by = working_days_after(on, desk.rule("inspection_publish", on)["working_days"])
    return desk.append(
        "inspections", id_, visited_on=on, hours=hours, score=score(held["items"], wrong), publish_by=publish_by,
        state="correcting" if wrong else "closed",
    )  # fmt: skip


def _proofs(evidence: list[str], wrong: set[str]) -> dict[str, str]:
    proof = {}
    for word in evidence:
        item, _, mark = word.partition("=")
        proof[item] = checked("evidence", mark)
    if missing := sorted(wrong - set(proof)):
        raise DataError.of("cases.no_evidence", value=", ".join(missing))
    return proof


@act("inspection.correct")
def correct(desk: Desk, finding_id: str, on: dt.date, evidence_sha256: str) -> str:
    """Enter the firm's correction of a finding with the digest of its evidence."""
    held = desk.fact("findings", finding_id)
    in_state("findings", held, "open")
    in_order("on", on, held["found_on"], desk.today)
    mark = checked("evidence_sha256", evidence_sha256)
    return desk.append("findings", finding_id, corrected_on=on, correction_sha256=mark, state="corrected")


@act("inspection.close")
def close(desk: Desk, id_: str) -> str:
    """Close a visit whose findings are all corrected; those stay open that are not."""
    held = desk.fact("inspections", id_)
    in_state("inspections", held, "correcting")
    found = desk.facts("findings", inspection_id=id_)
    if open_ones := [row["item"] for row in found if row["state"] == "open"]:
        raise DataError.of("cases.not_corrected", value=id_, items=", ".join(open_ones))
    for row in found:
        if row["state"] == "corrected":
            desk.append("findings", row["id"], state="closed")
    return desk.append("inspections", id_, state="closed")


@act("inspection.publish")
def publish(desk: Desk, id_: str) -> str:
    """Make a visit and its findings public."""
    held = desk.fact("inspections", id_)
    in_state("inspections", held, "correcting", "closed")
    not_published("inspections", held)
    for row in desk.facts("findings", inspection_id=id_):
        desk.append("findings", row["id"], published_on=desk.today)
    return desk.append("inspections", id_, published_on=desk.today)


@act("inspection.withdraw")
def withdraw(desk: Desk, id_: str) -> str:
    """Take a visit that was overturned out of public view, with the points it cost; the records themselves stay."""
    in_state("inspections", desk.fact("inspections", id_), "correcting", "closed")
    rule, change = desk.rule("withdraw"), desk.rule("credit_objection")["overturned_days"]
    for point in desk.facts("credit_entries"):
        if point["because_of"].startswith(f"findings/{id_}:") and point["state"] != "overturned":
            desk.append("credit_entries", point["id"], state="overturned", decided_on=desk.today, published_on=None,
                        change_by=days_after(desk.today, change))  # fmt: skip
    for row in desk.facts("findings", inspection_id=id_):
        desk.append("findings", row["id"], published_on=None, state="overturned", rule=rule.cite)
    return desk.append("inspections", id_, published_on=None, state="overturned", rule=rule.cite)


@view("inspection.overdue")
def overdue(desk: Desk) -> list[dict[str, Any]]:
    """Return what is late: visits not made, findings not corrected, results not published."""
    found = []
    for row in desk.rows("inspections"):
        if row["state"] == "ordered" and row["due_on"] < desk.today:
            found.append(_late("visit", row, row["due_on"], desk.today))
        unpublished = row["visited_on"] and row["state"] != "overturned" and row["published_on"] is None
        if unpublished and row["publish_by"] < desk.today:
            found.append(_late("publication", row, row["publish_by"], desk.today))
    for row in desk.rows("findings", state="open"):
        if row["correct_by"] < desk.today:
            found.append(_late("correction", row, row["correct_by"], desk.today))
    return sorted(found, key=lambda row: (-row["days_over"], row["id"]))


def _late(what: str, row: dict[str, Any], due: dt.date, today: dt.date) -> dict[str, Any]:
    keep = {k: row[k] for k in ("id", "outlet_id", "operator_id", "prefecture_id")}
    return {"what": what, **keep, "due": due, "days_over": (today - due).days}


@view("inspection.saved")
def saved(desk: Desk, period: str) -> dict[str, Any]:
    """Return visits made in a period, visits saved by going once for several purposes, and the hours that saves."""
    of_time(period)
    rows = [r for r in desk.rows("inspections") if r["visited_on"] and r["visited_on"].isoformat().startswith(period)]
    rule = desk.rule("inspection_hours")
    spared = sum(row["saved_visits"] for row in rows)
    pairs = sum(row["saved_visits"] * len(coded(row["officers"])) for row in rows)
    hours = pairs * rule["travel_h"]
    return {"visits": len(rows), "saved": spared, "hours": sum(r["hours"] for r in rows), "hours_saved": hours}
