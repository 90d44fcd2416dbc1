"""A part of a demand: the parcels whose flows are chosen, as many times over, and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from postroad.demand import Demand

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl


@dataclass(frozen=True)
class Part(Demand):
    """Some flows of the demand ``plain``, whose days have their share of its parcels, ``times`` as many."""

    plain: Demand
    times: float

    @classmethod
    def of(cls, demand: Demand, chosen: pl.Expr, times: float = 1.0) -> Part:
        """Return the parcels of the flows that an expression chooses; there may be none."""
        flows = demand.flows.filter(chosen)
        return cls(demand.network, demand.totals, flows, demand.scenario, demand.seed, demand, times)

    def pieces(self, day: dt.date | str) -> int:
        """Return its share of the parcels of a day, times as many, and at least one."""
        share = float(self.flows["pieces"].sum()) / float(self.plain.flows["pieces"].sum())
        return max(1, round(self.plain.pieces(day) * share * self.times))
