"""What the ledger says of the plan's indicators, as rows of the statistics table that the scorecard reads.

A rate is that of the records taken in, over the days they cover; records of a rehearsal make rows marked synthetic.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from postroad.supervise.ledger.asking import frame_of
from postroad.supervise.ledger.checks import Checked, check
from postroad.supervise.ledger.store import Ledger
from postroad.tables import conform, empty

if TYPE_CHECKING:
    from postroad.network import Network

INDICATORS: Mapping[str, str] = {
    "three_check_rate": "all_three", "e_waybill_rate": "e_waybill", "no_secondary_packaging_rate": "no_repack",
    "reusable_transit_bag_rate": "reusable_bag", "plastic_violation_rate": "plastic_ban",
}  # fmt: skip
"""Indicators of the scorecard and the check each comes from."""
BY_OUTLET = ("plastic_violation_rate",)
"""Indicators that count outlets in breach, not pieces."""
SCOPE = "ledger"
AHEAD = dt.timedelta(hours=8)


def statistics(ledger: Ledger, region_id: str, as_of: dt.datetime | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows of ``statistics`` and ``sources`` for what the ledger knows of a region at a time, a row a year."""
    rows = []
    head = ledger.head
    known = max((entry["known_at"] for entry in ledger.entries("file", as_of)), default="")
    # The scorecard's days are those of UTC, the ledger's clock is eight hours ahead.
    known_on = (dt.datetime.fromisoformat(known) - AHEAD).date() if known else None
    name = f"ledger-{head.root[:12]}"
    for year, first, last, days in _years(ledger, as_of):
        found = check(ledger, (first, last), as_of)
        for indicator, of in INDICATORS.items():
            share, count = _share(found, indicator, of)
            if share is None:
                continue
            note = f"{count:,} {'outlets' if indicator in BY_OUTLET else 'pieces'}, {days} days, {first}..{last}"
            rows.append({"region_id": region_id, "indicator": indicator, "period": year, "value": share, "unit": "%",
                         "known_on": known_on, "scope": SCOPE, "note": note,
                         "origin": _origin(ledger), "source": name})  # fmt: skip
    title = "Rehearsal ledger (synthetic records)" if ledger.origin == "synthetic" else "Ledger of operators' records"
    source = {"source_id": name, "title": title, "version": str(head.size), "digest": head.root,
              "origin": _origin(ledger),
              "source": name}  # fmt: skip
    made = conform(pl.DataFrame(rows), "statistics") if rows else empty("statistics")
    return made, conform(pl.DataFrame([source]), "sources")


def _origin(ledger: Ledger) -> str:
    return "synthetic" if ledger.origin == "synthetic" else "derived"


def _share(found: Checked, indicator: str, of: str) -> tuple[float | None, int]:
    """A rate in percent and how many pieces or outlets it is of; no rate where no piece was asked."""
    told = found.rates.filter(pl.col("check") == of)
    if indicator in BY_OUTLET:
        outlets = told.filter(pl.col("level") == "outlet")
        breach = outlets.filter(pl.col("made") < pl.col("asked")).height
        return (100.0 * breach / outlets.height if outlets.height else None), outlets.height
    whole = told.filter(pl.col("level") == "all")
    return (whole["rate_percent"][0], int(whole["asked"][0])) if whole.height else (None, 0)


def _years(ledger: Ledger, as_of: dt.datetime | None) -> list[tuple[str, str, str, int]]:
    with ledger.query(as_of=as_of) as link:
        rows = frame_of(
            link,
            "SELECT strftime(accepted_at, '%Y') AS year, min(accepted_at::DATE)::VARCHAR AS first, "
            "max(accepted_at::DATE)::VARCHAR AS last, count(DISTINCT accepted_at::DATE) AS days FROM acceptances "
            "GROUP BY 1 ORDER BY 1",
        )
    return [(str(a), str(b), str(c), int(d)) for a, b, c, d in rows.iter_rows()]


def joined(network: Network, ledger: Ledger, region_id: str, as_of: dt.date | None = None) -> Network:
    """Return the network with the ledger's statistics added, as known at the end of a day, to be scored."""
    known = dt.datetime.combine(as_of, dt.time.max) if as_of else None
    rows, source = statistics(ledger, region_id, known)
    return network.with_(
        statistics=pl.concat([network["statistics"], rows]), sources=pl.concat([network["sources"], source])
    )
