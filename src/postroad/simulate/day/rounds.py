"""The last mile as dated runs: the network's rounds where it has them, a stated rule by distance where it has none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.errors import DataError, Fault
from postroad.simulate.chance import factors
from postroad.simulate.day.arrays import Rounds
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.lanes import DETOUR, KM_PER_DEGREE
from postroad.simulate.day.lines import UNLIMITED
from postroad.simulate.day.plants import DAY_MIN
from postroad.simulate.day.vans import trips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.simulate.day.disruption import Disruption
    from postroad.simulate.day.lanes import Timetable
    from postroad.simulate.day.options import Horizon, Options
    from postroad.simulate.day.places import Places

CITY_OUT, CITY_COLLECT = (480.0, 840.0), tuple(60.0 * hour for hour in range(9, 23, 2))
RURAL_OUT, RURAL_COLLECT = (480.0,), (660.0, 960.0)
"""When couriers leave with parcels, and when vans leave to collect, in towns and in the country; assumed."""
CROWD_OUT, CROWD_SPREAD = (600.0, 720.0, 840.0, 960.0, 1080.0, 1200.0), 60.0
"""When riders hired by the piece take what waits in towns, and how long they hand over; assumed."""
THIRD_ROUND = "city_third_round"
"""The parameter of a network that says when couriers in towns leave once more, in minutes of the day."""
CITY_SPREAD, RURAL_SPREAD = 300.0, 20.0
"""Minutes over which a courier hands over what he carries at one stop; assumed."""


@dataclass(frozen=True)
class Round:
    """A round: depot, stops (leaf, offset and spread in minutes), when it leaves and what it does."""

    name: str
    depot: str
    operator: str | None
    days: str
    departs: tuple[float, ...]
    pieces: float
    stops: tuple[tuple[int, float, float], ...]
    delivers: bool = True
    collects: bool = True
    back_min: float = 0.0
    begins_min: float | None = None
    """When the round's day begins, where that is earlier: a slow day stretches its times from there."""
    roads: str = "any"
    fetched: bool = False
    """Whether parcels are left at the stop, where people fetch them."""


def rounds(network: Network, spots: Places, options: Options, usual: NDArray[np.float64] | None = None) -> list[Round]:
    """Return the network's rounds and buses, and default ones for every leaf neither serves; places outside have none.

    ``usual`` is how many pieces each leaf gets on a usual day, by which the couriers of default rounds are counted.
    ``DataError`` names leaves that rounds serve from two depots.
    """
    made = _given(network, spots) + _buses(network, spots)
    depots: dict[int, set[str]] = {}
    for item in made:
        for stop in item.stops:
            depots.setdefault(stop[0], set()).add(item.depot)
    if twice := sorted(leaf for leaf, seen in depots.items() if len(seen) > 1):
        raise DataError(
            Fault.of("simulate.two_depots", table="round_stops", column="place_id", value=spots.leaves[leaf],
                     depots=", ".join(sorted(depots[leaf])))
            for leaf in twice
        )  # fmt: skip
    return made + _default(network, spots, options, set(depots), usual)


def _given(network: Network, spots: Places) -> list[Round]:
    """The trips of the network's rounds to leaves; what they do at townships are legs of the timetable."""
    number = {name: k for k, name in enumerate(spots.leaves)}
    made = []
    for trip in trips(network):
        own = tuple((number[stop.place], stop.arrives - trip.departs_min, 0.0)
                    for stop in trip.stops if stop.place in number)  # fmt: skip
        if own:
            made.append(Round(trip.name, trip.depot, trip.operator, trip.days, (trip.departs_min,), trip.pieces, own,
                              back_min=trip.ends_min - trip.departs_min, begins_min=trip.begins_min,
                              roads=trip.roads))  # fmt: skip
    return made


def _buses(network: Network, spots: Places) -> list[Round]:
    """Buses that stop at a leaf: parcels ride in the hold and are fetched from the stop; others ride back."""
    # A seat may be a leaf too; what goes there goes to the facility.
    number = {name: k for k, name in enumerate(spots.leaves) if name not in spots.units}
    made = []
    for row in network["bus_holds"].sort("bus_hold_id").iter_rows(named=True):
        start, goal, hand = row["from_place_id"], row["to_place_id"], row["handover_min"] or 0.0
        takes, common = row["duration_min"], (row["days"], (row["depart_min"],), float(row["capacity_pieces"]))
        if goal in number and start in spots.node:
            made.append(Round(row["bus_hold_id"], start, None, *common, ((number[goal], takes + hand, 0.0),),
                              collects=False, fetched=True))  # fmt: skip
        elif start in number and goal in spots.node:
            made.append(Round(row["bus_hold_id"], goal, None, *common, ((number[start], 0.0, 0.0),), delivers=False,
                              back_min=takes + hand))  # fmt: skip
    return made


def _default(
    network: Network, spots: Places, options: Options, served: set[int], usual: NDArray[np.float64] | None
) -> list[Round]:
    """One round for each township or street without rounds, town and country apart."""
    seats = {row[0]: row[1:] for row in network["places"].select("place_id", "lon", "lat").iter_rows()}
    groups: dict[tuple[int, str, bool], list[int]] = {}
    for leaf, name in enumerate(spots.leaves):
        unit = int(spots.unit_of_leaf[leaf])
        if leaf not in served and not spots.outside[spots.unit_node[unit]]:
            groups.setdefault((unit, name[:9], bool(spots.city[leaf])), []).append(leaf)
    made = []
    third = {options.third_round_min} if options.third_round_min else set()
    city_out: tuple[float, ...] = tuple(sorted({*CITY_OUT, *third}))
    for (unit, group, city), leaves in sorted(groups.items()):
        depot = spots.units[unit]
        lon, lat = seats[depot]
        speed = options.speed_city_kmh if city else options.speed_rural_kmh
        stops = []
        for leaf in leaves:
            km = _km(lon, lat, float(spots.lon[leaf]), float(spots.lat[leaf])) * DETOUR
            stops.append((leaf, km / speed * 60.0, CITY_SPREAD if city else RURAL_SPREAD))
        stops.sort(key=lambda stop: (stop[1], stop[0]))
        out, collect = (city_out, CITY_COLLECT) if city else (RURAL_OUT, RURAL_COLLECT)
        kind = "city" if city else "rural"
        name = f"default:{group}:{kind}"
        # Where nobody usually gets anything, as at a county's own place, pieces are handed over without couriers.
        load = 0.0 if usual is None else float(usual[leaves].sum())
        pieces = float(UNLIMITED) if load < 1.0 else max(1.0, options.round_headroom * load / len(out))
        made.append(Round(f"{name}:out", depot, None, "1234567", out, pieces, tuple(stops), collects=not city))
        if city and usual is not None and options.crowd_share:
            riders = options.crowd_share * float(usual[leaves].sum()) / len(CROWD_OUT)
            short = tuple((leaf, offset, CROWD_SPREAD) for leaf, offset, _ in stops)
            made.append(Round(f"{name}:crowd", depot, None, "1234567", CROWD_OUT, max(1.0, riders), short,
                              collects=False))  # fmt: skip
        quick = tuple((leaf, offset, min(spread, 30.0)) for leaf, offset, spread in stops)
        made.append(Round(f"{name}:in", depot, None, "1234567", collect, UNLIMITED, quick, delivers=False))
    return made


def _km(lon: float | None, lat: float | None, east: float, north: float) -> float:
    if lon is None or lat is None or np.isnan(east):
        return 5.0
    across = (lon - east) * KM_PER_DEGREE * np.cos(np.radians(lat))
    return float(np.hypot(across, (lat - north) * KM_PER_DEGREE))


@dataclass(frozen=True)
class Runs:
    """Dated rounds as arrays; for each leaf its depot, its first queue and whether operators queue apart."""

    arrays: Rounds
    depot: NDArray[np.int32]
    queue: NDArray[np.int64]
    per_operator: NDArray[np.bool_]
    queues: int
    names: tuple[str, ...]


def runs(
    made: Sequence[Round], spots: Places, operators: Sequence[str], first_queue: int, horizon: Horizon,
    options: Options, seed: int, struck: Sequence[Disruption], table: Timetable,
) -> Runs:  # fmt: skip
    """Return the runs of every round in the horizon; queues of leaves begin at ``first_queue``."""
    depot = spots.unit_node[spots.unit_of_leaf].copy()
    apart = np.zeros(len(spots.leaves), np.bool_)
    for item in made:
        leaves = [stop[0] for stop in item.stops]
        depot[leaves] = spots.node[item.depot]
        if item.operator is not None:
            apart[leaves] = True
    width = np.where(apart, max(1, len(operators)), 1)
    queue = first_queue + np.concatenate([[0], np.cumsum(width)[:-1]]).astype(np.int64)
    which = {name: k for k, name in enumerate(operators)}
    stops = [_stop_rows(item, apart, queue, which) for item in made]
    dated = _dated(made, horizon, options, seed, struck, _feeders(table, spots, {item.depot for item in made}))
    sizes = np.array([len(stops[row[0]]) for row in dated], np.int64)
    flat = [stop for rows in stops for stop in rows]
    arrays = Rounds(
        stop_first=np.concatenate([[0], np.cumsum([len(rows) for rows in stops])]).astype(np.int64),
        stop_leaf=np.array([row[0] for row in flat], np.int32),
        stop_queue=np.array([row[1] for row in flat], np.int64),
        stop_offset=np.array([round(row[2] * MINUTE_MS) for row in flat], np.int64),
        stop_spread=np.array([round(row[3] * MINUTE_MS) for row in flat], np.int64),
        depot=np.array([spots.node[item.depot] for item in made], np.int32),
        run_round=np.array([row[0] for row in dated], np.int32),
        run_depart=np.array([row[1] for row in dated], np.int64),
        run_end=np.array([row[2] for row in dated], np.int64),
        run_stretch=np.array([row[3] for row in dated], np.int64),
        run_capacity=np.array([row[4] for row in dated], np.int64),
        run_delivers=np.array([made[row[0]].delivers for row in dated], np.bool_),
        run_collects=np.array([made[row[0]].collects for row in dated], np.bool_),
        run_fetched=np.array([made[row[0]].fetched for row in dated], np.bool_),
        run_stop_first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    )
    return Runs(arrays, depot, queue, apart, int(width.sum()), tuple(item.name for item in made))


def _stop_rows(
    item: Round, apart: NDArray[np.bool_], queue: NDArray[np.int64], which: dict[str, int]
) -> list[tuple[int, int, float, float]]:
    rows = []
    for leaf, offset, spread in item.stops:
        mine = range(len(which)) if apart[leaf] and item.operator is None else (which.get(item.operator or "", 0),)
        rows += [(leaf, int(queue[leaf]) + (k if apart[leaf] else 0), offset, spread) for k in mine]
    return rows


Feeders = Mapping[str, tuple["NDArray[np.int64]", "NDArray[np.int64]"]]


def _feeders(table: Timetable, spots: Places, depots: set[str]) -> Feeders:
    """When vans and buses come to each depot that lines feed: as planned, and on the day, in order of plan."""
    lanes, found = table.lanes, {}
    van = (lanes.van >= 0) & (lanes.frees < 0)
    fed = np.flatnonzero((lanes.capacity >= 0) & (van | (table.trip_mode == "bus")))
    target = lanes.target[lanes.lane_of[fed]]
    for depot in sorted(depots):
        own = fed[target == spots.node[depot]]
        if own.size:
            plan = table.plan_arrive[own]
            order = np.argsort(plan, kind="stable")
            found[depot] = (plan[order], np.maximum.accumulate(lanes.arrive[own][order]))
    return found


def _dated(
    made: Sequence[Round], horizon: Horizon, options: Options, seed: int, struck: Sequence[Disruption], fed: Feeders
) -> list[tuple[int, int, int, int, int]]:
    """Every run: round, departure, end, stretch of its times in thousandths, pieces."""
    rows = []
    start_min = horizon.warm * DAY_MIN
    dates = [horizon.date(day).isoformat() for day in range(horizon.length)]
    luck = {date: factors(seed, [("round", item.depot, item.name, date) for item in made], options.variation)
            for date in dates}  # fmt: skip
    reach = [_reach(item) for item in made]
    own = [item for item in struck if item.what == "round"]
    for day, date in enumerate(dates):
        weekday, seasons = str(horizon.date(day).isoweekday()), horizon.seasons(day)
        for k, item in enumerate(made):
            if weekday not in item.days:
                continue
            pieces = UNLIMITED if item.pieces >= UNLIMITED else max(1, int(item.pieces * options.scale + 0.5))
            slow = luck[date][k] / options.pace(seasons, item.roads)
            for leaves in item.departs:
                depart = round((day * DAY_MIN + leaves) * MINUTE_MS)
                meets = [other.factor for other in own if _strikes(other, item) and other.within(depart, start_min)]
                if 0.0 in meets:
                    continue
                stretch = max(1, round(slow / math.prod(meets) * 1000))
                late = max(0, round((leaves - item.begins_min) * MINUTE_MS * (stretch / 1000 - 1))) if (
                    item.begins_min is not None) else 0  # fmt: skip
                depart = _awaited(depart, fed.get(item.depot), options) + late
                longest = max(reach[k][0] * stretch / 1000 + reach[k][1], 1.0)
                rows.append((k, depart, depart + math.ceil(longest * MINUTE_MS) + 1, stretch, pieces))
    return rows


def _awaited(depart: int, fed: tuple[NDArray[np.int64], NDArray[np.int64]] | None, options: Options) -> int:
    """When a round leaves that waits for whoever is due before it: a while, and no longer."""
    if fed is None:
        return depart
    due = int(np.searchsorted(fed[0], depart, "right"))
    if not due or fed[0][due - 1] < depart - DAY_MIN * MINUTE_MS:
        return depart
    return max(depart, min(depart + round(options.round_wait_min * MINUTE_MS), int(fed[1][due - 1]) + 1))


def _reach(item: Round) -> tuple[float, float]:
    """Minutes to the last stop or back, whichever is given as more, and the longest spread at a stop."""
    offsets = [offset for _, offset, _ in item.stops]
    return max([*offsets, item.back_min]), max((spread for _, _, spread in item.stops), default=0.0)


def _strikes(other: Disruption, item: Round) -> bool:
    return other.place_id == item.depot or item.depot[:6] == other.place_id
