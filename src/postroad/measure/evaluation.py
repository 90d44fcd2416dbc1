"""The evaluation of a plan as officials write it: targets, tasks, causes, warnings, remedies, blanks (P99 P100).

A task's state is judged by evidence alone: the targets it should move and what is known of them. What only its owner
can say stands as a blank with the owner's name. Remedies are ranked by yuan per point where effects have been measured.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postroad.errors import UsageError
from postroad.measure.record import Record, replay, series_of
from postroad.measure.scorecard import score
from postroad.plan.levers import yearly_costs

if TYPE_CHECKING:
    from postroad.measure.scorecard import Line, Scorecard
    from postroad.network import Network
    from postroad.plan.levers import Lever, Levers
    from postroad.plan.plan import Plan, Task
    from postroad.results import Result

KINDS = ("yearly", "midterm", "final")
GOOD = ("met", "on_track")
BAD = ("at_risk", "off_track", "missed")


@dataclass(frozen=True)
class TaskState:
    """A task with its levers and what is known: ``good``, ``bad``, ``mixed``, ``no_evidence`` or ``no_target``."""

    task: Task
    levers: tuple[Lever, ...]
    moves: tuple[tuple[str, str], ...]
    state: str


@dataclass(frozen=True)
class Warned:
    """A target that is in doubt, with the chance of meeting it where there is a forecast."""

    line: Line
    chance: float | None


TRACE = 0.001
"""A lever that moves a measure by less than this share of its value is no remedy for it; assumed."""


@dataclass(frozen=True)
class Remedy:
    """A lever as a remedy: the measure and target it moves, its share, yearly cost, and yuan for one point."""

    lever: Lever
    measure: str
    target: str
    share: float
    half_width: float
    cost_yuan: float
    yuan_per_point: float


@dataclass(frozen=True)
class Blank:
    """Something the report cannot know: which kind, who must fill it, and about what."""

    kind: str
    owner: str
    about_zh: str
    about_en: str
    owner_en: str = ""


@dataclass(frozen=True)
class Evaluation:
    """Everything the report says; ``effects`` are the measured effects behind the remedies, if any."""

    kind: str
    plan: Plan
    card: Scorecard
    tasks: tuple[TaskState, ...]
    warnings: tuple[Warned, ...]
    record: Record
    remedies: tuple[Remedy, ...]
    blanks: tuple[Blank, ...]
    effects: Result | None

    @property
    def effects_run(self) -> str | None:
        """The run id of the effects."""
        return self.effects.run_id if self.effects else None

    def counts(self) -> dict[str, int]:
        """How many tasks are in each state."""
        states = ("good", "mixed", "bad", "no_evidence", "no_target")
        return {state: sum(task.state == state for task in self.tasks) for state in states}


def evaluate(
    network: Network,
    plan: Plan,
    held: Levers,
    kind: str,
    as_of: dt.date,
    effects: Result | None = None,
    seed: int = 0,
) -> Evaluation:
    """Return the evaluation as of a day; ``effects`` is a saved result of measured effects.

    ``UsageError`` for a kind that does not exist, or a final evaluation before the plan's last year.
    """
    if kind not in KINDS:
        raise UsageError.of("evaluation.no_such_kind", asked=kind, known=", ".join(KINDS))
    if kind == "final" and as_of < dt.date(plan.end, 12, 31):
        raise UsageError.of("evaluation.too_early", asked=as_of.isoformat(), end=plan.end)
    card = score(network, plan, as_of, seed)
    status = {line.target.id: line.judgement.status for line in card.lines}
    tasks = tuple(_state(task, held, status) for task in plan.tasks)
    record = replay([one for one in series_of(network, plan) if min(one.known_on) <= as_of], seed=seed)
    record = Record(tuple(case for case in record.cases if case.on < as_of))
    remedies = _remedies(held, effects) if effects else ()
    warnings = tuple(_warned(line) for line in card.lines if line.judgement.status in BAD)
    blanks = (*_blank_targets(card), *_blank_tasks(tasks))
    return Evaluation(kind, plan, card, tasks, warnings, record, remedies, blanks, effects)


def _state(task: Task, held: Levers, status: dict[str, str]) -> TaskState:
    levers = tuple(lever for lever in held.levers if task.row in lever.rows)
    moves = tuple((target, status[target]) for target in task.moves)
    known = [told for _, told in moves if told != "unknown"]
    if not moves:
        state = "no_target"
    elif not known:
        state = "no_evidence"
    elif all(told in GOOD for told in known):
        state = "good"
    else:
        state = "bad" if all(told in BAD for told in known) else "mixed"
    return TaskState(task, levers, moves, state)


def _warned(line: Line) -> Warned:
    target, fan = line.target, line.fan
    if fan is None or target.value is None or target.deadline is None or target.deadline.year not in fan.years:
        return Warned(line, None)
    return Warned(line, fan.probability(target.deadline.year, target.value, target.direction))


def _remedies(held: Levers, effects: Result) -> tuple[Remedy, ...]:
    """Levers by yuan per point of each measure they move the right way by more than a trace, cheapest first."""
    found = []
    for row in effects["shares"].iter_rows(named=True):
        scale = max(abs(row["before"]), abs(row["after"]))
        if row["gain"] <= TRACE * scale or row["gain"] <= 0:
            continue
        lever = held[row["lever"]]
        cost = float(row["cost_yuan"])
        found.append(
            Remedy(lever, row["measure"], row["target"], row["gain"], row["half_width"], cost, cost / row["gain"])
        )
    # Targets in the order of the measures, the cheapest remedy of each first.
    order = {name: k for k, name in enumerate(effects["shares"]["measure"].unique(maintain_order=True))}
    return tuple(sorted(found, key=lambda r: (order[r.measure], r.yuan_per_point, r.lever.id)))


def yearly_cost(lever: Lever, units: int, year: int) -> float:
    """Return a lever's running cost of a year plus its capital spread evenly over ten years, in yuan."""
    capital = lever.cost.capital_yuan + lever.cost.capital_yuan_each * units
    running = float(yearly_costs([lever], {lever.id: units}, [year])["running_yuan"][0])
    return running + capital / LIFE_YEARS


LIFE_YEARS = 10.0
"""Capital is spread over so many years when levers are compared; assumed."""


def _blank_targets(card: Scorecard) -> list[Blank]:
    return [
        Blank("value", "", line.target.zh, line.target.en) for line in card.lines if line.judgement.status == "unknown"
    ]


def _blank_tasks(tasks: tuple[TaskState, ...]) -> list[Blank]:
    blanks = []
    for held in tasks:
        task: Any = held.task
        if held.state in ("no_evidence", "no_target"):
            blanks.append(Blank("progress", task.owner, task.zh, task.en, task.owned_by("en")))
        if task.payer == "unknown":
            blanks.append(Blank("payer", task.owner, task.zh, task.en, task.owned_by("en")))
    return blanks
