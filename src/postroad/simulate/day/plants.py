"""Facilities as arrays: the sorter's work clock, docks, waves and handling of every node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault
from postroad.simulate.chance import factors
from postroad.simulate.day.arrays import NEVER, Nodes
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.places import CUSTOMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.simulate.day.disruption import Disruption
    from postroad.simulate.day.options import Horizon, Options
    from postroad.simulate.day.places import Places

DAY_MIN = 1440.0
OFFICE = "exchange_office"


def plants(
    network: Network, spots: Places, horizon: Horizon, options: Options, seed: int, struck: Sequence[Disruption],
    shifts: pl.DataFrame | None = None,
) -> Nodes:  # fmt: skip
    """Return the facilities; ``DataError`` names every plant with a rate of zero, and shifts that overlap or lie."""
    rows = network["hub_plants"]
    faults = [
        Fault.of("simulate.rate_zero", table="hub_plants", column="sort_rate_pieces_h", row=k, value=plant)
        for k, (plant, rate) in enumerate(rows.select("plant_id", "sort_rate_pieces_h").iter_rows(), 1)
        if not rate or rate <= 0
    ]
    faults += _shift_faults(shifts)
    if faults:
        raise DataError(faults)
    # Where a round says when its pieces may go on, that is all the handling there is.
    handed = set(network["round_stops"].filter(pl.col("ready_min").is_not_null())["place_id"])
    made = [_plant(rows, name, 0.0 if name in handed else options.handling_min) for name in spots.nodes]
    made = [
        (rate, docks if inside else 0, handling if inside else 0.0)
        for (rate, docks, handling), inside in zip(made, spots.outside == 0, strict=True)
    ]
    hours = _hours(rows)
    shifts = hours if shifts is None else pl.concat([shifts.select(hours.columns), hours], how="vertical_relaxed")
    clocks = [_clock(name, rate * options.scale, horizon, options, seed, struck, shifts)
              for name, (rate, _, _) in zip(spots.nodes, made, strict=True)]  # fmt: skip
    waves = [_waves(network, name, horizon) for name in spots.nodes]
    first = _first([len(clock[0]) for clock in clocks])
    return Nodes(
        dock_first=_first([row[1] for row in made]),
        segment_first=first,
        segment_start=np.concatenate([clock[0] for clock in clocks] or [np.zeros(0, np.int64)]),
        segment_work=np.concatenate([clock[1] for clock in clocks] or [np.zeros(0, np.int64)]),
        segment_rate=np.concatenate([clock[2] for clock in clocks] or [np.zeros(0, np.int64)]),
        wave_first=_first([len(held) for held in waves]),
        wave_open=_flat(waves, 0),
        wave_cut=_flat(waves, 1),
        wave_release=_flat(waves, 2),
        handling=np.array([round(row[2] * MINUTE_MS) for row in made], np.int64),
        outside=spots.outside,
        customs=np.array([name.endswith(CUSTOMS) for name in spots.nodes], np.bool_),
        room=np.array([_room(rows, name, options) for name in spots.nodes], np.int64),
        fetch=np.array([_fetch(rows, name) for name in spots.nodes], np.float64),
        inspect_ms=round(options.inspect_h * 60 * MINUTE_MS),
        dock_ms_piece=round(3_600_000 / (options.dock_pieces_h * options.scale)),
    )


def _own(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """The plants of a node: of an exchange office, or of everything else at the place."""
    office = pl.col("kind") == OFFICE
    return rows.filter(pl.col("place_id") == name.removesuffix(CUSTOMS), office if name.endswith(CUSTOMS) else ~office)


def _room(rows: pl.DataFrame, name: str, options: Options) -> int:
    """Pieces a node can hold, cut as capacities are; no limit where a plant there states none."""
    own = _own(rows, name)["storage_pieces"]
    return NEVER if not own.len() or own.null_count() else max(1, int(float(own.sum()) * options.scale + 0.5))


def _fetch(rows: pl.DataFrame, name: str) -> float:
    share = _own(rows, name)["fetched_percent"].drop_nulls()
    return float(share.max()) / 100 if share.len() else 0.0  # type: ignore[arg-type]


def _hours(rows: pl.DataFrame) -> pl.DataFrame:
    """Opening hours of plants as shifts, one for each place: the longest of its plants."""
    own = rows.filter(pl.col("open_min").is_not_null(), pl.col("close_min").is_not_null())
    faults = [Fault.of("simulate.bad_hours", table="hub_plants", column="close_min", value=plant)
              for plant, opens, closes in own.select("plant_id", "open_min", "close_min").iter_rows()
              if opens >= closes]  # fmt: skip
    if faults:
        raise DataError(faults)
    by_place = own.group_by("place_id").agg(pl.col("open_min").min(), pl.col("close_min").max()).sort("place_id")
    return by_place.select("place_id", pl.col("open_min").alias("from_min"), pl.col("close_min").alias("to_min"),
                           pl.lit(1.0).alias("share"))  # fmt: skip


def _plant(rows: pl.DataFrame, name: str, assumed_min: float) -> tuple[float, int, float]:
    """Pieces an hour, docks (0: as many as needed) and minutes of handling of a node."""
    own = _own(rows, name)
    if not own.height:
        return 0.0, 0, assumed_min
    docks = 0 if own["docks"].null_count() else int(own["docks"].sum())
    handling = max((float(minutes) for minutes in own["handling_min"].drop_nulls()), default=assumed_min)
    return float(own["sort_rate_pieces_h"].sum()), docks, handling


def _clock(
    name: str, rate: float, horizon: Horizon, options: Options, seed: int, struck: Sequence[Disruption],
    shifts: pl.DataFrame | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Starts, work done by then, and rates of the stretches in which the sorter keeps one pace."""
    if rate <= 0:
        return (np.zeros(0, np.int64),) * 3
    place, days = name.removesuffix(CUSTOMS), horizon.length
    own = [item for item in struck if item.what == "plant" and item.place_id == place]
    shift = (
        [] if shifts is None else list(shifts.filter(place_id=place).select("from_min", "to_min", "share").iter_rows())
    )
    start_min = horizon.warm * DAY_MIN
    turns = {DAY_MIN * day for day in range(days)}
    turns |= {DAY_MIN * day + edge for day in range(days) for low, high, _ in shift for edge in (low, high)}
    turns |= {edge + start_min for item in own for edge in (item.from_min, item.until_min)}
    starts = np.array(sorted({max(0, round(t * MINUTE_MS)) for t in turns if t < days * DAY_MIN}), np.int64)
    dates = [horizon.date(int(s // (DAY_MIN * MINUTE_MS))).isoformat() for s in starts]
    luck = factors(seed, [("rate", name, date) for date in dates], options.rate_variation)
    pace = rate * luck
    within = (starts / MINUTE_MS) % DAY_MIN
    if shift:
        pace = pace * sum(np.where((within >= low) & (within < high), share, 0.0) for low, high, share in shift)
    for item in own:
        pace = np.where(item.within(starts, start_min), pace * item.factor, pace)
    rates = np.round(pace * 1000).astype(np.int64)
    work = np.concatenate([[0], np.cumsum(rates[:-1] * np.diff(starts))]).astype(np.int64)
    return starts, work, rates


def _waves(network: Network, name: str, horizon: Horizon) -> list[tuple[int, int, int]]:
    """Opening, cut-off and release of every wave of the horizon, in order of cut-off.

    A wave that opens at minute 0 opens as soon as the wave before it has closed, the last one of the day before.
    """
    if name.endswith(CUSTOMS):
        return []
    rows = network["sort_waves"].filter(place_id=name).select("open_min", "cutoff_min", "release_min").iter_rows()
    made: list[tuple[int, int, int]] = []
    for opens, cut, release in rows:
        for day in range(-2, horizon.length + 2):
            at = [round((DAY_MIN * day + t) * MINUTE_MS) for t in (opens, cut, release)]
            made.append((at[0], at[1], at[2]))
    made.sort(key=lambda wave: (wave[1], wave[0], wave[2]))
    midnight = round(DAY_MIN * MINUTE_MS)
    early = [k for k in range(1, len(made)) if made[k][0] % midnight == 0]
    for k in early:
        made[k] = (min(made[k][0], made[k - 1][1]), *made[k][1:])
    # A wave neither opens nor is released before the one in front of it: pieces leave in the order they came.
    opens, _, releases = np.maximum.accumulate(np.array(made, np.int64).reshape(-1, 3)).T.tolist()
    return [(a, wave[1], b) for a, wave, b in zip(opens, made, releases, strict=True)]


def _shift_faults(shifts: pl.DataFrame | None) -> list[Fault]:
    if shifts is None:
        return []
    wanted = {"place_id", "from_min", "to_min", "share"}
    if lost := sorted(wanted - set(shifts.columns)):
        return [Fault.of("simulate.disruption_missing", table="shifts", column=column) for column in lost]
    return [
        Fault.of("simulate.bad_shift", table="shifts", row=k, value=f"{low}-{high}: {share}")
        for k, (low, high, share) in enumerate(shifts.select("from_min", "to_min", "share").iter_rows(), 1)
        if not (0 <= low < high <= DAY_MIN and 0 <= share <= 10)
    ]


def _first(counts: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _flat(waves: list[list[tuple[int, int, int]]], column: int) -> NDArray[np.int64]:
    return np.array([wave[column] for held in waves for wave in held], np.int64)


def capacity_by_slot(nodes: Nodes, slots: int, slot_ms: int) -> Any:
    """Return pieces each sorter could do in each half hour, nodes by slots; not a number where nothing is sorted."""
    edges = np.arange(slots + 1, dtype=np.int64) * slot_ms
    table = np.full((len(nodes.handling), slots), np.nan)
    for k in range(len(nodes.handling)):
        span = slice(nodes.segment_first[k], nodes.segment_first[k + 1])
        start, work, rate = nodes.segment_start[span], nodes.segment_work[span], nodes.segment_rate[span]
        if start.size:
            at = np.searchsorted(start, edges, "right") - 1
            table[k] = np.diff(work[at] + rate[at] * (edges - start[at])) / 3.6e9
    return table
