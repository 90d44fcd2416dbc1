"""Minutes as hard limits in a rollout: no area above a mean, and the worst-off tenth of people below a limit (P66).

The mean over the worst tenth is linear in the minutes: the least over ``t`` of ``t`` plus ten times the mean of what
exceeds ``t`` (Rockafellar and Uryasev 2000). Nobody's way is shorter than with every site built, so ``t`` need not fall
below the tenth's edge then, and who is within it today never counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from postroad.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.program import Columns, Program
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


def add_minutes(question: Question, program: Program, build: Columns) -> None:
    """Add the limits on minutes to a program whose ``build`` columns hold a block of sites for each year."""
    held = question.minutes
    if held is None or (held.worst_tenth is None and held.area_mean is None):
        return
    areas = len(question.area_names)
    best = held.after(np.ones(question.opened.size, bool))
    edge = worst_tenth(best, held.persons)[1]
    far = held.now > edge if held.worst_tenth is not None else np.zeros(held.now.size, bool)
    over = held.means(held.now, areas) > (held.area_mean if held.area_mean is not None else np.inf)
    pairs = sparse.coo_array(held.ways)
    home, site = pairs.coords
    kept = np.flatnonzero((far | over[held.area])[home])
    home, site, saved = home[kept], site[kept], (held.now[home] - pairs.data)[kept]
    serve = program.columns("nearer", kept.size, high=1.0)
    one = sparse.csr_array((np.ones(kept.size), (home, np.arange(kept.size))), (held.now.size, kept.size))
    touched = np.flatnonzero(np.bincount(home, minlength=held.now.size))
    program.rows("nearest once", [(serve, one[touched])], high=1.0, relief=None)
    last = (question.years - 1) * question.opened.size
    own = sparse.csr_array((np.ones(kept.size), (np.arange(kept.size), last + site)), (kept.size, build.count))
    program.rows("nearer from open", [(build, own), (serve, -sparse.eye_array(kept.size))], low=0.0, relief=None)
    spared = sparse.csr_array((saved, (home, np.arange(kept.size))), (held.now.size, kept.size))
    _tenth(held, program, serve, (far, spared, edge))
    if over.any():
        people = np.bincount(held.area, held.persons, areas)
        mean = sparse.csr_array((held.persons, (held.area, np.arange(held.now.size))), (areas, held.now.size))
        which = np.flatnonzero(over)
        need = (held.means(held.now, areas) - float(held.area_mean or 0.0)) * people
        program.rows("area mean", [(serve, (mean @ spared)[which])], low=need[which] - SLACK, relief=1e3,
                     labels=[f"mean:{a}" for a in which])  # fmt: skip


def _tenth(held: Minutes, program: Program, serve: Columns, given: tuple[Any, sparse.csr_array, float]) -> None:
    """Keep the mean over the worst tenth below its limit."""
    far, spared, edge = given
    if held.worst_tenth is None:
        return
    rows = np.flatnonzero(far)
    beyond = program.columns("beyond", rows.size, low=0.0)
    level = program.columns("level", 1, low=edge)
    program.rows(
        "beyond",
        [(beyond, sparse.eye_array(rows.size)), (serve, spared[rows]), (level, np.ones((rows.size, 1)))],
        low=held.now[rows],
        relief=None,
    )
    share = held.persons[rows] / (TENTH * held.persons.sum())
    program.rows("worst tenth", [(level, np.ones((1, 1))), (beyond, share[None, :])], high=held.worst_tenth + SLACK,
                 relief=1e9, labels=["tenth:0"])  # fmt: skip
