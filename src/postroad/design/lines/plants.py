"""Hub plants sized from what arrives by half hour on the peak day: sorters, docks, people, customs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.fluid import SLOTS
from postroad.design.lines.terms import SOURCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.lines.fluid import Clockwork, Poured
    from postroad.design.lines.work import Trunk

TRUCK_PIECES = 5500
"""Pieces of a common truck, by which docks are counted."""


def least_rate(arrivals: NDArray[np.float64], cutoffs: NDArray[np.float64], sorting: NDArray[np.float64]) -> float:
    """Return the pieces an hour that empty the sorter at every release: arrivals by half hour, waves of the day.

    Without waves the rate must keep up with the busiest two hours. With waves, whatever arrived up to a cut-off must be
    sorted by its release; the sorter may begin as soon as pieces come.
    """
    size, hours = arrivals.size, 24 / arrivals.size
    if not cutoffs.size:
        around = np.concatenate([arrivals, arrivals[: round(2 / hours)]])
        return float(np.convolve(around, np.ones(round(2 / hours)), "valid").max() / 2)
    # Over every stretch from s to a release, what arrived in it before the cut-off must fit: the classic demand bound.
    best = 0.0
    twice = np.concatenate([[0.0], np.cumsum(np.tile(arrivals, 2))])
    for cut, long in zip(cutoffs, sorting, strict=True):
        end = int(cut // (1440 / size)) + size
        for start in range(end - size, end):
            busy = (end - start) * hours + long / 60
            best = max(best, (twice[end] - twice[start]) / min(24.0, busy))
    return float(best)


def plants(work: Trunk, clock: Clockwork, peak: Poured) -> pl.DataFrame:
    """Return a plant for every hub, county, zone and exchange office, sized for the peak day."""
    rows: list[dict[str, Any]] = []
    outside = set(work.network["places"].filter(level="external")["place_id"])
    for k, place in enumerate(clock.nodes):
        arrivals = peak.sorted_pieces[k]
        if place in outside or not arrivals.sum():
            continue
        span = slice(int(clock.wave_first[k]), int(clock.wave_first[k + 1]))
        rate = least_rate(arrivals, clock.cutoff[span], clock.release[span]) * work.terms.spare
        rows.append(_plant(work, place, rate, arrivals))
    rows += _exchange(work)
    return pl.DataFrame(rows, infer_schema_length=None)


def _plant(work: Trunk, place: str, rate: float, arrivals: NDArray[np.float64]) -> dict[str, Any]:
    terms, tier = work.terms, work.layout.tier.get(place)
    unit = terms.sorter_pieces_h if tier else terms.county_sorter_pieces_h
    lines = math.ceil(rate / unit)
    by_hand = not tier and rate < unit / 4
    trucks_h = 2 * float(arrivals.max()) * (SLOTS / 24) / TRUCK_PIECES
    return {
        "plant_id": f"PL-{place}",
        "place_id": place,
        "kind": "hub" if tier else "county_centre",
        "sort_rate_pieces_h": float(math.ceil(rate / terms.manual_pieces_h)) * terms.manual_pieces_h
        if by_hand
        else lines * unit,
        "docks": max(2, math.ceil(trucks_h * terms.dock_turn_min / 60)),
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
