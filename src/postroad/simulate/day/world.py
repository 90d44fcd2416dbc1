"""A network, its day and its parcels put together as the arrays the engine works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.simulate.chance import key
from postroad.simulate.day import arrays as a
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.engine import start_outside
from postroad.simulate.day.lanes import Timetable, lines, timetable
from postroad.simulate.day.parcels import ready
from postroad.simulate.day.places import Places, places
from postroad.simulate.day.plants import DAY_MIN, plants
from postroad.simulate.day.rounds import Runs, rounds, runs
from postroad.simulate.day.routes import diverted, prove, routes
from postroad.simulate.day.starting import fill, queue_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.simulate.day.disruption import Disruption
    from postroad.simulate.day.options import Horizon, Options
    from postroad.simulate.day.parcels import Batch

HOUR_MS = 60 * MINUTE_MS
STATIONS = ("village_post_station", "pick_up_point", "terminal_station", "village_commerce_point")
DOOR_PURPOSES = ("handed over at", "consent and box", "at home", "locker stay", "stage outside", "delivery outside",
                 "customs", "fetched")  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """The engine's world with the names behind its numbers."""

    world: a.World
    spots: Places
    table: Timetable
    runs: Runs
    horizon: Horizon
    options: Options
    batch: Batch
    ready_ms: NDArray[np.int64]
    """When each parcel is ready at its outlet, or to board at a place outside."""

    @property
    def end_ms(self) -> int:
        """The end of the horizon."""
        return int(self.horizon.length * DAY_MIN * MINUTE_MS)


def setting(
    network: Network, made: Batch, horizon: Horizon, options: Options, seed: int, struck: Sequence[Disruption],
    shifts: pl.DataFrame | None = None,
) -> Setting:  # fmt: skip
    """Return the world of a run; errors name whatever cannot be simulated, all at once by kind."""
    spots = places(network, made.leaves)
    turns = rounds(network, spots, options, made.usual)
    nodes = plants(network, spots, horizon, options, seed, struck, shifts)
    depots = {(item.depot, spots.units[int(spots.unit_of_leaf[stop[0]])]) for item in turns for stop in item.stops}
    needed = sorted({pair for d, u in depots if d != u for pair in ((u, d), (d, u))})
    table = timetable(lines(network, spots, needed, options), spots, horizon, options, seed, struck)
    queue_base = 2 * len(table.ends)
    dated = runs(turns, spots, made.operators, queue_base, horizon, options, seed, struck, table)
    lane = routes(network, spots, table)
    epochs, by_epoch = diverted(lane, spots, table, horizon, struck)
    prove(_pairs(made, spots), by_epoch, spots, table)
    ways = _ways(spots, table, dated, epochs, by_epoch)
    outside = spots.outside[spots.unit_node[spots.unit_of_leaf]] > 0
    moment = ready(made, outside, options, seed)
    parcels = _parcels(made, moment, dated, options, queue_base + dated.queues)
    doors = _doors(network, spots, options, seed)
    world = a.World(
        nodes, table.lanes, ways, dated.arrays, doors, parcels,
        _moving(nodes, table, dated, doors, parcels.start_first, _apart(made, spots, nodes, dated, options)),
        _tally(spots, table, dated, horizon), *_departures(table, dated.arrays),
    )  # fmt: skip
    for leaf in np.flatnonzero(outside):
        start_outside(world, leaf)
    return Setting(world, spots, table, dated, horizon, options, made, moment)


def _pairs(made: Batch, spots: Places) -> list[tuple[int, int]]:
    """Pairs of units that parcels go between, and back, since a parcel may be sent back."""
    size = len(spots.units)
    used = np.unique(spots.unit_of_leaf[made.origin].astype(np.int64) * size + spots.unit_of_leaf[made.destination])
    pairs = {(int(k // size), int(k % size)) for k in used}
    inward = {(d, o) for o, d in pairs if not spots.outside[spots.unit_node[d]]}
    return sorted(pairs | inward)


def _ways(spots: Places, table: Timetable, dated: Runs, epochs: NDArray[np.int64], lane: NDArray[np.int32]) -> a.Ways:
    home = spots.unit_node[spots.unit_of_leaf]
    to_depot = np.full(home.size, -1, np.int32)
    names = spots.nodes
    for leaf in np.flatnonzero(dated.depot != home):
        to_depot[leaf] = table.lane[names[home[leaf]], names[dated.depot[leaf]]]
    return a.Ways(epochs, lane, spots.unit_of_leaf, spots.unit_node, dated.depot, to_depot, dated.queue,
                  dated.per_operator)  # fmt: skip


def _parcels(made: Batch, moment: NDArray[np.int64], dated: Runs, options: Options, queues: int) -> a.Parcels:
    count = made.origin.size
    queue = dated.queue[made.origin] + np.where(dated.per_operator[made.origin], made.operator, 0)
    first, order = queue_up(queue, moment, queues)
    state = np.zeros((count, 16), np.int32)
    fill(state, made.origin, made.destination, moment)
    urgent = np.array([name in options.urgent for name in made.products], np.bool_)
    return a.Parcels(state, np.full((count, a.VISITS, 4), -1, np.int32), made.number, made.operator,
                     urgent[made.product], np.full(count, -1, np.int32), first, order)  # fmt: skip


def _apart(made: Batch, spots: Places, nodes: a.Nodes, dated: Runs, options: Options) -> int:
    """How many parcels may have an event of their own: those customs open, and those fetched where room is short."""
    abroad = spots.outside[spots.unit_node[spots.unit_of_leaf]] == 2
    short = (nodes.fetch[dated.depot] > 0) & (nodes.room[dated.depot] < a.NEVER)
    return int(((abroad & (options.inspect_share > 0)) | short)[made.destination].sum())


def _doors(network: Network, spots: Places, options: Options, seed: int) -> a.Doors:
    sites = network["sites"].filter(pl.col("status") == "open")
    stations = set(sites.filter(pl.col("kind").is_in(STATIONS))["place_id"])
    cells = dict(sites.filter(kind="locker_group").group_by("place_id").agg(pl.col("cells").sum()).iter_rows())
    held = [cells.get(name) or 0 for name in spots.leaves]
    held = [max(1, round(n * options.scale)) if n else 0 for n in held]
    return a.Doors(
        station=np.array([name in stations for name in spots.leaves], np.bool_),
        cell_first=np.concatenate([[0], np.cumsum(held)]).astype(np.int64),
        chances=np.array([options.consent, options.locker_share, options.not_home, options.most_tries,
                          options.inspect_share], np.float64),
        minutes=np.array([options.locker_stay_h, options.locker_longest_h, options.destination_outside_h,
                          options.delivery_outside_h], np.float64) * HOUR_MS,
        keys=np.array([key(seed, purpose) for purpose in DOOR_PURPOSES], np.uint64),
    )  # fmt: skip


def _moving(nodes: a.Nodes, table: Timetable, dated: Runs, doors: a.Doors, first: NDArray[np.int64],
            apart: int) -> a.Moving:  # fmt: skip
    """What changes, at the start; ``apart`` pieces at most have events of their own."""
    size, lanes, queues = len(nodes.handling), len(table.ends), first.size - 1
    rounds_ = dated.arrays
    stops = np.diff(rounds_.stop_first)[rounds_.run_round].sum() if rounds_.run_round.size else 0
    heap = 2 * table.lanes.depart.size + 2 * int(stops) + 3 * rounds_.run_round.size + 2 * apart + 16
    nothing = np.full(queues, -1, np.int32)
    zeros = np.zeros(queues, np.int64)
    return a.Moving(
        head=nothing,
        tail=nothing.copy(),
        eligible=np.concatenate([np.repeat(table.lanes.first[:-1], 2), np.zeros(queues - 2 * lanes, np.int64)]),
        seen=nothing.copy(),
        seen_count=zeros,
        front_count=zeros.copy(),
        start_at=first[:-1].copy(),
        work=np.zeros(size, np.int64),
        enter_segment=nodes.segment_first[:-1].copy(),
        leave_segment=nodes.segment_first[:-1].copy(),
        wave_at=nodes.wave_first[:-1].copy(),
        dock_free=np.zeros(int(nodes.dock_first[-1]), np.int64),
        cell_until=np.zeros(int(doors.cell_first[-1]), np.int64),
        cells_used=np.zeros(len(doors.station), np.int64),
        van_room=np.zeros(table.lanes.van_first.size - 1, np.int64),
        inside=np.zeros(size, np.int64),
        yard_head=np.full(size, -1, np.int32),
        yard_tail=np.full(size, -1, np.int32),
        dropped=np.zeros(int(dated.arrays.run_stop_first[-1]), np.int64),
        heap_key=np.zeros(heap, np.int64),
        heap_what=np.zeros((heap, 3), np.int64),
        counters=np.zeros(8, np.int64),
    )


def _tally(spots: Places, table: Timetable, dated: Runs, horizon: Horizon) -> a.Tally:
    slots = horizon.length * 48
    by_slot = [np.zeros((len(spots.nodes), slots), np.int64) for _ in range(7)]
    trips, leaves, turns = table.lanes.depart.size, len(spots.leaves), dated.arrays.run_round.size
    rest = [np.zeros(n, np.int64) for n in (trips, trips, leaves, leaves, turns, turns)]
    return a.Tally(*by_slot, *rest)


def _departures(table: Timetable, turns: a.Rounds) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Everything the timetable knows beforehand, by time; trips, rounds out, rounds back, vans, then number.

    Legs of a van out leave together as the van.
    """
    lanes = table.lanes
    alone = np.flatnonzero((lanes.van < 0) | (lanes.frees >= 0))
    vans = np.arange(lanes.van_first.size - 1)
    out, back = np.flatnonzero(turns.run_delivers), np.flatnonzero(turns.run_collects)
    time = np.concatenate([lanes.depart[alone], turns.run_depart[out], turns.run_end[back],
                           lanes.depart[lanes.van_trip[lanes.van_first[:-1]]]])  # fmt: skip
    kinds = np.array([a.TRIP, a.ROUND_OUT, a.ROUND_BACK, a.VAN], np.int8)
    kind = np.repeat(kinds, [alone.size, out.size, back.size, vans.size])
    what = np.concatenate([alone, out, back, vans])
    order = np.lexsort((what, kind, time))
    return time[order], kind[order], what[order].astype(np.int64)
