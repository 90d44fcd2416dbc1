"""Outlets at railway stations, bus stations and airports, by how many passengers pass (P83).

No passenger counts are published by terminal. They are derived: calls of trains, flights and rural buses of a day from
the tables and the timetable, times passengers a call, which are assumed with a range. A terminal with an open point
within reach already has its outlet; terminals within reach of one another share one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.spatial import KDTree

from postroad.design.sites.covering import maximal_covering
from postroad.design.sites.merging import merge_points
from postroad.design.sites.uses import Placed
from postroad.errors import DataError, UsageError
from postroad.timetable.buses import buses
from postroad.travel.doorstep import USABLE, flat
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.design.sites.tree import Pace
    from postroad.network import Network
    from postroad.timetable.feed import Feed

SERVICES = {"rail": "accept;deliver;hold;tickets", "bus": "accept;deliver;hold;bus_parcels", "air": "accept;hold"}
"""What an outlet offers at each kind of terminal: acceptance, delivery, holding, and selling or handling for others."""
SCHEMA: dict[str, type[pl.DataType]] = {
    "terminal_id": pl.String, "name_zh": pl.String, "mode": pl.String, "county_id": pl.String, "lon": pl.Float64,
    "lat": pl.Float64, "calls_day": pl.Float64, "origin": pl.String,
}  # fmt: skip


def terminals(network: Network, feed: Feed | None = None) -> pl.DataFrame:
    """Return the province's terminals with calls a day and passengers a day: likely, low and high.

    ``feed`` holds the buses; without one they are the synthetic lines, and say so in ``origin``.
    """
    held = parameters(network, ["passengers_train_call", "passengers_flight", "passengers_bus_trip"])
    each = {"rail": held["passengers_train_call"], "air": held["passengers_flight"], "bus": held["passengers_bus_trip"]}
    found = pl.concat([_rail(network), _air(network), _bus(network, feed)])
    by_mode = [pl.col("mode").replace_strict({m: v[k] for m, v in each.items()}, return_dtype=pl.Float64)
               for k in range(3)]  # fmt: skip
    calls = pl.col("calls_day")
    return found.with_columns(
        passengers_day=calls * by_mode[0], passengers_low=calls * by_mode[1], passengers_high=calls * by_mode[2]
    ).sort("terminal_id")


def _inside(network: Network) -> pl.Expr:
    counties = network["places"].filter(level="county")["place_id"]
    return pl.col("county_id").is_in(counties.implode())


def _rail(network: Network) -> pl.DataFrame:
    """Stations with trains: the fuller of the two timetables counts, for each lists only some of the trains."""
    calls = network["train_calls"].group_by("station_name").agg(own=pl.col("train_no").n_unique())
    passages = network["train_passages"].group_by("station_name").agg(other=pl.col("train_no").n_unique())
    both = calls.join(passages, on="station_name", how="full", coalesce=True)
    both = both.select(name_zh="station_name", calls_day=pl.max_horizontal("own", "other").cast(pl.Float64))
    stations = network["rail_stations"].drop_nulls(["lon", "lat"]).filter(_inside(network))
    return stations.join(both, on="name_zh").select(
        "name_zh", "county_id", "lon", "lat", "calls_day", terminal_id=pl.lit("rail-") + pl.col("station_id"),
        mode=pl.lit("rail"), origin=pl.lit("derived"),
    ).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())  # fmt: skip


def _air(network: Network) -> pl.DataFrame:
    """Airports with direct routes, one flight a day on each."""
    own = network["flights"].filter(
        pl.col("codeshare").fill_null(value=False).not_(), pl.col("stops").fill_null(0) == 0
    )
    ends = pl.concat([own.select(airport_id=end) for end in ("from_airport", "to_airport")])
    calls = ends.group_by("airport_id").agg(calls_day=pl.len().cast(pl.Float64))
    airports = network["airports"].drop_nulls(["lon", "lat"]).filter(_inside(network))
    return airports.join(calls, on="airport_id").select(
        "county_id", "lon", "lat", "calls_day", name_zh=pl.coalesce("name_zh", "name_en"), mode=pl.lit("air"),
        terminal_id=pl.lit("air-") + pl.col("airport_id"), origin=pl.lit("derived"),
    ).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())  # fmt: skip


def _bus(network: Network, feed: Feed | None) -> pl.DataFrame:
    """County seats as bus stations: trips that begin or end there."""
    lines = feed or buses(network)
    order = pl.col("stop_sequence").str.strip_chars().cast(pl.Int64)
    times = lines["stop_times"].with_columns(order=order)
    ends = times.filter(
        (pl.col("order") == pl.col("order").min().over("trip_id"))
        | (pl.col("order") == pl.col("order").max().over("trip_id"))
    )
    calls = ends.group_by("stop_id").agg(calls_day=pl.len().cast(pl.Float64))
    seats = network["places"].filter(level="county").drop_nulls(["lon", "lat"])
    return seats.join(calls, left_on="place_id", right_on="stop_id").select(
        "name_zh", "lon", "lat", "calls_day", county_id="place_id", terminal_id=pl.lit("bus-") + pl.col("place_id"),
        mode=pl.lit("bus"), origin=pl.lit("synthetic" if feed is None else "derived"),
    ).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())  # fmt: skip


def terminal_outlets(
    network: Network, p: int, *, km: float = 0.5, feed: Feed | None = None, how: Pace | None = None
) -> Placed:
    """Return the ``p`` terminals where an outlet brings most passengers a day within ``km`` of one.

    Passengers who have an open point within ``km`` today are counted as served in value and bound alike.
    """
    if not km > 0:
        raise UsageError.of("sites.bad_limit", value=km)
    every = terminals(network, feed)
    points = network["sites"].filter(pl.col("kind").is_in(USABLE), pl.col("status") == "open")
    points = points.drop_nulls(["lon", "lat"])
    if not every.height:
        raise DataError.of("sites.no_terminal", table="rail_stations")
    middle = float(every["lat"].to_numpy().mean())
    at = flat(every, middle)
    near = KDTree(flat(points, middle)).query(at)[0] if points.height else np.full(every.height, np.inf)
    every = every.with_columns(point_km=near)
    passengers = every["passengers_day"].to_numpy()
    bare = np.flatnonzero(near > km)
    total = float(passengers.sum()) or 1.0
    served = float(passengers[near <= km].sum())
    if p > bare.size:
        raise UsageError.of("sites.number_out_of_reach", asked=p, low=0, high=int(bare.size))
    if p == 0:
        return Placed(every.clear(), served / total, served / total, "optimal")
    ground = at[bare]
    groups = merge_points([(ground[:, 0].copy(), ground[:, 1].copy(), passengers[bare])], ground, km)
    answer = maximal_covering(groups, p, pace=how)
    order = answer.chosen[np.argsort(-passengers[bare][answer.chosen], kind="stable")]
    chosen = every[bare[order]].with_columns(services=pl.col("mode").replace_strict(SERVICES, return_dtype=pl.String))
    return Placed(chosen, (served + answer.objective) / total, (served + answer.bound) / total, answer.status)
