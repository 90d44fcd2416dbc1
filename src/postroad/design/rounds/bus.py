"""Scheduled buses as the first tier, and to villages at the roadside: where a hold is free, in time and cheaper.

A bus may take a township's pieces from the seat, or a village's straight to its stop; outbound pieces ride on the next
trip back. What a trip takes is bounded by its spare hold and by how long hand-overs may keep its passengers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from postroad.design.rounds.days import WEEK
from postroad.design.rounds.feeding import Feeding
from postroad.design.rounds.ways import Local, Pricing

if TYPE_CHECKING:
    from postroad.design.rounds.county import BusTrip, County, Township


@dataclass(frozen=True)
class Carried:
    """Pieces a trip takes to a place, on each day of service, and those that its trip back takes from there.

    Passengers of either trip wait so many minutes for them.
    """

    trip: BusTrip
    place_id: str
    arrive_min: float
    deliver: float
    collect: float
    delay_min: float
    back_delay_min: float
    yuan: float


@dataclass(frozen=True)
class BusPlan:
    """What buses take in a township: whether they feed it, the villages they serve, and the rounds that are left."""

    township_id: str
    feeds: bool
    villages: tuple[int, ...]
    carried: tuple[Carried, ...]
    local: Local
    saving_yuan: float
    """Of a week, against the shared round without buses."""


def best_plan(pricing: Pricing, feeding: Feeding, township: Township, share: float = 1.0) -> BusPlan | None:
    """Return the cheapest use of the buses for a township, or ``None`` when none saves money.

    ``feeding`` is the first tier of whoever has that share of the pieces.
    """
    usable = [trip for trip in township.trips if trip.stops[-1][1] <= pricing.county.terms.bus_latest_min]
    if not usable:
        return None
    ready = feeding.ready[township.place_id]
    plain = pricing.local(township, share, ready)
    found = [
        _roadside(pricing, township, usable, plain, ready, share),
        _feeds(pricing, feeding, township, usable, plain, share),
    ]
    plans = [plan for plan in found if plan is not None and plan.saving_yuan > 0]
    return max(plans, key=lambda plan: (plan.saving_yuan, plan.feeds), default=None)


def fees(township: Township, plan: BusPlan | None) -> float:
    """Return what buses cost in a week: every day where they feed a township, else on the villages' days."""
    if plan is None:
        return 0.0
    days = [WEEK] * len(plan.carried) if plan.feeds else [len(township.weekdays[k]) for k in plan.villages]
    return sum(c.yuan * count for c, count in zip(plan.carried, days, strict=True))


def delay_min(county: County, trip: BusTrip, pieces: float) -> float:
    """Return how long passengers wait on the way while pieces are handed over at a stop."""
    return trip.handover_min + county.terms.piece_min * pieces


def _roadside(
    pricing: Pricing, township: Township, trips: list[BusTrip], plain: Local, ready: float, share: float
) -> BusPlan | None:
    """Villages at stops on the way, each on one trip, where that is cheaper than the round's stop."""
    county, terms = pricing.county, pricing.county.terms
    index = {county.ground.place_ids[row]: k for k, row in enumerate(township.rows)}
    deliver, collect = township.visit(share)
    room = {
        name: _Room(trip.capacity, terms.delay_bound_min) for trip in trips for name in (trip.trip_id, trip.back_id)
    }
    gain = {k: _gain(plain, k + 1, county) for k in range(len(township.rows))}
    chosen: dict[int, Carried] = {}
    offers = [(trip, place, minute) for trip in trips for place, minute in trip.stops[:-1] if place in index]
    for trip, place, minute in sorted(offers, key=lambda o: (-gain[index[o[1]]], o[2], o[0].trip_id)):
        k = index[place]
        fee = trip.fee_yuan * (deliver[k] + collect[k])
        calls = [(room[trip.trip_id], float(deliver[k]), minute)]
        back = trip.back_at(place)
        if collect[k] > 0:
            if back is None:
                continue
            calls.append((room[trip.back_id], float(collect[k]), back))
        waits = [delay_min(county, trip, pieces) for _, pieces, _ in calls]
        fits = all(own.takes(pieces, wait) for (own, pieces, _), wait in zip(calls, waits, strict=True))
        opens, closes = county.ground.opened(township.rows[k], terms)
        opened = all(opens <= at <= closes for _, _, at in calls)
        if k in chosen or not fits or not opened or fee >= gain[k]:
            continue
        for (own, pieces, _), wait in zip(calls, waits, strict=True):
            own.pieces, own.wait_min = own.pieces - pieces, own.wait_min - wait
        chosen[k] = Carried(trip, place, minute, float(deliver[k]), float(collect[k]), waits[0], sum(waits[1:]),
                            float(fee))  # fmt: skip
    if not chosen:
        return None
    local = pricing.local(township, share, ready, tuple(sorted(chosen)))
    rows = tuple(sorted(chosen))
    plan = BusPlan(township.place_id, False, rows, tuple(chosen[k] for k in rows), local, 0.0)
    return replace(plan, saving_yuan=plain.yuan - local.yuan - fees(township, plan))


@dataclass
class _Room:
    """What a trip may still take: pieces in the hold, and minutes its passengers may wait."""

    pieces: float
    wait_min: float

    def takes(self, pieces: float, wait_min: float) -> bool:
        """Whether so many pieces and minutes more are possible."""
        return pieces <= self.pieces and wait_min <= self.wait_min


def _gain(plain: Local, row: int, county: County) -> float:
    """What a visit would save at most: its detour and its minutes, at the rates of the vehicle that makes it."""
    best = 0.0
    for day in plain.week:
        for one in day:
            rows = [0, *(v.row for v in one.visits), 0]
            for at, visit in enumerate(one.visits, start=1):
                if visit.row != row:
                    continue
                before, after = rows[at - 1], rows[at + 1]
                ground = plain.ground
                km = ground.km[before, row] + ground.km[row, after] - ground.km[before, after]
                minutes = ground.minutes[before, row] + ground.minutes[row, after] - ground.minutes[before, after]
                minutes += county.terms.village_min + county.terms.piece_min * (visit.deliver + visit.collect)
                best = max(best, float(km * one.van.yuan_km + minutes / 60.0 * one.van.yuan_h))
    return best


def _feeds(
    pricing: Pricing, feeding: Feeding, township: Township, trips: list[BusTrip], plain: Local, share: float
) -> BusPlan | None:
    """All of a township's pieces by the morning's buses, where their holds are large enough."""
    county = pricing.county
    deliver, collect = township.heaviest(share)
    collect = 0.0 if county.service.evening else collect  # the evening's van fetches what was collected that day
    left, back, carried, used = deliver, collect, [], set[str]()
    for trip in sorted(trips, key=lambda t: (t.stops[-1][1], t.trip_id)):
        if left <= 1e-9 and back <= 1e-9:
            break
        takes = min(left, trip.capacity)
        brings = min(back, trip.capacity) if trip.back and trip.back_id not in used else 0.0
        used.add(trip.back_id)
        left, back = left - takes, back - brings
        fee = trip.fee_yuan * (takes + brings)
        # Both ends of a line are stands: nobody on board waits.
        carried.append(Carried(trip, township.place_id, trip.stops[-1][1], takes, brings, 0.0, 0.0, fee))
    if left > 1e-9 or back > 1e-9 or not carried:
        return None
    ready = max(c.arrive_min + c.trip.handover_min for c in carried) + county.terms.node_min
    local = pricing.local(township, share, ready)
    if local.left_out:
        return None  # the promise comes first: no village is given up for a cheaper bus
    plan = BusPlan(township.place_id, True, (), tuple(carried), local, 0.0)
    spared = feeding.morning_yuan_of if county.service.evening else feeding.yuan_of
    saved = spared[township.place_id] + plain.yuan - local.yuan - fees(township, plan)
    return replace(plan, saving_yuan=saved)
