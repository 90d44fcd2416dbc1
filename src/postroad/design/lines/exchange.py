"""Exchange offices and the airside area: customs queues, holding and floor on the peak day (P14 P77 P81)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from postroad.design.lines.timetable import Timetable

PIECES_M2 = 40.0
"""Pieces held on a square metre of racks with aisles; assumed."""
HANDLING_SHARE = 1.5
"""Floor for screening, building units and moving about, for one of holding; assumed."""


def exchanges(table: Timetable) -> pl.DataFrame:
    """Return one row for each exchange office: pieces abroad on the peak day, queue, pieces in customs, floor.

    Pieces abroad pass the office of the hub they leave from; offices without such a line have no pieces. The queue is
    that of a clearance line at the assumed rate, fed as the hub's half hours bring the pieces.
    """
    work, terms = table.work, table.work.terms
    country = dict(work.network["places"].select("place_id", "country").iter_rows())
    abroad = [k for k, way in enumerate(work.ways) if (country.get(way[-1]) or "CN") != "CN"]
    feed: dict[str, np.ndarray[Any, Any]] = {}
    pieces, slots = work.pieces("peak"), table.poured["peak"].sorted_pieces.shape[1]
    for k in abroad:
        office = work.ways[k][-2]
        profile = table.poured["peak"].sorted_pieces[table.clock.nodes.index(office)]
        share = profile / profile.sum() if profile.sum() else np.full(slots, 1 / slots)
        feed[office] = feed.get(office, np.zeros(slots)) + pieces[k] * share
    sites = work.network["sites"].filter(kind="exchange_office").sort("site_id")
    rows = [_row(site, place, feed.get(place, np.zeros(slots)), terms.exchange_pieces_h, terms.customs_min)
            for site, place in sites["site_id", "place_id"].iter_rows()]  # fmt: skip
    return pl.DataFrame(rows)


def _row(site: str, place: str, feed: np.ndarray[Any, Any], rate: float, dwell_min: float) -> dict[str, Any]:
    step = 24 / feed.size
    queue, longest = 0.0, 0.0
    for amount in np.tile(feed, 2):
        queue = max(0.0, queue + float(amount) - rate * step)
        longest = max(longest, queue)
    held = float(feed.sum()) * dwell_min / 1440
    return {
        "site_id": site, "place_id": place, "peak_pieces_day": float(feed.sum()), "rate_pieces_h": rate,
        "use_percent": 100 * float(feed.sum()) / (24 * rate), "longest_queue_pieces": longest,
        "longest_wait_min": 60 * longest / rate, "held_in_customs_pieces": held,
        "floor_m2": held / PIECES_M2 * (1 + HANDLING_SHARE),
    }  # fmt: skip
