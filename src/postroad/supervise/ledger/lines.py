"""Typed records, a column at a time: few words by their codes, many texts one after another, all else as it stands.

A day's scans name the same few thousand places millions of times: spelt out they would take more time to lay down than
to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow.lib as pa

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

    def _spelt(self) -> pl.Series:
        """The words, and nothing behind the last."""
        return pl.concat([self.words, NOTHING])

    def spelt(self) -> pl.Series:
        """Return the column as text."""
        return self._spelt()[self.codes]

    def said(self) -> list[str | None]:
        """Return the words that stand in the column, and ``None`` where nothing does."""
        one = (self.codes == self.codes[:1]).all()
        found: NDArray[Any] = self.codes[:1] if one else np.flatnonzero(np.bincount(self.codes))
        return self._spelt()[found].to_list()

    def is_empty(self) -> bool:
        """Whether nothing stands in the column."""
        return bool((self.codes == len(self.words)).all())

    def arrow(self) -> Any:
        """Return the column for Arrow."""
        # Arrow would look for pandas to tell what an array of another library is: buffers need no telling.
        there = self.codes < len(self.words)
        gaps = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
        codes = pa.Array.from_buffers(pa.int32(), len(self), [gaps, pa.py_buffer(self.codes)])
        words = _texts_of(self.words)
        offsets = pa.py_buffer(words.offsets.astype(np.int32))
        return pa.DictionaryArray.from_arrays(
            codes, pa.StringArray.from_buffers(len(words), offsets, pa.py_buffer(words.signs))
        )

    def mix(self, into: NDArray[np.uint64]) -> None:
        """Take the hash of each word into that of its record."""
        words, hashes = _texts_of(self._spelt()), np.empty(len(self.words) + 1, np.uint64)
        bytewise.marks(words.signs, words.offsets, hashes)
        bytewise.mixed_by_code(into, hashes, self.codes)


@dataclass(frozen=True)
class Texts:
    """A column of texts that stand one after another; where there are gaps an empty text stands for nothing."""

    signs: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    gaps: bool

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def arrow(self) -> Any:
        """Return the column for Arrow."""
        there = None
        if self.gaps:
            there = pa.py_buffer(np.packbits(self.offsets[1:] > self.offsets[:-1], bitorder="little"))
        buffers = pa.py_buffer(self.offsets), pa.py_buffer(self.signs), there
        return pa.LargeStringArray.from_buffers(len(self), *buffers)

    def spelt(self) -> pl.Series:
        """Return the column as text."""
        made: Any = pl.from_arrow(self.arrow())
        return pl.Series(made)

    def said(self) -> list[str | None]:
        """Return the texts that stand in the column, each once."""
        return self.spelt().unique().to_list()

    def is_empty(self) -> bool:
        """Whether nothing stands in the column."""
        return bool(self.offsets[0] == self.offsets[-1])

    def mix(self, into: NDArray[np.uint64]) -> None:
        """Take the hash of each text into that of its record."""
        bytewise.mixed_texts(into, self.signs, self.offsets)


def _texts_of(column: pl.Series) -> Texts:
    """A column of text as texts that stand one after another."""
    held: Any = column.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, signs = held.buffers()
    where = np.frombuffer(offsets, np.int64)[held.offset : held.offset + len(held) + 1]
    there = signs is not None and signs.size > 0
    return Texts(np.frombuffer(signs, np.uint8) if there else np.zeros(1, np.uint8), where, held.null_count > 0)


@dataclass(frozen=True)
class Lines:
    """Records typed, one or more; every column has a value for each."""

    columns: dict[str, pl.Series | Coded | Texts]

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
        return column if isinstance(column, pl.Series) else column.spelt().alias(name)

    def said(self, name: str) -> list[Any]:
        """Return the values that stand in a column, each once."""
        column = self.columns[name]
        return column.unique().to_list() if isinstance(column, pl.Series) else column.said()

    def is_empty(self, name: str) -> bool:
        """Whether nothing stands in a column."""
        column = self.columns[name]
        return column.null_count() == len(column) if isinstance(column, pl.Series) else column.is_empty()

    def arrow(self, name: str) -> Any:
        """Return a column for Arrow."""
        column = self.columns[name]
        return column.to_arrow() if isinstance(column, pl.Series) else column.arrow()

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
        """Return a 64-bit hash of these columns, texts and times, for every record, however a column is held."""
        made = np.full(self.height, seed, np.uint64)
        for name in names:
            column = self.columns[name]
            if not isinstance(column, pl.Series):
                column.mix(made)
            elif column.dtype == pl.String():
                _texts_of(column).mix(made)
            else:
                held = column.to_physical()
                whole = held.fill_null(0) if held.null_count() else held
                bytewise.mixed(made, whole.to_numpy().view(np.uint64))
        return made
