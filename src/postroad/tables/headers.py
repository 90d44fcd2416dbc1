"""Headers: which sheet column is which column of the schema, and where the data begin.

A header may be the column's name or its label in either language, may carry the unit in brackets, may stand under
title rows, and may run over several rows with merged cells. A sheet is a frame of text columns here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from postroad.errors import Fault
from postroad.tables.findings import Note, closest_words, note
from postroad.tables.nearest import closest
from postroad.tables.schema import Schema, Table
from postroad.tables.units import known_unit, same_unit

DEPTH = 30
"""Rows searched for a header."""

DATUM = "datum"
_DATUM_WORDS = (DATUM, "坐标系", "坐标基准", "coordinate system")
_UNIT = re.compile(r"^(.*?)\s*[(（\[【]\s*([^()（）\[\]【】]*)\s*[)）\]】]\s*$")


@dataclass(frozen=True)
class Header:
    """Where each column was found: ``columns[name]`` is the sheet column; data start at row ``first`` (from 0)."""

    columns: Mapping[str, int]
    first: int
    faults: tuple[Fault, ...]
    notes: tuple[Note, ...]
    named: frozenset[int] = frozenset()


@lru_cache(maxsize=16_384)
def key_of(text: str | None) -> str:
    """Return a header or sheet name in the form in which they are compared."""
    folded = "".join(chr(ord(ch) - 0xFEE0) if 0xFF01 <= ord(ch) <= 0xFF5E else ch for ch in (text or "").casefold())
    return re.sub(r"[\s\u3000\ufeff\u200b_*]+", "", folded)


@lru_cache(maxsize=256)
def _names(table: Table) -> Mapping[str, str]:
    words: dict[str, str] = {key_of(word): DATUM for word in _DATUM_WORDS} if table.pairs else {}
    for spoken in ("en", "zh", "name"):
        words |= {key_of(getattr(column, spoken)): column.name for column in table.columns.values()}
    return words


def table_named(text: str, schema: Schema) -> str | None:
    """Return the table that a file or sheet is named after, by name or label."""
    key = key_of(text)
    for table in schema.tables.values():
        if key in (key_of(table.name), key_of(table.zh), key_of(table.en)):
            return table.name
    return None


@lru_cache(maxsize=16_384)
def _match(text: str | None, table: Table) -> tuple[str | None, str | None]:
    """Return the column a header cell names, and the unit written in its brackets."""
    if not text:
        return None, None
    names = _names(table)
    if key_of(text) in names:
        return names[key_of(text)], None
    found = _UNIT.match(text.strip())
    if found and key_of(found[1]) in names:
        return names[key_of(found[1])], found[2].strip()
    for part in re.split(r"[/|\n]", text):  # a label in both languages, as the template writes it
        if "/" in text and key_of(part) in names:
            return names[key_of(part)], None
    return None, None


def find(rows: Sequence[Sequence[str | None]], table: Table) -> Header | None:
    """Return the header among the first rows of a sheet, or ``None`` when none of them names a column."""
    matched = [[_match(cell, table)[0] for cell in row] for row in rows[:DEPTH]]
    counts = [len({name for name in row if name}) for row in matched]
    if not any(counts):
        return None
    best = max(counts)
    top = next(i for i, count in enumerate(counts) if count >= max(1, (best + 1) // 2))
    if top and counts[top - 1] and _only_headings(rows[top - 1], matched[top - 1]):
        top -= 1
    place: dict[int, str] = {}
    units: dict[int, str] = {}
    texts: dict[int, list[str]] = {}
    last = top
    for i in range(top, len(matched)):
        if i > top and not _continues(rows[i], matched[i], place, table):
            break
        last = i
        for at, cell in enumerate(rows[i]):
            if not cell:
                continue
            name, unit = _match(cell, table)
            if name:
                place[at] = name
            if unit:
                units[at] = unit
            texts.setdefault(at, []).append(cell.strip())
    return _header(table, place, units, texts, (top, last))


def _only_headings(row: Sequence[str | None], matched: Sequence[str | None]) -> bool:
    return sum(1 for cell in row if cell) <= 2 * sum(1 for name in matched if name)


def _continues(
    row: Sequence[str | None], matched: Sequence[str | None], place: Mapping[int, str], table: Table
) -> bool:
    """Whether a row under a header still belongs to it: each of its cells names its column again, or its unit."""
    filled = [at for at, cell in enumerate(row) if cell]
    if not filled:
        return False
    for at in filled:
        above, here = place.get(at), matched[at]
        if here and (above is None or above == here):
            continue
        column = table.columns.get(above or "")
        if column is None or not column.unit or not same_unit(_bare(row[at]), column.unit):
            return False
    return True


def _bare(text: str | None) -> str:
    return (text or "").strip().strip("()（）[]【】")


def _header(
    table: Table,
    place: Mapping[int, str],
    units: Mapping[int, str],
    texts: Mapping[int, Sequence[str]],
    span: tuple[int, int],
) -> Header:
    faults: list[Fault] = []
    columns: dict[str, int] = {}
    for at in sorted(texts):
        name = place.get(at)
        text = " ".join(texts[at])
        if name is None:
            faults.append(unknown_column(table, text, _names(table)))
        elif name in columns:
            faults.append(Fault.of("tables.column_twice", table=table.name, column=name, value=text))
        else:
            columns[name] = at
            column = table.columns.get(name)
            if at in units and column and known_unit(units[at]) and not same_unit(units[at], column.unit):
                facts = {"value": units[at], "nearest": column.unit or None}
                faults.append(Fault.of("tables.header_unit", table=table.name, column=name, **facts))
    faults += missing_columns(table, columns)
    notes = []
    if span[0]:
        notes.append(note("tables.note_title_rows", table.name, "", span[0]))
    if span[1] > span[0]:
        notes.append(note("tables.note_header_rows", table.name, "", span[1] - span[0] + 1))
    return Header(columns, span[1] + 1, tuple(faults), tuple(notes), frozenset(texts))


def unknown_column(table: Table, text: str, names: Mapping[str, str]) -> Fault:
    """Return the fault of a column that a table does not have; ``names`` gives the column of each word for one."""
    found = closest([text], list(names))[0]
    near = names[found] if found else None
    facts = {"column": text, "value": text, "nearest": near, "closest": closest_words(near)}
    return Fault.of("tables.unknown_column", table=table.name, **facts)


def unknown_table(name: str, known: Schema) -> Fault:
    """Return the fault of a table that the schema does not have."""
    near = table_named(name, known) or closest([name], list(known.tables))[0]
    facts = {"value": name, "nearest": near, "closest": closest_words(near), "known": ", ".join(known.tables)}
    return Fault.of("tables.unknown_table", table=name, **facts)


def missing_columns(table: Table, columns: Mapping[str, int]) -> list[Fault]:
    """Return a fault for each required column that is not there and has no default."""
    return [
        Fault.of("tables.missing_column", table=table.name, column=column.name, label=column.label)
        for column in table.columns.values()
        if column.required and column.default is None and column.name not in columns
    ]
