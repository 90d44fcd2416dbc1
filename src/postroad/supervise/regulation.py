"""The rules of supervision as data: legal source, days of validity, version; what no source was found for is marked so.

A case cites the rule it was decided by, with its version (``complaint_firm@1``), so that an old decision is read by the
rule of its day.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError, Fault, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

BASES = ("law", "standard", "definition", "neighbour", "configuration")
"""What a rule rests on; ``neighbour`` is another province's rule, ``configuration`` an office's own choice."""


@dataclass(frozen=True)
class Dated:
    """One version of something that is in force for a time."""

    id: str
    version: int
    valid_from: dt.date | None = field(default=None, kw_only=True)
    valid_to: dt.date | None = field(default=None, kw_only=True)
    text_year: int | None = field(default=None, kw_only=True)

    @property
    def cite(self) -> str:
        """How a case or a finding names it and its version."""
        return f"{self.id}@{self.version}"

    def in_force(self, day: dt.date) -> bool:
        """Whether it binds on a day; where only the year of its text is known, from that year on."""
        first = self.valid_from or dt.date(self.text_year or 1, 1, 1)
        return first <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Rule(Dated):
    """One version of a rule: its legal source, when it is in force, and the values it works with."""

    zh: str
    en: str
    basis: str
    legal_zh: str
    legal_en: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True)
class Regulation:
    """Every version of every rule."""

    rules: tuple[Rule, ...]

    def on(self, rule: str, day: dt.date) -> Rule:
        """Return the version of a rule in force on a day; ``UsageError`` when there is none."""
        found = [known for known in self.rules if known.id == rule and known.in_force(day)]
        if not found:
            raise UsageError.of("cases.no_rule", value=rule, day=day.isoformat())
        return max(found, key=lambda known: known.version)

    def cited(self, cite: str) -> Rule:
        """Return the rule a case cites."""
        for known in self.rules:
            if known.cite == cite:
                return known
        raise UsageError.of("cases.no_rule", value=cite, day="-")


def _read(text: str, place: str) -> list[Rule]:
    try:
        told = tomllib.loads(text).get("rule", [])
        rules = [Rule(**entry) for entry in told]
    except (tomllib.TOMLDecodeError, TypeError) as wrong:
        raise DataError.of("cases.rules_unreadable", path=place, detail=str(wrong)) from None
    faults = [
        Fault.of("cases.rule_unsound", table=place, value=rule.cite)
        for k, rule in enumerate(rules)
        if rule.basis not in BASES
        or not (rule.valid_from or rule.text_year or rule.basis in ("configuration", "definition"))
        or (rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from)
        or rule.cite in {other.cite for other in rules[:k]}
    ]
    if faults:
        raise DataError(faults)
    return rules


@cache
def regulation(own: Path | None = None) -> Regulation:
    """Return the rules of the package, with the versions of an office's own file added to them."""
    text = files("postroad.supervise").joinpath("regulation.toml").read_text("utf-8")
    rules = _read(text, "regulation.toml")
    if own is not None:
        if not own.is_file():
            raise UsageError.of("draw.no_such_file", path=str(own))
        added = _read(own.read_text("utf-8"), str(own))
        known = {rule.id for rule in rules}
        unknown = [Fault.of("cases.no_rule", value=rule.id, day="-") for rule in added if rule.id not in known]
        if unknown:
            raise DataError(unknown)
        cites = {rule.cite for rule in added}
        rules = [rule for rule in rules if rule.cite not in cites] + added
    return Regulation(tuple(rules))


def years_after(day: dt.date, count: int) -> dt.date:
    """Return the same day ``count`` years later; 28 February where the 29th does not exist."""
    try:
        return day.replace(year=day.year + count)
    except ValueError:
        return day.replace(year=day.year + count, day=28)


def days_after(day: dt.date, count: int) -> dt.date:
    """Return the day ``count`` calendar days later."""
    return day + dt.timedelta(days=count)
