"""An independent check of written rounds: from the tables and the roads alone, with none of the search's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from postroad.design.rounds.terms import Terms
    from postroad.network import Network
    from postroad.travel import RoadEngine

EVENING_MIN = 1290.0
"""Until when townships hand over what their rounds collected."""
SLACK_MIN = 0.1
SLACK_KM = 0.1
SLACK_PIECES = 0.5
WEEK = 7


def verify(network: Network, terms: Terms, engine: RoadEngine, days_of: dict[str, str]) -> list[str]:
    """Return every way in which the network's rounds break a rule; an empty list means they keep all of them.

    ``days_of`` gives the weekdays on which each village is to be served, as ``1234567``. Checked are: every village
    is served on exactly its days, by round or by bus; loads never exceed the vehicle between two loadings, with
    deliveries aboard until handed over and collections from then on; no round leaves before its pieces are there;
    times follow from the roads' minutes and the terms; nobody works longer than a shift (two drivers may share a
    round of the first tier); stations are open; and no battery runs empty: it starts full, and a stay at the depot
    between two trips that is long enough for a charge adds what the charger gives meanwhile.
    """
    stops = network["round_stops"].sort("round_id", "stop")
    groups = {key[0]: frame for key, frame in stops.group_by("round_id", maintain_order=True)}
    wrong = _fed(network, terms) + _fetched(network, terms)
    hours = _hours(network)
    served: dict[str, set[str]] = {}
    for row in network["rounds"].iter_rows(named=True):
        own = groups.get(row["round_id"])
        if own is None:
            wrong.append(f"{row['round_id']}: no stops")
            continue
        wrong += _one(row, own, terms, engine, hours)
        for place in own["place_id"]:
            served.setdefault(place, set()).update(row["days"])
    for row in network["bus_holds"].iter_rows(named=True):
        served.setdefault(row["to_place_id"], set()).update(row["days"])
    for village, days in days_of.items():
        if served.get(village, set()) != set(days):
            wrong.append(f"{village}: served on {''.join(sorted(served.get(village, set())))} instead of {days}")
    return wrong


def _fed(network: Network, terms: Terms) -> list[str]:
    """Check that no round leaves a township before its pieces are there, handed over and loaded."""
    first = network["rounds"].join(network["places"].filter(level="county"), left_on="depot_place_id",
                                   right_on="place_id", how="semi")  # fmt: skip
    stops = network["round_stops"].join(first.select("round_id", "depot_place_id"), on="round_id")
    stops = stops.filter(pl.col("place_id") != pl.col("depot_place_id"))
    there: dict[str, float] = {}
    for place, arrive, deliver, collect in stops.select(
        "place_id", "arrive_min", "deliver_pieces", "collect_pieces"
    ).iter_rows():
        if not deliver:
            continue  # an evening's van only fetches
        handed = arrive + terms.village_min + terms.piece_min * (deliver + collect) + terms.node_min
        there[place] = max(there.get(place, 0.0), handed)
    seats = network["places"].filter(level="county").select("place_id")
    out = network["bus_holds"].join(seats, left_on="from_place_id", right_on="place_id", how="semi")
    for place, depart, minutes, handover in out.select(
        "to_place_id", "depart_min", "duration_min", "handover_min"
    ).iter_rows():
        there[place] = max(there.get(place, 0.0), depart + minutes + handover + terms.node_min)
    wrong = []
    for name, depot, depart in network["rounds"].select("round_id", "depot_place_id", "depart_min").iter_rows():
        if depot in there and depart + SLACK_MIN < there[depot] + terms.load_min:
            wrong.append(f"{name}: leaves {depot} at {depart:.1f}, before its pieces are loaded")
    return wrong


def _fetched(network: Network, terms: Terms) -> list[str]:
    """Check that a van that only fetches comes when the township's rounds are back with what it is to fetch."""
    rounds = network["rounds"]
    back = pl.col("depart_min") + pl.col("duration_min")
    ends = dict(rounds.group_by("depot_place_id").agg(back.max() + terms.node_min).iter_rows())
    stops = network["round_stops"].join(rounds.select("round_id", "depot_place_id"), on="round_id")
    only = stops.filter((pl.col("deliver_pieces") == 0) & (pl.col("collect_pieces") > 0))
    return [
        f"{name}: fetches at {place} at {arrive:.1f}, before its rounds are back"
        for name, place, arrive in only.select("round_id", "place_id", "arrive_min").iter_rows()
        if arrive + SLACK_MIN < ends.get(place, 0.0)
    ]


def _hours(network: Network) -> dict[str, tuple[float | None, float | None]]:
    """Return when stations open and close, by place; ``None`` where no site of the place has hours of its own."""
    open_ = network["sites"].filter(status="open").group_by("place_id")
    told = open_.agg(pl.col("opens_min").min(), pl.col("closes_min").max())
    return {place: (opens, closes) for place, opens, closes in told.iter_rows()}


def _one(
    row: dict[str, object],
    own: pl.DataFrame,
    terms: Terms,
    engine: RoadEngine,
    hours: dict[str, tuple[float | None, float | None]],
) -> list[str]:
    """Check one round: drive it again."""
    name, depot = str(row["round_id"]), str(row["depot_place_id"])
    van = next(v for v in terms.vans if v.vehicle_id == row["vehicle_id"])
    places = list(dict.fromkeys([depot, *own["place_id"]]))
    ways = engine.ways(places, places)
    at = {place: k for k, place in enumerate(places)}
    clock, here, km, left = float(str(row["depart_min"])), depot, 0.0, van.range_km
    wrong = []
    for place, arrive, leave, deliver, collect in own.select(
        "place_id", "arrive_min", "leave_min", "deliver_pieces", "collect_pieces"
    ).iter_rows():
        leg = float(ways.km[at[here], at[place]])
        clock += float(ways.minutes[at[here], at[place]])
        km, left = km + leg, left - leg
        if clock > arrive + SLACK_MIN:
            wrong.append(f"{name}: {place} cannot be reached at {arrive:.1f}, only at {clock:.1f}")
        clock = arrive
        if place == depot:
            clock = max(clock + terms.load_min, leave or 0.0)
            if left < -SLACK_KM:
                wrong.append(f"{name}: the battery is empty {-left:.1f} km before the depot")
            if van.kwh_km and clock - arrive + SLACK_MIN >= terms.charge_min:
                left = min(van.range_km, left + terms.charger_kw * (clock - arrive) / 60.0 / van.kwh_km)
        else:
            opens, closes = hours.get(place, (None, None))
            opens, closes = (
                (terms.opens_min if opens is None else opens),
                (terms.closes_min if closes is None else closes),
            )
            if row["tier"] == 1 and not deliver:
                closes = EVENING_MIN
            if not opens - SLACK_MIN <= arrive <= closes + SLACK_MIN:
                wrong.append(f"{name}: {place} is closed at {arrive:.1f}")
            clock += terms.village_min + terms.piece_min * (deliver + collect)
        here = place
    leg = float(ways.km[at[here], at[depot]])
    clock, km = clock + float(ways.minutes[at[here], at[depot]]), km + leg
    if left - leg < -SLACK_KM:
        wrong.append(f"{name}: the battery is empty {leg - left:.1f} km before the depot")
    spent = clock - float(str(row["depart_min"]))
    drivers = 2 if row["depot_place_id"] == row["county_id"] else 1
    if spent + terms.load_min > drivers * terms.shift_min + SLACK_MIN:
        wrong.append(f"{name}: {spent + terms.load_min:.0f} min at work")
    if abs(spent - float(str(row["duration_min"]))) > 1.0 or abs(km - float(str(row["distance_km"]))) > 0.1:
        wrong.append(f"{name}: {spent:.1f} min and {km:.1f} km are not what is written")
    return [*wrong, *_loads(name, depot, own, van.pieces)]


def _loads(name: str, depot: str, own: pl.DataFrame, most: int) -> list[str]:
    """Check the load after every stop of every trip."""
    trips: list[list[tuple[float, float]]] = [[]]
    for place, deliver, collect in own.select("place_id", "deliver_pieces", "collect_pieces").iter_rows():
        if place == depot:
            trips.append([])
        else:
            trips[-1].append((deliver, collect))
    wrong = []
    for trip in trips:
        load = sum(deliver for deliver, _ in trip)
        for deliver, collect in [(0.0, 0.0), *trip]:
            load += collect - deliver
            if load > most + SLACK_PIECES:
                wrong.append(f"{name}: {load:.1f} pieces in a vehicle for {most}")
    return wrong
