"""Limits on minutes as rows of a program: who is nearer to what once which sites stand.

The mean over the worst tenth is linear in the minutes: the least over an edge ``t`` of ``t`` plus ten times the mean of
what exceeds ``t`` (Rockafellar and Uryasev 2000). Nobody's way is shorter than with every site built, so the edge lies
between the tenth's edge then and today. Within a range of edges a new site spares nobody more than down to its lower
end: the narrower the range, the nearer the program without whole numbers is to the one with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.sites.equity import SLACK, TENTH, worst_tenth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.program import Columns, Program
    from postroad.design.sites.demand import Question
    from postroad.design.sites.equity import Minutes

Edges = tuple[float, float]
"""Between which minutes the worst-off tenth begins."""


@dataclass(frozen=True)
class Nearer:
    """Columns that say which home goes to which new site, and the minutes each of them saves."""

    serve: Columns
    home: NDArray[np.int64]
    saved: NDArray[np.float64]
    held: Minutes


def edges(question: Question) -> Edges:
    """Return between which minutes the worst-off tenth begins, whatever is built."""
    held = question.minutes
    assert held is not None
    best = held.after(np.ones(question.opened.size, bool))
    return worst_tenth(best, held.persons)[1], worst_tenth(held.now, held.persons)[1]


def add_minutes(question: Question, program: Program, build: Columns, edge: Edges | None = None) -> None:
    """Add the limits on minutes to a program whose ``build`` columns hold a block of sites for each year."""
    held = question.minutes
    if held is None or not held.limited:
        return
    areas = len(question.area_names)
    edge = edge or (edges(question) if held.worst_tenth is not None else (0.0, 0.0))
    far = held.now > edge[0] if held.worst_tenth is not None else np.zeros(held.now.size, bool)
    over = held.means(held.now, areas) > (held.area_mean if held.area_mean is not None else np.inf)
    pairs = sparse.coo_array(held.ways)
    home, site = pairs.coords
    kept = np.flatnonzero((far | over[held.area])[home])
    home, site, way = home[kept], site[kept], pairs.data[kept]
    serve = program.columns("nearer", kept.size, high=1.0)
    nearer = Nearer(serve, home, held.now[home] - way, held)
    one = sparse.csr_array((np.ones(kept.size), (home, np.arange(kept.size))), (held.now.size, kept.size))
    program.rows("nearest once", [(serve, one[np.unique(home)])], high=1.0, relief=None)
    last = (question.years - 1) * question.opened.size
    own = sparse.csr_array((np.ones(kept.size), (np.arange(kept.size), last + site)), (kept.size, build.count))
    program.rows("nearer from open", [(build, own), (serve, -sparse.eye_array(kept.size))], low=0.0, relief=None)
    if held.worst_tenth is not None:
        _tenth(program, nearer, far, edge)
    if over.any():
        people = np.bincount(held.area, held.persons, areas)
        mean = sparse.csr_array((held.persons, (held.area, np.arange(held.now.size))), (areas, held.now.size))
        which = np.flatnonzero(over)
        need = (held.means(held.now, areas) - float(held.area_mean or 0.0)) * people
        program.rows("area mean", [(serve, (mean @ _spared(nearer, nearer.saved))[which])], low=need[which] - SLACK,
                     relief=1e3, labels=[f"mean:{a}" for a in which])  # fmt: skip


def _spared(nearer: Nearer, saved: NDArray[np.float64]) -> sparse.csr_array:
    return sparse.csr_array((saved, (nearer.home, np.arange(saved.size))), (nearer.held.now.size, saved.size))


def _tenth(program: Program, nearer: Nearer, far: NDArray[np.bool_], edge: Edges) -> None:
    """Keep the mean over the worst tenth below its limit; nobody counts as spared below the range of edges."""
    held, rows = nearer.held, np.flatnonzero(far)
    spared = _spared(nearer, np.minimum(nearer.saved, np.maximum(0.0, held.now[nearer.home] - edge[0])))
    beyond = program.columns("beyond", rows.size, low=0.0)
    level = program.columns("level", 1, low=edge[0], high=edge[1])
    every = sparse.eye_array(rows.size)
    program.rows("beyond", [(beyond, every), (nearer.serve, spared[rows]), (level, np.ones((rows.size, 1)))],
                 low=held.now[rows], relief=None)  # fmt: skip
    share = held.persons[rows] / (TENTH * held.persons.sum())
    program.rows("worst tenth", [(level, np.ones((1, 1))), (beyond, share[None, :])],
                 high=float(held.worst_tenth or 0.0) + SLACK, relief=1e9, labels=["tenth:0"])  # fmt: skip
