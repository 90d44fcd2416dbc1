"""Leave out departures that cost more than they bring: pieces that lose one take the next and fill it, or a seat.

A vehicle that leaves nearly empty may be given up for seats on a train or flight that leaves about then.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.lines.batches import due
from postroad.design.lines.fluid import SLOTS, Clockwork, Poured, accepted, pour, shares
from postroad.design.lines.pairs import members
from postroad.design.lines.vehicles import DUTY_H, air_yuan, fleet
from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from postroad.design.lines.work import Trunk

WAVE_MIN = 30.0
MAY_MISS = 0.02
"""So much may failing pairs miss more of their shares, all together, for the whole thinning; assumed."""
LEFT_OUT = 8
"""So many departures are left out at once; half as many where that is not better."""
MAY_LOSE = 0.0005
"""Share of all pieces that may become late for the whole thinning; assumed."""
NEAR_MIN, MOST_SEATS = 120.0, 3
"""A seat may stand in for a vehicle that leaves so much earlier or later, a flight for unscheduled air at any time."""
Departures = dict[tuple[str, str], list[tuple[float, float]]]
Waves = dict[str, list[tuple[float, float]]]


def waves_of(work: Trunk, departures: Departures) -> Waves:
    """Return each hub's waves: released on the last half hour that leaves a departure its margin."""
    leaves: dict[str, set[float]] = {hub: set() for hub in work.layout.hubs}
    for (a, _), times in departures.items():
        if a in leaves:
            leaves[a] |= {WAVE_MIN * ((at - work.terms.margin_min) % 1440.0 // WAVE_MIN) for at, _ in times}
    sorting = {hub: work.terms.sort_min[work.layout.tier[hub]] for hub in leaves}
    return {
        hub: [((at - sorting[hub]) % 1440.0, sorting[hub]) for at in sorted(times)] for hub, times in leaves.items()
    }


class Ledger:
    """Prices a set of departures: vehicles both ways in yuan, and the share of pieces that are in time."""

    def __init__(self, work: Trunk, handling: dict[str, float]) -> None:
        self.work, self.handling = work, handling
        self.types = fleet(work.network)
        self.pieces = work.pieces("ordinary")
        self.weight = self.pieces[:, None] * shares(work.hours)
        self.allowed = due(work, accepted()) - accepted()
        self.promised = [(one["rows"], one["share_asked_percent"] / 100) for one in members(work)]

    def poured(self, departures: Departures) -> tuple[Clockwork, Poured]:
        """Return the day through these departures."""
        clock = self.clock(departures)
        return clock, poured(self.work, clock, self.pieces)

    def clock(self, departures: Departures) -> Clockwork:
        """Return departures with the waves that follow from them."""
        return Clockwork.of(departures, waves_of(self.work, departures), self.handling, self.work.rides)

    def price(self, departures: Departures) -> tuple[float, float, float]:
        """Return yuan a day with empty returns, the share of pieces in time, and how well promised pairs hold.

        The last counts one for each pair that holds, and takes off the shares by which the others miss theirs.
        """
        clock, flowed = self.poured(departures)
        in_time = self.weight * kept(self.work, clock, flowed, self.allowed)
        missing = [asked - in_time[rows].sum() / self.weight[rows].sum() for rows, asked in self.promised]
        hold = sum(1.0 if short <= 1e-11 else -short for short in missing)
        return self.yuan(clock, flowed), float(in_time.sum() / self.weight.sum()), float(hold)

    def yuan(self, clock: Clockwork, flowed: Poured) -> float:
        """Return the cost of vehicles and seats for the loads, with vehicles that come back empty."""
        arc, (cost, vehicles) = clock.arc_of, self._runs(clock, flowed)
        km = self._far(clock)[arc]
        by_cost = np.bincount(arc, cost, len(clock.arcs))
        by_road = np.bincount(arc, np.where(vehicles > 0, cost, 0.0), len(clock.arcs))
        by_count = np.bincount(arc, vehicles, len(clock.arcs))
        row = {pair: k for k, pair in enumerate(clock.arcs)}
        back = np.array([by_count[row[b, a]] if (b, a) in row else 0.0 for a, b in clock.arcs])
        moved = np.bincount(arc, vehicles * km, len(clock.arcs))
        each = np.divide(by_road, moved, out=np.zeros_like(moved), where=moved > 0)
        return float(by_cost.sum() + (np.maximum(by_count - back, 0.0) * self._far(clock) * each).sum())

    def vehicles(self, clock: Clockwork, flowed: Poured) -> NDArray[np.float64]:
        """Return how many vehicles each departure takes."""
        return self._runs(clock, flowed)[1]

    def _far(self, clock: Clockwork) -> NDArray[np.float64]:
        return np.array([self.work.roads.km(a, b) for a, b in clock.arcs])

    def _runs(self, clock: Clockwork, flowed: Poured) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Cost and vehicles of each departure: the cheapest type for its load, or seats at their price."""
        arc, load = clock.arc_of, flowed.load * self.work.terms.spare
        km = self._far(clock)[arc]
        runs, hours = np.full((len(self.types), arc.size), np.inf), clock.duration / 60
        crew_h = hours * np.maximum(1.0, np.ceil(hours / DUTY_H - 1e-9))
        count = np.ceil(load / np.array([t.pieces for t in self.types])[:, None] - 1e-9)
        for n, kind in enumerate(self.types):
            fits = km <= kind.range_km
            runs[n, fits] = count[n, fits] * (km[fits] * kind.yuan_km + crew_h[fits] * kind.yuan_h)
        best = runs.argmin(0)
        cost, vehicles = runs.min(0), count[best, np.arange(arc.size)]
        air = np.array([self.work.roads.mode(a, b) == "air" for a, b in clock.arcs])[arc]
        prices = np.array([air_yuan(self.work, *clock.arcs[n]) for n in arc[air]])
        cost[air], vehicles[air] = load[air] * prices, 0.0
        seats = np.flatnonzero(np.isfinite(clock.limit))
        if seats.size:
            held = [self.work.rides[(*clock.arcs[arc[n]], clock.depart[n] % 1440.0, clock.duration[n])] for n in seats]
            cost[seats] = flowed.load[seats] * np.array([ride.yuan_piece for ride in held])
            vehicles[seats] = 0.0
        return cost, vehicles


def poured(work: Trunk, clock: Clockwork, pieces: NDArray[np.float64]) -> Poured:
    """Return a day of the work through a clockwork."""
    flowed = pour(clock, work.ways, pieces, work.hours, work.first_mile, work.order, work.ends.luck)
    return with_sure(work, clock, flowed)


def with_sure(work: Trunk, clock: Clockwork, flowed: Poured) -> Poured:
    """Return the same with the pieces on each departure for which there is room in any case, at least."""
    if not work.sure:
        return flowed
    arcs = [clock.arcs[arc] for arc in clock.arc_of.tolist()]
    least = [work.sure.get((*arc, at % 1440.0), 0.0) for arc, at in zip(arcs, clock.depart.tolist(), strict=True)]
    return replace(flowed, load=np.maximum(flowed.load, least))


def kept(work: Trunk, clock: Clockwork, flowed: Poured, allowed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance of a piece to be delivered within the minutes allowed, by pair and half hour of acceptance."""
    made = work.doors.kept(work.every, flowed.minutes, allowed)
    rows = work.promised
    if rows.size and work.ends.spread_min:
        made[rows] = spread_out(work, clock, rows, allowed[rows], made[rows])
    return made


def spread_out(
    work: Trunk, clock: Clockwork, rows: NDArray[np.int64], allowed: NDArray[np.float64], made: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return chances of some pairs, where luck decides when a piece is ready: those of all its luck together."""
    ways = [work.ways[k] for k in rows.tolist()]
    own = np.array([n for n, way in enumerate(ways) if way[0] in work.ends.spread_min], np.int64)
    if not own.size:
        return made
    made = made.copy()
    lucks = lucky(work, clock, [ways[n] for n in own.tolist()], made.shape[1])
    made[own] = sum(work.doors.kept(rows[own], minutes, allowed[own]) for minutes in lucks) / len(lucks)
    return made


def lucky(work: Trunk, clock: Clockwork, ways: Sequence[list[str]], slots: int = SLOTS) -> list[NDArray[np.float64]]:
    """Return minutes to the last centre by way and half hour, once for each equally likely readiness at its begin."""
    lucks, hours = np.stack([work.ends.lucks(way[0], SLOTS) for way in ways]), np.ones(24 * slots // SLOTS)
    return [pour(clock, ways, np.zeros(len(ways)), hours, lucks[:, :, n], None, work.ends.luck).minutes
            for n in range(lucks.shape[2])]  # fmt: skip


def thinned(
    work: Trunk, departures: Departures, handling: dict[str, float], *, time_s: float,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Departures:  # fmt: skip
    """Return the departures without those that are better left out, emptiest first; every line keeps one."""
    began, trial = time.monotonic(), _Thinning(Ledger(work, handling), departures)
    clock, flowed = trial.ledger.poured(departures)
    order = [(clock.arcs[clock.arc_of[run]], (float(clock.depart[run]), float(clock.duration[run])),
              float(flowed.load[run])) for run in np.argsort(flowed.load, kind="stable").tolist()]  # fmt: skip
    batches = [order[n : n + LEFT_OUT] for n in range(0, len(order), LEFT_OUT)]
    done = 0
    while batches and time.monotonic() - began < time_s:
        if stop and stop():
            raise Stopped.of("errors.stopped", done=done, total=len(order))
        if progress:
            progress(Progress(done, len(order)))
        batch = batches.pop(0)
        if trial.left_out(batch):
            done += len(batch)
        elif len(batch) > 1:
            batches[:0] = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        else:
            trial.seated(*batch[0])
            done += 1
    return trial.kept


class _Thinning:
    """Departures that are left out as long as that is cheaper and no promise suffers."""

    def __init__(self, ledger: Ledger, departures: Departures) -> None:
        self.ledger, self.kept = ledger, {arc: list(times) for arc, times in departures.items()}
        self.cost, in_time, self.hold = ledger.price(self.kept)
        self.least = in_time - MAY_LOSE

    def left_out(self, batch: Sequence[tuple[tuple[str, str], tuple[float, float], float]]) -> bool:
        """Leave departures out together, if that is better; every line keeps one."""
        trial = dict(self.kept)
        for arc, at, _ in batch:
            trial[arc] = _without(trial[arc], at)
        return self._taken(trial, {arc for arc, _, _ in batch})

    def seated(self, arc: tuple[str, str], at: tuple[float, float], load: float) -> bool:
        """Give a departure up for seats that leave about then, if that is better."""
        rest = _without(self.kept[arc], at)
        seats = _near(self.ledger.work, self.kept, arc, at, load)
        return any(self._taken({**self.kept, arc: [*rest, seat]}, {arc}) for seat in seats)

    def _taken(self, trial: Departures, changed: set[tuple[str, str]]) -> bool:
        # At the same price fewer are better. A line keeps a vehicle of its own: seats alone could not take a peak day.
        if any(all((*arc, *one) in self.ledger.work.rides for one in trial[arc]) for arc in changed):
            return False
        cost, share, hold = self.ledger.price(trial)
        better = cost < self.cost + 1e-6 and share >= self.least and hold >= self.hold - MAY_MISS
        if better:
            self.kept, self.cost, self.hold = trial, cost, max(self.hold, hold)
        return better


def _without(times: list[tuple[float, float]], at: tuple[float, float]) -> list[tuple[float, float]]:
    return [one for one in times if abs(one[0] % 1440.0 - at[0]) > 1e-6 or one[1] != at[1]]


def _near(
    work: Trunk, departures: Departures, arc: tuple[str, str], at: tuple[float, float], pieces: float
) -> list[tuple[float, float]]:
    """Seats that could stand in for a vehicle with few pieces: on trips not used yet, leaving about then."""
    if (*arc, *at) in work.rides or arc not in work.ridden:
        return []
    used = trips(work, departures)
    found = [
        (abs((ride.depart_min - at[0] + 720.0) % 1440.0 - 720.0), ride.key[2:])
        for ride in work.rides.values()
        if ride.key[:2] == arc and ride.trip not in used and ride.capacity_pieces >= pieces > 0
    ]
    by_air = work.roads.mode(*arc) == "air"
    return [key for gap, key in sorted(found)[:MOST_SEATS] if by_air or gap <= NEAR_MIN]


def trips(work: Trunk, departures: Departures) -> set[str]:
    """Return the trains and flights on which a timetable has seats."""
    keys = ((*arc, *one) for arc, times in departures.items() for one in times)
    return {work.rides[key].trip for key in keys if key in work.rides}
