"""What a pack's own tables make impossible: trains that do not run, plants too small, promises below the drive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.lines.capacity import Plant, needs
from postroad.design.lines.pairs import members
from postroad.design.lines.thinning import Ledger
from postroad.design.lines.work import trunk
from postroad.errors import DataError, Fault, InfeasibleError

if TYPE_CHECKING:
    from postroad.demand import Demand
    from postroad.design.lines.timetable import Timetable
    from postroad.design.lines.work import Trunk
    from postroad.network import Network

DAILY = "1234567"


def check_services(network: Network) -> None:
    """Raise ``DataError`` for line-hauls on trains that the timetable does not know, or that do not run every day.

    A train of given dates runs on no weekday for sure, so a line-haul must not count on it.
    """
    calls, boards = network["train_calls"], network["train_passages"]
    daily = set(calls.filter(run_days="ALL")["train_no"]) | set(boards["train_no"])
    known = daily | set(calls["train_no"])
    rows = network["line_hauls"].with_row_index("row", offset=1).filter(mode="rail")
    faults = []
    for row, train, days in rows.select("row", "service_ref", "days").iter_rows():
        where: dict[str, Any] = {"table": "line_hauls", "column": "service_ref", "row": row, "value": train}
        if train not in known:
            faults.append(Fault.of("lines.no_such_train", **where))
        elif train not in daily:
            faults.append(Fault.of("lines.train_not_that_day", days=days or DAILY, **where))
    if faults:
        raise DataError(faults)


def plants_of(network: Network) -> dict[str, Plant]:
    """Return the hubs' own plants: several at a place add up; docks that are not told are no limit."""
    own = network["hub_plants"].filter(kind="hub").group_by("place_id").agg(
        pl.col("sort_rate_pieces_h").sum(), pl.when(pl.col("docks").null_count() == 0).then(pl.col("docks").sum())
    )  # fmt: skip
    return {place: Plant(float(rate), math.inf if docks is None else float(docks))
            for place, rate, docks in own.sort("place_id").iter_rows()}  # fmt: skip


def check_plants(network: Network, table: Timetable) -> None:
    """Raise ``InfeasibleError`` for hubs of the pack whose sorters or docks cannot do the peak day of a timetable.

    Each says when, by how much, and what a plant that could would cost. A pack without plants leaves their size open.
    """
    have, work, terms = plants_of(network), table.work, table.work.terms
    needed = needs(work, table.clock, table.poured["peak"], Ledger(work, table.handling))
    faults = []
    for place in sorted(set(have) & set(needed.rate)):
        plant, rate, docks = have[place], needed.rate[place], needed.docks[place]
        where: dict[str, Any] = {"table": "hub_plants", "place": work.roads.label(place)}
        node = table.clock.nodes.index(place)
        day = float(table.poured["peak"].sorted_pieces[node].sum())
        lines = math.ceil((rate.max() - plant.rate) / terms.sorter_pieces_h - 1e-9)
        mend = {"lines": lines, "yuan": lines * terms.sorter_yuan_day}
        rated = {**where, **mend, "column": "sort_rate_pieces_h", "value": plant.rate}
        if day > 24 * plant.rate:
            faults.append(Fault.of("lines.plant_below_day", day=day, most=24 * plant.rate, **rated))
        elif rate.max() > plant.rate + 1e-6:
            cut = float(table.clock.cutoff[table.clock.wave_first[node] + int(rate.argmax())])
            faults.append(Fault.of("lines.plant_too_small", at=_clock(cut), needed=float(rate.max()), **rated))
        if docks.max() > plant.docks + 1e-6:
            more = math.ceil(docks.max() - plant.docks)
            faults.append(Fault.of("lines.docks_too_few", column="docks", value=plant.docks, needed=float(docks.max()),
                                   at=_clock(30.0 * int(docks.argmax())), more=more, yuan=more * terms.dock_yuan_day,
                                   **where))  # fmt: skip
    if faults:
        raise InfeasibleError(faults)


def _clock(minutes: float) -> str:
    return f"{int(minutes // 60):02d}:{int(minutes % 60):02d}"


def check_pack(network: Network, demand: Demand) -> None:
    """Raise what can be said before a design: trains that do not run, hubs without roads, promises below the drive."""
    check_services(network)
    check_promises(trunk(network, demand))


def check_promises(work: Trunk) -> None:
    """Raise ``InfeasibleError`` for promised pairs whose hours are fewer than the quickest drive, or ride, takes."""
    faults = []
    rides: dict[tuple[str, str], float] = {}
    for ride in work.rides.values():
        rides[ride.key[:2]] = min(rides.get(ride.key[:2], math.inf), ride.duration_min)
    for held in members(work):
        ends = [(work.ways[k][0], work.ways[k][-1]) for k in held["rows"]]
        drive = min(work.roads.minutes(a, b) for a, b in ends)
        quickest = min([drive, *(rides[pair] for pair in {*ends, (held["from_place_id"], held["to_place_id"])}
                                 if pair in rides)])  # fmt: skip
        if quickest > 60.0 * held["promise_h"]:
            label = work.roads.label
            faults.append(Fault.of("lines.promise_below_drive", table="promise_pairs", column="promise_h",
                                   value=held["promise_h"], origin=label(held["from_place_id"]),
                                   destination=label(held["to_place_id"]), need=quickest / 60))  # fmt: skip
    if faults:
        raise InfeasibleError(faults)
