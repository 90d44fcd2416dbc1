"""What people read in place of the codes of the records: names, labels of columns and values, times in China."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from postroad.language import catalogue as words
from postroad.language import current, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from postroad.language import Language
    from postroad.network import Network
    from postroad.supervise.records import Desk

PLACES, FIRMS = ("prefecture_id", "place_id", "region_id", "city_id"), ("operator_id",)
OUTLETS = ("outlet_id",)
FREE = ("id", "name", "business", "conditions", "seed", "seed_source", "digest", "rule", "cite", "legal", "frozen")
"""Columns that hold text or codes of their own, never one of the words below."""


@dataclass(frozen=True)
class Names:
    """What places, operators and outlets are called, by their codes; empty where they are not known."""

    places: Mapping[str, str] = field(default_factory=dict)
    firms: Mapping[str, str] = field(default_factory=dict)
    outlets: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, network: Network, spoken: Language | None = None, desk: Desk | None = None) -> Names:
        """Return the names a network gives, in a language, and those of the outlets on the public register."""
        from postroad.naming import names_of

        tongue = spoken or current()
        firms = dict(network["operators"].select("operator_id", f"name_{tongue}").iter_rows())
        return cls(names_of(network, tongue), firms, outlet_names(network, desk, tongue) if desk is not None else {})

    def cell(self, column: str, value: Any) -> str:
        """Return a value of a column as shown: a name with its code behind it, a label, local time, a short number."""
        if value is None:
            return ""
        if isinstance(value, dict):
            blank = say("cases.brand_itself") if column == "branches" else ""
            return _joined([f"{heading(k) or blank} {self.cell(k, v)}".strip() for k, v in value.items()])
        if column == "worst":
            return _joined([f"{branch or say('cases.brand_itself')} {short(points)}" for branch, points in value])
        if isinstance(value, list | tuple):
            return _joined([self.cell(column, one) for one in value], "; " if _nested(value) else None)
        if isinstance(value, bool):
            return say("cases.yes" if value else "cases.no")
        if isinstance(value, dt.datetime):
            return local(value)
        if isinstance(value, int | float):
            return short(value, column)
        return self._text(column, str(value))

    def _text(self, column: str, text: str) -> str:
        held: Mapping[str, str] = {}
        for columns, names in ((PLACES, self.places), (FIRMS, self.firms), (OUTLETS, self.outlets)):
            held = names if column in columns else held
        if column in FIRMS and not text:
            return say("cases.all_firms")
        if held:
            return named(held, text)
        if column == "indicator":
            return indicator_label(text)
        if column == "unit":
            return unit_label(text)
        if column in ("officers", "skills"):
            return _joined([label(column, part) for part in text.split(";") if part])
        if column == "because_of":
            table, _, case = text.partition("/")
            return f"{say(f'console.table_{table}')} {case}" if f"console.table_{table}" in words() else text
        return text if column in FREE else label(column, text)


def outlet_names(network: Network, desk: Desk, spoken: Language) -> dict[str, str]:
    """Return what the outlets on the public register are called; a Chinese name in English as its parts are written.

    Names are read as the public reads them, so that nobody learns more of an outlet than its name.
    """
    from postroad.supervise.records import Actor

    rows = [row for row in desk.seated(Actor("public")).rows("outlets") if row["name"]]
    if spoken == "zh":
        return {row["id"]: row["name"] for row in rows}
    firms = {code: (zh, en) for code, zh, en in network["operators"].select("operator_id", "name_zh", "name_en").rows()}
    places = network["places"].select("place_id", "name_zh", "pinyin").drop_nulls().rows()
    latin: dict[tuple[str, str], str] = {(code[:4], zh): pinyin for code, zh, pinyin in places if len(code) <= 9}
    return {row["id"]: _in_english(row, firms.get(row["operator_id"]), latin) for row in rows}


def _in_english(row: Mapping[str, Any], firm: tuple[str, str] | None, latin: Mapping[tuple[str, str], str]) -> str:
    """A name made of operator, place and the word for an outlet, in English; any other name stays as registered."""
    name = str(row["name"])
    if firm is None or not name.startswith(firm[0]):
        return name
    bare = name.removeprefix(firm[0])
    for cut in range(len(bare) - 1, 1, -1):
        place = latin.get((str(row["prefecture_id"]), bare[:cut]))
        if place:
            return f"{firm[1]}, {place.capitalize()} {label('kind', row['kind']).lower()}"
    return name


def named(names: Mapping[str, str], code: str) -> str:
    """Return a name with its code behind it; the code alone where there is no other name."""
    name = names.get(code, code)
    return name if name == code else f"{name} ({code})"


def heading(column: str) -> str:
    """Return what a column is called in the language in force."""
    for key in (f"console.col_{column}", f"column.{column}", f"cases.column_{column}"):
        if key in words():
            return say(key)
    return label(column, column).replace("_", " ")


def label(column: str, code: str) -> str:
    """Return the words for a code that stands in a column; the code itself where it has none."""
    from postroad.supervise.inspection.catalogue import catalogue

    for key in (f"console.value_{column}_{code}", f"console.value_{code}"):
        if key in words():
            return say(key)
    return catalogue()[code].short() if code in catalogue() else code


def codes(column: str, text: str) -> list[str]:
    """Return every code that the words of either language can stand for in a column; a code stands for itself."""
    from postroad.supervise.inspection.catalogue import catalogue

    asked, found = text.strip().casefold(), [text]
    for key, told in words().items():
        if key.startswith("console.value_") and asked in (told["zh"].casefold(), told["en"].casefold()):
            found.append(key.removeprefix("console.value_").removeprefix(f"{column}_"))
    for item in catalogue().values():
        found += [item.id for spoken in ("zh", "en") if asked == item.short(spoken).casefold()]
    return list(dict.fromkeys(found))


def column_of(text: str, known: Iterable[str]) -> str:
    """Return the column of a table that a name or a heading in either language stands for; the text where none does."""
    asked = text.strip().casefold()
    for column in known:
        told = words().get(f"console.col_{column}", {"zh": column, "en": column})
        if asked in (column, told["zh"].casefold(), told["en"].casefold()):
            return column
    return text


def local(when: dt.datetime) -> str:
    """Return a time as clocks in China show it; the zone is said once where it is shown."""
    from postroad.supervise.records.desk import CHINA

    there = when.astimezone(CHINA)
    return there.strftime("%Y-%m-%d %H:%M:%S" if there.second else "%Y-%m-%d %H:%M")


def short(value: float, column: str = "") -> str:
    """Return a number as people read it: thousands apart, a handful of digits behind the point."""
    if isinstance(value, int):
        return str(value) if column in ("year", "number") else f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{round(value, 4):g}"


def indicator_label(name: str) -> str:
    """Return an indicator's label in the language in force; its id where it is not one of the plan's."""
    from postroad.measure.indicator import indicators

    known = indicators().get(name)
    return known.label() if known else name


def unit_label(unit: str) -> str:
    """Return a unit in the language in force; the unit as written where it has no words."""
    return say(f"unit.{unit}") if f"unit.{unit}" in words() else unit


def _joined(parts: list[str], mark: str | None = None) -> str:
    return (mark or ("、" if current() == "zh" else ", ")).join(parts)


def _nested(values: Any) -> bool:
    return any(isinstance(one, list | tuple | dict) for one in values)
