"""Read ``levers.toml`` and check it: against itself, against the schema of the tables, and against the plan."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from postroad.errors import DataError, Fault, UsageError
from postroad.network import pack_file
from postroad.plan.levers.lever import KINDS, OPS, Change, Cost, Lever, Levers, NoLever
from postroad.plan.levers.selection import AT
from postroad.plan.plan import Plan
from postroad.plan.rules import PAYERS, fields_of
from postroad.tables import schema

REASONS = ("not_measurable", "supervision_act", "context", "outcome", "register", "process")
_NUMERIC = ("scale", "add")


def levers(name: str | Path, plan: Plan) -> Levers:
    """Return the levers of a shipped province or of a TOML file, checked against a plan.

    ``UsageError`` when there is no such file; ``DataError`` lists every fault at once.
    """
    path = pack_file(name, "levers.toml")
    if not path.is_file():
        raise UsageError.of("levers.none_there", path=str(path))
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise DataError.of("levers.unreadable", path=str(path), detail=str(broken)) from broken
    return read(content, plan)


def read(content: Mapping[str, Any], plan: Plan) -> Levers:
    """Return the levers of a parsed file; ``DataError`` lists every fault at once."""
    faults = [Fault.of("levers.stranger", column=k) for k in sorted(set(content) - {"levers", "base", "without"})]
    made = [_lever(entry, n, faults) for n, entry in enumerate(content.get("levers", []), 1)]
    base = changes_of(content.get("base", {}).get("changes", []), "base", {}, faults)
    without = [_without(entry, n, faults) for n, entry in enumerate(content.get("without", []), 1)]
    read_levers = Levers(tuple(lever for lever in made if lever), base, tuple(reason for reason in without if reason))
    faults += _against_plan(read_levers, plan)
    if faults:
        raise DataError(faults)
    return read_levers


_NESTED = ("cost", "changes", "parameters")
_PLAIN = [field for field in dataclasses.fields(Lever) if field.name not in (*_NESTED, "ramp_years")]


def _lever(entry: Any, number: int, faults: list[Fault]) -> Lever | None:
    if not isinstance(entry, dict):
        faults.append(Fault.of("plan.not_a_table", table="levers", row=number, value=entry))
        return None
    place = {"table": "levers", "row": number, "value": entry.get("id")}
    plain = {k: v for k, v in entry.items() if k not in (*_NESTED, "ramp_years")}
    found = fields_of(plain, _PLAIN, place)
    ramp = entry.get("ramp_years")
    if isinstance(ramp, bool) or not isinstance(ramp, (int, float)) or ramp < 0:
        found.append(Fault.of("levers.bad_ramp", **place, column="ramp_years"))
    if plain.get("kind") not in KINDS:
        found.append(Fault.of("levers.bad_kind", **{**place, "value": plain.get("kind")}, known=", ".join(KINDS)))
    cost = _cost(entry.get("cost"), place, found)
    parameters = entry.get("parameters", {})
    changes = changes_of(entry.get("changes", []), str(place["value"]), parameters, found)
    if not entry.get("changes"):
        found.append(Fault.of("levers.no_change", **place))
    found += _size_faults(plain, parameters, place) if not found else []
    faults += found
    if found or cost is None:
        return None
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()}
    return Lever(**fields, ramp_years=float(entry["ramp_years"]), cost=cost, changes=changes, parameters=parameters)


def _size_faults(entry: Mapping[str, Any], parameters: Mapping[str, Any], place: Mapping[str, Any]) -> list[Fault]:
    """A size is a number among the lever's own parameters, and not the one at which nothing is bought."""
    size, none = entry.get("size", ""), entry.get("size_none") or 0.0
    if not size:
        return []
    value = parameters.get(size)
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return [] if numeric and value != none else [Fault.of("levers.no_such_parameter", **place, asked=f"${size}")]


def _cost(entry: Any, place: Mapping[str, Any], faults: list[Fault]) -> Cost | None:
    where = {"table": "levers", "row": place["row"], "value": place["value"], "column": "cost"}
    if not isinstance(entry, dict):
        faults.append(Fault.of("levers.no_cost", **where))
        return None
    known = {field.name: field for field in dataclasses.fields(Cost)}
    needed = {"origin", "source", "payer"} - set(entry)
    bad = [name for name in entry if name not in known]
    wrong = [
        name
        for name, value in entry.items()
        if name in known
        and name.startswith(("capital", "yearly"))
        and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0)
    ]
    if entry.get("payer") not in PAYERS:
        wrong.append("payer")
    faults += [Fault.of("levers.bad_cost", **where, name=name) for name in sorted({*needed, *bad, *wrong})]
    return None if needed or bad or wrong else Cost(**entry)


def changes_of(entries: Any, owner: str, parameters: Mapping[str, Any], faults: list[Fault]) -> tuple[Change, ...]:
    """Return the changes of an owner that hold against the schema; every fault of the others joins ``faults``."""
    known = {field.name for field in dataclasses.fields(Change)}
    made = []
    for number, entry in enumerate(entries, 1):
        where = {"table": "levers", "value": owner, "row": number}
        strangers = set(entry) - known
        faults += [Fault.of("levers.stranger", **where, column=name) for name in sorted(strangers)]
        if strangers or not {"table", "op"} <= set(entry):
            faults += [Fault.of("levers.incomplete", **where)] if not strangers else []
            continue
        change = Change(**entry)
        found = _change_faults(change, where, parameters)
        faults += found
        if not found:
            made.append(change)
    return tuple(made)


def _change_faults(change: Change, where: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[Fault]:
    tables = schema().tables
    if change.table not in tables:
        return [Fault.of("levers.no_such_table", **where, asked=change.table)]
    columns = tables[change.table].columns
    named = [*change.where, *change.make, *([change.column] if change.column else [])]
    strange = [f"{change.table}.{column}" for column in named if column not in columns]
    faults = [Fault.of("levers.no_such_column", **where, asked=column) for column in strange]
    if change.op not in OPS:
        faults.append(Fault.of("levers.bad_op", **where, asked=change.op, known=", ".join(OPS)))
    if change.op in ("scale", "add", "set"):
        if not change.column or change.value is None:
            faults.append(Fault.of("levers.incomplete", **where))
        elif change.op in _NUMERIC and change.column in columns and not columns[change.column].numeric:
            faults.append(Fault.of("levers.not_a_number", **where, asked=f"{change.table}.{change.column}"))
    if change.op == "open":
        faults += [Fault.of("levers.bad_selection", **where, asked=k) for k in sorted(set(change.at) - set(AT))]
        if not change.at or not change.make:
            faults.append(Fault.of("levers.incomplete", **where))
    used = [v for v in (change.value, change.most, *change.make.values()) if isinstance(v, str) and v.startswith("$")]
    return faults + [Fault.of("levers.no_such_parameter", **where, asked=v) for v in used if v[1:] not in parameters]


def _without(entry: Any, number: int, faults: list[Fault]) -> NoLever | None:
    place = {"table": "without", "row": number}
    found = fields_of(entry, list(dataclasses.fields(NoLever)), place)
    if not found and entry["reason"] not in REASONS:
        found = [Fault.of("levers.bad_reason", **place, value=entry["reason"], known=", ".join(REASONS))]
    faults += found
    return None if found else NoLever(**{**entry, "rows": tuple(entry["rows"])})


def _against_plan(made: Levers, plan: Plan) -> list[Fault]:
    """Every row has a lever or a reason and not both; names of rows, targets and projects exist; ids are unique."""
    rows = {row.id for row in plan.rows}
    targets = {target.id for target in plan.targets}
    projects = {project.id for project in plan.projects}
    carried = {row for lever in made.levers for row in lever.rows}
    excused = {row for reason in made.without for row in reason.rows}
    faults = [Fault.of("levers.no_such_row", table="levers", value=r) for r in sorted((carried | excused) - rows)]
    faults += [Fault.of("levers.row_without", table="levers", value=r) for r in sorted(rows - carried - excused)]
    faults += [Fault.of("levers.row_twice", table="levers", value=r) for r in sorted(carried & excused)]
    seen: set[str] = set()
    for number, lever in enumerate(made.levers, 1):
        place = {"table": "levers", "row": number, "value": lever.id}
        if lever.id in seen:
            faults.append(Fault.of("levers.id_twice", **place))
        seen.add(lever.id)
        faults += [Fault.of("levers.no_such_target", **place, asked=t) for t in lever.moves if t not in targets]
        if lever.project and lever.project not in projects:
            faults.append(Fault.of("levers.no_such_project", **place, asked=lever.project))
    return faults
