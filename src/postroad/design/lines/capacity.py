"""Sorters and docks of hubs against what a timetable brings: needs by wave and by half hour, and levelling them.

A vehicle that arrives holds a dock while it is unloaded and turned round. A sorter must have done by each release what
came before the cut-off. Where plants are given they are constraints: departures are moved until every hub keeps them on
the peak day. Where they are free, departures are moved as long as that saves more on plants than it costs on the road.
No promised pair is given up for either.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.lines.fluid import SLOT_MIN, SLOTS
from postroad.design.lines.thinning import MAY_MISS, Ledger, poured
from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from postroad.design.lines.fluid import Clockwork, Poured
    from postroad.design.lines.thinning import Departures
    from postroad.design.lines.work import Trunk

SHIFTS = (-30.0, 30.0, -60.0, 60.0, -90.0, 90.0, -15.0, 15.0)
"""Minutes by which a departure is moved, in the order they are tried."""
TRIED = 5
"""So many arrivals at a strained moment are tried, fullest first."""
SHORT_YUAN = 1e6
"""What a hub short of a whole plant counts while departures are moved: more than any road."""


@dataclass(frozen=True)
class Plant:
    """What a hub has: pieces sorted an hour, and docks for arriving vehicles."""

    rate: float
    docks: float


@dataclass(frozen=True)
class Needs:
    """What each hub needs on a day: ``rate`` by wave in order of cut-off, ``docks`` by half hour."""

    rate: dict[str, NDArray[np.float64]]
    docks: dict[str, NDArray[np.float64]]


def rates(
    arrivals: NDArray[np.float64], cutoffs: NDArray[np.float64], sorting: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the pieces an hour that each wave needs: arrivals by half hour of the day, waves of the day.

    Over every stretch from some half hour to a release, what arrived in it before the cut-off must fit: the classic
    demand bound. Without waves one number, that of the busiest two hours.
    """
    hours, size = SLOT_MIN / 60, arrivals.size
    if not cutoffs.size:
        around = np.concatenate([arrivals, arrivals[: round(2 / hours)]])
        return np.array([float(np.convolve(around, np.ones(round(2 / hours)), "valid").max() / 2)])
    twice = np.concatenate([[0.0], np.cumsum(np.tile(arrivals, 2))])
    back = np.arange(1, size + 1)
    end = (cutoffs // SLOT_MIN).astype(int) + size
    within = twice[end][:, None] - twice[end[:, None] - back]
    busy = np.minimum(24.0, back * hours + sorting[:, None] / 60)
    return np.asarray((within / busy).max(1))


def docked(work: Trunk, clock: Clockwork, flowed: Poured, ledger: Ledger) -> NDArray[np.float64]:
    """Return docks held by arriving vehicles, nodes by half hours: the most at a moment of it."""
    arc, vehicles = clock.arc_of, ledger.vehicles(clock, flowed)
    row = {node: k for k, node in enumerate(clock.nodes)}
    node = np.array([row[b] for _, b in clock.arcs])[arc]
    arrive = (clock.depart + clock.duration) % 1440.0
    first = (arrive // SLOT_MIN).astype(int)
    held = np.zeros((len(clock.nodes), SLOTS))
    each = flowed.load / np.maximum(1.0, vehicles)
    turn = np.maximum(work.terms.dock_turn_min, 60.0 * each / work.terms.dock_pieces_h)
    slots = np.minimum(SLOTS, np.ceil((arrive % SLOT_MIN + turn) / SLOT_MIN)).astype(int)
    for n in range(int(slots.max(initial=0))):
        inside = slots > n
        np.add.at(held, (node[inside], (first[inside] + n) % SLOTS), vehicles[inside])
    return held


def needs(work: Trunk, clock: Clockwork, flowed: Poured, ledger: Ledger) -> Needs:
    """Return what a day needs at every hub, with the room that is kept free."""
    docks, rate = docked(work, clock, flowed, ledger), {}
    for k, hub in enumerate(clock.nodes):
        if hub in work.layout.tier:
            span = slice(int(clock.wave_first[k]), int(clock.wave_first[k + 1]))
            wanted = rates(flowed.sorted_pieces[k], clock.cutoff[span], clock.release[span])
            rate[hub] = wanted * work.terms.spare
    return Needs(rate, {hub: docks[clock.nodes.index(hub)] for hub in rate})


def short(needed: Needs, plants: Mapping[str, Plant]) -> float:
    """Return by how much hubs are short, over all waves and half hours, in whole plants."""
    total = 0.0
    for hub, plant in plants.items():
        if hub in needed.rate:
            total += float(np.maximum(0.0, needed.rate[hub] / plant.rate - 1.0).sum())
            total += float(np.maximum(0.0, needed.docks[hub] - plant.docks).sum()) / max(1.0, plant.docks)
    return total


def plant_yuan(work: Trunk, needed: Needs) -> float:
    """Return the yuan a day of plants that do what is needed: sorters written off and manned, docks."""
    terms, total = work.terms, 0.0
    for hub, wanted in needed.rate.items():
        total += float(wanted.max()) / terms.sorter_pieces_h * terms.sorter_yuan_day
        total += float(needed.docks[hub].max()) * terms.dock_yuan_day
    return total


class _Levels:
    """Prices departures: yuan a day of road and plants, or of plants that are short, with pairs that hold."""

    def __init__(self, work: Trunk, handling: dict[str, float], plants: Mapping[str, Plant] | None) -> None:
        self.work, self.plants, self.ledger = work, plants, Ledger(work, handling)
        self.peak = work.pieces("peak")

    def needs(self, departures: Departures) -> tuple[Needs, Clockwork, Poured]:
        clock = self.ledger.clock(departures)
        flowed = poured(self.work, clock, self.peak)
        return needs(self.work, clock, flowed, self.ledger), clock, flowed

    def strain(self, needed: Needs) -> float:
        if self.plants is None:
            return plant_yuan(self.work, needed)
        return SHORT_YUAN * short(needed, self.plants)


def levelled(
    work: Trunk, departures: Departures, handling: dict[str, float], plants: Mapping[str, Plant] | None, *,
    time_s: float, progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Departures:  # fmt: skip
    """Return the departures moved so that hubs need less at once; with ``plants``, until they are enough."""
    began, levels = time.monotonic(), _Levels(work, handling, plants)
    needed, clock, flowed = levels.needs(departures)
    strain, (cost, in_time, hold) = levels.strain(needed), levels.ledger.price(departures)
    least, moved, given_up = in_time - MAY_LOSE, True, set[tuple[str, str, float, float]]()
    while moved and (plants is None or strain > 0):
        moved = False
        for arc, run in _strained(work, needed, clock, flowed, plants):
            if (*arc, *run) in given_up:
                continue
            for shift in SHIFTS:
                left = time_s - (time.monotonic() - began)
                if left <= 0:
                    return departures
                if stop and stop():
                    raise Stopped.of("errors.stopped", done=round(time_s - left), total=round(time_s))
                if progress:
                    progress(Progress(round(time_s - left), round(time_s)))
                trial = {**departures, arc: _shifted(departures[arc], run, shift)}
                now = levels.needs(trial)
                if (now_strain := levels.strain(now[0])) >= strain - 1e-6:
                    continue
                price = levels.ledger.price(trial)
                if price[2] >= hold - MAY_MISS and price[1] >= least and price[0] + now_strain < cost + strain - 1e-6:
                    departures, strain, cost, moved = trial, now_strain, price[0], True
                    hold = max(hold, price[2])
                    needed, clock, flowed = now
                    break
            if moved:
                break
            given_up.add((*arc, *run))
    return departures


MAY_LOSE = 0.001
"""Share of all pieces that may become late for levelling; assumed."""


def _shifted(times: list[tuple[float, float]], run: tuple[float, float], shift: float) -> list[tuple[float, float]]:
    return [((at + shift) % 1440.0, long) if (at % 1440.0, long) == run else (at, long) for at, long in times]


def _strained(
    work: Trunk, needed: Needs, clock: Clockwork, flowed: Poured, plants: Mapping[str, Plant] | None
) -> list[tuple[tuple[str, str], tuple[float, float]]]:
    """Road departures that arrive where and when a hub is strained most, hubs in order of strain, fullest first."""
    terms, arc_of = work.terms, clock.arc_of
    arrive = (clock.depart + clock.duration) % 1440.0
    found: list[tuple[float, tuple[str, str], tuple[float, float]]] = []
    for hub, wanted in needed.rate.items():
        k = clock.nodes.index(hub)
        moments: list[tuple[float, float, float]] = []
        docks, plant = needed.docks[hub], plants.get(hub) if plants else None
        if plants is not None and plant is None:
            continue
        slot = int(docks.argmax())
        over = docks.max() / plant.docks - 1 if plant else docks.max() * terms.dock_yuan_day / 1e6
        moments.append((over, SLOT_MIN * slot - terms.dock_turn_min, SLOT_MIN * (slot + 1.0)))
        wave = int(wanted.argmax())
        cut = (
            float(clock.cutoff[int(clock.wave_first[k]) + wave])
            if clock.wave_first[k + 1] > clock.wave_first[k]
            else 0.0
        )
        yuan = float(wanted.max()) / terms.sorter_pieces_h * terms.sorter_yuan_day
        moments.append((wanted.max() / plant.rate - 1 if plant else yuan / 1e6, cut - 120.0, cut))
        for over, low, high in moments:
            if over <= 0:
                continue
            inside = [run for run in range(arc_of.size) if clock.arcs[arc_of[run]][1] == hub
                      and (arrive[run] - low) % 1440.0 <= high - low and not np.isfinite(clock.limit[run])]  # fmt: skip
            inside.sort(key=lambda run: -flowed.load[run])
            found += [(over, clock.arcs[arc_of[run]], (float(clock.depart[run]), float(clock.duration[run])))
                      for run in inside[:TRIED]]  # fmt: skip
    found.sort(key=lambda one: -one[0])
    return [(arc, run) for _, arc, run in found]
