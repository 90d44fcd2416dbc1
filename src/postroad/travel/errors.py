"""The errors of the road engines side by side (P13)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.travel.circle import CircleEngine
from postroad.travel.engine import Error, judged
from postroad.travel.road import RoadEngine

if TYPE_CHECKING:
    import datetime as dt

    from postroad.network import Network

SAMPLE = 400
"""How many townships, evenly taken by code, judge the great circle: it has learnt from counties alone."""


def engine_errors(network: Network, season: str = "ordinary", on: dt.date | None = None) -> pl.DataFrame:
    """Return a row for each engine and judge: the known distances, and for the great circle also the road graph.

    The columns are those of ``Error``, with ``engine``, ``judge`` (``known_distances`` or ``road_graph``), and the ids
    of the worst pair; an engine that the network has nothing to judge by has no row.
    """
    road, circle = RoadEngine(network, season, on), CircleEngine(network, season, on)
    found = [(road.name, "known_distances", road.error()), (circle.name, "known_distances", circle.error())]
    towns = network["places"].filter(level="township").drop_nulls(["lon", "lat"])["place_id"].sort()
    ids = towns.gather_every(max(1, len(towns) // SAMPLE)).to_list()
    if len(ids) > 1:
        measured, true = circle.kilometres(ids, ids), road.kilometres(ids, ids)
        found.append((circle.name, "road_graph", judged(ids, measured, true, least_km=5.0)))
    return pl.DataFrame([_row(*one) for one in found if one[2]], schema=_COLUMNS)  # type: ignore[arg-type]


_COLUMNS = {
    "engine": pl.String, "judge": pl.String, "pairs": pl.Int64, "mean_km": pl.Float64, "worst_km": pl.Float64,
    "mean_share": pl.Float64, "worst_share": pl.Float64, "bias_share": pl.Float64, "worst_from_id": pl.String,
    "worst_to_id": pl.String,
}  # fmt: skip


def _row(engine: str, judge: str, error: Error) -> dict[str, Any]:
    held = asdict(error)
    start, end = held.pop("worst_pair")
    return {"engine": engine, "judge": judge, **held, "worst_from_id": start, "worst_to_id": end}
