"""Minutes as hard limits in a rollout (P66): no area above a mean, and the worst-off tenth of people below a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.sites.demand import Question

TENTH = 0.1
SLACK = 1e-6


@dataclass(frozen=True)
class Minutes:
    """Minutes of homes to a point: ``now``, and by ``ways[i, j]`` where a new site ``j`` shortens them.

    ``persons`` and ``area`` are of homes. ``worst_tenth`` and ``area_mean`` are limits in minutes that must hold once
    everything is built; without one there is no limit.
    """

    now: NDArray[np.float64]
    ways: sparse.csr_array
    persons: NDArray[np.float64]
    area: NDArray[np.int64]
    worst_tenth: float | None = None
    area_mean: float | None = None

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return any(limit is not None for limit in (self.worst_tenth, self.area_mean))

    def after(self, built: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return everybody's minutes once some sites are built."""
        pairs = sparse.coo_array(self.ways)
        home, site = pairs.coords
        found, open_ = self.now.copy(), built[site]
        np.minimum.at(found, home[open_], pairs.data[open_])
        return found

    def kept(self, built: NDArray[np.bool_]) -> bool:
        """Return whether the limits hold once some sites are built."""
        found = self.after(built)
        if self.worst_tenth is not None and worst_tenth(found, self.persons)[0] > self.worst_tenth + SLACK:
            return False
        if self.area_mean is None:
            return True
        return bool((self.means(found, int(self.area.max(initial=0)) + 1) <= self.area_mean + SLACK).all())

    def means(self, minutes: NDArray[np.float64], areas: int) -> NDArray[np.float64]:
        """Return each area's mean; nought where nobody lives."""
        people = np.bincount(self.area, self.persons, areas)
        return np.bincount(self.area, self.persons * minutes, areas) / np.maximum(people, 1e-9)


def worst_tenth(minutes: NDArray[np.float64], persons: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean over the worst-off tenth of people and the minutes at its edge."""
    order = np.argsort(-minutes, kind="stable")
    v, w = minutes[order], persons[order]
    room = TENTH * w.sum()
    if room <= 0:
        return 0.0, 0.0
    taken = np.clip(room - np.concatenate([[0.0], np.cumsum(w)[:-1]]), 0.0, w)
    edge = float(v[min(v.size - 1, int(np.searchsorted(np.cumsum(w), room)))])
    return float((v * taken).sum() / room), edge


def inequality(minutes: NDArray[np.float64], persons: NDArray[np.float64]) -> float:
    """Return the Gini coefficient over people: 0 when all have the same, up to 1."""
    order = np.argsort(minutes, kind="stable")
    held = np.cumsum(persons[order] * minutes[order])
    if not held[-1]:
        return 0.0
    before = np.concatenate([[0.0], held[:-1]])
    return float(1.0 - ((held + before) * persons[order]).sum() / (held[-1] * persons.sum()))


def hopeless(question: Question) -> list[Fault]:
    """Name each limit and floor that is out of reach with every site built, and what would be within reach."""
    faults, every = [], np.ones(question.opened.size, bool)
    if question.floors is not None:
        areas = len(question.area_names)
        whole = np.bincount(question.area, question.persons, areas)
        most = np.bincount(question.area, question.persons * question.met(every), areas)
        for a in np.flatnonzero(most < question.floors * whole - SLACK):
            faults.append(Fault.of("sites.floor_out_of_reach", area=question.area_names[a],
                                   most=f"{100 * most[a] / whole[a]:.2f}", floor=f"{100 * question.floors[a]:.0f}",
                                   persons=round(float(question.floors[a] * whole[a] - most[a]))))  # fmt: skip
    held = question.minutes
    if held is None:
        return faults
    best = held.after(every)
    tenth, _ = worst_tenth(best, held.persons)
    if held.worst_tenth is not None and tenth > held.worst_tenth + SLACK:
        faults.append(Fault.of("sites.tenth_out_of_reach", limit=held.worst_tenth, least=f"{tenth:.1f}"))
    if held.area_mean is not None:
        means = held.means(best, len(question.area_names))
        faults += [
            Fault.of("sites.mean_out_of_reach", area=question.area_names[a], limit=held.area_mean,
                     least=f"{means[a]:.1f}")
            for a in np.flatnonzero(means > held.area_mean + SLACK)
        ]  # fmt: skip
    return faults
