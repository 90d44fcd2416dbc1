"""Files that people send: kept as they came, checked by a job, answered with every fault and the rows set aside.

Formulas are never run: a workbook's values alone are read, and a workbook of rows set aside is written as text.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import secrets
import shutil
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from postroad import tables
from postroad.errors import DataError, Fault
from postroad.face.web.problems import plain
from postroad.face.web.refusal import Refused
from postroad.network import Network
from postroad.parallel import Progress

ENDINGS = (".xlsx", ".csv", ".zip")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FOLDER = "uploads"
FOUND = "found.json"
MOST_UNPACKED = 1 << 30
MOST_RATIO = 200
MOST_FAULTS = 500
MOST_PARTS = 200


async def keep(
    home: Path, file: str, chunks: AsyncIterator[bytes], most: int, endings: tuple[str, ...] = ENDINGS
) -> tuple[str, int, str]:
    """Write a body to the upload's folder as it comes, and return its id, its length and its digest."""
    name = safe(file, endings)
    upload_id = secrets.token_hex(6)
    folder = home / FOLDER / upload_id
    folder.mkdir(parents=True)
    digest, length = hashlib.sha256(), 0
    try:
        with (folder / name).open("wb") as out:
            async for chunk in chunks:
                length += len(chunk)
                if length > most:
                    raise Refused(413, "console.too_long", most=most >> 20)
                digest.update(chunk)
                out.write(chunk)
        if not length:
            raise Refused(422, "console.empty_upload")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return upload_id, length, digest.hexdigest()


def safe(file: str, endings: tuple[str, ...] = ENDINGS) -> str:
    """Return a file's name without its path; refused when it is no table."""
    name = re.split(r"[\\/]", file)[-1].strip()
    if not name or name.startswith(".") or Path(name).suffix.lower() not in endings or len(name.encode()) > 150:
        raise Refused(422, "console.bad_file_name", value=name[:80], known=", ".join(endings))
    return re.sub(r"[\x00-\x1f]", "", name)


def place(home: Path, upload_id: str) -> Path:
    """Return the folder of an upload."""
    return home / FOLDER / upload_id


def stored(home: Path, upload_id: str, endings: tuple[str, ...] = ENDINGS) -> Path:
    """Return the file of an upload; refused when it is gone."""
    folder = place(home, upload_id)
    held = folder.iterdir() if folder.is_dir() else ()
    files = [f for f in held if f.suffix.lower() in endings and f.name != FOUND]
    if not files:
        raise Refused(404, "console.no_upload", upload=upload_id)
    return files[0]


def source(file: Path) -> tables.reading.Source:
    """Return what the table reader takes for a stored file; a packed folder that would unpack too far is refused."""
    if file.suffix.lower() == ".xlsx":
        return file
    if file.suffix.lower() == ".csv":
        return {file.name: file.read_bytes()}
    return _unpacked(file)


def _unpacked(file: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(file) as packed:
            parts = [p for p in packed.infolist() if not p.is_dir() and _is_table(p.filename)]
            total = sum(part.file_size for part in parts)
            ratio = total / max(1, sum(part.compress_size for part in parts))
            if total > MOST_UNPACKED or len(parts) > MOST_PARTS or (ratio > MOST_RATIO and total > 1 << 20):
                raise DataError.of("tables.workbook_too_big", value=total, nearest=MOST_UNPACKED, count=len(parts))
            return {Path(part.filename).name: _read(packed, part) for part in parts}
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as broken:
        raise DataError.of("tables.workbook_unreadable", detail=str(broken)[:200]) from broken


def _read(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with packed.open(part) as stream:
        data = stream.read(part.file_size + 1)
    if len(data) > part.file_size:
        raise DataError.of("tables.workbook_too_big", value=len(data), nearest=part.file_size, count=1)
    return data


def _is_table(name: str) -> bool:
    return Path(name).suffix.lower() in (".csv", ".tsv", ".txt") or Path(name).name == "pack.toml"


def check(home: Path, upload_id: str, progress: Callable[[Progress], None]) -> dict[str, Any]:
    """Read an upload, keep the rows set aside as a workbook beside it, and return what was found."""
    file = stored(home, upload_id)
    progress(Progress(0, 3))
    if _is_feed(file):
        return _kept(file, _feed(file))
    reading = tables.read(source(file))
    progress(Progress(1, 3))
    if reading.quarantine:
        (file.parent / "quarantine.bin").write_bytes(workbook(reading.quarantine))
    progress(Progress(2, 3))
    found = {
        "faults": [plain(fault) for fault in reading.faults[:MOST_FAULTS]],
        "fault_count": len(reading.faults),
        "notes": [{"zh": note.say("zh"), "en": note.say("en")} for note in reading.notes],
        "tally": {
            name: {"rows": t.rows, "taken": t.taken, "quarantined": t.quarantined, "skipped": t.skipped}
            for name, t in reading.tally.items()
        },
        "quarantined": sum(frame.height for frame in reading.quarantine.values()),
    }
    progress(Progress(3, 3))
    return _kept(file, found)


def _kept(file: Path, found: dict[str, Any]) -> dict[str, Any]:
    (file.parent / FOUND).write_text(json.dumps(found, ensure_ascii=False, default=str), "utf-8")
    return found


def _is_feed(file: Path) -> bool:
    """Say whether a packed folder is a GTFS feed: stops, trips and their times."""
    if file.suffix.lower() != ".zip":
        return False
    try:
        with zipfile.ZipFile(file) as packed:
            return {"stops.txt", "trips.txt", "stop_times.txt"} <= set(packed.namelist())
    except (zipfile.BadZipFile, OSError):
        return False  # the table reader says what is wrong with it


def _feed(file: Path) -> dict[str, Any]:
    """Check a GTFS feed: every fault, and the rows of each table; it is no province and is not taken in."""
    from postroad.timetable import check as faults_of
    from postroad.timetable import read_gtfs

    feed = read_gtfs(file)
    faults = faults_of(feed)
    heights = {name: frame.height for name, frame in feed.tables.items()}
    return {
        "faults": [plain(fault) for fault in faults[:MOST_FAULTS]], "fault_count": len(faults), "notes": [],
        "tally": {n: {"rows": rows, "taken": rows, "quarantined": 0, "skipped": 0} for n, rows in heights.items()},
        "quarantined": 0, "feed": True,
    }  # fmt: skip


def quarantine(home: Path, upload_id: str) -> bytes:
    """Return the workbook of the rows set aside; refused when there are none."""
    file = place(home, upload_id) / "quarantine.bin"
    if not file.is_file():
        raise Refused(404, "console.no_quarantine", upload=upload_id)
    return file.read_bytes()


def workbook(frames: dict[str, pl.DataFrame]) -> bytes:
    """Return frames as a workbook of plain text: one sheet a table, the heading kept in view."""
    out = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bg_color": "#DDEBE6", "text_wrap": True})
        for name, frame in frames.items():
            sheet = book.add_worksheet(name[:31])
            sheet.freeze_panes(1, 3)
            sheet.write_row(0, 0, frame.columns, head)
            sheet.set_column(1, 2, 50)
            for number, row in enumerate(frame.iter_rows(), 1):
                for column, value in enumerate(row):
                    if value is not None:
                        sheet.write_string(number, column, str(value)[:32_000])
    return out.getvalue()


def accept(home: Path, upload_id: str, name: str) -> str:
    """Take an upload in as a province of its own; ``DataError`` lists its faults when it has any."""
    from postroad.network import shipped_packs

    place = home / "provinces" / name
    if name in shipped_packs() or place.exists():
        raise Refused(409, "console.province_taken", name=name)
    reading = tables.read(source(stored(home, upload_id)))
    if not reading.frames or "places" not in reading.frames:
        raise DataError([*reading.faults, Fault.of("console.no_places_table", table="places")])
    network = Network(reading.or_raise(), {"name": name, "zh": name, "en": name})
    if faults := network.check():
        raise DataError(faults)
    network.save(place)
    return name
