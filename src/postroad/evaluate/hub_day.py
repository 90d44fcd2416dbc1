"""A hub's day by half hour, as it is and with more parcels than it was made for (P13 P53).

Both days carry parcels of the same flows under the same luck past the same sorters, docks, departures and couriers;
only the number of parcels differs. Where the second day breaks first is what the hub lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.errors import UsageError
from postroad.parallel import Shares
from postroad.results import Result, Stamp
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from postroad.demand import Block
    from postroad.network import Network
    from postroad.parallel import Progress
    from postroad.simulate.day import Run

SPENT = 0.95
"""A sorter used beyond this share of its rate in a half hour counts as spent."""
DAY_MIN = 1440


@dataclass(frozen=True)
class Swollen:
    """A demand with every day's number of parcels multiplied; couriers stay as many as the usual days need."""

    usual: Any
    times: float

    @property
    def year(self) -> int:
        """The year of the demand beneath."""
        return int(self.usual.year)

    @property
    def scenario(self) -> str:
        """The scenario of the demand beneath, with what it is multiplied by."""
        return f"{getattr(self.usual, 'scenario', '')} x{self.times:g}"

    def pieces(self, day: str) -> int:
        """Return how many parcels a day has."""
        return round(float(self.usual.pieces(day)) * self.times)

    def parcels(self, day: str, seed: int = 0, pieces: int | None = None, workers: int = 1) -> Iterator[Block]:
        """Yield the parcels of a day in blocks, in order of parcel number."""
        yield from self.usual.parcels(day, seed, self.pieces(day) if pieces is None else pieces, workers)


def hub_day(
    network: Network, demand: Any, place_id: str, *, day: str = "peak", more_percent: float = 20.0,
    scale: float = 0.01, warm_days: int = 2, seed: int = 0, progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None, **assumed: Any,
) -> Result:  # fmt: skip
    """Return tables ``half_hours``, ``departures`` and ``measures`` of a hub, each with ``volume`` usual or more.

    Half hours and departures are those of the day itself, after ``warm_days`` like it; measures of lateness are of its
    own parcels, to their end. Pieces are those of the whole day: samples are divided by ``scale``. ``workers`` are
    those busy while a half hour's pieces are sorted at the plant's pieces per worker, ``workers_wanted`` those that
    would sort what arrives in it.
    ``UsageError`` when the place has no sorter, or ``more_percent`` leaves no parcels.
    """
    if more_percent <= -100.0:
        raise UsageError.of("hub_day.more", value=more_percent)
    plant = network["hub_plants"].filter(pl.col("place_id") == place_id, pl.col("kind") != "exchange_office")
    if plant.is_empty():
        known = network["hub_plants"].filter(kind="hub")["place_id"].unique().sort()
        raise UsageError.of("hub_day.unknown", value=place_id, known=", ".join(known))
    made: dict[str, list[pl.DataFrame]] = {"half_hours": [], "departures": [], "measures": []}
    both = (("usual", 1.0), ("more", 1 + more_percent / 100))
    listen = Shares(progress, len(both))
    for listen.begun, (volume, times) in enumerate(both):
        wanted = Swollen(demand, times)
        run = simulate_day(network, wanted, day=day, seed=seed, scale=scale, warm_days=warm_days,
                           progress=listen.told, stop=stop, **assumed)  # fmt: skip
        halves = _half_hours(run, place_id, scale, plant)
        departures = _departures(run, place_id, scale)
        for name, table in (("half_hours", halves), ("departures", departures),
                            ("measures", _measures(run, place_id, halves, departures))):  # fmt: skip
            made[name].append(table.select(pl.lit(volume).alias("volume"), pl.all()))
    asked = {"place_id": place_id, "day": day, "more_percent": more_percent, "scale": scale, "warm_days": warm_days,
             "year": demand.year, "scenario": getattr(demand, "scenario", ""), **assumed}  # fmt: skip
    return Result(Stamp.now("hub_day", network.fingerprint, asked, seed), {k: pl.concat(v) for k, v in made.items()})


def _half_hours(run: Run, place_id: str, scale: float, plant: pl.DataFrame) -> pl.DataFrame:
    staff, rate = (float(plant[column].fill_null(0).sum()) for column in ("staff", "sort_rate_pieces_h"))
    counted = ("arrived", "sorted", "queue", "capacity_pieces", "boarded", "left_over")
    of_day = pl.col("from_min").is_between(0, DAY_MIN, closed="left")
    table = run["facilities"].filter(of_day, place_id=place_id, kind="hub").sort("from_min")
    each = 2.0 * staff / rate if staff and rate else None
    whole = table.select("from_min", *(pl.col(name) / scale for name in counted), "dock_wait_min", "utilisation")
    return whole.with_columns(
        workers=(pl.col("sorted") * each).ceil() if each else pl.lit(None, pl.Float64),
        workers_wanted=(pl.col("arrived") * each).ceil() if each else pl.lit(None, pl.Float64),
    )


def _departures(run: Run, place_id: str, scale: float) -> pl.DataFrame:
    of_day = pl.col("depart_min").is_between(0, DAY_MIN, closed="left")
    own = run["trips"].filter(of_day, pl.col("runs"), pl.col("to_place_id") != place_id, from_place_id=place_id)
    return own.sort("depart_min", "line_haul_id").select(
        "line_haul_id", "to_place_id", "mode", "depart_min",
        *(pl.col(name) / scale for name in ("capacity_pieces", "loaded", "left_over")),
    )  # fmt: skip


def _measures(run: Run, place_id: str, halves: pl.DataFrame, departures: pl.DataFrame) -> pl.DataFrame:
    stops = [name for name in run.parcels().collect_schema().names() if name.endswith("_place_id") and "stop" in name]
    here = pl.any_horizontal(*(pl.col(name).cast(pl.String) == place_id for name in stops))
    parcels = run.parcels().filter(here).select("late_s", pl.col("reason_place_id").cast(pl.String)).collect()
    late = (parcels["late_s"] > 0).to_numpy()
    at_fault = late & (parcels["reason_place_id"] == place_id).fill_null(value=False).to_numpy()
    spent = halves.filter(pl.col("utilisation") > SPENT)
    worst = halves.sort("queue", descending=True).head(1)
    rows: dict[str, float | None] = {
        "pieces": float(halves["arrived"].sum()),
        "late_share": float(np.mean(late)) if late.size else None,
        "late_here_share": float(np.mean(at_fault)) if late.size else None,
        "most_queue": float(worst["queue"][0]) if worst.height else None,
        "most_queue_min": float(worst["from_min"][0]) if worst.height else None,
        "busiest": _highest(halves["utilisation"]),
        "spent_h": spent.height / 2,
        "first_spent_min": float(spent["from_min"][0]) if spent.height else None,
        "dock_wait_h": float(halves["dock_wait_min"].sum()) / 60,
        "left_over": float(departures["left_over"].sum()),
        "full_departures": float(departures.filter(pl.col("left_over") > 0).height),
        "workers": _highest(halves["workers"]),
        "workers_wanted": _highest(halves["workers_wanted"]),
    }
    schema = {"measure": pl.String, "value": pl.Float64}
    return pl.DataFrame({"measure": list(rows), "value": list(rows.values())}, schema=schema)


def _highest(values: pl.Series) -> float | None:
    top = values.drop_nulls().max()
    return None if top is None else float(top)  # type: ignore[arg-type]
