"""A GTFS feed as a value: one text table per file, exactly as written, so that reading and writing lose nothing.

Every cell stays text: an empty cell is empty text, a column that is absent is absent, rows keep their order, times may
pass 24:00:00, and files or columns beyond the standard are carried along.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import DataError, Fault, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_FILES = 200
MOST_BYTES = 2 * 2**30
MOST_RATIO = 300
_STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Feed:
    """Tables by name without ``.txt``, every column text, and any other files as bytes."""

    tables: Mapping[str, pl.DataFrame]
    others: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))
        object.__setattr__(self, "others", MappingProxyType(dict(self.others)))

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return a table; one the feed does not have is empty and without columns."""
        return self.tables[name].clone() if name in self.tables else pl.DataFrame()

    def with_(self, **tables: pl.DataFrame) -> Feed:
        """Return a feed with some tables replaced."""
        return Feed({**self.tables, **tables}, self.others)


def read_gtfs(path: str | Path) -> Feed:
    """Return the feed in a folder or zip. ``UsageError`` when there is none, ``DataError`` with every unreadable file.

    A zip that would unfold beyond its bounds is refused before it is unfolded.
    """
    path = Path(path)
    if path.is_dir():
        parts = [(file.name, file.read_bytes()) for file in sorted(path.iterdir()) if file.is_file()]
    elif path.is_file():
        parts = list(_unzipped(path))
    else:
        raise UsageError.of("timetable.no_feed", path=str(path))
    tables: dict[str, pl.DataFrame] = {}
    others: dict[str, bytes] = {}
    faults: list[Fault] = []
    for name, content in parts:
        if name.endswith(".txt"):
            table = _parsed(name.removesuffix(".txt"), content, faults)
            if table is not None:
                tables[name.removesuffix(".txt")] = table
        else:
            others[name] = content
    if not tables and not faults:
        faults.append(Fault.of("timetable.empty_feed", path=str(path)))
    if faults:
        raise DataError(faults)
    return Feed(tables, others)


def _unzipped(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            size = sum(entry.file_size for entry in entries)
            packed = max(1, sum(entry.compress_size for entry in entries))
            if len(entries) > MOST_FILES or size > MOST_BYTES or size / packed > MOST_RATIO:
                raise DataError.of("timetable.zip_too_large", path=str(path), files=len(entries), size=size)
            for entry in entries:
                yield Path(entry.filename).name, archive.read(entry)
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError) as broken:
        raise DataError.of("timetable.bad_zip", path=str(path), detail=str(broken)) from broken


def _parsed(name: str, content: bytes, faults: list[Fault]) -> pl.DataFrame | None:
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as broken:
        faults.append(Fault.of("timetable.unreadable", table=name, detail=str(broken)))
        return None
    if not rows:
        faults.append(Fault.of("timetable.no_header", table=name))
        return None
    head, body = rows[0], [row for row in rows[1:] if row]
    if len(set(head)) < len(head):
        faults.append(Fault.of("timetable.column_twice", table=name, value=", ".join(head)))
        return None
    ragged = [k for k, row in enumerate(body, 1) if len(row) != len(head)]
    if ragged:
        faults.append(Fault.of("timetable.ragged", table=name, row=ragged[0], count=len(ragged), columns=len(head)))
        return None
    columns = list(zip(*body, strict=True)) if body else [()] * len(head)
    return pl.DataFrame(
        {column: list(values) for column, values in zip(head, columns, strict=True)},
        schema=dict.fromkeys(head, pl.String),
    )


def write_gtfs(feed: Feed, path: str | Path) -> Path:
    """Write a feed to a folder, or to a zip when the path ends so, whole or not at all; same feed, same bytes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = {f"{name}.txt": _text(table) for name, table in feed.tables.items()} | dict(feed.others)
    if path.suffix == ".zip":
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(parts):
                archive.writestr(zipfile.ZipInfo(part, _STAMP), parts[part], zipfile.ZIP_DEFLATED)
        Path(name).chmod(0o644)
        Path(name).replace(path)
        return path
    if path.is_file():
        raise UsageError.of("timetable.is_file", path=str(path))
    path.mkdir(exist_ok=True)
    for part, content in sorted(parts.items()):
        fresh = path / f"{part}.part"
        fresh.write_bytes(content)
        fresh.replace(path / part)
    return path


def _text(table: pl.DataFrame) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.iter_rows():
        # A row of one empty cell must be quoted, or it would read back as no row.
        writer.writerow(row) if row != ("",) else out.write('""\n')
    return out.getvalue().encode()


def minutes(column: str) -> pl.Expr:
    """Return a GTFS time column as minutes after midnight of the service day; null where it is no time."""
    parts = pl.col(column).str.strip_chars().str.extract_groups(r"^(\d{1,3}):([0-5]\d):([0-5]\d)$")
    h, m, s = (parts.struct.field(str(k)).cast(pl.Float64) for k in (1, 2, 3))
    return h * 60 + m + s / 60


def clock(value: float) -> str:
    """Return minutes after midnight as a GTFS time."""
    seconds = round(value * 60)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
