"""CSV as it comes: any of the usual encodings and separators, torn rows told one by one."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence

import polars as pl

from postroad.errors import Fault
from postroad.tables.findings import Note, note
from postroad.tables.headers import DEPTH, find
from postroad.tables.schema import Table
from postroad.tables.sheet import Sheet, from_header, no_header
from postroad.tables.writing import unguarded

_SEPARATORS = (",", "\t", ";", "，", "|")
csv.field_size_limit(1 << 20)


def read_csv(data: bytes, table: Table) -> Sheet | Fault:
    """Return the sheet in the bytes of a CSV file, or the fault that makes the whole file unreadable."""
    text, notes, fault = decode(data, table.name)
    if fault is not None:
        return fault
    separator = _separator(text)
    if separator != ",":
        shown = {"\t": "TAB"}.get(separator, separator)
        notes.append(note("tables.note_separator", table.name, "", 1, separator=shown))
    rows, torn = part(text, separator)
    if not rows:
        return Fault.of("tables.empty_file", table=table.name)
    width = max(len(row) for row in rows[:DEPTH])
    if not width:
        return Fault.of("tables.empty_file", table=table.name)
    return _sheet(rows, torn, width, table, notes)


def decode(data: bytes, table: str) -> tuple[str, list[Note], Fault | None]:
    """Return the text of a file, what was noticed of its encoding, and a fault when none of the encodings fits."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            guesses, data, noticed = [name], data[len(mark) :], True
            break
    else:
        guesses, noticed = ["utf-8", *_wide_guess(data), "gb18030"], False
    detail = ""
    for name in guesses:
        try:
            text = data.decode(name)
        except UnicodeDecodeError as broken:
            detail = f"{name}: byte {broken.start}"
            continue
        if "\x00" in text:
            detail = "NUL"
            continue
        if name == "utf-8" and not noticed and _rather_gb(text, data):
            continue
        notes = (
            [note("tables.note_encoding", table, "", 1, encoding=name.upper())] if noticed or name != "utf-8" else []
        )
        return text, notes, None
    return "", [], Fault.of("tables.encoding", table=table, detail=detail)


def _rather_gb(text: str, data: bytes) -> bool:
    """Whether bytes that happen to be UTF-8 are more likely GB18030.

    A few Chinese letters in GB18030 can pass for two-byte UTF-8 (元 for Ԫ). Letters that people do write with two
    bytes are Latin, Greek and basic Cyrillic; a file with any other, and with no longer one, is taken for GB18030.
    """
    strange = [ch for ch in set(text) if "\u0250" <= ch < "\u0800" and not "\u0370" <= ch <= "\u045f"]
    if not strange or max(text) >= "\u0800":
        return False
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _wide_guess(data: bytes) -> list[str]:
    """UTF-16 without a mark has a zero in about every other byte of its ASCII part."""
    head = data[:4096]
    if head.count(0) * 4 < len(head):
        return []
    return ["utf-16-le"] if head[1::2].count(0) >= head[0::2].count(0) else ["utf-16-be"]


def _separator(text: str) -> str:
    head = [line for line in text[:20_000].splitlines() if line.strip()][:10]
    counts = {mark: sum(line.count(mark) for line in head) for mark in _SEPARATORS}
    if counts[","]:
        most = max(counts[mark] for mark in ("\t", ";", "|"))
        if counts[","] >= most:
            return ","
    return max(_SEPARATORS, key=lambda mark: counts[mark])


def part(text: str, separator: str) -> tuple[list[list[str]], list[tuple[int, str]]]:
    """Return the records of a text as lists of cells, and the lines whose quotes are broken as (index, text).

    A torn line stands as one cell, so that counting is not disturbed and it is not taken for a blank row.
    """
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)), []
    except csv.Error:
        pass
    rows: list[list[str]] = []
    torn: list[tuple[int, str]] = []
    # Only real line ends part lines here: str.splitlines would also take a stray control character for one.
    for line in text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n"):
        try:
            rows.append(next(csv.reader([line], delimiter=separator, strict=True), []))
        except csv.Error:
            torn.append((len(rows), line))
            rows.append([line])
    return rows, torn


def _sheet(
    rows: Sequence[Sequence[str]], torn: Sequence[tuple[int, str]], width: int, table: Table, notes: list[Note]
) -> Sheet | Fault:
    """Return the sheet, with torn rows and rows of too many or too few cells set apart."""
    full = [[*row[:width], *[None] * (width - len(row))] for row in rows]
    grid = pl.DataFrame(full, schema=[(f"c{i}", pl.String) for i in range(width)], orient="row")
    if any("'" in cell for row in rows for cell in row):
        grid = grid.with_columns(unguarded(pl.all()))
    header = find(grid.head(DEPTH).rows(), table)
    # A torn line above may be the true header, and the one found below it a repeat: then rows between would be lost.
    if header is None or any(at < header.first for at, _ in torn):
        return no_header(grid, table)
    wide = max(len(row) for row in rows[: header.first])
    unread: dict[int, tuple[str, Fault]] = {}
    for at in range(header.first, len(rows)):
        row = rows[at]
        if len(row) == wide or not any(cell.strip() for cell in row):
            continue
        if len(row) > wide and not any(cell.strip() for cell in row[wide:]):
            continue
        number = at - header.first + 1
        facts = {"table": table.name, "row": number, "value": len(row), "nearest": wide}
        unread[at] = (separator_text(row), Fault.of("tables.torn_row", **facts))
    for at, line in torn:
        number = at - header.first + 1
        unread[at] = (line, Fault.of("tables.broken_quotes", table=table.name, row=number, value=line[:80]))
    sheet = from_header(grid, header, table, unread)
    sheet.notes[:0] = notes
    return sheet


def separator_text(row: Sequence[str]) -> str:
    """Return a record as one line, for the quarantine."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()
