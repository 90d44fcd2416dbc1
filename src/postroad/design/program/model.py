"""A program under construction: named blocks of columns and rows, kept as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from postroad.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

INFINITY = float("inf")


@dataclass(frozen=True)
class Columns:
    """A block of variables: where it starts and how many there are."""

    name: str
    start: int
    count: int

    @property
    def slice(self) -> slice:
        """The block as a slice of the whole solution vector."""
        return slice(self.start, self.start + self.count)


@dataclass(frozen=True)
class Rows:
    """A block of constraints; ``labels`` names each row in the user's words, ``relief`` prices relaxing one."""

    name: str
    start: int
    count: int
    labels: Callable[[int], str] | Sequence[str] | None = None
    relief: float | None = 1.0

    def label(self, row: int) -> str:
        """Return the words for a row of the block, or the block's name and number."""
        if self.labels is None:
            return f"{self.name} {row + 1}"
        return self.labels(row) if callable(self.labels) else self.labels[row]


@dataclass
class Program:
    """A program under construction; minimises. Adding to it never changes blocks handed out before."""

    _columns: list[Columns] = field(default_factory=list)
    _rows: list[Rows] = field(default_factory=list)
    _parts: dict[str, list[NDArray[Any]]] = field(
        default_factory=lambda: {"cost": [], "low": [], "high": [], "integer": [], "row_low": [], "row_high": []}
    )
    _entries: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = field(default_factory=list)
    offset: float = 0.0

    @property
    def width(self) -> int:
        """How many columns there are."""
        return sum(block.count for block in self._columns)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return sum(block.count for block in self._rows)

    def columns(
        self,
        name: str,
        count: int,
        *,
        cost: ArrayLike = 0.0,
        low: ArrayLike = 0.0,
        high: ArrayLike = INFINITY,
        integer: ArrayLike = False,
    ) -> Columns:
        """Add a block of columns and return it; cost and bounds are one number or one for each column."""
        block = Columns(name, self.width, count)
        self._columns.append(block)
        for part, value in (("cost", cost), ("low", low), ("high", high), ("integer", integer)):
            self._parts[part].append(np.broadcast_to(np.asarray(value, np.float64), (count,)))
        return block

    def rows(
        self,
        name: str,
        terms: Sequence[tuple[Columns, Any]],
        *,
        low: ArrayLike = -INFINITY,
        high: ArrayLike = INFINITY,
        labels: Callable[[int], str] | Sequence[str] | None = None,
        relief: float | None = 1.0,
    ) -> Rows:
        """Add a block of rows ``low <= sum of matrix @ columns <= high`` and return it.

        Each term is a block of columns and a matrix with one row for each row of the block. ``relief`` is the price of
        relaxing a row by one unit when an explanation is asked for; ``None`` means it may not be relaxed. Raises
        ``UsageError`` when a matrix does not fit its columns.
        """
        count = terms[0][1].shape[0]
        block = Rows(name, self.height, count, labels, relief)
        for columns, matrix in terms:
            if matrix.shape != (count, columns.count):
                raise UsageError.of(
                    "design.matrix_does_not_fit", rows=name, columns=columns.name, shape=str(matrix.shape)
                )
            entries = sparse.coo_array(matrix)
            row, column = entries.coords
            self._entries.append((row + block.start, column + columns.start, entries.data.astype(np.float64)))
        self._rows.append(block)
        for part, value in (("row_low", low), ("row_high", high)):
            self._parts[part].append(np.broadcast_to(np.asarray(value, np.float64), (count,)))
        return block

    def matrix(self) -> sparse.csr_array:
        """Return the whole coefficient matrix, rows by columns."""
        row, column, value = (np.concatenate([entry[k] for entry in self._entries] or [np.empty(0)]) for k in range(3))
        return sparse.csr_array((value, (row.astype(np.int64), column.astype(np.int64))), (self.height, self.width))

    def whole(self, part: str) -> NDArray[np.float64]:
        """Return one of cost, low, high, integer, row_low, row_high for the whole program."""
        parts = self._parts[part]
        return np.concatenate(parts).astype(np.float64) if parts else np.empty(0)

    @property
    def row_blocks(self) -> tuple[Rows, ...]:
        """The blocks of rows in order."""
        return tuple(self._rows)
