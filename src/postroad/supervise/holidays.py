"""Which days are worked: weekdays, less the days off, and the weekends worked instead, as announced for each year."""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from postroad.errors import DataError

OWN_FILE = "POSTROAD_HOLIDAYS"
SATURDAY = 5


@dataclass(frozen=True)
class Year:
    """What was announced for a year: the days off, the weekends worked, and where it stands."""

    off: frozenset[dt.date]
    worked: frozenset[dt.date]
    source: str


def years() -> Mapping[int, Year]:
    """Return every year known, those of an office's own file (``POSTROAD_HOLIDAYS``) over those of the package."""
    own = os.environ.get(OWN_FILE, "")
    packaged = _read(files("postroad.supervise").joinpath("holidays.toml").read_text("utf-8"), "holidays.toml")
    return {**packaged, **_own(Path(own))} if own else packaged


def is_working(day: dt.date) -> bool:
    """Whether a day is worked; in a year for which nothing is known every weekday is."""
    known = years().get(day.year)
    if known is not None and day in known.worked:
        return True
    return day.weekday() < SATURDAY and (known is None or day not in known.off)


def working_days_after(day: dt.date, count: int) -> dt.date:
    """Return the day ``count`` working days later."""
    while count > 0:
        day += dt.timedelta(days=1)
        count -= is_working(day)
    return day


@cache
def _own(file: Path) -> Mapping[int, Year]:
    try:
        return _read(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as wrong:
        raise DataError.of("cases.holidays_unreadable", path=str(file), detail=str(wrong)) from None


@cache
def _read(text: str, place: str) -> Mapping[int, Year]:
    try:
        return {
            int(year): Year(frozenset(_days(told["off"])), frozenset(_days(told["worked"])), str(told["source"]))
            for year, told in tomllib.loads(text).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise DataError.of("cases.holidays_unreadable", path=place, detail=str(wrong)) from None


def _days(spans: list[str]) -> Iterator[dt.date]:
    for span in spans:
        first, _, last = span.partition("..")
        day, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last or first)
        while day <= end:
            yield day
            day += dt.timedelta(days=1)
