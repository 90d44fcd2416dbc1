"""How a drill is graded: parcels late, ordinary mail displaced, relief by hour, hours to recover, what breaks first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from postroad.simulate.day import Run
    from postroad.simulate.drill.script import Script

GRADES: tuple[tuple[str, float, float], ...] = (("A", 1.0, 6.0), ("B", 3.0, 12.0), ("C", 10.0, 24.0))
"""Grade, most per cent of parcels made late by the event, and most hours to recover; anything worse is D. Assumed."""
SLOT_MIN = 30.0
SMOOTH_SLOTS = 6
NEAR = 1.05
"""The backlog has recovered when it stays within so many times that of the undisturbed day."""


@dataclass(frozen=True)
class Grade:
    """The figures of one day against the undisturbed one, for the whole horizon, in pieces of the full day."""

    late_pieces: float
    late_percent: float
    displaced_pieces: float
    relief_delivered: float
    relief_mean_h: float | None
    recovery_h: float | None
    first_break_place_id: str | None
    first_break_min: float | None
    grade: str


def backlog(run: Run, scale: float) -> pl.DataFrame:
    """Return, for each half hour, the pieces waiting at all facilities: queues and left-overs (from_min, waiting).

    Trucks come in bursts, so that single half hours say little: the mean of the three hours before counts.
    """
    return (
        run["facilities"]
        .group_by("from_min")
        .agg(((pl.col("queue") + pl.col("left_over")).sum() / scale).alias("waiting"))
        .sort("from_min")
        .with_columns(pl.col("waiting").rolling_mean(SMOOTH_SLOTS, min_samples=1))
    )


def grade(run: Run, calm: Run, made: Script, scale: float) -> Grade:
    """Return the grade of a run against the undisturbed run of the same parcels and luck."""
    ordinary, before = _ordinary(run, made), _ordinary(calm, made)
    late = (ordinary["late"] - before["late"]) / scale
    total = max(1.0, before["parcels"] / scale)
    relief = _relief(run, made)
    displaced = (ordinary["left_over"] - before["left_over"]) / scale
    recovered = recovery_h(run, calm, made, scale)
    place, minute = first_break(run, calm)
    percent = 100.0 * late / total
    reached = list(relief["hours"].drop_nulls())
    return Grade(
        late, percent, max(0.0, displaced), 100.0 * len(reached) / relief.height if relief.height else 100.0,
        float(np.mean(reached)) if reached else None, recovered, place, minute, _letter(percent, recovered),
    )  # fmt: skip


def _letter(percent: float, recovered: float | None) -> str:
    for letter, most_late, most_hours in GRADES:
        if percent <= most_late and recovered is not None and recovered <= most_hours:
            return letter
    return "D"


def _is_relief(made: Script) -> pl.Expr:
    """Relief goods are known by product and ends; a script without relief has none."""
    found = pl.lit(False)
    for load in made.relief:
        found |= (
            (pl.col("product_id").cast(pl.String) == load.product_id)
            & (pl.col("origin_id").cast(pl.String) == load.from_place_id)
            & (pl.col("destination_id").cast(pl.String) == load.to_place_id)
        )
    return found


def _ordinary(run: Run, made: Script) -> dict[str, float]:
    row = (
        run.parcels()
        .filter(~_is_relief(made))
        .select(
            pl.len().alias("parcels"),
            ((pl.col("late_s") > 0) | pl.col("delivered_s").is_null()).sum().alias("late"),
            (pl.col("left_over_times") > 0).sum().alias("left_over"),
        )
        .collect()
        .row(0, named=True)
    )
    return {name: float(value) for name, value in row.items()}


def _relief(run: Run, made: Script) -> pl.DataFrame:
    hours = pl.when(pl.col("delivered_s").is_not_null()).then(pl.col("elapsed_s") / 3600.0).alias("hours")
    return run.parcels().filter(_is_relief(made)).select(hours, "accepted_s", "delivered_s").collect()


def relief_by_hour(run: Run, made: Script) -> pl.DataFrame:
    """Return, by hour after midnight of the first day, the share of relief goods handed over, in percent."""
    found = _relief(run, made)
    if not found.height:
        return pl.DataFrame(schema={"hour": pl.Int64, "delivered_percent": pl.Float64})
    done = np.sort(found["delivered_s"].drop_nulls().to_numpy() / 3600.0)
    last = int(np.ceil(done[-1])) if done.size else 24
    hours = np.arange(last + 1)
    share = 100.0 * np.searchsorted(done, hours, side="right") / found.height
    return pl.DataFrame({"hour": hours, "delivered_percent": share})


def recovery_h(run: Run, calm: Run, made: Script, scale: float) -> float | None:
    """Return hours from the end of the last event until the backlog stays near the undisturbed day's.

    0 when it never rose above it; ``None`` when it had not come back by the end of the horizon.
    """
    both = backlog(run, scale).join(backlog(calm, scale), on="from_min", how="full", coalesce=True, suffix="_calm")
    both = both.sort("from_min").fill_null(0.0)
    # A sampled day moves in steps of a few pieces; what is smaller is no backlog.
    slack = max(5.0 / scale, 0.005 * float(both["waiting_calm"].max() or 0.0))  # type: ignore[arg-type]
    above = both["waiting"] > NEAR * both["waiting_calm"] + slack
    after = both["from_min"].to_numpy()[above.to_numpy()]
    if not after.size:
        return 0.0
    last = float(after[-1]) + SLOT_MIN
    if last >= float(both["from_min"].max()) + SLOT_MIN:  # type: ignore[arg-type]
        return None
    return max(0.0, (last - made.ends_min) / 60.0)


def first_break(run: Run, calm: Run) -> tuple[str | None, float | None]:
    """Return the first facility with more than an hour's work queued where the undisturbed day has less, and when."""
    hour = pl.col("capacity_pieces") * 60.0 / SLOT_MIN
    held = run["facilities"].join(
        calm["facilities"].select("facility_id", "from_min", pl.col("queue").alias("calm")),
        on=["facility_id", "from_min"], how="left",
    )  # fmt: skip
    broken = held.filter((pl.col("queue") > hour) & (pl.col("calm").fill_null(0) <= hour) & (pl.col("queue") > 0))
    if not broken.height:
        return None, None
    first = broken.sort("from_min", "facility_id").row(0, named=True)
    return str(first["place_id"]), float(first["from_min"])
