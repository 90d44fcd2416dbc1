"""Reading a pack in any of its forms: the rows that can be used, every fault, and every row set aside.

Nothing is lost silently: rows in the file = rows taken + rows in the quarantine + rows left out with a note.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault, UsageError
from postroad.tables import references
from postroad.tables.checking import table_faults
from postroad.tables.datum import DATUMS
from postroad.tables.delimited import read_csv
from postroad.tables.findings import Note
from postroad.tables.headers import table_named, unknown_table
from postroad.tables.intake import Taken, take
from postroad.tables.quarantine import set_aside
from postroad.tables.quick import read_quick
from postroad.tables.schema import Schema, schema
from postroad.tables.sheet import Sheet
from postroad.tables.stored import read_duckdb, read_parquet
from postroad.tables.workbook import read_workbook

if TYPE_CHECKING:
    from numpy.typing import NDArray

Source = str | Path | Mapping[str, bytes]
"""A path, or file names with their bytes (as they would lie in a folder)."""

SHORTEST_RUN = 1000
"""Good rows are copied when the runs between bad ones are shorter than this on average."""
_ENDINGS = (".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True)
class Tally:
    """What became of the rows of one table: ``rows == taken + quarantined + skipped``."""

    rows: int
    taken: int
    quarantined: int
    skipped: int


@dataclass(frozen=True)
class Reading:
    """Good rows, all faults, rows set aside with reasons, repairs made, and what became of each table's rows."""

    frames: dict[str, pl.DataFrame]
    faults: list[Fault]
    quarantine: dict[str, pl.DataFrame] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    tally: dict[str, Tally] = field(default_factory=dict)

    def or_raise(self) -> dict[str, pl.DataFrame]:
        """Return the frames when there is no fault at all; ``DataError`` holds every fault otherwise."""
        if self.faults:
            raise DataError(self.faults)
        return self.frames


def read(path: Source, against: Schema | None = None) -> Reading:
    """Return the tables of a CSV or Parquet folder, an xlsx workbook or a DuckDB file, told by the path.

    Good rows are in ``frames``, checked in full; everything wrong is in ``faults`` and, row by row, in ``quarantine``.
    ``UsageError`` when there is nothing at the path or it is no kind of pack. ``against`` is the package's schema when
    not given.
    """
    known = against or schema()
    faults: list[Fault] = []
    taken: dict[str, Taken] = {}
    datum, datum_faults = _declared_datum(path)
    faults += datum_faults
    for sheet in _sheets(path, known):
        if isinstance(sheet, Fault):
            faults.append(sheet)
        elif sheet.table.name in taken:
            faults.append(Fault.of("tables.table_twice", table=sheet.table.name))
        else:
            taken[sheet.table.name] = take(sheet, datum)
    return _settled(taken, faults, known)


def _settled(taken: Mapping[str, Taken], faults: list[Fault], known: Schema) -> Reading:
    """Check the tables against each other and part the good rows from the others."""
    whole = {name: one.frame for name, one in taken.items()}
    for name, found in references.dangling(whole, known).items():
        taken[name].findings.extend(found)
    kept = {name: one.kept() for name, one in taken.items()}
    for name, found in references.fallen(whole, kept, known).items():
        taken[name].findings.extend(found)
    unreadable = {fault.table for fault in faults}
    absent = [f for f in table_faults(whole, known) if f.table not in unreadable]
    faults = [*faults, *absent, *references.absent_targets(whole, known)]
    frames, quarantine, notes, tally = {}, {}, [], {}
    for name, one in taken.items():
        faults += one.faults + [told for _, _, told in one.sheet.unread]
        for finding in one.findings:
            faults += finding.faults(one.table, one.sheet.numbers)
        good = kept[name]
        frames[name] = _rows(one.frame, good)
        aside = set_aside(one, good)
        if aside.height:
            quarantine[name] = aside
        notes += one.notes
        tally[name] = Tally(one.sheet.rows, int(np.count_nonzero(good)), aside.height, one.sheet.skipped)
    return Reading(frames, faults, quarantine, notes, tally)


def _rows(frame: pl.DataFrame, good: NDArray[np.bool_]) -> pl.DataFrame:
    """Return the good rows: views of the runs between bad ones where these are few, else a copy."""
    edges = np.flatnonzero(np.diff(good, prepend=False, append=False))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    if good.all():
        return frame
    if starts.size == 0 or starts.size * SHORTEST_RUN > frame.height:
        return frame.filter(pl.Series(good))
    return pl.concat([frame.slice(int(at), int(n)) for at, n in zip(starts, lengths, strict=True)])


def _sheets(path: Source, known: Schema) -> Iterator[Sheet | Fault]:
    if isinstance(path, Mapping):
        for name, data in path.items():
            yield from _file(Path(name), data, known)
        return
    path = Path(path)
    if not path.exists():
        raise UsageError.of("tables.no_such_pack", path=str(path))
    if path.is_file():
        if path.suffix.lower() not in (".xlsx", ".duckdb"):
            raise UsageError.of("tables.not_a_pack", path=str(path))
        yield from _whole(path, known)
        return
    files = [f for f in sorted(path.iterdir()) if f.is_file() and f.suffix.lower() in _ENDINGS]
    if not files:
        raise UsageError.of("tables.empty_folder", path=str(path))
    for file in files:
        yield from _whole(file, known)


def _whole(file: Path, known: Schema) -> Iterator[Sheet | Fault]:
    """Yield a file's sheets; a file that may not be opened is a fault like any other."""
    try:
        yield from _file(file, None, known)
    except OSError as closed:
        yield Fault.of("tables.file_unreadable", value=file.name, detail=closed.strerror or str(closed))


def _file(file: Path, data: bytes | None, known: Schema) -> Iterator[Sheet | Fault]:
    ending = file.suffix.lower()
    if ending == ".xlsx":
        yield from read_workbook(file.read_bytes() if data is None else data, known)
    elif ending == ".duckdb":
        yield from _database(file, data, known)
    elif ending in _ENDINGS:
        name = table_named(file.stem, known)
        if name is None:
            yield unknown_table(file.stem, known)
        elif ending == ".parquet":
            yield read_parquet(file if data is None else data, known.tables[name])
        else:
            sheet = read_quick(file if data is None else data, known.tables[name])
            yield sheet or read_csv(file.read_bytes() if data is None else data, known.tables[name])


def _database(file: Path, data: bytes | None, known: Schema) -> Iterator[Sheet | Fault]:
    if data is None:
        yield from read_duckdb(file, known)
        return
    with tempfile.TemporaryDirectory(prefix="postroad-") as folder:
        copy = Path(folder, "pack.duckdb")
        copy.write_bytes(data)
        yield from read_duckdb(copy, known)


def _declared_datum(path: Source) -> tuple[str, list[Fault]]:
    """Return the datum declared in ``pack.toml`` under ``[coordinates]``, WGS84 when none is."""
    if isinstance(path, Mapping):
        text = path.get("pack.toml", b"").decode("utf-8", "replace")
    else:
        file = Path(path) / "pack.toml"
        text = file.read_text("utf-8", errors="replace") if file.is_file() else ""
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        return "WGS84", [Fault.of("tables.pack_unreadable", detail=str(broken))]
    if DATUM_KEY in entries:
        # At the top level it would be carried along when the pack is saved again, and the shift undone twice.
        return "WGS84", [Fault.of("tables.datum_place", value=entries[DATUM_KEY])]
    place = entries.get("coordinates", {})
    written = str(place.get(DATUM_KEY, "WGS84")) if isinstance(place, dict) else "WGS84"
    found = DATUMS.get(written.strip().lower())
    if found is None:
        names = ", ".join(dict.fromkeys(DATUMS.values()))
        return "WGS84", [
            Fault.of("tables.unknown_datum", column=DATUM_KEY, value=written, nearest="WGS84", known=names)
        ]
    return found, []


DATUM_KEY = "datum"
