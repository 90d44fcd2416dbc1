"""The rules of the ledger as data: legal source, days of validity, version; what has no source is marked so."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError, Fault
from postroad.language import Said
from postroad.supervise import regulation

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_FILE = "POSTROAD_LEDGER_RULES"


class Rule(regulation.Rule):
    """A rule of the ledger, as it is told to people."""

    @property
    def label(self) -> Said:
        """The rule's name for people."""
        return Said.both(self.zh, self.en)

    @property
    def legal(self) -> Said:
        """What the rule rests on."""
        return Said.both(self.legal_zh, self.legal_en)

    def as_dict(self) -> dict[str, Any]:
        """Return what a report prints of the rule."""
        return {
            "rule": self.id, "version": self.version, "basis": self.basis,
            "label": {"zh": self.zh, "en": self.en}, "legal": {"zh": self.legal_zh, "en": self.legal_en},
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
            "text_year": self.text_year, "values": dict(self.values),
        }  # fmt: skip


def rules() -> Mapping[str, Rule]:
    """Return every rule by its id: the package's, under those of the file named by ``POSTROAD_LEDGER_RULES``.

    An office's file has only what it changes, a value or a whole rule; ``DataError`` lists everything wrong with it.
    """
    own = os.environ.get(OWN_FILE, "")
    return _rules(Path(own) if own else None)


@cache
def _rules(file: Path | None) -> Mapping[str, Rule]:
    text = files("postroad.supervise.ledger").joinpath("rules.toml").read_text("utf-8")
    found = tomllib.loads(text)
    if file is not None:
        try:
            own = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as wrong:
            raise DataError.of("ledger.rules_unreadable", path=str(file), detail=str(wrong)) from wrong
        faults = [
            Fault.of("ledger.no_such_rule", value=name, known=", ".join(found)) for name in own if name not in found
        ]
        faults += [
            Fault.of("ledger.no_such_value", table=name, column=value, known=", ".join(found[name]["values"]))
            for name, entry in own.items() if name in found
            for value in entry.get("values", {}) if value not in found[name]["values"]
        ]  # fmt: skip
        fields = set(Rule.__dataclass_fields__) - {"id"}
        faults += [
            Fault.of("ledger.no_such_value", table=name, column=word, known=", ".join(sorted(fields)))
            for name, entry in own.items() for word in entry if word not in fields
        ]  # fmt: skip
        if faults:
            raise DataError(faults)
        found = {name: {**entry, **own.get(name, {}),
                        "values": {**entry["values"], **own.get(name, {}).get("values", {})}}
                 for name, entry in found.items()}  # fmt: skip
    return {name: Rule(id=name, **entry) for name, entry in found.items()}


def value(rule: str, name: str) -> Any:
    """Return one value of a rule of the package."""
    return rules()[rule].values[name]
