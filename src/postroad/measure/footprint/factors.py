"""Every factor a footprint rests on, with its range, its source and how sure that is (P22 P88)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.rates import parameter_names

if TYPE_CHECKING:
    from postroad.network import Network

OTHERS = (
    "electric_share_last_mile", "city_delivery_km_piece", "transit_bag_fleet", "pieces_per_transit_bag",
    "transit_bag_cycle_time", "packaging_mass_per_piece",
)  # fmt: skip
"""Parameters read beside the rates of vehicles and pieces."""


def factors(network: Network) -> pl.DataFrame:
    """Return ``factor``, ``value``, ``low``, ``high``, ``unit``, ``origin``, ``source`` and the source's ``title``.

    Parameters come first, then what each type of vehicle uses over 100 km and what sorting a piece uses at each plant.
    """
    names = [*parameter_names(network), *OTHERS]
    # A parameter may be given for the province alone, by its name.
    own = pl.col("parameter").str.strip_suffix(f"_{network.name}")
    told = network["parameters"].filter(pl.col("parameter").is_in(names) | own.is_in(names))
    parameters = told.select("value", "low", "high", "unit", "origin", "source", factor="parameter").sort("factor")
    unit = pl.when(pl.col("energy") == "electric").then(pl.lit("kWh/100km")).otherwise(pl.lit("L/100km"))
    vehicles = (
        network["vehicles"]
        .sort("vehicle_id")
        .select("origin", "source", factor="vehicle_id", value="energy_per_100km", unit=unit)
    )
    plants = (
        network["hub_plants"]
        .drop_nulls("energy_kwh_piece")
        .sort("plant_id")
        .select("origin", "source", factor="plant_id", value="energy_kwh_piece", unit=pl.lit("kWh"))
    )
    every = pl.concat([parameters, vehicles, plants], how="diagonal_relaxed")
    titles = network["sources"].select("title", source="source_id")
    columns = ["factor", "value", "low", "high", "unit", "origin", "source", "title"]
    return every.join(titles, on="source", how="left", maintain_order="left").select(columns)
