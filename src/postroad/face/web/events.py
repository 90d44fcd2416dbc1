"""EPCIS 2.0 queries on a ledger: the standard's filters as SQL, answered as events, page by page.

A page's token says as of when the first page was asked, so that what is captured meanwhile moves nothing.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from postroad.face.web.refusal import Refused
from postroad.supervise.ledger import epcis, now
from postroad.supervise.ledger.judging import LOCAL
from postroad.supervise.ledger.kinds import CLOCK, stored

if TYPE_CHECKING:
    import polars as pl

    from postroad.face.web.accounts import Person
    from postroad.supervise.ledger import Ledger

MOST_PAGE = 1000
STEPS = {"acceptances": "'accepting'", "deliveries": "'receiving'",
         "scans": "CASE event WHEN 'EMJ' THEN 'arriving' WHEN 'EMK' THEN 'departing' END"}  # fmt: skip
HIDDEN = ("sender", "id_ok")
"""What is worked out from people's documents is no part of an event."""
LISTS = {
    "EQ_bizStep": "step", "EQ_readPoint": "place", "EQ_eventID": "split_part(record_id, '#', 1)",
    "MATCH_epc": "waybill",
    "MATCH_anyEPC": "waybill", "EQ_postroad:operator_id": "operator_id", "EQ_postroad:kind": "kind",
}  # fmt: skip
"""Filters that take several values with commas between them, and the column each asks."""
TIMES = {"GE_eventTime": "happened >=", "LT_eventTime": "happened <"}
ONLY = {"eventType": "ObjectEvent", "EQ_action": "OBSERVE"}
"""Filters whose every other value matches nothing here: all events are object events that observe."""
ABSENT = ("EQ_disposition", "EQ_bizLocation", "MATCH_parentID", "MATCH_inputEPC", "MATCH_outputEPC")
"""Filters on what no event of a ledger states: they match nothing."""
MEMBERS = {"epcs": "'urn:postroad:waybill:' || waybill", "readPoints": "'urn:postroad:facility:' || place",
           "bizSteps": "step", "dispositions": "NULL", "bizLocations": "NULL"}  # fmt: skip
"""The standard's collections of values, and what each lists of the events one may see."""
PAGING = ("perPage", "nextPageToken", "orderBy", "orderDirection", "eventCountLimit", "maxEventCount")
KNOWN = (*LISTS, *TIMES, *ONLY, *ABSENT, *PAGING)


@dataclass
class Query:
    """What was asked: conditions with their values, the order, and the page."""

    conditions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    descending: bool = True
    size: int = 30
    offset: int = 0
    as_of: dt.datetime = field(default_factory=now)
    most: int | None = None
    refuse_over: int | None = None


def read(asked: list[tuple[str, str]]) -> Query:
    """Return the query of an address; whatever is not understood is refused, as the standard asks."""
    made = Query()
    for name, value in asked:
        if name not in KNOWN:
            raise Refused(422, "console.epcis_parameter", asked=name[:60], known=", ".join(KNOWN))
        if name in LISTS:
            whole = name == "EQ_eventID"
            made.values[f"v{len(made.values)}"] = [one if whole else epcis.code(one) for one in value.split(",")]
            made.conditions.append(f"list_contains(${f'v{len(made.values) - 1}'}, {LISTS[name]})")
        elif name in TIMES:
            made.values[f"v{len(made.values)}"] = _moment(name, value)
            made.conditions.append(f"{TIMES[name]} $v{len(made.values) - 1}")
        elif name in ONLY:
            made.conditions += [] if ONLY[name] in value.split(",") else ["false"]
        elif name in ABSENT:
            made.conditions.append("false")
        else:
            _page(made, name, value)
    return made


def _page(made: Query, name: str, value: str) -> None:
    if name == "orderBy" and value != "eventTime":
        raise _bad(name, value, "eventTime")
    if name == "orderDirection":
        if value not in ("ASC", "DESC"):
            raise _bad(name, value, "ASC, DESC")
        made.descending = value == "DESC"
    elif name == "perPage":
        made.size = min(MOST_PAGE, _count(name, value))
    elif name == "eventCountLimit":
        made.most = _count(name, value)
    elif name == "maxEventCount":
        made.refuse_over = _count(name, value)
    elif name == "nextPageToken":
        try:
            told = json.loads(base64.urlsafe_b64decode(value.encode() + b"=="))
            made.as_of, made.offset = dt.datetime.fromisoformat(told[0]), int(told[1])
        except (ValueError, TypeError, LookupError, binascii.Error):
            raise _bad(name, value, "nextPageToken") from None
        if made.offset < 0 or made.as_of.tzinfo:
            raise _bad(name, value, "nextPageToken")


def _count(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:12]) <= 10_000_000:
        raise _bad(name, value, "1-10000000")
    return int(value)


def _moment(name: str, value: str) -> dt.datetime:
    try:
        told = dt.datetime.fromisoformat(value.replace(" ", "+"))  # a plus sign in an address may come as a blank
        return told.astimezone(ZoneInfo(LOCAL)).replace(tzinfo=None) if told.tzinfo else told
    except (ValueError, OverflowError):
        raise _bad(name, value, "2026-11-11T08:30:00+08:00") from None


def _bad(name: str, value: str, detail: str) -> Refused:
    return Refused(422, "console.bad_value", column=name, value=value[:80], detail=detail)


def confined(made: Query, who: Person) -> Query:
    """Return the query confined to what a person may see: an enterprise its records, a prefecture its outlets'."""
    if who.role in ("enterprise", "prefecture") and not who.scope:
        raise Refused(403, "console.no_scope", role=who.role)
    if who.role == "enterprise":
        made.conditions.append("operator_id = $scope")
        made.values["scope"] = who.scope
    elif who.role == "prefecture":
        made.conditions.append("place IN (SELECT outlet_id FROM outlets WHERE city_id = $scope)")
        made.values["scope"] = who.scope
    return made


def ask(ledger: Ledger, made: Query) -> tuple[list[dict[str, Any]], str | None]:
    """Return the events of a page and the token of the next one."""
    where = " AND ".join(made.conditions) or "true"
    turn = "DESC" if made.descending else "ASC"
    size = made.size if made.most is None else max(0, min(made.size, made.most - made.offset))
    with ledger.query(as_of=made.as_of, memory_mb=500) as link:
        told = f"FROM ({_union()}) WHERE {where}"
        if made.refuse_over is not None:
            found = link.frame(f"SELECT count(*) AS n {told}", **made.values)["n"][0]
            if found > made.refuse_over:
                raise Refused(413, "console.too_many_events", count=found, most=made.refuse_over)
        order = f"ORDER BY happened {turn}, kind, waybill, place, body LIMIT {size + 1} OFFSET {made.offset}"
        rows = link.frame(f"SELECT kind, body {told} {order}", **made.values)
    end = made.offset + size
    over = rows.height > size and (made.most is None or end < made.most)
    return _events(rows.head(size)), _token(made.as_of, end) if over else None


def members(ledger: Ledger, made: Query, collection: str) -> tuple[list[str], str | None]:
    """Return a page of the values that the events one may see hold, each once and in order, and the next token."""
    where = " AND ".join([*made.conditions, "member IS NOT NULL"])
    with ledger.query(as_of=made.as_of, memory_mb=500) as link:
        # The expression is one of our own, the conditions are those that were read.
        told = f"FROM (SELECT *, {MEMBERS[collection]} AS member FROM ({_union()})) WHERE {where}"  # noqa: S608
        page = f"ORDER BY member LIMIT {made.size + 1} OFFSET {made.offset}"
        held = link.frame(f"SELECT DISTINCT member {told} {page}", **made.values)["member"].to_list()
    end = made.offset + made.size
    return held[: made.size], _token(made.as_of, end) if len(held) > made.size else None


def _token(as_of: dt.datetime, offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([as_of.isoformat(), offset]).encode()).decode().rstrip("=")


def _union() -> str:
    parts = []
    for kind, clock in CLOCK.items():
        body = ", ".join(f'"{name}" := "{name}"' for name in stored(kind) if name not in HIDDEN)
        columns = f"{epcis.PLACE[kind]} AS place, {clock} AS happened, record_id, {STEPS[kind]} AS step"
        whole = f"to_json(struct_pack({body}))::VARCHAR AS body"
        # The names of columns and kinds come from our own schema.
        parts.append(f"SELECT '{kind}' AS kind, waybill, operator_id, {columns}, {whole} FROM {kind}")  # noqa: S608
    return " UNION ALL ".join(parts)


def _events(rows: pl.DataFrame) -> list[dict[str, Any]]:
    made = []
    for kind, body in rows.iter_rows():
        held = {name: value for name, value in json.loads(body).items() if value is not None}
        event = epcis.event(kind, held)
        if kind == "scans" and (step := {"EMJ": "arriving", "EMK": "departing"}.get(held.get("event", ""))):
            event["bizStep"] = step
        made.append(event)
    return made


def answer(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return events as the standard's query document."""
    created = dt.datetime.now(ZoneInfo(LOCAL)).isoformat(timespec="seconds")
    results = {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": events}}
    return {"@context": epcis.CONTEXT, "type": "EPCISQueryDocument", "schemaVersion": "2.0", "creationDate": created,
            "epcisBody": {"queryResults": results}}  # fmt: skip
