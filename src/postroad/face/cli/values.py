"""Words of the command line, and rows of a file, as the parameters an act asks for."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError, Fault, UsageError
from postroad.language import say

if TYPE_CHECKING:
    from inspect import Parameter

YES, NO = ("1", "true", "yes", "是"), ("0", "false", "no", "否")


def of_words(act: str, words: list[str]) -> dict[str, Any]:
    """Return ``name=value`` words as an act's parameters; all faults at once."""
    told: dict[str, str] = {}
    faults: list[Fault] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            faults.append(Fault.of("cases.no_pair", value=word))
        if name in told:
            faults.append(Fault.of("cases.twice", column=name, value=value))
        told[name] = value
    if faults:
        raise UsageError(faults)
    return _parameters(act, told, None)


def of_file(act: str, file: Path) -> tuple[list[dict[str, Any]], str]:
    """Return every row of a CSV file as an act's parameters, and a mark of the file's content."""
    if not file.is_file():
        raise UsageError.of("draw.no_such_file", path=str(file))
    held = file.read_bytes()
    try:
        reader = csv.DictReader(io.StringIO(held.decode("utf-8-sig")))
        rows, columns = list(reader), list(reader.fieldnames or [])
    except UnicodeDecodeError:
        raise DataError.of("cases.not_utf8", path=str(file)) from None
    if not rows:
        raise DataError.of("cases.no_rows", path=str(file))
    found: list[dict[str, Any]] = []
    faults = [
        Fault.of("cases.twice", column=name, value=name) for name in sorted(set(columns)) if columns.count(name) > 1
    ]
    faults += [
        Fault.of("cases.cells_over", row=number, value=", ".join(row[None]), count=len(columns))
        for number, row in enumerate(rows, 1)
        if None in row
    ]
    for number, row in enumerate(rows, 1):
        try:
            told = {k: v for k, v in row.items() if k is not None and v not in (None, "")}
            found.append(_parameters(act, told, number))
        except UsageError as wrong:
            faults += wrong.faults
    if faults:
        raise DataError(faults)
    return found, hashlib.sha256(held).hexdigest()[:24]


def _parameters(act: str, told: dict[str, str], row: int | None) -> dict[str, Any]:
    from postroad.supervise.records.acts import load

    asked = load()[act].parameters if act in load() else {}
    named = {name.rstrip("_"): (name, parameter) for name, parameter in asked.items()}
    faults = [
        Fault.of("cases.no_parameter", table=act, column=name, row=row, known=", ".join(named))
        for name in told
        if name not in named
    ]
    found: dict[str, Any] = {}
    for shown, (name, parameter) in named.items():
        if shown not in told:
            if parameter.default is parameter.empty:
                faults.append(Fault.of("cases.parameter_missing", table=act, column=shown, row=row))
            continue
        try:
            found[name] = value(str(parameter.annotation), told[shown])
        except (ValueError, OSError):
            wanted = str(parameter.annotation)
            faults.append(
                Fault.of("cases.bad_value", table=act, column=shown, row=row, value=told[shown], wanted=wanted)
            )
    if faults:
        raise UsageError(faults)
    return found


def value(kind: str, text: str) -> Any:
    """Return a text as the kind of value a parameter is declared to be; ``ValueError`` when it is none."""
    kind = kind.replace(" | None", "")
    if kind == "dt.date":
        return dt.date.fromisoformat(text)
    if kind == "dt.datetime":
        return moment(text)
    if kind == "bool":
        if text.lower() not in YES + NO:
            raise ValueError(text)
        return text.lower() in YES
    if kind == "list[str]":
        return [_digested(part) for part in text.split(";") if part]
    if kind in ("int", "float"):
        return int(text) if kind == "int" else float(text)
    return _digested(text)


def _digested(text: str) -> str:
    """Return a text, with ``file:PATH`` replaced by the SHA-256 of that file."""
    head, mark, path = text.rpartition("file:")
    if not mark or (head and not head.endswith("=")):
        return text
    from postroad.supervise.evidence import sha256_of

    return head + sha256_of(Path(path))


def moment(text: str) -> dt.datetime:
    """Return a time written with its offset; ``UsageError`` when it is none."""
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError.of("draw.bad_time", value=text) from None
    if when.tzinfo is None:
        raise UsageError.of("draw.no_offset", value=text)
    return when.astimezone(dt.UTC)


def known_table(name: str) -> str:
    """Return the name of a table of record; ``UsageError`` lists them."""
    from postroad.supervise.records.schema import TABLES

    if name not in TABLES:
        raise UsageError.of("cases.no_such_table", value=name, known=", ".join(TABLES))
    return name


def equal_words(table: str, words: list[str]) -> list[dict[str, Any]]:
    """Return ``column=value`` words as filters on a table, one for each code that the words can stand for."""
    from itertools import product

    from postroad.face.case_words import codes, column_of
    from postroad.supervise.records.schema import TABLES

    found: dict[str, list[Any]] = {}
    for word in words:
        named, equals, text = word.partition("=")
        column = column_of(named, TABLES[table].c.keys())
        if not equals or column not in TABLES[table].c:
            raise UsageError.of("cases.no_column", table=table, column=named, known=", ".join(TABLES[table].c.keys()))
        wanted = TABLES[table].c[column].type.python_type
        kinds = {dt.date: "dt.date", dt.datetime: "dt.datetime", bool: "bool", int: "int", float: "float"}
        try:
            found[column] = codes(column, text) if wanted is str else [value(kinds.get(wanted, "str"), text)]
        except ValueError:
            raise UsageError.of("cases.bad_value", column=column, value=text, wanted=wanted.__name__) from None
    return [dict(zip(found, chosen, strict=True)) for chosen in product(*found.values())]


def asked_for(name: str, parameter: Parameter) -> str:
    """Return how a parameter is written, with what it holds; in brackets where it may be left out."""
    kind = str(parameter.annotation).replace(" | None", "").replace("dt.", "").partition("[")[0]
    told = name.rstrip("_") if kind == "str" else f"{name.rstrip('_')}: {say(f'cases.type_{kind}')}"
    return told if parameter.default is parameter.empty else f"[{told}]"


def plain(held: Any) -> Any:
    """Return values as JSON holds them."""
    return json.loads(json.dumps(held, ensure_ascii=False, default=str))
