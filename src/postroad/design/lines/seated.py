"""Trains and flights beside the road departures of a trunk: what levers on rail and air open (P80 P85).

A share of every hold may be taken by parcels, nothing in the base year. A train or flight joins a line that the trunk
already has when it brings pieces there sooner than every road departure they could wait for; what the engine finds at
the dock then rides it, urgent products first. Rides of one trip share its hold, stretch by stretch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.rides import rides
from postroad.design.lines.terms import SOURCE
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from postroad.design.lines.rides import Ride
    from postroad.network import Network

SHARES = {"rail": "rail_seat_share", "air": "air_seat_share"}
"""Percent of a train's or a flight's hold that parcels may take."""
DAY_MIN = 1440.0


def seated(network: Network) -> Network:
    """Return a network that has a trunk with the trains and flights in it that its seat shares open; itself at none.

    ``cost_yuan`` of such a line is the price of its whole room; what is paid goes by the pieces that ride.
    """
    told = dict(network["parameters"].select("parameter", "value").iter_rows())
    if not any(told.get(name) for name in SHARES.values()):
        return network
    shares = {mode: value[0] / 100.0 for mode, name in SHARES.items() for value in [parameters(network, [name])[name]]}
    lines = network["line_hauls"]
    road = _road(lines)
    hubs = network["allocations"].drop_nulls("tier")["place_id"].sort().to_list()
    useful = [ride for ride in _once(rides(network, hubs)) if shares[ride.mode] > 0 and _sooner(ride, road)]
    rows = [_row(ride, room) for ride, room in zip(useful, _rooms(useful, shares, road), strict=True) if room >= 1]
    if not rows:
        return network
    fresh = pl.DataFrame(rows, infer_schema_length=None)
    return network.with_(line_hauls=pl.concat([lines, fresh], how="diagonal_relaxed").select(lines.columns))


Departures = dict[tuple[str, str], list[tuple[float, float, float]]]


def _road(lines: pl.DataFrame) -> Departures:
    """Minute, duration and room of the departures of an ordinary day, by their ends."""
    found: Departures = {}
    columns = ("from_place_id", "to_place_id", "depart_min", "duration_min", "capacity_pieces")
    for a, b, leaves, takes, room in lines.filter(season="any").select(columns).iter_rows():
        found.setdefault((a, b), []).append((leaves, takes, room))
    return found


def _once(offered: Iterable[Ride]) -> list[Ride]:
    """One ride of a trip between two places, the quickest, where it calls at more than one of their stations."""
    best: dict[tuple[str, str, str], Ride] = {}
    for ride in offered:
        name = (ride.trip, ride.from_place_id, ride.to_place_id)
        if name not in best or (ride.duration_min, ride.key) < (best[name].duration_min, best[name].key):
            best[name] = ride
    return sorted(best.values(), key=lambda ride: (ride.key, ride.trip))


def _sooner(ride: Ride, road: Departures) -> bool:
    """Whether pieces ready for a ride would come later by every departure they could take instead."""
    others = road.get(ride.key[:2], [])
    later = [(leaves - ride.depart_min) % DAY_MIN + takes for leaves, takes, _ in others]
    return bool(later) and ride.duration_min < min(later)


def _rooms(useful: Sequence[Ride], shares: dict[str, float], road: Departures) -> list[int]:
    """Room of each ride: its part of the trip's open hold, shared by what the lines beside the rides carry a day."""
    weight = [sum(room for *_, room in road[ride.key[:2]]) for ride in useful]
    wanted: dict[tuple[str, int], float] = {}
    for ride, own in zip(useful, weight, strict=True):
        for stretch in range(*ride.stretch):
            wanted[ride.trip, stretch] = wanted.get((ride.trip, stretch), 0.0) + own
    return [
        int(np.floor(ride.capacity_pieces * shares[ride.mode]
                     * min(own / wanted[ride.trip, stretch] for stretch in range(*ride.stretch)) + 1e-9))
        for ride, own in zip(useful, weight, strict=True)
    ]  # fmt: skip


def _row(ride: Ride, room: int) -> dict[str, Any]:
    return {
        "line_haul_id": f"SEAT-{ride.trip}-{ride.from_place_id}-{ride.to_place_id}",
        "from_place_id": ride.from_place_id, "to_place_id": ride.to_place_id, "mode": ride.mode,
        "service_ref": ride.service_ref, "depart_min": ride.depart_min, "duration_min": ride.duration_min,
        "days": ride.days, "season": "any", "capacity_pieces": float(room),
        "distance_km": round(ride.distance_km, 1), "cost_yuan": round(room * ride.yuan_piece, 2),
        "origin": "synthetic", "source": SOURCE,
    }  # fmt: skip
