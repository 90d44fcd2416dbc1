"""The whole trunk: the plan's tiers and the best, a timetable for each, winter and peak, what fails (P44 P79)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.demand.profile import weights
from postroad.design.hubs import TrunkTiers, trunk_tiers
from postroad.design.lines.balance import balanced
from postroad.design.lines.costs import legs, lines
from postroad.design.lines.crews import crewed
from postroad.design.lines.exchange import exchanges
from postroad.design.lines.mending import MENDED, mended
from postroad.design.lines.promise import by_hour, promises, without_flow
from postroad.design.lines.refusals import check_pack, check_plants, plants_of
from postroad.design.lines.repair import repairs
from postroad.design.lines.roads import Roads
from postroad.design.lines.thinning import waves_of
from postroad.design.lines.timetable import Timetable, assembled, by_rule, routings, timetable
from postroad.design.lines.variants import changes
from postroad.design.lines.week import Week, by_weekday, line_hauls, peak_hauls, week
from postroad.errors import UsageError
from postroad.results import Result, Stamp
from postroad.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.demand import Demand
    from postroad.design.lines.ends import Ends
    from postroad.network import Network
    from postroad.parallel import Progress

PLANTS = ("pack", "free")
TABLES = ("hub_plants", "allocations", "line_hauls", "routings", "sort_waves")


@dataclass(frozen=True)
class TrunkDesign(Shown):
    """What a trunk design gives: ``plan`` under the plan's tiers, ``best`` under the best, ``rule`` and ``winter``.

    ``network`` holds the tables of the plan's timetable for every weekday, with its winter and peak departures;
    ``result`` has the tables a report is made of: lines, legs, promises, hours, repairs, mends, seats, week, fleet,
    empties, changes, exchanges, compared.
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
    network: Network, demand: Demand, *, plants: str = "pack", ends: Ends | None = None, time_s: float = 300.0,
    gap: float = 0.01, seed: int = 0, amend: Callable[[Timetable], Timetable] | None = None,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> TrunkDesign:  # fmt: skip
    """Design the trunk: tiers, timetables with their bound between hubs, promises with mends, the week, plants, costs.

    With ``plants="pack"`` the sorters and docks of the pack's hubs are constraints, where it has any; with ``free``
    they are sized. ``ends`` is what a simulated day says of first and last miles (``postroad.evaluate.ends``); without
    it they are as the terms assume. ``amend`` may change the mended plan before winter and the week are made of it.
    ``InfeasibleError`` names hubs, places and pairs that no road or line joins, and
    hubs whose plants are too small whatever the times; ``DataError`` line-hauls of the pack on trains that do not run;
    ``Stopped`` when asked to stop.
    """
    if plants not in PLANTS:
        raise UsageError.of("lines.which_plants", asked=plants, known=" | ".join(PLANTS))
    began = time.monotonic()
    listen: dict[str, Any] = {"progress": progress, "stop": stop}
    check_pack(network, demand)
    have = plants_of(network) if plants == "pack" else {}
    tiers = trunk_tiers(network, demand, time_s=0.12 * time_s, seed=seed, **listen)
    share: dict[str, Any] = {"plants": have or None, "ends": ends, "time_s": 0.2 * time_s, "gap": gap, "seed": seed,
                             **listen}  # fmt: skip
    bare = timetable(network, demand, tiers.tiers("plan"), **share)
    mend: dict[str, Any] = {"time_s": 0.08 * time_s, **listen}
    plan = mended(bare, **mend)
    plan = amend(plan) if amend else plan
    if have:
        check_plants(network, plan)
    best = plan
    if tiers.tiers("best") != tiers.tiers("plan"):
        best = mended(timetable(network, demand, tiers.tiers("best"), **share), **mend)
    rule, winter = by_rule(network, demand, tiers.tiers("plan"), ends), in_winter(plan, **mend)
    plan = all_year(plan, winter, **mend)
    if have:
        check_plants(network, plan)
    weeks = {name: week(table, time_s=0.03 * time_s, **listen) for name, table in (("plan", plan), ("winter", winter))}
    written = with_seasons(weeks["plan"], weeks["winter"])
    names = dict(network["places"].select("place_id", "name_zh").iter_rows())
    tables = {**_tables(bare, plan, weeks, stop), **{name: written[name] for name in TABLES},
              "ends": plan.work.ends.frame(names),
              "changes": changes(plan, winter), "promises_winter": promises(winter),
              "compared": pl.DataFrame([_figures(*one) for one in (("rule", rule), ("unmended", bare), ("plan", plan),
                                                                   ("best", best), ("winter", winter))])}  # fmt: skip
    facts = {"seconds": round(time.monotonic() - began, 1), **_facts(plan, weeks["plan"], tables),
             "tiers_regret": tiers.regret, "tiers_gap": tiers.gap}  # fmt: skip
    options = {"year": demand.year, "scenario": demand.scenario, "time_s": time_s, "gap": gap, "plants": plants,
               "ends": ends.source if ends else "assumed"}  # fmt: skip
    stamp = Stamp.now("trunk", network.fingerprint, options, seed)
    return TrunkDesign(written, tiers, plan, best, rule, winter, Result(stamp, tables, facts))


def _tables(
    bare: Timetable, plan: Timetable, weeks: dict[str, Week], stop: Callable[[], bool] | None
) -> dict[str, pl.DataFrame]:
    """The tables a report is made of: ``repairs`` are of the pairs that fail without ``mends``, or in spite of them."""
    held, told = lines(plan), promises(plan)
    weekly = {name: balanced(one) for name, one in weeks.items()}
    crew = crewed(weeks["plan"], weekly["plan"].empties)
    tried = [(repairs(bare, stop=stop), True), (repairs(plan, told, stop), False)]
    failing = pl.concat([part.with_columns(mended=pl.lit(value=done)) for part, done in tried], how="diagonal")
    return {
        "lines": held, "legs": legs(plan, held), "promises": told, "hours": by_hour(plan),
        "repairs": failing, "mends": mends(plan), "exchanges": exchanges(plan), "seats": seats(plan),
        "promises_elsewhere": without_flow(plan),
        "week": pl.concat([by_weekday(one).with_columns(timetable=pl.lit(name)) for name, one in weeks.items()]),
        "fleet": pl.concat([one.fleet.with_columns(timetable=pl.lit(name)) for name, one in weekly.items()]),
        "crews": crew.crews, "roster": crew.roster, "crew_duties": crew.duties, "crew_unfilled": crew.unfilled,
        "crew_bounds": pl.DataFrame({"duties": [crew.duties.height], "least_duties": [crew.least_duties],
                                     "drivers": [crew.drivers], "least_drivers": [crew.least_drivers]}),
        "empties": pl.concat([one.empties.with_columns(timetable=pl.lit(name)) for name, one in weekly.items()]),
    }  # fmt: skip


def _facts(plan: Timetable, ours: Week, tables: dict[str, pl.DataFrame]) -> dict[str, Any]:
    legs_, program, fleet = tables["legs"], plan.program, tables["fleet"].filter(timetable="plan")
    sorting = float(legs_.filter(leg="sorting")["cost_yuan"].sum())
    shares = weights(plan.network, "weekday")
    week_yuan = float(ours.run["cost_yuan"].sum()) + float(fleet["empty_yuan_week"].sum())
    return {
        "yuan_day": float(legs_["cost_yuan"].sum()), "yuan_piece": float(legs_["yuan_piece"].sum()),
        "co2e_g_piece": float(legs_["co2e_g_piece"].sum()), "between_hubs_yuan_day": plan.objective,
        "between_hubs_bound": plan.bound, "between_hubs_gap": program.plan.gap if program else None,
        "week_yuan": week_yuan + sorting * float(shares.sum() / shares.max()), "fleet": int(fleet["fleet"].sum()),
        "drivers": int(tables["crews"]["drivers"].sum()), "crew_h_week": float(fleet["crew_h_week"].sum()),
        "seats_pieces_day": float(tables["seats"]["pieces"].sum()),
        "seats_in_program": float(sum(program.taken().values())) if program else 0.0,
    }  # fmt: skip


def mends(table: Timetable) -> pl.DataFrame:
    """Return what was added so that promised pairs hold: one row each, with what it adds to an ordinary day's yuan."""
    columns = {"pair_id": pl.Int64, "at_min": pl.Float64, "yuan_day": pl.Float64}
    rows = [{name: one.get(name) for name in MENDED} for one in table.mends]
    return pl.DataFrame(rows, schema={name: columns.get(name, pl.String) for name in MENDED})


def seats(table: Timetable) -> pl.DataFrame:
    """Return the seats of a timetable: train or flight, when pieces must be ready, when it leaves, price, pieces."""
    clock, load, rows = table.clock, table.poured["ordinary"].load, []
    for run in np.flatnonzero(np.isfinite(clock.limit)).tolist():
        ride = table.work.rides[(*clock.arcs[clock.arc_of[run]], float(clock.depart[run]), float(clock.duration[run]))]
        rows.append((ride.service_ref, ride.mode, ride.from_place_id, ride.to_place_id, ride.days, ride.depart_min,
                     ride.leaves_min, ride.depart_min + ride.duration_min, float(ride.capacity_pieces), ride.yuan_piece,
                     float(load[run])))  # fmt: skip
    names = ("service_ref", "mode", "from_place_id", "to_place_id", "days", "ready_min", "leaves_min", "there_min",
             "room_pieces", "yuan_piece", "pieces")  # fmt: skip
    schema = {name: pl.String if n < 5 else pl.Float64 for n, name in enumerate(names)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def in_winter(
    table: Timetable, *, time_s: float = math.inf, progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Timetable:  # fmt: skip
    """Return the timetable on winter roads, mended where pairs would fail there."""
    return mended(on_winter_roads(table), time_s=time_s, progress=progress, stop=stop)


def all_year(
    table: Timetable, winter: Timetable, *, time_s: float = math.inf,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Timetable:  # fmt: skip
    """Return the timetable with the ways and lines that winter needs: pieces go the same ways all the year."""
    if winter.work.ways == table.work.ways:
        return table
    work, departures = replace(table.work, ways=winter.work.ways), dict(table.departures)
    for arc, times in winter.departures.items():
        departures.setdefault(arc, [(at, work.roads.minutes(*arc)) for at, _ in times])
    waves = {hub: sorted({*held, *winter.waves.get(hub, [])}) for hub, held in table.waves.items()}
    made = assembled(work, departures, waves, table.handling, table.program)
    made = replace(made, mends=winter.mends, network=made.network.with_(routings=routings(work)))
    return mended(made, rerouted=False, time_s=time_s, progress=progress, stop=stop)


def on_winter_roads(table: Timetable) -> Timetable:
    """Return the timetable with feeders that leave as much earlier as roads take longer; trains keep their times."""
    work = table.work
    roads = Roads(work.network, work.roads.places, "winter")
    departures = {}
    for (a, b), times in table.departures.items():
        longer = roads.minutes(a, b)
        far = "city" in (work.kinds.get(a), work.kinds.get(b))
        feeds = (a in work.layout.tier) != (b in work.layout.tier) and not far
        early = longer - work.roads.minutes(a, b) if feeds else 0.0
        departures[a, b] = [
            (at, long) if (a, b, at, long) in work.rides else ((at - early) % 1440.0, longer) for at, long in times
        ]
    cold = replace(work, roads=roads)
    waves = {hub: sorted({*held, *table.waves.get(hub, [])}) for hub, held in waves_of(cold, departures).items()}
    made = assembled(cold, departures, waves, table.handling, table.program)
    return replace(made, mends=table.mends)


def with_seasons(summer: Week, winter: Week) -> Network:
    """Return the network with the week of both seasons, the peak day's vehicles, and every wave that either needs.

    The peak day falls in winter: its vehicles come on top of winter's.
    """
    hauls = [line_hauls(summer, "summer"), line_hauls(winter, "winter"), peak_hauls(winter)]
    tables = [one.table.network["sort_waves"] for one in (summer, winter)]
    waves = pl.concat(tables).unique(["place_id", "cutoff_min"], keep="first").sort("place_id", "cutoff_min")
    waves = waves.with_columns(
        wave=pl.int_range(1, pl.len() + 1).over("place_id"),
        open_min=pl.col("cutoff_min").shift(1).over("place_id").fill_null(0.0),
    )
    return summer.table.network.with_(line_hauls=pl.concat(hauls), sort_waves=waves)


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
