"""Blocks of CSV whose lines are plainly right, read and typed at once; what is doubtful is handed on as it was written.

The rules are those of ``judging``, put into numbers for one pass over the bytes; a test holds one against the other.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow.lib as pa

from postroad.supervise.ledger import bytewise, rulebook
from postroad.supervise.ledger.bytewise import CHOICE, EMPTY, FLAG, SECRET, SKIP, TEXT, TIME, WAYBILL, WHOLE, WORD
from postroad.supervise.ledger.kinds import CLOCK, DOCUMENT, kind_of, stored_type
from postroad.supervise.ledger.lines import Coded, Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.tables import Column, Table

_WAYBILL_RULE = re.compile(r"\^\[A-Z0-9\]\{(\d+),(\d+)\}\$")
_MICROSECOND = dt.timedelta(microseconds=1)
_ANY = 1 << 62
_ROOM = threading.local()
_CLASSES = bytewise.sign_classes()
_NOT_PLAIN, _NOT_ASCII = 1, 2
_LAST_ASCII = 127
OWN_TEXT = ("record_id",)
"""Columns of text in which hardly a word comes twice."""


@dataclass(frozen=True)
class Plan:
    """How the written columns of a kind are read: a row of numbers and the column meant, for each."""

    table: Table
    rows: NDArray[np.int64]
    meant: tuple[Column | None, ...]


@dataclass(frozen=True)
class Plain:
    """A block read: ``typed`` are the lines taken, ``doubtful`` the others as they stand, ``doubts`` their numbers."""

    typed: Lines
    doubtful: bytes
    doubts: NDArray[np.int64]


def planned(names: list[str], columns: dict[str, str], table: Table, known_at: dt.datetime) -> Plan | None:
    """Return how to read a file with these columns, or ``None`` where a column has a form that is not read here."""
    meant = [table.columns[columns[name]] if name in columns else None for name in names]
    rows = [_row(column, known_at) for column in meant]
    if any(row is None for row in rows):
        return None
    return Plan(table, np.array(rows, np.int64), tuple(meant))


def _row(column: Column | None, known_at: dt.datetime) -> tuple[int, int, int, int, int] | None:
    """Kind, needed, low, high and forbidden bytes of a column."""
    if column is None or column.name == "source":
        return SKIP, 0, 0, 0, _NOT_PLAIN
    needed = int(column.required and column.name != "origin")
    low, high = -_ANY, _ANY
    if column.unit == "time":
        kind = TIME
        if column.name in CLOCK.values():
            ahead = dt.timedelta(minutes=rulebook.value("late", "ahead_min"))
            low = _micros(dt.datetime.fromisoformat(rulebook.value("late", "earliest")))
            high = _micros(known_at + ahead)
    elif column.unit == "waybill":
        form = _WAYBILL_RULE.fullmatch(rulebook.value("waybill", "domestic"))
        if form is None:
            return None
        kind, low, high = WAYBILL, int(form[1]), int(form[2])
    elif column.type in ("category", "boolean", "integer"):
        kind = {"category": CHOICE, "boolean": FLAG, "integer": WHOLE}[column.type]
        low = int(column.low) if column.low is not None else low
        high = int(column.high) if column.high is not None else high
    elif column.type == "text":
        kind = SECRET if column.name == DOCUMENT else TEXT if column.name in OWN_TEXT else WORD
    else:
        return None
    return kind, needed, low, high, _NOT_PLAIN | _NOT_ASCII


def _micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1)) // _MICROSECOND


def read(data: NDArray[np.uint8], plan: Plan, lines_there: int, before: int = 0) -> Plain:
    """Return what is plainly right in a block of so many whole lines, typed, and the lines that are not.

    ``before`` is how many lines of the file stand before the block.
    """
    rows = plan.rows
    if len(data) and data.max() > _LAST_ASCII and not _is_utf8(data):
        rows = rows.copy()
        rows[:, 4] = _NOT_PLAIN | _NOT_ASCII
    cells, lines, asked = _scratch(len(rows), lines_there)
    lists = _lists(plan, lines_there)
    days = np.zeros((len(rows), 3), np.int64)
    taken, doubts = bytewise.read(data, _CLASSES, rows, *lists, days, cells, lines, asked)
    held: dict[str, pl.Series | Coded] = {"line": pl.Series("line", lines[:taken] + np.uint32(before))}
    for place, column in enumerate(plan.meant):
        kind, values = int(rows[place, 0]), cells[place, :taken]
        if column is None or kind == SKIP:
            continue
        if kind in (WORD, CHOICE):
            held[column.name] = _coded(values, _words(lists, place), column)
        elif kind == FLAG:
            held[column.name] = _flags(values, column)
        else:
            held[column.name] = _series(kind, values, data, column)
    # A block with no line taken is handed on whole, not line by line.
    asked = asked[:doubts]
    doubtful = b"".join(data[a:b].tobytes() for _, a, b in asked.tolist()) if taken else data.tobytes()
    return Plain(_whole(held, plan.table, taken), doubtful, asked[:, 0] + before)


def _scratch(width: int, lines: int) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.int64]]:
    """Room for the cells and lines of a block, the same for one block of a thread after another.

    New room of this size comes from the system page by page, which takes longer than reading the lines.
    """
    size = lines * (width + 4)
    room = _kept("cells", size, np.int64)
    cells, rest = room[: width * lines].reshape(width, lines), room[width * lines : size]
    return cells, rest[:lines].view(np.uint32)[:lines], rest[lines:].reshape(lines, 3)


def _kept(name: str, size: int, kind: type[Any]) -> NDArray[Any]:
    """Room of a thread, made anew only when what it has is too small."""
    room: NDArray[Any] | None = getattr(_ROOM, name, None)
    if room is None or room.size < size:
        room = np.empty(size, kind)
        setattr(_ROOM, name, room)
    return room[:size]


def _is_utf8(data: NDArray[np.uint8]) -> bool:
    try:
        data.tobytes().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lists(plan: Plan, lines: int) -> tuple[NDArray[Any], ...]:
    """Empty lists of words for each column of so many lines; that of a choice has its words already."""
    width = len(plan.rows)
    most = min(bytewise.MOST_WORDS, lines + max([0, *(len(c.choices) for c in plan.meant if c is not None)]))
    stride = most * bytewise.LONGEST
    places = np.empty((width, most, 2), np.int64)
    places[:, 0, 0] = np.arange(width) * stride
    words = _kept("words", width * stride + bytewise.BEYOND, np.uint8)
    last = 1 << (2 * most).bit_length()
    slots = _kept("slots", width * last, np.int32).reshape(width, last)
    slots.fill(-1)
    lists = words, places, slots, np.zeros(width, np.int64), np.full(width, -1, np.int64)
    for place, column in enumerate(plan.meant):
        if column is not None and plan.rows[place, 0] == CHOICE:
            for choice in column.choices:
                sign = np.frombuffer(choice.encode(), np.uint8)
                bytewise.add_word(sign, 0, len(sign), place, *lists[:4])
    return lists


def _words(lists: tuple[NDArray[Any], ...], place: int) -> pl.Series:
    """The words of a column in the order of their codes: they stand one after another."""
    words, places, _, counts, _ = lists
    there = places[place, : counts[place]]
    offsets = np.zeros(len(there) + 1, np.int64)
    np.cumsum(there[:, 1], out=offsets[1:])
    first = int(places[place, 0, 0])
    return _in_polars(words[first : first + int(offsets[-1])].copy(), offsets)


def _in_polars(signs: NDArray[np.uint8], offsets: NDArray[np.int64], there: Any = None) -> pl.Series:
    """Texts that stand one after another as a column."""
    held = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(signs), there)
    made: Any = pl.from_arrow(held)
    return pl.Series(made)


def _coded(values: NDArray[np.int64], words: pl.Series, column: Column) -> Coded:
    nothing = len(words)
    if column.default is not None:
        if column.default not in words:
            words = words.append(pl.Series([column.default], dtype=pl.String()))
        nothing = words.to_list().index(column.default)
    codes = np.empty(len(values), np.int32)
    bytewise.coded(values, nothing, codes)
    return Coded(words, codes)


def _flags(values: NDArray[np.int64], column: Column) -> pl.Series:
    """A column of yes and no."""
    codes = np.empty(len(values), np.int32)
    bytewise.coded(values, 2 if column.default is None else int(column.default), codes)
    return pl.Series([False, True, None], dtype=pl.Boolean())[codes]


def _series(kind: int, values: NDArray[np.int64], data: NDArray[np.uint8], column: Column) -> pl.Series:
    """The values of a column of many as they are kept."""
    if kind == TIME:
        return pl.Series(values.view("datetime64[us]").copy())
    if kind == WHOLE:
        empty = values == EMPTY
        made = pl.Series(values.copy())
        return made.set(pl.Series(empty), column.default) if empty.any() else made
    return _texts(values, data)


def _texts(where: NDArray[np.int64], data: NDArray[np.uint8]) -> pl.Series:
    offsets = np.empty(len(where) + 1, np.int64)
    empty = bytewise.placed(where, offsets)
    out = np.empty(int(offsets[-1]) + bytewise.BEYOND, np.uint8)
    bytewise.gathered(data, where, offsets, out)
    there = pa.py_buffer(np.packbits(where != EMPTY, bitorder="little")) if empty else None
    return _in_polars(out, offsets, there)


def _whole(held: dict[str, pl.Series | Coded], table: Table, count: int) -> Lines:
    """The records with every column of the kind in order, those not written with their default."""
    for column in table.columns.values():
        if column.name != "source" and column.name not in held:
            held[column.name] = _always(column, count)
    return Lines({name: held[name] for name in ["line", *(name for name in table.columns if name != "source")]})


def _always(column: Column, count: int) -> pl.Series | Coded:
    """A column in which the default stands everywhere."""
    if stored_type(column) == pl.String():
        words = [] if column.default is None else [column.default]
        return Coded(pl.Series(words, dtype=pl.String()), np.zeros(count, np.int32))
    return pl.Series([column.default], dtype=stored_type(column)).new_from_index(0, count)


def warm() -> None:
    """Load what is compiled once, so that a clock started after does not count it."""
    table = kind_of("deliveries")
    names = ["waybill", "record_id"]
    plan = planned(names, {name: name for name in names}, table, dt.datetime(2026, 1, 1))
    if plan is not None:
        read(np.frombuffer(bytearray(b"YT0000000001,1\n"), np.uint8), plan, 1)
    bytewise.newlines(np.frombuffer(bytearray(b"\n"), np.uint8))
    room = np.zeros(4, np.uint64)
    bytewise.put(np.zeros(1, np.uint64), room)
    bytewise.among(np.zeros(1, np.uint64), room, np.zeros(1, np.bool_))
