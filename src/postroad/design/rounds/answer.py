"""The plan of one county: the chosen rounds, and what every way would cost there."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from postroad.design.rounds.bus import BusPlan, best_plan, fees
from postroad.design.rounds.county import Unserved
from postroad.design.rounds.days import CONSISTENCY, WEEK
from postroad.design.rounds.feeding import NEVER_MIN, Feeding
from postroad.design.rounds.promise import Promise, cheapest, promises
from postroad.design.rounds.routing import Round
from postroad.design.rounds.ways import Local, Pricing, county_pieces, shared_fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.design.rounds.county import County, Township

WAYS = ("alone", "shared_centre", "shared_round", "shared_bus")
GRID = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Shares at which the cost of coalitions is solved when operators differ; between them it is interpolated."""
EXACT = 12
"""With at most so many different coalition shares every one of them is solved."""


@dataclass(frozen=True)
class Price:
    """What a way costs a township in a week, with its share of the county's first tier and centre."""

    township_id: str
    way: str
    yuan: float
    km: float
    co2e_kg: float
    pieces: float
    vehicle_days: float


@dataclass(frozen=True)
class CountyPlan:
    """A county's chosen rounds, prices of all ways, buses, and running costs of a week by share of the parcels.

    ``curves`` has one for each township's second tier and, under the county's own id, one for the first tier.
    """

    county: County
    feeding: Feeding
    locals: dict[str, Local]
    buses: dict[str, BusPlan]
    prices: tuple[Price, ...]
    chosen: dict[str, str]
    curves: dict[str, tuple[tuple[float, float], ...]]
    promises: tuple[Promise, ...]
    alone: tuple[tuple[str, float], ...]
    alone_arrive: dict[str, dict[int, float]]
    unserved: tuple[Unserved, ...]


def design_county(county: County) -> CountyPlan:
    """Return the plan of a county: prices of four ways, the rounds that are kept, and the coalition costs.

    Shared rounds are kept, with buses where they pay: together one can always do what each does alone, so the first
    two ways are never cheaper and stand for comparison.
    """
    pricing = _grouping(county)
    county = pricing.county
    feeding = pricing.feeding(1.0)
    plain = {t.place_id: pricing.local(t, 1.0, feeding.ready[t.place_id]) for t in county.townships}
    buses = {t.place_id: plan for t in county.townships if (plan := best_plan(pricing, feeding, t))}
    final, locals_ = _with_buses(pricing, buses)
    prices = _prices(pricing, feeding, plain, final, locals_, buses)
    if _sum(prices, "shared_bus") > _sum(prices, "shared_round") - 1e-6:
        # What each township saves need not add up: the vans' tour may hardly shorten. Then no bus is used.
        buses, final, locals_ = {}, feeding, plain
        prices = _prices(pricing, feeding, plain, final, locals_, buses)
    chosen = {t.place_id: "shared_bus" if t.place_id in buses else "shared_round" for t in county.townships}
    late = [_too_late(county, t, k, final) for t in county.townships for k in locals_[t.place_id].left_out]
    alone = tuple((name, pricing.shared_yuan(share, 1)) for name, share in county.shares)
    return CountyPlan(
        county,
        final,
        locals_,
        buses,
        tuple(prices),
        chosen,
        _curves(pricing),
        promises(pricing),
        alone,
        _arrivals(pricing),
        (*county.unserved, *late),
    )


REGROUP = 0.01
"""Villages change their township when that saves the county at least this share; ``CONSISTENCY`` when rounds stand."""


def _grouping(county: County) -> Pricing:
    """Return the county with each village at its own township, or the other grouping where that is clearly cheaper."""
    own = cheapest(county)
    county = own.county
    if county.other is None:
        return own
    other, brands = Pricing(county.other), len(county.shares)
    fewer = len(county.other.unserved) + _left(other) - len(county.unserved) - _left(own)
    stands = any(town.before for town in county.townships)
    least = (1.0 - (CONSISTENCY if stands else REGROUP)) * own.shared_yuan(1.0, brands)
    return other if fewer < 0 or (fewer == 0 and other.shared_yuan(1.0, brands) < least) else own


def _left(pricing: Pricing) -> int:
    """Return how many villages shared rounds cannot reach in time."""
    feeding = pricing.feeding(1.0)
    towns = pricing.county.townships
    return sum(len(pricing.local(t, 1.0, feeding.ready[t.place_id]).left_out) for t in towns)


def _too_late(county: County, town: Township, k: int, feeding: Feeding) -> Unserved:
    """Return why a village is left out: no van brings the township its pieces, or they come too late for it."""
    place, ground = county.ground.place_ids[town.rows[k]], county.ground
    ready = feeding.ready.get(town.place_id, 0.0)
    if ready >= NEVER_MIN:
        km = ground.km[0, town.node] + ground.km[town.node, 0]
        facts = {"hours": round(float(ground.minutes[0, town.node] + ground.minutes[town.node, 0]) / 60.0, 1),
                 "km": round(float(km), 1), "town": town.place_id}  # fmt: skip
        return Unserved(place, "rounds.no_van_to_town", tuple(sorted(facts.items())))
    there = ready + county.terms.load_min + ground.minutes[town.node, town.rows[k]]
    return Unserved(
        place, "rounds.no_time", (("late", max(1, ceil(there - ground.opened(town.rows[k], county.terms)[1]))),)
    )


def _with_buses(pricing: Pricing, buses: dict[str, BusPlan]) -> tuple[Feeding, dict[str, Local]]:
    """Return both tiers when buses take what they do: the vans leave out the townships that buses feed."""
    final = pricing.feeding(1.0, tuple(sorted((p, None if plan.feeds else plan.villages) for p, plan in buses.items())))
    locals_ = {}
    for t in pricing.county.townships:
        plan = buses.get(t.place_id)
        if plan is not None and plan.feeds:
            locals_[t.place_id] = plan.local
        else:
            without = plan.villages if plan is not None else ()
            locals_[t.place_id] = pricing.local(t, 1.0, final.ready[t.place_id], without)
    return final, locals_


def _sum(prices: Sequence[Price], way: str) -> float:
    return sum(price.yuan for price in prices if price.way == way)


def _arrivals(pricing: Pricing) -> dict[str, dict[int, float]]:
    """Return when a brand of mean size, on its own, reaches each village: the mean over a week, by township and row."""
    share = 1.0 / len(pricing.county.shares)
    feeding = pricing.feeding(share)
    found: dict[str, dict[int, float]] = {}
    for town in pricing.county.townships:
        seen: dict[int, list[float]] = {}
        for day in pricing.local(town, share, feeding.ready[town.place_id]).week:
            for visit in (visit for one in day for visit in one.visits if visit.row):
                seen.setdefault(visit.row, []).append(visit.arrive_min)
        found[town.place_id] = {row: sum(times) / len(times) for row, times in seen.items()}
    return found


def _curves(pricing: Pricing) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return (share, running cost of a week) for coalitions: every share when few differ, else a grid."""
    county = pricing.county
    sizes = {0.0}
    for _, share in county.shares:
        sizes |= {round(size + share, 9) for size in sizes}
        if len(sizes) > EXACT:
            break
    wanted = sorted(sizes - {0.0}) if len(sizes) <= EXACT else sorted({*GRID, *(s for _, s in county.shares)})
    curves: dict[str, list[tuple[float, float]]] = {county.place_id: []}
    for share in (min(1.0, share) for share in wanted):
        feeding = pricing.feeding(share)
        curves[county.place_id].append((share, feeding.yuan))
        for town in county.townships:
            cost = pricing.local(town, share, feeding.ready[town.place_id]).yuan
            curves.setdefault(town.place_id, []).append((share, cost))
    return {place: tuple(points) for place, points in curves.items()}


def _prices(
    pricing: Pricing,
    feeding: Feeding,
    plain: dict[str, Local],
    final: Feeding,
    locals_: dict[str, Local],
    buses: dict[str, BusPlan],
) -> list[Price]:
    county = pricing.county
    total = county_pieces(county) or 1.0
    fixed, sort = shared_fixed(county, len(county.shares), total)
    prices = []
    for t in county.townships:
        pieces = float(t.deliver.sum() + t.collect.sum())
        part = pieces / total
        prices += [_alone(pricing, t, part, centre=False), _alone(pricing, t, part, centre=True)]
        joint = WEEK * (fixed + sort) * part
        shared = _price(t, "shared_round", plain[t.place_id].week, pieces)
        prices.append(_with(shared, joint, feeding, t.place_id))
        by_bus = _price(t, "shared_bus", locals_[t.place_id].week, pieces)
        prices.append(_with(by_bus, joint + fees(t, buses.get(t.place_id)), final, t.place_id))
    return prices


def _price(township: Township, way: str, week: Sequence[Sequence[Round]], pieces: float, times: float = 1.0) -> Price:
    rounds = [one for day in week for one in day]
    return Price(township.place_id, way, times * sum(r.yuan for r in rounds), times * sum(r.km for r in rounds),
                 times * sum(r.co2e_kg for r in rounds), WEEK * pieces, times * len(rounds))  # fmt: skip


def _with(price: Price, fixed_yuan: float, feeding: Feeding, place: str, times: float = 1.0) -> Price:
    """Return the price with centre and nodes, and the township's share of the first tier."""
    more = [times * part.get(place, 0.0) for part in (feeding.yuan_of, feeding.km_of, feeding.co2e_of)]
    return Price(price.township_id, price.way, price.yuan + fixed_yuan + more[0], price.km + more[1],
                 price.co2e_kg + more[2], price.pieces, price.vehicle_days)  # fmt: skip


def _alone(pricing: Pricing, township: Township, part: float, *, centre: bool) -> Price:
    """Return a township's price when every brand runs its own rounds; with ``centre`` sorting and tier 1 are shared."""
    county, terms = pricing.county, pricing.county.terms
    pieces = float(township.deliver.sum() + township.collect.sum())
    total = county_pieces(county) or 1.0
    way = "shared_centre" if centre else "alone"
    sums = [0.0, 0.0, 0.0, 0.0]
    for _, share in county.shares:
        feeding = pricing.feeding(1.0 if centre else share)
        local = pricing.local(township, share, feeding.ready[township.place_id])
        own = _price(township, way, local.week, pieces)
        fixed = WEEK * terms.agent_day_yuan
        if not centre:
            fixed += WEEK * (terms.branch_day_yuan + terms.hand_sort_yuan(share * total)) * part
            own = _with(own, fixed, feeding, township.place_id)
        else:
            own = Price(own.township_id, way, own.yuan + fixed, own.km, own.co2e_kg, own.pieces, own.vehicle_days)
        for k, value in enumerate((own.yuan, own.km, own.co2e_kg, own.vehicle_days)):
            sums[k] += value
    price = Price(township.place_id, way, sums[0], sums[1], sums[2], WEEK * pieces, sums[3])
    if not centre:
        return price
    sort = min(
        terms.centre_day_yuan + terms.machine_sort_yuan(total),
        len(county.shares) * terms.branch_day_yuan + terms.hand_sort_yuan(total),
    )
    return _with(price, WEEK * sort * part, pricing.feeding(1.0), township.place_id)
