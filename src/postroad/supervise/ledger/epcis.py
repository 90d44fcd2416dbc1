"""EPCIS 2.0 documents (JSON-LD) into records and back: object events become acceptances, scans and deliveries.

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
from postroad.supervise.ledger.kinds import CLOCK, kinds
from postroad.supervise.ledger.reading import Chunk, Piece, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postroad.tables import Table

OWN = "postroad:"
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"postroad": "urn:postroad:"}]
STEPS = {"accepting": "acceptances", "arriving": "scans", "departing": "scans", "receiving": "deliveries"}
"""What a CBV business step means here when the event does not name its kind itself."""
CODES = {"arriving": "EMJ", "departing": "EMK"}
PLACE = {"acceptances": "outlet_id", "scans": "facility_id", "deliveries": "outlet_id"}
MOST_FAULTS = 20


@cache
def _schema() -> dict[str, Any]:
    text = files("postroad.supervise.ledger").joinpath("epcis.json").read_text("utf-8")
    return dict(json.loads(text))


@cache
def _checkers() -> tuple[Any, Any]:
    whole = _schema()
    event = {"$schema": whole["$schema"], "$defs": whole["$defs"], "$ref": "#/$defs/event"}
    return jsonschema.Draft202012Validator(whole), jsonschema.Draft202012Validator(event)


def pieces(file: Path) -> Iterator[tuple[Table, Piece]]:
    """Yield the records of a document by kind; ``DataError`` lists what is wrong with the document itself.

    A line is one parcel of one event, counted over the document; an event that cannot be taken is one line.
    """
    events = _events(file)
    rows: dict[str, list[dict[str, str | None]]] = {name: [] for name in CLOCK}
    numbers: dict[str, list[int]] = {name: [] for name in CLOCK}
    torn: list[tuple[int, str]] = []
    line = 0
    for event in events:
        told = _records(event)
        if isinstance(told, str):
            line += 1
            torn.append((line, told))
            continue
        for kind, record in told:
            line += 1
            rows[kind].append(record)
            numbers[kind].append(line)
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
    whole, _ = _checkers()
    faults = [
        Fault.of("ledger.epcis_document", path=file.name, where=broken.json_path, detail=broken.message[:200])
        for _, broken in zip(range(MOST_FAULTS), whole.iter_errors(document), strict=False)
    ]
    if faults:
        raise DataError(faults)
    return list(document["epcisBody"]["eventList"])


def _records(event: dict[str, Any]) -> list[tuple[str, dict[str, str | None]]] | str:
    """The records an event stands for, or why it stands for none."""
    _, checker = _checkers()
    if not checker.is_valid(event):
        return "epcis_event"
    parcels = [code(epc) for epc in event.get("epcList", []) or event.get("childEPCs", [])]
    step = code(str(event.get("bizStep", "")))
    kind = str(event.get(OWN + "kind") or STEPS.get(step, ""))
    if kind not in CLOCK or not parcels or event.get("action") == "DELETE":
        return "epcis_no_record"
    own = {name.removeprefix(OWN): as_text(value) for name, value in event.items() if name.startswith(OWN)}
    record: dict[str, str | None] = {**own, CLOCK[kind]: event["eventTime"], "record_id": event.get("eventID")}
    where = event.get("readPoint") or event.get("bizLocation") or {}
    record.setdefault(PLACE[kind], code(where["id"]) if where else None)
    if kind == "scans":
        record.setdefault("event", CODES.get(step))
        record.setdefault("other_id", _other(event, step))
    record["action"] = "withdraw" if "errorDeclaration" in event else "report"
    if len(parcels) > 1 and record["record_id"]:
        # One event of many parcels is one record for each of them, under a number of its own.
        return [(kind, {**record, "waybill": p, "record_id": f"{record['record_id']}#{p}"}) for p in parcels]
    return [(kind, {**record, "waybill": p}) for p in parcels]


def _other(event: dict[str, Any], step: str) -> str | None:
    """Where a departure goes or an arrival comes from."""
    ends = event.get("sourceList" if step == "arriving" else "destinationList") or []
    for end in ends:
        value = end.get("source") or end.get("destination")
        if isinstance(value, str):
            return code(value)
    return None


def code(identifier: str) -> str:
    """The last part of a web address or URN: the code itself."""
    return identifier.rstrip("/").replace("/", ":").split(":")[-1]


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
    step = {"acceptances": "accepting", "deliveries": "receiving"}.get(kind, "")
    made = {
        "type": "ObjectEvent", "action": "OBSERVE", "epcList": [f"urn:postroad:waybill:{row['waybill']}"],
        "eventTime": str(row[clock]).replace(" ", "T") + "+08:00", "eventTimeZoneOffset": "+08:00",
        "readPoint": {"id": f"urn:postroad:facility:{row[place]}"}, OWN + "kind": kind,
    }  # fmt: skip
    if step:
        made["bizStep"] = step
    if "record_id" in row:
        made["eventID"] = row["record_id"]
    if withdraw:
        made["errorDeclaration"] = {"declarationTime": created, "reason": "incorrect_data"}
    apart = {"waybill", clock, place, "record_id", "action", "source"}
    made |= {OWN + name: value for name, value in row.items() if name not in apart}
    return made
