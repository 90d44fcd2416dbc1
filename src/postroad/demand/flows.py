"""Yearly flows between counties, zones and places outside, synthesised from control totals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.demand.gravity import balance
from postroad.demand.parcels import Block, Drawer, blocks
from postroad.demand.profile import PEAK, PEAK_MONTH, day_pieces
from postroad.demand.seasonal import in_month
from postroad.demand.totals import Totals, totals
from postroad.errors import DataError
from postroad.results import Result, Stamp
from postroad.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from postroad.network import Network

EARTH_KM = 6371.0088
DETOUR = 1.3
DECAY_PER_KM = {"same_city": 1 / 40.0, "intra_province": 1 / 150.0}
"""How fast flows fall with distance; assumed."""
MAINLAND_SHARE = {
    "X-GUANGZHOU": 0.24, "X-YIWU": 0.20, "X-SHANGHAI": 0.17, "X-BEIJING": 0.12, "X-ZHENGZHOU": 0.09,
    "X-SHENYANG": 0.09, "X-HARBIN": 0.05, "X-DALIAN": 0.04,
}  # fmt: skip
"""Where inter-province pieces come from and go to; assumed."""
ABROAD_SHARE = {"X-SEOUL": 0.45, "X-VLADIVOSTOK": 0.25, "X-TOKYO": 0.18, "X-OSAKA": 0.12}


def straight_km(units: pl.DataFrame) -> NDArray[np.float64]:
    """Return great-circle kilometres between units times a detour of 1.3; within a unit, a third of the nearest."""
    lon, lat = (np.radians(units[c].to_numpy()) for c in ("lon", "lat"))
    half = np.sin((lat[:, None] - lat) / 2) ** 2
    half += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(half)) * DETOUR
    apart = km + np.diag(np.full(len(km), np.inf))
    return np.asarray(km + np.diag(apart.min(1) / 3))


@dataclass(frozen=True)
class Demand(Shown):
    """Yearly flows: ``flows`` has origin_id, destination_id, flow_class, pieces, origin, source.

    The flows keep every control total; ``parcels`` draws the parcels of a day from them.
    """

    network: Network
    totals: Totals
    flows: pl.DataFrame
    scenario: str
    seed: int

    @property
    def year(self) -> int:
        """The year of the flows."""
        return self.totals.year

    def told(self) -> Result:
        """Return the flows with the control totals they keep, and what each prefecture sends and receives."""
        from postroad.demand.calibrate import control_totals, imbalance

        stamp = Stamp.now("demand", self.network.fingerprint, {"year": self.year, "scenario": self.scenario}, self.seed)
        tables = {"flows": self.flows, "control_totals": control_totals(self), "imbalance": imbalance(self)}
        return Result(stamp, tables, {"pieces": float(self.flows["pieces"].sum())})

    @cached_property
    def _drawers(self) -> dict[int, Drawer]:
        return {}

    def drawer(self, day: dt.date | str) -> Drawer:
        """Return the tables a day is drawn from, made once for each month; the peak lies in November."""
        month = PEAK_MONTH if day == PEAK else dt.date.fromisoformat(str(day)).month
        if month not in self._drawers:
            self._drawers[month] = Drawer.of(self.network, in_month(self.network, self.flows, month))
        return self._drawers[month]

    def pieces(self, day: dt.date | str) -> int:
        """Return the parcels of a day: ``peak`` is the busiest, otherwise by month and weekday."""
        return day_pieces(self, day)

    def parcels(
        self, day: dt.date | str, seed: int = 0, pieces: int | None = None, workers: int = 1
    ) -> Iterator[Block]:
        """Yield the parcels of a day in blocks, in order of parcel number; the same bytes at any number of workers.

        ``pieces`` overrides the day's number. Memory does not grow with it.
        """
        count = self.pieces(day) if pieces is None else pieces
        if count <= 0:
            raise DataError.of("demand.no_parcels", value=count)
        yield from blocks(self.drawer(day), count, seed, f"{self.year}/{day}", workers)


def demand(
    network: Network,
    year: int = 2020,
    scenario: str = "base",
    *,
    ratio: float | None = None,
    distance: Callable[[pl.DataFrame], NDArray[np.float64]] = straight_km,
    decay: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Demand:
    """Return the demand of a year under a scenario; 2020 is the base, later years grow by class.

    ``distance`` gives kilometres between the units (a frame with place_id, lon, lat); ``decay`` replaces the assumed
    decay per km of some classes, as fitted to waybills. Errors as in ``totals`` and
    ``balance``.
    """
    known = totals(network, year, scenario, ratio)
    km = distance(known.units)
    steepness = {**DECAY_PER_KM, **(decay or {})}
    parts = [
        _inside(known, np.exp(-steepness["same_city"] * km), "same_city", same=True),
        _inside(known, np.exp(-steepness["intra_province"] * km), "intra_province", same=False),
        _outside(known, "inter_province", MAINLAND_SHARE, leaving=True),
        _outside(known, "international", ABROAD_SHARE, leaving=True),
        _outside(known, "inbound", MAINLAND_SHARE, leaving=False),
    ]
    origin = "derived" if year == 2020 else "assumed"
    flows = pl.concat(parts).with_columns(origin=pl.lit(origin), source=pl.lit("rule-demand"))
    return Demand(network, known, flows.filter(pl.col("pieces") > 0), scenario, seed)


def _inside(known: Totals, fading: NDArray[np.float64], name: str, *, same: bool) -> pl.DataFrame:
    prefecture = known.units["prefecture_id"].to_numpy()
    rows, columns = np.nonzero((prefecture[:, None] == prefecture) == same)
    prior = known.sent[name][rows] * known.received[name][columns] * fading[rows, columns]
    fitted = balance(rows, columns, prior, known.sent[name], known.received[name],
                     known.units["name_zh"].to_list())  # fmt: skip
    ids = known.units["place_id"].to_numpy()
    return _frame(ids[rows], ids[columns], name, fitted.flow)


def _outside(known: Totals, name: str, share: dict[str, float], *, leaving: bool) -> pl.DataFrame:
    ids = known.units["place_id"].to_numpy()
    own = known.sent[name] if leaving else known.received[name]
    far, weight = np.array(list(share)), np.array(list(share.values()))
    unit, place = (index.ravel() for index in np.indices((ids.size, far.size)))
    flow = own[unit] * weight[place] / weight.sum()
    origins, destinations = (ids[unit], far[place]) if leaving else (far[place], ids[unit])
    return _frame(origins, destinations, name, flow)


def _frame(
    origins: NDArray[np.str_], destinations: NDArray[np.str_], name: str, flow: NDArray[np.float64]
) -> pl.DataFrame:
    return pl.DataFrame(
        {"origin_id": origins, "destination_id": destinations, "flow_class": [name] * len(flow), "pieces": flow},
        schema={"origin_id": pl.String, "destination_id": pl.String, "flow_class": pl.String, "pieces": pl.Float64},
    )
