"""Read a user's table of any length through DuckDB, inside a bound on memory, with progress and stop."""

from __future__ import annotations

import codecs
import csv
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from postroad.errors import DataError, Fault, UsageError
from postroad.parallel import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from postroad.parallel import Progress

MEMORY_MB = 400
LOOK_BYTES = 1 << 22
DELIMITERS = ",\t;|"


@dataclass
class Scan:
    """A table opened as the view ``raw``.

    ``columns`` are the file's names and types in order. The view calls them ``c0``, ``c1``, ... behind ``row_number``
    (from 1), so that no name of a user's column can collide with one of ours.
    """

    path: Path
    link: duckdb.DuckDBPyConnection
    columns: dict[str, str]
    progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None
    _scans: int = field(default=0)

    def at(self, name: str) -> str:
        """Return the view's column for a name of the file."""
        return f"raw.c{list(self.columns).index(name)}"

    def run(self, statement: str) -> pl.DataFrame:
        """Run one statement and return what it gives; ``Stopped`` when asked, ``DataError`` when the file breaks it."""
        try:
            return watched(
                lambda: _frame(self.link.sql(statement)), self.link.query_progress, self.link.interrupt,
                self.progress, self.stop,
            )  # fmt: skip
        except (duckdb.InvalidInputException, duckdb.IOException, duckdb.OutOfMemoryException) as wrong:
            reason = str(wrong).splitlines()[0]
            raise DataError.of("demand.cannot_read", path=str(self.path), reason=reason) from wrong

    def unreadable(self) -> pl.DataFrame:
        """Return the lines of a CSV file that could not be split into its columns, each once: line, text."""
        known = self.run("SELECT count(*) AS n FROM duckdb_tables() WHERE table_name = 'reject_errors'")
        if not known["n"][0]:
            return pl.DataFrame(schema={"line": pl.Int64, "text": pl.String})
        return self.run(
            "SELECT line::BIGINT AS line, any_value(csv_line) AS text FROM reject_errors GROUP BY line ORDER BY line"
        )


@contextmanager
def opened(
    path: Path,
    memory_mb: int = MEMORY_MB,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Iterator[Scan]:
    """Open a CSV or Parquet file for scanning; ``UsageError`` when it is neither or is not there."""
    if not path.is_file():
        raise UsageError.of("demand.no_file", path=str(path))
    name = path
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as link:
        link.execute(f"SET memory_limit = '{int(memory_mb)}MB'")
        link.execute("SET threads = 2")
        # A CSV's length is not known beforehand: without this the long side of a join may be held in memory.
        link.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        link.execute(f"SET temp_directory = {quoted(spill)}")
        link.execute("SET enable_progress_bar = true")
        link.execute("SET enable_progress_bar_print = false")
        suffix = path.suffix.lower()
        if set("*?[") & set(str(path)):  # DuckDB would take them for a pattern
            plain = Path(spill) / f"plain{suffix}"
            plain.symlink_to(path.resolve())
            path = plain
        if suffix in {".parquet", ".pq"}:
            source = f"read_parquet({quoted(str(path))})"
        elif suffix in {".csv", ".txt", ".tsv"}:
            source = _csv(_in_utf8(path, Path(spill)))
        else:
            raise UsageError.of("demand.no_such_kind", path=str(path))
        try:
            told = link.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - quoted
            columns = {name: str(kind) for name, kind, *_ in told}
            own = ", ".join(f"{named(name)} AS c{k}" for k, name in enumerate(columns))
            link.execute(f"CREATE TEMP VIEW raw AS SELECT row_number() OVER () AS row_number, {own} FROM {source}")  # noqa: S608 - quoted above
        except duckdb.Error as wrong:
            reason = str(wrong).splitlines()[0]
            raise DataError.of("demand.cannot_read", path=str(path), reason=reason) from wrong
        yield Scan(name, link, columns, progress, stop)


def _frame(answer: duckdb.DuckDBPyRelation | None) -> pl.DataFrame:
    """The rows of a query; a statement that only does something gives none."""
    if answer is None:
        return pl.DataFrame()
    made = pl.from_arrow(answer.to_arrow_table())
    return made if isinstance(made, pl.DataFrame) else made.to_frame()


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def named(text: str) -> str:
    """Return a column's name as an SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def chosen(scan: Scan, wanted: dict[str, tuple[str, ...]], may_lack: tuple[str, ...] = ()) -> dict[str, str]:
    """Return which column of the file stands for each wanted one; ``DataError`` names every one that is missing."""
    own = {name.strip().lower(): name for name in scan.columns}
    found = {want: own[alias] for want, aliases in wanted.items() for alias in aliases[::-1] if alias in own}
    missing = [want for want in wanted if want not in found and want not in may_lack]
    if missing:
        columns = ", ".join(scan.columns)
        raise DataError(
            Fault.of("demand.no_column", column=want, known=" | ".join(wanted[want]), columns=columns)
            for want in missing
        )
    return found


def _in_utf8(path: Path, spill: Path) -> Path:
    """Return the file itself, or a copy in UTF-8 of one in GB18030, made piece by piece."""
    with path.open("rb") as file:
        look = file.read(LOOK_BYTES)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(look)
    except UnicodeDecodeError:
        copy = spill / "waybills-utf8.csv"
        try:
            with path.open(encoding="gb18030", newline="") as old, copy.open("w", encoding="utf-8", newline="") as new:
                while piece := old.read(LOOK_BYTES):
                    new.write(piece)
        except UnicodeDecodeError as wrong:
            raise DataError.of("demand.cannot_read", path=str(path), reason="UTF-8, GB18030") from wrong
        return copy
    return path


def _csv(path: Path) -> str:
    """The header decides delimiter and columns, so that a broken line cannot change how the rest is read."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
    delimiter = max(DELIMITERS, key=head.count)
    names: list[str] = next(iter(csv.reader([head], delimiter=delimiter)), [])
    faults = [Fault.of("demand.bad_header", column=name, row=0, value=name) for name in names
              if not name.strip() or names.count(name) > 1]  # fmt: skip
    if not names or faults:
        raise DataError(faults or [Fault.of("demand.nothing_in_file", path=str(path))])
    kinds: dict[str, Any] = dict.fromkeys(names, "VARCHAR")
    columns = "{" + ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in kinds.items()) + "}"
    return (
        f"read_csv({quoted(str(path))}, auto_detect=false, header=true, delim={quoted(delimiter)}, quote='\"', "
        f"escape='\"', columns={columns}, store_rejects=true, new_line={quoted(_line_end(head))})"
    )


def _line_end(head: str) -> str:
    return "\\r\\n" if head.endswith("\r\n") else "\\n"
