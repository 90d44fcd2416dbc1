"""The plan that stands: kept where it still keeps every rule and costs little more than a fresh one."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

from postroad.design.rounds.routing import Day, Round, longest_trip_km, reach_km, timed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from postroad.network import Network

Standing = tuple[tuple[str, tuple[str, ...]], ...]
"""Rounds of a township's fullest day: vehicle, and places in order with the township itself where it loads again."""


EVENING = "/evening"
"""Behind a depot's number: its rounds that only fetch."""


def standing(network: Network) -> dict[str, Standing]:
    """Return the rounds a network already has, by depot; those that only fetch under a key of their own."""
    rounds = network["rounds"].filter(pl.col("operator_id").is_null()).sort("round_id")
    stops = network["round_stops"].sort("round_id", "stop")
    order = {key[0]: tuple(frame["place_id"]) for key, frame in stops.group_by("round_id", maintain_order=True)}
    loads = network["round_stops"].group_by("round_id").agg(pl.col("deliver_pieces", "collect_pieces").sum())
    fetching = set(loads.filter((pl.col("deliver_pieces") == 0) & (pl.col("collect_pieces") > 0))["round_id"])
    found: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
    for name, depot, van, days in rounds.select("round_id", "depot_place_id", "vehicle_id", "days").iter_rows():
        if van and name in order:
            found[depot + EVENING if name in fetching else depot].append((days, van, order[name]))
    kept = {}
    for depot, own in found.items():
        full = max("1234567", key=lambda day: sum(len(places) for days, _, places in own if day in days))
        kept[depot] = tuple((van, places) for days, van, places in own if full in days)
    return kept


def again(
    day: Day, old: Standing, rows: frozenset[int], fresh: Callable[[frozenset[int]], list[Round] | None]
) -> list[Round] | None:
    """Return the standing rounds with this day's pieces; those that would break a rule are made anew.

    ``rows`` are the places to serve, and ``fresh`` makes rounds for some of them: those of rounds that no longer do,
    and those on no round yet. ``None`` when nothing of the old rounds can stay.
    """
    at = {place: row for row, place in enumerate(day.ground.place_ids)}
    visits = Counter(at[place] for _, places in old for place in places if at.get(place) in rows)
    made: list[Round] = []
    for name, places in old:
        order = _order(day, [at[place] for place in places if place in at], rows, visits)
        if order:
            own = sorted((van for van in day.terms.vans if van.vehicle_id == name), key=lambda van: van.crew)
            tried = (timed(day, van, charge, order) for van in own for charge in (False, True))
            made += [one for one in tried if keeps(day, one)][:1]
    # A place that several rounds serve together needs all of them.
    while True:
        kept = Counter(v.row for one in made for v in one.visits if v.row)
        loose = frozenset(row for row in rows if not kept[row] or kept[row] != visits[row])
        still = [one for one in made if not loose & {v.row for v in one.visits}]
        if len(still) == len(made):
            break
        made = still
    if not made:
        return None
    more = fresh(loose) if loose else []
    return None if more is None else [*made, *more]


def _order(
    day: Day, places: Sequence[int], rows: frozenset[int], visits: Mapping[int, int]
) -> list[tuple[int, float, float]]:
    """Return the stops of an old round that are still to be served, each with its share of the day's pieces."""
    order: list[tuple[int, float, float]] = []
    for row in places:
        if row in rows:
            order.append((row, float(day.deliver[row]) / visits[row], float(day.collect[row]) / visits[row]))
        elif row == 0 and order and order[-1][0]:
            order.append((0, 0.0, 0.0))
    return order[:-1] if order and not order[-1][0] else order


def keeps(day: Day, one: Round) -> bool:
    """Whether a round keeps capacity, opening hours, working hours and range."""
    terms = day.terms
    worked = one.duration_min + terms.load_min
    if worked > one.van.crew * terms.shift_min or any(v.arrive_min > day.latest(v.row) for v in one.visits if v.row):
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
