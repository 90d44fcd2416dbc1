"""Hub plants sized from what arrives by half hour on the peak day: sorters, docks, people, customs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.lines.capacity import docked, rates
from postroad.design.lines.terms import SOURCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from postroad.design.lines.fluid import Clockwork, Poured
    from postroad.design.lines.thinning import Ledger
    from postroad.design.lines.work import Trunk


def plants(work: Trunk, clock: Clockwork, peak: Poured, ledger: Ledger) -> pl.DataFrame:
    """Return a plant for every hub, county, zone and exchange office, sized for the peak day."""
    rows: list[dict[str, Any]] = []
    outside = set(work.network["places"].filter(level="external")["place_id"])
    docks = docked(work, clock, peak, ledger)
    for k, place in enumerate(clock.nodes):
        arrivals = peak.sorted_pieces[k]
        if place in outside or not arrivals.sum():
            continue
        span = slice(int(clock.wave_first[k]), int(clock.wave_first[k + 1]))
        rate = float(rates(arrivals, clock.cutoff[span], clock.release[span]).max()) * work.terms.spare
        rows.append(_plant(work, place, rate, docks[k]))
    rows += _exchange(work)
    return pl.DataFrame(rows, infer_schema_length=None)


def _plant(work: Trunk, place: str, rate: float, docks: NDArray[np.float64]) -> dict[str, Any]:
    terms, tier = work.terms, work.layout.tier.get(place)
    unit = terms.sorter_pieces_h if tier else terms.county_sorter_pieces_h
    lines = math.ceil(rate / unit)
    by_hand = not tier and rate < unit / 4
    return {
        "plant_id": f"PL-{place}",
        "place_id": place,
        "kind": "hub" if tier else "county_centre",
        "sort_rate_pieces_h": float(math.ceil(rate / terms.manual_pieces_h)) * terms.manual_pieces_h
        if by_hand
        else lines * unit,
        "docks": max(2, math.ceil(float(docks.max()))),
        "handling_min": min(terms.sort_min.values()) if tier else terms.county_handling_min,
        "staff": float(math.ceil(rate / terms.manual_pieces_h)) if by_hand else lines * (
            terms.sorter_staff if tier else terms.sorter_staff / 2),
        "energy_kwh_piece": terms.energy_kwh_piece,
        "cost_yuan_piece": terms.sort_cost_yuan,
        "origin": "synthetic",
        "source": SOURCE,
    }  # fmt: skip


def _exchange(work: Trunk) -> list[dict[str, Any]]:
    """Exchange offices as the pack lists them, at the assumed rate, with the customs dwell as handling."""
    sites = work.network["sites"].filter(kind="exchange_office").sort("site_id")
    return [
        {
            "plant_id": f"PL-{site}",
            "place_id": place,
            "site_id": site,
            "kind": "exchange_office",
            "sort_rate_pieces_h": work.terms.exchange_pieces_h,
            "docks": 2,
            "handling_min": work.terms.customs_min,
            "staff": None,
            "energy_kwh_piece": work.terms.energy_kwh_piece,
            "cost_yuan_piece": work.terms.sort_cost_yuan,
            "origin": "synthetic",
            "source": SOURCE,
        }
        for site, place in sites["site_id", "place_id"].iter_rows()
    ]
