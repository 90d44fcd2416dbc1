"""Which line-hauls run, when, with what: the trunk timetable of a province, and the plants it needs (P12 P44 P77-P82).

baseline(network, demand)    a timetable by rule, in seconds
"""

from postroad.design.lines.baseline import baseline

__all__ = ["baseline"]
