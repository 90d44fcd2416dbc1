"""References between tables: values that name no row, and rows that fall with the row they name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from postroad.errors import Fault
from postroad.tables.findings import Finding, positions
from postroad.tables.nearest import closest
from postroad.tables.rules import fits
from postroad.tables.schema import Column, Schema, Table


def dangling(frames: Mapping[str, pl.DataFrame], schema: Schema) -> dict[str, list[Finding]]:
    """Return per table the rows that refer to a row which is not there."""
    found: dict[str, list[Finding]] = {}
    for name, frame in frames.items():
        table = schema.tables[name]
        for column in _referring(frame, table):
            valid = _valid(frames, column)
            if valid is None:
                continue
            values = frame[column.name].cast(pl.String)
            if not values.is_in(valid.implode()).all(ignore_nulls=True):
                rows = positions(~values.is_in(valid.implode()))
                wrong = values.gather(rows)
                near = closest(wrong.to_list(), valid.to_list() if len(valid) <= 50_000 else [])
                facts = {"target": column.references}
                found.setdefault(name, []).append(Finding("tables.dangling", column.name, rows, wrong, near, facts))
    return found


def absent_targets(frames: Mapping[str, pl.DataFrame], schema: Schema) -> list[Fault]:
    """Return a fault per column that refers to a table which is not among the frames."""
    faults = []
    for name, frame in frames.items():
        for column in _referring(frame, schema.tables[name]):
            filled = frame.height - frame[column.name].null_count()
            if filled and _valid(frames, column) is None and column.references.split(".")[0] in schema.tables:
                target = column.references.split(".")[0]
                faults.append(
                    Fault.of("tables.absent_target", table=name, column=column.name, count=filled, target=target)
                )
    return faults


def fallen(frames: Mapping[str, pl.DataFrame], kept: dict[str, np.ndarray], schema: Schema) -> dict[str, list[Finding]]:
    """Return the rows that refer to rows set aside, and mark them in ``kept``, until nothing more falls.

    ``kept[table]`` is true at the rows still taken; it is changed in place.
    """
    found: dict[str, list[Finding]] = {}
    lost = {name for name, mask in kept.items() if not mask.all()}
    while lost:
        hit = set()
        for name, frame in frames.items():
            for column in _referring(frame, schema.tables[name]):
                target, wanted = column.references.split(".")
                if target not in lost or wanted not in frames.get(target, pl.DataFrame()).columns:
                    continue
                left = frames[target][wanted].cast(pl.String).filter(pl.Series(kept[target])).unique()
                values = frame[column.name].cast(pl.String)
                gone = (~values.is_in(left.implode())).fill_null(False).to_numpy() & kept[name]
                if gone.any():
                    rows = np.flatnonzero(gone)
                    facts = {"target": column.references}
                    found.setdefault(name, []).append(
                        Finding("tables.fallen", column.name, rows, values.gather(rows), None, facts)
                    )
                    kept[name] = kept[name] & ~gone
                    hit.add(name)
        lost = hit
    return found


def _referring(frame: pl.DataFrame, table: Table) -> list[Column]:
    return [
        column
        for column in table.columns.values()
        if column.references and column.name in frame.columns and fits(frame.schema[column.name], column)
    ]


def _valid(frames: Mapping[str, pl.DataFrame], column: Column) -> pl.Series | None:
    target, wanted = column.references.split(".")
    if target not in frames or wanted not in frames[target].columns:
        return None
    return frames[target][wanted].cast(pl.String).drop_nulls().unique()
