"""The verbs of a network that need engines: simulate and design. ``Network`` calls them late."""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
from typing import TYPE_CHECKING, Any

from postroad.demand import demand, profile
from postroad.design.lines.baseline import baseline
from postroad.errors import UsageError
from postroad.evaluate.pairing import paired
from postroad.simulate.day import simulate_day
from postroad.simulate.day.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from postroad.network import Network
    from postroad.simulate.day import Run

__all__ = ["again", "design", "paired", "simulate"]

BASE_YEAR = 2020
DESIGNS = ("hubs", "trunk", "rural")


def year_of(day: str | dt.date, year: int | None) -> int:
    """Return the year of a day; the peak day is in the year given, or in the base year of the demand."""
    return profile.year_of(day, BASE_YEAR) if year is None else year


def simulate(
    network: Network, day: str | dt.date = "peak", *, like: Run | None = None, year: int | None = None,
    scenario: str = "base", seed: int = 0, out: str | Path | None = None, **assumed: Any,
) -> Run:  # fmt: skip
    """Return a day simulated parcel by parcel; a network without a timetable gets one made by rule.

    ``like`` takes day, demand, seed and every assumption from an earlier run: the same parcels, snow and luck in this
    network; ``assumed`` still changes single assumptions.
    """
    if like is not None:
        day, year, scenario, seed, assumed = *_asked(like), {**_assumed(like), **assumed}
    _check(assumed, {field.name for field in dataclasses.fields(Options)} | _words(simulate_day) - {"assumed"})
    wanted = demand(network, year_of(day, year), scenario)
    ready = network if network["line_hauls"].height else baseline(network, wanted)
    return simulate_day(ready, wanted, day=day, seed=seed, out=out, **assumed)


def _asked(run: Run) -> tuple[str, int, str, int]:
    """Day, year, scenario and seed of a run, as ``simulate`` takes them; ``UsageError`` for what has no such form."""
    told = run.stamp.options
    if run.stamp.kind != "simulate_day":
        raise UsageError.of("pairing.not_a_day", value=run.stamp.kind)
    if told["disruptions"] or told.get("shifts"):
        raise UsageError.of("pairing.disturbed_day", value=run.run_id)
    return str(told["days"][0]), int(told["year"]), str(told["scenario"]), run.stamp.seed


def _assumed(run: Run) -> dict[str, Any]:
    told = run.stamp.options
    names = {field.name for field in dataclasses.fields(Options)} & set(told)
    return {"days": len(told["days"]), **{name: told[name] for name in names}, "urgent": tuple(told["urgent"])}


def again(network: Network, result: Run) -> Run:
    """Return a simulated day run once more; ``UsageError`` unless the network is the one it was run in."""
    run = simulate(network, like=result)
    if run.stamp.inputs != result.stamp.inputs:
        raise UsageError.of("pairing.other_network", run=result.run_id)
    return run


def design(network: Network, what: str, *, year: int = BASE_YEAR, scenario: str = "base", **asked: Any) -> Any:
    """Return a design: ``hubs`` (tiers), ``trunk`` (line-hauls) or ``rural`` (rounds); ``UsageError`` for another."""
    if what == "hubs":
        from postroad.design.hubs import trunk_tiers

        _check(asked, _words(trunk_tiers))
        return trunk_tiers(network, demand(network, year, scenario), **asked)
    if what == "trunk":
        from postroad.evaluate.trunk import design_trunk

        _check(asked, _words(design_trunk))
        return design_trunk(network, demand(network, year, scenario, seed=asked.get("seed", 0)), **asked)
    if what == "rural":
        from postroad.design.rounds import design_rounds

        _check(asked, _words(design_rounds))
        return design_rounds(network, **asked)
    raise UsageError.of("effect.no_such_design", asked=what, known=", ".join(DESIGNS))


def _words(function: Callable[..., Any]) -> set[str]:
    """The words a function may be asked by, beside network and demand."""
    return set(inspect.signature(function).parameters) - {"network", "demand"}


def _check(asked: Mapping[str, Any], known: set[str]) -> None:
    if strange := set(asked) - known:
        raise UsageError.of("pairing.unknown_word", value=", ".join(sorted(strange)), known=", ".join(sorted(known)))
