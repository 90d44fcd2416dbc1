"""Who drives: a roster over the week in which every driver keeps the hours of the law, and the drivers each base needs.

Runs are taken in order of time. A run goes to a driver who is there, rested and within his hours: first to one whom it
takes home, then to one already on duty, then to the one with most hours, so that few are needed; else one is hired.
Runs of more than one driver's hours take two, who change at the wheel; longer ones are legs between posts on the way
(see ``relays``), each with a driver of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.duties import duties, least_drivers, least_duties
from postroad.design.lines.relays import Posts
from postroad.design.lines.vehicles import DUTY_H, drivers_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from postroad.design.lines.week import Week

WEEK_MIN = 10080.0
BIG = 1e9


@dataclass(frozen=True)
class Rules:
    """Hours of drivers: at the wheel in a duty and in a week, a duty from first run to last, rest before the next.

    Eight hours a day and forty a week are the standard working time (Labour Law, article 36; State Council Decree 174).
    The span of a duty, the rest between two, and the minutes between two runs are assumed. Two on board may be on duty
    for as long as their one run takes.
    """

    wheel_h: float = DUTY_H
    week_h: float = 40.0
    span_h: float = 12.0
    rest_h: float = 10.0
    turn_min: float = 30.0


RULES = Rules()


@dataclass(frozen=True)
class Leg:
    """A leg that a driver drives or rides on board: who, in which duty, when, how long, at the wheel, from and to."""

    driver: int
    duty: int
    at: float
    minutes: float
    wheel_h: float
    way: tuple[str, str]


@dataclass(frozen=True)
class Crews:
    """``crews``: one row a base; ``roster``: one row a leg and driver; ``duties``: one row a duty.

    ``unfilled`` names the legs that nobody may drive: longer at the wheel than a duty allows, or alone on board for
    longer than a duty may last. No roster has fewer than ``least_duties`` duties or ``least_drivers`` drivers.
    """

    crews: pl.DataFrame
    roster: pl.DataFrame
    duties: pl.DataFrame
    unfilled: pl.DataFrame
    least_duties: int
    least_drivers: int

    @property
    def drivers(self) -> int:
        """How many drivers there are in all."""
        return int(self.crews["drivers"].sum())


def crewed(week: Week, empties: pl.DataFrame, rules: Rules = RULES) -> Crews:
    """Return the roster of a week's runs and of the empty runs that balance it, which are spread evenly over it."""
    columns = ("weekday", "at_min", "minutes", "vehicles", "from_place_id", "to_place_id")
    loaded = [((day - 1) * 1440.0 + at, long, count, a, b)
              for day, at, long, count, a, b in week.run.select(columns).iter_rows() if count]  # fmt: skip
    spread = [(WEEK_MIN * (k + 0.5) / count, long, 1, a, b) for a, b, count, long in empties.select(
        "from_place_id", "to_place_id", "vehicles", "minutes").iter_rows() for k in range(count)]  # fmt: skip
    posts = Posts(week.table.work.roads.minutes)
    tasks = sorted(posts.legs([*loaded, *spread]), key=lambda one: (one[0], one[3], one[4], one[1]))
    pool, unfilled = _Pool(rules), list[tuple[Any, ...]]()
    for at, long, count, a, b in tasks:
        aboard = drivers_for(long)
        if long / 60 / aboard > rules.wheel_h + 1e-9 or (aboard == 1 and long > 60 * rules.span_h):
            unfilled.append((int(at // 1440.0) + 1, at % 1440.0, long, count, a, b))
            continue
        for _ in range(count):
            pool.drive(at, long, (a, b))
    base = {k: pool.names[place] for k, place in enumerate(pool.base)}
    schema = dict(zip(columns, (pl.Int64, pl.Float64, pl.Float64, pl.Int64, pl.String, pl.String), strict=True))
    return Crews(_bases(pool, posts), pool.roster(), duties(pool.legs, base),
                 pl.DataFrame(unfilled, schema=schema, orient="row"), least_duties(pool.legs, rules),
                 least_drivers(pool.legs, rules))  # fmt: skip


class _Pool:
    """Drivers with where they are, since when they are on duty, and the hours they have driven."""

    def __init__(self, rules: Rules) -> None:
        self.rules, self.number = rules, {}  # type: Rules, dict[str, int]
        self.base: list[int] = []
        self.state = np.zeros((6, 256))  # place, free from, on duty since, wheel of the duty, wheel of the week, duties
        self.at: dict[int, list[int]] = {}
        self.longest: list[float] = []
        self.legs: list[Leg] = []

    @property
    def names(self) -> list[str]:
        """Places and posts by their number."""
        return list(self.number)

    def drive(self, at: float, minutes: float, way: tuple[str, str]) -> None:
        """Give one vehicle's run to as many drivers as it takes."""
        count = drivers_for(minutes)
        a, b = (self.number.setdefault(place, len(self.number)) for place in way)
        for _ in range(count):
            k = self._found(at, minutes, minutes / 60 / count, (a, b))
            self.at[a].remove(k)
            self.at.setdefault(b, []).append(k)
            _, free, since, wheel, week, duties = self.state[:, k]
            if self._goes_on(at, minutes, minutes / 60 / count, (free, since, wheel)):
                wheel += minutes / 60 / count
            else:
                since, wheel, duties = at, minutes / 60 / count, duties + 1
            self.state[:, k] = b, at + minutes, since, wheel, week + minutes / 60 / count, duties
            self.longest[k] = max(self.longest[k], (at + minutes - since) / 60)
            self.legs.append(Leg(k, int(duties), at, minutes, minutes / 60 / count, way))

    def _goes_on(self, at: float, minutes: float, wheel_h: float, duty: tuple[float, float, float]) -> bool:
        rules, (free, since, wheel) = self.rules, duty
        return bool(at >= free + rules.turn_min and at + minutes - since <= 60 * rules.span_h
                    and wheel + wheel_h <= rules.wheel_h + 1e-9)  # fmt: skip

    def _found(self, at: float, minutes: float, wheel_h: float, way: tuple[int, int]) -> int:
        """The driver at the place who suits best, or a new one based there."""
        rules, held = self.rules, self.at.setdefault(way[0], [])
        if held:
            own = np.array(held)
            _, free, since, wheel, week, _ = self.state[:, own]
            on = (at >= free + rules.turn_min) & (at + minutes - since <= 60 * rules.span_h)
            on &= wheel + wheel_h <= rules.wheel_h + 1e-9
            fresh = at >= free + 60 * rules.rest_h
            able = (on | fresh) & (week + wheel_h <= rules.week_h + 1e-9)
            if able.any():
                home = np.array([self.base[k] == way[1] for k in held])
                score = np.where(able, 1e4 * home + 1e3 * on + week, -BIG)
                return int(own[int(score.argmax())])
        return self._hired(way[0])

    def _hired(self, place: int) -> int:
        k = len(self.base)
        if k == self.state.shape[1]:
            self.state = np.concatenate([self.state, np.zeros_like(self.state)], axis=1)
        self.base.append(place)
        self.longest.append(0.0)
        self.state[:, k] = place, -BIG, -BIG, 0.0, 0.0, 0.0
        self.at.setdefault(place, []).append(k)
        return k

    def roster(self) -> pl.DataFrame:
        """Return every leg of every driver: number, base, weekday, minute, minutes, from, to."""
        names = self.names
        ordered = sorted(self.legs, key=lambda one: (one.driver, one.at, one.minutes, one.way))
        rows = [(one.driver + 1, names[self.base[one.driver]], int(one.at // 1440.0) + 1, one.at % 1440.0, one.minutes,
                 *one.way) for one in ordered]  # fmt: skip
        schema = {"driver": pl.Int64, "base_place_id": pl.String, "weekday": pl.Int64, "at_min": pl.Float64,
                  "minutes": pl.Float64, "from_place_id": pl.String, "to_place_id": pl.String}  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")

    def of_base(self) -> Iterable[tuple[str, NDArray[np.int64]]]:
        """Yield each base with its drivers."""
        base = np.array(self.base, np.int64)
        for name, n in sorted(self.number.items()):
            if (own := np.flatnonzero(base == n)).size:
                yield name, own


def _bases(pool: _Pool, posts: Posts) -> pl.DataFrame:
    """One row for each base: a place (``roster``), or a relay post at a part of the way between two (``relay``)."""
    names = pool.names
    rows: list[tuple[Any, ...]] = []
    for name, own in pool.of_base():
        away = [k for k in own.tolist() if int(pool.state[0, k]) != pool.base[k]]
        home_h = sum(posts.minutes(names[int(pool.state[0, k])], name) for k in away) / 60
        post = posts.get(name)
        where = (post.start, post.end, "relay", f"{post.part}/{post.parts}") if post else (name, None, "roster", None)
        rows.append((*where, len(own), float(pool.state[4, own].sum()), int(pool.state[5, own].sum()),
                     max(pool.longest[k] for k in own.tolist()), float(pool.state[4, own].max()), len(away), home_h)
                    )  # fmt: skip
    names_ = ("base_place_id", "other_place_id", "how", "part_of_way", "drivers", "wheel_h_week", "duties_week",
              "longest_duty_h", "most_wheel_h_week", "rides_home_week", "ride_home_h_week")  # fmt: skip
    text, whole = names_[:4], ("drivers", "duties_week", "rides_home_week")
    schema = {n: pl.String if n in text else pl.Int64 if n in whole else pl.Float64 for n in names_}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("how", "base_place_id", "other_place_id", "part_of_way",
                                                               descending=[True, False, False, False])  # fmt: skip
