"""Travel as tables: kilometres and minutes between the places of a scope, by mode, season and day (P12, P13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault, UsageError
from postroad.travel.circle import CircleEngine
from postroad.travel.road import RoadEngine
from postroad.travel.scheduled import AirEngine, RailEngine
from postroad.travel.scope import blocks

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from postroad.network import Network
    from postroad.travel.engine import Engine, Ways

Mode = Literal["road", "rail", "air"]
ENGINES: dict[str, type[RoadEngine | CircleEngine | RailEngine | AirEngine]] = {
    e.name: e for e in (RoadEngine, CircleEngine, RailEngine, AirEngine)
}
_ORIGIN = {"derived": 0, "assumed": 1, "synthetic": 2}
COLUMNS = {
    "from_id": pl.String, "to_id": pl.String, "distance_km": pl.Float64, "duration_min": pl.Float64,
    "duration_low_min": pl.Float64, "duration_high_min": pl.Float64, "engine": pl.String, "error_km": pl.Float64,
    "origin": pl.String, "source": pl.String,
}  # fmt: skip


def engine(
    network: Network, mode: str = "road", season: str = "ordinary", on: dt.date | None = None, kind: str | None = None
) -> Engine:
    """Return the engine of a mode; ``kind`` chooses ``great_circle`` in place of ``road_graph`` for roads."""
    if mode not in get_args(Mode):
        raise UsageError.of("travel.unknown_mode", asked=mode, known=", ".join(get_args(Mode)))
    wanted = kind or {"road": "road_graph"}.get(mode, mode)
    fitting = ("road_graph", "great_circle") if mode == "road" else (mode,)
    if wanted not in fitting:
        raise UsageError.of("travel.unknown_engine", asked=wanted, known=", ".join(fitting))
    return ENGINES[wanted](network, season, on)


def travel(
    network: Network,
    mode: str = "road",
    season: str = "ordinary",
    on: dt.date | None = None,
    between: str | Sequence[str] = "county",
    kind: str | None = None,
) -> pl.DataFrame:
    """Return km and minutes for every ordered pair of different places of ``between``, one row a pair.

    ``between`` is a scope (``county``, ``township``, ``village``) or a list of place ids. The columns are those of
    ``COLUMNS``: the low and high minutes take every speed at the ends of its range; ``error_km`` is the expected error;
    ``origin`` is the weaker of the two ends'. By road all places of a list must be joined: ``DataError`` names unknown
    places, and those that no road joins with the gap. Two far cities have no row. A scope leaves out far cities
    without a road, and rail and air leave out pairs without a service.
    """
    return pl.concat(stream(network, mode, season, on, between, kind))


def stream(
    network: Network,
    mode: str = "road",
    season: str = "ordinary",
    on: dt.date | None = None,
    between: str | Sequence[str] = "county",
    kind: str | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the rows of ``travel`` block by block, so that no more than one block is held."""
    chosen = engine(network, mode, season, on, kind)
    trust = Trust(network)
    if not isinstance(between, str):
        ids = list(dict.fromkeys(between))
        if not ids:
            raise UsageError.of("travel.no_places")
        yield rows(chosen, ids, ids, trust)
        return
    for origins, destinations in blocks(network, between):
        yield rows(chosen, chosen.reaches(origins), chosen.reaches(destinations), trust)


class Trust:
    """How far each place's position can be trusted."""

    def __init__(self, network: Network) -> None:
        places = network["places"].select("place_id", "level", "coordinate_quality", "origin")
        kind = (
            pl.when(pl.col("coordinate_quality") == "S")
            .then(2)
            .when(pl.col("level") == "external")
            .then(1)
            .otherwise(0)
        )
        self.rank = dict(places.select("place_id", kind).iter_rows())
        self.far = set(network["places"].filter(level="external", kind="city")["place_id"])


def rows(chosen: Engine, origins: Sequence[str], destinations: Sequence[str], trust: Trust) -> pl.DataFrame:
    """Return an engine's ways as rows, without those from a place to itself."""
    if not origins:
        return pl.DataFrame(schema=COLUMNS)
    ways = chosen.ways(origins, destinations)
    different = np.array(origins)[:, None] != np.array(destinations)[None]
    far = [np.array([place in trust.far for place in side], bool) for side in (origins, destinations)]
    different &= ~(far[0][:, None] & far[1][None])  # the province's tables do not know the way from Beijing to Shanghai
    found = np.isfinite(ways.minutes)
    if isinstance(chosen, RoadEngine) and (different & ~found).any():
        raise _apart(chosen, origins, destinations, ways)
    i, j = np.nonzero(different & found)
    ranks = [np.array([trust.rank[place] for place in side]) for side in (origins, destinations)]
    rank = np.maximum(np.maximum(ranks[0][i], ranks[1][j]), _ORIGIN[chosen.origin])
    frame = pl.DataFrame(
        {
            "from_id": np.array(origins)[i],
            "to_id": np.array(destinations)[j],
            "distance_km": ways.km[i, j],
            "duration_min": ways.minutes[i, j],
            "duration_low_min": ways.quick_min[i, j],
            "duration_high_min": ways.slow_min[i, j],
            "engine": pl.Series([chosen.name]).new_from_index(0, len(i)),
            "error_km": ways.error_km[i, j],
            "origin": np.array(list(_ORIGIN))[rank],
            "source": pl.Series([chosen.source]).new_from_index(0, len(i)),
        },
        schema=COLUMNS,
    )
    return frame.with_columns(pl.col("error_km").fill_nan(None))


def _apart(chosen: RoadEngine, origins: Sequence[str], destinations: Sequence[str], ways: Ways) -> DataError:
    """Return the error that names each place no road joins to the first, with the nearest gap."""
    missing = ~np.isfinite(ways.minutes)
    i = int(missing.any(axis=1).argmax())
    joined = np.isfinite(ways.minutes[i])
    # The places of one side may all lie apart from the other's, so the first origin is not always at fault.
    start, lone = origins[i], {place for place, there in zip(destinations, joined, strict=True) if not there}
    faults = [Fault.of("travel.disconnected", table="places", value=p, **chosen.gap(start, p)) for p in sorted(lone)]
    return DataError(faults)
