"""The three-tier trunk of a province as arrays: flows a day, towns that may be hubs, what runs between them cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault
from postroad.rates import runs
from postroad.travel import engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.network import Network

DAYS = 365.0
EARTH_KM = 6371.0088
TOWN_KINDS = ("county", "county_city", "autonomous_county")
VEHICLES = ("TRUCK_4_2", "TRUCK_9_6", "SEMI_17_5")
"""What runs from units to hubs, between tiers 3 and 2, and above."""
ONE_TOWN_KM = 12.0
"""A county seat this near a prefecture city is one town with it, and no place for a hub of its own."""
PARAMETERS = ("fill_factor_linehaul_volume", "unit_sorting_hub_cost", "hub_dwell_time_target", "stage_time_delivery")


@dataclass(frozen=True)
class TierProblem:
    """Units (counties and zones), towns that may be hubs, places outside; flows in pieces a day, costs in yuan.

    ``run[v]`` is the cost of one run of vehicle ``v`` (0 feeder, 1 truck, 2 semi) between towns, ``run_unit`` from a
    unit to a town by feeder, ``run_outside`` from a town to a place outside by semi; ``room[v]`` the pieces a run
    takes at the usual fill. Minutes likewise. ``own[i]`` is the town that unit ``i`` is itself, -1 for a district or
    zone. ``sort_yuan`` is paid and ``dwell_min`` spent at every hub passed.
    """

    units: tuple[str, ...]
    towns: tuple[str, ...]
    outside: tuple[str, ...]
    names: dict[str, str]
    flow: NDArray[np.float64]
    sent_out: NDArray[np.float64]
    taken_in: NDArray[np.float64]
    room: NDArray[np.float64]
    run: NDArray[np.float64]
    run_unit: NDArray[np.float64]
    run_outside: NDArray[np.float64]
    minutes: NDArray[np.float64]
    minutes_unit: NDArray[np.float64]
    minutes_outside: NDArray[np.float64]
    own: NDArray[np.int64]
    sort_yuan: float
    dwell_min: float
    delivery_min: float

    def town(self, place_id: str) -> int:
        """Return the number of a town; ``DataError`` when the place is none."""
        if place_id not in self.towns:
            raise DataError.of("design.tier_no_town", table="sites", column="place_id", value=place_id)
        return self.towns.index(place_id)


def tier_problem(network: Network, demand: Demand, season: str = "ordinary") -> TierProblem:
    """Return the arrays of a network with its demand; ``DataError`` names what is missing."""
    places = network["places"]
    units = sorted(places.filter(pl.col("level") == "county")["place_id"].to_list())
    towns = _towns(places)
    held = {name: value for name, (value, _, _) in network.ranges(PARAMETERS).items()}
    room = _room(network)
    roads = engine(network, "road", season)
    far = [x for x in sorted(places.filter(level="external", kind="city")["place_id"]) if x in roads.reaches([x])]
    ways = roads.ways([*units, *towns], [*towns, *far])
    km, hours = ways.km, ways.minutes / 60
    names = dict(places.select("place_id", "name_zh").iter_rows())
    lost = cut_off(np.isfinite(km), [*units, *towns], [*towns, *far])
    if lost:
        raise DataError([Fault.of("design.tier_no_road", table="places", value=names.get(x) or x) for x in lost])
    u, t = len(units), len(towns)
    run = np.array([_run(network, km[u:, :t], hours[u:, :t], vehicle) for vehicle in VEHICLES])
    run = (run + run.transpose(0, 2, 1)) / 2
    daily = _flows(demand, units, far)
    at = {place: k for k, place in enumerate(towns)}
    return TierProblem(
        tuple(units),
        tuple(towns),
        tuple(far),
        names,
        *daily,
        held["fill_factor_linehaul_volume"] * room,
        run,
        _run(network, km[:u, :t], hours[:u, :t], VEHICLES[0]),
        _run(network, km[u:, t:], hours[u:, t:], VEHICLES[2]),
        ways.minutes[u:, :t],
        ways.minutes[:u, :t],
        ways.minutes[u:, t:],
        np.array([at.get(i, -1) for i in units]),
        held["unit_sorting_hub_cost"],
        60 * held["hub_dwell_time_target"],
        60 * held["stage_time_delivery"],
    )


def cut_off(reached: NDArray[np.bool_], rows: list[str], columns: list[str]) -> list[str]:
    """Return the places that do not reach, or are not reached from, the place most of the others reach."""
    if reached.all():
        return []
    middle = int(reached.sum(0).argmax())
    joined = reached[:, middle]
    away = {x for x, there in zip(rows, joined, strict=True) if not there}
    away |= {columns[k] for k in np.flatnonzero(reached[joined].sum(0) == 0)}
    return sorted(away)


def _towns(places: pl.DataFrame) -> list[str]:
    """Prefecture cities stand for their districts and zones; every other county seat stands for itself."""
    cities = places.filter(pl.col("kind") == "prefecture_city").sort("place_id")
    seats = places.filter(pl.col("kind").is_in(TOWN_KINDS) & (pl.col("level") == "county")).sort("place_id")
    lon, lat = (np.radians(pl.concat([cities, seats])[axis].to_numpy()) for axis in ("lon", "lat"))
    c = cities.height
    across = (lon[c:, None] - lon[:c]) * np.cos((lat[c:, None] + lat[:c]) / 2)
    near = np.hypot(across, lat[c:, None] - lat[:c]).min(1, initial=np.inf) * EARTH_KM < ONE_TOWN_KM
    return cities["place_id"].to_list() + seats.filter(~near)["place_id"].to_list()


def _room(network: Network) -> NDArray[np.float64]:
    """Pieces each of the three vehicles holds when full."""
    held = dict(network["vehicles"].select("vehicle_id", "capacity_pieces").iter_rows())
    missing = [name for name in VEHICLES if not held.get(name)]
    if missing:
        raise DataError(Fault.of("design.tier_no_vehicle", table="vehicles", value=name) for name in missing)
    return np.array([float(held[name]) for name in VEHICLES])


def _run(network: Network, km: NDArray[np.float64], hours: NDArray[np.float64], vehicle: str) -> NDArray[np.float64]:
    """Yuan of one run over each way."""
    frame = pl.DataFrame({"distance_km": km.ravel(), "duration_min": 60 * hours.ravel()})
    priced = runs(network, frame.with_columns(vehicle_id=pl.lit(vehicle)))
    return np.array(priced["run_yuan"].to_numpy()).reshape(km.shape)


def _flows(
    demand: Demand, units: list[str], far: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Pieces a day between units, from units to places outside, and from there."""
    row, column = ({place: k for k, place in enumerate(ids)} for ids in (units, far))
    inside, out, back = np.zeros((len(units),) * 2), np.zeros((len(units), len(far))), np.zeros((len(units), len(far)))
    for start, end, pieces in demand.flows.select("origin_id", "destination_id", "pieces").iter_rows():
        if start in row and end in row:
            inside[row[start], row[end]] += pieces / DAYS
        elif start in row and end in column:
            out[row[start], column[end]] += pieces / DAYS
        elif start in column and end in row:
            back[row[end], column[start]] += pieces / DAYS
    return inside, out, back
