"""Read ``modes.toml`` and check it: days, changes against tables, rules against rules, reports against views."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from postroad.errors import DataError, Fault, UsageError
from postroad.evaluate.mode.service import Mode, Report
from postroad.network import pack_file
from postroad.plan.levers.reading import changes_of
from postroad.supervise.records.acts import load
from postroad.supervise.regulation import regulation

NEEDED = ("id", "zh", "en", "rows", "first", "last")
PARTS = (*NEEDED, "changes", "rules", "reports")
LEAP = 2024
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def modes(name: str | Path) -> tuple[Mode, ...]:
    """Return the modes of a shipped province, a pack's folder, or a TOML file.

    ``UsageError`` when there is no such file; ``DataError`` lists every fault at once.
    """
    path = pack_file(name, "modes.toml")
    if not path.is_file():
        raise UsageError.of("mode.none_there", path=str(path))
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise DataError.of("mode.unreadable", path=str(path), detail=str(broken)) from broken
    return read(content)


def read(content: Mapping[str, Any]) -> tuple[Mode, ...]:
    """Return the modes of a parsed file; ``DataError`` lists every fault at once."""
    entries = content.get("modes", [])
    faults = [Fault.of("mode.stranger", column=name) for name in sorted(set(content) - {"modes"})]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError([*faults, Fault.of("mode.bad_part", table="modes", value="modes")])
    made = [_mode(entry, faults) for entry in entries]
    names = [entry.get("id") for entry in entries]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    faults += [Fault.of("mode.twice", table="modes", value=name) for name in twice]
    if faults:
        raise DataError(faults)
    return tuple(mode for mode in made if mode)


def _mode(entry: Mapping[str, Any], faults: list[Fault]) -> Mode | None:
    own: list[Fault] = []
    place = {"table": "modes", "value": str(entry.get("id", ""))}
    own += [Fault.of("mode.missing", **place, column=name) for name in NEEDED if not entry.get(name)]
    own += [Fault.of("mode.stranger", **place, column=name) for name in sorted(set(entry) - set(PARTS))]
    own += [
        Fault.of("mode.bad_day", **place, column=name, day=str(entry[name]))
        for name in ("first", "last")
        if entry.get(name) and not _is_day(entry[name])
    ]
    changes = changes_of(_list(entry, "changes", place, own), place["value"], {}, own)
    rules = _rules(_list(entry, "rules", place, own), place, own)
    reports = _reports(_list(entry, "reports", place, own), place, own)
    faults += own
    if own:
        return None
    plain = {name: entry[name] for name in ("zh", "en", "id", "first", "last")}
    return Mode(**plain, rows=tuple(entry["rows"]), changes=changes, rules=rules, reports=reports)


def _is_day(value: Any) -> bool:
    try:
        dt.date.fromisoformat(f"{LEAP}-{value}")
    except ValueError:
        return False
    return str(value) != "02-29"


def _list(entry: Mapping[str, Any], part: str, place: Mapping[str, Any], faults: list[Fault]) -> list[dict[str, Any]]:
    value = entry.get(part, [])
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    faults.append(Fault.of("mode.bad_part", **{**place, "value": part}))
    return []


def _rules(entries: list[dict[str, Any]], place: Mapping[str, Any], faults: list[Fault]) -> dict[str, dict[str, Any]]:
    """Values by rule; a mode may set what the rule has, to a value of the same kind, and nothing else."""
    known = {rule.id: rule.values for rule in regulation().rules}
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        name, values = str(entry.get("id", "")), entry.get("values", {})
        if name not in known:
            faults.append(Fault.of("mode.no_rule", **{**place, "value": name}, known=", ".join(sorted(known))))
            continue
        wrong = [part for part, value in values.items() if not _alike(value, known[name].get(part))]
        faults += [Fault.of("mode.bad_value", **{**place, "value": f"{name}.{part}"}) for part in wrong]
        found[name] = dict(values)
    return found


def _alike(value: Any, known: Any) -> bool:
    """Whether a value is of the kind the rule has; numbers are alike, whole or not."""
    numbers = (int, float)
    both = isinstance(value, numbers) and isinstance(known, numbers) and bool not in (type(value), type(known))
    return both or (known is not None and type(value) is type(known))


def _reports(entries: list[dict[str, Any]], place: Mapping[str, Any], faults: list[Fault]) -> tuple[Report, ...]:
    views = {name for name, act in load().items() if act.kind == "view"}
    made = []
    for entry in entries:
        view, hours = str(entry.get("view", "")), entry.get("at", [])
        if view not in views:
            faults.append(Fault.of("mode.no_view", **{**place, "value": view}, known=", ".join(sorted(views))))
        if not isinstance(hours, list) or not hours or not all(_HOUR.fullmatch(str(hour)) for hour in hours):
            faults.append(Fault.of("mode.bad_hour", **{**place, "value": view}, hours=str(hours)))
            continue
        made.append(Report(view, tuple(hours)))
    return tuple(made)
