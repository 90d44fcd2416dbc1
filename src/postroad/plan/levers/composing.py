"""Put levers into a network: every change is worked out on the base and combined, so that order cannot matter.

Changes to one cell combine when they commute: factors with factors, sums with sums, and the same value set twice. Any
other pair is refused with both levers' names, and so are a row closed by one lever and changed by another, and the same
kind of site opened twice at one place.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault
from postroad.plan.levers import selection
from postroad.plan.levers.lever import Change, Lever
from postroad.tables import schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.network import Network

SOURCE = "levers"
OWN = {"source_id": SOURCE, "title": "levers.toml"}


@dataclass(frozen=True)
class Applied:
    """A network with levers in it, and how many rows each lever opened on the day."""

    network: Network
    opened: dict[str, int]


@dataclass(frozen=True)
class _Touch:
    """One change of one lever on given rows of a table, at the share that works on the day."""

    lever: str
    change: Change
    rows: NDArray[np.int64]
    value: Any
    share: float


def apply(network: Network, levers: Iterable[Lever], on: dt.date, tables: Collection[str] | None = None) -> Applied:
    """Return the network with every lever at the share it has on a day; ``DataError`` lists all clashes at once.

    ``tables`` keeps to changes of these tables: where some are derived from others, levers go in table by table.
    """
    working = sorted((lever for lever in levers if lever.share(on) > 0), key=lambda lever: lever.id)
    frames: dict[str, pl.DataFrame] = {}
    opened: dict[str, int] = {}
    faults: list[Fault] = []
    named = {change.table for lever in working for change in lever.changes}
    for table in sorted(named if tables is None else named & set(tables)):
        base = network[table]
        touches = [touch for lever in working for touch in _touches(lever, table, base, on)]
        faults += _clashes(table, touches)
        fresh = [row for lever in working for row in _fresh(network, lever, table, on, opened)]
        faults += _twice(table, fresh)
        if not faults:
            frames[table] = _changed(base, touches, [frame for _, frame in fresh])
    if faults:
        raise DataError(faults)
    return Applied(network.with_source(OWN, **frames) if frames else network, opened)


def without(network: Network, base: Sequence[Change]) -> Network:
    """Return the network without what the pack already has of the plan's doings: the base levers are measured from."""
    if not base:
        return network
    frames = {}
    for table in sorted({change.table for change in base}):
        frame = network[table]
        touches = [
            _Touch("base", change, _where(frame, change), change.value, 1.0) for change in base if change.table == table
        ]
        frames[table] = _changed(frame, touches, [])
    return network.with_source(OWN, **frames)


def _where(frame: pl.DataFrame, change: Change) -> NDArray[np.int64]:
    return np.flatnonzero(selection.rows(frame, change.where).to_numpy()).astype(np.int64)


def _touches(lever: Lever, table: str, base: pl.DataFrame, on: dt.date) -> list[_Touch]:
    return [
        _Touch(lever.id, change, _where(base, change), lever.fill(change.value), lever.share(on))
        for change in lever.changes
        if change.table == table and change.op != "open"
    ]


def _clashes(table: str, touches: Sequence[_Touch]) -> list[Fault]:
    faults = []
    for k, one in enumerate(touches):
        for other in touches[k + 1 :]:
            if _commute(one, other):
                continue
            both = np.intersect1d(one.rows, other.rows)
            if both.size:
                column = one.change.column or other.change.column
                facts = {"one": one.lever, "other": other.lever, "count": int(both.size)}
                faults.append(Fault.of("levers.clash", table=table, column=column, row=int(both[0]) + 1, **facts))
    return faults


def _commute(one: _Touch, other: _Touch) -> bool:
    ops = {one.change.op, other.change.op}
    if ops == {"close"}:
        return True
    if "close" in ops:
        return False
    if one.change.column != other.change.column:
        return True
    if ops == {"set"}:
        return bool(one.value == other.value and one.share == other.share)
    return len(ops) == 1


def _fresh(
    network: Network, lever: Lever, table: str, on: dt.date, opened: dict[str, int]
) -> list[tuple[str, pl.DataFrame]]:
    """The rows a lever has opened by a day, at the first places of its order."""
    made = []
    for number, change in enumerate(lever.changes, 1):
        if change.table != table or change.op != "open":
            continue
        chosen = selection.places(network, change.at)
        most = lever.fill(change.most)
        count = chosen.height if most is None else min(chosen.height, int(most))
        chosen = chosen.head(math.ceil(count * lever.share(on) - 1e-9))
        opened[lever.id] = opened.get(lever.id, 0) + chosen.height
        made.append((lever.id, _rows_at(table, lever, number, change, chosen)))
    return made


def _rows_at(table: str, lever: Lever, number: int, change: Change, chosen: pl.DataFrame) -> pl.DataFrame:
    spec = schema().tables[table]
    id_column = spec.key[0]
    given = {column: pl.lit(lever.fill(value)) for column, value in change.make.items()}
    own = {
        "lon": pl.col("lon"),
        "lat": pl.col("lat"),
        "place_id": pl.col("place_id"),
        id_column: pl.lit(f"LEVER-{lever.id}-{number}-") + pl.col("place_id"),
        "origin": pl.lit("assumed"),
        "source": pl.lit(SOURCE),
    }
    wanted = {**{name: value for name, value in own.items() if name in spec.columns}, **given}
    return chosen.select(**wanted)


def _twice(table: str, fresh: Sequence[tuple[str, pl.DataFrame]]) -> list[Fault]:
    faults = []
    for k, (one, rows) in enumerate(fresh):
        for other, more in fresh[k + 1 :]:
            on = [column for column in ("place_id", "kind") if column in rows.columns and column in more.columns]
            both = rows.join(more, on=on, how="semi") if on else rows.clear()
            if both.height:
                facts = {"one": one, "other": other, "count": both.height}
                faults.append(Fault.of("levers.opened_twice", table=table, value=both["place_id"][0], **facts))
    return faults


def _changed(base: pl.DataFrame, touches: Sequence[_Touch], fresh: Sequence[pl.DataFrame]) -> pl.DataFrame:
    closed = np.zeros(base.height, bool)
    columns: dict[str, pl.Series] = {}
    touched = np.zeros(base.height, bool)
    for touch in touches:
        if touch.change.op == "close":
            # A share of the rows closes first, in the order of the table.
            closed[touch.rows[: math.ceil(touch.rows.size * touch.share - 1e-9)]] = True
            continue
        column = touch.change.column
        columns[column] = _moved(columns.get(column, base[column]), touch)
        touched[touch.rows] = True
    frame = base.with_columns(*columns.values())
    if touched.any():
        mark = pl.Series("touched", touched)
        frame = frame.with_columns(
            pl.when(mark).then(pl.lit("assumed")).otherwise(pl.col("origin")).alias("origin"),
            pl.when(mark).then(pl.lit(SOURCE)).otherwise(pl.col("source")).alias("source"),
        )
    frame = frame.filter(pl.Series(~closed))
    return pl.concat([frame, *fresh], how="diagonal_relaxed").select(frame.columns).cast(dict(frame.schema))  # type: ignore[arg-type]


def _moved(series: pl.Series, touch: _Touch) -> pl.Series:
    mask = np.zeros(series.len(), bool)
    mask[touch.rows] = True
    if not series.dtype.is_numeric():
        fresh = pl.Series(series.name, [touch.value] * series.len(), dtype=series.dtype)
        return fresh.zip_with(pl.Series(mask), series)
    values = series.cast(pl.Float64).to_numpy().copy()
    if touch.change.op == "scale":
        values[mask] *= 1.0 + touch.share * (float(touch.value) - 1.0)
    elif touch.change.op == "add":
        values[mask] += touch.share * float(touch.value)
    else:
        start = np.nan_to_num(values[mask])
        values[mask] = start + touch.share * (float(touch.value) - start)
    moved = pl.Series(series.name, values)
    return (moved.round() if series.dtype.is_integer() else moved).fill_nan(None).cast(series.dtype)
