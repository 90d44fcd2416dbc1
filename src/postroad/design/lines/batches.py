"""Loads between hubs and gateways: what is ready there when, and by when it must be at the other end (P44).

Pieces of a pair become ready at their first hub wave by wave; what leaves outside places is gathered in blocks of
hours. A load's deadline lets the promised share of its pieces reach the last delivery round before their promise ends;
where no line could be quick enough, the deadline is the quickest arrival and the promise counts as failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.design.lines.fluid import accepted as half_hours
from postroad.design.lines.fluid import pour, shares
from postroad.design.lines.pairs import promised_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.lines.fluid import Clockwork
    from postroad.design.lines.work import Trunk

DOOR_SHARE = 0.9
"""Lines come early enough that so many of their pieces are at the door in time; none could wait for all luck."""
LEAST_SHARE = 0.1
"""Couriers who serve a smaller share of a place's pieces set no deadline for its lines; assumed."""
BLOCK_MIN = 180.0
"""Pieces from outside are gathered over blocks of this length; assumed."""


@dataclass(frozen=True)
class Batches:
    """Loads as a table: from_place_id, to_place_id, ready_min (of the day), latest_min, pieces; by day's pieces.

    ``ends[k]`` are the first and last hub (or outside place) of pair ``k``.
    """

    loads: pl.DataFrame
    ends: list[tuple[str, str]]


def ends(work: Trunk) -> list[tuple[str, str]]:
    """Return for each pair where its line-haul begins and ends: a hub or an outside place, or its own centre."""
    outside = set(work.network["places"].filter(level="external")["place_id"])
    lined = [[place for place in way if place in work.layout.tier or place in outside] or way for way in work.ways]
    return [(held[0], held[-1]) for held in lined]


def batches(work: Trunk, clock: Clockwork, day: str = "ordinary") -> Batches:
    """Return the loads of a day, gathered by the feeders and waves of a timetable."""
    pairs = ends(work)
    share, accepted = shares(work.hours), half_hours()
    lucks = work.lucks
    ready = np.stack([accepted + _to_hub(work, clock, pairs, first) for first in lucks])
    due_by = _by_round(work, pairs, accepted)
    outside = np.array([a not in work.layout.tier for a, _ in pairs])
    begin = _last_chance(work, pairs, due_by)[:, None]
    gathered = np.ceil((ready - begin) / BLOCK_MIN) * BLOCK_MIN + begin
    ready = np.where(outside[:, None], gathered, ready)
    latest = np.broadcast_to(due_by, ready.shape)
    pieces = np.broadcast_to(work.pieces(day)[:, None] * share / len(lucks), ready.shape)
    k = np.indices(pieces.shape)[1]
    frame = pl.DataFrame(
        {
            "from_place_id": [pairs[n][0] for n in k.ravel()],
            "to_place_id": [pairs[n][1] for n in k.ravel()],
            "day": np.floor(ready.ravel() / 1440.0),
            "ready_min": np.round(ready.ravel() % 1440.0, 3),
            "latest_min": latest.ravel() - np.floor(ready.ravel() / 1440.0) * 1440.0,
            "pieces": pieces.ravel(),
        }
    ).filter(pl.col("from_place_id") != pl.col("to_place_id"), pl.col("pieces") > 0, pl.col("ready_min").is_finite())
    return Batches(_together(frame, work), pairs)


def _last_chance(work: Trunk, pairs: list[tuple[str, str]], due_by: NDArray[np.float64]) -> NDArray[np.float64]:
    """When blocks outside end: so that one closes as the largest flow from there can still be in time; by pair."""
    heavy: dict[str, tuple[float, float]] = {}
    pieces = work.pieces("ordinary")
    for k, (a, b) in enumerate(pairs):
        drive = work.roads.minutes(a, b) * (work.ends.luck if work.roads.mode(a, b) == "road" else 1.0)
        if np.isfinite(drive) and pieces[k] > heavy.get(a, (0.0, 0.0))[0]:
            heavy[a] = (float(pieces[k]), float(np.floor((due_by[k].max() - drive) / 5.0) * 5.0 % BLOCK_MIN))
    return np.array([heavy.get(a, (0.0, 0.0))[1] for a, _ in pairs])


def _together(frame: pl.DataFrame, work: Trunk) -> pl.DataFrame:
    """One load for each pair of ends and moment of readiness, due when the promised share of its pieces is."""
    by = ["from_place_id", "to_place_id", "ready_min"]
    share = work.terms.promised_share
    ordered = frame.sort(*by, "latest_min").with_columns(
        before=pl.col("pieces").cum_sum().over(by), all=pl.col("pieces").sum().over(by)
    )
    # the earliest deadlines, up to what the promise may miss, do not bind
    binding = ordered.filter(pl.col("before") >= (1 - share) * pl.col("all") - 1e-9)
    return binding.group_by(by).agg(pl.col("latest_min").min(), pieces=pl.col("all").first()).sort(by)


def _to_hub(
    work: Trunk, clock: Clockwork, pairs: list[tuple[str, str]], first: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minutes from acceptance until sorted at the first hub (or gathered outside), by pair and half hour."""
    stretch = [way[: way.index(hub) + 1] for way, (hub, _) in zip(work.ways, pairs, strict=True)]
    return pour(clock, stretch, np.ones(len(stretch)), work.hours, first, None, work.ends.luck).minutes


def due(work: Trunk, accepted: NDArray[np.float64]) -> NDArray[np.float64]:
    """When each pair's pieces must be delivered: its promise counts from the pick-up cut-off after acceptance.

    That is the clock the plan's targets propose. Promised pairs have their own hours, others those of their product.
    """
    own = promised_units(work.network)
    told = {(a, b): hours for a, b, hours in own.select("origin_id", "destination_id", "promise_h").iter_rows()}
    columns = work.pairs.select("origin_id", "destination_id", "promise_h").iter_rows()
    return np.array([counted_from(work, a, accepted) + 60.0 * told.get((a, b), hours) for a, b, hours in columns])


def counted_from(work: Trunk, origin: str, accepted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the moment a promise starts to count for pieces accepted at some minutes of the day at a place."""
    cut = work.cutoff(origin)
    return np.where(accepted <= cut, cut, cut + 1440.0)


def _after_hub(work: Trunk, pairs: list[tuple[str, str]]) -> NDArray[np.float64]:
    """Minutes from the last hub's dock to the couriers' bags: sorting there, the feeder, the county centre."""
    terms, after = work.terms, []
    for way, (_, last) in zip(work.ways, pairs, strict=True):
        sorting = terms.sort_min[work.layout.tier[last]] + terms.margin_min if last in work.layout.tier else 0.0
        rest = terms.county_handling_min + terms.margin_min + work.ends.last_min
        feeder = 0.0 if way[-1] == last else work.roads.minutes(last, way[-1]) * work.ends.luck + rest
        after.append(sorting + feeder)
    return np.array(after)


def _by_round(work: Trunk, pairs: list[tuple[str, str]], accepted: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last arrival at the last hub that still makes the last delivery round within the promise."""
    until = due(work, accepted)
    made = np.stack([_last_start(work, way[-1], by) for way, by in zip(work.ways, until, strict=True)])
    return np.asarray(made - _after_hub(work, pairs)[:, None])


def _last_start(work: Trunk, place: str, until: NDArray[np.float64]) -> NDArray[np.float64]:
    """When pieces must be ready at a place to be delivered by some moments: by couriers, or at once outside."""
    doors = work.ends.door(place)
    counted = [one for one in doors if one.share >= LEAST_SHARE] or list(doors)
    days, by = np.arange(-1, 13)[:, None] * 1440.0, []
    for door in counted:
        left = until - door.within(DOOR_SHARE)
        if door.starts_min:
            rounds = np.sort((days + np.array(door.starts_min)).ravel())
            left = rounds[np.maximum(np.searchsorted(rounds, left, side="right") - 1, 0)]
        by.append(left)
    return np.asarray(np.min(by, axis=0))
