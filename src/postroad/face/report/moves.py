"""Where some parcels of a simulated day were at each known moment: what a player needs to move them on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.face.report.film import MOST_DAYS, SAMPLE, path_of, sampled

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.simulate.day import Run

DAY_MIN = 1440


def moves(run: Run, network: Network, sample: int = SAMPLE) -> pl.DataFrame:
    """Return a row per parcel and known moment: parcel, late, minute, and the place with its position.

    Between two moments at one place a parcel waits there, between two places it is on its way; after the last it is
    handed over. The film of the same run is drawn from the same moments.
    """
    known = network["places"].drop_nulls(["lon", "lat"])
    spot = {place: (lon, lat) for place, lon, lat in known.select("place_id", "lon", "lat").iter_rows()}
    index: dict[str, int] = {}
    rows: list[tuple[int, bool, int, int]] = []
    for parcel, row in enumerate(sampled(run, sample).iter_rows(named=True)):
        path = path_of(row, spot, index)
        rows += [(parcel, bool(path[0]), path[k], path[k + 1]) for k in range(1, len(path) - 1, 2)]
    made = pl.DataFrame(rows, schema={"parcel": pl.Int32, "late": pl.Boolean, "minute": pl.Int32, "at": pl.Int32},
                        orient="row")  # fmt: skip
    places = pl.DataFrame(
        {"at": list(index.values()), "place_id": list(index), "lon": [round(spot[p][0], 4) for p in index],
         "lat": [round(spot[p][1], 4) for p in index]},
        schema={"at": pl.Int32, "place_id": pl.String, "lon": pl.Float64, "lat": pl.Float64},
    )  # fmt: skip
    shown = made.filter(pl.col("minute").min().over("parcel") < MOST_DAYS * DAY_MIN)
    return shown.join(places, on="at", how="left", maintain_order="left").drop("at")
