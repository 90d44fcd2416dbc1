"""A network with a candidate put in, and what the candidate costs a day.

Vehicles are the cheapest that carry the pieces, out and back empty; more sorter costs its purchase over ten years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.design.lines.roads import Roads
from postroad.design.lines.vehicles import cheapest, fleet
from postroad.evaluate.repair.candidates import EARLIER_MIN, MORE_SORTER, SORT_MIN, Candidate
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.network import Network

SOURCE = "repair"
SPARE = 1.25
"""Room beyond the mean pieces."""
LIFE_DAYS = 3650.0
DAY_MIN = 1440.0


def changed(network: Network, one: Candidate) -> tuple[Network, float] | None:
    """Return the network with the candidate and its yuan a day; ``None`` where it cannot be, such as without a road."""
    if one.kind in ("departure", "direct", "wave"):
        return _with_run(network, one)
    if one.kind == "cutoff":
        return _earlier(network, one)
    plants = network["hub_plants"]
    own = pl.col("place_id") == one.place_id
    more = float(plants.filter(own)["sort_rate_pieces_h"].sum()) * (MORE_SORTER - 1)
    if more <= 0:
        return None
    rate = pl.col("sort_rate_pieces_h")
    made = network.with_(hub_plants=plants.with_columns(pl.when(own).then(rate * MORE_SORTER).otherwise(rate)))
    held = parameters(network, ["crossbelt_sorter_capex", "crossbelt_sorter_throughput"])
    price = held["crossbelt_sorter_capex"][0] * 1e6 / held["crossbelt_sorter_throughput"][0]
    return made, more * price / LIFE_DAYS


def _with_run(network: Network, one: Candidate) -> tuple[Network, float] | None:
    """One more run a day in every season; a direct line also sends its ends' parcels that way."""
    lines, ends = network["line_hauls"], {"from_place_id": one.place_id, "to_place_id": one.to_id}
    like = lines.filter(pl.col("mode") == "road", *(pl.col(name) == value for name, value in ends.items())).head(1)
    if one.kind != "direct" and like.height:
        km, minutes = float(like["distance_km"][0] or 0.0), float(like["duration_min"][0])
    else:
        roads = Roads(network, sorted({one.place_id, one.to_id}))
        km, minutes = roads.km(one.place_id, one.to_id), roads.minutes(one.place_id, one.to_id)
    if not np.isfinite(minutes) or minutes <= 0:
        return None
    vehicle, count = cheapest(fleet(network), max(1.0, one.pieces) * SPARE, km, minutes)
    row = {"line_haul_id": f"REPAIR-{one.kind}-{one.place_id}-{one.to_id}-{one.at_min:g}", **ends, "mode": "road",
           "vehicle_id": vehicle.vehicle_id, "depart_min": one.at_min, "duration_min": minutes, "days": "1234567",
           "season": "any", "capacity_pieces": count * vehicle.pieces, "vehicles": count, "distance_km": km,
           "cost_yuan": count * vehicle.cost(km, minutes), "origin": "assumed", "source": SOURCE}  # fmt: skip
    tables = {"line_hauls": pl.concat([lines, pl.DataFrame([row])], how="diagonal_relaxed").select(lines.columns)}
    if one.kind == "wave":
        waves = _with_wave(network["sort_waves"], one.place_id, (one.at_min - SORT_MIN) % DAY_MIN)
        if waves is None:
            return None
        tables["sort_waves"] = waves
    if one.kind == "direct":
        way = {"at_place_id": one.place_id, "destination_place_id": one.to_id, "next_place_id": one.to_id,
               "origin": "assumed", "source": SOURCE}  # fmt: skip
        known = network["routings"].filter(
            ~((pl.col("at_place_id") == one.place_id) & (pl.col("destination_place_id") == one.to_id))
        )
        both = pl.concat([known, pl.DataFrame([way])], how="diagonal_relaxed")
        tables["routings"] = both.select(network["routings"].columns)
    return network.with_source({"source_id": SOURCE}, **tables), 2 * count * vehicle.cost(km, minutes)


def _with_wave(waves: pl.DataFrame, hub: str, cut: float) -> pl.DataFrame | None:
    """Waves with one more at a hub that has some, in order of cut-off, each opening when the one before closes."""
    own = waves.filter(place_id=hub)
    if not own.height or (own["cutoff_min"] - cut).abs().min() < 1.0:  # type: ignore[operator]
        return None
    fresh = {"place_id": hub, "wave": 1, "open_min": 0.0, "cutoff_min": cut, "release_min": cut + SORT_MIN - 5.0,
             "origin": "assumed", "source": SOURCE}  # fmt: skip
    both = pl.concat([own, pl.DataFrame([fresh]).select(own.columns)]).sort("cutoff_min").with_columns(
        pl.int_range(1, own.height + 2, dtype=pl.Int64).alias("wave"),
        pl.col("cutoff_min").shift(1).fill_null(0.0).alias("open_min"),
    )  # fmt: skip
    return pl.concat([waves.filter(pl.col("place_id") != hub), both])


def _earlier(network: Network, one: Candidate) -> tuple[Network, float] | None:
    """The wave that is released at this minute closes and ends earlier, and so leave the runs of the hour after it."""
    waves, lines = network["sort_waves"], network["line_hauls"]
    apart = ((pl.col("release_min") - one.at_min + DAY_MIN / 2) % DAY_MIN - DAY_MIN / 2).abs()
    near = waves.filter(pl.col("place_id") == one.place_id).sort(apart).head(1)
    if not near.height or float(near["cutoff_min"][0]) < EARLIER_MIN:
        return None
    wave, release = int(near["wave"][0]), float(near["release_min"][0]) % DAY_MIN
    own = (pl.col("place_id") == one.place_id) & (pl.col("wave") == wave)
    shift = [pl.when(own).then(pl.col(c) - EARLIER_MIN).otherwise(pl.col(c)) for c in ("cutoff_min", "release_min")]
    waves = waves.with_columns(*shift).with_columns(pl.min_horizontal("open_min", "cutoff_min").alias("open_min"))
    after = ((pl.col("depart_min") - release) % DAY_MIN) <= EARLIER_MIN
    runs = (pl.col("from_place_id") == one.place_id) & after & pl.col("mode").is_in(["road", "bus"])
    leaves = (pl.col("depart_min") - EARLIER_MIN) % DAY_MIN
    lines = lines.with_columns(pl.when(runs).then(leaves).otherwise("depart_min").alias("depart_min"))
    return network.with_(sort_waves=waves, line_hauls=lines), 0.0
