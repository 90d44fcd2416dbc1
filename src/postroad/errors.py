"""One family of errors; each says what is wrong, where, and what to do, in both languages.

    PostroadError             everything a user can put right; the command line ends with exit code 2
    ├─ UsageError             a path, option or name that cannot be used
    ├─ DataError              rows that cannot be taken: all faults at once
    ├─ InfeasibleError        no answer exists: the rules that conflict, and the cheapest relief
    └─ Stopped                the user asked to stop; what was finished is kept

Anything else that escapes is a defect of postroad.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postroad import language

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where it stands, the value found and, through ``key``, what it means and the remedy.

    ``row`` counts data rows from 1, or is ``None`` when the fault is not in one row. ``count`` says how many rows
    share it. ``facts`` fill the catalogue's sentence.
    """

    key: str
    table: str = ""
    column: str = ""
    row: int | None = None
    value: Any = None
    nearest: Any = None
    count: int = 1
    facts: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, key: str, **facts: Any) -> Fault:
        """Return a fault; the names table, column, row, value, nearest and count are its place, the rest are facts."""
        place = {k: facts.pop(k) for k in ("table", "column", "row", "value", "nearest", "count") if k in facts}
        return cls(key, facts=tuple(sorted(facts.items())), **place)

    def _all_facts(self) -> dict[str, Any]:
        place = {"table": self.table, "column": self.column, "row": self.row, "value": self.value}
        return {**place, "nearest": self.nearest, "count": self.count, **dict(self.facts)}

    def where(self) -> str:
        """Return the place as ``table.column:row``, with the parts that are known."""
        place = ".".join(part for part in (self.table, self.column) if part)
        return f"{place}:{self.row}" if self.row is not None else place

    def say(self, spoken: language.Language | None = None) -> str:
        """Return one line: place, what is wrong, what to do."""
        what = language.say(self.key, spoken, **self._all_facts())
        todo = language.remedy(self.key, spoken, **self._all_facts())
        return " ".join(part for part in (f"[{self.where()}]" if self.where() else "", what, todo) if part)

    def remedy(self, spoken: language.Language | None = None) -> str:
        """Return what to do about it."""
        return language.remedy(self.key, spoken, **self._all_facts())

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as plain values, with both languages."""
        facts = self._all_facts()
        return {
            "key": self.key,
            **{k: facts[k] for k in ("table", "column", "row", "value", "nearest", "count")},
            **{tongue: language.say(self.key, tongue, **facts) for tongue in language.LANGUAGES},
            **{f"remedy_{tongue}": language.remedy(self.key, tongue, **facts) for tongue in language.LANGUAGES},
        }


class PostroadError(Exception):
    """Something a user can put right; holds every fault found, not the first."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    @classmethod
    def of(cls, key: str, **facts: Any) -> PostroadError:
        """Return this kind of error with a single fault."""
        return cls([Fault.of(key, **facts)])

    def say(self, spoken: language.Language | None = None, most: int = 50) -> str:
        """Return the faults, a line each, at most ``most`` of them with a count of the rest."""
        lines = [fault.say(spoken) for fault in self.faults[:most]]
        if len(self.faults) > most:
            lines.append(language.say("errors.more", spoken, count=len(self.faults) - most))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.say()


class UsageError(PostroadError):
    """A path, option or name that cannot be used."""


class DataError(PostroadError):
    """Rows that cannot be taken."""


class InfeasibleError(PostroadError):
    """No answer exists under the rules given."""


class Stopped(PostroadError):  # noqa: N818 - a request honoured, not an error of the program
    """The user asked to stop."""

    exit_code = 130
