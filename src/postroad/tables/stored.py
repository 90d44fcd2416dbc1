"""Tables that are stored with types: Parquet files and one-file DuckDB databases."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException
from pyarrow.lib import Table as ArrowTable

from postroad.errors import Fault
from postroad.tables.headers import table_named, unknown_table
from postroad.tables.schema import Schema, Table
from postroad.tables.sheet import Sheet, from_typed

_BROKEN = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What polars raises over content it cannot hold; the second is no ``Exception``, and would end the program."""


def read_parquet(source: bytes | Path, table: Table) -> Sheet | Fault:
    """Return the sheet in a Parquet file, or the fault that it cannot be read."""
    # Not by polars' own reader: on a damaged page it asks for more memory than there is and ends the whole process.
    try:
        file = pq.ParquetFile(
            io.BytesIO(source) if isinstance(source, bytes) else source, memory_map=True, pre_buffer=False
        )
        parts = [_sound(file.read_row_group(at)) for at in range(file.num_row_groups)]
        frame = pl.concat(parts) if parts else _sound(file.read())
    except (*_BROKEN, ArrowException, OSError, ValueError, MemoryError) as broken:
        return Fault.of("tables.parquet_unreadable", table=table.name, detail=_short(broken))
    return from_typed(frame, table)


def _sound(part: ArrowTable) -> pl.DataFrame:
    """Return a part of a file as a frame; text that is no UTF-8 must not get there, where nothing looks at it again.

    Names are decoded here, which refuses broken ones, and whatever the file says besides names and values is left out.
    """
    part.validate(full=True)
    return pl.DataFrame(ArrowTable.from_arrays(part.columns, names=[str(name) for name in part.schema.names]))


def read_duckdb(path: Path, schema: Schema) -> Iterator[Sheet | Fault]:
    """Yield the sheet of each table of a DuckDB file, opened for reading only and cut off from other files."""
    try:
        with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as base:
            rows = base.execute(
                "select table_name from duckdb_tables() where schema_name = 'main' and not internal order by 1"
            ).fetchall()
            for (name,) in rows:
                table = table_named(name, schema)
                if table is None:
                    yield unknown_table(name, schema)
                    continue
                quoted = name.replace('"', '""')
                frame = pl.DataFrame(base.sql(f'select * from main."{quoted}"').to_arrow_table())  # noqa: S608
                yield from_typed(frame, schema.tables[table])
    except (duckdb.Error, pl.exceptions.PolarsError, OSError, RuntimeError, ValueError) as broken:
        yield Fault.of("tables.database_unreadable", detail=_short(broken))


def _short(broken: BaseException) -> str:
    return (str(broken).splitlines() or [type(broken).__name__])[0][:200]
