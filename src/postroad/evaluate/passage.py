"""What parcels for a place abroad went through: up to the office, clearance, waiting for the way out, the ride."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

STOPS = 8
HOURS = 6.0
"""Spreads are told by so many hours."""
PARTS = ("to_office", "clearance", "waiting", "ride", "whole")


@dataclass(frozen=True)
class Passage:
    """Pieces for a place, how many left the province, how many customs opened, and hours of each part.

    Hours of a part are those of the pieces that are through with it.
    """

    pieces: int
    gone: int
    opened: int
    offices: list[str]
    hours: dict[str, NDArray[np.float64]]


def passages(parcels: pl.LazyFrame, place_id: str) -> Passage:
    """Return the passage of the parcels for a place, from the facts of a run.

    An office stands beside a hub of the same name: the first stop of that name is the hub, those after it the office,
    more than one where customs opened the piece.
    """
    there = parcels.with_columns(pl.col("destination_id").cast(pl.String)).filter(destination_id=place_id)
    own = there.with_columns(pl.col("^stop[0-9]_place_id$").cast(pl.String)).collect()
    names = np.stack([own[f"stop{k}_place_id"].to_numpy() for k in range(1, STOPS + 1)], axis=1)
    arrive, ready, depart = (
        np.stack([own[f"stop{k}_{part}_s"].cast(pl.Float64).fill_null(np.nan).to_numpy()
                  for k in range(1, STOPS + 1)], axis=1) / 3600.0
        for part in ("arrive", "ready", "depart")
    )  # fmt: skip
    row, stops = np.arange(own.height), own["stops"].to_numpy().astype(np.int64)
    last = np.clip(stops - 1, 0, STOPS - 1)
    gone = (names[row, last] == place_id) & (last > 0)
    office = np.where(gone, last - 1, last)
    name = names[row, office]
    visits = (names == name[:, None]).sum(axis=1)
    at_office = gone | (visits > 1)
    first = np.where(at_office, office - np.maximum(visits - 2, 0), 0)
    began = own["accepted_s"].to_numpy() / 3600.0
    until = np.where(at_office, arrive[row, first], np.nan)
    cleared = np.where(at_office, ready[row, office], np.nan)
    left = np.where(gone, depart[row, office], np.nan)
    came = np.where(gone, arrive[row, last], np.nan)
    spans = (until - began, cleared - until, left - cleared, came - left, came - began)
    return Passage(
        pieces=own.height,
        gone=int(gone.sum()),
        opened=int((at_office & (visits > 2)).sum()),
        offices=sorted({str(x) for x in name[at_office]}),
        hours={part: span[np.isfinite(span)] for part, span in zip(PARTS, spans, strict=True)},
    )
