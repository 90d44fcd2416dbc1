"""Disturbances with their dates: plants, lines, roads or rounds closed or slowed, and parcels sent another way."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import DataError, Fault

if TYPE_CHECKING:
    from postroad.network import Network

WHATS = ("plant", "line", "road", "round", "divert")
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Disruption:
    """One disturbance from ``from_min`` until ``until_min``, in minutes after midnight of the first measured day.

    ``plant`` multiplies the sorting rate of ``place_id``; ``line`` the capacity, and ``road`` the speed, of the trips
    that leave in the time, chosen by ``line_haul_id``, ends or mode (what is not given does not choose; both ways where
    only the ends of a road are given); ``round`` the speed of the rounds of a county or depot. A ``factor`` of 0
    closes. ``divert`` sends parcels that become ready at ``place_id`` for ``to_place_id`` (for anywhere, where it is
    not given) to ``via_place_id`` next.
    """

    what: str
    from_min: float
    until_min: float
    factor: float = 0.0
    place_id: str | None = None
    from_place_id: str | None = None
    to_place_id: str | None = None
    line_haul_id: str | None = None
    mode: str | None = None
    via_place_id: str | None = None

    def within(self, times_ms: Any, start_min: float) -> Any:
        """Return whether a moment, or each of an array, lies in its time; the measured day begins at ``start_min``."""
        low, high = ((self.from_min + start_min) * MINUTE_MS, (self.until_min + start_min) * MINUTE_MS)
        return (times_ms >= low) & (times_ms < high)


def disruptions(given: Any, network: Network, first: dt.date) -> tuple[Disruption, ...]:
    """Return disruptions from a list, or a table with the columns of ``Disruption``, in a fixed order.

    A table may give ``starts`` and ``ends`` as moments in place of minutes. ``DataError`` lists every fault.
    """
    if given is None:
        return ()
    made = _from_table(given, first) if isinstance(given, pl.DataFrame) else list(given)
    places = set(network["places"]["place_id"])
    lines = set(network["line_hauls"]["line_haul_id"])
    faults: list[Fault] = []
    for row, item in enumerate(made, 1):
        faults += _faults(item, row, places, lines)
    if faults:
        raise DataError(faults)
    return tuple(sorted(made, key=lambda item: tuple(str(value) for value in dataclasses.astuple(item))))


def _from_table(table: pl.DataFrame, first: dt.date) -> list[Disruption]:
    names = [field.name for field in dataclasses.fields(Disruption)]
    midnight = dt.datetime.combine(first, dt.time())
    for moment, minutes in (("starts", "from_min"), ("ends", "until_min")):
        if moment in table.columns:
            since = (pl.col(moment).cast(pl.Datetime("us")) - pl.lit(midnight)).dt.total_seconds() / 60.0
            table = table.with_columns(since.alias(minutes)).drop(moment)
    if strangers := sorted(set(table.columns) - set(names)):
        raise DataError(Fault.of("simulate.disruption_column", table="disruptions", column=c) for c in strangers)
    rows = ({k: v for k, v in row.items() if v is not None} for row in table.iter_rows(named=True))
    made, faults = [], []
    for number, row in enumerate(rows, 1):
        if missing := [name for name in ("what", "from_min", "until_min") if name not in row]:
            faults += [
                Fault.of("simulate.disruption_missing", table="disruptions", column=c, row=number) for c in missing
            ]
        else:
            made.append(Disruption(**row))
    if faults:
        raise DataError(faults)
    return made


def _faults(item: Disruption, row: int, places: set[str], lines: set[str]) -> list[Fault]:
    at: dict[str, Any] = {"table": "disruptions", "row": row}
    faults = []
    if item.what not in WHATS:
        faults.append(
            Fault.of("simulate.disruption_what", column="what", value=item.what, known=", ".join(WHATS), **at)
        )
    if not item.from_min < item.until_min:
        faults.append(Fault.of("simulate.disruption_time", column="until_min", value=item.until_min, **at))
    if not 0.0 <= item.factor <= 10.0:
        faults.append(Fault.of("simulate.disruption_factor", column="factor", value=item.factor, **at))
    for name in ("place_id", "from_place_id", "to_place_id", "via_place_id"):
        value = getattr(item, name)
        if value is not None and value not in places:
            faults.append(Fault.of("simulate.disruption_place", column=name, value=value, **at))
    if item.line_haul_id is not None and item.line_haul_id not in lines:
        faults.append(Fault.of("simulate.disruption_line", column="line_haul_id", value=item.line_haul_id, **at))
    needs = {"plant": ("place_id",), "round": ("place_id",), "divert": ("place_id", "via_place_id")}.get(item.what, ())
    faults += [Fault.of("simulate.disruption_missing", column=c, **at) for c in needs if getattr(item, c) is None]
    return faults
