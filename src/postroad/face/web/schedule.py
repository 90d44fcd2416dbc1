"""When a query is asked by the clock: the standard's schedule, fields of numbers and ranges as of a timetable."""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property
from itertools import product
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, field_validator

from postroad.supervise.ledger.judging import LOCAL

LIMITS = {"second": (0, 59), "minute": (0, 59), "hour": (0, 23), "dayOfMonth": (1, 31), "month": (1, 12),
          "dayOfWeek": (1, 7)}  # fmt: skip
FARTHEST_DAYS = 8 * 366
"""A 29 February may be eight years away; what does not come by then does not come."""
_PART = re.compile(r"(\d{1,2})|\[(\d{1,2})-(\d{1,2})\]")


def numbers(name: str, text: str) -> tuple[int, ...]:
    """Return the numbers a field stands for, all where it is empty or ``*``; ``ValueError`` when it says none."""
    low, high = LIMITS[name]
    if text in ("", "*"):
        return tuple(range(low, high + 1))
    found: set[int] = set()
    for part in text.split(","):
        told = _PART.fullmatch(part.strip())
        if told is None:
            raise ValueError(f"{name}: {part!r}")
        first, last = (int(told[1]),) * 2 if told[1] else (int(told[2]), int(told[3]))
        if not low <= first <= last <= high:
            raise ValueError(f"{name}: {part!r}, {low}-{high}")
        found |= set(range(first, last + 1))
    return tuple(sorted(found))


class Schedule(BaseModel):
    """The seconds, minutes, hours and days (Monday is 1) at which a query is asked, in the country's clock."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))
    second: str = "0"
    minute: str = ""
    hour: str = ""
    dayOfMonth: str = ""  # noqa: N815 - the standard's names
    month: str = ""
    dayOfWeek: str = ""  # noqa: N815

    @field_validator("*")
    @classmethod
    def _is_told(cls, value: str, info: object) -> str:
        numbers(info.field_name, value)  # type: ignore[attr-defined]
        return value

    def after(self, moment: dt.datetime) -> dt.datetime | None:
        """Return the first time after a moment, or ``None`` when there is none for years."""
        zone = ZoneInfo(LOCAL)
        local = moment.astimezone(zone).replace(tzinfo=None)
        held = {name: numbers(name, getattr(self, name)) for name in LIMITS}
        for ahead in range(FARTHEST_DAYS):
            day = local.date() + dt.timedelta(days=ahead)
            if day.month not in held["month"] or day.day not in held["dayOfMonth"]:
                continue
            if day.isoweekday() not in held["dayOfWeek"]:
                continue
            for told in product(held["hour"], held["minute"], held["second"]):
                found = dt.datetime.combine(day, dt.time(*told))
                if found > local:
                    return found.replace(tzinfo=zone).astimezone(dt.UTC)
        return None
