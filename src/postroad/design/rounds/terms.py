"""What rounds cost, how long things take and what must be kept, all from the network's parameters and vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import DataError, Fault, UsageError
from postroad.rates import Rates, runs
from postroad.travel.speeds import parameters, season_named

if TYPE_CHECKING:
    from postroad.network import Network

_NAMES = {
    "village_min": ("round_village_time", 1.0),
    "piece_min": ("round_piece_time", 1.0),
    "load_min": ("round_load_time", 1.0),
    "node_min": ("round_node_time", 1.0),
    "vehicle_day_yuan": ("round_vehicle_day_cost", 1.0),
    "shift_min": ("round_working_time", 60.0),
    "first_min": ("round_first_departure", 60.0),
    "opens_min": ("round_station_opens", 60.0),
    "closes_min": ("round_station_closes", 60.0),
    "daily_from": ("round_daily_from", 1.0),
    "five_from": ("round_five_a_week_from", 1.0),
    "reserve": ("round_range_reserve", 0.01),
    "charger_kw": ("round_charging_power", 1.0),
    "charge_min": ("round_charging_break", 1.0),
    "branch_day_yuan": ("county_branch_day_cost", 1.0),
    "centre_day_yuan": ("county_centre_day_cost", 1.0),
    "agent_day_yuan": ("township_agent_day_cost", 1.0),
    "node_day_yuan": ("township_node_day_cost", 1.0),
    "wage_yuan_h": ("sorter_wage", 1.0),
    "hand_sort_per_h": ("manual_sort_rate", 1.0),
    "machine_sort_per_h": ("county_sorter_throughput", 1.0),
    "delay_bound_min": ("bus_passenger_delay_bound", 1.0),
    "bus_latest_min": ("bus_latest_arrival", 60.0),
}
SORTERS_AT_MACHINE = 12
"""Hands that feed and empty a county sorter; assumed."""


@dataclass(frozen=True)
class Van:
    """A vehicle of rounds: pieces it takes, costs, and how far it goes on one charge in the season (infinite: fuel).

    ``crew`` is its drivers: two take turns for two shifts, and both are paid.
    """

    vehicle_id: str
    pieces: int
    yuan_km: float
    yuan_h: float
    range_km: float
    co2e_kg_km: float
    kwh_km: float
    crew: int = 1


@dataclass(frozen=True)
class Terms:
    """Times in minutes, money in yuan; ``of`` reads them and names every parameter that is missing."""

    village_min: float
    piece_min: float
    load_min: float
    node_min: float
    vehicle_day_yuan: float
    shift_min: float
    first_min: float
    opens_min: float
    closes_min: float
    daily_from: float
    five_from: float
    reserve: float
    charger_kw: float
    charge_min: float
    branch_day_yuan: float
    centre_day_yuan: float
    agent_day_yuan: float
    node_day_yuan: float
    wage_yuan_h: float
    hand_sort_per_h: float
    machine_sort_per_h: float
    delay_bound_min: float
    bus_latest_min: float
    vans: tuple[Van, ...]

    @classmethod
    def of(cls, network: Network, season: str = "winter") -> Terms:
        """Return the terms of a network in a season; ``DataError`` lists what is missing."""
        season_named(season)
        held = parameters(network, [name for name, _ in _NAMES.values()])
        numbers = {term: held[name][0] * scale for term, (name, scale) in _NAMES.items()}
        return cls(**numbers, vans=_vans(network, season, numbers["reserve"]))

    def hand_sort_yuan(self, pieces: float) -> float:
        """Cost of sorting pieces by hand."""
        return pieces / self.hand_sort_per_h * self.wage_yuan_h

    def machine_sort_yuan(self, pieces: float) -> float:
        """Cost of sorting pieces at a shared machine."""
        return pieces / self.machine_sort_per_h * SORTERS_AT_MACHINE * self.wage_yuan_h


def _vans(network: Network, season: str, reserve: float) -> tuple[Van, ...]:
    """Vehicles light enough for villages: at most 2 t, smallest first."""
    rates = Rates.of(network)
    rows = network["vehicles"].filter(pl.col("payload_kg") <= LIGHT_KG).drop_nulls(["capacity_pieces"])
    if not rows.height:
        raise UsageError([Fault.of("rounds.no_vehicle", table="vehicles", column="payload_kg", limit=LIGHT_KG)])
    rows = rows.with_columns(pl.col("cost_yuan_per_km", "cost_yuan_per_h").fill_null(0.0)).sort(
        "capacity_pieces", "vehicle_id"
    )
    km = runs(network, rows.select("vehicle_id", distance_km=1.0, duration_min=0.0), season=season, rates=rates)
    made = []
    for row, use, co2e in zip(rows.iter_rows(named=True), km["power_kwh"], km["co2e_kg"], strict=True):
        reach = float("inf")
        if row["energy"] == "electric":
            if not row["range_km"]:
                raise DataError.of("rounds.no_range", table="vehicles", column="range_km", value=row["vehicle_id"])
            cold = rates.winter_electric_factor if season == "winter" else 1.0
            reach = row["range_km"] / cold * (1.0 - reserve)
        fits = min(row["capacity_pieces"], int(row["payload_kg"] / rates.piece_kg))
        made.append(Van(row["vehicle_id"], fits, row["cost_yuan_per_km"], row["cost_yuan_per_h"], reach,
                        co2e or 0.0, use or 0.0))  # fmt: skip
    return tuple(made)


LIGHT_KG = 2000.0
"""Heavier vehicles do not go to villages."""
