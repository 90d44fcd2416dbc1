"""Kilometres and minutes between places: by road, by rail and by air, in two seasons, on a day (P12, P13)."""

from postroad.travel.circle import CircleEngine
from postroad.travel.engine import Engine, Error, Ways
from postroad.travel.place import find
from postroad.travel.road import RoadEngine
from postroad.travel.scheduled import AirEngine, RailEngine, ScheduledEngine
from postroad.travel.speeds import Speeds
from postroad.travel.table import engine, stream, travel

__all__ = [
    "AirEngine",
    "CircleEngine",
    "Engine",
    "Error",
    "RailEngine",
    "RoadEngine",
    "ScheduledEngine",
    "Speeds",
    "Ways",
    "engine",
    "find",
    "stream",
    "travel",
]
