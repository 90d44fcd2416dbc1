"""Bundles side by side in the same worlds: every measure, the paired difference, and who gains or loses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import stdtrit

from postroad.errors import DataError, InfeasibleError, UsageError
from postroad.evaluate.case import ALL_MEASURES, Choice, Question, as_options, prepared_for
from postroad.evaluate.costs import costs_of
from postroad.evaluate.effects import COUNTY
from postroad.evaluate.measuring import Measuring
from postroad.evaluate.ready import opened, tabled
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from postroad.parallel import Work

LEVEL = 0.95


def compare(
    asked: Question, bundles: Sequence[Sequence[Choice]], *, worlds: int = 3, work: Work | None = None
) -> Result:
    """Return bundles against the first one: tables ``measures``, ``counties``, ``bundles`` and ``set_aside``.

    Every difference is paired by world, with its interval at 95 %. A bundle that cannot be had, such as one whose
    levers clash, is set aside with its reason, and the others are compared; when the first cannot, or no other can,
    the error is raised. ``UsageError`` when there are fewer than two bundles or two are the same.
    """
    names = ["+".join(sorted(choice.lever for choice in bundle)) or "base" for bundle in bundles]
    if len(names) < 2 or len(set(names)) != len(names):
        raise UsageError.of("effect.bad_bundles", bundles=", ".join(names) or "-")
    for bundle in bundles:
        opened(asked.province)[1].choose([choice.lever for choice in bundle])
    network, _ = opened(asked.province)
    every = list(names)
    names, bundles, aside = _those_that_can_be(asked, names, bundles)
    values = Measuring(asked, [tuple(sorted(b, key=lambda c: c.lever)) for b in bundles], work).worlds(0, worlds)
    costs = [math.fsum(costs_of(asked, bundle).values()) for bundle in bundles]
    options = {**as_options(asked, ()), "bundles": every, "worlds": worlds}
    tables = {"measures": _measures(names, values), "counties": _counties(names, values)}
    tables["bundles"] = pl.DataFrame({"bundle": names, "cost_yuan": costs})
    tables["set_aside"] = aside
    return Result(Stamp.now("compare", network.fingerprint, options, asked.seed), tables, {"worlds": worlds})


def _those_that_can_be(
    asked: Question, names: Sequence[str], bundles: Sequence[Sequence[Choice]]
) -> tuple[list[str], list[Sequence[Choice]], pl.DataFrame]:
    """The bundles whose network can be made, and a table (bundle, reason_zh, reason_en) of those whose cannot."""
    fit: list[int] = []
    rows, errors = [], []
    for k, (name, bundle) in enumerate(zip(names, bundles, strict=True)):
        try:
            if asked.scale > 0:
                prepared_for(asked, tuple(sorted(bundle, key=lambda c: c.lever)))
            else:
                tabled(asked.province, [choice.of(asked.province) for choice in bundle], asked.year, asked.scenario)
            fit.append(k)
        except (DataError, InfeasibleError) as error:
            errors.append(error)
            rows.append((name, error.say("zh"), error.say("en")))
    if errors and (fit[:1] != [0] or len(fit) < 2):
        raise errors[0]
    schema = {"bundle": pl.String, "reason_zh": pl.String, "reason_en": pl.String}
    return [names[k] for k in fit], [bundles[k] for k in fit], pl.DataFrame(rows, schema=schema, orient="row")


def paired(before: Sequence[float], after: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """Return the mean paired difference and half its t interval (``nan`` for a single pair)."""
    change = np.asarray(after, float) - np.asarray(before, float)
    if change.size < 2:
        return float(change.mean()), math.nan
    spread = float(change.std(ddof=1)) / math.sqrt(change.size)
    return float(change.mean()), float(stdtrit(change.size - 1, (1 + level) / 2)) * spread


def _measures(names: Sequence[str], values: Sequence[Sequence[dict[str, float]]]) -> pl.DataFrame:
    rows = []
    for name, measure in ALL_MEASURES.items():
        if not all(name in world and math.isfinite(world[name]) for worlds in values for world in worlds):
            continue
        first = [world[name] for world in values[0]]
        for bundle, worlds in zip(names, values, strict=True):
            own = [world[name] for world in worlds]
            change, half = paired(first, own)
            sign = 1.0 if measure.direction == "up" else -1.0
            rows.append(
                {"measure": name, "target": measure.target, "unit": measure.unit, "direction": measure.direction,
                 "bundle": bundle, "value": math.fsum(own) / len(own), "change": change, "half_width": half,
                 "gain": sign * change}
            )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _counties(names: Sequence[str], values: Sequence[Sequence[dict[str, float]]]) -> pl.DataFrame:
    keys = sorted({key for worlds in values for world in worlds for key in world if key.startswith(COUNTY)})
    rows = []
    for key in keys:
        held = [[world.get(key, math.nan) for world in worlds] for worlds in values]
        for bundle, own in zip(names, held, strict=True):
            change, half = paired(held[0], own)
            rows.append({"place_id": key.removeprefix(COUNTY), "bundle": bundle, "hours": float(np.mean(own)),
                         "change_h": change, "half_width": half})  # fmt: skip
    schema = {"place_id": pl.String, "bundle": pl.String, "hours": pl.Float64, "change_h": pl.Float64,
              "half_width": pl.Float64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)
