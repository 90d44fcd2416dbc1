"""Leave out departures that cost more than they bring: pieces that lose one take the next and fill it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.lines.batches import due
from postroad.design.lines.fluid import SLOTS, Clockwork, Poured, pour
from postroad.design.lines.pairs import members
from postroad.design.lines.vehicles import AIR_YUAN, fleet
from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.lines.work import Trunk

WAVE_MIN = 30.0
MAY_LOSE = 0.0005
"""Share of all pieces that may become late for the whole thinning; assumed."""
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
        share = np.repeat(work.hours / work.hours.sum(), SLOTS // 24) / (SLOTS // 24)
        self.pieces = work.pieces("ordinary")
        self.weight = self.pieces[:, None] * share
        accepted = (np.arange(SLOTS) + 0.5) * 1440.0 / SLOTS
        self.allowed = due(work, accepted) - accepted
        self.promised = [(one["rows"], one["share_asked_percent"] / 100) for one in members(work)]

    def poured(self, departures: Departures) -> tuple[Clockwork, Poured]:
        """Return the day through these departures."""
        clock = Clockwork.of(departures, waves_of(self.work, departures), self.handling)
        return clock, pour(clock, self.work.ways, self.pieces, self.work.hours, self.work.terms.first_mile_min)

    def price(self, departures: Departures) -> tuple[float, float, int]:
        """Return yuan a day with empty returns, the share of pieces in time, and how many promised pairs hold."""
        clock, poured = self.poured(departures)
        minutes = at_the_door(poured.minutes, self.work.terms.delivery_starts_min, self.work.terms.delivery_min)
        in_time = self.weight * (minutes <= self.allowed + 1e-6)
        hold = sum(in_time[rows].sum() >= asked * self.weight[rows].sum() - 1e-9 for rows, asked in self.promised)
        return self.yuan(clock, poured), float(in_time.sum() / self.weight.sum()), int(hold)

    def yuan(self, clock: Clockwork, poured: Poured) -> float:
        """Return the cost of vehicles for the loads, with those that come back empty."""
        arc = np.repeat(np.arange(len(clock.arcs)), np.diff(clock.first))
        load = poured.load * self.work.terms.spare
        km = np.array([self.work.roads.km(a, b) for a, b in clock.arcs])[arc]
        runs = np.full((len(self.types), arc.size), np.inf)
        count = np.ceil(load / np.array([t.pieces for t in self.types])[:, None] - 1e-9)
        for n, kind in enumerate(self.types):
            fits = km <= kind.range_km
            runs[n, fits] = count[n, fits] * (km[fits] * kind.yuan_km + clock.duration[fits] / 60 * kind.yuan_h)
        best = runs.argmin(0)
        cost, vehicles = runs.min(0), count[best, np.arange(arc.size)]
        air = np.array([self.work.roads.mode(a, b) == "air" for a, b in clock.arcs])[arc]
        cost[air], vehicles[air] = load[air] * AIR_YUAN, 0.0
        by_cost = np.bincount(arc, cost, len(clock.arcs))
        by_count = np.bincount(arc, vehicles, len(clock.arcs))
        row = {pair: k for k, pair in enumerate(clock.arcs)}
        back = np.array([by_count[row[b, a]] if (b, a) in row else 0.0 for a, b in clock.arcs])
        moved = np.bincount(arc, vehicles * km, len(clock.arcs))
        each = np.divide(by_cost, moved, out=np.zeros_like(moved), where=moved > 0)
        far = np.array([self.work.roads.km(a, b) for a, b in clock.arcs])
        return float(by_cost.sum() + (np.maximum(by_count - back, 0.0) * far * each).sum())


def at_the_door(
    minutes: NDArray[np.float64], starts_min: tuple[float, ...], delivery_min: float
) -> NDArray[np.float64]:
    """Return minutes from acceptance to the door, from those to the last centre: couriers leave in rounds."""
    accepted = (np.arange(minutes.shape[1]) + 0.5) * 1440.0 / minutes.shape[1]
    there = accepted + minutes
    starts = np.sort(np.array(starts_min))
    clock = np.where(np.isfinite(there), there % 1440.0, 0.0)
    at = np.searchsorted(starts, clock - 1e-9)
    start = np.where(at < starts.size, starts[np.minimum(at, starts.size - 1)], starts[0] + 1440.0)
    return np.asarray(minutes + (start - clock) + delivery_min)


def thinned(
    work: Trunk, departures: Departures, handling: dict[str, float], *, time_s: float,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Departures:  # fmt: skip
    """Return the departures without those that are better left out, emptiest first; every line keeps one."""
    began, ledger = time.monotonic(), Ledger(work, handling)
    kept = {arc: list(times) for arc, times in departures.items()}
    cost, in_time, hold = ledger.price(kept)
    least = in_time - MAY_LOSE
    clock, poured = ledger.poured(kept)
    order = np.argsort(poured.load, kind="stable")
    arc_of = np.repeat(np.arange(len(clock.arcs)), np.diff(clock.first))
    for done, run in enumerate(order.tolist()):
        if time.monotonic() - began > time_s:
            break
        if stop and stop():
            raise Stopped.of("errors.stopped", done=done, total=order.size)
        if progress and done % 5 == 0:
            progress(Progress(done, order.size))
        arc = clock.arcs[arc_of[run]]
        at = (float(clock.depart[run]), float(clock.duration[run]))
        if len(kept[arc]) < 2:
            continue
        trial = {**kept, arc: [one for one in kept[arc] if abs(one[0] % 1440.0 - at[0]) > 1e-6]}
        cheaper, share, now = ledger.price(trial)
        if trial[arc] and cheaper < cost - 1e-6 and share >= least and now >= hold:
            kept, cost, hold = trial, cheaper, now
    return kept
