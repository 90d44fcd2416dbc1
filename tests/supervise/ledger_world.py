"""Small files of records, written by hand, for the tests of the ledger."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

KNOWN = dt.datetime(2026, 3, 10, 6, 0, 0)


def resident(head: str) -> str:
    """The number with its check character, worked out the slow way."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return head + "10X98765432"[sum(int(d) * w for d, w in zip(head, weights, strict=True)) % 11]


def acceptance(waybill: str, **more: Any) -> dict[str, Any]:
    """One acceptance in order; ``more`` changes cells."""
    return {
        "waybill": waybill, "operator_id": "YTO", "outlet_id": "O1", "accepted_at": "2026-03-09 10:00:00",
        "id_kind": "resident_id", "id_number": resident("99900019900101001"), "opened": "true",
        "opened_at": "2026-03-09 10:01:00", "machine_id": "M1", "xray_at": "2026-03-09 12:00:00", "e_waybill": "true",
        "packaging": "carton", "repacked": "false", "tape_mm": "45", "bag": "reusable", "label_private": "true",
        "product_id": "INTER", "origin": "synthetic", **more,
    }  # fmt: skip


def scan(waybill: str, event: str, at: str, facility: str = "H1", **more: Any) -> dict[str, Any]:
    """One scan in order."""
    return {"waybill": waybill, "operator_id": "YTO", "facility_id": facility, "event": event, "event_at": at,
            "other_id": "", "origin": "synthetic", **more}  # fmt: skip


def delivery(waybill: str, **more: Any) -> dict[str, Any]:
    """One delivery in order."""
    return {"waybill": waybill, "operator_id": "YTO", "outlet_id": "O2", "delivered_at": "2026-03-09 19:00:00",
            "manner": "hand", "consent": "true", "origin": "synthetic", **more}  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as CSV."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, names, lineterminator="\n", restval="")
        out.writeheader()
        out.writerows(rows)
    return path
