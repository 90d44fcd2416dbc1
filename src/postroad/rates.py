"""One definition of what moving a vehicle and handling a piece costs, uses and emits, for every room that asks.

Emissions are well-to-wheel CO2e as ISO 14083 asks: fuel from well to tank and from tank to wheel, electricity with the
grid factor of the province (generation; losses on the way are in the factor only as far as its publisher counts them).
Every figure comes from the network's own ``vehicles`` and ``parameters``, where its source stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import DataError, Fault
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.network import Network

MJ_PER_L_DIESEL = 36.0
"""Lower heating value of diesel: 42.8 MJ/kg (IPCC 2006, vol. 2, table 1.2: 43.0) at 0.84 kg/l."""

MJ_PER_KWH = 3.6


NAMES = {
    "diesel_kgco2e_l": ("diesel_wtw_per_litre", 1.0),
    "grid_kgco2e_kwh": ("grid_factor", 1.0),
    "rail_kgco2e_tkm": ("rail_freight_default_intensity", 0.001),
    "air_kgco2e_tkm": ("air_freight_default_intensity", 0.001),
    "bus_kgco2e_tkm": ("bus_hold_intensity", 0.001),
    "winter_electric_factor": ("ev_winter_consumption_factor", 1.0),
    "piece_kg": ("parcel_mean_weight", 1.0),
}
"""The parameter behind each rate, and its scale."""


@dataclass(frozen=True)
class Rates:
    """Emission factors and winter factor of a network; ``of`` reads them and names every one that is missing."""

    diesel_kgco2e_l: float
    grid_kgco2e_kwh: float
    rail_kgco2e_tkm: float
    air_kgco2e_tkm: float
    bus_kgco2e_tkm: float
    winter_electric_factor: float
    piece_kg: float

    @classmethod
    def of(cls, network: Network) -> Rates:
        """Return the rates of a network; ``DataError`` lists every parameter that is missing."""
        held = parameters(network, parameter_names(network))
        return cls(**{term: held[_local(network, name)][0] * scale for term, (name, scale) in NAMES.items()})


def parameter_names(network: Network) -> list[str]:
    """Return the parameters that the rates of a network are read from."""
    return [_local(network, name) for name, _ in NAMES.values()]


def _local(network: Network, name: str) -> str:
    """The newest grid factor there is carries province and year in its name."""
    if name != "grid_factor":
        return name
    own = [p for p in network["parameters"]["parameter"].sort() if p.startswith(f"grid_factor_{network.name}")]
    return own[-1] if own else "grid_factor_national_2023"


def runs(network: Network, frame: pl.DataFrame, *, season: str = "any", rates: Rates | None = None) -> pl.DataFrame:
    """Return the rows with what one run of each uses, emits and costs.

    ``frame`` holds ``vehicle_id``, ``distance_km`` and ``duration_min``; added are ``diesel_l``, ``power_kwh``,
    ``energy_mj``, ``co2e_kg`` and ``run_yuan`` (kilometres and driver's hours at the vehicle's rates). Electric
    vehicles use more in winter. ``DataError`` names vehicles the network does not have.
    """
    rates = rates or Rates.of(network)
    fleet = network["vehicles"].select(
        "vehicle_id", "energy", "energy_per_100km", "cost_yuan_per_km", "cost_yuan_per_h"
    )
    joined = frame.join(fleet, on="vehicle_id", how="left")
    strange = joined.filter(pl.col("energy").is_null())["vehicle_id"].unique().sort()
    if strange.len():
        raise DataError(
            Fault.of("rates.no_such_vehicle", table="vehicles", column="vehicle_id", value=name) for name in strange
        )
    used = pl.col("energy_per_100km") / 100.0 * pl.col("distance_km")
    winter = rates.winter_electric_factor if season == "winter" else 1.0
    electric = pl.col("energy") == "electric"
    return (
        joined.with_columns(
            pl.when(electric).then(0.0).otherwise(used).alias("diesel_l"),
            pl.when(electric).then(used * winter).otherwise(0.0).alias("power_kwh"),
        )
        .with_columns(
            (pl.col("diesel_l") * MJ_PER_L_DIESEL + pl.col("power_kwh") * MJ_PER_KWH).alias("energy_mj"),
            (pl.col("diesel_l") * rates.diesel_kgco2e_l + pl.col("power_kwh") * rates.grid_kgco2e_kwh).alias("co2e_kg"),
            (
                pl.col("distance_km") * pl.col("cost_yuan_per_km")
                + pl.col("duration_min") / 60.0 * pl.col("cost_yuan_per_h")
            ).alias("run_yuan"),
        )
        .drop("energy", "energy_per_100km", "cost_yuan_per_km", "cost_yuan_per_h")
    )
