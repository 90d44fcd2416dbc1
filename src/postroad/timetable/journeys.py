"""When a parcel can be where, riding scheduled services: earliest arrivals by one scan over the connections (P80).

The connection scan algorithm (Dibbelt, Pajor, Strasser and Wagner 2013): connections in order of departure, each tried
once. A change of vehicle takes the hand-over time of the vehicle boarded; staying aboard takes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numba import njit

from postroad.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER = np.inf
DAY_MIN = 1440.0


def earliest(services: pl.DataFrame, origin: str, ready_min: float, days: int = 2) -> pl.DataFrame:
    """Return, for every stop that can be reached, the earliest arrival: stop_id, arrive_min, services ridden.

    The day's services repeat on each of ``days``. ``ready_min`` is when the parcel stands at the origin.
    """
    stops = pl.concat([services["from_stop"], services["to_stop"]]).unique().sort()
    if origin not in stops:
        raise UsageError.of("timetable.no_stop", value=origin)
    code, trips = pl.Enum(stops), services["trip_id"].unique().sort()
    a = services["from_stop"].cast(code).to_physical().to_numpy().astype(np.int64)
    b = services["to_stop"].cast(code).to_physical().to_numpy().astype(np.int64)
    trip = services["trip_id"].cast(pl.Enum(trips)).to_physical().to_numpy().astype(np.int64)
    leave, arrive, change = (services[c].to_numpy() for c in ("depart_min", "arrive_min", "handover_min"))
    shift = np.repeat(np.arange(days) * DAY_MIN, len(a))
    wide = [np.tile(v, days) for v in (a, b, leave, arrive, change)]
    trip = np.tile(trip, days) + np.repeat(np.arange(days) * len(trips), len(a))
    order = np.lexsort((wide[3] + shift, wide[2] + shift))
    start = int(np.flatnonzero((stops == origin).to_numpy())[0])
    found, legs = _scan(
        wide[0][order], wide[1][order], (wide[2] + shift)[order], (wide[3] + shift)[order], wide[4][order], trip[order],
        len(stops), len(trips) * days, start, float(ready_min),
    )  # fmt: skip
    reached = np.isfinite(found)
    return pl.DataFrame(
        {"stop_id": stops.filter(pl.Series(reached)), "arrive_min": found[reached], "services": legs[reached]}
    ).sort("arrive_min", "stop_id")


@njit(cache=True)
def _scan(  # type: ignore[no-untyped-def]
    a, b, leave, arrive, change, trip, stops, trips, start, ready
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    best, legs = np.full(stops, np.inf), np.zeros(stops, np.int64)
    aboard, ridden = np.zeros(trips, np.bool_), np.zeros(trips, np.int64)
    best[start] = ready
    for k in range(a.size):
        if not aboard[trip[k]] and best[a[k]] + change[k] <= leave[k]:
            aboard[trip[k]] = True
            ridden[trip[k]] = legs[a[k]] + 1
        if aboard[trip[k]] and arrive[k] < best[b[k]]:
            best[b[k]] = arrive[k]
            legs[b[k]] = ridden[trip[k]]
    return best, legs
