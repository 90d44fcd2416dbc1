"""Where a parcel goes next at every facility, by destination; and the proof that every pair used has a way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from postroad.errors import Fault, InfeasibleError
from postroad.simulate.day.disruption import MINUTE_MS
from postroad.simulate.day.places import CUSTOMS
from postroad.simulate.day.plants import DAY_MIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.simulate.day.disruption import Disruption
    from postroad.simulate.day.lanes import Timetable
    from postroad.simulate.day.options import Horizon
    from postroad.simulate.day.places import Places


def routes(network: Network, spots: Places, table: Timetable) -> NDArray[np.int32]:
    """Return the lane out of each node towards each unit, -1 where there is none.

    The table of routings comes first; then the allocations, climbed and descended; then, where neither gives a step
    that has a lane, the way that is quickest by the timetable's minutes alone.
    """
    steps = {(at, to): then for at, to, then in network["routings"].select(
        "at_place_id", "destination_place_id", "next_place_id").iter_rows()}  # fmt: skip
    above = dict(network["allocations"].select("place_id", "hub_place_id").iter_rows())
    found = np.full((len(spots.nodes), len(spots.units)), -1, np.int32)
    quick = _quickest(spots, table)
    for u, unit in enumerate(spots.units):
        chain = _chain(unit, above)
        goal = spots.node[unit]
        for n, node in enumerate(spots.nodes):
            if n == goal:
                continue
            place = node.removesuffix(CUSTOMS)
            wanted = steps.get((place, unit)) or _step(place, chain, above)
            lane = _lane(table, node, wanted, abroad=spots.outside[goal] == 2) if wanted else None
            if lane is None:
                after = quick[goal, n]
                lane = table.lane.get((node, spots.nodes[after])) if after >= 0 else None
            found[n, u] = -1 if lane is None else lane
    return found


def _lane(table: Timetable, node: str, wanted: str, *, abroad: bool) -> int | None:
    direct = table.lane.get((node, wanted))
    return table.lane.get((node, node + CUSTOMS)) if direct is None and abroad else direct


def _chain(place: str, above: dict[str, str]) -> list[str]:
    chain = [place]
    while (top := above.get(chain[-1])) is not None and top not in chain:
        chain.append(top)
    return chain


def _step(place: str, chain: list[str], above: dict[str, str]) -> str | None:
    """Down where the place stands above the destination, up elsewhere, across between the tops."""
    if place in chain:
        at = chain.index(place)
        return chain[at - 1] if at else None
    up = above.get(place)
    if up is None:
        return None
    return chain[-1] if up == place else up


def _quickest(spots: Places, table: Timetable) -> NDArray[np.int64]:
    """Next node from each node towards each goal, goals by nodes, by the shortest duration of every lane."""
    lanes, size = table.lanes, len(spots.nodes)
    takes = [float(lanes.planned[a:b].min()) if b > a else np.inf for a, b in zip(lanes.first[:-1], lanes.first[1:],
                                                                                 strict=True)]  # fmt: skip
    runs = np.isfinite(takes) if takes else np.zeros(0, np.bool_)
    ends = (lanes.target[runs], lanes.source[runs])
    backwards = csr_matrix((np.array(takes)[runs], ends), (size, size))
    # Outside places are ends only: nothing may be routed through them.
    goals = np.array([spots.node[unit] for unit in spots.units])
    after = np.full((size, size), -1, np.int64)
    for goal in goals:
        usable = backwards.copy()
        closed = np.flatnonzero((spots.outside > 0) & (np.arange(size) != goal))
        for node in closed:
            usable.data[usable.indptr[node] : usable.indptr[node + 1]] = 0.0
        usable.eliminate_zeros()
        _, before = dijkstra(usable, indices=goal, return_predecessors=True)
        after[goal] = np.where(before < 0, -1, before)
    return after


def diverted(
    lane: NDArray[np.int32], spots: Places, table: Timetable, horizon: Horizon, struck: Sequence[Disruption]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the moments from which routes change, and the routes from each on."""
    own = [item for item in struck if item.what == "divert"]
    start_min = horizon.warm * DAY_MIN
    edges = {0.0, *(max(0.0, edge + start_min) for item in own for edge in (item.from_min, item.until_min))}
    starts = np.array(sorted(round(edge * MINUTE_MS) for edge in edges), np.int64)
    epochs = np.repeat(lane[None], starts.size, 0)
    faults = []
    for item in own:
        there = table.lane.get((str(item.place_id), str(item.via_place_id)))
        if there is None:
            faults.append(Fault.of("simulate.divert_no_lane", value=item.place_id, other=item.via_place_id))
            continue
        units = [u for u, name in enumerate(spots.units)
                 if item.to_place_id in (None, name) and lane[spots.node[str(item.place_id)], u] >= 0]  # fmt: skip
        for epoch in np.flatnonzero(item.within(starts, start_min)):
            epochs[epoch, spots.node[str(item.place_id)], units] = there
    if faults:
        raise InfeasibleError(faults)
    return starts, epochs


def prove(pairs: Iterable[tuple[int, int]], lanes: NDArray[np.int32], spots: Places, table: Timetable) -> None:
    """Raise ``InfeasibleError`` with every pair of units whose parcels would have no way, or no trip in the horizon."""
    runs = np.diff(table.lanes.first) > 0
    faults: dict[tuple[str, ...], Fault] = {}
    for epoch in lanes:
        for origin, destination in pairs:
            fault = _walk(origin, destination, epoch, spots, table, runs)
            if fault:
                faults.setdefault((fault.key, *(str(value) for _, value in fault.facts)), fault)
    if faults:
        raise InfeasibleError(faults.values())


def _walk(
    origin: int, destination: int, lane: NDArray[np.int32], spots: Places, table: Timetable, runs: NDArray[np.bool_]
) -> Fault | None:
    node, goal = int(spots.unit_node[origin]), int(spots.unit_node[destination])
    ends = {"origin": spots.units[origin], "destination": spots.units[destination]}
    for _ in range(len(spots.nodes) + 1):
        if node == goal:
            return None
        step = int(lane[node, destination])
        if step < 0:
            return Fault.of("simulate.no_path", at=spots.nodes[node], **ends)
        if not runs[step]:
            a, b = table.ends[step]
            return Fault.of("simulate.no_trip", source=a, target=b, **ends)
        node = int(table.lanes.target[step])
        if spots.outside[node] and node != goal:
            return Fault.of("simulate.through_outside", at=spots.nodes[node], **ends)
    return Fault.of("simulate.in_circles", at=spots.nodes[node], **ends)
