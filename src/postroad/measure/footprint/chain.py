"""Emissions of the transport chain by ISO 14083: its elements, their emissions, and one rule that shares them out.

Elements are line-haul legs, sorting at hubs, rural rounds and city delivery. A leg pools its runs both ways, so the
empty way back counts: ISO 14083:2023 takes empty trips as part of the operation. The rule: pieces, which the standard
lets mail and parcel operators use for mass; within one element every piece bears the same. Not counted: heat of
buildings, packaging production (see ``packaging``), making of vehicles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import UsageError
from postroad.rates import MJ_PER_KWH, Rates, runs
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.network import Network

STAGES = ("line_haul", "hub", "round", "city")
SCHEMA = {"element": pl.String, "stage": pl.String, "mode": pl.String, "pieces": pl.Float64, "energy_mj": pl.Float64,
          "co2e_kg": pl.Float64}  # fmt: skip


@dataclass(frozen=True)
class Footprint:
    """A mean day: ``elements`` has a row for each leg, hub, round area and the cities; ``pieces_day`` is handled."""

    elements: pl.DataFrame
    pieces_day: float

    @property
    def stages(self) -> pl.DataFrame:
        """The day by stage: stage, energy_mj, co2e_kg, and both for each piece handled in the province."""
        order = pl.DataFrame({"stage": STAGES})
        summed = self.elements.group_by("stage").agg(pl.col("pieces", "energy_mj", "co2e_kg").sum())
        return order.join(summed, on="stage", how="left", maintain_order="left").with_columns(
            pl.col("pieces", "energy_mj", "co2e_kg").fill_null(0.0),
            (pl.col("energy_mj").fill_null(0.0) / self.pieces_day).alias("energy_mj_piece"),
            (pl.col("co2e_kg").fill_null(0.0) * 1000 / self.pieces_day).alias("co2e_g_piece"),
        )

    @property
    def co2e_g_piece(self) -> float:
        """Grams of CO2e for a mean piece handled."""
        return float(self.elements["co2e_kg"].sum()) * 1000 / self.pieces_day

    @property
    def energy_mj_piece(self) -> float:
        """Megajoules for a mean piece handled."""
        return float(self.elements["energy_mj"].sum()) / self.pieces_day


def footprint(
    network: Network,
    loads: pl.DataFrame,
    sorted_pieces: pl.DataFrame,
    delivered: tuple[float, float],
    *,
    season: str = "any",
) -> Footprint:
    """Return the footprint of a mean day.

    ``loads`` has ``line_haul_id``, ``pieces`` and ``runs`` of the day, empty runs included; ``sorted_pieces`` has
    ``place_id`` and ``pieces`` sorted; ``delivered`` says how many pieces are handed over or collected in villages and
    in towns. ``UsageError`` when nothing is moved; ``DataError`` names factors that are missing.
    """
    rates = Rates.of(network)
    rural, urban = delivered
    if rural + urban <= 0:
        raise UsageError.of("footprint.nothing_moved")
    parts = [
        _legs(network, loads, season, rates),
        _hubs(network, sorted_pieces, rates),
        _rounds(network, season, rates),
        city(network, urban, season, rates),
    ]
    elements = pl.concat([part.select(list(SCHEMA)).cast(SCHEMA) for part in parts])  # type: ignore[arg-type]
    return Footprint(elements, rural + urban)


def _legs(network: Network, loads: pl.DataFrame, season: str, rates: Rates) -> pl.DataFrame:
    held = network["line_hauls"].join(loads, on="line_haul_id", how="inner")
    road = runs(network, held.filter(mode="road"), season=season, rates=rates).with_columns(
        # A departure may be of several vehicles at once.
        pl.col("energy_mj", "co2e_kg") * pl.col("runs") * pl.col("vehicles").fill_null(1)
    )
    per_tkm = {"rail": rates.rail_kgco2e_tkm, "air": rates.air_kgco2e_tkm, "bus": rates.bus_kgco2e_tkm}
    other = held.filter(pl.col("mode") != "road").with_columns(
        (
            pl.col("pieces") * rates.piece_kg / 1000 * pl.col("distance_km").fill_null(0.0)
            * pl.col("mode").replace_strict(per_tkm, default=None)
        ).alias("co2e_kg"),
        # No energy is published beside the intensities; it stays unknown and is not guessed.
        pl.lit(None, dtype=pl.Float64).alias("energy_mj"),
    )  # fmt: skip
    columns = ["from_place_id", "to_place_id", "mode", "pieces", "energy_mj", "co2e_kg"]
    ends = pl.concat_list("from_place_id", "to_place_id").list.sort()
    return (
        pl.concat([road.select(columns), other.select(columns)])
        .with_columns(ends.list.join(" - ").alias("element"))
        .group_by("element", "mode")
        .agg(pl.col("pieces", "energy_mj", "co2e_kg").sum())
        .with_columns(stage=pl.lit("line_haul"))
        .sort("element", "mode")
    )


def _hubs(network: Network, sorted_pieces: pl.DataFrame, rates: Rates) -> pl.DataFrame:
    plants = network["hub_plants"].group_by("place_id").agg(pl.col("energy_kwh_piece").mean())
    return sorted_pieces.join(plants, on="place_id", how="left").select(
        pl.col("place_id").alias("element"),
        pl.lit("hub").alias("stage"),
        pl.lit("electric").alias("mode"),
        "pieces",
        (pl.col("pieces") * pl.col("energy_kwh_piece").fill_null(0.0) * MJ_PER_KWH).alias("energy_mj"),
        (pl.col("pieces") * pl.col("energy_kwh_piece").fill_null(0.0) * rates.grid_kgco2e_kwh).alias("co2e_kg"),
    )


def _rounds(network: Network, season: str, rates: Rates) -> pl.DataFrame:
    """Rural rounds of a mean day of the week, one element a county."""
    rounds = network["rounds"]
    if not rounds.height:
        return pl.DataFrame(schema=SCHEMA)
    pieces = network["round_stops"].group_by("round_id").agg(
        (pl.col("deliver_pieces").fill_null(0.0) + pl.col("collect_pieces").fill_null(0.0)).sum().alias("pieces")
    )  # fmt: skip
    share = pl.col("days").str.len_chars() / 7.0
    return (
        runs(network, rounds.join(pieces, on="round_id", how="left"), season=season, rates=rates)
        .with_columns((pl.col("pieces", "energy_mj", "co2e_kg") * share).name.keep())
        .group_by(pl.col("county_id").alias("element"))
        .agg(pl.col("pieces", "energy_mj", "co2e_kg").sum())
        .with_columns(stage=pl.lit("round"), mode=pl.lit("road"))
        .sort("element")
    )


def city(network: Network, pieces: float, season: str = "any", rates: Rates | None = None) -> pl.DataFrame:
    """Delivery in towns: assumed kilometres a piece, an electric share, and light diesel trucks for the rest.

    ``run_yuan`` counts the kilometres, not the couriers' hours, which do not depend on what they drive.
    """
    held = parameters(network, ["electric_share_last_mile", "city_delivery_km_piece"])
    km, electric = held["city_delivery_km_piece"][0] * pieces, held["electric_share_last_mile"][0] / 100
    vehicles = pl.DataFrame(
        {
            "vehicle_id": ["EV_VAN", "TRUCK_4_2"],
            "distance_km": [km * electric, km * (1 - electric)],
            "duration_min": [0.0, 0.0],
            "pieces": [pieces * electric, pieces * (1 - electric)],
        }
    )
    return runs(network, vehicles, season=season, rates=rates).with_columns(
        element=pl.lit("cities"), stage=pl.lit("city"), mode=pl.col("vehicle_id")
    )
