"""EPCIS 2.0 documents (JSON-LD) into records and back: events become acceptances, scans, deliveries and links.

A document is checked against ``epcis.json``, written from the facts of the standard: its envelope as a whole, then each
event, so that one bad event costs one event. A field the standard has no word for stands under the namespace
``postroad:``. An event that carries an error declaration withdraws the event of the same id.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import polars as pl

from postroad.errors import DataError, Fault
from postroad.supervise.ledger import epcis_links as links
from postroad.supervise.ledger.epcis_names import OWN, code, kept_id, shown_id, word
from postroad.supervise.ledger.kinds import CLOCK, kinds
from postroad.supervise.ledger.reading import Chunk, Piece, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postroad.tables import Table

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"postroad": "urn:postroad:"}]
STEPS = {"accepting": "acceptances", "arriving": "scans", "departing": "scans", "receiving": "deliveries"}
"""What a CBV business step means here when the event does not name its kind itself."""
CODES = {"arriving": "EMJ", "departing": "EMK"}
PLACE = {"acceptances": "outlet_id", "scans": "facility_id", "deliveries": "outlet_id"}
TYPES = ("ObjectEvent", *links.TYPES)
MOST_FAULTS = 20
KEPT = frozenset(
    {"@context", "type", "action", "eventID", "eventTime", "eventTimeZoneOffset", "recordTime", "errorDeclaration",
     "epcList", "childEPCs", "parentID", "bizStep", "disposition", "readPoint", "bizLocation", "bizTransactionList",
     "sourceList", "destinationList"}
)  # fmt: skip
"""Fields of the standard whose content the ledger holds."""


@cache
def _schema() -> dict[str, Any]:
    text = files("postroad.supervise.ledger").joinpath("epcis.json").read_text("utf-8")
    return dict(json.loads(text))


@cache
def _checker(name: str = "") -> Any:
    """What checks a document, or an event of a type."""
    whole = _schema()
    if name:
        whole = {"$schema": whole["$schema"], "$defs": whole["$defs"], "$ref": f"#/$defs/{name}"}
    return jsonschema.Draft202012Validator(whole)


def pieces(file: Path, not_taken: list[str] | None = None) -> Iterator[tuple[Table, Piece]]:
    """Yield the records of a document by kind; ``DataError`` lists what is wrong with the document itself.

    A line is one record of one event, counted over the document; an event that cannot be taken is one line. Fields
    that the ledger does not hold are added to ``not_taken``.
    """
    events = _events(file)
    rows: dict[str, list[dict[str, str | None]]] = {name: [] for name in CLOCK}
    numbers: dict[str, list[int]] = {name: [] for name in CLOCK}
    torn: list[tuple[int, str]] = []
    strange: dict[str, None] = {}
    line = 0
    for event in events:
        told = _records(event)
        if isinstance(told, str):
            line += 1
            torn.append((line, told))
            continue
        strange |= dict.fromkeys(name for name in event if name not in KEPT and not name.startswith(OWN))
        for kind, record in told:
            line += 1
            rows[kind].append(record)
            numbers[kind].append(line)
    if not_taken is not None:
        not_taken += strange
    for name in CLOCK:
        table = kinds()[name]
        columns = [c for c in table.columns if c != "source"]
        frame = pl.DataFrame(
            {"line": pl.Series(numbers[name], dtype=pl.UInt32),
             **{c: pl.Series([row.get(c) for row in rows[name]], dtype=pl.String) for c in columns}}
        )  # fmt: skip
        chunk = Chunk(frame, torn)
        yield table, Piece(frame.height + len(torn), lambda chunk=chunk: chunk)  # type: ignore[misc]
        torn = []


def _events(file: Path) -> list[Any]:
    try:
        document = json.loads(file.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as wrong:
        raise DataError.of("ledger.cannot_read", path=str(file), detail=f"{wrong}"[:200]) from wrong
    faults = [
        Fault.of("ledger.epcis_document", path=file.name, where=broken.json_path, detail=broken.message[:200])
        for _, broken in zip(range(MOST_FAULTS), _checker().iter_errors(document), strict=False)
    ]
    if faults:
        raise DataError(faults)
    return list(document["epcisBody"]["eventList"])


def fits(event: dict[str, Any]) -> bool:
    """Return whether an event is of a type the ledger reads, and as the standard's schema has it."""
    return event.get("type") in TYPES and bool(_checker(event["type"]).is_valid(event))


def _records(event: dict[str, Any]) -> list[tuple[str, dict[str, str | None]]] | str:
    """The records an event stands for, or why it stands for none."""
    form = event.get("type")
    if form == "TransformationEvent":
        return "epcis_transformation"
    if not fits(event):
        return "epcis_event"
    if event.get("quantityList") or event.get("childQuantityList"):
        return "epcis_quantities"
    if not event.get("epcList") and form == "ObjectEvent":
        return "epcis_no_record"
    step, own = word(str(event.get("bizStep", ""))), event.get(OWN + "kind")
    kind = str(own or STEPS.get(step, ""))
    if own and own not in PLACE:
        return "epcis_no_record"
    moves = kind in PLACE and event["action"] != "DELETE"
    if form == "ObjectEvent" and moves:
        made = _of_parcels(event, kind, step, [code(epc) for epc in event["epcList"]], event.get("eventID"))
        return made + (links.rows(event, "remark") if links.says_more(event) else [])
    told = links.rows(event)
    if form == "AggregationEvent" and moves:
        # Pieces that move in a bag have been where the bag was; their scans bear the mark of the event they come from.
        parcels = [code(epc) for epc in event.get("childEPCs", []) if own or links.is_waybill(epc)]
        told += _of_parcels(event, kind, step, parcels, links.event_id(event), links.MARK)
    return told


def _of_parcels(
    event: dict[str, Any], kind: str, step: str, parcels: list[str], event_id: str | None, mark: str = ""
) -> list[tuple[str, dict[str, str | None]]]:
    """An acceptance, scan or delivery of each parcel."""
    own = {name.removeprefix(OWN): as_text(value) for name, value in event.items() if name.startswith(OWN)}
    record: dict[str, str | None] = {**own, CLOCK[kind]: event["eventTime"]}
    record["record_id"] = kept_id(event_id) if event_id else None
    where = event.get("readPoint") or event.get("bizLocation") or {}
    record.setdefault(PLACE[kind], code(where["id"]) if where else None)
    if kind == "scans":
        record.setdefault("event", CODES.get(step))
        record.setdefault("other_id", links.end(event, "source" if step == "arriving" else "destination"))
    record["action"] = "withdraw" if "errorDeclaration" in event else "report"
    if (mark or len(parcels) > 1) and record["record_id"]:
        # One event of many parcels is one record for each of them, under a number of its own.
        return [(kind, {**record, "waybill": p, "record_id": f"{record['record_id']}#{mark}{p}"}) for p in parcels]
    return [(kind, {**record, "waybill": p}) for p in parcels]


def document(frames: dict[str, pl.DataFrame], created: str, withdraw: bool = False) -> dict[str, Any]:
    """Return records of text cells as an EPCIS document, one event each; ``withdraw`` declares each an error."""
    events = []
    for kind, frame in frames.items():
        for row in frame.iter_rows(named=True):
            events.append(event(kind, {k: v for k, v in row.items() if v is not None}, created, withdraw))
    return {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": created,
            "epcisBody": {"eventList": events}}  # fmt: skip


def event(kind: str, row: dict[str, Any], created: str = "", withdraw: bool = False) -> dict[str, Any]:
    """Return a record as an event."""
    clock, place = CLOCK[kind], PLACE[kind]
    made = {
        "type": "ObjectEvent", "action": "OBSERVE", "epcList": [f"urn:postroad:waybill:{row['waybill']}"],
        **links.times(row[clock]), "readPoint": {"id": f"urn:postroad:facility:{row[place]}"}, OWN + "kind": kind,
    }  # fmt: skip
    steps = {"acceptances": "accepting", "deliveries": "receiving", "EMJ": "arriving", "EMK": "departing"}
    if step := steps.get(row.get("event", "") if kind == "scans" else kind):
        made["bizStep"] = step
    if "record_id" in row:
        made["eventID"] = shown_id(row["record_id"])
    if withdraw:
        made["errorDeclaration"] = {"declarationTime": created, "reason": "incorrect_data"}
    apart = {"waybill", clock, place, "record_id", "action", "source"}
    made |= {OWN + name: value for name, value in row.items() if name not in apart}
    return made
