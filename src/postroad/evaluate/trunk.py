"""The trunk designed, run for a day, and designed again with what the day showed, until a day no longer does better.

The first ends come from a day on the timetable by rule. Each round designs the plan's tiers in brief, simulates a day
of the result, and learns the ends anew from it; those whose timetable kept its promises best are what the whole
design then counts on.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design import lines
from postroad.design.hubs import trunk_tiers
from postroad.design.lines.designing import TrunkDesign
from postroad.design.lines.mending import mended
from postroad.design.lines.refusals import check_pack, plants_of
from postroad.design.lines.timetable import timetable
from postroad.evaluate.amending import amended
from postroad.evaluate.ends import ends as shown
from postroad.evaluate.ends import learned
from postroad.evaluate.planned import against
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from postroad.demand import Demand
    from postroad.design.lines import Timetable
    from postroad.design.lines.ends import Ends
    from postroad.network import Network
    from postroad.parallel import Progress

ROUNDS = 3
"""So many times at most the trunk is designed in brief and run."""
BRIEF_TIERS, BRIEF_LINES, BRIEF_MENDS = 0.03, 0.06, 0.06
"""The shares of the time limit that a brief design may take for its tiers, its lines, and its mends."""


def design_trunk(
    network: Network, demand: Demand, *, learn: float = 0.02, rounds: int = ROUNDS, ends: Ends | None = None,
    plants: str = "pack", time_s: float = 300.0, gap: float = 0.01, seed: int = 0,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> TrunkDesign:  # fmt: skip
    """Design the trunk on ends learned from simulated days, as ``design.lines.design_trunk`` does on given ones.

    ``learn`` is the share of a day's parcels that is simulated; 0 leaves the ends as ``ends`` has them, or as assumed.
    The table ``learning`` of the result has each round, ``amended`` what was added to the plan because a day of it
    showed it missing. Days are learned from with another seed than the design's, so that a day simulated with ``seed``
    judges it on parcels it has not seen.
    """
    asked: dict[str, Any] = {"plants": plants, "time_s": time_s, "gap": gap, "seed": seed}
    listen: dict[str, Any] = {"progress": progress, "stop": stop}
    if learn <= 0 or ends is not None:
        return lines.design_trunk(network, demand, ends=ends, **asked, **listen)
    check_pack(network, demand)
    day: dict[str, Any] = {"day": day_of(demand.year), "scale": learn, "seed": seed + 1, **listen}
    first = learned(network, demand, **day)
    found, told = rehearsed(network, demand, first, day, asked, rounds)
    amends: list[pl.DataFrame] = []

    def amend(plan: Timetable) -> Timetable:
        better, what = amended(plan, demand, day)
        amends.append(what)
        return better

    made = lines.design_trunk(network, demand, ends=found, amend=amend, **asked, **listen)
    tables = {**made.result.tables, "learning": told, "amended": pl.concat(amends)}
    return dataclasses.replace(made, result=dataclasses.replace(made.result, tables=tables))


def day_of(year: int) -> str:
    """Return the day that is simulated: an ordinary Wednesday of June."""
    return f"{year}-06-10"


def rehearsed(
    network: Network,
    demand: Demand,
    first: Ends,
    day: Mapping[str, Any],
    asked: Mapping[str, Any],
    rounds: int = ROUNDS,
) -> tuple[Ends, pl.DataFrame]:
    """Return the ends whose timetable kept most promises on its own day, and one row for each round.

    It ends when a round does no better than the one before, or shows the ends it was designed on.
    """
    listen = {name: day[name] for name in ("progress", "stop")}
    tiers = trunk_tiers(network, demand, time_s=BRIEF_TIERS * asked["time_s"], seed=asked["seed"], **listen)
    counted, best, rows = first, first, list[dict[str, Any]]()
    for turn in range(1, rounds + 1):
        table = _brief(network, demand, tiers.tiers("plan"), counted, asked, listen)
        run = simulate_day(table.network, demand, **day)
        held = against(table, run["parcels"])[0]
        rows.append({"round": turn, **score(held), "road_luck": counted.luck, "centre_late_min": counted.last_min,
                     "learned_from": counted.source, "run_id": run.run_id, "kept": False})  # fmt: skip
        if turn > 1 and _worth(rows[-1]) <= max(map(_worth, rows[:-1])):
            break
        best = counted
        counted = shown(
            table.network, run["parcels"], run["trips"], f"{day['day']}, {100 * day['scale']:g} %, {run.run_id}"
        )
        if (counted.luck, counted.last_min) == (best.luck, best.last_min) and counted.doors == best.doors:
            break
    told = pl.DataFrame(rows, infer_schema_length=None)
    return best, told.with_columns(kept=pl.col("learned_from") == best.source)


def score(held: pl.DataFrame) -> dict[str, Any]:
    """Return of pairs planned against simulated: how many hold, and the shares in time of all and of core pairs."""
    holds = held["simulated_percent"] >= held["share_asked_percent"] - 1e-9
    made: dict[str, Any] = {"pairs": held.height, "pairs_hold": int(holds.sum())}
    for name, part in (("", held), ("core_", held.filter(promise_class="core"))):
        weight = part["parcels"] / max(1, part["parcels"].sum())
        for share in ("planned_percent", "simulated_percent"):
            made[f"{name}{share}"] = float((part[share] * weight).sum()) if part.height else None
    return made


def _worth(row: Mapping[str, Any]) -> float:
    """What rounds are ranked by: the share of all promised parcels in time, to a tenth of a percent."""
    return round(float(row["simulated_percent"] or 0.0), 1)


def _brief(
    network: Network, demand: Demand, tiers: Mapping[str, int], ends: Ends, asked: Mapping[str, Any],
    listen: Mapping[str, Any],
) -> Timetable:  # fmt: skip
    have = plants_of(network) if asked["plants"] == "pack" else {}
    made = timetable(network, demand, tiers, plants=have or None, ends=ends, time_s=BRIEF_LINES * asked["time_s"],
                     gap=asked["gap"], seed=asked["seed"], **listen)  # fmt: skip
    return mended(made, time_s=BRIEF_MENDS * asked["time_s"], **listen)
