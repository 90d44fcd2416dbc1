"""Exemptions for new forms of business: from a named rule, for a time, on conditions, and reviewed when it ends."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.records import act, view
from postroad.supervise.register import in_order, in_state, one_of
from postroad.supervise.regulation import days_after

if TYPE_CHECKING:
    from postroad.supervise.records import Desk

OUTCOMES = ("ended", "adopted", "extended")
"""What a review says: the rule holds again, the rule was changed for all, or a further exemption follows."""


@act("exemption.grant")
def grant(
    desk: Desk,
    id_: str,
    operator_id: str,
    from_rule: str,
    business: str,
    conditions: str,
    from_on: dt.date,
    to_on: dt.date,
) -> str:
    """Grant an exemption from a rule in force, no longer than the longest that is allowed; public at once.

    ``from_rule`` is the id of a rule; its version in force on the first day is what the exemption cites.
    """
    known = desk.rule(from_rule, from_on)
    longest = desk.rule("exemption", from_on)["longest_days"]
    in_order("to_on", to_on, from_on, days_after(from_on, longest))
    if not (business.strip() and conditions.strip()):
        raise DataError.of("cases.conditions_wanted", value=id_)
    return desk.append(
        "exemptions", id_, new=True, operator_id=operator_id, from_rule=known.cite, business=business,
        conditions=conditions, from_on=from_on, to_on=to_on, state="granted", published_on=desk.today,
        rule=desk.rule("exemption", from_on).cite,
    )  # fmt: skip


@act("exemption.review")
def review(desk: Desk, id_: str, on: dt.date, outcome: str) -> str:
    """Enter what became of an exemption, at its end or before: from that day on it holds no longer."""
    held = desk.fact("exemptions", id_)
    in_state("exemptions", held, "granted")
    in_order("on", on, held["from_on"], desk.today)
    return desk.append("exemptions", id_, state=one_of("outcome", outcome, OUTCOMES), reviewed_on=on,
                       to_on=min(on, held["to_on"]))  # fmt: skip


@view("exemption.in_force")
def in_force(desk: Desk, day: dt.date | None = None) -> list[dict[str, Any]]:
    """Return the exemptions in force on a day (today)."""
    day = day or desk.today
    return [row for row in desk.rows("exemptions", state="granted") if row["from_on"] <= day <= row["to_on"]]


@view("exemption.due")
def due(desk: Desk) -> list[dict[str, Any]]:
    """Return the exemptions that ran out and were not reviewed."""
    return [row for row in desk.rows("exemptions", state="granted") if row["to_on"] < desk.today]
