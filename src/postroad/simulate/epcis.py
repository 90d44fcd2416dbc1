"""A sample of a run as an EPCIS 2.0 document with the postal event codes (EMSEVT) beside each step.

Codes are those of the UPU's EMSEVT standard: EMA posting, EMB arrival at and EMC departure from an office on the way
out, EMD arrival at an office on the way in, EMG arrival at the delivery office, EMH attempted, EMI delivered.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.simulate.day.arrays import VISITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
ZONE = "+08:00"
DELIVERED = ("at_door", "at_station", "in_locker", "outside", "sent_back", "at_office")


def document(parcels: pl.LazyFrame, first_day: dt.date, sample: int) -> dict[str, Any]:
    """Return an EPCIS document of the first ``sample`` parcels of a run, events in order of parcel and time."""
    rows = parcels.head(sample).collect().iter_rows(named=True)
    events = [event for row in rows for event in _events(row, first_day)]
    return {
        "@context": [CONTEXT, {"emsevt": "https://www.upu.int/emsevt/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": dt.datetime.combine(first_day, dt.time()).isoformat() + ZONE,
        "epcisBody": {"eventList": events},
    }


def _events(row: dict[str, Any], first_day: dt.date) -> Iterator[dict[str, Any]]:
    """Accepted, collected, in and out of every facility on the way, out for delivery, handed over."""
    epc = f"urn:postroad:parcel:{row['day']}:{row['parcel']}"
    origin = str(row["origin_id"])

    def event(second: int, step: str, disposition: str, place: str, code: str) -> dict[str, Any]:
        at = dt.datetime.combine(first_day, dt.time()) + dt.timedelta(seconds=int(second))
        return {
            "type": "ObjectEvent",
            "action": "ADD" if step == "commissioning" else "OBSERVE",
            "eventTime": at.isoformat() + ZONE,
            "eventTimeZoneOffset": ZONE,
            "epcList": [epc],
            "bizStep": step,
            "disposition": disposition,
            "readPoint": {"id": f"urn:postroad:place:{place}"},
            "emsevt:code": code,
        }

    yield event(row["accepted_s"], "commissioning", "active", origin, "EMA")
    if row["collected_s"] is not None:
        yield event(row["collected_s"], "picking", "in_progress", origin, "EMA")
    seen = min(VISITS, row["stops"])
    for k in range(1, seen + 1):
        place, arrives, leaves = (row[f"stop{k}_{part}"] for part in ("place_id", "arrive_s", "depart_s"))
        last = k == seen
        if place is not None and arrives is not None:
            code = "EMG" if last else "EMB" if k == 1 else "EMD"
            yield event(arrives, "arriving", "in_progress", str(place), code)
        if place is not None and leaves is not None:
            yield event(leaves, "departing", "in_transit", str(place), "EMC" if not last else "EMG")
    if row["delivered_s"] is not None:
        kept = str(row["status"]) in DELIVERED
        step, state, code = ("accepting", "completeness_verified", "EMI") if kept else ("shipping", "in_transit", "EMC")
        yield event(row["delivered_s"], step, state, str(row["at_place_id"] or row["destination_id"]), code)
    elif row["attempts"]:
        yield event(row["out_s"], "delivering", "in_progress", str(row["at_place_id"]), "EMH")
