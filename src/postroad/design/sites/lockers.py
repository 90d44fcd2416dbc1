"""A week of parcels against the cells of each locker: load, refusal, cells needed, and what is overfull (P64)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.design.sites.loss import cells_for, refusal, turnover
from postroad.errors import DataError, Fault
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.network import Network

DAYS_A_YEAR = 365.0
WEEK = 7


def locker_week(network: Network, parcels: pl.DataFrame, most_refusal: float = 0.05) -> pl.DataFrame:
    """Return one row a locker of ``parcels`` (site_id, day, parcels): mean arrivals, load, share refused, cells needed.

    A locker with more parcels than cells on seven days on end is refused by name, all such at once, each with its
    cheapest repair: cells to add, written off over the locker's life, or the surplus at a staffed point at its fee.
    """
    names = ["locker_turns_per_day", "locker_cells_per_set", "locker_cell_price", "locker_life",
             "delivery_fee_paid_to_station_or_locker"]  # fmt: skip
    held = {name: value[0] for name, value in parameters(network, names).items()}
    days = 1.0 / held["locker_turns_per_day"]
    cells = network["sites"].filter(pl.col("kind") == "locker_group").select(
        "site_id", "place_id", cells=pl.col("cells").fill_null(round(held["locker_cells_per_set"]))
    )  # fmt: skip
    _refuse_bad(parcels, cells)
    joined = parcels.join(cells, on="site_id").sort("site_id", "day")
    over = joined.with_columns(over=(pl.col("parcels") > pl.col("cells")).cast(pl.Int64)).with_columns(
        week=pl.col("over").rolling_sum(WEEK).over("site_id"), span=pl.col("day").diff(WEEK - 1).over("site_id")
    )
    found = over.group_by("site_id", "place_id", "cells", maintain_order=True).agg(
        parcels_day=pl.col("parcels").mean(),
        overfull=((pl.col("week") == WEEK) & (pl.col("span") == WEEK - 1)).any(),
    )
    loads = [(float(a) * days, int(c)) for a, c in found.select("parcels_day", "cells").iter_rows()]
    needed = [cells_for(load, most_refusal) for load, _ in loads]
    refused = [refusal(load, c) for load, c in loads]
    found = found.with_columns(
        load=pl.Series([load for load, _ in loads], dtype=pl.Float64),
        refused=pl.Series(refused, dtype=pl.Float64),
        turns_day=pl.Series([turnover(load, c, days) for load, c in loads], dtype=pl.Float64),
        cells_needed=pl.Series(needed, dtype=pl.Int64),
    )
    if faults := [_repair(row, held) for row in found.filter("overfull").iter_rows(named=True)]:
        raise DataError(faults)
    return found.drop("overfull")


def _refuse_bad(parcels: pl.DataFrame, cells: pl.DataFrame) -> None:
    """Name every row that is no count of a locker there is, or counts a day twice."""
    known = set(cells["site_id"])
    faults = []
    for row, (site, day, count) in enumerate(parcels.select("site_id", "day", "parcels").iter_rows(), 1):
        if site not in known:
            faults.append(Fault.of("sites.no_locker", table="parcels", row=row, value=site))
        if day is None or count is None or count < 0:
            faults.append(Fault.of("sites.bad_count", table="parcels", row=row, value=count))
    twice = parcels.filter(pl.struct("site_id", "day").is_duplicated())
    faults += [Fault.of("sites.day_twice", table="parcels", value=site, day=day)
               for site, day in twice.select("site_id", "day").unique().sort("site_id", "day").iter_rows()]  # fmt: skip
    if faults:
        raise DataError(faults)


def _repair(row: dict[str, float], held: dict[str, float]) -> Fault:
    """Return the fault of an overfull locker with the cheaper way out."""
    more = max(1, int(row["cells_needed"] - row["cells"]))
    cells_yuan = more * held["locker_cell_price"] / (held["locker_life"] * DAYS_A_YEAR)
    surplus = row["parcels_day"] * row["refused"]
    point_yuan = surplus * held["delivery_fee_paid_to_station_or_locker"]
    facts = {"value": row["site_id"], "parcels": f"{row['parcels_day']:.0f}", "cells": int(row["cells"])}
    if cells_yuan <= point_yuan:
        return Fault.of("sites.overfull_add", table="parcels", more=more, yuan=f"{cells_yuan:.1f}",
                        other=f"{point_yuan:.1f}", **facts)  # fmt: skip
    return Fault.of("sites.overfull_move", table="parcels", surplus=f"{surplus:.0f}", yuan=f"{point_yuan:.1f}",
                    other=f"{cells_yuan:.1f}", **facts)  # fmt: skip
