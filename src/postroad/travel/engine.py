"""The seam of the travel engines: what each takes, what each gives back, and how each states its error (P12, P13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from postroad.network import Network

EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Ways:
    """Ways between origins (rows) and destinations (columns); infinite where there is none.

    ``quick_min`` and ``slow_min`` are the minutes of the same way with every speed at the high and at the low end of
    its range; ``error_km`` is the expected error of the kilometres, not a number where nothing is known of it.
    """

    km: Any
    minutes: Any
    quick_min: Any
    slow_min: Any
    error_km: Any


@dataclass(frozen=True)
class Error:
    """Kilometres of an engine held against known road distances: mean absolute and worst, as km and as shares."""

    pairs: int
    mean_km: float
    worst_km: float
    mean_share: float
    worst_share: float
    bias_share: float
    worst_pair: tuple[str, str]


class Engine(Protocol):
    """Gives the ways between places; every engine states its error."""

    name: str
    source: str
    origin: str
    """The origin of its rows at best: ``derived``, or ``assumed`` where its minutes are."""

    def ways(self, origins: Sequence[str], destinations: Sequence[str]) -> Ways:
        """Return the ways from each origin to each destination; ``DataError`` names every unknown place."""

    def reaches(self, place_ids: Sequence[str]) -> list[str]:
        """Return the places this engine could have a way to at all."""

    def error(self) -> Error | None:
        """Return the error against the network's known distances, or ``None`` when it has none."""


class Positions:
    """Where the places of a network lie."""

    def __init__(self, network: Network) -> None:
        rows = network["places"].select("place_id", "lon", "lat").drop_nulls().iter_rows()
        self._known = {place: (lon, lat) for place, lon, lat in rows}

    def of(self, place_ids: Sequence[str]) -> Any:
        """Return longitude and latitude, places × 2; ``DataError`` names every place that is unknown or has none."""
        if not place_ids:
            raise UsageError.of("travel.no_places")
        if lost := [place for place in dict.fromkeys(place_ids) if place not in self._known]:
            raise DataError(Fault.of("travel.unknown_place", table="places", value=place) for place in lost)
        return np.array([self._known[place] for place in place_ids])


def great_circle_km(origins: Any, destinations: Any) -> Any:
    """Return great-circle kilometres, origins × destinations, from arrays of longitude and latitude (haversine)."""
    a, b = np.radians(origins)[:, None, :], np.radians(destinations)[None, :, :]
    sines = np.sin((b - a) / 2) ** 2
    chord = sines[..., 1] + np.cos(a[..., 1]) * np.cos(b[..., 1]) * sines[..., 0]
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))


def against_known(network: Network, measured: Callable[[list[str], list[str]], Any]) -> Error | None:
    """Return the error of kilometres against the table of known distances; pairs without a way are left out."""
    known = compared(network, measured)
    pairs = list(known.select("from_id", "to_id").iter_rows())
    return _error(pairs, known["measured_km"].to_numpy(), known["distance_km"].to_numpy())


def compared(network: Network, measured: Callable[[list[str], list[str]], Any]) -> pl.DataFrame:
    """Return the known distances with ``measured_km`` beside them, for the pairs that have a way."""
    known = network["known_distances"]
    if known.is_empty():
        return known.with_columns(measured_km=pl.lit(None, pl.Float64))
    ends = sorted({*known["from_id"], *known["to_id"]})
    row = {place: i for i, place in enumerate(ends)}
    km = measured(ends, ends)
    pairs = known.select("from_id", "to_id").iter_rows()
    found = pl.Series([float(km[row[a], row[b]]) for a, b in pairs], dtype=pl.Float64)
    return known.with_columns(measured_km=found).filter(pl.col("measured_km").is_finite())


def judged(place_ids: Sequence[str], measured: Any, true: Any, least_km: float) -> Error | None:
    """Return the error of kilometres between places, places × places, over pairs at least so far apart."""
    i, j = np.nonzero(np.triu(np.isfinite(true) & np.isfinite(measured) & (true >= least_km), 1))
    pairs = [(place_ids[a], place_ids[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    return _error(pairs, measured[i, j], true[i, j])


def _error(pairs: Sequence[tuple[str, str]], measured: Any, true: Any) -> Error | None:
    if not pairs:
        return None
    off = measured - true
    share = off / true
    worst = int(np.abs(share).argmax())
    size, part = np.abs(off), np.abs(share)
    return Error(
        pairs=len(pairs),
        mean_km=float(size.mean()),
        worst_km=float(size.max()),
        mean_share=float(part.mean()),
        worst_share=float(part.max()),
        bias_share=float(share.mean()),
        worst_pair=pairs[worst],
    )
