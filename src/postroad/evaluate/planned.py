"""A designed trunk against its own simulated day: planned and simulated shares in time of every promised pair (P44).

The plan reckons each pair's pieces as a fluid on a day without delays; the simulated day has queues, full vehicles,
slow roads, closed doors and a second try. Both count from the pick-up cut-off after acceptance, and from acceptance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.demand import demand as synthesise
from postroad.design.lines.batches import counted_from
from postroad.design.lines.pairs import members
from postroad.design.lines.promise import promises
from postroad.measure.promise.certificate import units_of
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.lines import Timetable, TrunkDesign
    from postroad.parallel import Progress

KEYS = ("promise_class", "pair_id", "from_place_id", "to_place_id", "promise_h", "share_asked_percent")


def simulated(
    made: TrunkDesign, day: str = "2020-06-10", *, scale: float = 0.02, seed: int = 0,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> tuple[pl.DataFrame, dict[str, Any]]:  # fmt: skip
    """Return planned against simulated shares by pair for a day of the designed network, and the run's facts."""
    wanted = synthesise(made.network, int(day[:4]))
    run = simulate_day(made.network, wanted, day=day, scale=scale, seed=seed, progress=progress, stop=stop)
    return against(made.plan, run["parcels"]), {"run_id": run.run_id, **run.facts}


def against(table: Timetable, parcels: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each direction of each promised pair that has parcels in a simulated day.

    ``planned_percent`` and ``simulated_percent`` count from the pick-up cut-off, ``..._accepted_percent`` from
    acceptance; ``planned_p95_h`` and ``simulated_p95_h`` are hours from acceptance. Parcels not delivered are late.
    """
    ends = list(table.work.pairs.select("origin_id", "destination_id").iter_rows())
    told = {tuple(row[key] for key in KEYS[:4]): row for row in promises(table).iter_rows(named=True)}
    wanted = {ends[k] for held in members(table.work) for k in held["rows"]}
    origins = pl.DataFrame(sorted(wanted), schema=["origin_id", "destination_id"], orient="row")
    columns = ("origin_id", "destination_id", "accepted_s", "delivered_s")
    units = dict(units_of(table.network).select("place_id", "unit_id").iter_rows())
    in_units = pl.col(columns[:2]).cast(pl.String).replace(units)
    own = parcels.select(in_units, *columns[2:]).join(origins, on=columns[:2], how="semi")
    by_ends: dict[Any, pl.DataFrame] = dict(own.partition_by(columns[:2], as_dict=True))
    rows = []
    for held in members(table.work):
        parts = [(ends[k][0], by_ends[ends[k]]) for k in held["rows"] if ends[k] in by_ends]
        if not parts:
            continue
        hours = np.concatenate([_hours(part) for _, part in parts])
        counted = np.concatenate([_hours(part) - _until_cutoff(table, origin, part) for origin, part in parts])
        plan = told[tuple(held[key] for key in KEYS[:4])]
        rows.append({
            **{key: held[key] for key in KEYS}, "parcels": hours.size, "planned_percent": plan["share_percent"],
            "simulated_percent": 100 * float((counted <= held["promise_h"] + 1e-9).mean()),
            "planned_accepted_percent": plan["share_from_acceptance_percent"],
            "simulated_accepted_percent": 100 * float((hours <= held["promise_h"] + 1e-9).mean()),
            "planned_p95_h": plan["p95_h"],
            "simulated_p95_h": float(np.quantile(hours, 0.95, method="inverted_cdf")),
        })  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def by_class(held: pl.DataFrame) -> pl.DataFrame:
    """Return planned and simulated shares of each class of pairs, weighted by simulated parcels, and of all."""

    def sums(frame: pl.DataFrame) -> pl.DataFrame:
        percent = [name for name in held.columns if name.endswith("_percent") and name != "share_asked_percent"]
        share = [(pl.col(name) * pl.col("parcels")).sum() / pl.col("parcels").sum() for name in percent]
        kept = (pl.col("simulated_percent") >= pl.col("share_asked_percent") - 1e-9).sum().alias("pairs_hold_simulated")
        plan = (pl.col("planned_percent") >= pl.col("share_asked_percent") - 1e-9).sum().alias("pairs_hold_planned")
        return frame.group_by("promise_class").agg(
            pl.len().alias("pairs"), pl.col("parcels").sum(), plan, kept,
            *(one.alias(name) for one, name in zip(share, percent, strict=True)),
        )  # fmt: skip

    return pl.concat([sums(held).sort("promise_class"), sums(held.with_columns(promise_class=pl.lit("all")))])


def _hours(part: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Hours from acceptance to delivery; infinite for parcels that were not delivered."""
    spent = (part["delivered_s"].cast(pl.Float64) - part["accepted_s"]) / 3600
    there = part["delivered_s"].fill_null(-1).to_numpy() >= part["accepted_s"].to_numpy()
    return np.where(there, spent.fill_null(np.inf).to_numpy(), np.inf)


def _until_cutoff(table: Timetable, origin: str, part: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Hours from acceptance until the clock of the promise starts."""
    minute = part["accepted_s"].to_numpy() / 60 % 1440.0
    return np.asarray((counted_from(table.work, origin, minute) - minute) / 60)
