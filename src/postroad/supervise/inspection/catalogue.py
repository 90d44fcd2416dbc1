"""The catalogue of inspection items, and the checklist of each kind of site that follows from it."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from postroad.errors import UsageError
from postroad.language import Language, current
from postroad.supervise.regulation import Dated


@dataclass(frozen=True)
class Item(Dated):
    """One thing inspectors look at: basis, method, visits a year, kinds of site, gravity, theme."""

    zh: str
    en: str
    legal_zh: str
    legal_en: str
    method: str
    a_year: int
    kinds: tuple[str, ...]
    grave: bool
    theme: str

    def legal(self, spoken: Language | None = None) -> str:
        """Return what it rests on, in a language."""
        return self.legal_zh if (spoken or current()) == "zh" else self.legal_en

    @property
    def weight(self) -> int:
        """How much it counts in a score: grave items three times."""
        return 3 if self.grave else 1

    def label(self, spoken: Language | None = None) -> str:
        """Return its name in a language."""
        return self.zh if (spoken or current()) == "zh" else self.en

    def short(self, spoken: Language | None = None) -> str:
        """Return the words of its name before the colon."""
        return self.label(spoken).replace("：", ":").split(":")[0]


@cache
def catalogue() -> Mapping[str, Item]:
    """Return every item by its id."""
    text = files("postroad.supervise.inspection").joinpath("catalogue.toml").read_text("utf-8")
    return {
        name: Item(id=name, **{**entry, "kinds": tuple(entry["kinds"])}) for name, entry in tomllib.loads(text).items()
    }


def checklist(kind: str, themes: tuple[str, ...] = (), on: dt.date | None = None) -> list[Item]:
    """Return what is looked at in a kind of site, of some themes or of all, as far as it is in force on a day."""
    return [
        item
        for item in catalogue().values()
        if kind in item.kinds and (not themes or item.theme in themes) and (on is None or item.in_force(on))
    ]


def items(names: list[str]) -> list[Item]:
    """Return items by id; ``UsageError`` names those that do not exist."""
    unknown = [name for name in names if name not in catalogue()]
    if unknown:
        raise UsageError.of("cases.no_item", value=", ".join(unknown), known=", ".join(catalogue()))
    return [catalogue()[name] for name in names]


def score(looked_at: list[str], failed: set[str]) -> float:
    """Return the score of a visit: the weighted share of items passed, 0 to 100."""
    seen = items(looked_at)
    return 100.0 * sum(i.weight for i in seen if i.id not in failed) / sum(i.weight for i in seen)
