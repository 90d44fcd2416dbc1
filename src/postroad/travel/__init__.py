"""Kilometres and minutes between places over the province's roads (P12, P13)."""

from postroad.travel.road import RoadEngine, travel

__all__ = ["RoadEngine", "travel"]
