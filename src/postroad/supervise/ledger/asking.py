"""Questions to the records in DuckDB: bounded in memory, watched while they run, and stopped when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.parallel import Progress, watched

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

MEMORY_MB = 4000


def prepared(link: duckdb.DuckDBPyConnection, memory_mb: int) -> None:
    """Bound a connection's memory, and let its questions be watched."""
    link.execute("SET enable_progress_bar = true")
    link.execute("SET enable_progress_bar_print = false")
    link.execute(f"SET memory_limit = '{int(memory_mb)}MB'")
    link.execute("SET preserve_insertion_order = false")


@dataclass
class Asking:
    """A DuckDB connection whose questions can be watched and stopped while they run."""

    link: duckdb.DuckDBPyConnection
    progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None

    def frame(self, statement: str, **values: Any) -> pl.DataFrame:
        """Return the rows of a query."""
        return watched(lambda: _rows(self.link, statement, values), *self._watch())

    def run(self, statement: str, **values: Any) -> None:
        """Run a statement that gives no rows."""
        watched(lambda: self.link.execute(statement, values or None), *self._watch())

    def _watch(self) -> tuple[Any, ...]:
        return self.link.query_progress, self.link.interrupt, self.progress, self.stop


def _rows(link: duckdb.DuckDBPyConnection, statement: str, values: dict[str, Any]) -> pl.DataFrame:
    made: Any = pl.from_arrow(link.sql(statement, params=values or None).to_arrow_table())
    return made if isinstance(made, pl.DataFrame) else made.to_frame()


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def frame_of(asking: Asking, statement: str, **values: Any) -> pl.DataFrame:
    """Return the rows of a query, with ``$name`` in it standing for values."""
    return asking.frame(statement, **values)
