"""What a script does to the day: disruptions, relief goods among the parcels, and a network with an action in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.errors import InfeasibleError
from postroad.simulate.day import Given

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from postroad.demand.parcels import Block
    from postroad.network import Network
    from postroad.simulate.drill.script import Action, Relief

DAY_MIN = 1440.0
SOURCE = "drill"


@dataclass(frozen=True)
class WithRelief:
    """A demand with relief goods on its first day, cut to the run's share like all other parcels.

    Relief is drawn after the day's own parcels, so that these keep their numbers and their luck.
    """

    demand: Any
    goods: Given
    day: str
    year: int
    scale: float

    @classmethod
    def of(cls, demand: Any, network: Network, relief: Iterable[Relief], day: str, scale: float) -> WithRelief:
        """Return the demand with these goods, handed in evenly over their minutes."""
        parts = []
        operator = network["operators"].filter(kind="post")["operator_id"][0]
        for load in relief:
            count = max(1, round(load.pieces * scale))
            minutes = np.linspace(load.from_min, load.until_min - 1, count).astype(np.int64)
            parts.append(
                pl.DataFrame({"accept_min": minutes}).with_columns(
                    origin_id=pl.lit(load.from_place_id), destination_id=pl.lit(load.to_place_id),
                    product_id=pl.lit(load.product_id), operator_id=pl.lit(operator),
                )
            )  # fmt: skip
        return cls(demand, Given(pl.concat(parts), network, demand.year), day, demand.year, scale)

    @property
    def scenario(self) -> str:
        """The growth scenario of the demand."""
        return str(getattr(self.demand, "scenario", ""))

    @property
    def usual(self) -> Any:
        """The demand of a usual day: relief is no reason to have more couriers."""
        return self.demand

    @property
    def flows(self) -> Any:
        """The yearly flows of the demand."""
        return getattr(self.demand, "flows", None)

    def pieces(self, day: str) -> int:
        """Return the pieces of a day; relief counts so that the run's share of it is whole."""
        own = self.goods.table.height if day == self.day else 0
        return int(self.demand.pieces(day)) + round(own / self.scale)

    def parcels(self, day: str, seed: int = 0, pieces: int | None = None, workers: int = 1) -> Iterator[Block]:
        """Yield the day's own parcels, then the relief goods."""
        own = self.goods.table.height if day == self.day else 0
        count = (self.pieces(day) if pieces is None else pieces) - own
        yield from self.demand.parcels(day, seed, pieces=count, workers=workers)
        if own:
            yield from (dataclasses.replace(block, first=count) for block in self.goods.parcels(day))


def acted(network: Network, action: Action) -> Network:
    """Return the network with an action's trips, buses, plants and cut-offs in it.

    ``InfeasibleError`` names an extra trip for which the timetable has no line between its ends.
    """
    changed: dict[str, pl.DataFrame] = {}
    if action.trips:
        changed["line_hauls"] = _with_trips(network, action)
    if action.plants:
        rate = pl.col("place_id").replace_strict(dict(action.plants), default=1.0, return_dtype=pl.Float64)
        changed["hub_plants"] = network["hub_plants"].with_columns(pl.col("sort_rate_pieces_h") * rate)
    if action.cutoffs or action.waves:
        moved = pl.col("place_id").replace_strict(dict(action.cutoffs), default=0.0, return_dtype=pl.Float64)
        waves = network["sort_waves"].with_columns(
            (pl.col("cutoff_min") + moved).clip(lower_bound=pl.col("open_min"), upper_bound=pl.col("release_min"))
        )
        changed["sort_waves"] = _with_waves(waves, action)
    if action.buses:
        changed["bus_holds"] = _with_buses(network, action)
    if not changed:
        return network
    return network.with_source({"source_id": SOURCE}, **changed)


def _with_trips(network: Network, action: Action) -> pl.DataFrame:
    lines = network["line_hauls"]
    fresh = []
    for number, trip in enumerate(action.trips, 1):
        like = lines.filter(from_place_id=trip.from_place_id, to_place_id=trip.to_place_id).head(1)
        if not like.height:
            raise InfeasibleError.of("drill.no_line", origin=trip.from_place_id, destination=trip.to_place_id)
        fresh.append(
            like.with_columns(
                line_haul_id=pl.lit(f"DRILL-{action.id}-{number}"), depart_min=pl.lit(trip.depart_min % DAY_MIN),
                capacity_pieces=pl.col("capacity_pieces") * trip.times, season=pl.lit("any"),
                days=pl.lit("1234567"), origin=pl.lit("assumed"), source=pl.lit(SOURCE),
            )
        )  # fmt: skip
    return pl.concat([lines, *fresh])


def _with_waves(waves: pl.DataFrame, action: Action) -> pl.DataFrame:
    """Waves with the action's own among them: it opens when the wave before closes, and the next opens when it does."""
    parts = [waves.filter(~pl.col("place_id").is_in(list(action.waves)))]
    for place, (cutoff, release) in action.waves.items():
        own = waves.filter(place_id=place)
        fresh = pl.DataFrame({"place_id": [place], "wave": [1], "open_min": [0.0], "cutoff_min": [cutoff],
                              "release_min": [release], "origin": ["assumed"], "source": [SOURCE]})  # fmt: skip
        both = pl.concat([own, fresh.select(own.columns)]).sort("cutoff_min")
        opens = pl.col("cutoff_min").shift(1).fill_null(0.0)
        numbered = pl.int_range(1, both.height + 1, dtype=pl.Int64).alias("wave")
        parts.append(both.with_columns(numbered, opens.alias("open_min")))
    return pl.concat(parts)


def _with_buses(network: Network, action: Action) -> pl.DataFrame:
    """Buses from a county to each of its townships at the given minutes, at 30 km/h over the straight line."""
    places = network["places"]
    rows = []
    for county, minutes in action.buses.items():
        seat = places.filter(place_id=county).row(0, named=True)
        for town in places.filter(parent_id=county, level="township").iter_rows(named=True):
            north = (town["lat"] - seat["lat"]) * 111.2
            east = (town["lon"] - seat["lon"]) * 111.2 * float(np.cos(np.radians(seat["lat"])))
            drive = max(5.0, 1.3 * float(np.hypot(north, east)) / 30.0 * 60.0)
            rows += [
                {"bus_hold_id": f"DRILL-{action.id}-{town['place_id']}-{int(at)}", "from_place_id": county,
                 "to_place_id": town["place_id"], "depart_min": at, "duration_min": drive, "days": "1234567",
                 "capacity_pieces": action.bus_pieces, "origin": "assumed", "source": SOURCE}
                for at in minutes
            ]  # fmt: skip
    held = network["bus_holds"]
    return pl.concat([held, pl.DataFrame(rows)], how="diagonal_relaxed").select(held.columns) if rows else held
