"""Writing tables out: a CSV or Parquet folder, a workbook, or one DuckDB file; whole or not at all.

A file is written beside its place under another name and then renamed, so nobody ever meets half of one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from postroad.errors import UsageError
from postroad.tables.schema import Schema, schema

Form = Literal["csv", "parquet", "xlsx", "duckdb"]
FORMS: tuple[Form, ...] = ("csv", "parquet", "xlsx", "duckdb")
_DANGEROUS = r"^'*[=+\-@\t\r]"
_NUMBERLIKE = r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"


def write(
    frames: Mapping[str, pl.DataFrame],
    path: str | Path,
    format: Form | None = None,  # noqa: A002 - the word users know
    against: Schema | None = None,
) -> Path:
    """Write tables and return the path: ``.xlsx`` and ``.duckdb`` by suffix, else a folder of CSV (or ``format``).

    Columns stand in the schema's order; the same tables give the same bytes in CSV and Parquet. An existing folder is
    kept: its table files are replaced, others stay. ``UsageError`` for a form that is not known and for
    a place that cannot be written.
    """
    path = Path(path)
    form = format or _form_of(path)
    if form not in FORMS:
        raise UsageError.of("tables.no_such_form", asked=str(form), known=", ".join(FORMS))
    known = against or schema()
    ordered = {name: _ordered(frames[name], name, known) for name in _sequence(frames, known)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _put(ordered, path, form)
    except OSError as closed:
        raise UsageError.of("tables.cannot_write", path=str(path), detail=closed.strerror or str(closed)) from closed
    return path


def _put(frames: Mapping[str, pl.DataFrame], path: Path, form: Form) -> None:
    if form in ("csv", "parquet"):
        _folder(frames, path, form)
        return
    with _beside(path) as file:
        if form == "xlsx":
            from postroad.tables.template import write_workbook

            write_workbook(frames, file)
        else:
            _database(frames, file)


def _form_of(path: Path) -> Form:
    return {".xlsx": "xlsx", ".duckdb": "duckdb"}.get(path.suffix.lower(), "csv")  # type: ignore[return-value]


def _sequence(frames: Mapping[str, pl.DataFrame], known: Schema) -> list[str]:
    return [name for name in known.tables if name in frames] + sorted(set(frames) - set(known.tables))


def _ordered(frame: pl.DataFrame, name: str, known: Schema) -> pl.DataFrame:
    if name not in known.tables:
        return frame
    columns = known.tables[name].columns
    return frame.select([c for c in columns if c in frame.columns] + [c for c in frame.columns if c not in columns])


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a name beside a path to write under; rename it there when all went well, remove it otherwise."""
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        file = folder / path.name
        yield file
        file.replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder(frames: Mapping[str, pl.DataFrame], path: Path, form: Form) -> None:
    """Write every file under another name first, so that a failure leaves the folder as it was."""
    if path.is_file():
        raise UsageError.of("tables.not_a_folder", path=str(path))
    path.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".writing.", dir=path))
    try:
        for name, frame in frames.items():
            if form == "csv":
                _csv(frame, staging / f"{name}.csv")
            else:
                frame.write_parquet(staging / f"{name}.parquet", compression="zstd", statistics=True)
        for name in frames:
            for ending in (".csv", ".parquet"):
                if ending != f".{form}":
                    (path / f"{name}{ending}").unlink(missing_ok=True)
            (staging / f"{name}.{form}").replace(path / f"{name}.{form}")
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _csv(frame: pl.DataFrame, file: Path) -> None:
    safe = frame.with_columns(guarded(pl.col(n)) for n, t in frame.schema.items() if t == pl.String)
    safe.write_csv(file, null_value="", quote_style="necessary", line_terminator="\n")


def write_csv_text(frame: pl.DataFrame, file: Path) -> None:
    """Write a frame of text for people to open: with a BOM, and no cell that a spreadsheet would run as a formula."""
    safe = frame.with_columns(guarded(pl.col(n)) for n, t in frame.schema.items() if t == pl.String)
    with _beside(file) as temporary:
        safe.write_csv(temporary, include_bom=True, line_terminator="\n")


def guarded(text: pl.Expr) -> pl.Expr:
    """Return text with an apostrophe before whatever a spreadsheet would take for a formula; numbers stay.

    ``unguarded`` is its exact inverse.
    """
    risky = text.str.contains(_DANGEROUS) & ~text.str.contains(_NUMBERLIKE)
    return pl.when(~risky).then(text).otherwise(pl.lit("'") + text)


def unguarded(text: pl.Expr) -> pl.Expr:
    """Return text without the apostrophe that ``guarded`` puts before a formula."""
    return text.str.replace(r"^'('*[=+\-@\t\r])", "$1")


def _database(frames: Mapping[str, pl.DataFrame], file: Path) -> None:
    with duckdb.connect(str(file)) as base:
        for name, frame in frames.items():
            base.register("incoming", frame.to_arrow())
            quoted = name.replace('"', '""')
            base.execute(f'create table "{quoted}" as select * from incoming')  # noqa: S608
            base.unregister("incoming")
