"""What serving a village costs a piece, and when its pieces come, as far as operators share centres, rounds and buses.

Each county is priced once by the rounds' own search: every brand on its own and all of them together, each with and
without buses. A lever moves the shares of the province between those prices, so that a bundle costs no new search; the
price is searched anew only where a lever changes what rounds are made of (roads, people, vehicles, their terms).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from postroad.design.rounds.bus import best_plan, fees
from postroad.design.rounds.days import WEEK
from postroad.design.rounds.rural import RuralOptions, cases
from postroad.design.rounds.ways import Local, Pricing, county_pieces, shared_fixed
from postroad.parallel import Work, map_cases
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from postroad.design.rounds.bus import BusPlan
    from postroad.design.rounds.county import County, Township
    from postroad.network import Network

SHARES = {"centre": "shared_county_centre_share", "rounds": "shared_round_share", "buses": "bus_hold_share"}
"""The parameters, in percent, that say how far operators share."""
ROUTES = ("alone", "shared", "alone_bus", "shared_bus")
COLUMNS = (
    "pieces", "centre_alone_yuan", "centre_shared_yuan", "node_alone_yuan", "node_shared_yuan",
    *(f"{way}_{what}" for way in ROUTES for what in ("yuan", "kg", "min")),
)  # fmt: skip
Told = dict[str, tuple[float, float, float]]
"""By township: yuan of a week, kg of CO2e of a week, and the mean minute at which a piece comes to its village."""


@dataclass(frozen=True)
class Rural:
    """A mean piece in the villages: its cost and emissions from the county centre on, and the hour at which it comes.

    The hour is of the day on which the village is served.
    """

    yuan_piece: float
    co2e_g_piece: float
    arrives_h: float


def priced(network: Network, year: int, scenario: str, season: str, work: Work | None = None) -> pl.DataFrame:
    """Return a row for each township with pieces and costs of a week under every way of serving it (``COLUMNS``)."""
    # Rounds as cheap as can be, whenever they come: their hour is told beside the cost.
    options = RuralOptions(year=year, scenario=scenario, season=season, arrive_by_h=None, evening=False)
    made = cases(network, options)
    rows = [row for county in map_cases(county_prices, made, work=work or Work()) for row in county]
    schema = {"township_id": pl.String, "county_id": pl.String, **dict.fromkeys(COLUMNS, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def county_prices(county: County) -> list[tuple[str | float, ...]]:
    """Return the rows of a county: township, county, and the numbers of ``COLUMNS``."""
    pricing, brands = Pricing(county), len(county.shares)
    sizes = [share for _, share in county.shares]
    together = pricing.feeding(1.0)
    plans = {t.place_id: plan for t in county.townships if (plan := best_plan(pricing, together, t))}
    told = {
        "alone": _summed([_told(pricing, share, {}) for share in sizes]),
        "shared": _told(pricing, 1.0, {}),
        "alone_bus": _summed([_told(pricing, share, by) for share, by in _brands_by_bus(pricing)]),
        "shared_bus": _told(pricing, 1.0, plans),
    }
    for way in ("alone", "shared"):
        if _cost(told[f"{way}_bus"]) >= _cost(told[way]) - 1e-6:
            told[f"{way}_bus"] = told[way]
    total = county_pieces(county) or 1.0
    terms = county.terms
    fixed, sort = shared_fixed(county, brands, total)
    node = min(terms.node_day_yuan, brands * terms.agent_day_yuan)
    rows: list[tuple[str | float, ...]] = []
    for t in county.townships:
        pieces = float(t.deliver.sum() + t.collect.sum())
        part = WEEK * pieces / total
        centre = part * (brands * terms.branch_day_yuan + terms.hand_sort_yuan(total))
        joint = part * (fixed - node * len(county.townships) + sort)
        costs = (centre, joint, WEEK * brands * terms.agent_day_yuan, WEEK * node)
        ways = (value for way in ROUTES for value in told[way][t.place_id])
        rows.append((t.place_id, county.place_id, WEEK * pieces, *costs, *ways))
    return rows


def _brands_by_bus(pricing: Pricing) -> list[tuple[float, dict[str, BusPlan]]]:
    """Each brand on its own, with the townships whose pieces it sends by bus where that is cheaper than its van.

    A hold takes the pieces of a few brands only, the first ones that fit; a trip that stops on the way stops for one.
    """
    room = {t.place_id: {trip.trip_id: trip.capacity for trip in t.trips} for t in pricing.county.townships}
    found = []
    for _, share in pricing.county.shares:
        own = pricing.feeding(share)
        used: dict[str, BusPlan] = {}
        for t in pricing.county.townships:
            plan = best_plan(pricing, own, t, share)
            if plan is None:
                continue
            # One hold both ways: what goes back is never more than the hold that came takes.
            needs = {c.trip.trip_id: max(c.deliver, c.collect) if plan.feeds else c.trip.capacity for c in plan.carried}
            left = room[t.place_id]
            if all(pieces <= left[trip] for trip, pieces in needs.items()):
                left.update({trip: left[trip] - pieces for trip, pieces in needs.items()})
                used[t.place_id] = plan
        found.append((share, used))
    return found


def _told(pricing: Pricing, share: float, plans: Mapping[str, BusPlan]) -> Told:
    """What a group of brands with this share pays for its rounds when these buses are used."""
    by = tuple(sorted((place, None if plan.feeds else plan.villages) for place, plan in plans.items()))
    feeding = pricing.feeding(share, by)
    found: Told = {}
    for t in pricing.county.townships:
        plan = plans.get(t.place_id)
        ready = _bus_ready(pricing, plan) if plan and plan.feeds else feeding.ready[t.place_id]
        local = pricing.local(t, share, ready, plan.villages if plan else ())
        yuan = local.yuan + feeding.yuan_of.get(t.place_id, 0.0) + fees(t, plan)
        kg = sum(one.co2e_kg for day in local.week for one in day) + feeding.co2e_of.get(t.place_id, 0.0)
        found[t.place_id] = (yuan, kg, _mean_arrival(t, local, plan))
    return found


def _bus_ready(pricing: Pricing, plan: BusPlan) -> float:
    return max(c.arrive_min + c.trip.handover_min for c in plan.carried) + pricing.county.terms.node_min


def _mean_arrival(township: Township, local: Local, plan: BusPlan | None) -> float:
    """The mean minute at which a piece comes to its village over a week; those that a bus brings at its stop."""
    total = weight = 0.0
    for day in local.week:
        for one in day:
            for visit in one.visits:
                if visit.row:
                    total, weight = total + visit.arrive_min * visit.deliver, weight + visit.deliver
    if plan is not None and not plan.feeds:
        for k, carried in zip(plan.villages, plan.carried, strict=True):
            pieces = carried.deliver * len(township.weekdays[k])
            total, weight = total + carried.arrive_min * pieces, weight + pieces
    return total / weight if weight else 0.0


def _summed(parts: Sequence[Told]) -> Told:
    """Brands apart: their costs and emissions together, and the mean of their arrivals."""
    return {
        place: (sum(p[place][0] for p in parts), sum(p[place][1] for p in parts),
                sum(p[place][2] for p in parts) / len(parts))
        for place in parts[0]
    }  # fmt: skip


def _cost(told: Told) -> float:
    return sum(yuan for yuan, _, _ in told.values())


def mixed(network: Network, prices: pl.DataFrame) -> Rural:
    """Return the province's mean piece at the shares that the network's parameters say.

    Shares mix the prices in proportion: of centres, of townships on shared rounds, and, of the townships where a bus
    is cheaper, of those that use it.
    """
    held = parameters(network, SHARES.values())
    centre, rounds, buses = (min(1.0, max(0.0, held[name][0] / 100)) for name in SHARES.values())

    def way(what: str) -> pl.Expr:
        apart = (1 - buses) * pl.col(f"alone_{what}") + buses * pl.col(f"alone_bus_{what}")
        joint = (1 - buses) * pl.col(f"shared_{what}") + buses * pl.col(f"shared_bus_{what}")
        return (1 - rounds) * apart + rounds * joint

    fixed = (1 - centre) * pl.col("centre_alone_yuan") + centre * pl.col("centre_shared_yuan")
    node = (1 - rounds) * pl.col("node_alone_yuan") + rounds * pl.col("node_shared_yuan")
    row = prices.select(
        pieces=pl.col("pieces").sum(),
        yuan=(fixed + node + way("yuan")).sum(),
        kg=way("kg").sum(),
        minutes=(way("min") * pl.col("pieces")).sum(),
    ).row(0, named=True)
    if not row["pieces"]:
        return Rural(float("nan"), float("nan"), float("nan"))
    pieces = float(row["pieces"])
    return Rural(row["yuan"] / pieces, 1000 * row["kg"] / pieces, row["minutes"] / pieces / 60.0)
