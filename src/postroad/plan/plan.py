"""A plan as data: rows, targets, tasks, programmes and projects, read from ``plan.toml`` and checked all at once.

Serves every row of the plan: a target without baseline and a baseline without target are marked as such, and the marks
are checked against what is there (P99: no task goes without a measure).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar

from postroad.errors import DataError, Fault, UsageError
from postroad.language import Language, current
from postroad.network import pack_file, shipped_packs
from postroad.plan import rules

Direction = Literal["up", "down", "hold"]


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
    """What the plan wants of an indicator, by when, from where.

    ``orphan``: the plan gives no starting value. ``undated``: the plan gives no day, which is not a day forgotten.
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
    undated: bool = False
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
    """Something to be done: who owns it, who helps, who pays, until when, and which targets it should move.

    ``assumed`` names the fields that the plan itself does not state; ``payer`` is "unknown" where it names none.
    """

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
    assumed: tuple[str, ...] = ()
    owner_en: str = ""

    def owned_by(self, spoken: Language) -> str:
        """Return the owner's name in a language; its own name where it has no other."""
        return self.owner if spoken == "zh" else self.owner_en or self.owner


@dataclasses.dataclass(frozen=True)
class Programme(Named):
    """A programme of the plan (专栏) and the rows it holds."""

    id: str
    rows: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Project(Named):
    """A named project: firm, place and state; ``assumed`` names the fields that the plan does not state."""

    id: str
    rows: tuple[str, ...]
    place_id: str
    status: str
    operator_id: str = ""
    assumed: tuple[str, ...] = ()


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

    def describe(self) -> dict[str, int]:
        """Return how many entries of each kind there are, and how many of them lack a baseline, a day or a payer."""
        counts = {block: len(getattr(self, block)) for block in _BLOCKS}
        lacking = {
            "numeric_targets": sum(target.wording == "numeric" for target in self.targets),
            "targets_without_baseline": sum(target.orphan for target in self.targets),
            "targets_without_day": sum(target.undated for target in self.targets),
            "tasks_without_payer": sum(task.payer in ("unknown", "unfunded") for task in self.tasks),
            "tasks_moving_no_target": sum(not task.moves for task in self.tasks),
        }
        return counts | lacking

    def target(self, name: str) -> Target:
        """Return a target by its id; ``UsageError`` lists those there are."""
        for target in self.targets:
            if target.id == name:
                return target
        raise UsageError.of("plan.no_such_target", asked=name, known=", ".join(t.id for t in self.targets))


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
    path = pack_file(name, "plan.toml")
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
    blocks = {block: _many(kind, block, content.get(block, []), faults) for block, kind in _BLOCKS.items()}
    faults += [Fault.of("plan.stranger", column=name) for name in sorted(set(content) - {*_BLOCKS, "plan"})]
    own = [field for field in dataclasses.fields(Plan) if field.name not in _BLOCKS]
    head = content.get("plan", {})
    faults += rules.fields_of(head, own, {"table": "plan"})
    if faults:
        raise DataError(faults)
    made = Plan(**{**head, **blocks})
    if faults := rules.check(made):
        raise DataError(faults)
    return made


def _many(kind: type[Kind], block: str, entries: Any, faults: list[Fault]) -> tuple[Kind, ...]:
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    if not isinstance(entries, list):
        faults.append(Fault.of("plan.not_a_list", table=block))
        return ()
    made = []
    for number, entry in enumerate(entries, 1):
        name = entry.get("id", entry.get("indicator")) if isinstance(entry, dict) else None
        found = rules.fields_of(entry, list(fields), {"table": block, "row": number, "value": name})
        faults += found
        if not found:
            made.append(kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}))
    return tuple(made)
