"""One case: a bundle of levers in one world of one year, and every measure of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.evaluate.ready import opened, prepared
from postroad.measure.footprint import footprint
from postroad.measure.promise import certificate
from postroad.measure.promise.certificate import units_of
from postroad.measure.standing import MEASURES, Measure, standing
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from postroad.demand import Demand
    from postroad.network import Network
    from postroad.plan.levers import Lever
    from postroad.simulate.day import Run

RUN_MEASURES: Mapping[str, Measure] = {
    measure.id: measure
    for measure in (
        Measure("on_time_core", "24h-core-cities", "%", "up", False),
        Measure("on_time_metro", "24h-metro", "%", "up", False),
        Measure("on_time_towns", "24h-towns", "%", "up", False),
        Measure("on_time_neighbours", "24h-neighbours", "%", "up", False),
        Measure("mean_h", "", "h", "down", False),
        Measure("left_over", "", "%", "down", False),
        Measure("cost_yuan_piece", "", "yuan", "down", False),
        Measure("co2e_g_piece", "green-fleet", "g", "down", True),
    )
}
ALL_MEASURES: Mapping[str, Measure] = {**RUN_MEASURES, **MEASURES}
DAYS = 365.25
CLASSES = ("core", "metro", "towns", "neighbours")


@dataclass(frozen=True)
class Choice:
    """A lever that was chosen, with what was changed of it: start, slip_years, ramp_years or a parameter of its own."""

    lever: str
    changes: tuple[tuple[str, Any], ...] = ()

    def of(self, name: str) -> Lever:
        """Return the lever of a province with the changes made."""
        lever = opened(name)[1][self.lever]
        return lever.with_(**dict(self.changes)) if self.changes else lever


@dataclass(frozen=True)
class Question:
    """What is asked of every bundle: province, year, growth scenario, day, weather, share of parcels run, and seed.

    ``scale`` runs that share of the day's parcels with capacities cut alike; 0 runs none and leaves the measures that
    need a run out.
    """

    province: str = "jilin"
    year: int = 2025
    scenario: str = "base"
    day: str = "2025-12-10"
    weather: str = "ordinary"
    scale: float = 0.01
    seed: int = 0


@dataclass(frozen=True)
class Case:
    """A bundle in a world. Worlds differ by the seed of parcels, roads and doors; bundles in one world share it."""

    question: Question
    bundle: tuple[Choice, ...]
    world: int


def measured(case: Case) -> dict[str, float]:
    """Return every measure of a case; ``county_h/ID`` are mean hours to each county or zone."""
    asked = case.question
    levers = [choice.of(asked.province) for choice in case.bundle]
    network, wanted = prepared(asked.province, levers, asked.year, asked.scenario)
    pieces_day = _handled(wanted) / DAYS
    found = standing(network, pieces_day)
    if asked.scale > 0:
        run = simulate_day(
            network, wanted, day=asked.day, seed=asked.seed * 1000 + case.world, scale=asked.scale,
            weather=asked.weather,
        )  # fmt: skip
        found |= from_run(network, run, asked)
    # Ten digits: sums in another order must not look like an effect.
    return {name: float(f"{value:.10g}") for name, value in found.items()}


def _handled(wanted: Demand) -> float:
    """Pieces sent and delivered in a year."""
    return float(wanted.flows["pieces"].sum())


def from_run(network: Network, run: Run, asked: Question) -> dict[str, float]:
    """Return the measures that a run gives: promise, hours, left-overs, cost and emissions a piece, hours by county."""
    held = certificate(run.certificate_facts(), network)
    found = {f"on_time_{name}": held.value(name, "ordinary") for name in CLASSES}
    whole = run["summary"].row(0, named=True) if run["summary"].height else {}
    trips = run["trips"].filter("runs").group_by("line_haul_id").agg(
        pl.len().alias("runs"), pl.col("loaded").sum().alias("pieces"), pl.col("left_over").sum()
    )  # fmt: skip
    days = len(run.facts["days"])
    pieces = run.facts["parcels"] / asked.scale / days
    found["mean_h"] = float(whole.get("mean_h") or math.nan)
    found["left_over"] = 100.0 * float(trips["left_over"].sum()) / max(1.0, float(trips["pieces"].sum()))
    found |= _per_piece(network, run, trips, pieces, asked)
    return found | _by_county(network, run)


def _per_piece(network: Network, run: Run, trips: pl.DataFrame, pieces: float, asked: Question) -> dict[str, float]:
    """Cost and CO2e of a mean piece of the day: the timetable's runs of one day, sorting, and delivery."""
    leaves = run["trips"]["depart_min"].to_numpy()
    days = max(1.0, float(np.ptp(leaves)) / 1440.0) if leaves.size else 1.0
    loads = trips.select("line_haul_id", pl.col("runs") / days, (pl.col("pieces") / asked.scale / days).alias("pieces"))
    sorting = run["facilities"].group_by("place_id").agg((pl.col("sorted").sum() / asked.scale / days).alias("pieces"))
    villages = network["places"].filter(level="village", kind="village")["place_id"]
    ends = run.parcels().select(pl.col("destination_id").cast(pl.String).is_in(villages.implode()).mean()).collect()
    rural = float(ends.item() or 0.0)
    season = "winter" if asked.day[5:7] in ("11", "12", "01", "02", "03") else "any"
    made = footprint(network, loads, sorting, (rural * pieces, (1 - rural) * pieces), season=season)
    hauls = network["line_hauls"].join(loads.rename({"pieces": "carried"}), on="line_haul_id")
    hauling = float((hauls["cost_yuan"].fill_null(0.0) * hauls["runs"]).sum())
    plants = network["hub_plants"].group_by("place_id").agg(pl.col("cost_yuan_piece").mean())
    sorted_cost = sorting.join(plants, on="place_id", how="left")
    handling = float((sorted_cost["pieces"] * sorted_cost["cost_yuan_piece"].fill_null(0.0)).sum())
    return {"co2e_g_piece": made.co2e_g_piece, "cost_yuan_piece": (hauling + handling) / pieces}


def _by_county(network: Network, run: Run) -> dict[str, float]:
    unit = units_of(network).lazy().rename({"place_id": "destination_id"})
    inside = network["places"].filter(level="county")["place_id"]
    mean = (
        run.parcels()
        .select(pl.col("destination_id").cast(pl.String), "elapsed_s")
        .join(unit, on="destination_id")
        .filter(pl.col("unit_id").is_in(inside.implode()))
        .group_by("unit_id")
        .agg(pl.col("elapsed_s").mean() / 3600.0)
        .sort("unit_id")
        .collect()
    )
    return {f"county_h/{place}": float(hours) for place, hours in mean.iter_rows() if hours is not None}


def only(names: Collection[str]) -> list[Measure]:
    """Return the measures of these names, in their usual order."""
    return [measure for name, measure in ALL_MEASURES.items() if name in names]


def as_options(asked: Question, bundle: Collection[Choice]) -> dict[str, Any]:
    """Return a question and its levers as plain values for a stamp."""
    return {**dataclasses.asdict(asked), "levers": [[c.lever, *map(list, c.changes)] for c in bundle]}
