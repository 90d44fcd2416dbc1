"""One case: a bundle of levers in one world of one year, and every measure of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.demand.stock import Stocked
from postroad.evaluate.ready import opened, prepared, tabled
from postroad.evaluate.rural import mixed
from postroad.measure.footprint import city, footprint
from postroad.measure.promise import certificate
from postroad.measure.promise.certificate import units_of
from postroad.measure.standing import MEASURES, Measure, standing
from postroad.rates import Rates, runs
from postroad.simulate.day import simulate_day
from postroad.travel.speeds import parameters

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
        Measure("rural_yuan_piece", "stability", "yuan", "down", True),
        Measure("village_arrival_h", "villages", "h", "down", True),
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

    @property
    def season(self) -> str:
        """The season of the day, as emission factors know it."""
        return "winter" if self.day[5:7] in ("11", "12", "01", "02", "03") else "any"


@dataclass(frozen=True)
class Case:
    """A bundle in a world. Worlds differ by the seed of parcels, roads and doors; bundles in one world share it."""

    question: Question
    bundle: tuple[Choice, ...]
    world: int


def measured(case: Case, prices: pl.DataFrame | None = None) -> dict[str, float]:
    """Return every measure of a case; ``county_h/ID`` are mean hours to each county or zone.

    ``prices`` of ``rural.priced`` add what depends on how villages are served.
    """
    return joined(ran(case) if case.question.scale > 0 else {}, stood(case, prices))


def ran(case: Case) -> dict[str, float]:
    """Return what a run of a case gives; what only makes up other measures begins with ``_``."""
    asked = case.question
    network, wanted = prepared_for(asked, case.bundle)
    run = simulate_day(
        network, wanted, day=asked.day, seed=asked.seed * 1000 + case.world, scale=asked.scale, weather=asked.weather
    )
    return from_run(network, run, asked, wanted)


def stood(case: Case, prices: pl.DataFrame | None = None) -> dict[str, float]:
    """Return what the tables of a bundle give in any world, and what only makes up other measures, with ``_``."""
    asked = case.question
    levers = [choice.of(asked.province) for choice in case.bundle]
    network, pieces = tabled(asked.province, levers, asked.year, asked.scenario)
    found = standing(network, pieces / DAYS)
    in_town = city(network, 1.0, asked.season)
    found |= {"_city_kg": float(in_town["co2e_kg"].sum()), "_city_yuan": float(in_town["run_yuan"].sum())}
    if prices is not None:
        told = mixed(network, prices)
        found |= {"rural_yuan_piece": told.yuan_piece, "village_arrival_h": told.arrives_h}
        found["_rural_kg"] = told.co2e_g_piece / 1000
    return found


def joined(run: Mapping[str, float], table: Mapping[str, float]) -> dict[str, float]:
    """Return the measures of a case from those of its run and of its tables."""
    found = {**table, **run}
    if run:
        rural = run["_rural_share"]
        town = 1 - rural
        # Without prices of rounds, villages add nothing: the same in every bundle.
        found["cost_yuan_piece"] = (
            run["_trunk_yuan"] + town * table["_city_yuan"] + rural * table.get("rural_yuan_piece", 0.0)
        )
        kg = run["_trunk_kg"] + town * table["_city_kg"] + rural * table.get("_rural_kg", 0.0)
        found["co2e_g_piece"] = 1000 * kg
    # Ten digits: sums in another order must not look like an effect.
    return {name: float(f"{value:.10g}") for name, value in found.items() if not name.startswith("_")}


@lru_cache(maxsize=2)
def prepared_for(asked: Question, bundle: tuple[Choice, ...]) -> tuple[Network, Demand]:
    """Return the network and demand of a bundle; worlds that follow one another share it."""
    return prepared(asked.province, [choice.of(asked.province) for choice in bundle], asked.year, asked.scenario)


def from_run(network: Network, run: Run, asked: Question, wanted: Demand) -> dict[str, float]:
    """Return the measures that a run gives: promise, hours, left-overs, hours by county, and the trunk a piece."""
    held = certificate(run.certificate_facts(), network)
    found = {f"on_time_{name}": held.value(name, "ordinary") for name in CLASSES}
    whole = run["summary"].filter(flow_class="all").to_dicts()
    trips = run["trips"].filter("runs").group_by("line_haul_id").agg(
        pl.len().alias("runs"), pl.col("loaded").sum().alias("pieces"), pl.col("left_over").sum()
    )  # fmt: skip
    found["mean_h"] = float(whole[0]["mean_h"] or math.nan) if whole else math.nan
    # Who finds no seat takes the lorry that was there before: nobody is late for want of a seat.
    seats = network["line_hauls"].filter(pl.col("service_ref").is_not_null())["line_haul_id"]
    own = trips.filter(~pl.col("line_haul_id").is_in(seats.implode()))
    found["left_over"] = 100.0 * float(own["left_over"].sum()) / max(1.0, float(own["pieces"].sum()))
    found |= _trunk_piece(network, run, trips, asked, wanted)
    return found | _by_county(network, run)


def _trunk_piece(network: Network, run: Run, trips: pl.DataFrame, asked: Question, wanted: Demand) -> dict[str, float]:
    """Cost and CO2e of a mean piece of the day up to its county: the timetable's runs of one day, sorting, bulk."""
    days = len(run.facts["days"])
    pieces = run.facts["parcels"] / asked.scale / days
    leaves = run["trips"]["depart_min"].to_numpy()
    length = max(1.0, float(np.ptp(leaves)) / 1440.0) if leaves.size else 1.0
    loads = trips.select(
        "line_haul_id", pl.col("runs") / length, (pl.col("pieces") / asked.scale / length).alias("pieces")
    )
    sorting = (
        run["facilities"].group_by("place_id").agg((pl.col("sorted").sum() / asked.scale / length).alias("pieces"))
    )
    villages = network["places"].filter(level="village", kind="village")["place_id"]
    ends = run.parcels().select(pl.col("destination_id").cast(pl.String).is_in(villages.implode()).mean()).collect()
    rural = float(ends.item() or 0.0)
    made = footprint(network, loads, sorting, (rural * pieces, (1 - rural) * pieces), season=asked.season)
    trunk = made.stages.filter(pl.col("stage").is_in(["line_haul", "hub"]))
    hauls = network["line_hauls"].join(loads.rename({"pieces": "carried"}), on="line_haul_id")
    yuan = float(hauls.select(_run_yuan().sum()).item())
    plants = network["hub_plants"].group_by("place_id").agg(pl.col("cost_yuan_piece").mean())
    sorted_cost = sorting.join(plants, on="place_id", how="left")
    yuan += float((sorted_cost["pieces"] * sorted_cost["cost_yuan_piece"].fill_null(0.0)).sum())
    bulk = _bulk(network, wanted, asked)
    return {"_rural_share": rural, "_trunk_yuan": yuan / pieces + bulk[0],
            "_trunk_kg": float(trunk["co2e_kg"].sum()) / pieces + bulk[1]}  # fmt: skip


def _run_yuan() -> pl.Expr:
    """What a line's runs of a day cost: seats on trains and flights by the pieces that ride, others by the run."""
    by_run = pl.col("cost_yuan").fill_null(0.0) * pl.col("runs")
    by_piece = pl.col("cost_yuan") / pl.col("capacity_pieces") * pl.col("carried")
    return pl.when(pl.col("service_ref").is_not_null()).then(by_piece).otherwise(by_run)


def _bulk(network: Network, wanted: Demand, asked: Question) -> tuple[float, float]:
    """Yuan and kg of CO2e a piece for bringing stock to the parks: full loads of the largest lorry, empty back."""
    if not isinstance(wanted, Stocked):
        return 0.0, 0.0
    lorry = network["vehicles"].sort("payload_kg", "vehicle_id")[-1]
    a_load = float(lorry["payload_kg"][0]) / Rates.of(network).piece_kg
    speed = parameters(network, ["speed_expressway_truck"])["speed_expressway_truck"][0]
    km = 2 * wanted.bulk_piece_km / a_load
    frame = pl.DataFrame({"vehicle_id": lorry["vehicle_id"], "distance_km": [km], "duration_min": [60 * km / speed]})
    row = runs(network, frame, season=asked.season).row(0, named=True)
    year = float(wanted.flows["pieces"].sum())
    return row["run_yuan"] / year, row["co2e_kg"] / year


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
