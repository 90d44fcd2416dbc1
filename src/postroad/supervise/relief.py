"""Relief goods from request to signature, and the green-channel permits their vehicles carry (P20, P29, P96).

A request has a class of priority and an hour by which it is wanted. It is assigned to a firm and a vehicle, leaves,
and is handed over against a signature, of which the digest is kept. A vehicle that names a permit cannot leave without
one that holds at that moment.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.evidence import checked
from postroad.supervise.records import act, view
from postroad.supervise.records.desk import CHINA
from postroad.supervise.register import in_state, in_time, one_of

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


@act("permit.issue")
def issue(
    desk: Desk, id_: str, operator_id: str, prefecture_id: str, vehicle: str, valid_from: dt.date, valid_to: dt.date
) -> str:
    """Issue a green-channel permit for a vehicle (a code, not a plate) over some days."""
    rule = desk.rule("green_channel", valid_from)
    if not dt.timedelta(0) <= valid_to - valid_from < dt.timedelta(days=rule["most_days"]):
        raise DataError.of("cases.permit_too_long", value=id_, days=rule["most_days"])
    return desk.append(
        "permits", id_, new=True, operator_id=operator_id, prefecture_id=prefecture_id, vehicle=vehicle,
        from_on=valid_from, to_on=valid_to, state="issued", rule=rule.cite,
    )  # fmt: skip


@act("permit.revoke")
def revoke(desk: Desk, id_: str, on: dt.date) -> str:
    """Take a permit back from a day on."""
    held = desk.fact("permits", id_)
    in_state("permits", held, "issued")
    return desk.append("permits", id_, state="revoked", revoked_on=on)


@act("relief.request")
def request(
    desk: Desk,
    id_: str,
    place_id: str,
    prefecture_id: str,
    goods: str,
    weight_kg: float,
    requested_at: dt.datetime,
    emergency_id: str = "",
) -> str:
    """Enter what a place asks for; its class of priority and the hour it is due come from the rule of the day."""
    rule = desk.rule("relief_priority", requested_at.astimezone(CHINA).date())
    kinds = rule["goods"]
    if not weight_kg > 0:
        raise DataError.of("cases.not_one_of", column="weight_kg", value=weight_kg, known="> 0")
    if requested_at > desk.now:
        raise DataError.of("cases.days_disordered", column="requested_at", value=str(requested_at), after=str(desk.now))
    priority = kinds[one_of("goods", goods, tuple(kinds))]
    return desk.append(
        "relief", id_, new=True, place_id=place_id, prefecture_id=prefecture_id, goods=goods, weight_kg=weight_kg,
        priority=priority, requested_at=requested_at, emergency_id=emergency_id or None, state="requested",
        due_by=requested_at + dt.timedelta(hours=rule["hours"][priority - 1]), rule=rule.cite,
    )  # fmt: skip


@act("relief.assign")
def assign(desk: Desk, id_: str, operator_id: str, vehicle: str, permit_id: str = "") -> str:
    """Give a request to a firm and a vehicle, with the permit it will show; again as long as it has not left."""
    held = desk.fact("relief", id_)
    in_state("relief", held, "requested", "assigned")
    if permit_id:
        permit = desk.fact("permits", permit_id)
        if (permit["operator_id"], permit["vehicle"]) != (operator_id, vehicle):
            raise DataError.of("cases.permit_of_another", value=permit_id, vehicle=vehicle)
    return desk.append(
        "relief", id_, operator_id=operator_id, vehicle=vehicle, permit_id=permit_id or None, state="assigned"
    )


@act("relief.depart")
def depart(desk: Desk, id_: str, at: dt.datetime) -> str:
    """Enter that the vehicle left; refused when the permit it names does not hold at that moment."""
    held = desk.fact("relief", id_)
    in_state("relief", held, "assigned")
    in_time("at", at, held["requested_at"], desk.now)
    if held["permit_id"]:
        permit = desk.fact("permits", held["permit_id"])
        if not holds(permit, at.astimezone(CHINA).date()):
            raise DataError.of("cases.permit_not_valid", value=held["permit_id"], at=str(at))
    return desk.append("relief", id_, left_at=at, state="under_way")


@act("relief.hand")
def hand(desk: Desk, id_: str, at: dt.datetime, receipt_sha256: str) -> str:
    """Enter that the goods were handed over, with the digest of the signed receipt."""
    held = desk.fact("relief", id_)
    in_state("relief", held, "under_way")
    in_time("at", at, held["left_at"], desk.now)
    proof = checked("receipt_sha256", receipt_sha256)
    return desk.append("relief", id_, handed_at=at, receipt_sha256=proof, state="handed")


@act("relief.cancel")
def cancel(desk: Desk, id_: str) -> str:
    """Enter that a request is no longer needed; what is under way must be handed over."""
    in_state("relief", desk.fact("relief", id_), "requested", "assigned")
    return desk.append("relief", id_, state="cancelled")


@view("relief.queue")
def queue(desk: Desk) -> list[dict[str, Any]]:
    """Return what is not handed over yet, most urgent class first, with the hours left; below zero it is late."""
    keep = ("id", "place_id", "prefecture_id", "goods", "weight_kg", "priority", "operator_id", "vehicle", "state",
            "due_by")  # fmt: skip
    return [
        {**{k: row[k] for k in keep}, "hours_left": round((row["due_by"] - desk.now).total_seconds() / 3600, 1)}
        for row in sorted(desk.rows("relief"), key=lambda row: (row["priority"], row["due_by"], row["id"]))
        if row["state"] in ("requested", "assigned", "under_way")
    ]


@view("relief.by_hour")
def by_hour(desk: Desk, emergency_id: str = "") -> list[dict[str, Any]]:
    """Return, for each hour since a request, the share of all asked kilograms handed over within it, and in time.

    The share by hour is what a drill grades too, so that a plan's relief can be held against what happened.
    """
    rows = [row for row in desk.rows("relief") if row["state"] != "cancelled"]
    rows = [row for row in rows if not emergency_id or row["emergency_id"] == emergency_id]
    asked = sum(row["weight_kg"] for row in rows)
    done = [
        (
            (row["handed_at"] - row["requested_at"]).total_seconds() / 3600,
            row["weight_kg"],
            row["handed_at"] <= row["due_by"],
        )
        for row in rows
        if row["handed_at"]
    ]
    last = int(max((hours for hours, _, _ in done), default=-1)) + 1
    return [
        {
            "hour": hour,
            "handed_kg": round(sum(kg for hours, kg, _ in done if hours <= hour), 3),
            "handed_percent": round(100 * sum(kg for hours, kg, _ in done if hours <= hour) / asked, 2),
            "in_time_percent": round(100 * sum(kg for hours, kg, good in done if hours <= hour and good) / asked, 2),
        }
        for hour in range(1, last + 1)
    ]


@view("permit.unused")
def unused(desk: Desk) -> list[dict[str, Any]]:
    """Return permits that hold today and that no assigned relief names: vehicles that could carry more."""
    named = {row["permit_id"] for row in desk.rows("relief") if row["state"] in ("assigned", "under_way")}
    keep = ("id", "operator_id", "prefecture_id", "vehicle", "from_on", "to_on")
    return [
        {k: row[k] for k in keep} for row in desk.rows("permits") if holds(row, desk.today) and row["id"] not in named
    ]


def holds(permit: dict[str, Any], day: dt.date) -> bool:
    """Whether a permit holds on a day."""
    taken = permit["revoked_on"]
    return bool(permit["from_on"] <= day <= permit["to_on"] and (taken is None or day < taken))
