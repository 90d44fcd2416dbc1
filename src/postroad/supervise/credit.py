"""Credit: points by the dated scheme, explained line by line; objection, repair, grade; branches roll up to the brand.

The measures leave indicators and points to a yearly scheme, so the scheme is configuration (``credit_scheme``). Points
of all outlets of a brand are counted against the number of its outlets, so that a large network is judged by how often
it fails and not by its size.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise import custody
from postroad.supervise.inspection.catalogue import catalogue
from postroad.supervise.records import act, view
from postroad.supervise.records.desk import CHINA
from postroad.supervise.register import in_order, in_state
from postroad.supervise.regulation import Rule, days_after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroad.supervise.records import Desk

Cause = tuple[str, str, str, str, dt.date]
"""Why a point is entered: the case, the scheme's item, the operator, the outlet or nothing, the day."""


@act("credit.enter")
def enter(
    desk: Desk,
    id_: str,
    operator_id: str,
    item: str,
    happened_on: dt.date,
    outlet_id: str = "",
    because_of: str = "",
) -> str:
    """Enter a point against an operator, or for it, by the scheme in force on the day it happened."""
    scheme = desk.rule("credit_scheme", happened_on)
    in_order("happened_on", happened_on, dt.date.min, desk.today)
    _open_year(desk, happened_on)
    if item not in point_items(scheme):
        raise DataError.of("cases.not_one_of", column="item", value=item, known=", ".join(point_items(scheme)))
    outlet: dict[str, Any] = desk.fact("outlets", outlet_id) if outlet_id else {}
    if outlet and outlet["operator_id"] != operator_id:
        raise DataError.of("cases.other_operator", value=outlet_id, operator=operator_id)
    return desk.append(
        "credit_entries", id_, new=True, operator_id=operator_id, prefecture_id=outlet.get("prefecture_id"),
        outlet_id=outlet_id or None, branch_id=outlet.get("branch_id"), item=item, points=scheme[item],
        happened_on=happened_on, because_of=because_of, state="standing", rule=scheme.cite,
    )  # fmt: skip


def _open_year(desk: Desk, happened_on: dt.date) -> None:
    """Refuse a change to the points of a year whose data are closed."""
    rule = desk.rule("credit_objection", happened_on)
    last = dt.date(happened_on.year + 1, rule["close_month"], rule["close_day"])
    if desk.today > last:
        raise DataError.of("cases.year_closed", value=happened_on.year, last=last.isoformat())


def point_items(scheme: Rule) -> tuple[str, ...]:
    """Return what a scheme has points for."""
    other = ("start", "floor", "per_outlets")
    return tuple(k for k in scheme.values if k not in other and not k.startswith(("grade_", "repair_")))


@act("credit.collect")
def collect(desk: Desk, since: dt.date, until: dt.date) -> list[str]:
    """Enter the points of every case of some days not entered yet, each with the case it follows from."""
    _open_year(desk, since)
    known = {row["because_of"] for row in desk.facts("credit_entries")}
    made = []
    for because, item, operator_id, outlet_id, day in _causes(desk):
        if since <= day <= until and because not in known and operator_id:
            made.append(enter(desk, f"CR:{because}", operator_id, item, day, outlet_id or "", because))
    return made


def _causes(desk: Desk) -> list[Cause]:
    """Every fact of a case that costs points, in the order they happened."""
    found = [*_from_visits(desk), *_from_hazards(desk), *_from_complaints(desk), *_from_duties(desk)]
    return sorted(found, key=lambda cause: (cause[4], cause[0]))


def _from_visits(desk: Desk) -> Iterator[Cause]:
    for row in desk.facts("findings", passed=False):
        if row["state"] != "overturned":
            item = "failed_grave_item" if catalogue()[row["item"]].grave else "failed_item"
            yield f"findings/{row['id']}", item, row["operator_id"], row["outlet_id"], row["found_on"]


def _from_hazards(desk: Desk) -> Iterator[Cause]:
    for row in desk.facts("hazards"):
        who = (row["operator_id"], row["outlet_id"])
        if row["grade"] == "major":
            yield f"hazards/{row['id']}", "hazard_major", *who, row["found_on"]
        if (row["closed_on"] or desk.today) > row["deadline_on"]:
            yield f"hazards/{row['id']}/late", "hazard_overdue", *who, days_after(row["deadline_on"], 1)


def _from_complaints(desk: Desk) -> Iterator[Cause]:
    for row in desk.facts("complaints"):
        who, where = row["operator_id"], row["outlet_id"] or ""
        if row["valid"]:
            yield f"complaints/{row['id']}", "complaint_valid", who, where, row["authority_answered_on"]
        if (row["firm_answered_on"] or desk.today) > row["firm_due_on"]:
            yield f"complaints/{row['id']}/late", "complaint_late", who, "", days_after(row["firm_due_on"], 1)


def _from_duties(desk: Desk) -> Iterator[Cause]:
    for row in desk.facts("emergencies"):
        if row["written_at"] is not None and row["written_at"] > row["written_by"]:
            day = row["written_at"].astimezone(CHINA).date()
            yield f"emergencies/{row['id']}", "emergency_late", row["operator_id"], "", day
    for row in desk.facts("outlets", state="open"):
        if (row["filed_on"] or desk.today) > row["file_by"]:
            over = days_after(row["file_by"], 1)
            yield f"outlets/{row['id']}", "outlet_unfiled", row["operator_id"], row["id"], over
    for row in custody.gaps(desk):
        because = f"custody/{row['bag_id']}:{row['step']:03d}/{row['gap']}"
        yield because, "custody_gap", row["operator_id"], "", row["given_at"].astimezone(CHINA).date()


@act("credit.object")
def object_to(desk: Desk, id_: str, on: dt.date) -> str:
    """Enter a firm's objection, while the year's data are open, with the day by which it is reviewed."""
    held = desk.fact("credit_entries", id_)
    in_state("credit_entries", held, "standing")
    in_order("on", on, held["happened_on"], desk.today)
    _open_year(desk, held["happened_on"])
    rule = desk.rule("credit_objection", on)
    return desk.append(
        "credit_entries", id_, state="objected", objected_on=on, review_by=days_after(on, rule["review_days"])
    )  # fmt: skip


@act("credit.review")
def review(desk: Desk, id_: str, on: dt.date, upheld: bool) -> str:
    """Decide an objection: the point stays, or is struck with the day by which the record is changed."""
    held = desk.fact("credit_entries", id_)
    in_state("credit_entries", held, "objected")
    in_order("on", on, held["objected_on"], desk.today)
    change = None if upheld else days_after(on, desk.rule("credit_objection", on)["change_days"])
    state = "upheld" if upheld else "overturned"
    shown = held["published_on"] if upheld else None  # a point that does not stand is shown to nobody
    return desk.append("credit_entries", id_, state=state, decided_on=on, change_by=change, published_on=shown)


@act("credit.repair")
def repair(desk: Desk, id_: str, on: dt.date) -> str:
    """Repair a point: after the scheme's days without another of the same kind at the same place, a part is lifted."""
    held = desk.fact("credit_entries", id_)
    in_state("credit_entries", held, "standing", "upheld")
    scheme = desk.rules.cited(held["rule"])
    first = days_after(held["happened_on"], round(scheme["repair_days"]))
    place = {"operator_id": held["operator_id"], "item": held["item"], "outlet_id": held["outlet_id"]}
    again = [
        row
        for row in desk.facts("credit_entries", **{k: v for k, v in place.items() if v is not None})
        if row["id"] != id_ and held["happened_on"] <= row["happened_on"] <= on and row["state"] != "overturned"
    ]
    if on < first or again or held["points"] <= 0:
        raise DataError.of("cases.no_repair", value=id_, first=first.isoformat(), again=len(again))
    in_order("on", on, first, desk.today)
    return desk.append("credit_entries", id_, state="repaired", repaired_on=on)


@act("credit.publish")
def publish(desk: Desk, year: int) -> list[str]:
    """Publish the points of a year that stand: not those under objection, nor those that were overturned."""
    return [
        desk.append("credit_entries", row["id"], published_on=desk.today)
        for row in desk.facts("credit_entries")
        if row["happened_on"].year == year
        and row["published_on"] is None
        and row["state"] not in ("objected", "overturned")
    ]


@view("credit.explain")
def explain(desk: Desk, operator_id: str, year: int) -> dict[str, Any]:
    """Return an operator's score of a year line by line: start, each point with case and rule, sum, grade.

    A prefecture sees the lines of its own outlets; the score is then that of its outlets alone.
    """
    if not 1 <= year <= desk.today.year:
        raise DataError.of("cases.bad_period", value=year, known=str(desk.today.year))
    scheme = desk.rule("credit_scheme", min(desk.today, dt.date(year, 12, 31)))
    known = desk.rows("outlets", operator_id=operator_id)
    if not known and not desk.rows("credit_entries", operator_id=operator_id):
        raise DataError.of("cases.no_such_operator", value=operator_id)
    outlets = [row for row in known if row["state"] == "open"]
    share = scheme["per_outlets"] / max(len(outlets), 1)
    lines = [
        _line(row, desk.rules.cited(row["rule"]), share)
        for row in desk.rows("credit_entries", operator_id=operator_id)
        if row["happened_on"].year == year
    ]
    lines.sort(key=lambda line: (line["happened_on"], line["id"]))
    total = scheme["start"] - sum(line["counted"] for line in lines)
    score = min(scheme["start"], max(scheme["floor"], total))
    branches: Counter[str] = Counter()
    for line in lines:
        branches[line["branch_id"] or line["outlet_id"] or ""] += line["counted"]
    return {
        "operator_id": operator_id, "year": year, "start": scheme["start"], "outlets": len(outlets), "lines": lines,
        "score": score, "grade": grade(scheme, score), "rule": scheme.cite, "branches": dict(sorted(branches.items())),
    }  # fmt: skip


def _line(row: dict[str, Any], scheme: Rule, share: float) -> dict[str, Any]:
    """One line: what the point is, what of it counts after objection and repair, and what that makes for the brand."""
    left = {"overturned": 0.0, "repaired": 1.0 - scheme["repair_share"]}.get(row["state"], 1.0)
    keep = {k: row[k] for k in ("id", "item", "happened_on", "because_of", "state", "points", "outlet_id", "branch_id")}
    return {**keep, "share_left": left, "counted": row["points"] * left * share, "rule": row["rule"]}


def grade(scheme: Rule, score: float) -> str:
    """Return the grade of a score by a scheme: A, B, C, else D."""
    return next((name for name in "ABC" if score >= scheme[f"grade_{name}"]), "D")


@view("credit.late")
def late(desk: Desk) -> list[dict[str, Any]]:
    """Return the objections that were not decided within the term, the longest overdue first."""
    keep = ("id", "operator_id", "prefecture_id", "item", "points", "objected_on", "review_by")
    held = [row for row in desk.rows("credit_entries", state="objected") if row["review_by"] < desk.today]
    found = [{**{k: row[k] for k in keep}, "days_over": (desk.today - row["review_by"]).days} for row in held]
    return sorted(found, key=lambda row: (-row["days_over"], row["id"]))


@view("credit.brands")
def brands(desk: Desk, year: int) -> list[dict[str, Any]]:
    """Return every brand with outlets or points: score, grade, points of its branches rolled up, worst branch first."""
    names = {row["operator_id"] for row in desk.rows("outlets")}
    names |= {row["operator_id"] for row in desk.rows("credit_entries")}
    found = []
    for name in sorted(filter(None, names)):
        told = explain(desk, name, year)
        worst = sorted(told["branches"].items(), key=lambda pair: (-pair[1], pair[0]))[:3]
        keep = {k: told[k] for k in ("operator_id", "outlets", "score", "grade", "rule")}
        found.append({**keep, "points": told["start"] - told["score"], "entries": len(told["lines"]), "worst": worst})
    return found
