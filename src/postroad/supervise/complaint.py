"""Complaints and appeals: the firm's seven days, the authority's thirty, validity, cause, leg and site, rates."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.records import act, view
from postroad.supervise.register import in_order, in_state, of_time, one_of
from postroad.supervise.regulation import days_after

if TYPE_CHECKING:
    from postroad.supervise.records import Desk

CAUSES = ("loss", "damage", "delay", "delivery", "collection", "fee", "service", "agency", "other")
LEGS = ("acceptance", "origin_handling", "transport", "destination_handling", "delivery")


@act("complaint.receive")
def receive(
    desk: Desk,
    id_: str,
    operator_id: str,
    prefecture_id: str,
    cause: str,
    received_on: dt.date,
    waybill_pseudonym: str = "",
    product: str = "",
) -> str:
    """Enter a complaint made to a firm. No name is kept: the parcel is known by its pseudonym."""
    rule = desk.rule("complaint_firm", received_on)
    in_order("received_on", received_on, dt.date.min, desk.today)
    return desk.append(
        "complaints", id_, new=True, operator_id=operator_id, prefecture_id=prefecture_id,
        cause=one_of("cause", cause, CAUSES), received_on=received_on, waybill_pseudonym=waybill_pseudonym,
        product=product, firm_due_on=days_after(received_on, rule["days"]), state="with_firm", rule=rule.cite,
    )  # fmt: skip


@act("complaint.answer")
def answer(desk: Desk, id_: str, on: dt.date, settled: bool) -> str:
    """Enter the firm's answer and whether the user was content with it."""
    held = desk.fact("complaints", id_)
    in_state("complaints", held, "with_firm")
    in_order("on", on, held["received_on"], desk.today)
    return desk.append("complaints", id_, firm_answered_on=on, state="settled" if settled else "unsettled")


@act("complaint.appeal")
def appeal(desk: Desk, id_: str, on: dt.date) -> str:
    """Take an appeal: only after an answer that did not settle it, or when the firm's days are over."""
    held = desk.fact("complaints", id_)
    in_state("complaints", held, "with_firm", "unsettled")
    in_order("on", on, held["received_on"], desk.today)
    if held["state"] == "with_firm" and on <= held["firm_due_on"]:
        raise DataError.of("cases.appeal_early", value=id_, due=held["firm_due_on"].isoformat())
    rule = desk.rule("complaint_authority", on)
    due = days_after(on, rule["days"])
    return desk.append("complaints", id_, appealed_on=on, authority_due_on=due, state="with_authority", rule=rule.cite)


@act("complaint.decide")
def decide(desk: Desk, id_: str, on: dt.date, valid: bool, leg: str = "", outlet_id: str = "") -> str:
    """Answer an appeal: valid when the firm is responsible; then the leg, and the site where it is known."""
    held = desk.fact("complaints", id_)
    in_state("complaints", held, "with_authority")
    in_order("on", on, held["appealed_on"], desk.today)
    if valid or leg:
        one_of("leg", leg, LEGS)
    if outlet_id and desk.fact("outlets", outlet_id)["operator_id"] != held["operator_id"]:
        raise DataError.of("cases.other_operator", value=outlet_id, operator=held["operator_id"])
    return desk.append(
        "complaints", id_, authority_answered_on=on, valid=valid, leg=leg or None, outlet_id=outlet_id or None,
        state="decided",
    )  # fmt: skip


@view("complaint.late")
def late(desk: Desk) -> list[dict[str, Any]]:
    """Return every clock that ran over: the firm's and the authority's, answered late or not at all."""
    found = []
    for row in desk.rows("complaints"):
        clocks = (("firm", row["firm_due_on"], row["firm_answered_on"]),
                  ("authority", row["authority_due_on"], row["authority_answered_on"]))  # fmt: skip
        for who, due, done in clocks:
            if due is not None and (done or desk.today) > due:
                over = ((done or desk.today) - due).days
                keep = {"id": row["id"], "operator_id": row["operator_id"], "prefecture_id": row["prefecture_id"]}
                found.append({**keep, "who": who, "due": due, "answered_on": done, "days_over": over})
    return sorted(found, key=lambda row: (-row["days_over"], row["id"], row["who"]))


@view("complaint.rates")
def rates(desk: Desk, period: str) -> list[dict[str, Any]]:
    """Return appeals and valid ones per million pieces in a period (2025-11 or 2025), by operator and in all.

    An appeal counts in the period it was made in. A prefecture sees counts; volumes are the province's, so that it is
    told no pieces and no rates.
    """
    of_time(period)
    whole = desk.actor.role == "province"
    pieces = _pieces(desk.rows("volumes"), period) if whole else Counter()
    made = [r for r in desk.rows("complaints") if r["appealed_on"] and r["appealed_on"].isoformat().startswith(period)]
    names = sorted(set(pieces) | {row["operator_id"] for row in made})
    found = [_rate(desk, name, [r for r in made if r["operator_id"] == name], pieces[name]) for name in names]
    found.append(_rate(desk, "", made, sum(pieces.values())))
    return found if whole else [{**row, "pieces": None} for row in found]


def _pieces(volumes: list[dict[str, Any]], period: str) -> Counter[str]:
    """The pieces of each operator in a period: what it reported for just that, else the months of the year."""
    found = Counter({row["operator_id"]: row["pieces"] for row in volumes if row["period"] == period})
    months: Counter[str] = Counter()
    for row in volumes:
        if row["period"].startswith(f"{period}-") and row["operator_id"] not in found:
            months[row["operator_id"]] += row["pieces"]
    return found + months


def _rate(desk: Desk, operator_id: str, made: list[dict[str, Any]], pieces: int) -> dict[str, Any]:
    valid = [row for row in made if row["valid"]]
    per = desk.rule("complaint_rate")["per_pieces"]
    return {
        "operator_id": operator_id,
        "pieces": pieces,
        "appeals": len(made),
        "valid": len(valid),
        "undecided": sum(row["valid"] is None for row in made),
        "appeals_per_million": per * len(made) / pieces if pieces else None,
        "valid_per_million": per * len(valid) / pieces if pieces else None,
        "causes": dict(sorted(Counter(row["cause"] for row in valid).items())),
        "legs": dict(sorted(Counter(row["leg"] for row in valid).items())),
    }
