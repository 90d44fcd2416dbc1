"""What a plan's data must satisfy: fields of the right kind, marks that agree with what is there, names that exist.

Serves every row of the plan; P99 in that a task without a target and without a measure is refused.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from postroad.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.plan.plan import Plan, Target

DIRECTIONS = ("up", "down", "hold")
WORDINGS = ("numeric", "directional", "unmeasurable")
PATHS = ("linear", "compound", "milestone")
PAYERS = ("unknown", "unfunded", "state", "enterprise")
STATUSES = ("planned", "building", "open")


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _day(value: Any) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _text(value: Any) -> bool:
    return isinstance(value, str)


_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("text", _text),
    "str | None": ("text", _text),
    "Direction": ("text", _text),
    "float | None": ("number", _number),
    "int": ("whole_number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "bool": ("yes_or_no", lambda value: isinstance(value, bool)),
    "dt.date": ("day", _day),
    "dt.date | None": ("day", _day),
    "tuple[str, ...]": ("texts", lambda value: isinstance(value, list) and all(map(_text, value))),
}
"""What a field's annotation asks of a TOML value: the word for it in ``plan.kind_…``, and the test."""


def fields_of(entry: Any, fields: list[dataclasses.Field[Any]], place: dict[str, Any]) -> list[Fault]:
    """Return the faults of one entry against the fields of its dataclass: missing, unknown, or of another kind."""
    if not isinstance(entry, dict):
        return [Fault.of("plan.not_a_table", **{**place, "value": entry})]
    known = {field.name: str(field.type) for field in fields}
    needed = {field.name for field in fields if field.default is dataclasses.MISSING}
    faults = [Fault.of("plan.missing", **place, column=name) for name in sorted(needed - set(entry))]
    faults += [Fault.of("plan.stranger", **place, column=name) for name in sorted(set(entry) - set(known))]
    for name, value in entry.items():
        if name in known and not _KINDS[known[name]][1](value):
            wanted = _KINDS[known[name]][0]
            faults.append(Fault.of(f"plan.not_{wanted}", **{**place, "value": str(value)}, column=name))
    return faults


def check(made: Plan) -> list[Fault]:
    """Return every fault of a plan at once."""
    faults = [] if made.start < made.end else [Fault.of("plan.ends_before", table="plan", column="end", value=made.end)]
    for block in ("rows", "targets", "tasks", "programmes", "projects"):
        twice = [name for name, count in Counter(item.id for item in getattr(made, block)).items() if count > 1]
        faults += [Fault.of("plan.twice", table=block, column="id", value=name) for name in twice]
    for number, target in enumerate(made.targets, 1):
        faults += _target_faults(target, number)
    known = {row.id for row in made.rows}
    for block in ("targets", "orphan_baselines", "programmes", "projects"):
        for number, item in enumerate(getattr(made, block), 1):
            lost = [row for row in item.rows if row not in known]
            faults += [Fault.of("plan.no_row", table=block, row=number, column="rows", value=row) for row in lost]
    for number, project in enumerate(made.projects, 1):
        place: dict[str, Any] = {"table": "projects", "row": number}
        faults += _choices(project, {"status": STATUSES}, place) + _assumptions(project, place)
    return faults + _task_faults(made, known) + _orphan_faults(made)


def _choices(item: Any, choices: dict[str, tuple[str, ...]], place: dict[str, Any]) -> list[Fault]:
    return [
        Fault.of("plan.choice", **place, column=column, value=getattr(item, column), known=", ".join(known))
        for column, known in choices.items()
        if getattr(item, column) not in known
    ]


def _assumptions(item: Any, place: dict[str, Any]) -> list[Fault]:
    lost = [name for name in item.assumed if not hasattr(item, name)]
    return [Fault.of("plan.no_field", **place, column="assumed", value=name) for name in lost]


def _task_faults(made: Plan, known: set[str]) -> list[Fault]:
    faults: list[Fault] = []
    targets = {target.id for target in made.targets}
    for number, task in enumerate(made.tasks, 1):
        place: dict[str, Any] = {"table": "tasks", "row": number}
        if task.row not in known:
            faults.append(Fault.of("plan.no_row", **place, column="row", value=task.row))
        lost = [name for name in task.moves if name not in targets]
        faults += [Fault.of("plan.no_target", **place, column="moves", value=name) for name in lost]
        if not task.moves and not (task.measure_zh and task.measure_en):
            faults.append(Fault.of("plan.no_measure", **place, column="moves", value=task.id))
        faults += _choices(task, {"payer": PAYERS}, place) + _assumptions(task, place)
    return faults


def _orphan_faults(made: Plan) -> list[Fault]:
    aimed = {target.indicator for target in made.targets}
    return [
        Fault.of("plan.not_orphan", table="orphan_baselines", row=number, column="indicator", value=orphan.indicator)
        for number, orphan in enumerate(made.orphan_baselines, 1)
        if orphan.indicator in aimed
    ]


def _target_faults(target: Target, number: int) -> list[Fault]:
    place: dict[str, Any] = {"table": "targets", "row": number}
    faults = _choices(target, {"direction": DIRECTIONS, "wording": WORDINGS, "path": PATHS}, place)
    if target.wording == "numeric" and target.value is None:
        faults.append(Fault.of("plan.numeric_without_value", **place, column="value", value=target.id))
    if target.wording == "unmeasurable" and not (target.proposed_zh and target.proposed_en):
        faults.append(Fault.of("plan.nothing_proposed", **place, column="proposed_zh", value=target.id))
    if target.orphan != (target.baseline_value is None):
        faults.append(Fault.of("plan.orphan_mark", **place, column="orphan", value=target.id))
    if target.undated != (target.deadline is None):
        faults.append(Fault.of("plan.undated_mark", **place, column="deadline", value=target.id))
    period = target.baseline_period
    year = int(period) if period and len(period) == 4 and period.isdecimal() else None
    if (target.baseline_value is None) != (period is None) or (period is not None and year is None):
        faults.append(Fault.of("plan.baseline_year", **place, column="baseline_period", value=period))
    if year is not None and target.deadline is not None and target.deadline.year <= year:
        faults.append(Fault.of("plan.deadline_before_baseline", **place, column="deadline", value=target.deadline))
    if target.value is not None and target.baseline_value is not None and target.direction != "hold":
        rises = target.value > target.baseline_value
        if rises != (target.direction == "up"):
            faults.append(Fault.of("plan.wrong_way", **place, column="direction", value=target.direction))
    if target.path == "compound" and min(_or(target.baseline_value), _or(target.value)) <= 0:
        faults.append(Fault.of("plan.compound_from_zero", **place, column="path", value=target.id))
    return faults


def _or(value: float | None) -> float:
    return 1.0 if value is None else value
