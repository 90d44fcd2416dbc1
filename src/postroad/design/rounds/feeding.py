"""Tier 1 of a county: in the morning pieces go to the townships, in the evening what the rounds collected comes back.

Without evening rounds the morning's vans take along what was collected the day before, which then waits for a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.rounds.days import CONSISTENCY, WEEK, only, possible
from postroad.design.rounds.hours import Hours
from postroad.design.rounds.previous import Standing, again
from postroad.design.rounds.routing import Day, Round, timed, total_yuan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.design.rounds.county import County, Township

NEVER_MIN = 1440.0
"""When a township has its pieces that no vehicle brings before it closes."""
EVENING_MIN = 1290.0
"""Until when townships hand over what was collected; assumed."""
SPARE_MIN = 5.0
"""Townships have their pieces so much earlier than their farthest village needs them."""
ALIKE = 0.98
"""A weekday with at least this share of the heaviest day's pieces is driven like it, with its own loads."""

Week = tuple[tuple[Round, ...], ...]


@dataclass(frozen=True)
class Feeding:
    """Tier 1 for a share of the parcels: rounds by weekday, when each township has its pieces, cost shares of a week.

    Rows of the rounds count the county's townships in order, from 1.
    """

    morning: Week
    evening: Week
    ready: dict[str, float]
    morning_yuan_of: dict[str, float]
    yuan_of: dict[str, float]
    km_of: dict[str, float]
    co2e_of: dict[str, float]

    @property
    def yuan(self) -> float:
        """Cost of a week."""
        return sum(total_yuan(day) for day in (*self.morning, *self.evening))

    @property
    def week(self) -> Week:
        """All rounds by weekday."""
        return tuple((*early, *late) for early, late in zip(self.morning, self.evening, strict=True))


def feed(county: County, share: float, by_bus: dict[str, tuple[int, ...] | None]) -> Feeding:
    """Return tier 1 for a share of the parcels; ``by_bus`` has what buses bring, ``None`` for all that is delivered."""
    towns, evening = county.townships, county.service.evening
    if not towns:
        return Feeding(((),) * WEEK, ((),) * WEEK, {}, {}, {}, {}, {})
    load = np.zeros((WEEK, len(towns) + 1, 2))
    for k, t in enumerate(towns, 1):
        by = by_bus.get(t.place_id, ())
        load[:, k] = t.weekly(share, by or ())
        if by is None:
            load[:, k, 0] = 0.0
            load[:, k, 1] *= evening
    first, last = load.copy(), np.zeros_like(load)
    if evening:
        first[..., 1], last[..., 1] = 0.0, load[..., 1]
    late: Week = ((),) * WEEK
    if evening:
        late, lost = _tier(_evening(county, last.max(0)), last, county.seed, county.before_evening)
        for k in lost:  # too far for an evening: the next morning's van takes it
            first[:, k, 1] = last[:, k, 1]
    whole = _day(county, first.max(0))
    need = np.array([_needed(county, t, whole, k) for k, t in enumerate(towns, 1)])
    whole = replace(whole, latest_min=np.array([county.terms.closes_min, *need]))
    morning, left = _tier(whole, first, county.seed, county.before)
    if evening:
        late = tuple(_same_vans(early, after, county) for early, after in zip(morning, late, strict=True))
    parts = [_parts(county, whole, part) for part in (morning, late)]
    ready = {t.place_id: _ready(whole, morning, k, left) for k, t in enumerate(towns, 1)}
    both = [{t.place_id: sum(p[what].get(t.place_id, 0.0) for p in parts) for t in towns} for what in range(3)]
    return Feeding(morning, late, ready, {t.place_id: parts[0][0].get(t.place_id, 0.0) for t in towns}, *both)


def _day(county: County, load: NDArray[np.float64]) -> Day:
    """Return the heaviest day of tier 1. Where there and back is longer than a shift, two drivers take turns."""
    terms = county.terms
    pairs = tuple(replace(van, yuan_h=2 * van.yuan_h, crew=2) for van in terms.vans if not van.kwh_km)
    ground = county.ground.take([0, *(t.node for t in county.townships)])
    terms = replace(terms, vans=(*terms.vans, *pairs))
    return Day(ground, load[:, 0], load[:, 1], terms.first_min, terms, terms.village_min)


def _evening(county: County, load: NDArray[np.float64]) -> Day:
    """Return the heaviest evening: townships hand over once all of them have their rounds back."""
    day, ends = _day(county, load), max(done_min(county, t) for t in county.townships)
    begins = min(ends, EVENING_MIN - 1.0)
    hours = tuple(Hours(begins, EVENING_MIN) for _ in day.ground.place_ids)
    terms = replace(day.terms, closes_min=EVENING_MIN)
    return replace(day, ground=replace(day.ground, hours=hours), terms=terms)


def done_min(county: County, town: Township) -> float:
    """Return when a township's rounds are back and their pieces handed over at the latest, whatever they are."""
    back = []
    deliver, collect = town.visit()
    for k, row in enumerate(town.rows):
        pieces = float(deliver[k] + collect[k])
        home = float(county.ground.minutes[row, town.node])
        back.append(county.latest(row) + county.terms.village_min + county.terms.piece_min * pieces + home)
    return max(back) + county.terms.node_min


def _tier(whole: Day, load: NDArray[np.float64], seed: int, before: Standing) -> tuple[Week, frozenset[int]]:
    """Return rounds by weekday for loads by weekday, and the rows that no vehicle reaches in time.

    A lighter day is driven like the heaviest one, without townships that have nothing, unless fresh rounds save much.
    """
    heaviest = load.max(0)
    rows = frozenset(int(k) for k in np.flatnonzero(heaviest.sum(1) > 0))
    if not rows:
        return ((),) * WEEK, frozenset()
    template, left = possible(whole, rows, seed)
    old = again(whole, before, rows - left, lambda some: only(whole, some, seed)) if before else None
    if old is not None and total_yuan(old) <= (1 + CONSISTENCY) * total_yuan(template):
        template = old
    made: dict[bytes, tuple[Round, ...]] = {}
    week = []
    for today in load:
        key = today.round(6).tobytes()
        if key not in made:
            made[key] = tuple(_lighter(whole, template, today, seed, left))
        week.append(made[key])
    return tuple(week), left


def _lighter(
    whole: Day, template: Sequence[Round], today: NDArray[np.float64], seed: int, left: frozenset[int]
) -> list[Round]:
    """Return a weekday's rounds: the heaviest day's with this day's loads, or fresh ones where they save much."""
    heaviest = np.column_stack([whole.deliver, whole.collect])
    part = np.divide(today, heaviest, out=np.zeros_like(today), where=heaviest > 0)
    same = []
    for one in template:
        order = [(v.row, v.deliver * part[v.row, 0], v.collect * part[v.row, 1]) for v in one.visits]
        order = [stop for stop in order if not stop[0] or stop[1] + stop[2] > 0]
        order = [stop for k, stop in enumerate(order) if stop[0] or (k and order[k - 1][0])]
        while order and not order[-1][0]:
            order.pop()
        if order:
            same.append(timed(whole, one.van, one.charged, order))
    if today.sum() >= ALIKE * heaviest.sum():
        return same
    day = replace(whole, deliver=today[:, 0], collect=today[:, 1])
    fresh = only(day, frozenset(int(k) for k in np.flatnonzero(today.sum(1) > 0)) - left, seed)
    return fresh if fresh is not None and total_yuan(fresh) < (1 - CONSISTENCY) * total_yuan(same) else same


def _same_vans(early: Sequence[Round], late: Sequence[Round], county: County) -> tuple[Round, ...]:
    """Let evening rounds use vans that are back from the morning: a day's lease is paid once."""
    terms, free, made = county.terms, list(early), []
    for one in late:
        usable = []
        for other in free:
            rest = one.depart_min - terms.load_min - other.depart_min - other.duration_min
            # What the morning used is charged again before the evening.
            needed = max(terms.load_min, 60.0 * other.km * other.van.kwh_km / terms.charger_kw)
            if other.van.vehicle_id == one.van.vehicle_id and rest >= needed:
                usable.append(other)
        if usable:
            free.remove(usable[0])
        made.append(replace(one, yuan=one.yuan - terms.vehicle_day_yuan) if usable else one)
    return tuple(made)


def _ready(day: Day, week: Week, row: int, left: frozenset[int]) -> float:
    """Return when a township has its pieces on every weekday; the start of the day when it gets none by van."""
    if row in left:
        return NEVER_MIN
    handed = [v.arrive_min + day.service(v.deliver + v.collect) + day.terms.node_min
              for rounds in week for one in rounds for v in one.visits if v.row == row]  # fmt: skip
    return max(handed, default=day.ready_min)


def _parts(county: County, day: Day, week: Week) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Share out the cost, km and kg of CO2e of a week's rounds to the townships on them."""
    names = [t.place_id for t in county.townships]
    parts: tuple[dict[str, float], ...] = ({}, {}, {})
    for one in (one for rounds in week for one in rounds):
        stops = [v for v in one.visits if v.row]
        weights = share_out(day, [v.row for v in stops], [v.deliver + v.collect for v in stops])
        for visit, weight in zip(stops, weights, strict=True):
            name = names[visit.row - 1]
            for part, whole in zip(parts, (one.yuan, one.km, one.co2e_kg), strict=True):
                part[name] = part.get(name, 0.0) + whole * float(weight)
    return parts[0], parts[1], parts[2]


def _needed(county: County, town: Township, day: Day, row: int) -> float:
    """Return by when a township is to have its pieces: its farthest village is still reached in time.

    Where no vehicle can be there so early, the first that can.
    """
    terms = county.terms
    there = min(county.latest(k) - county.ground.minutes[town.node, k] for k in town.rows)
    handing = day.service(float(day.deliver[row] + day.collect[row])) + terms.node_min + terms.load_min
    first = day.ready_min + terms.load_min + float(day.ground.minutes[0, row])
    wanted = min(float(there) - handing - SPARE_MIN, county.service.feeder_by_min)
    return min(terms.closes_min, max(wanted, max(first, terms.opens_min) + 1.0))


def share_out(day: Day, rows: Sequence[int], pieces: Sequence[float]) -> np.ndarray:
    """Return each stop's share of its round: by its own way there and back and its own minutes of service."""
    away = np.array([day.ground.minutes[0, row] + day.ground.minutes[row, 0] for row in rows])
    own = away + np.array([day.service(load) for load in pieces])
    return np.asarray(own / own.sum())
