"""Columns of typed records as they fill up, from numbers that stand for the cells of some lines at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from postroad.supervise.ledger import bytewise
from postroad.supervise.ledger.bytewise import EMPTY, TIME
from postroad.supervise.ledger.kinds import stored_type
from postroad.supervise.ledger.lines import Coded, Texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.tables import Column

_GAP = -1


class Filling(Protocol):
    """A column that is not yet whole."""

    def add(self, cells: NDArray[np.int64], at: int, data: NDArray[np.uint8], /) -> None:
        """Take the cells of lines from ``at`` on; those of texts say where they stand in ``data``."""

    def whole(self, count: int, words: Texts, /) -> pl.Series | Coded | Texts:
        """Return the column of the first so many lines; ``words`` are those that codes number."""


class Codes:
    """A column of few words, or of yes and no."""

    def __init__(self, lines: int, column: Column) -> None:
        self._codes, self._column, self._gaps = np.empty(lines, np.int32), column, 0

    def add(self, cells: NDArray[np.int64], at: int, _: NDArray[np.uint8], /) -> None:
        """Take codes of words."""
        self._gaps += bytewise.coded(cells, _GAP, self._codes[at : at + len(cells)])

    def whole(self, count: int, words: Texts, /) -> pl.Series | Coded:
        """Return the column of these words, in the order of their codes."""
        default = self._column.default
        if self._column.type == "boolean":
            codes = self._filled(count, 2 if default is None else int(default))
            return pl.Series([False, True, None], dtype=pl.Boolean())[codes]
        spelt = words.spelt()
        if default is not None and default not in spelt:
            spelt = pl.concat([spelt, pl.Series([default], dtype=pl.String())])
        nothing = len(spelt) if default is None else spelt.to_list().index(default)
        return Coded(spelt, self._filled(count, nothing))

    def _filled(self, count: int, nothing: int) -> NDArray[np.int32]:
        codes = self._codes[:count]
        if self._gaps:
            codes[codes == _GAP] = nothing
        return codes


class Numbers:
    """A column of times or of whole numbers."""

    def __init__(self, lines: int, column: Column, kind: int) -> None:
        self._values, self._column, self._kind = np.empty(lines, np.int64), column, kind

    def add(self, cells: NDArray[np.int64], at: int, _: NDArray[np.uint8], /) -> None:
        """Take numbers."""
        self._values[at : at + len(cells)] = cells

    def whole(self, count: int, _: Texts, /) -> pl.Series:
        """Return the column."""
        values = self._values[:count]
        empty = values == EMPTY
        if self._kind == TIME and empty.any():
            # What stands for an empty cell is what NumPy takes for no time.
            return pl.Series(values.view("datetime64[us]"))
        made = pl.Series(values)
        if self._kind == TIME:
            return made.cast(pl.Datetime("us"))
        return made.set(pl.Series(empty), self._column.default) if empty.any() else made


class Copies:
    """A column of texts of which hardly one comes twice."""

    def __init__(self, lines: int, most: int) -> None:
        # Room for the most there can be; what no text needs is never touched, and so takes no memory.
        self._signs = np.empty(most + bytewise.BEYOND, np.uint8)
        self._offsets, self._gaps = np.zeros(lines + 1, np.int64), 0

    def add(self, cells: NDArray[np.int64], at: int, data: NDArray[np.uint8], /) -> None:
        """Copy texts from where they stand."""
        self._gaps += bytewise.copied(data, cells, self._offsets[at : at + len(cells) + 1], self._signs)

    def whole(self, count: int, _: Texts, /) -> Texts:
        """Return the column."""
        return Texts(self._signs, self._offsets[: count + 1], self._gaps > 0)


def always(column: Column, count: int) -> pl.Series | Coded:
    """Return a column in which the default stands everywhere."""
    if stored_type(column) == pl.String():
        words = [] if column.default is None else [column.default]
        return Coded(pl.Series(words, dtype=pl.String()), np.zeros(count, np.int32))
    return pl.Series([column.default], dtype=stored_type(column)).new_from_index(0, count)
