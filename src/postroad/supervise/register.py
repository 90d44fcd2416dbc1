"""The register: licences, outlets, inspectors and volumes, with the days the law sets for each."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.records import act, view
from postroad.supervise.records.desk import officers
from postroad.supervise.regulation import days_after

if TYPE_CHECKING:
    from postroad.supervise.records import Desk

REACHES = ("province", "cross_province", "international")
KINDS = ("outlet", "branch", "head", "hub", "post_office", "station", "locker")


def one_of(column: str, value: str, known: tuple[str, ...]) -> str:
    """Return a value that must be one of a few; ``DataError`` lists them."""
    if value not in known:
        raise DataError.of("cases.not_one_of", column=column, value=value, known=", ".join(known))
    return value


def in_order(column: str, day: dt.date | None, after: dt.date, not_after: dt.date | None = None) -> None:
    """Refuse a day before the one it must follow, or in the future."""
    if day is not None and (day < after or (not_after is not None and day > not_after)):
        raise DataError.of("cases.days_disordered", column=column, value=day.isoformat(), after=after.isoformat())


@act("licence.apply")
def apply(desk: Desk, id_: str, operator_id: str, reach: str, applied_on: dt.date, capital_wan: float) -> str:
    """Enter an application: refused without the capital the law asks for, or too soon after a withdrawal."""
    rule = desk.rule("licence_decision", applied_on)
    one_of("reach", reach, REACHES)
    if capital_wan < rule[reach]:
        raise DataError.of("cases.capital_short", value=capital_wan, least=rule[reach])
    years = desk.rule("licence_withdrawn", applied_on)["years"]
    for old in desk.facts("licences", operator_id=operator_id, state="withdrawn"):
        if applied_on < days_after(old["decided_on"], round(365.25 * years)):
            raise DataError.of("cases.too_soon", value=operator_id, years=years, since=old["decided_on"].isoformat())
    return desk.append(
        "licences", id_, new=True, operator_id=operator_id, reach=reach, state="applied", applied_on=applied_on,
        decide_by=days_after(applied_on, rule["days"]), capital_wan=capital_wan, rule=rule.cite,
    )  # fmt: skip


@act("licence.decide")
def decide(desk: Desk, id_: str, granted: bool, decided_on: dt.date, expires_on: dt.date | None = None) -> str:
    """Decide an application; a granted licence is public at once."""
    held = desk.fact("licences", id_)
    in_state("licences", held, "applied")
    in_order("decided_on", decided_on, held["applied_on"], desk.today)
    state = "granted" if granted else "refused"
    shown = desk.today if granted else None
    return desk.append(
        "licences", id_, state=state, decided_on=decided_on, expires_on=expires_on, published_on=shown
    )  # fmt: skip


@act("licence.end")
def end(desk: Desk, id_: str, state: str, on: dt.date) -> str:
    """Suspend, withdraw or take back a licence."""
    held = desk.fact("licences", id_)
    in_state("licences", held, "granted", "suspended")
    return desk.append(
        "licences", id_, state=one_of("state", state, ("suspended", "withdrawn", "returned")), decided_on=on
    )  # fmt: skip


@act("outlet.open")
def open_outlet(
    desk: Desk,
    id_: str,
    operator_id: str,
    prefecture_id: str,
    kind: str,
    opened_on: dt.date,
    name: str = "",
    branch_id: str = "",
    lon: float | None = None,
    lat: float | None = None,
    cells: int | None = None,
) -> str:
    """Enter an outlet with the day by which it must be filed."""
    rule = desk.rule("outlet_filing", opened_on)
    return desk.append(
        "outlets", id_, new=True, operator_id=operator_id, prefecture_id=prefecture_id, name=name,
        kind=one_of("kind", kind, KINDS), branch_id=branch_id, state="open", opened_on=opened_on,
        file_by=days_after(opened_on, rule["days"]), lon=lon, lat=lat, cells=cells, rule=rule.cite,
        published_on=desk.today,
    )  # fmt: skip


@act("outlet.file")
def file_outlet(desk: Desk, id_: str, filed_on: dt.date) -> str:
    """Enter that an outlet was filed."""
    held = desk.fact("outlets", id_)
    in_order("filed_on", filed_on, held["opened_on"], desk.today)
    return desk.append("outlets", id_, filed_on=filed_on)


@act("outlet.close")
def close_outlet(desk: Desk, id_: str, closed_on: dt.date) -> str:
    """Enter that an outlet closed."""
    held = desk.fact("outlets", id_)
    in_state("outlets", held, "open")
    in_order("closed_on", closed_on, held["opened_on"])
    return desk.append("outlets", id_, state="closed", closed_on=closed_on)


@act("inspector.enrol")
def enrol(
    desk: Desk,
    id_: str,
    prefecture_id: str,
    skills: list[str],
    hours_a_month: float,
    credential_until: dt.date,
    lon: float | None = None,
    lat: float | None = None,
) -> str:
    """Enter an inspector by code, with skills, hours and the day the credential ends; again to change them."""
    known = bool(desk.facts("inspectors", id=id_))
    return desk.append(
        "inspectors", id_, new=not known, prefecture_id=prefecture_id, officers=officers(id_), state="active",
        skills=";".join(sorted(skills)), hours_a_month=hours_a_month, credential_until=credential_until, lon=lon,
        lat=lat,
    )  # fmt: skip


@act("volume.report")
def volume(desk: Desk, period: str, operator_id: str, pieces: int) -> str:
    """Enter the pieces an operator accepted in a period; again to correct them."""
    id_ = f"{period}:{operator_id}"
    known = bool(desk.facts("volumes", id=id_))
    return desk.append("volumes", id_, new=not known, operator_id=operator_id, period=period, pieces=pieces)


@view("register.late")
def late(desk: Desk) -> list[dict[str, Any]]:
    """Return what the register waits for: outlets not filed in time, applications not decided in time."""
    found = [
        {"what": "outlet_unfiled", "id": row["id"], "due": row["file_by"], "operator_id": row["operator_id"]}
        for row in desk.rows("outlets")
        if row["filed_on"] is None and row["state"] == "open" and row["file_by"] < desk.today
    ]
    if desk.actor.role in ("province", "enterprise"):
        found += [
            {"what": "licence_undecided", "id": row["id"], "due": row["decide_by"], "operator_id": row["operator_id"]}
            for row in desk.rows("licences", state="applied")
            if row["decide_by"] < desk.today
        ]
    return sorted(found, key=lambda row: (row["due"], row["id"]))


def in_state(table: str, row: dict[str, Any], *states: str) -> None:
    """Refuse a step that does not follow from the state a case is in."""
    if row["state"] not in states:
        raise DataError.of(
            "cases.wrong_state", table=table, value=row["id"], state=row["state"], wanted=", ".join(states)
        )
