"""What an earlier hour in the villages costs: the same county with villages reached by other hours, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from postroad.design.rounds.days import CONSISTENCY, WEEK
from postroad.design.rounds.routing import total_yuan
from postroad.design.rounds.ways import Pricing, county_pieces, shared_fixed

if TYPE_CHECKING:
    from postroad.design.rounds.county import County

FEEDERS_MIN = (float("inf"), 660.0, 570.0)
"""By when tier 1 is done, besides what the farthest villages need: the cheapest of them is taken."""
HOURS_MIN = (float("inf"), 900.0, 780.0, 720.0)
"""Hours by which villages are to be reached that are set side by side; infinite: before they close."""
NOON_MIN, THREE_MIN = 720.0, 900.0


@dataclass(frozen=True)
class Promise:
    """What shared rounds give and cost in a week when villages are reached by an hour.

    ``evening_yuan`` is what fetching the collected pieces the same day costs, beside ``yuan``.
    """

    arrive_by_min: float
    chosen: bool
    yuan: float
    evening_yuan: float
    pieces: float
    arrive_min: float
    before_noon: float
    before_three: float


def cheapest(county: County) -> Pricing:
    """Return the county with the hour for tier 1 that makes shared rounds cheapest.

    Townships whose rounds stand count as ``CONSISTENCY`` cheaper where they can be driven on.
    """
    tried = [Pricing(county.serving(replace(county.service, feeder_by_min=by))) for by in FEEDERS_MIN]
    return min(tried, key=_worth)


def _worth(pricing: Pricing) -> float:
    county, ready = pricing.county, pricing.feeding(1.0).ready
    yuan = pricing.shared_yuan(1.0, len(county.shares))
    stands = sum(pricing.local(t, 1.0, ready[t.place_id]).kept for t in county.townships)
    return yuan * (1.0 - CONSISTENCY * stands / max(1, len(county.townships)))


def promises(pricing: Pricing) -> tuple[Promise, ...]:
    """Return the hours side by side, the county's own among them."""
    own = pricing.county.service
    found = []
    for by in sorted({*HOURS_MIN, own.arrive_by_min}, reverse=True):
        chosen = by == own.arrive_by_min
        # One hour of tier 1 for all, so that only the promise differs.
        found.append(
            _told(pricing if chosen else Pricing(pricing.county.serving(replace(own, arrive_by_min=by))), chosen)
        )
    return tuple(found)


def _told(pricing: Pricing, chosen: bool) -> Promise:
    county = pricing.county
    feeding = pricing.feeding(1.0)
    late = sum(total_yuan(day) for day in feeding.evening)
    total = county_pieces(county)
    fixed, sort = shared_fixed(county, len(county.shares), total)
    yuan, visits = feeding.yuan - late + WEEK * (fixed + sort), []
    for town in county.townships:
        local = pricing.local(town, 1.0, feeding.ready[town.place_id])
        yuan += local.yuan
        visits += [(v.arrive_min, v.deliver) for day in local.week for one in day for v in one.visits if v.row]
    pieces = sum(load for _, load in visits) or 1.0
    return Promise(
        county.service.arrive_by_min, chosen, yuan, late, WEEK * total,
        sum(at * load for at, load in visits) / pieces,
        sum(load for at, load in visits if at <= NOON_MIN) / pieces,
        sum(load for at, load in visits if at <= THREE_MIN) / pieces,
    )  # fmt: skip
