"""A network made ready to run: levers put in, the trunk derived from what they left, plants kept at their size.

Levers act on two kinds of table. What the pack holds (sites, parameters, products ...) goes first, since the trunk is
derived from it. Plants are sized once, for the base year, and then only levers change them: a hub that is too small for
2025 stays too small until a lever enlarges it. What is derived (line-hauls, sort waves) takes its levers last.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from postroad.demand import Demand, demand
from postroad.demand.stock import stocked
from postroad.design.lines.baseline import baseline
from postroad.design.lines.seated import seated
from postroad.network import Network, province
from postroad.plan.levers import Levers, apply, without
from postroad.plan.levers import levers as read_levers
from postroad.plan.plan import plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.plan.levers import Change, Lever

DERIVED = ("allocations", "line_hauls", "routings", "sort_waves")

POLICY = (
    "electric_share_last_mile", "shared_county_centre_share", "shared_round_share", "bus_hold_share",
    "far_village_runs_a_week", "transit_bag_fleet", "transit_bag_cycle_time", "pieces_per_transit_bag",
    "customs_dwell_time",
)  # fmt: skip
"""Parameters that measures read and no engine does: a lever on these alone changes nothing of a run."""
UNRUN_SITES = ("door_delivery_village", "rest_place", "cooperation_outlet", "cold_store")
"""Kinds of site at which no simulated parcel stops."""


def moves_run(lever: Lever) -> bool:
    """Whether a lever changes something that the trunk or a simulated day reads."""
    return any(not _unread(change) for change in lever.changes)


def _unread(change: Change) -> bool:
    if change.table == "parameters":
        named = change.where.get("parameter")
        return {named} <= set(POLICY) if isinstance(named, str) else set(named or ("",)) <= set(POLICY)
    return change.table == "sites" and change.op == "open" and change.make.get("kind") in UNRUN_SITES


@lru_cache(maxsize=4)
def opened(name: str) -> tuple[Network, Levers]:
    """Return a province's network as levers find it, without what the pack already has of the plan, and its levers."""
    held = read_levers(name, plan(name))
    return without(province(name), held.base), held


@lru_cache(maxsize=4)
def base_plants(name: str) -> pl.DataFrame:
    """Return the plants of the base year: what the province sorts with before any lever."""
    network, _ = opened(name)
    own = network["hub_plants"]
    return own if own.height else baseline(network, demand(network, plan(name).start))["hub_plants"]


def prepared(
    name: str, levers: Sequence[Lever], year: int, scenario: str = "base", on: dt.date | None = None
) -> tuple[Network, Demand]:
    """Return the network of a year with levers in it as far as they work by its last day, and the year's demand.

    ``DataError`` names levers that clash; ``InfeasibleError`` places that no road joins to a hub.
    """
    day = on or dt.date(year, 12, 31)
    changed, trunk, wanted = sized(name, levers, year, scenario, day)
    plants = _kept(changed["hub_plants"], trunk["hub_plants"])
    ready = seated(trunk.with_(hub_plants=plants))
    return apply(ready, levers, day, tables=DERIVED).network, wanted


def sized(
    name: str, levers: Sequence[Lever], year: int, scenario: str, day: dt.date
) -> tuple[Network, Network, Demand]:
    """Return a year's network with levers in it, the same with the trunk and the plants that trunk needs, and demand.

    The first has the plants of the base year as levers left them.
    """
    held = _held(name)
    changed = apply(held, levers, day, tables=[table for table in held.tables if table not in DERIVED]).network
    wanted = stocked(demand(changed, year, scenario))
    return changed, baseline(changed, wanted), wanted


def kept_plants(name: str, levers: Sequence[Lever], day: dt.date) -> pl.DataFrame:
    """Return the plants of the base year as levers leave them on a day."""
    return apply(_held(name), levers, day, tables=["hub_plants"]).network["hub_plants"]


def tabled(name: str, levers: Sequence[Lever], year: int = 2025, scenario: str = "base") -> tuple[Network, float]:
    """Return a province's tables with levers in them, its trunk left out, and the pieces handled in the year."""
    held = _held(name)
    tables = [table for table in held.tables if table not in DERIVED]
    changed = apply(held, levers, dt.date(year, 12, 31), tables=tables).network
    return changed, float(demand(changed, year, scenario).flows["pieces"].sum())


@lru_cache(maxsize=4)
def _held(name: str) -> Network:
    """A province as levers find it with the plants of the base year, whose sources the trunk brings."""
    (network, _), plants = opened(name), base_plants(name)
    for source in sorted(set(plants["source"]) - set(network["sources"]["source_id"])):
        network = network.with_source({"source_id": source, "origin": "synthetic"})
    return network.with_(hub_plants=plants)


def _kept(own: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Plants as levers left them; what was no plant of its kind before, such as a new hub, is sized by the trunk."""
    here = ["place_id", "kind"]
    new = fresh.join(own, on=here, how="anti")
    return pl.concat([own.join(fresh, on=here, how="semi"), new.select(own.columns)])
