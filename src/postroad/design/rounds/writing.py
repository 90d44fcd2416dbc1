"""The rounds as tables: those the simulator reads, and those people read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.rounds.bus import fees
from postroad.design.rounds.coalitions import reveals, splits
from postroad.design.rounds.days import WEEK
from postroad.design.rounds.feeding import share_out
from postroad.design.rounds.routing import stay_min
from postroad.design.rounds.ways import county_pieces as pieces_of
from postroad.design.rounds.ways import local_day, shared_fixed
from postroad.design.rounds.weekdays import as_text, worst_gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.design.rounds.answer import CountyPlan
    from postroad.design.rounds.county import Township
    from postroad.design.rounds.routing import Ground, Round
    from postroad.design.rounds.terms import Terms
    from postroad.network import Network

SOURCE = "rule-rounds"
SYNTHETIC = {"origin": "synthetic", "source": SOURCE}


@dataclass(frozen=True)
class Line:
    """A round on the weekdays on which it is the same: where it starts, the ground its rows count in."""

    round_id: str
    county_id: str
    depot: str
    tier: int
    way: str
    days: str
    ground: Ground
    round: Round


def lines(plan: CountyPlan) -> list[Line]:
    """Return all rounds of a county's plan, equal ones of several weekdays as one line."""
    county = plan.county
    found = []
    ground = county.ground.take([0, *(t.node for t in county.townships)])
    for number, (one, on) in enumerate(_on_days(plan.feeding.week), start=1):
        found.append(Line(f"R-{county.place_id}-{number}", county.place_id, county.place_id, 1, "shared_round",
                          as_text(on), ground, one))  # fmt: skip
    for town in county.townships:
        local = plan.locals[town.place_id]
        way = plan.chosen[town.place_id]
        for number, (one, on) in enumerate(_on_days(local.week), start=1):
            found.append(Line(f"R-{town.place_id}-{number}", county.place_id, town.place_id, 2, way,
                              as_text(on), local.ground, one))  # fmt: skip
    return found


def _on_days(week: Sequence[Sequence[Round]]) -> list[tuple[Round, tuple[int, ...]]]:
    """Return each round of a week once, with the weekdays on which it is driven."""
    days: dict[Round, list[int]] = defaultdict(list)
    for day, rounds in enumerate(week):
        for one in rounds:
            days[one].append(day)
    return [(one, tuple(on)) for one, on in days.items()]


def network_tables(plans: Sequence[CountyPlan], season: str = "any") -> dict[str, pl.DataFrame]:
    """Return ``rounds``, ``round_stops`` and ``bus_holds`` as the schema asks; times hold on the roads of a season."""
    rounds: list[dict[str, Any]] = []
    stops: list[dict[str, Any]] = []
    holds: list[dict[str, Any]] = []
    for plan in plans:
        for line in lines(plan):
            one = line.round
            rounds.append(
                {"round_id": line.round_id, "county_id": line.county_id, "depot_place_id": line.depot, "way": line.way,
                 "tier": line.tier, "vehicle_id": one.van.vehicle_id, "capacity_pieces": one.van.pieces,
                 "days": line.days, "season": season, "depart_min": round(one.depart_min, 2),
                 "duration_min": round(one.duration_min, 2), "distance_km": round(one.km, 3),
                 "cost_yuan": round(one.yuan, 2), **SYNTHETIC}
            )  # fmt: skip
            stops += _stops(line, plan.county.terms)
        holds += _holds(plan)
    return {name: pl.DataFrame(rows, infer_schema_length=None)
            for name, rows in (("rounds", rounds), ("round_stops", stops), ("bus_holds", holds)) if rows}  # fmt: skip


def _stops(line: Line, terms: Terms) -> list[dict[str, Any]]:
    """A row for each stop, numbered through the day, with the trip it is on; a loading at the depot ends its trip."""
    rows, trip = [], 1
    for number, visit in enumerate(line.round.visits, start=1):
        stay = stay_min(terms, visit, line.round.charged)
        ready = visit.arrive_min + stay + (terms.node_min if line.tier == 1 and visit.row else 0.0)
        rows.append(
            {"round_id": line.round_id, "stop": number, "trip": trip,
             "place_id": line.ground.place_ids[visit.row], "arrive_min": round(visit.arrive_min, 2),
             "leave_min": round(visit.arrive_min + stay, 2), "ready_min": round(ready, 2),
             "deliver_pieces": round(visit.deliver, 4), "collect_pieces": round(visit.collect, 4), **SYNTHETIC}
        )  # fmt: skip
        trip += visit.row == 0
    return rows


def _holds(plan: CountyPlan) -> list[dict[str, Any]]:
    """A row for each trip and place it carries to, and one for each trip back that takes outbound pieces."""
    rows: list[dict[str, Any]] = []
    seat = plan.county.place_id
    for town in (t for t in plan.county.townships if t.place_id in plan.buses):
        bus = plan.buses[town.place_id]
        on = [tuple(range(WEEK))] * len(bus.carried) if bus.feeds else [town.weekdays[k] for k in bus.villages]
        for c, days in zip(bus.carried, on, strict=True):
            known = {"days": as_text(days), "capacity_pieces": c.trip.capacity, "handover_min": c.trip.handover_min,
                     "fee_yuan_piece": c.trip.fee_yuan, **SYNTHETIC}  # fmt: skip
            rows.append(
                {"bus_hold_id": f"B-{c.trip.trip_id}-{c.place_id}", "from_place_id": seat, "to_place_id": c.place_id,
                 "service_ref": c.trip.trip_id, "depart_min": c.trip.depart_min,
                 "duration_min": c.arrive_min - c.trip.depart_min, **known}
            )  # fmt: skip
            leaves = c.trip.back_at(c.place_id)
            if c.collect > 0 and leaves is not None:
                rows.append(
                    {"bus_hold_id": f"B-{c.trip.back_id}-{c.place_id}", "from_place_id": c.place_id,
                     "to_place_id": seat, "service_ref": c.trip.back_id, "depart_min": leaves,
                     "duration_min": c.trip.back[-1][1] - leaves, **known}
                )  # fmt: skip
    return rows


def result_tables(network: Network, plans: Sequence[CountyPlan]) -> dict[str, pl.DataFrame]:
    """Return the tables people read: townships by way, villages, buses, couriers, and villages left out."""
    names = dict(network["places"]["place_id", "name_zh"].iter_rows())
    before = brands_before(network)
    towns, villages, lines_, couriers, left, hours = [], [], [], [], [], []
    parts, told = [], []
    for plan in plans:
        levels, least = reveals(plan, plan.county.seed)
        parts += [{**row, "must_reveal": least[row["operator_id"]], **SYNTHETIC} for row in splits(plan)]
        told += [{**row, **SYNTHETIC} for row in levels]
        towns += _townships(plan, names)
        villages += _villages(plan, names, before)
        lines_ += _bus_lines(plan, names)
        couriers += _couriers(plan)
        hours += _promises(plan)
        left += [
            {"village_id": u.place_id, "village": names.get(u.place_id), "county_id": plan.county.place_id,
             "reason": u.reason, "facts": repr(dict(u.facts))}
            for u in plan.unserved
        ]  # fmt: skip
    return {
        "townships": pl.DataFrame(towns, infer_schema_length=None),
        "villages": _with_own(network, pl.DataFrame(villages, infer_schema_length=None)),
        "promises": pl.DataFrame(hours, infer_schema_length=None),
        "couriers": pl.DataFrame(couriers, infer_schema_length=None),
        "splits": pl.DataFrame(parts, infer_schema_length=None),
        "reveals": pl.DataFrame(told, infer_schema_length=None),
        "bus_lines": pl.DataFrame(lines_, schema=BUS_LINES),
        "unserved": pl.DataFrame(left, schema=UNSERVED),
    }


def _with_own(network: Network, villages: pl.DataFrame) -> pl.DataFrame:
    """Say of each village whether it is served from the township it belongs to."""
    if not villages.height:
        return villages
    parents = network["places"].select(village_id="place_id", parent_id="parent_id")
    joined = villages.join(parents, on="village_id", how="left", maintain_order="left")
    own = (pl.col("parent_id") == pl.col("township_id")).alias("own_township")
    return joined.select(*villages.columns[:4], own, *villages.columns[4:])


BUS_LINES = {
    **dict.fromkeys(("county_id", "township_id", "township"), pl.String),
    "trips": pl.Int64,
    "feeds": pl.Boolean,
    "roadside_villages": pl.Int64,
    **dict.fromkeys(
        ("pieces_day", "fee_yuan_week", "saving_yuan_week", "van_yuan_piece", "worst_delay_min"), pl.Float64
    ),
    **dict.fromkeys(("note", "origin", "source"), pl.String),
}
UNSERVED = dict.fromkeys(("village_id", "village", "county_id", "reason", "facts"), pl.String)


def brands_before(network: Network) -> dict[str, int]:
    """Return how many brands a village has today: its own and the post's points; a point without owner counts one."""
    sites = network["sites"].filter(pl.col("kind").is_in(["village_post_station", "door_delivery_village",
                                                          "pick_up_point", "terminal_station"]))  # fmt: skip
    post = pl.col("kind").is_in(["village_post_station", "door_delivery_village"])
    owner = pl.when(post).then(pl.lit("CHINAPOST")).otherwise(pl.col("operator_id").fill_null("?"))
    counted = sites.with_columns(owner=owner).group_by("place_id").agg(pl.col("owner").n_unique())
    return dict(counted.iter_rows())


def _townships(plan: CountyPlan, names: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"county_id": plan.county.place_id, "township_id": p.township_id, "township": names.get(p.township_id),
         "way": p.way, "chosen": plan.chosen[p.township_id] == p.way, "yuan_week": p.yuan, "pieces_week": p.pieces,
         "yuan_piece": p.yuan / p.pieces if p.pieces else None, "km_week": p.km,
         "km_piece": p.km / p.pieces if p.pieces else None, "co2e_kg_week": p.co2e_kg,
         "co2e_g_piece": 1000 * p.co2e_kg / p.pieces if p.pieces else None, "vehicle_days": p.vehicle_days,
         **SYNTHETIC}
        for p in plan.prices
    ]  # fmt: skip


def _villages(plan: CountyPlan, names: dict[str, str], before: dict[str, int]) -> list[dict[str, Any]]:
    rows = []
    county = plan.county
    lost = {u.place_id: u.reason for u in plan.unserved}
    fixed, sort = shared_fixed(county, len(county.shares), pieces_of(county))
    joint = (fixed + sort) / (pieces_of(county) or 1.0)
    for town in county.townships:
        share = _shares_of(plan, town)
        bus = plan.buses.get(town.place_id)
        at_stop = dict(zip(bus.villages, bus.carried, strict=True)) if bus and not bus.feeds else {}
        fed = sum(float(town.deliver[k] + town.collect[k]) for k in range(len(town.rows)) if k not in at_stop)
        first = (plan.feeding.yuan_of, plan.feeding.km_of, plan.feeding.co2e_of)
        up = [part.get(town.place_id, 0.0) / WEEK / fed if fed else 0.0 for part in first]
        if bus and bus.feeds and fed:
            up[0] += fees(town, bus) / WEEK / fed
        for k, row in enumerate(town.rows):
            place = county.ground.place_ids[row]
            if place in lost:
                continue
            days = town.weekdays[k]
            visit = share.get(k + 1)
            week = WEEK * (town.deliver[k] + town.collect[k])
            carried = at_stop.get(k)
            own = visit.sums if visit else [0.0, 0.0, 0.0]
            more = [0.0, 0.0, 0.0] if carried else [u * week for u in up]
            yuan = own[0] + more[0] + joint * week + (carried.yuan * len(days) if carried else 0.0)
            rows.append(
                {"village_id": place, "village": names.get(place), "county_id": county.place_id,
                 "township_id": town.place_id, "way": plan.chosen[town.place_id], "days": as_text(days),
                 "days_a_week": len(days), "worst_gap_days": worst_gap(days),
                 "arrive_min": carried.arrive_min if carried else (visit.arrive_min if visit else None),
                 "arrive_alone_min": plan.alone_arrive[town.place_id].get(k + 1),
                 "fetch_before_min": float(county.ground.minutes[row, town.node]),
                 "by_bus": carried is not None, "couriers": len(visit.rounds) if visit else 0,
                 "brands_before": before.get(place, 0), "brands_after": len(county.shares),
                 "deliver_pieces_day": town.deliver[k], "collect_pieces_day": town.collect[k],
                 "yuan_piece": yuan / week if week else None, "km_piece": (own[1] + more[1]) / week if week else None,
                 "co2e_g_piece": 1000 * (own[2] + more[2]) / week if week else None, **SYNTHETIC}
            )  # fmt: skip
    return rows


@dataclass
class _Own:
    """A village's own share of a week's rounds: yuan, km, kg CO2e, the latest usual arrival, and the rounds it sees."""

    sums: list[float]
    arrive_min: float
    rounds: set[str]


def _shares_of(plan: CountyPlan, town: Township) -> dict[int, _Own]:
    """Share out every round of a week to its stops, by the rule of ``share_out``."""
    local = plan.locals[town.place_id]
    day = local_day(plan.county, town, 1.0, 0.0)
    found: dict[int, _Own] = {}
    arrivals: dict[int, list[float]] = defaultdict(list)
    for rounds in local.week:
        for number, one in enumerate(rounds):
            visits = [v for v in one.visits if v.row]
            weights = share_out(day, [v.row for v in visits], [v.deliver + v.collect for v in visits])
            for visit, weight in zip(visits, weights, strict=True):
                own = found.setdefault(visit.row, _Own([0.0, 0.0, 0.0], 0.0, set()))
                for at, whole in enumerate((one.yuan, one.km, one.co2e_kg)):
                    own.sums[at] += whole * float(weight)
                own.rounds.add(f"{number}:{one.van.vehicle_id}")
                arrivals[visit.row].append(visit.arrive_min)
    for row, own in found.items():
        own.arrive_min = sum(arrivals[row]) / len(arrivals[row])
    return found


def _bus_lines(plan: CountyPlan, names: dict[str, str]) -> list[dict[str, Any]]:
    rows = []
    for town in plan.county.townships:
        bus = plan.buses.get(town.place_id)
        note = "" if town.trips or not town.timetable else "rounds.bus_no_trips"
        carried = bus.carried if bus else ()
        delays: dict[str, float] = defaultdict(float)
        for c in carried:
            delays[c.trip.trip_id] += c.delay_min
            if c.back_delay_min:
                delays[c.trip.back_id] += c.back_delay_min
        rows.append(
            {"county_id": plan.county.place_id, "township_id": town.place_id, "township": names.get(town.place_id),
             "trips": len({c.trip.trip_id for c in carried}), "feeds": bool(bus and bus.feeds),
             "roadside_villages": len(bus.villages) if bus else 0,
             "pieces_day": float(sum(c.deliver + c.collect for c in carried)), "fee_yuan_week": float(fees(town, bus)),
             "saving_yuan_week": float(bus.saving_yuan) if bus else 0.0,
             "van_yuan_piece": _van_yuan(plan, town),
             "worst_delay_min": max(delays.values(), default=0.0), "note": note, **SYNTHETIC}
        )  # fmt: skip
    return rows


def _van_yuan(plan: CountyPlan, town: Township) -> float | None:
    """What a piece costs from the county centre to the township by van: a bus pays below this fee."""
    pieces = float(sum(town.heaviest()))
    return plan.feeding.yuan_of[town.place_id] / WEEK / pieces if pieces else None


def _promises(plan: CountyPlan) -> list[dict[str, Any]]:
    """One row for each hour by which villages could be reached: what it costs and gives."""
    return [
        {"county_id": plan.county.place_id,
         "arrive_by_min": one.arrive_by_min if isfinite(one.arrive_by_min) else None, "chosen": one.chosen,
         "yuan_week": one.yuan, "evening_yuan_week": one.evening_yuan, "pieces_week": one.pieces,
         "arrive_min": one.arrive_min, "before_noon": one.before_noon, "before_three": one.before_three, **SYNTHETIC}
        for one in plan.promises
    ]  # fmt: skip


def _couriers(plan: CountyPlan) -> list[dict[str, Any]]:
    """One row for each vehicle and weekday: hours at work, stops and pieces, to see how evenly work is spread."""
    rows = []
    for line in lines(plan):
        one = line.round
        worked = one.duration_min + plan.county.terms.load_min
        for day in line.days:
            rows.append(
                {
                    "county_id": line.county_id,
                    "round_id": line.round_id,
                    "depot_place_id": line.depot,
                    "tier": line.tier,
                    "weekday": int(day),
                    "worked_min": worked,
                    "stops": sum(1 for v in one.visits if v.row),
                    "pieces": sum(v.deliver + v.collect for v in one.visits),
                    "km": one.km,
                    **SYNTHETIC,
                }
            )
    return rows
