"""Rounds between county centre, township and village, and the search for very large ones (P54 P55 P56 P57 P58 P84).

design_rounds(network, options)   every county: four ways compared, the cheapest kept, ``why`` for villages left out
search(plane, effort)             one depot, up to tens of thousands of stops, without a matrix
verify(network)                   an independent check of the tables of rounds
"""

from postroad.design.rounds.large import Effort, Routes
from postroad.design.rounds.plane import Plane, read_vrplib
from postroad.design.rounds.portfolio import search
from postroad.design.rounds.rural import RuralDesign, RuralOptions, design_rounds
from postroad.design.rounds.verifying import verify

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
