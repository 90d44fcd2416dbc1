"""Minutes from where people live to an open service point, the plan's standards, who gains and who loses (P52, P66)."""

from postroad.measure.access.change import Change, change
from postroad.measure.access.hours import by_hour
from postroad.measure.access.reach import Access, Asked, access
from postroad.travel.doorstep import STANDARDS, USABLE

__all__ = ["STANDARDS", "USABLE", "Access", "Asked", "Change", "access", "by_hour", "change"]
