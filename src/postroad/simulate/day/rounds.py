"""The last mile as dated runs: the network's rounds where it has them, a stated rule by distance where it has none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.simulate.chance import factors
from postroad.simulate.day.arrays import Rounds
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.lanes import DETOUR, KM_PER_DEGREE, UNLIMITED
from postroad.simulate.day.plants import DAY_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.simulate.day.disruption import Disruption
    from postroad.simulate.day.options import Horizon, Options
    from postroad.simulate.day.places import Places

CITY_OUT, CITY_COLLECT = (480.0, 840.0), tuple(60.0 * hour for hour in range(9, 23, 2))
RURAL_OUT, RURAL_COLLECT = (480.0,), (660.0, 960.0)
"""When couriers leave with parcels, and when vans leave to collect, in towns and in the country; assumed."""
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


def rounds(network: Network, spots: Places, options: Options) -> list[Round]:
    """Return the network's rounds, and default ones for every leaf no round serves; places outside have none."""
    made = _given(network, spots)
    served = {stop[0] for item in made for stop in item.stops}
    return made + _default(network, spots, options, served)


def _given(network: Network, spots: Places) -> list[Round]:
    number = {name: k for k, name in enumerate(spots.leaves)}
    sizes = dict(network["vehicles"].select("vehicle_id", "capacity_pieces").iter_rows())
    stops = {key[0]: group.sort("stop") for key, group in network["round_stops"].group_by("round_id")}
    made = []
    for row in network["rounds"].sort("round_id").iter_rows(named=True):
        group = stops.get(row["round_id"])
        if group is None:
            continue
        own = [(number[place], arrives - row["depart_min"], 0.0)
               for place, arrives in group.select("place_id", "arrive_min").iter_rows() if place in number]  # fmt: skip
        size = sizes.get(row["vehicle_id"])
        made.append(Round(row["round_id"], row["depot_place_id"], row["operator_id"], row["days"],
                          (row["depart_min"],), UNLIMITED if size is None else float(size), tuple(own),
                          back_min=row["duration_min"] or 0.0))  # fmt: skip
    return made


def _default(network: Network, spots: Places, options: Options, served: set[int]) -> list[Round]:
    """One round for each township or street without rounds, town and country apart."""
    seats = {row[0]: row[1:] for row in network["places"].select("place_id", "lon", "lat").iter_rows()}
    groups: dict[tuple[int, str, bool], list[int]] = {}
    for leaf, name in enumerate(spots.leaves):
        unit = int(spots.unit_of_leaf[leaf])
        if leaf not in served and not spots.outside[spots.unit_node[unit]]:
            groups.setdefault((unit, name[:9], bool(spots.city[leaf])), []).append(leaf)
    made = []
    for (unit, group, city), leaves in sorted(groups.items()):
        depot = spots.units[unit]
        lon, lat = seats[depot]
        speed = options.speed_city_kmh if city else options.speed_rural_kmh
        stops = []
        for leaf in leaves:
            km = _km(lon, lat, float(spots.lon[leaf]), float(spots.lat[leaf])) * DETOUR
            stops.append((leaf, km / speed * 60.0, CITY_SPREAD if city else RURAL_SPREAD))
        stops.sort(key=lambda stop: (stop[1], stop[0]))
        out, collect = (CITY_OUT, CITY_COLLECT) if city else (RURAL_OUT, RURAL_COLLECT)
        kind = "city" if city else "rural"
        name = f"default:{group}:{kind}"
        made.append(Round(f"{name}:out", depot, None, "1234567", out, UNLIMITED, tuple(stops), collects=not city))
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
    options: Options, seed: int, struck: Sequence[Disruption],
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
    dated = _dated(made, horizon, options, seed, struck)
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


def _dated(
    made: Sequence[Round], horizon: Horizon, options: Options, seed: int, struck: Sequence[Disruption]
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
        weekday = str(horizon.date(day).isoweekday())
        slow = 1.0 / options.snow_factor if options.weather == "snow" else 1.0
        if options.weather != "snow" and "winter" in horizon.seasons(day):
            slow = 1.0 / options.winter_factor
        for k, item in enumerate(made):
            if weekday not in item.days:
                continue
            pieces = UNLIMITED if item.pieces >= UNLIMITED else max(1, int(item.pieces * options.scale + 0.5))
            for leaves in item.departs:
                depart = round((day * DAY_MIN + leaves) * MINUTE_MS)
                meets = [other.factor for other in own if _strikes(other, item) and other.within(depart, start_min)]
                if 0.0 in meets:
                    continue
                stretch = max(1, round(luck[date][k] * slow / math.prod(meets) * 1000))
                longest = max(reach[k][0] * stretch / 1000 + reach[k][1], 1.0)
                rows.append((k, depart, depart + math.ceil(longest * MINUTE_MS) + 1, stretch, pieces))
    return rows


def _reach(item: Round) -> tuple[float, float]:
    """Minutes to the last stop or back, whichever is given as more, and the longest spread at a stop."""
    offsets = [offset for _, offset, _ in item.stops]
    return max([*offsets, item.back_min]), max((spread for _, _, spread in item.stops), default=0.0)


def _strikes(other: Disruption, item: Round) -> bool:
    return other.place_id == item.depot or item.depot[:6] == other.place_id
