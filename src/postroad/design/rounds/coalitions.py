"""What every group of operators would pay in a county, as a game; and how that is split."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad import randomness
from postroad.design.rounds.answer import EXACT
from postroad.design.rounds.days import WEEK
from postroad.design.rounds.ways import county_pieces, shared_fixed
from postroad.design.sharing import Game, Level, least_data, least_each, split
from postroad.design.sharing.splits import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.design.rounds.answer import CountyPlan

VARIATION = 0.3
"""How far an operator's share of a township is taken to lie from its share of the county, either way."""
LEAST_SHARE = 0.01


def county_game(plan: CountyPlan, local: Mapping[str, Mapping[str, float]] | None = None) -> Game:
    """Return the cost of a week for every group of operators: centre, sorting, both tiers.

    Running costs come from searches at the shares that occur, or are interpolated between those of a grid when many
    differ; ``note`` says which. ``local`` gives each operator's share by township where it is known. No group pays
    more than its members do apart: they may always go on as they are.
    """
    county = plan.county
    shares = dict(county.shares)
    total = county_pieces(county)

    def cost(group: tuple[str, ...]) -> float:
        own = sum(shares[name] for name in group)
        fixed, sort = _fixed(plan, group, own * total)
        running = _at(plan, county.place_id, own)
        for town in county.townships:
            part = sum(local[name][town.place_id] for name in group) if local else own
            running += _at(plan, town.place_id, part)
        return WEEK * (fixed + sort) + running

    solved = len(plan.curves[county.place_id])
    note = "solved" if local is None and solved <= EXACT else "interpolated"
    game = Game.of(tuple(shares), cost, note)
    return Game(game.players, _never_dearer(game), note)


def _fixed(plan: CountyPlan, group: tuple[str, ...], pieces: float) -> tuple[float, float]:
    terms = plan.county.terms
    if len(group) == 1:
        agents = terms.agent_day_yuan * len(plan.county.townships)
        return terms.branch_day_yuan + agents, terms.hand_sort_yuan(pieces)
    return shared_fixed(plan.county, len(group), pieces)


def _at(plan: CountyPlan, place: str, share: float) -> float:
    """Running cost at a share: on the curve, or straight between its points and, below the first, to zero."""
    points = plan.curves[place]
    return float(np.interp(share, [0.0, *(s for s, _ in points)], [0.0, *(c for _, c in points)]))


def _never_dearer(game: Game) -> Any:
    """Let a group be as cheap as the best way of taking one member out of it: searches are no proofs of least cost."""
    cost = game.cost.copy()
    n = len(game.players)
    for mask in range(1, cost.size):
        for k in range(n):
            if mask >> k & 1 and mask != 1 << k:
                cost[mask] = min(cost[mask], cost[mask ^ 1 << k] + cost[1 << k])
    return cost


def splits(plan: CountyPlan) -> list[dict[str, Any]]:
    """Return a row for each operator: share, cost alone and by every rule in fen a week, and whether a group leaves."""
    game = county_game(plan)
    made = {rule: split(game, rule) for rule in RULES}
    rows = []
    for k, (name, share) in enumerate(plan.county.shares):
        row: dict[str, Any] = {"county_id": plan.county.place_id, "operator_id": name, "share": share,
                               "alone_fen": round(float(game.alone[k]) * 100)}  # fmt: skip
        for rule, one in made.items():
            row[f"{rule}_fen"] = one.fen[k]
            row[f"{rule}_stable"] = one.stable
        row |= {"together_fen": round(game.whole * 100), "costs": game.note}
        rows.append(row)
    return rows


def reveals(plan: CountyPlan, seed: int = 0) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return what each degree of detail is worth, and the least each operator must reveal: ``county`` or ``township``.

    How operators' shares differ between townships is not known; here each lies up to ``VARIATION`` from the county's,
    drawn with the seed.
    """
    county = plan.county
    local = _local(plan, seed)
    flat = {name: dict.fromkeys(local[name], share) for name, share in county.shares}

    @cache
    def known(revealing: frozenset[str]) -> Game:
        return county_game(plan, {name: (local if name in revealing else flat)[name] for name in flat})

    levels = [
        Level("county", 1, known(frozenset())),
        Level("township", len(county.townships), known(frozenset(flat))),
    ]
    finer = least_each(tuple(flat), known)
    rows = [
        {"county_id": county.place_id, "level": one.name, "numbers_each": one.numbers, "largest_change": one.change,
         "enough": one.enough}
        for one in least_data(levels)
    ]  # fmt: skip
    return rows, {name: "township" if name in finer else "county" for name in flat}


def _local(plan: CountyPlan, seed: int) -> dict[str, dict[str, float]]:
    """Draw every operator's share of each township around its share of the county."""
    county = plan.county
    towns = [t.place_id for t in county.townships]
    names = [name for name, _ in county.shares]
    drawn = randomness.uniforms(seed, f"sharing/{county.place_id}", 0, len(towns) * len(names))
    raw = np.array([share for _, share in county.shares])[:, None] * (
        1 + VARIATION * (2 * drawn.reshape(len(names), len(towns)) - 1)
    )
    raw = np.maximum(raw, LEAST_SHARE * 1e-3)
    raw /= raw.sum(0)
    return {name: dict(zip(towns, raw[k].tolist(), strict=True)) for k, name in enumerate(names)}
