"""One network of stations or one each: what every operator needs to reach its own people, alone and shared (P63)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import sparse

from postroad.design.sites.standards import set_covering
from postroad.errors import DataError, UsageError
from postroad.travel.doorstep import flat, homes, homes_km, inside, pace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.network import Network


@dataclass(frozen=True)
class Sharing:
    """The cheapest sites that serve everyone: each operator with its own, or all with the same (P63)."""

    separate_sites: int
    separate_yuan: float
    shared_sites: int
    shared_yuan: float
    proven: bool


def shared_against_separate(
    reach: sparse.csr_array, yuan: NDArray[np.float64], needs: Sequence[NDArray[np.int64]], *, time_s: float = 60.0
) -> Sharing:
    """Return what it takes for each operator to reach its own needs (rows of ``reach``), alone and sharing sites."""
    own = [set_covering(reach[rows], yuan, time_s=time_s) for rows in needs if len(rows)]
    every = np.unique(np.concatenate([*needs, np.empty(0, np.int64)]).astype(np.int64))
    if not every.size:
        return Sharing(0, 0.0, 0, 0.0, proven=True)
    joint = set_covering(reach[every], yuan, time_s=time_s)
    proven = all(part.status == "optimal" for part in (*own, joint))
    return Sharing(sum(part.chosen.size for part in own), sum(part.objective for part in own), joint.chosen.size,
                   joint.objective, proven)  # fmt: skip


@dataclass(frozen=True)
class Brands:
    """Shares of the parcels by operator, and from how many pieces a day a block is worth a station of one's own.

    Each person is sent ``pieces_head_year`` pieces. Shares and the least are assumed: no operator publishes them.
    """

    shares: tuple[tuple[str, float], ...]
    least_pieces_day: float = 30.0
    pieces_head_year: float = 61.0
    station_yuan: float = 20_000.0


def shared_stations(network: Network, brands: Brands, county_id: str = "", *, time_s: float = 10.0) -> pl.DataFrame:
    """Return one row a county: stations and yuan with one network each and with one shared, by the plan's standard.

    Only blocks of cities and towns count, and of those only the ones that one point can bring inside (``beyond`` counts
    the persons left out).
    """
    shares = np.array([share for _, share in brands.shares], float)
    if not shares.size or (shares <= 0).any() or not np.isfinite(shares).all():
        raise UsageError.of("sites.bad_shares", value=", ".join(f"{name}={share}" for name, share in brands.shares))
    units = homes(network).filter(pl.col("class") != "rural")
    units = units.filter(county_id=county_id) if county_id else units
    if not units.height:
        raise DataError.of("sites.no_block", table="places")
    rows = [
        _county(network, part, brands, shares / shares.sum(), time_s)
        for _, part in units.sort("county_id", "place_id").group_by("county_id", maintain_order=True)
    ]
    return pl.DataFrame(rows)


def _county(
    network: Network, units: pl.DataFrame, brands: Brands, shares: NDArray[np.float64], time_s: float
) -> dict[str, object]:
    walking, at = pace(network), flat(units)
    spread, kind = homes_km(at), units["class"].to_numpy()
    way = walking.km(np.linalg.norm(at[:, None] - at[None], axis=2), spread[:, None])
    within = np.array([inside(np.repeat(kind[i], len(at)), row, 60.0 * row / walking.ordinary_kmh)
                       for i, row in enumerate(way)])  # fmt: skip
    persons = units["persons"].to_numpy().astype(float)
    near = np.asarray(within.any(axis=1))
    pieces = persons * brands.pieces_head_year / 365.0
    needs = [np.flatnonzero(near & (share * pieces >= brands.least_pieces_day)) for share in shares]
    yuan = np.full(len(at), brands.station_yuan)
    found = shared_against_separate(sparse.csr_array(within.astype(float)), yuan, needs, time_s=time_s)
    return {
        "county_id": units["county_id"][0],
        "county_zh": units["county_zh"][0],
        "county_en": units["county_en"][0],
        "blocks": units.height,
        "separate_stations": found.separate_sites,
        "separate_yuan": found.separate_yuan,
        "shared_stations": found.shared_sites,
        "shared_yuan": found.shared_yuan,
        "beyond_persons": int(persons[~near].sum()),
        "proven": found.proven,
        "synthetic_share": float(persons[(units["origin"] == "synthetic").to_numpy()].sum() / max(1.0, persons.sum())),
    }
