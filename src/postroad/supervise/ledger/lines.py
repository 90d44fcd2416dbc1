"""Typed records, a column at a time: those of few words by their codes, the others as they stand.

A day's scans name the same few thousand places millions of times: spelt out they would take more time to lay down than
to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.supervise.ledger import bytewise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


NOTHING = pl.Series([None], dtype=pl.String())


@dataclass(frozen=True)
class Coded:
    """A column of text as codes of its few words, no word twice; the code behind the last stands for nothing."""

    words: pl.Series
    codes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def has_gaps(self) -> bool:
        """Whether nothing stands in some place."""
        return bool((self.codes == len(self.words)).any())

    def spelt(self) -> pl.Series:
        """Return the column as text."""
        return self._spelt()[self.codes]

    def _spelt(self) -> pl.Series:
        """The words, and nothing behind the last."""
        return pl.concat([self.words, NOTHING])

    def said(self) -> list[str | None]:
        """Return the words that stand in the column, and ``None`` where nothing does."""
        one = (self.codes == self.codes[:1]).all()
        found: NDArray[Any] = self.codes[:1] if one else np.flatnonzero(np.bincount(self.codes))
        return self._spelt()[found].to_list()

    def hashes(self) -> NDArray[np.uint64]:
        """Return a hash of each word, and of nothing behind them."""
        return self._spelt().to_frame().hash_rows().to_numpy()


@dataclass(frozen=True)
class Lines:
    """Records typed, one or more; every column has a value for each."""

    columns: dict[str, pl.Series | Coded]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Lines:
        """Return the records of a frame."""
        return cls({column.name: column for column in frame})

    @property
    def height(self) -> int:
        """How many records there are."""
        return len(next(iter(self.columns.values())))

    def spelt(self, name: str) -> pl.Series:
        """Return a column as it is kept."""
        column = self.columns[name]
        return column.spelt().alias(name) if isinstance(column, Coded) else column

    def said(self, name: str) -> list[Any]:
        """Return the values that stand in a column, each once."""
        column = self.columns[name]
        return column.said() if isinstance(column, Coded) else column.unique().to_list()

    def is_empty(self, name: str) -> bool:
        """Whether nothing stands in a column."""
        column = self.columns[name]
        if isinstance(column, Coded):
            return bool((column.codes == len(column.words)).all())
        return column.null_count() == len(column)

    def frame(self) -> pl.DataFrame:
        """Return every column as it is kept."""
        return pl.DataFrame({name: self.spelt(name) for name in self.columns})

    def select(self, names: Sequence[str]) -> Lines:
        """Return some of the columns, in this order."""
        return Lines({name: self.columns[name] for name in names})

    def with_columns(self, **columns: pl.Series) -> Lines:
        """Return the records with these columns put in their place, or at the end."""
        return Lines({**self.columns, **columns})

    def hashes(self, names: Sequence[str], seed: int = 0) -> NDArray[np.uint64]:
        """Return a 64-bit hash of these columns for every record, the same whether a column is coded or not."""
        made = np.full(self.height, seed, np.uint64)
        for name in names:
            column = self.columns[name]
            if isinstance(column, Coded):
                bytewise.mixed_by_code(made, column.hashes(), column.codes)
            else:
                bytewise.mixed(made, column.to_frame().hash_rows().to_numpy())
        return made
