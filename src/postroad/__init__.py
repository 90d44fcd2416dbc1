"""Postroad (驿道): a postal plan made executable.

Public names are loaded when first used, so that ``import postroad`` stays quick.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Network": ("postroad.network", "Network"),
    "Result": ("postroad.results", "Result"),
    "compare": ("postroad.evaluate", "compare"),
    "effects": ("postroad.evaluate", "effects"),
    "levers": ("postroad.plan.levers", "levers"),
    "open_plan": ("postroad.plan.plan", "plan"),
    "province": ("postroad.network", "province"),
    "score": ("postroad.measure.scorecard", "score"),
}
"""Public name: where it lives and what it is called there. A name of a room (plan, demand) stays the room's."""

__all__ = ["Network", "Result", "__version__", "compare", "effects", "levers", "open_plan", "province", "score"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"postroad has no public name {name!r}; it has {', '.join(__all__)}")
    module, own = _HOME[name]
    return getattr(import_module(module), own)


def __dir__() -> list[str]:
    return list(__all__)
