"""Kinds of record an operator reports, read from ``records.toml`` by the schema of the tables room.

A time is a text column with the unit ``time``, a waybill one with the unit ``waybill``; a number of a person's document
has the unit ``identity`` and is never stored: it becomes the columns ``sender`` (pseudonym) and ``id_ok``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import UsageError
from postroad.tables import Column, Schema, Table, build_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOCK: Mapping[str, str] = {"acceptances": "accepted_at", "scans": "event_at", "deliveries": "delivered_at",
                            "links": "linked_at"}  # fmt: skip
"""The column that says when a record happened; registers have none."""
REGISTERS = ("outlets", "machines")
NO_DAY = "register"
"""What stands for the day in the store where a kind has no clock."""
DOCUMENT = "id_number"
UNSTORED = ("action", "source", DOCUMENT)
IDENTITY = {"sender": pl.Binary(), "id_ok": pl.Boolean()}


@cache
def kinds() -> Schema:
    """Return every kind of record with its columns."""
    text = files("postroad.supervise.ledger").joinpath("records.toml").read_text("utf-8")
    return build_schema({"ledger": tomllib.loads(text)})


def kind_of(name: str) -> Table:
    """Return a kind of record; ``UsageError`` lists those there are."""
    if name not in kinds().tables:
        raise UsageError.of("ledger.no_such_kind", asked=name, known=", ".join(kinds().tables))
    return kinds()[name]


def stored_type(column: Column) -> pl.DataType:
    """Return the type in which a column is stored."""
    return pl.Datetime("us") if column.unit == "time" else column.dtype


@cache
def stored(kind: str) -> Mapping[str, pl.DataType]:
    """Return the columns of a kind as they are stored, in order."""
    held = {name: stored_type(c) for name, c in kind_of(kind).columns.items() if name not in UNSTORED}
    return {**held, **IDENTITY} if kind == "acceptances" else held
