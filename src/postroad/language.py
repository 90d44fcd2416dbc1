"""Messages and labels in Chinese and English, from one catalogue.

The catalogue is the folder ``words``: one TOML file per room, one table per message, each with ``zh`` and ``en``
(and, for faults, ``remedy_zh`` and ``remedy_en``). A message's key is ``room.name``. Code never holds a sentence that
a user reads; it holds a key and the facts that fill it.
"""

from __future__ import annotations

import os
import tomllib
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

_chosen: ContextVar[Language | None] = ContextVar("postroad_language", default=None)


def current() -> Language:
    """Return the language in force: the one chosen, else POSTROAD_LANGUAGE, else the system's, else English."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    for variable in ("POSTROAD_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "").lower()
        if value:
            return "zh" if value.startswith("zh") else "en"
    return "en"


def choose(language: Language) -> None:
    """Set the language for this thread of work from here on."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    _chosen.set(language)


@contextmanager
def spoken(language: Language) -> Iterator[None]:
    """Use a language inside a ``with`` block."""
    token = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(token)


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return every message as ``key -> {zh, en, remedy_zh?, remedy_en?}``, read once from the ``words`` folder."""
    words: dict[str, Mapping[str, str]] = {}
    for file in sorted(files("postroad").joinpath("words").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            room = file.name.removesuffix(".toml")
            for name, entry in tomllib.loads(file.read_text("utf-8")).items():
                words[f"{room}.{name}"] = entry
    return words


def say(key: str, language: Language | None = None, **facts: Any) -> str:
    """Return a message of the catalogue, filled with facts; ``KeyError`` names a message that does not exist."""
    return _fill(key, language or current(), "", facts)


def remedy(key: str, language: Language | None = None, **facts: Any) -> str:
    """Return what to do about the fault a message describes, or an empty text when the catalogue has none."""
    if "remedy_en" not in catalogue()[key]:
        return ""
    return _fill(key, language or current(), "remedy_", facts)


def _fill(key: str, language: Language, prefix: str, facts: Mapping[str, Any]) -> str:
    entry = catalogue().get(key)
    if entry is None:
        raise KeyError(f"no message {key!r} in the catalogue")
    shown = {name: fact.say(language) if isinstance(fact, Text) else fact for name, fact in facts.items()}
    return entry[prefix + language].format(**shown)


@dataclass(frozen=True)
class Text:
    """A sentence kept as key and facts, so that it can be said in either language later."""

    key: str
    facts: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, key: str, **facts: Any) -> Text:
        """Return the sentence of this key with these facts."""
        return cls(key, tuple(sorted(facts.items())))

    def say(self, language: Language | None = None) -> str:
        """Return the sentence in a language."""
        return say(self.key, language, **dict(self.facts))

    def __str__(self) -> str:
        return self.say()


@dataclass(frozen=True)
class Said(Text):
    """A text given in both languages, used like a sentence of the catalogue."""

    zh: str = ""
    en: str = ""

    @classmethod
    def both(cls, zh: str, en: str) -> Said:
        """Return the text of these two."""
        return cls("", (), zh, en)

    def say(self, language: Language | None = None) -> str:
        """Return the text in a language."""
        return self.zh if (language or current()) == "zh" else self.en
