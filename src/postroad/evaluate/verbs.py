"""The verbs of a network that need engines: simulate and design. ``Network`` calls them late."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.demand import demand
from postroad.design.lines import baseline
from postroad.errors import UsageError
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from pathlib import Path

    from postroad.network import Network
    from postroad.simulate.day import Run

BASE_YEAR = 2020
DESIGNS = ("hubs", "trunk", "rural")


def year_of(day: str | dt.date, year: int | None) -> int:
    """Return the year of a day; the peak day is in the year given, or in the base year of the demand."""
    if year is not None:
        return year
    text = str(day)
    return int(text[:4]) if text[:4].isdigit() else BASE_YEAR


def simulate(
    network: Network, day: str | dt.date = "peak", *, year: int | None = None, scenario: str = "base", seed: int = 0,
    out: str | Path | None = None, **assumed: Any,
) -> Run:  # fmt: skip
    """Return a day simulated parcel by parcel; a network without a timetable gets one made by rule."""
    wanted = demand(network, year_of(day, year), scenario)
    ready = network if network["line_hauls"].height else baseline(network, wanted)
    return simulate_day(ready, wanted, day=day, seed=seed, out=out, **assumed)


def design(network: Network, what: str, *, year: int = BASE_YEAR, scenario: str = "base", **asked: Any) -> Any:
    """Return a design: ``hubs`` (tiers), ``trunk`` (line-hauls) or ``rural`` (rounds); ``UsageError`` for another."""
    if what == "hubs":
        from postroad.design.hubs import trunk_tiers

        return trunk_tiers(network, demand(network, year, scenario), **asked)
    if what == "trunk":
        from postroad.design.lines import design_trunk

        return design_trunk(network, demand(network, year, scenario), **asked)
    if what == "rural":
        from postroad.design.rounds import design_rounds

        return design_rounds(network, **asked)
    raise UsageError.of("effect.no_such_design", asked=what, known=", ".join(DESIGNS))
