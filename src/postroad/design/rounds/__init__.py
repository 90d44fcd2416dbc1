"""Rounds between county centre, township and village, and the search for very large ones (P54 P55 P56 P57 P58 P84).

design_rounds(network, options)   every county: four ways compared, the cheapest kept, ``why`` for villages left out
search(plane, effort)             one depot, up to tens of thousands of stops, without a matrix
verify(network)                   an independent check of the tables of rounds
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postroad.design.rounds.large import Effort, Routes
    from postroad.design.rounds.plane import Plane, read_vrplib
    from postroad.design.rounds.portfolio import search
    from postroad.design.rounds.rural import RuralDesign, RuralOptions, design_rounds
    from postroad.design.rounds.verifying import verify

_HOME = {
    "Effort": "large", "Routes": "large", "Plane": "plane", "read_vrplib": "plane", "search": "portfolio",
    "RuralDesign": "rural", "RuralOptions": "rural", "design_rounds": "rural", "verify": "verifying",
}  # fmt: skip
__all__ = [
    "Effort",
    "Plane",
    "Routes",
    "RuralDesign",
    "RuralOptions",
    "design_rounds",
    "read_vrplib",
    "search",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Load a name when first used: the search's second process needs none of the rural rooms."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
