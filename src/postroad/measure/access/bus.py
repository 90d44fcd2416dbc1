"""Minutes to a point by bus: walk to the stop, ride, walk to the counter while it is open, and be home the same day.

Buses come from a timetable feed. People know the timetable, so they wait the few minutes of a parameter; they ride one
bus without changing. A way counts only when a later bus brings them back from where they got off to where they got on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.spatial import KDTree

from postroad.timetable.feed import minutes
from postroad.timetable.services import running
from postroad.travel.doorstep import flat, homes_km
from postroad.travel.speeds import Speeds, parameters

if TYPE_CHECKING:
    import datetime as dt

    from postroad.network import Network
    from postroad.timetable.feed import Feed
    from postroad.travel.doorstep import Pace

STOPS = 4
"""How many of the nearest stops somebody considers."""
FARTHEST_KM = 5.0
NOTHING = {"bus_min": pl.Float64, "bus_leaves_min": pl.Float64, "bus_back_min": pl.Float64}


def by_bus(
    network: Network, homes: pl.DataFrame, points: pl.DataFrame, walking: Pace, ride: tuple[Feed, dt.date, str]
) -> pl.DataFrame:
    """Return ``bus_min``, ``bus_leaves_min`` and ``bus_back_min`` (the departures out and back) for each home.

    ``points`` hold their opening hours. ``ride`` is the feed, the day and the season; in winter a bus takes longer as
    other traffic does. A home without a way there and back on one day has nulls.
    """
    feed, day, season = ride
    kept = parameters(network, ["bus_stop_wait", "point_service_time"])
    wait, counter = kept["bus_stop_wait"][0], kept["point_service_time"][0]
    slower = Speeds.of(network).leg[0] / Speeds.of(network, season).leg[0]
    weekday = str(day.isoweekday())
    points = points.filter(pl.col("open_days").str.contains(weekday, literal=True))
    legs = _legs(feed, day, slower)
    if not legs.height or not points.height:
        return pl.DataFrame(schema=NOTHING).clear(homes.height)
    middle = float(homes["lat"].to_numpy().mean())
    stops = _stops(feed, points, walking, middle)
    ways = _ways(legs, stops, (wait, counter))
    best = ways.sort("minutes", "from_stop", "depart", "back", "to_stop").unique(
        "from_stop", keep="first", maintain_order=True
    )
    board = stops.join(best, left_on="stop_id", right_on="from_stop").sort("stop_id")
    if not board.height:
        return pl.DataFrame(schema=NOTHING).clear(homes.height)
    return _nearest(homes, board, walking, middle)


def _legs(feed: Feed, day: dt.date, slower: float) -> pl.DataFrame:
    """Return every ride on one bus of the day: from_stop, to_stop, depart, arrive."""
    trips = feed["trips"].filter(pl.col("service_id").is_in(running(feed, day).implode()))
    times = (
        feed["stop_times"]
        .join(trips.select("trip_id"), on="trip_id")
        .select("trip_id", "stop_id", order=pl.col("stop_sequence").str.strip_chars().cast(pl.Int64),
                arrive=minutes("arrival_time"), depart=minutes("departure_time"))
        .drop_nulls()
    )  # fmt: skip
    pairs = times.join(times, on="trip_id", suffix="_to").filter(pl.col("order") < pl.col("order_to"))
    return pairs.select(
        "depart",
        from_stop="stop_id",
        to_stop="stop_id_to",
        arrive=pl.col("depart") + slower * (pl.col("arrive_to") - pl.col("depart")),
    )


def _stops(feed: Feed, points: pl.DataFrame, walking: Pace, middle: float) -> pl.DataFrame:
    """Return each stop with the walk to its nearest point and that point's hours."""
    stops = feed["stops"].select(
        "stop_id",
        lon=pl.col("stop_lon").str.strip_chars().cast(pl.Float64, strict=False),
        lat=pl.col("stop_lat").str.strip_chars().cast(pl.Float64, strict=False),
    ).drop_nulls().sort("stop_id")  # fmt: skip
    km, nearest = KDTree(flat(points, middle)).query(flat(stops, middle))
    return stops.with_columns(
        walk=60.0 * walking.detour * km / walking.kmh,
        opens=points["opens_min"].gather(nearest),
        closes=points["closes_min"].gather(nearest),
    )


def _ways(legs: pl.DataFrame, stops: pl.DataFrame, spent: tuple[float, float]) -> pl.DataFrame:
    """Return the rides that reach an open counter and have a bus back the same day."""
    wait, counter = spent
    there = legs.join(stops.select("stop_id", "walk", "opens", "closes"), left_on="to_stop", right_on="stop_id")
    at = pl.max_horizontal(pl.col("arrive") + pl.col("walk"), "opens")  # people wait before a door that is shut
    there = there.with_columns(at=at).filter(pl.col("at") + counter <= pl.col("closes"))
    back = legs.select(from_stop="to_stop", to_stop="from_stop", back="depart")
    both = there.join(back, on=["from_stop", "to_stop"])
    both = both.filter(pl.col("back") >= pl.col("at") + counter + pl.col("walk") + wait)
    return both.group_by("from_stop", "to_stop", "depart").agg(
        minutes=(pl.col("at") - pl.col("depart")).first() + wait, back=pl.col("back").min()
    )


def _nearest(homes: pl.DataFrame, board: pl.DataFrame, walking: Pace, middle: float) -> pl.DataFrame:
    at, there = flat(homes, middle), flat(board, middle)
    count = min(STOPS, board.height)
    km, which = (np.reshape(part, (len(at), count)) for part in KDTree(there).query(at, k=count))
    walk: Any = 60.0 * walking.km(km, homes_km(at)[:, None]) / walking.kmh
    whole = np.where(km <= FARTHEST_KM, walk + board["minutes"].to_numpy()[which], np.inf)
    pick = np.argmin(whole, axis=1)
    row = np.arange(len(at))
    stop, found = which[row, pick], np.isfinite(whole[row, pick])
    return pl.DataFrame(
        {
            "bus_min": np.where(found, whole[row, pick], np.nan),
            "bus_leaves_min": np.where(found, board["depart"].to_numpy()[stop], np.nan),
            "bus_back_min": np.where(found, board["back"].to_numpy()[stop], np.nan),
        }
    ).fill_nan(None)
