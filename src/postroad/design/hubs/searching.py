"""Look for good answers of single allocation: chains of neighbourhood search, and what their answers have in common.

With many places one chain ends in a good answer that is seldom the best. Several, begun apart, end in answers whose
hubs together are few, and among these few the best is soon found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postroad.design.hubs import settling, single_search
from postroad.design.hubs.arrays import NONE, Single, single_arrays
from postroad.randomness import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.hubs.hunt import Hunt

ROUNDS, TURNS, CHAINS = 20, 4, 4
FEWER, LARGE = 0.8, 60
"""Share of the hubs left at which the search begins again among them, and places from which that and chains may pay."""
SOME = 0.02
"""How often a bound chooses a hub that counts as chosen at all."""
STEPS = 20_000
"""Steps of annealing for each place, at most."""
SETTLE_S = 20.0
"""Seconds for the program of one set of hubs."""


def search(hunt: Hunt, s: Single, seed: int) -> None:
    """Look for a good answer, begun from the hubs that send and receive most, with many places from others too."""
    n, h = s.cost.shape
    hunt.seed, hunt.candidates = seed, h
    worth = np.where(s.own >= 0, s.sent + s.between.sum(0), 0.0)[s.hub] + 1e-9
    count = s.least if s.least == s.most else max(1, min(h, round(np.sqrt(n) / 2)))
    begun = np.argsort(-worth, kind="stable")[:count]
    turns = int(np.clip(n / 6, 6, 30))
    if n < LARGE or s.reach.size or count >= h / 2:
        _chain(hunt, s, begun, turns, seed * 1000)
        return
    random = generator(seed, "hub chains")
    seen = np.zeros(n, bool)
    for chain in range(CHAINS):
        if chain and hunt.left():
            begun = random.choice(h, count, replace=False, p=worth / worth.sum())
        if not chain or hunt.left():
            held = _chain(hunt, s, begun, turns // CHAINS, seed * 1000 + 10 * chain)
            seen[s.hub[held[held >= 0]]] = True
    if hunt.cost < NONE and seen.sum() > count and hunt.left():
        few = single_arrays(hunt.problem, seen)
        _chain(hunt, few, np.unique(few.own[hunt.allocation]), TURNS, seed * 1000 + 10 * CHAINS)


def search_left(hunt: Hunt, hubs: NDArray[np.int64], often: NDArray[np.float64], *, last: bool = False) -> None:
    """Search once more among the hubs a bound has left: those it chooses at all, and from the best answer's.

    Does nothing until these are clearly fewer than when the search last began, unless it is the ``last`` time.
    """
    problem, left = hunt.problem, hubs.size
    if problem.size < LARGE or problem.within is not None or not hunt.left():
        return
    if left <= (problem.hubs or 1) or (left > FEWER * hunt.candidates and not last):
        return
    hunt.candidates = left
    draw = 1000 * hunt.seed + 100 + left
    keep = np.isin(np.arange(problem.size), hubs)
    chosen = np.isin(np.arange(problem.size), hubs[often > SOME])
    inside = hunt.cost < NONE and bool(keep[hunt.allocation].all())
    if inside:
        chosen[hunt.allocation] = True
    count = problem.hubs or max(1, int((often > 0.5).sum()))
    likely = hubs[np.argsort(-often, kind="stable")[:count]]
    chosen[likely] = True
    if chosen.sum() > count:
        few = single_arrays(problem, chosen)
        _chain(hunt, few, few.own[likely], TURNS, draw)
    if inside:
        few = single_arrays(problem, keep)
        _chain(hunt, few, np.unique(few.own[hunt.allocation]), TURNS, draw + TURNS)


def _chain(hunt: Hunt, s: Single, begun: NDArray[np.int64], turns: int, seed: int) -> NDArray[np.int64]:
    """Search from a set of hubs, longer while nothing keeps the rules; return the allocation found, -1 for none."""
    n, h = s.cost.shape
    near = _near(s, int(np.clip(3 * h / max(1, begun.size), 12, 40)))
    is_open = np.isin(np.arange(h), begun)
    held, cost = np.full(n, -1, np.int64), NONE
    rounds = 3 * ROUNDS if s.capacity.size else ROUNDS
    for turn in range(100):
        if turn and (not hunt.left() or (turn >= turns and min(cost, hunt.cost) < NONE)):
            break
        cost = single_search.search(s, is_open, cost, held, rounds, near, seed + turn)
    if cost < NONE:
        _finish(hunt, s, held, cost)
    return held


def _finish(hunt: Hunt, s: Single, held: NDArray[np.int64], cost: float) -> None:
    """Keep what a search found; where capacity binds, work out the allocation to its hubs first."""
    if s.capacity.size and not s.reach.size:
        cost = single_search.squeeze(s, held, cost, min(single_search.THOROUGH, STEPS * held.size))
    if not hunt.take(s, held, cost):
        return
    opened = np.unique(held)
    if settling.fits(s, opened):
        settling.settle(hunt, s, opened, np.ones(s.cost.shape, bool), SETTLE_S / 3)


def _near(s: Single, count: int) -> NDArray[np.int64]:
    """Return for each candidate the candidates nearest to it."""
    apart = s.transfer + s.cost[s.hub] / np.maximum(1e-12, (s.sent + s.between.sum(0))[s.hub])[:, None]
    apart = apart + np.diag(np.full(s.hub.size, np.inf))
    return np.ascontiguousarray(np.argsort(apart, axis=1, kind="stable")[:, : min(count, s.hub.size - 1)])
