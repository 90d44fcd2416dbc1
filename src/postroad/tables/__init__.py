"""Tables: made, checked, read and written as the schema describes them, with a quarantine for bad rows.

read(path)              rows that can be used, all faults, rows set aside, repairs made
check(frames)           every fault of the frames at once
write(frames, path)     CSV or Parquet folder, .xlsx, .duckdb; whole or not at all
template(path)          the empty workbook that a ministry fills in
empty(name)             a table without rows
schema()                every table and column, with labels and meaning in both languages
"""

from postroad.tables.checking import check
from postroad.tables.findings import Note
from postroad.tables.quarantine import write_quarantine
from postroad.tables.reading import Reading, Tally, read
from postroad.tables.schema import (
    ORIGINS,
    Column,
    Schema,
    Table,
    build_schema,
    conform,
    empty,
    load_schema,
    schema,
)
from postroad.tables.template import template
from postroad.tables.writing import FORMS, write

__all__ = [
    "FORMS",
    "ORIGINS",
    "Column",
    "Note",
    "Reading",
    "Schema",
    "Table",
    "Tally",
    "build_schema",
    "check",
    "conform",
    "empty",
    "load_schema",
    "read",
    "schema",
    "template",
    "write",
    "write_quarantine",
]
