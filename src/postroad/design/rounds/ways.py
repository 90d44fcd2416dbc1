"""The rounds of one county under the four ways of serving it, for any share of its parcels.

Tier 1 goes from the county centre to the townships in the morning, with outbound pieces on the way back; tier 2 goes
from each township to its villages once the pieces are there. A coalition of operators with a share of the parcels runs
both tiers for that share; every operator alone, and all of them together, are its two ends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.rounds.previous import again
from postroad.design.rounds.routing import Day, Ground, Round, hopeless, solve_day, subset, total_yuan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.design.rounds.county import County, Township

CONSISTENCY = 0.05
"""Rounds of the fullest day, and those of an older plan, are kept unless fresh ones save more than this share."""
WEEK = 7
GRAIN_MIN = 5.0
"""Ready times are rounded up to so many minutes: shares whose vans arrive together need one search."""


@dataclass(frozen=True)
class Local:
    """Tier 2 of a township for a share of the parcels: rounds by weekday, in rows of the township's own ground."""

    ground: Ground
    week: tuple[tuple[Round, ...], ...]
    template_yuan: float
    fresh_yuan: float
    left_out: tuple[int, ...]

    @property
    def yuan(self) -> float:
        """Cost of a week."""
        return sum(total_yuan(day) for day in self.week)


@dataclass(frozen=True)
class Feeding:
    """Tier 1 for a share of the parcels: the rounds of a day, when each township has its pieces, and cost shares."""

    rounds: tuple[Round, ...]
    ready: dict[str, float]
    yuan_of: dict[str, float]
    km_of: dict[str, float]
    co2e_of: dict[str, float]

    @property
    def yuan(self) -> float:
        """Cost of a day."""
        return total_yuan(self.rounds)


def _quiet() -> None:
    """Nobody listens: counties in processes of their own are stopped from outside."""


BEAT: ContextVar[Callable[[], None]] = ContextVar("BEAT", default=_quiet)
"""Called before every search, so that a county designed in this process shows life and can be stopped midway."""

By = tuple[tuple[str, tuple[int, ...] | None], ...]
"""What buses bring, by township: some of its villages, or, where there is ``None``, everything."""


@dataclass
class Pricing:
    """Solves tiers for shares of a county's parcels, each only once."""

    county: County
    feedings: dict[tuple[float, By], Feeding] = field(default_factory=dict)
    locals: dict[tuple[str, float, float, tuple[int, ...]], Local] = field(default_factory=dict)

    def feeding(self, share: float, by_bus: By = ()) -> Feeding:
        """Return tier 1 for a share, leaving out what buses bring."""
        key = (round(share, 9), by_bus)
        if key not in self.feedings:
            BEAT.get()()
            self.feedings[key] = _feed(self.county, share, dict(by_bus))
        return self.feedings[key]

    def local(self, township: Township, share: float, ready_min: float, without: tuple[int, ...] = ()) -> Local:
        """Return tier 2 of a township for a share, without villages that the bus serves."""
        ready = float(np.ceil(ready_min / GRAIN_MIN - 1e-9) * GRAIN_MIN)
        key = (township.place_id, round(share, 9), ready, without)
        if key not in self.locals:
            BEAT.get()()
            self.locals[key] = _serve(self.county, township, share, ready, set(without))
        return self.locals[key]

    def shared_yuan(self, share: float, brands: int) -> float:
        """Return the week's cost of a group of brands with this share that do everything together."""
        terms, county = self.county.terms, self.county
        feeding = self.feeding(share)
        cost = WEEK * feeding.yuan
        for township in county.townships:
            cost += self.local(township, share, feeding.ready[township.place_id]).yuan
        pieces = share * county_pieces(county)
        if brands == 1:
            fixed = terms.branch_day_yuan + terms.agent_day_yuan * len(county.townships)
            return cost + WEEK * (fixed + terms.hand_sort_yuan(pieces))
        fixed, sort = shared_fixed(county, brands, pieces)
        return cost + WEEK * (fixed + sort)


def shared_fixed(county: County, brands: int, pieces: float) -> tuple[float, float]:
    """Return the day's cost of centre and nodes, and of sorting, of brands that share: the cheaper form of each.

    A few brands may keep branches and hand sorting when a machine or a joint node costs more.
    """
    terms = county.terms
    node = min(terms.node_day_yuan, brands * terms.agent_day_yuan) * len(county.townships)
    machine = terms.centre_day_yuan + terms.machine_sort_yuan(pieces)
    hand = brands * terms.branch_day_yuan + terms.hand_sort_yuan(pieces)
    if machine <= hand:
        return node + terms.centre_day_yuan, terms.machine_sort_yuan(pieces)
    return node + brands * terms.branch_day_yuan, terms.hand_sort_yuan(pieces)


def county_pieces(county: County) -> float:
    """Pieces of a mean day, both ways, in villages that can be served."""
    return float(sum(t.deliver.sum() + t.collect.sum() for t in county.townships))


def _feed(county: County, share: float, by_bus: dict[str, tuple[int, ...] | None]) -> Feeding:
    own = [t for t in county.townships if by_bus.get(t.place_id, ()) is not None]
    if not own:
        return Feeding((), {}, {}, {}, {})
    ground = county.ground.take([0, *(t.node for t in own)])
    load = np.array([(0.0, 0.0), *(t.heaviest(share, by_bus.get(t.place_id) or ()) for t in own)])
    terms = county.terms
    # Where there and back is longer than a shift, two drivers take turns; both are paid.
    pairs = tuple(replace(van, yuan_h=2 * van.yuan_h, crew=2) for van in terms.vans if not van.kwh_km)
    terms = replace(terms, vans=(*terms.vans, *pairs))
    day = Day(ground, load[:, 0], load[:, 1], terms.first_min, terms, terms.village_min)
    day = replace(
        day, latest_min=np.array([terms.closes_min, *(_needed(county, t, day, k) for k, t in enumerate(own, 1))])
    )
    rounds, left = _possible(day, frozenset(range(1, len(own) + 1)), county.seed)
    ready = {t.place_id: NEVER_MIN if k in left else 0.0 for k, t in enumerate(own, start=1)}
    parts = [dict.fromkeys(ready, 0.0) for _ in range(3)]
    for one in rounds:
        stops = [(own[v.row - 1].place_id, v) for v in one.visits if v.row]
        weights = share_out(day, [visit.row for _, visit in stops], [v.deliver + v.collect for _, v in stops])
        for (place, visit), weight in zip(stops, weights, strict=True):
            handed = visit.arrive_min + day.service(visit.deliver + visit.collect) + terms.node_min
            ready[place] = max(ready[place], handed)
            for part, whole in zip(parts, (one.yuan, one.km, one.co2e_kg), strict=True):
                part[place] += whole * weight
    return Feeding(tuple(rounds), ready, *parts)


def _needed(county: County, town: Township, day: Day, row: int) -> float:
    """Return by when a township is to have its pieces: its farthest village is still reached before it closes.

    Where no vehicle can be there so early, the first that can.
    """
    terms = county.terms
    there = min(county.ground.opened(k, terms)[1] - county.ground.minutes[town.node, k] for k in town.rows)
    handing = day.service(float(day.deliver[row] + day.collect[row])) + terms.node_min + terms.load_min
    first = day.ready_min + terms.load_min + float(day.ground.minutes[0, row])
    return min(terms.closes_min, max(float(there) - handing - GRAIN_MIN, max(first, terms.opens_min) + 1.0))


def share_out(day: Day, rows: Sequence[int], pieces: Sequence[float]) -> np.ndarray:
    """Return each stop's share of its round: by its own way there and back and its own minutes of service."""
    away = np.array([day.ground.minutes[0, row] + day.ground.minutes[row, 0] for row in rows])
    own = away + np.array([day.service(load) for load in pieces])
    return np.asarray(own / own.sum())


NEVER_MIN = 1440.0
"""When a township has its pieces that no vehicle brings before it closes."""


def local_day(county: County, township: Township, share: float, ready: float) -> Day:
    """Return what a township has to do on a day on which every village is served."""
    ground = county.ground.take([township.node, *township.rows])
    deliver, collect = township.visit(share)
    terms = county.terms
    return Day(ground, np.r_[0.0, deliver], np.r_[0.0, collect], ready, terms, terms.village_min)


def _serve(county: County, township: Township, share: float, ready: float, without: set[int]) -> Local:
    whole = local_day(county, township, share, ready)
    week_rows = [
        frozenset(k + 1 for k, days in enumerate(township.weekdays) if day in days and k not in without)
        for day in range(WEEK)
    ]
    every = frozenset().union(*week_rows)
    template, left = _possible(whole, every, county.seed)
    old = None
    if township.before:
        old = again(whole, township.before, every - left, lambda rows: _only(whole, rows, county.seed))
    if old is not None and total_yuan(old) <= (1 + CONSISTENCY) * total_yuan(template):
        template = old
    kept: dict[frozenset[int], tuple[Round, ...]] = {}
    template_yuan = fresh_yuan = 0.0
    for rows in week_rows:
        if rows not in kept:
            kept[rows], costs = _of_day(whole, template, rows - left, county.seed)
            template_yuan, fresh_yuan = template_yuan + costs[0], fresh_yuan + costs[1]
    return Local(whole.ground, tuple(kept[rows] for rows in week_rows), template_yuan, fresh_yuan,
                 tuple(sorted(row - 1 for row in left)))  # fmt: skip


def _of_day(
    whole: Day, template: list[Round], rows: frozenset[int], seed: int
) -> tuple[tuple[Round, ...], tuple[float, float]]:
    """Rounds of a weekday: the template's with stops left out, or fresh ones where they save much."""
    same = subset(whole, template, set(rows))
    cost = total_yuan(same)
    if sum(len({v.row for v in one.visits} - {0}) for one in template) == len(rows):
        return tuple(same), (cost, cost)
    fresh = _only(whole, rows, seed)
    if fresh is None:
        return tuple(same), (cost, cost)
    other = total_yuan(fresh)
    return tuple(fresh if other < (1 - CONSISTENCY) * cost else same), (cost, other)


def _only(whole: Day, rows: frozenset[int], seed: int) -> list[Round] | None:
    own = [0, *sorted(rows)]
    rounds = solve_day(_part(whole, own), seed)
    if rounds is None:
        return None
    return [replace(one, visits=tuple(replace(v, row=own[v.row]) for v in one.visits)) for one in rounds]


def _part(whole: Day, own: list[int]) -> Day:
    latest = whole.latest_min if whole.latest_min is None else whole.latest_min[own]
    return replace(whole, ground=whole.ground.take(own), deliver=whole.deliver[own], collect=whole.collect[own],
                   latest_min=latest)  # fmt: skip


def _possible(whole: Day, rows: frozenset[int], seed: int) -> tuple[list[Round], frozenset[int]]:
    """Rounds of the fullest day; places that no vehicle reaches in time are left out and named."""
    rounds = _only(whole, rows, seed)
    if rounds is not None:
        return rounds, frozenset()
    own = [0, *sorted(rows)]
    left = frozenset(own[row] for row in hopeless(_part(whole, own)))
    return _only(whole, rows - left, seed) or [], left
