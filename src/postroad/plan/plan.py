"""A plan as data: rows, targets, tasks, programmes and projects, read from ``plan.toml`` and checked all at once.

Serves every row of the plan: a target without baseline and a baseline without target are marked as such, and the marks
are checked against what is there (P99: no task without a measure, no target nobody moves goes unseen).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, Literal, TypeVar

from postroad.errors import DataError, Fault, UsageError
from postroad.language import Language, current
from postroad.network import pack_folder, shipped_packs

Direction = Literal["up", "down", "hold"]
DIRECTIONS = ("up", "down", "hold")
WORDINGS = ("numeric", "directional", "unmeasurable")
PATHS = ("linear", "compound", "milestone")


@dataclasses.dataclass(frozen=True)
class Named:
    """Something with a short label in both languages."""

    zh: str
    en: str

    def label(self, spoken: Language | None = None) -> str:
        """Return the label in a language."""
        return self.zh if (spoken or current()) == "zh" else self.en


@dataclasses.dataclass(frozen=True)
class Row(Named):
    """One of the plan's rows: where it stands, what kind of statement it is, and which parts of postroad serve it."""

    id: str
    section: str
    kind: str
    modules: str


@dataclasses.dataclass(frozen=True)
class Target(Named):
    """What the plan wants of an indicator, by when, from where; ``orphan`` when the plan gives no starting value.

    ``derived`` marks a value worked out from the plan's wording; ``proposed_*`` is a measure put forward where the
    wording has none, for the planner to sign off.
    """

    id: str
    rows: tuple[str, ...]
    indicator: str
    unit: str
    direction: Direction
    wording: str
    path: str
    scope: str
    text_zh: str
    text_en: str
    deadline: dt.date | None = None
    value: float | None = None
    baseline_value: float | None = None
    baseline_period: str | None = None
    orphan: bool = False
    derived: bool = False
    stated: str = ""
    proposed_zh: str = ""
    proposed_en: str = ""


@dataclasses.dataclass(frozen=True)
class OrphanBaseline(Named):
    """A starting value for which the plan sets no target."""

    indicator: str
    rows: tuple[str, ...]
    period: str


@dataclasses.dataclass(frozen=True)
class Task(Named):
    """Something to be done: who owns it, who helps, who pays, until when, and which targets it should move."""

    id: str
    row: str
    section: str
    owner: str
    partners: tuple[str, ...]
    payer: str
    deadline: dt.date
    deadline_stated: bool
    moves: tuple[str, ...]
    measure_zh: str = ""
    measure_en: str = ""


@dataclasses.dataclass(frozen=True)
class Programme(Named):
    """A programme of the plan (专栏) and the rows it holds."""

    id: str
    rows: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Project(Named):
    """A named project: firm, place and state."""

    id: str
    rows: tuple[str, ...]
    place_id: str
    status: str
    operator_id: str = ""


@dataclasses.dataclass(frozen=True)
class Plan(Named):
    """A five-year plan as data."""

    name: str
    place_id: str
    start: int
    end: int
    source: str
    rows: tuple[Row, ...]
    targets: tuple[Target, ...]
    orphan_baselines: tuple[OrphanBaseline, ...]
    tasks: tuple[Task, ...]
    programmes: tuple[Programme, ...]
    projects: tuple[Project, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the whole content, equal on every machine."""
        plain = json.dumps(dataclasses.asdict(self), sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(plain.encode()).hexdigest()

    def target(self, name: str) -> Target:
        """Return a target by its id; ``UsageError`` lists those there are."""
        for target in self.targets:
            if target.id == name:
                return target
        raise UsageError.of("plan.no_such_target", asked=name, known=", ".join(t.id for t in self.targets))

    def moved_by(self, name: str) -> tuple[Task, ...]:
        """Return the tasks that should move a target."""
        return tuple(task for task in self.tasks if name in task.moves)


Kind = TypeVar("Kind")
_BLOCKS: dict[str, type[Any]] = {
    "rows": Row,
    "targets": Target,
    "orphan_baselines": OrphanBaseline,
    "tasks": Task,
    "programmes": Programme,
    "projects": Project,
}


def plan(name: str | Path) -> Plan:
    """Return the plan of a shipped province, or the plan in a TOML file.

    ``UsageError`` when there is neither; ``DataError`` lists every fault of the plan at once.
    """
    shipped = str(name) in shipped_packs()
    path = pack_folder(str(name)) / "plan.toml" if shipped else Path(name)
    if path.is_dir():
        path = path / "plan.toml"
    if not path.is_file():
        raise UsageError.of("plan.no_such_plan", asked=str(name), known=", ".join(shipped_packs()))
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise DataError.of("plan.unreadable", path=str(path), detail=str(broken)) from broken
    return read(content)


def read(content: dict[str, Any]) -> Plan:
    """Return the plan of a parsed ``plan.toml``; ``DataError`` lists every fault at once."""
    faults: list[Fault] = []
    blocks: dict[str, Any] = {
        block: _many(kind, block, content.get(block, []), faults) for block, kind in _BLOCKS.items()
    }
    head = dict(content.get("plan", {}))
    wanted = ("name", "zh", "en", "place_id", "start", "end", "source")
    faults += [Fault.of("plan.missing", table="plan", column=key) for key in wanted if key not in head]
    strange = set(head) - set(wanted)
    faults += [Fault.of("plan.stranger", table="plan", column=key) for key in sorted(strange)]
    if faults:
        raise DataError(faults)
    made = Plan(**{**head, **blocks})
    faults = check(made)
    if faults:
        raise DataError(faults)
    return made


def _many(kind: type[Kind], block: str, entries: list[dict[str, Any]], faults: list[Fault]) -> tuple[Kind, ...]:
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    needed = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    made = []
    for number, entry in enumerate(entries, 1):
        place = {"table": block, "row": number, "value": entry.get("id", entry.get("indicator"))}
        lacking, strange = sorted(needed - set(entry)), sorted(set(entry) - set(fields))
        faults += [Fault.of("plan.missing", **place, column=name) for name in lacking]
        faults += [Fault.of("plan.stranger", **place, column=name) for name in strange]
        if not lacking and not strange:
            made.append(kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}))
    return tuple(made)


def check(made: Plan) -> list[Fault]:
    """Return every fault of a plan at once."""
    faults: list[Fault] = []
    for block in ("rows", "targets", "tasks", "programmes", "projects"):
        twice = [name for name, count in Counter(item.id for item in getattr(made, block)).items() if count > 1]
        faults += [Fault.of("plan.twice", table=block, column="id", value=name) for name in twice]
    for number, target in enumerate(made.targets, 1):
        faults += _target_faults(target, number)
    known_rows, known_targets = {row.id for row in made.rows}, {target.id for target in made.targets}
    for block in ("targets", "orphan_baselines", "programmes", "projects"):
        for number, item in enumerate(getattr(made, block), 1):
            lost = [row for row in item.rows if row not in known_rows]
            faults += [Fault.of("plan.no_row", table=block, row=number, column="rows", value=row) for row in lost]
    for number, task in enumerate(made.tasks, 1):
        place = {"table": "tasks", "row": number}
        if task.row not in known_rows:
            faults.append(Fault.of("plan.no_row", **place, column="row", value=task.row))
        lost = [name for name in task.moves if name not in known_targets]
        faults += [Fault.of("plan.no_target", **place, column="moves", value=name) for name in lost]
        if not task.moves and not (task.measure_zh and task.measure_en):
            faults.append(Fault.of("plan.no_measure", **place, column="moves", value=task.id))
    aimed = {target.indicator for target in made.targets}
    for number, orphan in enumerate(made.orphan_baselines, 1):
        if orphan.indicator in aimed:
            faults.append(
                Fault.of("plan.not_orphan", table="orphan_baselines", row=number, column="indicator",
                         value=orphan.indicator)
            )  # fmt: skip
    return faults


def _target_faults(target: Target, number: int) -> list[Fault]:
    place: dict[str, Any] = {"table": "targets", "row": number}
    faults = []
    for column, choices in (("direction", DIRECTIONS), ("wording", WORDINGS), ("path", PATHS)):
        value = getattr(target, column)
        if value not in choices:
            faults.append(Fault.of("plan.choice", **place, column=column, value=value, known=", ".join(choices)))
    if target.wording == "numeric" and target.value is None:
        faults.append(Fault.of("plan.numeric_without_value", **place, column="value", value=target.id))
    if target.wording == "unmeasurable" and not (target.proposed_zh and target.proposed_en):
        faults.append(Fault.of("plan.nothing_proposed", **place, column="proposed_zh", value=target.id))
    if target.orphan != (target.baseline_value is None):
        faults.append(Fault.of("plan.orphan_mark", **place, column="orphan", value=target.id))
    if target.value is not None and target.baseline_value is not None and target.direction != "hold":
        rises = target.value > target.baseline_value
        if rises != (target.direction == "up"):
            faults.append(Fault.of("plan.wrong_way", **place, column="direction", value=target.direction))
    if target.path == "compound" and (target.baseline_value or 1) <= 0:
        faults.append(Fault.of("plan.compound_from_zero", **place, column="path", value=target.baseline_value))
    return faults
