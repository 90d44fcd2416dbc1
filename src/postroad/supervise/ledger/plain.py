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

from postroad.supervise.ledger import bytewise, rulebook
from postroad.supervise.ledger.bytewise import CHOICE, FLAG, SECRET, SKIP, TEXT, TIME, WAYBILL, WHOLE, WORD
from postroad.supervise.ledger.filling import Codes, Copies, Filling, Numbers, always
from postroad.supervise.ledger.kinds import CLOCK, DOCUMENT, kind_of
from postroad.supervise.ledger.lines import Lines, Texts
from postroad.supervise.ledger.surveying import LAST_ASCII, decodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.tables import Column, Table

_WAYBILL_RULE = re.compile(r"\^\[A-Z0-9\]\{(\d+),(\d+)\}\$")
_MICROSECOND = dt.timedelta(microseconds=1)
_ANY = 1 << 62
_ROOM = threading.local()
_CLASSES = bytewise.sign_classes()
_NOT_PLAIN, _NOT_ASCII = 1, 2
_LINE = 10
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


class Reading:
    """What is plainly right in so many lines, typed, and the lines that are not; filled some whole lines at a time.

    They take ``size`` bytes; ``before`` is how many lines of the file stand before them.
    """

    def __init__(self, plan: Plan, lines: int, size: int, before: int) -> None:
        self._plan, self._line, self._taken = plan, before, 0
        self._lists = _lists(plan, lines)
        self._days = np.zeros((len(plan.rows), 3), np.int64)
        self._numbers = np.empty(lines, np.uint32)
        self._columns = {place: made for place in range(len(plan.rows)) if (made := _filling(plan, place, lines, size))}
        self._doubtful: list[bytes] = []
        self._doubts: list[NDArray[np.int64]] = [np.empty(0, np.int64)]

    def add(self, data: NDArray[np.uint8]) -> None:
        """Read whole lines; nothing kept lies in ``data``."""
        rows = self._plan.rows
        if data.max() > LAST_ASCII and not decodes(data.tobytes(), "utf-8"):
            rows = rows.copy()
            rows[:, 4] = _NOT_PLAIN | _NOT_ASCII
        lines = int(bytewise.newlines(data)) + int(data[-1] != _LINE)
        cells, numbers, asked = _scratch(len(rows), lines)
        taken, doubts = bytewise.read(data, _CLASSES, rows, *self._lists, self._days, cells, numbers, asked)
        self._numbers[self._taken : self._taken + taken] = numbers[:taken] + np.uint32(self._line)
        for place, column in self._columns.items():
            column.add(cells[place, :taken], self._taken, data)
        if doubts:
            asked = asked[:doubts]
            # Lines of which none was taken are handed on whole, not line by line.
            held = b"".join(data[a:b].tobytes() for _, a, b in asked.tolist()) if taken else data.tobytes()
            self._doubtful.append(held)
            self._doubts.append(asked[:, 0] + self._line)
        self._line, self._taken = self._line + lines, self._taken + taken

    def whole(self) -> Plain:
        """Return what was read."""
        held: dict[str, Any] = {"line": pl.Series("line", self._numbers[: self._taken])}
        for place, filling in self._columns.items():
            column = self._plan.meant[place]
            if column is not None:
                held[column.name] = filling.whole(self._taken, _words(self._lists, place))
        table = self._plan.table
        names = [name for name in table.columns if name != "source"]
        whole = {name: held.get(name) for name in ["line", *names]}
        filled = {n: always(table.columns[n], self._taken) if c is None else c for n, c in whole.items()}
        return Plain(Lines(filled), b"".join(self._doubtful), np.concatenate(self._doubts))


def _filling(plan: Plan, place: int, lines: int, size: int) -> Filling | None:
    """A column to be filled; ``None`` where what is written is not taken."""
    kind, column = int(plan.rows[place, 0]), plan.meant[place]
    if column is None or kind == SKIP:
        return None
    if kind in (WORD, CHOICE, FLAG):
        return Codes(lines, column)
    if kind in (TIME, WHOLE):
        return Numbers(lines, column, kind)
    longest = {WAYBILL: int(plan.rows[place, 3]), TEXT: bytewise.LONGEST, SECRET: bytewise.LONGEST_SECRET}[kind]
    return Copies(lines, min(size, lines * longest))


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


def _words(lists: tuple[NDArray[Any], ...], place: int) -> Texts:
    """The words of a column in the order of their codes: they stand one after another."""
    words, places, _, counts, _ = lists
    there = places[place, : counts[place]]
    offsets = np.zeros(len(there) + 1, np.int64)
    np.cumsum(there[:, 1], out=offsets[1:])
    first = int(places[place, 0, 0])
    return Texts(words[first : first + int(offsets[-1])].copy(), offsets, gaps=False)


def warm() -> None:
    """Load what is compiled once, so that a clock started after does not count it."""
    table = kind_of("deliveries")
    names = ["waybill", "record_id"]
    plan = planned(names, {name: name for name in names}, table, dt.datetime(2026, 1, 1))
    if plan is not None:
        reading = Reading(plan, 1, 15, 0)
        reading.add(np.frombuffer(bytearray(b"YT0000000001,1\n"), np.uint8))
        reading.whole().typed.hashes(["waybill", "operator_id", "delivered_at"])
    room = np.zeros(4, np.uint64)
    bytewise.put(np.zeros(1, np.uint64), room)
    bytewise.among(np.zeros(1, np.uint64), room, np.zeros(1, np.bool_))
