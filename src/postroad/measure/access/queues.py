"""How long people wait at the desk of the nearest point, by Erlang's delay formula (A. K. Erlang, 1917) (P66).

Arrivals are spread evenly over the hours in which the point is open, so a rush is longer than this. A locker serves
itself: nobody waits there, and its cells are another question.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import UsageError
from postroad.travel.opening import opening

if TYPE_CHECKING:
    from postroad.measure.access.reach import Access
    from postroad.network import Network

SELF_SERVICE = ("locker_group",)
DAYS_A_YEAR = 365.0


@dataclass(frozen=True)
class Desk:
    """What is assumed of a desk: pieces a person gets in a year, pieces fetched in a visit, minutes to serve one.

    ``clerks`` serve at each point; ``longest_min`` is the mean wait that is still good, for how many would be needed.
    """

    pieces_head_year: float = 61.0
    pieces_visit: float = 1.5
    serve_min: float = 1.5
    clerks: int = 1
    longest_min: float = 5.0

    def check(self) -> None:
        """Raise ``UsageError`` when a number is not positive."""
        if min(self.pieces_head_year, self.pieces_visit, self.serve_min, self.clerks, self.longest_min) <= 0:
            raise UsageError.of("access.bad_desk", value=str(self.__dict__))


def wait_min(visits_h: float, serve_min: float, clerks: int) -> float:
    """Return the mean minutes before being served; infinite where more come than the clerks can serve."""
    load = visits_h * serve_min / 60.0
    if load >= clerks:
        return inf
    blocked = 1.0
    for k in range(1, clerks + 1):  # Erlang's loss formula, clerk by clerk
        blocked = load * blocked / (k + load * blocked)
    delayed = clerks * blocked / (clerks - load * (1.0 - blocked))
    return delayed * serve_min / (clerks - load)


def clerks_for(visits_h: float, desk: Desk) -> int:
    """Return the fewest clerks at whom people wait no longer than is good."""
    clerks = max(1, ceil(visits_h * desk.serve_min / 60.0))
    while wait_min(visits_h, desk.serve_min, clerks) > desk.longest_min:
        clerks += 1
    return clerks


def queues(network: Network, found: Access, desk: Desk | None = None) -> pl.DataFrame:
    """Return one row a point that is somebody's nearest: persons, visits an hour, load, minutes of wait, clerks needed.

    ``wait_min`` is empty where more come than can be served.
    """
    desk = desk or Desk()
    desk.check()
    sites = opening(network, network["sites"].drop_nulls(["lon", "lat"]).filter(
        pl.col("site_id").is_in(found.units["site_id"].implode()))).with_columns(
        hours=(pl.col("closes_min") - pl.col("opens_min")) / 60.0 * pl.col("open_days").str.len_chars() / 7.0
    )  # fmt: skip
    near = found.units.group_by("site_id").agg(pl.col("persons").sum())
    rows = near.join(sites.select("site_id", "kind", "place_id", "hours", "hours_assumed"), on="site_id").sort(
        "site_id"
    )
    visits = pl.col("persons") * desk.pieces_head_year / DAYS_A_YEAR / desk.pieces_visit / pl.col("hours")
    rows = rows.with_columns(visits_h=visits, self_service=pl.col("kind").is_in(SELF_SERVICE))
    made: list[dict[str, Any]] = []
    for row in rows.iter_rows(named=True):
        wait = 0.0 if row["self_service"] else wait_min(row["visits_h"], desk.serve_min, desk.clerks)
        made.append({**row, "load": row["visits_h"] * desk.serve_min / 60.0,
                     "wait_min": None if wait == inf else wait,
                     "clerks_needed": 0 if row["self_service"] else clerks_for(row["visits_h"], desk)})  # fmt: skip
    return pl.DataFrame(made, infer_schema_length=None)


def waiting(rows: pl.DataFrame) -> dict[str, Any]:
    """Return the mean wait of people who are served, and the people whose nearest point cannot serve all who come."""
    persons = max(1, int(rows["persons"].sum()))
    served = rows.filter(pl.col("wait_min").is_not_null() & ~pl.col("self_service"))
    whole = max(1, int(served["persons"].sum()))
    return {
        "wait_mean_min": float((served["wait_min"] * served["persons"]).sum()) / whole,
        "overloaded_points": rows.filter(pl.col("wait_min").is_null()).height,
        "overloaded_share": int(rows.filter(pl.col("wait_min").is_null())["persons"].sum()) / persons,
        "self_service_share": int(rows.filter("self_service")["persons"].sum()) / persons,
    }
