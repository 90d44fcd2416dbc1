"""The tables beside the parcels: facilities by half hour, trips, rounds, lockers, promises kept, reasons, stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.simulate.day import arrays as a
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.facts import REASONS, STAGES, STATUSES, Judge
from postroad.simulate.day.lines import UNLIMITED
from postroad.simulate.day.places import CUSTOMS
from postroad.simulate.day.plants import DAY_MIN, capacity_by_slot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.simulate.day.world import Setting

BINS_H = 24 * 24 * 4
"""Quarter hours of the histogram from which percentiles are read."""


def facilities(made: Setting) -> pl.DataFrame:
    """Return one row per facility and half hour in which it is in use: queue, throughput, utilisation, left-overs."""
    tally, spots = made.world.tally, made.spots
    slots = tally.arrived.shape[1]
    room = capacity_by_slot(made.world.nodes, slots, a.SLOT_MS)
    queue = np.cumsum(tally.arrived - tally.sorted, axis=1)
    names = np.array(spots.nodes, object)
    node, slot = (index.ravel() for index in np.indices(tally.arrived.shape))
    start = slot * 30 - made.horizon.warm * DAY_MIN
    kind = np.where(
        spots.outside > 0, "outside", np.where([n.endswith(CUSTOMS) for n in spots.nodes], "customs", "hub")
    )
    table = pl.DataFrame(
        {
            "facility_id": names[node],
            "place_id": np.array([name.removesuffix(CUSTOMS) for name in spots.nodes], object)[node],
            "kind": kind[node],
            "from_min": start.astype(np.int32),
            "arrived": tally.arrived.ravel(),
            "sorted": tally.sorted.ravel(),
            "queue": queue.ravel(),
            "capacity_pieces": room.ravel(),
            "boarded": tally.boarded.ravel(),
            "left_over": tally.left.ravel(),
            "dock_wait_min": tally.dock_wait.ravel() / MINUTE_MS,
            "stored": np.cumsum(tally.stored, axis=1).ravel(),
            "storage_pieces": made.world.nodes.room[node],
            "kept_out": tally.kept_out.ravel(),
        },
        schema_overrides={"facility_id": pl.String, "place_id": pl.String, "kind": pl.String},
    ).with_columns(
        pl.col("capacity_pieces").fill_nan(None),
        pl.when(pl.col("storage_pieces") < a.NEVER).then("stored").alias("stored"),
        pl.when(pl.col("storage_pieces") < a.NEVER).then("storage_pieces").alias("storage_pieces"),
        utilisation=pl.when(pl.col("capacity_pieces") > 0)
        .then(pl.col("sorted") / pl.col("capacity_pieces"))
        .fill_nan(None),
    )
    busy = pl.any_horizontal(pl.col("arrived", "sorted", "queue", "boarded", "left_over", "stored") > 0)
    return table.filter(busy)


def trips(made: Setting) -> pl.DataFrame:
    """Return one row per trip of the horizon: when, how long, how full, how many were left."""
    lanes, table, tally = made.world.lanes, made.table, made.world.tally
    begin = made.horizon.warm * DAY_MIN
    ends = np.array([[x.removesuffix(CUSTOMS) for x in pair] for pair in table.ends], object).reshape(-1, 2)
    return pl.DataFrame(
        {
            "line_haul_id": table.trip_line,
            "from_place_id": ends[lanes.lane_of, 0],
            "to_place_id": ends[lanes.lane_of, 1],
            "mode": table.trip_mode,
            "depart_min": lanes.depart / MINUTE_MS - begin,
            "arrive_min": lanes.arrive / MINUTE_MS - begin,
            "planned_min": lanes.planned / MINUTE_MS,
            "runs": lanes.capacity >= 0,
            "held": lanes.capacity == a.HELD,
            "capacity_pieces": pl.Series(np.where(lanes.capacity == UNLIMITED, -1, lanes.capacity)),
            "loaded": tally.trip_loaded,
            "left_over": tally.trip_left,
        },
        schema_overrides=dict.fromkeys(("line_haul_id", "from_place_id", "to_place_id", "mode"), pl.String),
    ).with_columns(pl.when(pl.col("capacity_pieces") >= 0).then("capacity_pieces"))


def rounds(made: Setting) -> pl.DataFrame:
    """Return one row per delivering run of a round: when it left and came back, what it took and left."""
    turns, tally = made.world.rounds, made.world.tally
    out = turns.run_delivers
    begin = made.horizon.warm * DAY_MIN
    names = np.array(made.runs.names, object)
    depots = np.array(made.spots.nodes, object)
    return pl.DataFrame(
        {
            "round_id": names[turns.run_round[out]],
            "depot_place_id": depots[turns.depot[turns.run_round[out]]],
            "depart_min": turns.run_depart[out] / MINUTE_MS - begin,
            "end_min": turns.run_end[out] / MINUTE_MS - begin,
            "loaded": tally.run_loaded[out],
            "left_over": tally.run_left[out],
        },
        schema_overrides={"round_id": pl.String, "depot_place_id": pl.String},
    )


def lockers(made: Setting) -> pl.DataFrame:
    """Return one row per leaf with lockers: cells, parcels put in, parcels refused because all cells were taken."""
    cells, tally = np.diff(made.world.doors.cell_first), made.world.tally
    own = np.flatnonzero(cells)
    names = np.array(made.spots.leaves, object)[own]
    table = pl.DataFrame({"place_id": names, "cells": cells[own], "taken": tally.locker_taken[own],
                          "refused": tally.locker_refused[own]}, schema_overrides={"place_id": pl.String})  # fmt: skip
    offered = pl.col("taken") + pl.col("refused")
    return table.with_columns(refused_share=pl.when(offered > 0).then(pl.col("refused") / offered))


def summaries(judged: Judge) -> dict[str, pl.DataFrame]:
    """Return ``summary`` (promises by class), ``lateness`` (reasons and places) and ``stages`` (hours, by class)."""
    flows, nodes = judged.flows, judged.made.spots.nodes
    status = np.zeros((len(flows), len(STATUSES)), np.int64)
    late, hours = np.zeros(len(flows), np.int64), np.zeros(len(flows))
    bins = np.zeros((len(flows), BINS_H + 1), np.int64)
    reason = np.zeros((len(REASONS), len(nodes) + 1), np.int64)
    stage, times = np.zeros((len(flows), 4)), np.zeros((len(flows), 4), np.int64)
    for part in judged.parts():
        delivered = part.status >= a.AT_DOOR
        for f in range(len(flows)):
            own = part.flow == f
            if not own.any():
                continue
            status[f] += np.bincount(part.status[own], minlength=len(STATUSES))
            late[f] += int((part.late[own] > 0).sum())
            spans = part.elapsed[own & delivered]
            hours[f] += float(spans.sum()) / 3.6e6
            bins[f] += np.bincount(np.minimum(spans // 900_000, BINS_H), minlength=BINS_H + 1)
            # Only parcels through with all four stages count, so that the four are of the same parcels.
            whole = part.stage[own & (part.stage[:, 3] >= 0)]
            stage[f] += whole.sum(axis=0) / 3600.0
            times[f] += len(whole)
        was = part.late > 0
        np.add.at(reason, (part.reason[was], part.place[was]), 1)
    return {
        "summary": _summary(flows, status, late, hours, bins),
        "lateness": _lateness(reason, nodes),
        "stages": _stages(flows, stage, times),
    }


def _summary(
    flows: list[str], status: NDArray[np.int64], late: NDArray[np.int64], hours: NDArray[np.float64],
    bins: NDArray[np.int64],
) -> pl.DataFrame:  # fmt: skip
    flows = [*flows, "all"]
    status, bins = (np.vstack([part, part.sum(axis=0)]) for part in (status, bins))
    late, hours = (np.append(part, part.sum()) for part in (late, hours))
    parcels, done = status.sum(axis=1), status[:, a.AT_DOOR :].sum(axis=1)
    through = np.cumsum(bins, axis=1)
    quarter = {f"p{q}_h": [_quantile(row, q / 100) for row in through] for q in (50, 95)}
    with np.errstate(invalid="ignore", divide="ignore"):
        table = pl.DataFrame(
            {
                "flow_class": flows,
                "parcels": parcels,
                "delivered": done - status[:, a.SENT_BACK],
                "sent_back": status[:, a.SENT_BACK],
                "under_way": parcels - done,
                "late": late,
                "on_time_share": 1 - late / parcels,
                "mean_h": hours / done,
                **quarter,
            }
        )
    return table.with_columns(pl.col(pl.Float64).fill_nan(None)).filter(pl.col("parcels") > 0)


def _quantile(through: NDArray[np.int64], share: float) -> float | None:
    """Return the hours by which this share is delivered, to the quarter hour above."""
    return (int(np.searchsorted(through, share * through[-1])) + 1) / 4 if through[-1] else None


def _lateness(reason: NDArray[np.int64], nodes: tuple[str, ...]) -> pl.DataFrame:
    why, where = np.nonzero(reason)
    names = [*(name.removesuffix(CUSTOMS) for name in nodes), None]
    table = pl.DataFrame(
        {"reason": [REASONS[k] for k in why], "place_id": [names[k] for k in where], "parcels": reason[why, where]},
        schema={"reason": pl.String, "place_id": pl.String, "parcels": pl.Int64},
    )
    return (
        table.group_by("reason", "place_id")
        .sum()
        .sort("parcels", "reason", "place_id", descending=[True, False, False])
    )


def _stages(flows: list[str], hours: NDArray[np.float64], times: NDArray[np.int64]) -> pl.DataFrame:
    names = [(flow, stage) for flow in flows for stage in STAGES]
    flat, count = hours.ravel(), times.ravel()
    table = pl.DataFrame(
        {"flow_class": [f for f, _ in names], "stage": [s for _, s in names], "parcels": count,
         "mean_h": np.divide(flat, count, out=np.full(flat.size, np.nan), where=count > 0)}
    )  # fmt: skip
    return table.filter(pl.col("parcels") > 0)
