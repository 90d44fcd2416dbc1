"""A lever as data: what a task of the plan changes in the tables of a network, from when, and at what cost.

A lever's ramp is linear: nothing before ``start``, everything ``ramp_years`` later. Values that begin with ``$`` name
one of the lever's own parameters, so that a planner can ask for another share, date or size without touching the file.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from postroad.errors import Fault, UsageError
from postroad.plan.plan import Named

KINDS = ("open", "close", "resize", "share", "retime", "re-equip", "re-price", "allow")
OPS = ("open", "close", "scale", "add", "set")
AMOUNTS = ("capital_yuan", "yearly_yuan", "capital_yuan_each", "yearly_yuan_each")
DAYS_A_YEAR = 365.25


@dataclasses.dataclass(frozen=True)
class Change:
    """One change to one table.

    ``open`` adds a row for each chosen place (``at``, see ``selection.places``), at most ``most`` of them, with the
    columns of ``make``. The others act on the rows that ``where`` names: ``close`` takes them out, ``scale``
    multiplies, ``add`` adds to and ``set`` replaces ``column`` by ``value``.
    """

    table: str
    op: str
    where: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    column: str = ""
    value: Any = None
    make: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    at: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    most: Any = None


@dataclasses.dataclass(frozen=True)
class Cost:
    """Capital and yearly running cost: a fixed part, and a part for each row the lever opens."""

    origin: str
    source: str
    payer: str
    capital_yuan: float = 0.0
    yearly_yuan: float = 0.0
    capital_yuan_each: float = 0.0
    yearly_yuan_each: float = 0.0


@dataclasses.dataclass(frozen=True)
class Lever(Named):
    """A named, dated, costed change: the rows of the plan it carries and the targets it should move.

    ``size`` names the parameter that its cost goes by, in proportion from ``size_none``, at which nothing is bought.
    """

    id: str
    kind: str
    rows: tuple[str, ...]
    moves: tuple[str, ...]
    start: dt.date
    ramp_years: float
    cost: Cost
    changes: tuple[Change, ...]
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    project: str = ""
    size: str = ""
    size_none: float | None = None

    def share(self, on: dt.date) -> float:
        """Return how much of the lever works on a day, from 0 to 1."""
        if on < self.start:
            return 0.0
        if self.ramp_years <= 0:
            return 1.0
        return min(1.0, (on - self.start).days / (self.ramp_years * DAYS_A_YEAR))

    def fill(self, value: Any) -> Any:
        """Return a value with ``$name`` replaced by the lever's parameter of that name."""
        if isinstance(value, str) and value.startswith("$"):
            return self.parameters[value[1:]]
        return value

    def with_(self, **changed: Any) -> Lever:
        """Return the lever with another ``start``, ``slip_years``, ``ramp_years`` or parameter."""
        slip = float(changed.pop("slip_years", 0.0))
        own = {name: changed.pop(name) for name in ("start", "ramp_years") if name in changed}
        start = own.pop("start", self.start) + dt.timedelta(days=round(slip * DAYS_A_YEAR))
        by = self._resized(changed[self.size]) if self.size in changed else 1.0
        cost = dataclasses.replace(self.cost, **{name: by * getattr(self.cost, name) for name in AMOUNTS})
        parameters = {**self.parameters, **changed}
        return dataclasses.replace(self, start=start, parameters=parameters, cost=cost, **own)

    def _resized(self, size: Any) -> float:
        """By what the cost grows with another size; nothing is paid back for less than nothing."""
        none = self.size_none or 0.0
        return max(0.0, (float(size) - none) / (float(self.parameters[self.size]) - none))


@dataclasses.dataclass(frozen=True)
class NoLever(Named):
    """Why rows of the plan carry no lever: nothing to measure, a supervision act, or a fact about the past."""

    rows: tuple[str, ...]
    reason: str


@dataclasses.dataclass(frozen=True)
class Levers:
    """Every lever of a plan, what the base lacks that the pack already has, and the rows without a lever."""

    levers: tuple[Lever, ...]
    base: tuple[Change, ...]
    without: tuple[NoLever, ...]

    def __getitem__(self, name: str) -> Lever:
        return self.choose([name])[0]

    def choose(self, names: Iterable[str]) -> tuple[Lever, ...]:
        """Return the levers of these names; ``UsageError`` names every one that does not exist."""
        by_id = {lever.id: lever for lever in self.levers}
        known = ", ".join(by_id)
        wanted = list(dict.fromkeys(names))
        if lost := [name for name in wanted if name not in by_id]:
            raise UsageError(Fault.of("levers.no_such_lever", asked=name, known=known) for name in lost)
        return tuple(by_id[name] for name in wanted)

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the levers, in the order of the file."""
        return tuple(lever.id for lever in self.levers)

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of the plan that carry a lever, in order."""
        found = {row for lever in self.levers for row in lever.rows}
        return tuple(sorted(found, key=lambda row: int(row[1:])))
