"""Check the catalogue: both languages everywhere, the same facts in both, every key used exists, none lies idle.

``python -m tools.check_words`` prints every fault and ends with code 1 when there is one.
"""

from __future__ import annotations

import ast
import re
import string
import sys
from pathlib import Path

from postroad import tables
from postroad.language import LANGUAGES, catalogue

SOURCE = Path(__file__).parents[1] / "src" / "postroad"
CONSOLE = Path(__file__).parents[1] / "console" / "src"
SAYING = {"say", "remedy", "of", "Fault", "Text"}
OWN_WORDS = {"unit", "column"}
"""Rooms whose keys come from data (units of targets, columns of results), so that none can be called idle."""


def facts(text: str) -> set[str]:
    """Return the names of the facts a sentence is filled with."""
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def entry_faults() -> list[str]:
    """Return what is wrong inside the catalogue."""
    found = []
    for key, entry in catalogue().items():
        for prefix in ("", "remedy_"):
            given = [tongue for tongue in LANGUAGES if entry.get(prefix + tongue)]
            if prefix == "" and len(given) < len(LANGUAGES):
                found.append(f"{key}: not in both languages")
            elif given and len(given) < len(LANGUAGES):
                found.append(f"{key}: remedy not in both languages")
            elif given and len({frozenset(facts(entry[prefix + tongue])) for tongue in LANGUAGES}) > 1:
                found.append(f"{key}: the languages are filled with different facts")
        strange = set(entry) - {p + t for p in ("", "remedy_") for t in LANGUAGES}
        found += [f"{key}: unknown entry {word}" for word in sorted(strange)]
    return found


def used() -> tuple[set[str], set[str]]:
    """Return the keys written out in the code and templates, and the beginnings of those put together there."""
    rooms = "|".join(sorted({key.split(".")[0] for key in catalogue()}))
    whole, begun = set(), set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.fullmatch(rf"({rooms})\.\w+_", node.value):
                    begun.add(node.value)  # put together with +
                named = re.fullmatch(rf"({rooms})\.[\w%/ \u4e00-\u9fff]+", node.value)
                if named and not node.value.endswith(".toml"):
                    whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                head = str(node.values[0].value)
                if re.match(rf"({rooms})\.", head):
                    begun.add(head)
                elif "face" in path.parts and head.endswith("_"):
                    begun.add(f"face.{head}")
    for path in SOURCE.rglob("*.j2"):
        text = path.read_text("utf-8")
        whole |= {f"face.{name}" for name in re.findall(r"\bt\('(\w+)'(?: ?[,)])", text)}
        begun |= {f"face.{name}" for name in re.findall(r"\bt\('(\w+)' ~", text)}
    for path in CONSOLE.rglob("*.ts"):
        text = path.read_text("utf-8")
        whole |= {_roomed(name) for name in re.findall(r'\bt\("([\w.]+)"', text)}
        begun |= {_roomed(name) for name in re.findall(r"\bt\(`([\w.]+?)\$\{", text)}
    helpers = re.compile(r'(?:sheets|self)\.(?:say|table)\(\s*"(\w+)"')
    for path in (SOURCE / "face").rglob("*.py"):
        text = path.read_text("utf-8")
        whole |= {f"face.{name}" for name in helpers.findall(text)}
    return whole, begun


def _roomed(name: str) -> str:
    return name if "." in name else f"console.{name}"


def literals() -> set[str]:
    """Return every plain string of the code, since keys are also passed on in lists."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def use_faults() -> list[str]:
    """Return keys that are used and do not exist, and keys that exist and are not used."""
    whole, begun = used()
    known = set(catalogue())
    # A key that is only the head of longer ones ("face.status_") is not missing.
    missing = {key for key in whole - known if not any(k.startswith(key) for k in known)}
    words = literals()
    idle = {
        key
        for key in known - whole
        if key.split(".")[0] not in OWN_WORDS
        and not any(key.startswith(head) and len(head.split(".")[1]) > 0 for head in begun)
        and key.split(".", 1)[1] not in words
    }
    return [f"{key}: used but not in the catalogue" for key in sorted(missing)] + [
        f"{key}: in the catalogue but not used" for key in sorted(idle)
    ]


def schema_faults() -> list[str]:
    """Return columns of the schema whose remedy stands in one language only; labels are checked when it is loaded."""
    found = []
    for table in tables.schema().tables.values():
        for column in table.columns.values():
            if bool(column.remedy_zh) != bool(column.remedy_en):
                found.append(f"{table.name}.{column.name}: remedy not in both languages")
    return found


def main() -> None:
    """Print every fault; end with code 1 when there is one."""
    found = [*entry_faults(), *use_faults(), *schema_faults()]
    sys.stdout.write("\n".join(found) + "\n" if found else f"{len(catalogue())} messages, complete in both languages\n")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
