"""Speeds by class of road and season, each with the range its parameter states (P13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from postroad.errors import DataError, Fault, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from postroad.network import Network

Season = Literal["ordinary", "winter"]
CLASSES = {
    "motorway": "speed_expressway_truck",
    "trunk": "speed_national_provincial_road",
    "primary": "speed_national_provincial_road",
    "secondary": "speed_county_road",
    "link": "speed_county_road",
    "tertiary": "speed_township_village_road",
    "local": "speed_township_village_road",
}
LEG = "speed_township_village_road"
URBAN = "speed_urban_van"
Range = tuple[float, float, float]
"""The value, and the low and the high end of its range."""


def season_named(asked: str) -> Season:
    """Return the season; ``UsageError`` when there is none of that name."""
    for season in get_args(Season):
        if asked == season:
            return season  # type: ignore[no-any-return]
    raise UsageError.of("travel.unknown_season", asked=asked, known=", ".join(get_args(Season)))


def parameters(network: Network, names: Iterable[str]) -> dict[str, Range]:
    """Return value, low and high of each parameter, as ``Network.ranges`` does."""
    return network.ranges(names)


@dataclass(frozen=True)
class Speeds:
    """Kilometres an hour of each class: likely, low and high, with the season's factor already in them."""

    by_class: dict[str, Range]
    leg: Range
    urban: Range

    @classmethod
    def of(cls, network: Network, season: str = "ordinary") -> Speeds:
        """Return the speeds of a network in a season; ``DataError`` names missing or impossible parameters."""
        season = season_named(season)
        wanted = [*dict.fromkeys(CLASSES.values()), URBAN, "winter_speed_factor"]
        held = parameters(network, wanted)
        factor = held["winter_speed_factor"] if season == "winter" else (1.0, 1.0, 1.0)
        faults = [
            Fault.of("travel.bad_speed", table="parameters", value=held[n][1], parameter=n)
            for n in wanted
            if min(held[n]) <= 0
        ]
        if max(held["winter_speed_factor"]) > 1:
            faults.append(Fault.of("travel.bad_factor", table="parameters", value=max(held["winter_speed_factor"])))
        if faults:
            raise DataError(faults)

        def slowed(name: str) -> Range:
            likely, low, high = (speed * part for speed, part in zip(held[name], factor, strict=True))
            return likely, low, high

        return cls({c: slowed(n) for c, n in CLASSES.items()}, slowed(LEG), slowed(URBAN))

    def minutes(self, km: Any, road_class: Iterable[str], urban_share: Any) -> Any:
        """Return minutes of links, links × 3: likely, quickest and slowest, with a share of each link in town."""
        speed = np.array([self.by_class[c] for c in road_class]).reshape(-1, 3)
        town = np.minimum(speed, np.array(self.urban))
        share = np.asarray(urban_share)[:, None]
        hours = np.asarray(km)[:, None] * ((1 - share) / speed + share / town)
        return hours[:, [0, 2, 1]] * 60.0
