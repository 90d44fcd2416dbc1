"""What each lever of a bundle buys: every bundle in every world measured once, then shared out."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import UsageError
from postroad.evaluate.case import ALL_MEASURES, Case, Choice, Question, as_options, measured
from postroad.evaluate.ready import opened
from postroad.measure.effect import Bundle, Game, frontier, interactions, shapley
from postroad.measure.effect.game import EXACT_UP_TO, Coalition, needed
from postroad.measure.evaluation import yearly_cost
from postroad.parallel import Work, map_cases
from postroad.plan.levers import apply
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    import datetime as dt

COUNTY = "county_h/"
Values = Mapping[Coalition, Sequence[Mapping[str, float]]]


def effects(
    asked: Question,
    chosen: Sequence[Choice],
    *,
    worlds: int = 3,
    sampled: int = 0,
    measures: Sequence[str] = (),
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
    strange = [name for name in measures if name not in ALL_MEASURES]
    if strange:
        raise UsageError.of("effect.no_such_measure", asked=", ".join(strange), known=", ".join(ALL_MEASURES))
    opened(asked.province)[1].choose(names)
    sampled = sampled or (0 if len(names) <= EXACT_UP_TO else 64)
    values = _measure_all(asked, chosen, worlds, sampled, work)
    costs = costs_of(asked, chosen)
    wanted = [name for name in ALL_MEASURES if name in (measures or ALL_MEASURES) and _known(values, name)]
    tables = {
        "shares": _shares(names, values, wanted, costs, sampled, asked.seed),
        "bundles": _bundles(values, wanted, costs),
        "counties": _counties(values, frozenset(names)),
    }
    if not sampled:
        tables["interactions"] = _interactions(names, values, wanted)
        tables["frontier"] = _frontier(values, wanted, costs)
    network, _ = opened(asked.province)
    options = {**as_options(asked, chosen), "worlds": worlds, "sampled": sampled}
    stamp = Stamp.now("effect", network.fingerprint, options, asked.seed)
    return Result(stamp, tables, {"bundles": len(values), "worlds": worlds})


def _measure_all(
    asked: Question, chosen: Sequence[Choice], worlds: int, sampled: int, work: Work | None
) -> dict[Coalition, list[dict[str, float]]]:
    by_name = {choice.lever: choice for choice in chosen}
    wanted = needed(list(by_name), sampled, asked.seed)
    cases = [
        Case(asked, tuple(by_name[name] for name in sorted(bundle)), world)
        for bundle in wanted
        for world in range(worlds)
    ]
    network, _ = opened(asked.province)
    told = map_cases(measured, cases, work=work, key=lambda case: case_key(case, network.fingerprint))
    return {bundle: told[k * worlds : (k + 1) * worlds] for k, bundle in enumerate(wanted)}


def case_key(case: Case, fingerprint: str) -> str:
    """A case's name in the cache: everything its answer depends on."""
    from postroad import __version__

    plain = {**as_options(case.question, case.bundle), "world": case.world, "inputs": fingerprint, "v": __version__}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def costs_of(asked: Question, chosen: Sequence[Choice]) -> dict[str, float]:
    """Return each lever's yearly cost in the year asked about: running cost, and capital over its life."""
    import datetime as dt

    end: dt.date = dt.date(asked.year, 12, 31)
    network, _ = opened(asked.province)
    found = {}
    for choice in chosen:
        lever = choice.of(asked.province)
        units = 0
        if any(change.op == "open" for change in lever.changes):
            units = apply(network, [lever], end).opened.get(lever.id, 0)
        found[lever.id] = yearly_cost(lever, units, asked.year)
    return found


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


def _frontier(values: Values, wanted: Sequence[str], costs: Mapping[str, float]) -> pl.DataFrame:
    held = [
        Bundle(bundle, _cost(bundle, costs), {name: _mean(worlds, name) for name in wanted})
        for bundle, worlds in values.items()
    ]
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
