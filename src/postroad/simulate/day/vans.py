"""Trips of rounds, and the legs of vans between a county seat and its townships.

A round comes back to its depot to load again; between two loadings it is one trip, and its room is the trip's. A van
that brings parcels to townships is a set of legs out, which leave together and share its room, and of legs back from
each township, which find the room that the leg out there has freed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postroad.simulate.day.lines import UNLIMITED, Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroad.network import Network
    from postroad.simulate.day.places import Places


@dataclass(frozen=True)
class Stop:
    """A stop of a round: place, minutes of arrival, leaving and readiness of what it brings."""

    place: str
    arrives: float
    leaves: float
    ready: float


@dataclass(frozen=True)
class Trip:
    """A round between two loadings at its depot; ``begins_min`` is when the round's day begins."""

    name: str
    depot: str
    operator: str | None
    days: str
    roads: str
    begins_min: float
    departs_min: float
    ends_min: float
    pieces: float
    stops: tuple[Stop, ...]


def trips(network: Network) -> Iterator[Trip]:
    """Yield the trips of every round, in order of its name."""
    sizes = dict(network["vehicles"].select("vehicle_id", "capacity_pieces").iter_rows())
    stops = {key[0]: group.sort("stop") for key, group in network["round_stops"].group_by("round_id")}
    for row in network["rounds"].sort("round_id").iter_rows(named=True):
        group = stops.get(row["round_id"])
        if group is None:
            continue
        size = row["capacity_pieces"] if row["capacity_pieces"] is not None else sizes.get(row["vehicle_id"])
        known: dict[str, Any] = {
            "depot": row["depot_place_id"], "operator": row["operator_id"], "days": row["days"],
            "roads": row["season"] or "any", "begins_min": row["depart_min"],
            "pieces": UNLIMITED if size is None else float(size),
        }  # fmt: skip
        yield from _cut(row, known, group.iter_rows(named=True))


def _cut(row: dict[str, Any], known: dict[str, Any], stops: Iterator[dict[str, Any]]) -> Iterator[Trip]:
    name = str(row["round_id"])
    departs, held, number = row["depart_min"], list[Stop](), 1
    for stop in stops:
        arrives = stop["arrive_min"]
        leaves = arrives if stop["leave_min"] is None else stop["leave_min"]
        if stop["place_id"] != row["depot_place_id"]:
            held.append(Stop(stop["place_id"], arrives, leaves, stop["ready_min"] or arrives))
            continue
        if held:
            yield Trip(f"{name}/{number}", departs_min=departs, ends_min=arrives, stops=tuple(held), **known)
        departs, held, number = leaves, [], number + 1
    if held:
        ends = max(row["depart_min"] + (row["duration_min"] or 0.0), held[-1].leaves)
        yield Trip(f"{name}/{number}", departs_min=departs, ends_min=ends, stops=tuple(held), **known)


def legs(network: Network, spots: Places) -> list[Line]:
    """Return the legs out and back of every trip to places that are no leaves, such as townships."""
    made = []
    for trip in trips(network):
        seen: set[str] = set()
        van: dict[str, Any] = {"days": trip.days, "season": "any", "pieces": trip.pieces, "roads": trip.roads,
                               "van": trip.name, "begins_min": trip.begins_min}  # fmt: skip
        for stop in trip.stops:
            if stop.place not in spots.node or stop.place in seen:
                continue
            seen.add(stop.place)
            out, back = f"{trip.name}>{stop.place}", f"{trip.name}<{stop.place}"
            made.append(Line(out, trip.depot, stop.place, "road", trip.departs_min,
                             max(1.0, stop.ready - trip.departs_min), **van))  # fmt: skip
            leaves = max(stop.leaves, trip.departs_min + 0.01)
            made.append(Line(back, stop.place, trip.depot, "road", leaves, max(1.0, trip.ends_min - leaves), frees=out,
                             **van))  # fmt: skip
    return made
