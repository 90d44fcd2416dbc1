"""What checks find: positions in a frame, kept as arrays until faults are wanted for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from postroad.errors import Fault
from postroad.language import Language, Said, Text
from postroad.tables.schema import Table

MOST_FAULTS = 10_000
"""Faults of one kind in one column told one by one; the rest are counted (and stand in the quarantine)."""


@dataclass(frozen=True)
class Note:
    """One repair made or row left out while reading: said openly, never a fault."""

    table: str
    column: str
    count: int
    text: Text

    def say(self, spoken: Language | None = None) -> str:
        """Return the note as one line with its place."""
        place = ".".join(part for part in (self.table, self.column) if part)
        return f"[{place}] {self.text.say(spoken)}"


def closest_words(nearest: Any) -> Text:
    """Return the end of a sentence that names the closest valid value, or nothing when there is none."""
    return Said("") if nearest is None else Text.of("tables.closest", nearest=nearest)


def note(key: str, table: str, column: str, count: int, **facts: Any) -> Note:
    """Return a note whose sentence may use the count and the facts given."""
    return Note(table, column, count, Text.of(key, count=count, **facts))


@dataclass
class Finding:
    """Rows of one table that break one rule in one column.

    ``rows`` are positions in the frame checked; ``values`` what stands there, ``nearest`` the nearest valid values
    (a sequence alongside, or one value for all).
    """

    key: str
    column: str
    rows: np.ndarray[Any, np.dtype[np.int64]]
    values: Sequence[Any] | pl.Series
    nearest: Sequence[Any] | Any = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def faults(self, table: Table, numbers: pl.Series | None) -> list[Fault]:
        """Return a fault per row, at most ``MOST_FAULTS`` and then one that counts the rest."""
        place = {"table": table.name, "column": self.column}
        facts = {**self.words(table), **self.facts}
        near = self.nearest
        listed = isinstance(near, (list, tuple, pl.Series))
        told = []
        for at, row in enumerate(self.rows[:MOST_FAULTS].tolist()):
            number = int(numbers[row]) if numbers is not None else row + 1
            closest = near[at] if listed else near
            told.append(
                Fault.of(
                    self.key,
                    **place,
                    row=number,
                    value=self.values[at],
                    nearest=closest,
                    closest=closest_words(closest),
                    **facts,
                )
            )
        rest = len(self.rows) - len(told)
        if rest > 0:
            told.append(Fault.of("tables.and_more", **place, count=rest, example=Text.of(self.key, **_blank(told[-1]))))
        return told

    def words(self, table: Table) -> dict[str, Any]:
        """Return what the sentences say of the column: its label, and the schema's own advice."""
        column = table.columns.get(self.column)
        if column is None:
            return {"label": self.column, "hint": ""}
        return {"label": column.label, "hint": column.hint}


def _blank(fault: Fault) -> dict[str, Any]:
    place = {"table": fault.table, "column": fault.column, "row": fault.row, "count": fault.count}
    return {**place, "value": fault.value, "nearest": fault.nearest, **dict(fault.facts)}


def positions(mask: pl.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the positions where a Boolean series is true; nulls count as false."""
    return mask.fill_null(False).arg_true().to_numpy().astype(np.int64, copy=False)
