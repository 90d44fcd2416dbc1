"""Events of a ledger, page by page: its records and links as EPCIS events, filtered in SQL.

A page's token says as of when the first page was asked, so that what is captured meanwhile moves nothing.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from postroad.face.web import events
from postroad.face.web.refusal import Refused
from postroad.supervise.ledger import epcis
from postroad.supervise.ledger import epcis_links as links
from postroad.supervise.ledger.judging import LOCAL
from postroad.supervise.ledger.kinds import CLOCK, stored

if TYPE_CHECKING:
    import polars as pl

    from postroad.face.web.events import Query
    from postroad.supervise.ledger import Ledger

MEMORY_MB = 500
STEPS = {"acceptances": "'accepting'", "deliveries": "'receiving'",
         "scans": "CASE event WHEN 'EMJ' THEN 'arriving' WHEN 'EMK' THEN 'departing' END"}  # fmt: skip
HIDDEN = ("sender", "id_ok")
"""What is worked out from people's documents is no part of an event."""
WAYBILL = "urn:postroad:waybill:"
MEMBERS = {
    "epcs": f"CASE WHEN kind = 'links' THEN things ELSE ['{WAYBILL}' || waybill] END",
    "readPoints": f"['{links.FACILITY}' || place]", "bizLocations": f"['{links.FACILITY}' || location]",
    "bizSteps": "[step]", "dispositions": "[disposition]",
}  # fmt: skip
"""The standard's collections of values, and what each lists of the events one may see."""
CODE = "regexp_extract(rtrim({}, '/'), '[^/:]*$')"
SHARED = (
    "kind, type, action, waybill, operator_id, place, location, step, disposition, happened, known_at, things, body"
)
_PAPER = "struct_pack(id := transaction_id, type := transaction_type)"
REMARKS = f"""
    SELECT operator_id, {CODE.format("child_id")} AS waybill, facility_id AS place, linked_at AS happened,
           any_value(step) AS step, any_value(change) AS action, any_value(location) AS location,
           any_value(disposition) AS disposition, list({_PAPER} ORDER BY transaction_id) AS papers
    FROM links WHERE event = 'remark' GROUP BY ALL
"""  # noqa: S608 - ours
_WHOLE = ("event_id", "operator_id", "origin", "event", "change", "parent_id", "linked_at", "facility_id", "location",
          "step", "disposition", "from_id", "to_id")  # fmt: skip
_BODY = ", ".join(f"{name} := {name}" for name in (*_WHOLE, "children", "papers"))
_TYPES = " ".join(f"WHEN '{kind}' THEN '{name}'" for kind, name in links.FORMS.items())
LINKS = f"""
    SELECT 'links' AS kind, CASE event {_TYPES} END AS type, change AS action, event_id AS waybill, operator_id,
           facility_id AS place, location, step, disposition, linked_at AS happened, known_at, commit_seq, event_id,
           list_filter(children, lambda c: c <> '-') AS things, papers,
           list_transform(children, lambda c: {CODE.format("c")}) || children AS children,
           CASE WHEN parent_id = '-' THEN [] ELSE [parent_id, {CODE.format("parent_id")}] END AS parents,
           to_json(struct_pack({_BODY}))::VARCHAR AS body
    FROM (SELECT {", ".join(_WHOLE)}, max(known_at) AS known_at, max(commit_seq) AS commit_seq,
                 list(DISTINCT child_id ORDER BY child_id) AS children,
                 list(DISTINCT {_PAPER} ORDER BY {_PAPER}) AS papers
          FROM links WHERE event <> 'remark' GROUP BY {", ".join(_WHOLE)})
"""  # noqa: S608 - ours


def _records(kind: str) -> str:
    """The query for the events of a kind of record, with what they said besides."""
    body = ", ".join(f'"{name}" := "{name}"' for name in stored(kind) if name not in HIDDEN)
    # A scan that an event of a bag stands for is told by that event.
    own = f"WHERE record_id IS NULL OR NOT contains(record_id, '#{links.MARK}')" if kind == "scans" else ""
    return f"""
        SELECT '{kind}' AS kind, 'ObjectEvent' AS type, coalesce(said.action, 'OBSERVE') AS action, waybill,
               operator_id, place, said.location AS location, step, said.disposition AS disposition, happened, known_at,
               commit_seq, split_part(record_id, '#', 1) AS event_id, NULL::VARCHAR[] AS things, said.papers AS papers,
               to_json(struct_pack({body}, "said|" := struct_pack(action := said.action, location := said.location,
                                   disposition := said.disposition, papers := said.papers)))::VARCHAR AS body
        FROM (SELECT *, {epcis.PLACE[kind]} AS place, {CLOCK[kind]} AS happened, {STEPS[kind]} AS step
              FROM {kind} {own})
        LEFT JOIN remarks AS said USING (operator_id, waybill, place, happened, step)
    """  # noqa: S608 - the names of columns and kinds come from our own schema


def _union(made: Query) -> str:
    """The query for all events that fit, each by the conditions of what it is made from."""
    parts = [(_records(kind), made.records) for kind in epcis.PLACE] + [(LINKS, made.links)]
    return " UNION ALL ".join(
        f"SELECT {SHARED} FROM ({told}) WHERE {' AND '.join(where) or 'true'}"  # noqa: S608 - read from the address
        for told, where in parts
    )


def ask(ledger: Ledger, made: Query) -> tuple[list[dict[str, Any]], str | None]:
    """Return the events of a page and the token of the next one."""
    turn = "DESC" if made.descending else "ASC"
    size = made.size if made.most is None else max(0, min(made.size, made.most - made.offset))
    with ledger.query(as_of=made.as_of, memory_mb=MEMORY_MB, dated=True) as link:
        link.run(f"CREATE TEMP TABLE remarks AS {REMARKS}")
        told = f"FROM ({_union(made)})"
        if made.refuse_over is not None:
            found = link.frame(f"SELECT count(*) AS n {told}", **made.values)["n"][0]
            if found > made.refuse_over:
                raise Refused(413, "console.too_many_events", count=found, most=made.refuse_over)
        order = f"ORDER BY {made.order} {turn}, kind, waybill, place, body LIMIT {size + 1} OFFSET {made.offset}"
        rows = link.frame(f"SELECT kind, known_at, body {told} {order}", **made.values)
    end = made.offset + size
    over = rows.height > size and (made.most is None or end < made.most)
    return _events(rows.head(size)), events.token(made.as_of, end) if over else None


def members(ledger: Ledger, made: Query, collection: str) -> tuple[list[str], str | None]:
    """Return a page of the values that the events one may see hold, each once and in order, and the next token."""
    with ledger.query(as_of=made.as_of, memory_mb=MEMORY_MB, dated=True) as link:
        link.run(f"CREATE TEMP TABLE remarks AS {REMARKS}")
        # The expression is one of our own, the conditions are those that were read.
        told = f"FROM (SELECT unnest({MEMBERS[collection]}) AS member FROM ({_union(made)})) WHERE member IS NOT NULL"  # noqa: S608
        page = f"ORDER BY member LIMIT {made.size + 1} OFFSET {made.offset}"
        held = link.frame(f"SELECT DISTINCT member {told} {page}", **made.values)["member"].to_list()
    end = made.offset + made.size
    return held[: made.size], events.token(made.as_of, end) if len(held) > made.size else None


def _events(rows: pl.DataFrame) -> list[dict[str, Any]]:
    made = []
    for kind, known_at, body in rows.iter_rows():
        held = {name: value for name, value in json.loads(body).items() if value is not None}
        event = links.event(held) if kind == "links" else _of_record(kind, held)
        made.append({**event, "recordTime": f"{known_at:%Y-%m-%dT%H:%M:%S}+08:00"})
    return made


def _of_record(kind: str, held: dict[str, Any]) -> dict[str, Any]:
    """A record as an event, with what was said besides."""
    said = held.pop("said|")
    event = epcis.event(kind, held)
    event["action"] = said["action"] or "OBSERVE"
    if said["disposition"]:
        event["disposition"] = said["disposition"]
    if said["location"]:
        event["bizLocation"] = {"id": links.FACILITY + said["location"]}
    if told := links.papers(said["papers"] or []):
        event["bizTransactionList"] = told
    return event


def answer(found: list[dict[str, Any]], name: str = "SimpleEventQuery", subscription: str = "") -> dict[str, Any]:
    """Return events as the standard's query document."""
    created = dt.datetime.now(ZoneInfo(LOCAL)).isoformat(timespec="seconds")
    results: dict[str, Any] = {"queryName": name, "resultsBody": {"eventList": found}}
    if subscription:
        results["subscriptionID"] = subscription
    return {"@context": epcis.CONTEXT, "type": "EPCISQueryDocument", "schemaVersion": "2.0", "creationDate": created,
            "epcisBody": {"queryResults": results}}  # fmt: skip
