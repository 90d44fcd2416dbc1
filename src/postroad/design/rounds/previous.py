"""The plan that stands: kept where it still keeps every rule and costs little more than a fresh one."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from postroad.design.rounds.routing import Day, Round, longest_trip_km, reach_km, timed

if TYPE_CHECKING:
    from postroad.network import Network

Standing = tuple[tuple[str, tuple[str, ...]], ...]
"""Rounds of a township's fullest day: vehicle, and places in order with the township itself where it loads again."""


def standing(network: Network) -> dict[str, Standing]:
    """Return the rounds a network already has, by township."""
    rounds = network["rounds"].filter(pl.col("operator_id").is_null()).sort("round_id")
    stops = network["round_stops"].sort("round_id", "stop")
    order = {key[0]: tuple(frame["place_id"]) for key, frame in stops.group_by("round_id", maintain_order=True)}
    found: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
    for name, depot, van, days in rounds.select("round_id", "depot_place_id", "vehicle_id", "days").iter_rows():
        if van and name in order:
            found[depot].append((days, van, order[name]))
    kept = {}
    for depot, own in found.items():
        full = max("1234567", key=lambda day: sum(len(places) for days, _, places in own if day in days))
        kept[depot] = tuple((van, places) for days, van, places in own if full in days)
    return kept


def again(day: Day, old: Standing) -> list[Round] | None:
    """Return the standing rounds with this day's pieces, or ``None`` when a village is new or a rule would break."""
    at = {place: row for row, place in enumerate(day.ground.place_ids)}
    vans = {van.vehicle_id: van for van in day.terms.vans}
    visits = Counter(place for _, places in old for place in places if at.get(place))
    if set(visits) != set(day.ground.place_ids[1:]):
        return None
    made = []
    for name, places in old:
        rows = [at[place] for place in places if place in at]
        if name not in vans or not any(rows):
            return None
        order = [
            (row, float(day.deliver[row]) / visits[day.ground.place_ids[row]],
             float(day.collect[row]) / visits[day.ground.place_ids[row]]) if row else (0, 0.0, 0.0)
            for row in rows
        ]  # fmt: skip
        plain, charged = (timed(day, vans[name], charge, order) for charge in (False, True))
        fit = next((one for one in (plain, charged) if keeps(day, one)), None)
        if fit is None:
            return None
        made.append(fit)
    return made


def keeps(day: Day, one: Round) -> bool:
    """Whether a round keeps capacity, opening hours, working hours and range."""
    terms = day.terms
    worked = one.duration_min + terms.load_min
    if worked > terms.shift_min or any(v.arrive_min > day.latest(v.row) for v in one.visits if v.row):
        return False
    if longest_trip_km(day.ground, one) > one.van.range_km or one.km > reach_km(one.van, one.charged, terms):
        return False
    if one.charged and not one.van.kwh_km:
        return False
    trips: list[list[tuple[float, float]]] = [[]]
    for visit in one.visits:
        if visit.row:
            trips[-1].append((visit.deliver, visit.collect))
        else:
            trips.append([])
    return all(_heaviest(trip) <= one.van.pieces for trip in trips)


def _heaviest(trip: list[tuple[float, float]]) -> float:
    load = most = sum(deliver for deliver, _ in trip)
    for deliver, collect in trip:
        load += collect - deliver
        most = max(most, load)
    return most


def unchanged(before: Network, after: Network) -> float:
    """Return the share of villages that follow the same village as before on some round of theirs; 1 is no change."""
    old, new = _links(before), _links(after)
    if not new:
        return 1.0
    return sum(1 for place, leaders in new.items() if leaders & old.get(place, set())) / len(new)


def _links(network: Network) -> dict[str, set[str]]:
    """For each stop of a round, the places it is reached from; a loading counts as the depot."""
    depots = dict(network["rounds"]["round_id", "depot_place_id"].iter_rows())
    found: dict[str, set[str]] = defaultdict(set)
    for (name,), frame in network["round_stops"].sort("round_id", "stop").group_by("round_id", maintain_order=True):
        for a, b in pairwise([depots[str(name)], *frame["place_id"]]):
            found[b].add(a)
    return found
