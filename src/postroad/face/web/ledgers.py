"""The server's ledgers: operators' files taken in by jobs, their what was set aside as a workbook.

What comes over HTTP lies in the folder of its upload until the job has read it, and is then removed: documents of
senders are in it. ``office`` holds what operators report; ledgers of rehearsals lie beside it, one for each order.
"""

from __future__ import annotations

import csv
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import DataError, Fault, UsageError
from postroad.face.web import intake
from postroad.face.web.refusal import Refused
from postroad.language import LANGUAGES, Text, say
from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Counter, Ledger, Taken, epcis, reading
from postroad.supervise.ledger.kinds import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroad.face.web.kinds import CaptureOptions
    from postroad.face.web.work import Bench
    from postroad.network import Network

OFFICE = "office"
ENDINGS = (*reading.FORMS, ".xlsx")
MOST_FAULTS = 200
FITS_LATER = frozenset({"key_withdrawn"})
"""What a trial in an empty ledger cannot judge, because it hangs on what came before."""


def folder(home: Path, name: str) -> Path:
    """Return the folder of a ledger."""
    return home / "ledgers" / name


def opened(home: Path, name: str) -> Ledger:
    """Return a ledger; refused when there is none of this name."""
    if not re.fullmatch(r"[a-z0-9-]{1,80}", name) or not folder(home, name).is_dir():
        raise Refused(404, "console.no_ledger", asked=name[:80])
    return Ledger.open(folder(home, name))


def listed(home: Path) -> list[dict[str, Any]]:
    """Return every ledger with its origin and how many files it has taken."""
    root = home / "ledgers"
    names = sorted(place.name for place in root.iterdir() if (place / "about.json").is_file()) if root.is_dir() else []
    held = [(name, Ledger.open(root / name)) for name in names]
    return [{"name": name, "origin": one.origin, "files": len(list(one.entries("file")))} for name, one in held]


def capture(network: Network, options: CaptureOptions, bench: Bench) -> dict[str, Any]:
    """Take an upload into a ledger, whole or by the record as asked, and keep what was set aside as a workbook."""
    del network
    file = intake.stored(bench.home, options.upload, ENDINGS)
    ring = KeyRing.open(bench.home / "ledger-keys")
    root = folder(bench.home, options.ledger)
    try:
        with tempfile.TemporaryDirectory(prefix="postroad-capture-", dir=file.parent) as name:
            parts = _sheets(file, Path(name)) if file.suffix.lower() == ".xlsx" else [file]
            _own_only(parts, options)
            if options.behaviour == "rollback":
                _rehearsed(parts, options, Path(name), bench)
            if options.ledger == OFFICE:
                Ledger.create(root, "observed")
            taken = []
            with Counter(root, ring) as counter:
                for part in parts:
                    bench.check()
                    taken.append(counter.take(part, kind=options.kind, progress=bench.progress, stop=bench.stop))
        _kept(Ledger.open(root), taken, file.parent / "quarantine.bin")
    except (DataError, UsageError):
        file.unlink(missing_ok=True)
        raise
    file.unlink(missing_ok=True)
    return {"ledger": options.ledger, "taken": [one.as_dict() for one in taken], "errors": _errors(taken)}


def _sheets(file: Path, to: Path) -> list[Path]:
    """Write the sheets of a workbook as CSV, the text of their cells as it stands; each is named for its kind."""
    import fastexcel

    from postroad.tables.workbook import oversized

    data = file.read_bytes()
    if wrong := oversized(data):
        raise DataError([wrong])
    try:
        book = fastexcel.read_excel(data)
        sheets = {name: book.load_sheet(name, header_row=None, dtypes="string") for name in book.sheet_names}
    except fastexcel.FastExcelError as broken:
        raise DataError.of("tables.workbook_unreadable", detail=str(broken).splitlines()[0][:200]) from broken
    known = [name for name in sheets if any(name.lower().startswith(kind) for kind in kinds().tables)]
    if not known:
        raise UsageError.of("ledger.which_kind", path=file.name, known=", ".join(kinds().tables))
    made = []
    for name in known:
        part = to / f"{re.sub(r'[^A-Za-z0-9_-]', '_', name)}-{file.stem}.csv"
        with part.open("w", encoding="utf-8", newline="") as out:
            rows = sheets[name].to_polars().iter_rows()
            csv.writer(out, lineterminator="\n").writerows([cell or "" for cell in row] for row in rows)
        made.append(part)
    return made


def _frames(file: Path, kind: str) -> Iterator[pl.DataFrame]:
    form = reading.form_of(file)
    if form == "epcis":
        yield from (piece.read().frame for _, piece in epcis.pieces(file))
        return
    name = kind or next((one for one in kinds().tables if file.name.lower().startswith(one)), "")
    if not name:
        raise UsageError.of("ledger.which_kind", path=file.name, known=", ".join(kinds().tables))
    yield from (piece.read().frame for piece in reading.pieces(file, kinds()[name], form, None))


def _own_only(parts: list[Path], options: CaptureOptions) -> None:
    """Refuse a file in which an operator reports for another."""
    if not options.operator:
        return
    for file in parts:
        for frame in _frames(file, options.kind):
            if "operator_id" not in frame.columns:
                continue
            other = frame.filter(pl.col("operator_id").fill_null("") != options.operator)
            if other.height:
                raise DataError.of(
                    "console.other_operator", column="operator_id", row=int(other["line"][0]), count=other.height,
                    value=other["operator_id"][0], nearest=options.operator,
                )  # fmt: skip


def _rehearsed(parts: list[Path], options: CaptureOptions, room: Path, bench: Bench) -> None:
    """Try the files in a ledger of their own; ``DataError`` when a record would be set aside."""
    trial = room / "trial"
    with Counter(trial, KeyRing.open(room / "keys")) as counter:
        taken = [counter.take(part, kind=options.kind, stop=bench.stop) for part in parts]
    if _errors(taken, FITS_LATER):
        _kept(Ledger.open(trial), taken, intake.place(bench.home, options.upload) / "quarantine.bin")
        raise DataError(_faults(taken))


def _faults(taken: list[Taken]) -> list[Fault]:
    return [
        Fault.of("console.not_captured", table=one.file, count=count, reason=Text.of(f"ledger.reason_{reason}"))
        for one in taken for reason, count in one.reasons.items()
    ]  # fmt: skip


def _errors(taken: list[Taken], apart: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Return why records were set aside, by file and reason, in both languages."""
    return [
        {"file": one.file, "reason": reason, "count": count,
         **{spoken: say(f"ledger.reason_{reason}", spoken) for spoken in LANGUAGES}}
        for one in taken for reason, count in one.reasons.items() if reason not in apart
    ]  # fmt: skip


def _kept(ledger: Ledger, taken: list[Taken], to: Path) -> None:
    """Write the rows that these files had set aside as a workbook: line, column, reason, and the shape of the cell."""
    numbers = {one.seq: one.file for one in taken}
    frames = []
    for entry in ledger.entries("file"):
        if entry["seq"] in numbers and entry["quarantine"]:
            held = pl.read_parquet(ledger.root / entry["quarantine"])
            frames.append(held.with_columns(pl.lit(numbers[entry["seq"]]).alias("file")))
    if not frames:
        to.unlink(missing_ok=True)
        return
    rows = pl.concat(frames).sort("file", "line")
    told = {
        spoken: {reason: say(f"ledger.reason_{reason}", spoken) for reason in rows["reason"].unique()}
        for spoken in LANGUAGES
    }
    rows = rows.with_columns(pl.col("reason").replace_strict(told[spoken]).alias(spoken) for spoken in LANGUAGES)
    to.write_bytes(
        intake.workbook({"quarantine": rows.select("file", "line", "column", "reason", *LANGUAGES, "shape")})
    )
