"""Lists for the public draw as offices keep them: CSV in UTF-8 or GB18030, read whole or refused with every fault."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from postroad.errors import DataError, Fault, UsageError
from postroad.language import say

if TYPE_CHECKING:
    from postroad.supervise.draw import Inspector, Unit

SIGNS = 1_000
Places = dict[str, tuple[float, float] | None]


def text_of(path: Path) -> str:
    """Return a text file in UTF-8 as it stands, to the letter."""
    if not path.is_file():
        raise UsageError.of("draw.no_such_file", path=str(path))
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise UsageError.of("draw.not_frozen") from None


def _list_text(path: Path) -> str:
    if not path.is_file():
        raise UsageError.of("draw.no_such_file", path=str(path))
    held = path.read_bytes()
    for code in ("utf-8-sig", "gb18030"):
        try:
            return held.decode(code)
        except UnicodeDecodeError:
            continue
    raise UsageError.of("draw.no_text", path=str(path))


@dataclass
class Sheet:
    """The rows of a list, each with its number, and what is wrong with them so far."""

    path: Path
    rows: list[tuple[int, dict[str, str]]]
    faults: list[Fault]

    def fault(self, key: str, at: int, column: str, value: str) -> None:
        """Note a fault of a cell."""
        self.faults.append(Fault.of(f"draw.{key}", table=self.path.name, column=column, row=at, value=value[:40]))

    def number(self, at: int, row: dict[str, str], column: str, most: float) -> float | None:
        """Return a cell between ``-most`` and ``most``; ``None`` when it is empty or no such number."""
        text = row.get(column, "")
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            number = most + 1
        if not -most <= number <= most:  # not a number compares false
            self.fault("bad_number", at, column, text)
            return None
        return number

    def whole(self, at: int, row: dict[str, str], column: str, other: int) -> int:
        """Return a cell as a whole number, ``other`` when it is empty."""
        text = row.get(column, "")
        if not text:
            return other
        if not text.isdecimal() or len(text) > 20:
            self.fault("bad_whole", at, column, text)
            return other
        return int(text)

    def place(self, at: int, row: dict[str, str]) -> tuple[float, float] | None:
        """Return longitude and latitude; ``None`` when both cells are empty."""
        lon, lat = self.number(at, row, "lon", 180.0), self.number(at, row, "lat", 90.0)
        if (row.get("lon", "") == "") != (row.get("lat", "") == ""):
            self.fault("half_place", at, "lon", f"{row.get('lon', '')}, {row.get('lat', '')}")
        return None if lon is None or lat is None else (lon, lat)


def sheet(path: Path, needed: tuple[str, ...], also: tuple[str, ...] = ()) -> Sheet:
    """Return a list with the columns it needs, named by code or in Chinese; ``DataError`` when it is none."""
    known = {say(f"draw.column_{name}", "zh"): name for name in (*needed, *also)}
    reader = csv.reader(io.StringIO(_list_text(path)), strict=True)
    held = Sheet(path, [], [])
    names: list[str] = []
    number = 0
    try:
        for cells in reader:
            told = [cell.strip() for cell in cells]
            if not any(told):
                continue
            if not names:
                names = [known.get(name, name) for name in told]
                continue
            number += 1
            if len(told) != len(names):
                facts = {"cells": len(told), "columns": len(names)}
                held.faults.append(Fault.of("draw.torn_row", table=path.name, row=number, **facts))
            elif long := [name for name, cell in zip(names, told, strict=True) if len(cell) > SIGNS]:
                held.fault("long_cell", number, long[0], told[names.index(long[0])])
            else:
                held.rows.append((number, dict(zip(names, told, strict=True))))
    except csv.Error:
        held.faults.append(Fault.of("draw.torn_list", table=path.name, row=number + 1))
    there = ", ".join(names)[:200] or "–"
    lacking = [name for name in needed if name not in names]
    wrong = [Fault.of("draw.no_column", path=str(path), column=name, there=there) for name in lacking]
    twice = sorted({name for name in names if name in (*needed, *also) and names.count(name) > 1})
    wrong += [Fault.of("draw.column_twice", path=str(path), column=name) for name in twice]
    if wrong:
        raise DataError(wrong)
    return held


def couples(path: Path | None) -> tuple[tuple[str, str], ...]:
    """Return pairs of inspector and unit."""
    if path is None:
        return ()
    held = sheet(path, ("inspector", "unit"))
    for at, row in held.rows:
        for column in ("inspector", "unit"):
            if not row[column]:
                held.fault("empty_cell", at, column, "")
    if held.faults:
        raise DataError(held.faults)
    return tuple((row["inspector"], row["unit"]) for _, row in held.rows)


def _skills(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted({skill.strip() for skill in row.get("skills", "").replace("；", ";").split(";")} - {""}))


def lists(units: Path, inspectors: Path | None) -> tuple[tuple[Unit, ...], tuple[Inspector, ...]]:
    """Return what may be drawn and who may be sent; ``DataError`` tells every fault of both lists.

    Distances are kept between all or between none: where some have a place, those without one are faults.
    """
    from postroad.supervise.draw import Inspector, Unit, plane

    listed = sheet(units, ("id",), ("weight", "operator", "lon", "lat", "skills"))
    people = sheet(inspectors, ("id",), ("lon", "lat", "skills", "most")) if inspectors else Sheet(units, [], [])
    where = [[held.place(at, row) for at, row in held.rows] for held in (listed, people)]
    if people.rows and any(place for places in where for place in places):
        for held, places in zip((listed, people), where, strict=True):
            for (at, row), place in zip(held.rows, places, strict=True):
                if place is None and not (row.get("lon") or row.get("lat")):
                    held.fault("place_missing", at, "lon", row["id"])
    flat = [[plane(*place) if place else (0, 0) for place in places] for places in where]
    made = tuple(
        Unit(row["id"], listed.whole(at, row, "weight", 1), row.get("operator", ""), *spot, _skills(row))
        for (at, row), spot in zip(listed.rows, flat[0], strict=True)
    )
    sent = tuple(
        Inspector(row["id"], *spot, _skills(row), people.whole(at, row, "most", 1000))
        for (at, row), spot in zip(people.rows, flat[1], strict=True)
    )
    if found := [*listed.faults, *people.faults]:
        raise DataError(found)
    return made, sent


def breaches(path: Path, drawn: set[str]) -> dict[str, bool]:
    """Return whether each unit visited was in breach; ``DataError`` when one was not drawn, or is no 0 or 1."""
    held = sheet(path, ("unit", "breach"))
    found: dict[str, bool] = {}
    for at, row in held.rows:
        if row["breach"] not in ("0", "1"):
            held.fault("bad_breach", at, "breach", row["breach"])
        if row["unit"] not in drawn:
            held.fault("not_drawn", at, "unit", row["unit"])
        if row["unit"] in found:
            held.fault("seen_twice", at, "unit", row["unit"])
        found[row["unit"]] = row["breach"] == "1"
    if held.faults:
        raise DataError(held.faults)
    return found
