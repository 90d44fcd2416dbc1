"""The whole trunk: the plan's tiers and the best, a timetable for each, winter and peak, what fails (P44 P79)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.hubs import TrunkTiers, trunk_tiers
from postroad.design.lines.costs import legs, lines
from postroad.design.lines.exchange import exchanges
from postroad.design.lines.promise import by_hour, promises
from postroad.design.lines.refusals import check_plants, check_services
from postroad.design.lines.repair import mended, repairs
from postroad.design.lines.roads import Roads
from postroad.design.lines.thinning import waves_of
from postroad.design.lines.timetable import Timetable, assembled, by_rule, timetable
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.demand import Demand
    from postroad.network import Network
    from postroad.parallel import Progress

TABLES = ("hub_plants", "allocations", "line_hauls", "routings", "sort_waves")


@dataclass(frozen=True)
class TrunkDesign:
    """What a trunk design gives: ``plan`` under the plan's tiers, ``best`` under the best, ``rule`` and ``winter``.

    ``network`` holds the tables of the plan's timetable with its winter and peak departures; ``result`` has the tables
    a report is made of: lines, legs, promises, hours, repairs, exchanges, compared.
    """

    network: Network
    tiers: TrunkTiers
    plan: Timetable
    best: Timetable
    rule: Timetable
    winter: Timetable
    result: Result

    @property
    def objective(self) -> float:
        """Yuan a day of the plan's timetable, sorting included."""
        return float(legs(self.plan)["cost_yuan"].sum())

    @property
    def bound(self) -> None:
        """There is no bound on the whole day; the lines between hubs have their own."""
        return


def design_trunk(
    network: Network, demand: Demand, *, time_s: float = 300.0, gap: float = 0.01, seed: int = 0,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> TrunkDesign:  # fmt: skip
    """Design the trunk: tiers, timetables with their bound between hubs, promises with repairs, plants and costs.

    ``InfeasibleError`` names hubs, places and pairs that no road or line joins, and hubs whose own plants are too small
    for the peak; ``DataError`` line-hauls of the pack on trains that do not run; ``Stopped`` when asked to stop.
    """
    began = time.monotonic()
    check_services(network)
    listen: dict[str, Any] = {"progress": progress, "stop": stop}
    tiers = trunk_tiers(network, demand, time_s=0.15 * time_s, seed=seed, **listen)
    share = {"time_s": 0.27 * time_s, "gap": gap, "seed": seed, **listen}
    plan = mended(timetable(network, demand, tiers.tiers("plan"), **share))
    check_plants(network, plan)
    best = plan
    if tiers.tiers("best") != tiers.tiers("plan"):
        best = mended(timetable(network, demand, tiers.tiers("best"), **share))
    rule, winter = by_rule(network, demand, tiers.tiers("plan")), in_winter(plan)
    told, held = promises(plan), lines(plan)
    tables = {
        "lines": held, "legs": legs(plan, held), "promises": told, "hours": by_hour(plan),
        "repairs": repairs(plan, told), "exchanges": exchanges(plan), "promises_winter": promises(winter),
        "compared": pl.DataFrame([_figures(name, table) for name, table in
                                  (("rule", rule), ("plan", plan), ("best", best), ("winter", winter))]),
    }  # fmt: skip
    written = with_winter(plan, winter)
    tables |= {name: written[name] for name in TABLES}
    program = plan.program
    facts = {
        "seconds": round(time.monotonic() - began, 1), "yuan_day": float(tables["legs"]["cost_yuan"].sum()),
        "yuan_piece": float(tables["legs"]["yuan_piece"].sum()),
        "co2e_g_piece": float(tables["legs"]["co2e_g_piece"].sum()),
        "between_hubs_yuan_day": plan.objective, "between_hubs_bound": plan.bound,
        "between_hubs_gap": program.plan.gap if program else None, "tiers_regret": tiers.regret, "tiers_gap": tiers.gap,
    }  # fmt: skip
    options = {"year": demand.year, "scenario": demand.scenario, "time_s": time_s, "gap": gap}
    stamp = Stamp.now("trunk", network.fingerprint, options, seed)
    return TrunkDesign(written, tiers, plan, best, rule, winter, Result(stamp, tables, facts))


def in_winter(table: Timetable) -> Timetable:
    """Return the timetable on winter roads: feeders leave as much earlier as roads take longer; then it is mended."""
    work = table.work
    roads = Roads(work.network, work.roads.places, "winter")
    departures = {}
    for (a, b), times in table.departures.items():
        longer = roads.minutes(a, b)
        early = longer - work.roads.minutes(a, b) if b in work.layout.tier or a in work.layout.tier else 0.0
        early = 0.0 if a in work.layout.tier and b in work.layout.tier else early
        departures[a, b] = [((at - early) % 1440.0, longer) for at, _ in times]
    cold = replace(work, roads=roads)
    return mended(assembled(cold, departures, waves_of(cold, departures), table.handling, table.program))


def with_winter(table: Timetable, winter: Timetable) -> Network:
    """Return the network with both seasons' departures and every wave that either needs."""
    warm = table.network["line_hauls"].with_columns(
        season=pl.when(pl.col("season") == "any").then(pl.lit("summer")).otherwise("season")
    )
    cold = winter.network["line_hauls"].filter(pl.col("season") == "any")
    cold = cold.with_columns(season=pl.lit("winter"), line_haul_id=pl.col("line_haul_id") + "-W")
    waves = pl.concat([table.network["sort_waves"], winter.network["sort_waves"]])
    waves = waves.unique(["place_id", "cutoff_min"], keep="first").sort("place_id", "cutoff_min")
    waves = waves.with_columns(
        wave=pl.int_range(1, pl.len() + 1).over("place_id"),
        open_min=pl.col("cutoff_min").shift(1).over("place_id").fill_null(0.0),
    )
    return table.network.with_(line_hauls=pl.concat([warm, cold]), sort_waves=waves)


def _figures(name: str, table: Timetable) -> dict[str, Any]:
    held = lines(table)
    by, told = legs(table, held), promises(table)
    return {
        "timetable": name, "hubs": len(table.work.layout.tier), "departures": int(held["runs"].sum()),
        "yuan_day": float(by["cost_yuan"].sum()), "yuan_piece": float(by["yuan_piece"].sum()),
        "co2e_g_piece": float(by["co2e_g_piece"].sum()), "vehicle_km": float(held["vehicle_km"].sum()),
        "empty_km": float(held["empty_km"].sum()), "pairs": told.height, "pairs_hold": int(told["holds"].sum()),
        "share_percent": told.select(pl.col("share_percent").dot("pieces") / pl.col("pieces").sum()).item(),
    }  # fmt: skip
