"""What each lever of a bundle buys: every bundle in every world measured once, then shared out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import UsageError
from postroad.evaluate.aims import aims_of, cheapest_of
from postroad.evaluate.case import ALL_MEASURES, CLASSES, Choice, Question, as_options
from postroad.evaluate.costs import costs_of, yearly
from postroad.evaluate.measuring import Measuring
from postroad.evaluate.ready import opened
from postroad.measure.effect import Bundle, Game, frontier, interactions, shapley
from postroad.measure.effect.game import EXACT_UP_TO, Coalition, needed
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from postroad.parallel import Work

COUNTY = "county_h/"
ON_TIME = tuple(f"on_time_{name}" for name in CLASSES)
Values = Mapping[Coalition, Sequence[Mapping[str, float]]]


@dataclass(frozen=True)
class Worlds:
    """How many worlds: ``first``, and with a ``precision`` two more at a time, up to ``most``.

    They are added until every share of an on-time measure has half an interval of at most so many points.
    """

    first: int = 3
    most: int = 0
    precision: float = 0.0


def effects(
    asked: Question,
    chosen: Sequence[Choice],
    *,
    worlds: int | Worlds = 3,
    sampled: int = 0,
    measures: Sequence[str] = (),
    aims: Mapping[str, float] | None = None,
    work: Work | None = None,
) -> Result:
    """Return what each chosen lever buys: tables ``shares``, ``bundles``, ``interactions``, ``frontier``, ``counties``.

    All bundles are measured when there are at most ten levers, else those along ``sampled`` orders (64 by default).
    ``share`` is in the measure's unit, ``gain`` counts it the good way. ``UsageError`` names levers or measures that do
    not exist.
    """
    names = [choice.lever for choice in chosen]
    if len(set(names)) != len(names) or not names:
        raise UsageError.of("effect.bad_choice", levers=", ".join(names) or "-")
    strange = [name for name in (*measures, *(aims or {})) if name not in ALL_MEASURES]
    if strange:
        raise UsageError.of("effect.no_such_measure", asked=", ".join(strange), known=", ".join(ALL_MEASURES))
    opened(asked.province)[1].choose(names)
    sampled = sampled or (0 if len(names) <= EXACT_UP_TO else 64)
    values, runs = _measure_all(asked, chosen, worlds if isinstance(worlds, Worlds) else Worlds(worlds), sampled, work)
    held = len(values[frozenset()])
    costs = costs_of(asked, chosen)
    wanted = [name for name in ALL_MEASURES if name in (measures or ALL_MEASURES) and _known(values, name)]
    tables = {
        "shares": _shares(names, values, wanted, costs, sampled, asked.seed),
        "bundles": _bundles(values, wanted, costs),
        "counties": _counties(values, frozenset(names)),
    }
    asking = {name: aim for name, aim in aims_of(asked.province, aims).items() if name in wanted}
    tables["cheapest"], choice = cheapest_of(_held(values, wanted, costs), asking)
    tables["years"] = yearly(asked, chosen)
    if not sampled:
        tables["interactions"] = _interactions(names, values, wanted)
        tables["frontier"] = _frontier(values, wanted, costs)
    network, _ = opened(asked.province)
    options = {**as_options(asked, chosen), "worlds": held, "sampled": sampled, "aims": asking}
    stamp = Stamp.now("effect", network.fingerprint, options, asked.seed)
    best = choice.bundle
    facts = {"bundles": len(values), "worlds": held, "runs": runs, "cheapest": sorted(best.levers) if best else None,
             "cheapest_yuan": best.cost_yuan if best else None}  # fmt: skip
    return Result(stamp, tables, facts)


def by_year(
    asked: Question, chosen: Sequence[Choice], years: Sequence[int], *, worlds: int = 3, work: Work | None = None
) -> Result:
    """Return ``shares`` of each year, with the year: levers grow as they ramp up, and demand grows with the years.

    Each year is asked about on the question's day and month.
    """
    parts = []
    for year in years:
        own = dataclasses.replace(asked, year=year, day=f"{year}{asked.day[4:]}")
        told = effects(own, chosen, worlds=worlds, work=work)["shares"]
        parts.append(told.select(pl.lit(year, pl.Int64).alias("year"), pl.all()))
    network, _ = opened(asked.province)
    options = {**as_options(asked, chosen), "worlds": worlds, "years": list(years)}
    return Result(Stamp.now("effect-by-year", network.fingerprint, options, asked.seed), {"shares": pl.concat(parts)})


def _measure_all(
    asked: Question, chosen: Sequence[Choice], asking: Worlds, sampled: int, work: Work | None
) -> tuple[dict[Coalition, list[dict[str, float]]], int]:
    """Return the measures of every bundle by world, and how many runs that took."""
    by_name = {choice.lever: choice for choice in chosen}
    wanted = needed(list(by_name), sampled, asked.seed)
    bundles = [tuple(by_name[name] for name in sorted(bundle)) for bundle in wanted]
    measuring = Measuring(asked, bundles, work)
    values: dict[Coalition, list[dict[str, float]]] = {bundle: [] for bundle in wanted}
    count = asking.first
    while True:
        done = len(values[frozenset()])
        for bundle, told in zip(wanted, measuring.worlds(done, count), strict=True):
            values[bundle] += told
        count = min(2, asking.most - done - count)
        if asking.precision <= 0 or asked.scale <= 0 or count <= 0:
            break
        if _widest(list(by_name), values, sampled, asked.seed) <= asking.precision:
            break
    return values, measuring.runs


def _widest(names: Sequence[str], values: Values, sampled: int, seed: int) -> float:
    """Half the widest interval of any share of an on-time measure, in points; endless in a single world."""
    if len(values[frozenset()]) < 2:
        return math.inf
    told = [shapley(game(names, values, name), sampled=sampled, seed=seed) for name in ON_TIME if _known(values, name)]
    return max((half for one in told for half in one.half_width.values()), default=0.0)


def _known(values: Values, name: str) -> bool:
    return all(name in world and math.isfinite(world[name]) for worlds in values.values() for world in worlds)


def game(names: Sequence[str], values: Values, measure: str) -> Game:
    """Return the values of every bundle for one measure."""
    return Game(tuple(names), {bundle: [world[measure] for world in held] for bundle, held in values.items()})


def _shares(
    names: Sequence[str], values: Values, wanted: Sequence[str], costs: Mapping[str, float], sampled: int, seed: int
) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    whole, none = frozenset(names), frozenset[str]()
    for name in wanted:
        measure = ALL_MEASURES[name]
        told = shapley(game(names, values, name), sampled=sampled, seed=seed)
        sign = 1.0 if measure.direction == "up" else -1.0
        before, after = (_mean(values[bundle], name) for bundle in (none, whole))
        for lever in names:
            share = float(told.share[lever])
            gain = sign * share
            rows.append(
                {"measure": name, "target": measure.target, "unit": measure.unit, "direction": measure.direction,
                 "stands_in": measure.stands_in, "lever": lever, "share": share, "half_width": told.half_width[lever],
                 "gain": gain, "before": before, "after": after, "cost_yuan": costs[lever],
                 "yuan_per_unit": costs[lever] / gain if gain > 0 else None}
            )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _mean(worlds: Sequence[Mapping[str, float]], name: str) -> float:
    return math.fsum(world[name] for world in worlds) / len(worlds)


def _cost(bundle: Coalition, costs: Mapping[str, float]) -> float:
    return math.fsum(costs[name] for name in sorted(bundle))


def _bundles(values: Values, wanted: Sequence[str], costs: Mapping[str, float]) -> pl.DataFrame:
    rows = [
        {"levers": "+".join(sorted(bundle)), "size": len(bundle), "cost_yuan": _cost(bundle, costs),
         **{name: _mean(held, name) for name in wanted}}
        for bundle, held in values.items()
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _interactions(names: Sequence[str], values: Values, wanted: Sequence[str]) -> pl.DataFrame:
    rows = [
        {"measure": name, "one": one, "other": other, "together": value}
        for name in wanted
        for (one, other), value in (interactions(game(names, values, name)) if len(names) > 1 else {}).items()
    ]
    schema = {"measure": pl.String, "one": pl.String, "other": pl.String, "together": pl.Float64}
    return pl.DataFrame(rows, schema=schema)


def _held(values: Values, wanted: Sequence[str], costs: Mapping[str, float]) -> list[Bundle]:
    return [
        Bundle(bundle, _cost(bundle, costs), {name: _mean(worlds, name) for name in wanted})
        for bundle, worlds in values.items()
    ]


def _frontier(values: Values, wanted: Sequence[str], costs: Mapping[str, float]) -> pl.DataFrame:
    held = _held(values, wanted, costs)
    rows = [
        {
            "measure": name,
            "levers": "+".join(sorted(best.levers)),
            "cost_yuan": best.cost_yuan,
            "value": best.values[name],
        }
        for name in wanted
        for best in frontier(held, name, ALL_MEASURES[name].direction)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _counties(values: Values, whole: Coalition) -> pl.DataFrame:
    """Mean hours to each county without and with the bundle; who loses stands first."""
    before, after = values[frozenset()], values[whole]
    names = sorted({key for world in (*before, *after) for key in world if key.startswith(COUNTY)})
    rows = [
        {"place_id": name.removeprefix(COUNTY), "before_h": _mean(before, name), "after_h": _mean(after, name)}
        for name in names
        if all(name in world for world in (*before, *after))
    ]
    schema = {"place_id": pl.String, "before_h": pl.Float64, "after_h": pl.Float64}
    change = (pl.col("after_h") - pl.col("before_h")).alias("change_h")
    told = pl.DataFrame(rows, schema=schema).with_columns(change)
    return told.sort(["change_h", "place_id"], descending=[True, False])
