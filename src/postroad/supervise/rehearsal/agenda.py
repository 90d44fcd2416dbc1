"""The days of a rehearsal in their order: what is done when, and the clock it is done by."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from postroad.supervise.records.desk import CHINA

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


class Calendar:
    """The rehearsal's clock: a day is set, and every look is a second later."""

    def __init__(self, day: dt.date) -> None:
        self.on(day)

    def on(self, day: dt.date, hour: int = 9) -> None:
        """Go to an hour of a day, in China's time."""
        self.at = dt.datetime.combine(day, dt.time(hour), CHINA).astimezone(dt.UTC)

    def __call__(self) -> dt.datetime:
        """Return the time, a second after the last look."""
        self.at += dt.timedelta(seconds=1)
        return self.at


class Agenda:
    """Deeds with their day and hour, done in that order, so that each is written down on the day it happens."""

    def __init__(self, desk: Desk, clock: Calendar) -> None:
        self.desk, self.clock = desk, clock
        self._numbers = count()
        self._deeds: list[tuple[dt.date, int, int, Callable[[], object]]] = []

    def add(self, day: dt.date, hour: int, deed: Callable[[], object]) -> None:
        """Put a deed on the agenda; deeds of one hour keep the order they were put there in."""
        heapq.heappush(self._deeds, (day, hour, next(self._numbers), deed))

    def __len__(self) -> int:
        return len({day for day, *_ in self._deeds})

    def work(self) -> Iterator[dt.date]:
        """Do everything, a day in one transaction; yield each day before it begins. A deed may add later ones."""
        while self._deeds:
            today = self._deeds[0][0]
            yield today
            with self.desk.together():
                while self._deeds and self._deeds[0][0] == today:
                    _, hour, _, deed = heapq.heappop(self._deeds)
                    self.clock.on(today, hour)
                    deed()
