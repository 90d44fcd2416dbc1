"""Points moved, added and kept in one model: the most people inside the standard for the money, and nobody loses (P52).

No net loss is a hard rule twice over: a county has at least as many points as before, and whoever is inside the
standard today still is. Stations of administrative villages stay: their village needs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy import sparse
from scipy.spatial import KDTree

from postroad.design.program import Limits, Program, solve
from postroad.errors import DataError, Stopped, UsageError
from postroad.travel.doorstep import STANDARDS, USABLE, Pace, flat, homes, homes_km, inside, pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.network import Network

STAYS = ("village_post_station",)
TIE = 1e-6
"""Among choices for the same people the cheaper one is taken."""


@dataclass(frozen=True)
class Prices:
    """Yuan of a county's year: what there is, what a new point costs, and what moving one costs."""

    budget: float = 300_000.0
    new: float = 30_000.0
    move: float = 8_000.0


@dataclass(frozen=True)
class Moved:
    """A county's moves and additions; ``bound`` is how many persons no choice can bring above."""

    changes: pl.DataFrame
    inside_before: float
    inside_after: float
    bound: float
    yuan: float


def move_points(
    network: Network,
    county: str,
    prices: Prices | None = None,
    *,
    time_s: float = 20.0,
    stop: Callable[[], bool] | None = None,
) -> Moved:
    """Return which points of a county move or are added; ``DataError`` when it has no homes or no points."""
    prices = prices or Prices()
    if min(prices.budget, prices.new, prices.move) < 0 or prices.move > prices.new:
        raise UsageError.of("sites.bad_prices", move=prices.move, value=prices.new)
    units = homes(network)
    wide, rows = homes_km(flat(units)), np.flatnonzero((units["county_id"] == county).to_numpy())
    units = units[rows]
    points = network["sites"].filter(pl.col("kind").is_in(USABLE), pl.col("status") == "open")
    here = points.filter(pl.col("place_id").is_in(units["place_id"].implode()))
    if not units.height or not here.height:
        raise DataError.of("sites.nothing_to_move", table="sites", value=county)
    fixed = _count(units, here.filter(pl.col("kind").is_in(STAYS)))
    free = _count(units, here.filter(~pl.col("kind").is_in(STAYS)))
    reach = _reach(units, wide[rows], pace(network))
    persons = units["persons"].to_numpy().astype(float)
    met = (reach @ ((fixed + free) > 0)) > 0
    program = Program()
    gone = program.columns("gone", free.size, high=free, integer=True, cost=TIE * (prices.move - prices.new))
    added = program.columns("added", free.size, high=1.0, integer=True, cost=TIE * prices.new)
    stands = program.columns("stands", free.size, high=1.0, integer=True)
    within = program.columns("inside", free.size, low=met.astype(float), high=1.0, cost=-persons)
    every, all_ = sparse.eye_array(free.size), np.ones((1, free.size))
    program.rows("stands", [(added, every), (gone, -every), (stands, -every)], low=-(fixed + free))
    program.rows("inside", [(stands, reach), (within, -every)], low=0.0)
    program.rows("no fewer", [(added, all_), (gone, -all_)], low=0.0)
    program.rows("money", [(added, prices.new * all_), (gone, (prices.move - prices.new) * all_)], high=prices.budget)
    answer = solve(program, Limits(time_s=time_s), stop=stop)
    if not answer.answered:
        raise Stopped.of("sites.time_too_short", seconds=round(time_s))
    out, new = np.round(answer[gone]).astype(int), np.round(answer[added]).astype(int)
    after = (reach @ ((fixed + free - out + new) > 0)) > 0
    yuan = float(prices.new * new.sum() - (prices.new - prices.move) * out.sum())
    return Moved(_paired(units, out, new), float(persons @ met), float(persons @ after),
                 min(float(persons.sum()), TIE * prices.budget - answer.bound), yuan)  # fmt: skip


def counties(network: Network) -> list[str]:
    """Return the counties that have homes and open points."""
    points = network["sites"].filter(pl.col("kind").is_in(USABLE), pl.col("status") == "open")
    held = homes(network).filter(pl.col("place_id").is_in(points["place_id"].implode()))
    return held["county_id"].drop_nulls().unique().sort().to_list()


def _count(units: pl.DataFrame, points: pl.DataFrame) -> NDArray[np.float64]:
    """Return how many points each home has."""
    held = points.group_by("place_id").len()
    return (
        units.join(held, on="place_id", how="left", maintain_order="left")["len"].fill_null(0).to_numpy().astype(float)
    )


def _reach(units: pl.DataFrame, wide: Any, walking: Pace) -> sparse.csr_array:
    """Return from where a point brings whom inside: near it in cities and towns, in its township in the country."""
    at, kind = flat(units), units["class"].to_numpy()
    town = units["township_id"].to_numpy()
    tree, most = KDTree(at), max(km for km, _ in STANDARDS.values() if km is not None)
    pairs = []
    for i in range(units.height):
        if kind[i] == "rural":
            close = np.flatnonzero(town == town[i])
        else:
            near = np.array(sorted(tree.query_ball_point(at[i], most)), np.int64)
            km = walking.km(np.linalg.norm(at[near] - at[i], axis=1), wide[i])
            close = near[inside(np.repeat(kind[i], near.size), km, 60.0 * km / walking.ordinary_kmh)]
        pairs += [(i, int(j)) for j in close]
    own = np.array(pairs, np.int64).reshape(-1, 2)
    return sparse.csr_array((np.ones(len(own)), (own[:, 0], own[:, 1])), (units.height, units.height))


def _paired(units: pl.DataFrame, out: NDArray[np.int64], new: NDArray[np.int64]) -> pl.DataFrame:
    """Return a row a change: each point that goes with the new place that makes all ways short, the rest as added."""
    from scipy.optimize import linear_sum_assignment  # type: ignore[attr-defined]

    at = flat(units)
    left, come = np.repeat(np.arange(out.size), out), np.repeat(np.arange(new.size), new)
    way = np.linalg.norm(at[left][:, None] - at[come][None, :], axis=2)
    a, b = linear_sum_assignment(way) if left.size and come.size else (np.zeros(0, int), np.zeros(0, int))
    moved = {int(come[y]): (int(left[x]), float(way[x, y])) for x, y in zip(a, b, strict=True)}
    names, places = units["name_zh"].to_list(), units["place_id"].to_list()
    rows = []
    for to in come.tolist():
        start, km = moved.get(to, (None, None))
        rows.append({"change": "added" if start is None else "moved",
                     "from_place_id": None if start is None else places[start],
                     "from": None if start is None else names[start],
                     "to_place_id": places[to], "to": names[to], "km": km})  # fmt: skip
    schema = dict.fromkeys(("change", "from_place_id", "from", "to_place_id", "to"), pl.String) | {"km": pl.Float64}
    return pl.DataFrame(rows, schema=schema)
