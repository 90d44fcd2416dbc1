"""Checking frames against the schema: every fault of every table at once."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from postroad.errors import Fault
from postroad.tables import references, rules
from postroad.tables.headers import unknown_table
from postroad.tables.schema import Schema, schema


def check(frames: Mapping[str, pl.DataFrame], against: Schema | None = None) -> list[Fault]:
    """Return every fault of the tables: shape, types, required, bounds, choices, keys and references.

    Rows are counted from 1 in the order of each frame. Nothing is repaired here. ``against`` is the package's schema
    when not given.
    """
    known = against or schema()
    faults = table_faults(frames, known)
    own = {name: frame for name, frame in frames.items() if name in known.tables}
    dangling = references.dangling(own, known)
    for name, frame in own.items():
        table = known.tables[name]
        faults += rules.shape_faults(frame, table)
        for finding in rules.findings(frame, table) + dangling.get(name, []):
            faults += finding.faults(table, None)
    return faults + references.absent_targets(own, known)


def table_faults(frames: Mapping[str, pl.DataFrame], known: Schema) -> list[Fault]:
    """Return a fault for each table the schema does not have, and for each required one without a row."""
    faults = [unknown_table(name, known) for name in frames if name not in known.tables]
    for table in known.tables.values():
        if table.required and (table.name not in frames or frames[table.name].height == 0):
            faults.append(Fault.of("tables.missing_table", table=table.name, label=table.label))
    return faults
