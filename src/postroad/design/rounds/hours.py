"""When the stations of a village take parcels: as its sites say, or as the parameters do where none says anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from postroad.network import Network

STATIONS = ("village_post_station", "door_delivery_village", "pick_up_point", "terminal_station")
EVERY_DAY = tuple(range(7))


@dataclass(frozen=True)
class Hours:
    """From when to when a place takes parcels, in minutes after midnight, and on which weekdays (0 is Monday)."""

    opens_min: float
    closes_min: float
    days: tuple[int, ...] = EVERY_DAY


def hours(network: Network, usual: Hours) -> dict[str, Hours]:
    """Return the hours of every place with a site that has its own; sites of one place stand in for each other."""
    own = pl.any_horizontal(pl.col("opens_min", "closes_min", "open_days").is_not_null())
    sites = network["sites"].filter(pl.col("kind").is_in(STATIONS), pl.col("status") == "open", own)
    found: dict[str, Hours] = {}
    for place, opens, closes, days in sites.select("place_id", "opens_min", "closes_min", "open_days").iter_rows():
        on = usual.days if days is None else tuple(sorted(int(day) - 1 for day in set(days)))
        new = Hours(usual.opens_min if opens is None else opens, usual.closes_min if closes is None else closes, on)
        old = found.get(place, new)
        found[place] = Hours(min(old.opens_min, new.opens_min), max(old.closes_min, new.closes_min),
                             tuple(sorted({*old.days, *new.days})))  # fmt: skip
    return found
