"""The register: licences, outlets, inspectors and volumes, with the days the law sets for each."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError, PostroadError
from postroad.language import Said, Text, catalogue
from postroad.supervise.records import act, view
from postroad.supervise.records.desk import CHINA, officers
from postroad.supervise.regulation import days_after, years_after

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
    """Refuse a day before the one it must follow, or after the last it can be (today)."""
    if day is not None and day < after:
        raise DataError.of("cases.days_disordered", column=column, value=day.isoformat(), after=after.isoformat())
    if day is not None and not_after is not None and day > not_after:
        raise DataError.of("cases.too_late", column=column, value=day.isoformat(), last=not_after.isoformat())


def in_time(column: str, at: dt.datetime | None, after: dt.datetime, not_after: dt.datetime) -> None:
    """Refuse a time before the one it must follow, or after now; told in China's time."""
    if at is not None and at < after:
        raise DataError.of("cases.days_disordered", column=column, value=_local(at), after=_local(after))
    if at is not None and at > not_after:
        raise DataError.of("cases.too_late", column=column, value=_local(at), last=_local(not_after))


def _local(at: dt.datetime) -> str:
    return at.astimezone(CHINA).isoformat(timespec="minutes")


def of_time(text: str, forms: str = "year month") -> str:
    """Return a period written as a year (2025), a month (2025-11) or a quarter (2025-Q3), as far as it may be one."""
    known = {"year": r"\d{4}", "month": r"\d{4}-(0[1-9]|1[0-2])", "quarter": r"\d{4}-Q[1-4]"}
    if not any(re.fullmatch(known[form], text) for form in forms.split()):
        shown = {"year": "2025", "month": "2025-11", "quarter": "2025-Q3"}
        raise DataError.of("cases.bad_period", value=text, known=", ".join(shown[form] for form in forms.split()))
    return text


@act("licence.apply")
def apply(desk: Desk, id_: str, operator_id: str, reach: str, applied_on: dt.date, capital_wan: float) -> str:
    """Enter an application: refused without the capital the law asks for, or too soon after a withdrawal."""
    rule = desk.rule("licence_decision", applied_on)
    one_of("reach", reach, REACHES)
    if capital_wan < rule[reach]:
        raise DataError.of("cases.capital_short", value=capital_wan, least=rule[reach])
    years = desk.rule("licence_withdrawn", applied_on)["years"]
    for old in desk.facts("licences", operator_id=operator_id, state="withdrawn"):
        if applied_on < years_after(old["decided_on"], years):
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
    if granted:
        in_order("expires_on", expires_on, days_after(decided_on, 1))
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
    in_order("on", on, held["decided_on"], desk.today)
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
    in_order("opened_on", opened_on, dt.date.min, desk.today)
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
    if held["filed_on"] is not None:
        raise DataError.of("cases.done_before", table="outlets", value=id_, on=held["filed_on"].isoformat())
    in_order("filed_on", filed_on, held["opened_on"], desk.today)
    return desk.append("outlets", id_, filed_on=filed_on)


@act("outlet.close")
def close_outlet(desk: Desk, id_: str, closed_on: dt.date) -> str:
    """Enter that an outlet closed."""
    held = desk.fact("outlets", id_)
    in_state("outlets", held, "open")
    in_order("closed_on", closed_on, held["opened_on"], desk.today)
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
    """Enter the pieces an operator accepted in a month or a year; again to correct them."""
    covered = of_time(period)
    id_ = f"{covered}:{operator_id}"
    known = bool(desk.facts("volumes", id=id_))
    return desk.append("volumes", id_, new=not known, operator_id=operator_id, period=covered, pieces=pieces)


@view("register.late")
def late(desk: Desk) -> list[dict[str, Any]]:
    """Return what the register waits for: outlets not filed, applications not decided, licences that ran out."""
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
        found += [
            {"what": "licence_expired", "id": row["id"], "due": row["expires_on"], "operator_id": row["operator_id"]}
            for row in desk.rows("licences", state="granted")
            if row["expires_on"] is not None and row["expires_on"] < desk.today
        ]
    return sorted(found, key=lambda row: (row["due"], row["id"]))


def in_state(table: str, row: dict[str, Any], *states: str) -> None:
    """Refuse a step that does not follow from the state a case is in."""
    if row["state"] not in states:
        raise wrong_state(table, row["id"], row["state"], *states)


def wrong_state(table: str, id_: str, state: str, *wanted: str) -> PostroadError:
    """Return the refusal of a step that does not follow from a state; states are said in words."""
    return DataError.of(
        "cases.wrong_state", table=table, value=id_, state=_in_words(state), wanted=_in_words(*wanted),
        what=_worded(f"console.table_{table}", table),
    )  # fmt: skip


def _in_words(*states: str) -> Said:
    told = [_worded(f"console.value_{state}", state) for state in states]
    return Said.both("、".join(one.say("zh") for one in told), ", ".join(one.say("en").lower() for one in told))


def _worded(key: str, code: str) -> Text:
    return Text.of(key) if key in catalogue() else Said.both(code, code)


def not_published(table: str, row: dict[str, Any]) -> None:
    """Refuse to publish again what is public already: the day it was published would be lost."""
    if row["published_on"] is not None:
        raise DataError.of("cases.done_before", table=table, value=row["id"], on=row["published_on"].isoformat())
