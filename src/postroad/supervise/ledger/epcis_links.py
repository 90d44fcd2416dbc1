"""Events that tie things together as rows of ``links`` and back: pieces in bags, bags in vehicles, pieces on papers.

One row is one thing of one event, so that a piece is found in whatever it lay in; all rows of an event bear its id.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from postroad.supervise.ledger.epcis_names import OWN, code, kept_id, shown_id, word
from postroad.supervise.ledger.reading import as_text

NONE = "-"
"""What stands where an event names no parent, child or paper."""
MARK = "@"
"""What precedes the waybill in the number of a scan that an event of a bag stands for."""
TYPES = {"AggregationEvent": "aggregation", "AssociationEvent": "association", "TransactionEvent": "transaction"}
FORMS = {**{kind: name for name, kind in TYPES.items()}, "object": "ObjectEvent"}
FACILITY = "urn:postroad:facility:"
APART = frozenset({"operator_id", "origin"})
"""What a link keeps of the fields under our own name."""

Row = tuple[str, dict[str, str | None]]


def is_waybill(identifier: str) -> bool:
    """Whether an identifier says that it names a parcel, not a bag or a vehicle."""
    return identifier.rstrip("/").replace("/", ":").split(":")[-2:-1] == ["waybill"]


def says_more(event: dict[str, Any]) -> bool:
    """Whether an event of a record says something that the record has no column for."""
    return event["action"] == "ADD" or any(event.get(k) for k in ("disposition", "bizLocation", "bizTransactionList"))


def event_id(event: dict[str, Any]) -> str:
    """An event's id as kept: its own, or one worked out from what it says."""
    if "eventID" in event:
        return kept_id(event["eventID"])
    told = {name: value for name, value in event.items() if name not in ("recordTime", "@context")}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return "urn:postroad:event:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def end(event: dict[str, Any], which: str) -> str | None:
    """Where a departure goes to (destination) or an arrival comes from (source)."""
    found = event.get(f"{which}List") or []
    return code(found[0][which]) if found else None


def rows(event: dict[str, Any], kind: str = "") -> list[Row]:
    """Return the rows of an event."""
    held: dict[str, str | None] = {name: as_text(event.get(OWN + name)) for name in APART}
    held |= {
        "event": kind or TYPES.get(event["type"], "object"), "event_id": event_id(event), "change": event["action"],
        "parent_id": event.get("parentID", NONE), "linked_at": event["eventTime"],
        "facility_id": _place(event, "readPoint"), "location": _place(event, "bizLocation"),
        "step": word(event["bizStep"]) if "bizStep" in event else None,
        "disposition": word(event["disposition"]) if "disposition" in event else None,
        "from_id": end(event, "source"), "to_id": end(event, "destination"),
        "action": "withdraw" if "errorDeclaration" in event else "report",
    }  # fmt: skip
    things = event.get("childEPCs") or event.get("epcList") or [NONE]
    papers = event.get("bizTransactionList") or [{}]
    return [
        ("links", {**held, "child_id": thing, "transaction_id": paper.get("bizTransaction", NONE),
                   "transaction_type": word(paper["type"]) if "type" in paper else None})
        for thing in things for paper in papers
    ]  # fmt: skip


def _place(event: dict[str, Any], name: str) -> str | None:
    return code(event[name]["id"]) if name in event else None


def times(moment: Any) -> dict[str, str]:
    """Return the fields that say when an event was, in the country's clock."""
    return {"eventTime": str(moment).replace(" ", "T") + "+08:00", "eventTimeZoneOffset": "+08:00"}


def papers(held: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return transactions as the standard writes them, those of no paper left out."""
    told = [one for one in held if one["id"] != NONE]
    return [{**({"type": one["type"]} if one["type"] else {}), "bizTransaction": one["id"]} for one in told]


def event(row: dict[str, Any]) -> dict[str, Any]:
    """Return the rows of an event, gathered into one, as the event."""
    form = FORMS[row["event"]]
    things = [child for child in row["children"] if child != NONE]
    made: dict[str, Any] = {
        "type": form, "action": row["change"], "eventID": shown_id(row["event_id"]), **times(row["linked_at"]),
        "childEPCs" if form in ("AggregationEvent", "AssociationEvent") else "epcList": things,
    }  # fmt: skip
    if row["parent_id"] != NONE:
        made["parentID"] = row["parent_id"]
    for name, field in (("step", "bizStep"), ("disposition", "disposition")):
        if row.get(name):
            made[field] = row[name]
    for name, field in (("facility_id", "readPoint"), ("location", "bizLocation")):
        if row.get(name):
            made[field] = {"id": FACILITY + row[name]}
    if told := papers(row["papers"]):
        made["bizTransactionList"] = told
    for name, field in (("from_id", "source"), ("to_id", "destination")):
        if row.get(name):
            made[f"{field}List"] = [{"type": "location", field: FACILITY + row[name]}]
    return made | {OWN + name: row[name] for name in sorted(APART) if row.get(name)}
