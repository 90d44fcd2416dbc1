"""A row of the timetable, wherever it stands: line-haul, bus, leg of a van, or a hand-over the engine assumes."""

from __future__ import annotations

from dataclasses import dataclass

UNLIMITED = 2**31 - 1


@dataclass(frozen=True)
class Line:
    """What leaves at a minute of its days and seasons, how long it takes, and how many pieces it carries.

    ``roads`` says which roads its minutes hold on: ``winter`` ones are slower already. A leg of a ``van`` shares room
    and luck with the van's other legs, and a slow day stretches its times from ``begins_min`` on. ``frees`` names the
    leg out whose pieces leave the van where this leg back begins. A line with ``least`` pieces runs only when so many
    are ready, or one has waited for ``hold_days``.
    """

    name: str
    source: str
    target: str
    mode: str
    depart_min: float
    duration_min: float
    days: str
    season: str
    pieces: float
    roads: str = "any"
    van: str = ""
    begins_min: float = 0.0
    frees: str = ""
    least: float = 0.0
    hold_days: float = float("inf")
