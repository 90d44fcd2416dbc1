"""What a pack's own tables make impossible: line-hauls on trains that do not run, plants too small for the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import DataError, Fault, InfeasibleError

if TYPE_CHECKING:
    from postroad.design.lines.timetable import Timetable
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
        where = {"table": "line_hauls", "column": "service_ref", "row": row, "value": train}
        if train not in known:
            faults.append(Fault.of("lines.no_such_train", **where))
        elif train not in daily:
            faults.append(Fault.of("lines.train_not_that_day", days=days or DAILY, **where))
    if faults:
        raise DataError(faults)


def check_plants(network: Network, table: Timetable) -> None:
    """Raise ``InfeasibleError`` for hubs of the pack whose own sorters cannot do the peak day of a timetable.

    Several plants at a place add up; a pack without plants leaves their size open and passes.
    """
    own = network["hub_plants"].filter(kind="hub").group_by("place_id").agg(pl.col("sort_rate_pieces_h").sum())
    have = {place: float(rate) for place, rate in own.iter_rows()}
    needed = table.network["hub_plants"].filter(kind="hub").select("place_id", "sort_rate_pieces_h").sort("place_id")
    faults = [
        Fault.of("lines.plant_too_small", table="hub_plants", column="sort_rate_pieces_h", value=have[place],
                 place=table.work.roads.label(place), needed=float(rate))
        for place, rate in needed.iter_rows()
        if place in have and have[place] < rate
    ]  # fmt: skip
    if faults:
        raise InfeasibleError(faults)
