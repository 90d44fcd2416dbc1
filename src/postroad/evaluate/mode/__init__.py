"""Modes of service: for some days of the year rules, capacity and reports are switched together (P20).

modes(name)                  read and checked against tables, rules and views
Mode.regulation(year)        the rules as they hold within its days and outside them
Mode.calendar(year)          every report that falls due: day, hour, view
tried(name, mode, ...)       the same day simulated with and without it, in the same worlds
"""

from postroad.evaluate.mode.reading import modes
from postroad.evaluate.mode.service import Mode, Report
from postroad.evaluate.mode.trying import tried

__all__ = ["Mode", "Report", "modes", "tried"]
