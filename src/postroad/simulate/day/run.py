"""Simulate a day, or some days, parcel by parcel."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad import results
from postroad.errors import Stopped, UsageError
from postroad.parallel import Progress
from postroad.results import Result, Stamp
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.disruption import disruptions as read_disruptions
from postroad.simulate.day.engine import advance
from postroad.simulate.day.epcis import write as write_events
from postroad.simulate.day.facts import Judge, as_frame, write_parcels
from postroad.simulate.day.options import Horizon, Options
from postroad.simulate.day.parcels import batch
from postroad.simulate.day.summing import facilities, lockers, rounds, summaries, trips
from postroad.simulate.day.world import Setting, setting

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from postroad.network import Network

STEP_MS = 30 * MINUTE_MS
"""The engine looks up so often, in simulated time, to tell how far it is and whether it should stop."""


class Run(Result):
    """A simulated day: ``summary``, ``facilities``, ``trips``, ``rounds``, ``lockers``, ``lateness``, ``stages``.

    ``parcels`` gives the facts of single parcels, from the folder it was written to or from memory.
    """

    def parcels(self) -> pl.LazyFrame:
        """Return the facts of the parcels, one row each; ``UsageError`` when the run kept none."""
        if "parcels" in self.tables:
            return self.tables["parcels"].lazy()
        folder = self.facts.get("folder")
        if not folder or not (Path(folder) / "parcels").is_dir():
            raise UsageError.of("simulate.no_parcel_facts", path=str(folder or ""))
        return pl.scan_parquet(Path(folder) / "parcels" / "*.parquet")

    def certificate_facts(self, world: int = 0, kind: str = "ordinary") -> pl.LazyFrame:
        """Return world, day, kind, ends, minute, hours, cause and place: what the 24-hour certificate reads."""
        hours = pl.when(pl.col("delivered_s").is_not_null()).then(pl.col("elapsed_s") / 3600.0)
        late = pl.col("reason") != "none"
        return self.parcels().select(
            pl.lit(world).alias("world"),
            pl.col("day").cast(pl.String),
            pl.lit(kind).alias("kind"),
            pl.col("origin_id", "destination_id").cast(pl.String),
            (pl.col("accepted_s") // 60 % 1440).alias("accept_min"),
            hours.alias("hours"),
            pl.when(late).then(pl.col("reason").cast(pl.String)).alias("cause"),
            pl.when(late).then(pl.col("reason_place_id").cast(pl.String)).alias("at_place_id"),
        )

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Return a saved run; ``UsageError`` when the folder holds none that was finished."""
        held = Result.load(folder)
        return cls(held.stamp, held.tables, {**held.facts, "folder": str(folder)})


def simulate_day(
    network: Network,
    demand: Any,
    *,
    day: str | dt.date = "peak",
    days: int = 1,
    seed: int = 0,
    disruptions: Any = None,
    shifts: pl.DataFrame | None = None,
    out: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    **assumed: Any,
) -> Run:
    """Simulate every parcel of a day (or of ``days`` from it on), exactly, and return what became of them.

    ``demand`` gives the parcels (``postroad.demand.demand`` or ``Given``); ``assumed`` changes ``Options``. With
    ``out`` the facts go to that folder, whole or not at all; without it they stay in memory. Errors name whatever
    cannot be simulated: a sorter without a rate, a pair of places without a way, a lane without a trip; ``Stopped``
    within two seconds of being asked.
    """
    began = time.perf_counter()
    options = Options.of(network, **assumed)
    horizon = Horizon.of(day, days, demand.year, options)
    struck = read_disruptions(disruptions, network, horizon.first)
    drawn = batch(demand, horizon, options, seed, progress, stop)
    made = setting(network.on(horizon.first), drawn, horizon, options, seed, struck, shifts)
    _carry(made, progress, stop)
    carried = time.perf_counter() - began
    judged = Judge(network, made)
    tables = {"facilities": facilities(made), "trips": trips(made), "rounds": rounds(made), "lockers": lockers(made),
              **summaries(judged)}  # fmt: skip
    stamp = _stamp(network, demand, horizon, options, seed, struck, shifts)
    facts = {
        "parcels": judged.measured.stop - judged.measured.start,
        "events": int(made.world.moving.counters[0]),
        "first_day": horizon.first.isoformat(),
        "days": list(horizon.names),
        "carried_s": round(carried, 2),
    }
    if out is None:
        if not options.summary_only:
            tables["parcels"] = as_frame(judged)
        return Run(stamp, tables, facts)
    folder = _save(Path(out), stamp, tables, facts, judged, progress, stop)
    return Run(stamp, tables, {**facts, "folder": str(folder)})


def _carry(made: Setting, progress: Callable[[Progress], None] | None, stop: Callable[[], bool] | None) -> None:
    total = int(made.batch.day_first[-1])
    told = time.monotonic()
    for until in range(STEP_MS, made.end_ms + STEP_MS, STEP_MS):
        advance(made.world, min(until, made.end_ms))
        now = time.monotonic()
        if now - told < 0.25:
            continue
        told = now
        if stop and stop():
            raise Stopped.of("errors.stopped", done=until, total=made.end_ms)
        if progress:
            progress(Progress(total + int(2 * total * until / made.end_ms), 4 * total))


def _stamp(
    network: Network,
    demand: Any,
    horizon: Horizon,
    options: Options,
    seed: int,
    struck: Any,
    shifts: pl.DataFrame | None,
) -> Stamp:
    told: dict[str, Any] = {
        **options.as_dict(),
        "days": list(horizon.names),
        "year": demand.year,
        "scenario": getattr(demand, "scenario", ""),
        "disruptions": [str(item) for item in struck],
    }
    if shifts is not None:
        told["shifts"] = shifts.to_dicts()
    return Stamp.now("simulate_day", network.fingerprint, told, seed)


def _save(
    out: Path, stamp: Stamp, tables: dict[str, pl.DataFrame], facts: dict[str, Any], judged: Judge,
    progress: Callable[[Progress], None] | None, stop: Callable[[], bool] | None,
) -> Path:  # fmt: skip
    def also(folder: Path) -> None:
        if not judged.made.options.summary_only:
            write_parcels(folder, judged, progress, stop)
        if judged.made.options.events and not judged.made.options.summary_only:
            options = judged.made.options
            write_events(folder, judged.made.horizon.first, options.events, options.event_form, stop)

    try:
        return results.save(out, stamp, tables, facts, also=also)
    except OSError as full:
        raise UsageError.of("simulate.cannot_write", path=str(out), detail=full.strerror or str(full)) from full
