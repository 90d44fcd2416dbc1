"""What a value of record may be on every database: no blank where a word is wanted, nothing too long, no odd number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from postroad.errors import DataError, Fault, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAY_BE_BLANK = ("officers", "note")
MAY_BE_NEGATIVE = ("lon", "lat", "points")
MOST = 2**63 - 1


def check(table: sa.Table, row: Mapping[str, Any]) -> None:
    """Raise ``DataError`` with every value of a row that a database of record must not hold."""
    faults = [
        Fault.of(key, table=table.name, column=column.name, value=_short(row[column.name]), **facts)
        for column in table.columns
        for key, facts in _wrong(column, row[column.name])
    ]
    if faults:
        raise DataError(faults)


def check_asked(asked: Mapping[str, Any]) -> None:
    """Raise ``UsageError`` with every value asked about or for that no database can be asked."""
    faults = [
        Fault.of(key, column=name, value=_short(value))
        for name, held in asked.items()
        for value in (held if isinstance(held, list | tuple) else [held])
        for key in _unaskable(value)
    ]
    if faults:
        raise UsageError(faults)


def _unaskable(value: Any) -> Iterator[str]:
    if isinstance(value, str) and any(mark == "\0" or "\ud800" <= mark <= "\udfff" for mark in value):
        yield "cases.unprintable"
    if isinstance(value, int) and abs(value) > MOST:
        yield "cases.no_number"


def _wrong(column: sa.Column[Any], value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, str):
        longest = getattr(column.type, "length", None)
        if not value.strip() and not column.nullable and column.name not in MAY_BE_BLANK:
            yield "cases.blank", {}
        if longest is not None and len(value) > longest:
            yield "cases.too_long", {"most": longest, "found": len(value)}
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value) or abs(value) > MOST:
            yield "cases.no_number", {}
        elif value < 0 and column.name not in MAY_BE_NEGATIVE:
            yield "cases.negative", {}


def _short(value: Any) -> Any:
    text = str(value).encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return text if len(text) <= 60 else text[:59] + "…"
