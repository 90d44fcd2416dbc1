"""A mode as data: its days, what it changes in the tables, which rules it raises, which reports it asks for."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from postroad.errors import UsageError
from postroad.plan.levers.lever import Change, Cost, Lever
from postroad.plan.plan import Named
from postroad.supervise.regulation import Regulation, Rule, regulation

CALENDAR = {"day": pl.Date, "at": pl.String, "view": pl.String}


@dataclasses.dataclass(frozen=True)
class Report:
    """A view of the records that is asked for at hours of every day of the mode."""

    view: str
    at: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Mode(Named):
    """A named mode: from a day of the year to another, both included; it may run over the new year."""

    id: str
    rows: tuple[str, ...]
    first: str
    last: str
    changes: tuple[Change, ...]
    rules: Mapping[str, Mapping[str, Any]]
    reports: tuple[Report, ...]

    def days(self, year: int) -> tuple[dt.date, dt.date]:
        """Return its first and last day, of those that begin in a year."""
        first, last = (dt.date.fromisoformat(f"{year}-{day}") for day in (self.first, self.last))
        return first, last if last >= first else last.replace(year=year + 1)

    def begun(self, day: dt.date) -> tuple[dt.date, dt.date]:
        """Return the days of the mode around a day; ``UsageError`` when it is not one of them."""
        for year in (day.year, day.year - 1):
            first, last = self.days(year)
            if first <= day <= last:
                return first, last
        first, last = self.days(day.year)
        raise UsageError.of("mode.not_then", value=self.id, day=day.isoformat(), first=str(first), last=str(last))

    def lever(self, day: dt.date) -> Lever:
        """Return its changes as a lever that works in full from the mode's first day around ``day``."""
        first, _ = self.begun(day)
        cost = Cost("assumed", "rule-levers", "unknown")
        return Lever(self.zh, self.en, self.id, "resize", self.rows, (), first, 0.0, cost, self.changes)

    def raised(self, year: int, known: Regulation | None = None) -> tuple[Rule, ...]:
        """Return its rules of a year as versions in force within its days, numbered by the day they begin."""
        held = known or regulation()
        first, last = self.days(year)
        return tuple(
            dataclasses.replace(
                held.on(name, first), version=int(f"{first:%Y%m%d}"), basis="configuration", legal_zh=self.zh,
                legal_en=self.en, valid_from=first, valid_to=last, text_year=None,
                values={**held.on(name, first).values, **values},
            )
            for name, values in self.rules.items()
        )  # fmt: skip

    def regulation(self, year: int, known: Regulation | None = None) -> Regulation:
        """Return the rules with this year's days of the mode in them; outside its days nothing changes."""
        held = known or regulation()
        return Regulation((*held.rules, *self.raised(year, held)))

    def calendar(self, year: int) -> pl.DataFrame:
        """Return every report that falls due within its days: day, hour and view, in order."""
        first, last = self.days(year)
        days = [first + dt.timedelta(days=k) for k in range((last - first).days + 1)]
        rows = sorted((day, at, report.view) for day in days for report in self.reports for at in report.at)
        return pl.DataFrame(rows, schema=CALENDAR, orient="row")


def as_toml(rules: tuple[Rule, ...]) -> str:
    """Return rules as the text of a file that ``postroad cases --rules`` reads."""
    return "\n".join(
        f"[[rule]]\nid = {_plain(rule.id)}\nversion = {rule.version}\nzh = {_plain(rule.zh)}\nen = {_plain(rule.en)}\n"
        f"basis = {_plain(rule.basis)}\nlegal_zh = {_plain(rule.legal_zh)}\nlegal_en = {_plain(rule.legal_en)}\n"
        f"valid_from = {rule.valid_from}\nvalid_to = {rule.valid_to}\nvalues = {_plain(rule.values)}\n"
        for rule in rules
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_plain(part)}" for name, part in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
