"""How far people live from the nearest usable point, village by village, and how many live inside the standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.spatial import KDTree

from postroad.errors import DataError, Fault
from postroad.travel.doorstep import STANDARDS, USABLE, flat, homes, homes_km, inside, pace
from postroad.travel.speeds import Speeds, season_named

if TYPE_CHECKING:
    import datetime as dt

    from postroad.network import Network

LOWEST = 0.1


@dataclass(frozen=True)
class Access:
    """One row a village or block: persons, class, km, minutes by foot and by car, nearest point, inside or not."""

    units: pl.DataFrame
    season: str

    def figures(self) -> dict[str, Any]:
        """Return the province's figures, each with the share of people whose distance rests on synthetic positions."""
        told: dict[str, Any] = {"season": self.season, "persons": int(self.units["persons"].sum())}
        told["synthetic_share"] = _share(self.units, "synthetic")
        told["synthetic_homes_share"] = _share(self.units, "synthetic_home")
        for kind in STANDARDS:
            own = self.units.filter(pl.col("class") == kind)
            told[f"inside_{kind}"] = _share(own, "inside")
            told[f"synthetic_{kind}"] = _share(own, "synthetic")
        told["inside"] = _share(self.units, "inside")
        told["townships"], told["townships_served"] = self._townships()
        persons, minutes = (self.units[name].to_numpy() for name in ("persons", "walk_min"))
        told["walk_mean_min"] = float(np.average(minutes, weights=persons)) if persons.sum() else float("nan")
        told["walk_gini"] = gini(minutes, persons)
        told["walk_worst_decile_min"] = worst_share(minutes, persons)
        counties = self.counties().filter(pl.col("persons") > 0)
        if counties.height:
            told["worst_county"] = counties.sort("walk_mean_min", descending=True).row(0, named=True)
        return told

    def counties(self) -> pl.DataFrame:
        """Return one row a county: persons, mean and worst-decile minutes, shares inside and on synthetic positions."""
        rows = []
        for (county,), part in self.units.sort("place_id").group_by("county_id", maintain_order=True):
            persons, minutes = part["persons"].to_numpy(), part["walk_min"].to_numpy()
            some = persons.sum() > 0
            rows.append(
                {
                    "county_id": county,
                    "county_zh": part["county_zh"][0],
                    "county_en": part["county_en"][0],
                    "persons": int(persons.sum()),
                    "walk_mean_min": float(np.average(minutes, weights=persons)) if some else None,
                    "walk_worst_decile_min": worst_share(minutes, persons) if some else None,
                    "inside": _share(part, "inside"),
                    "synthetic": _share(part, "synthetic"),
                }
            )
        return pl.DataFrame(rows).sort("county_id")

    def _townships(self) -> tuple[int, int]:
        served = self.units.group_by("township_id").agg(pl.col("township_served").first())
        return served.height, int(served["township_served"].sum())


def access(
    network: Network, on: dt.date | None = None, season: str = "ordinary", kinds: tuple[str, ...] = USABLE
) -> Access:
    """Return everybody's way to the nearest open point of the kinds given, on a day and in a season.

    ``DataError`` when the network has no villages with a position, or no such point is open.
    """
    held = network.on(on) if on else network
    season_named(season)
    units = homes(held)
    points = held["sites"].filter(pl.col("kind").is_in(kinds), pl.col("status") == "open").drop_nulls(["lon", "lat"])
    faults = [Fault.of("access.nowhere", table="places")] if not units.height else []
    faults += [Fault.of("access.no_point", table="sites", value=", ".join(kinds))] if not points.height else []
    if faults:
        raise DataError(faults)
    walking = pace(network, season)
    own, there = flat(units), flat(points, middle=float(units["lat"].mean()))  # type: ignore[arg-type]
    straight, nearest = KDTree(there).query(own)
    km = walking.km(straight, homes_km(own))
    served = set(points["place_id"].str.slice(0, 9))
    speeds = Speeds.of(network, season)
    is_city = (units["class"] == "city").to_numpy()
    drive = np.where(is_city, speeds.urban[0], speeds.leg[0])
    made = units.with_columns(
        km=km,
        walk_min=60.0 * km / walking.kmh,
        drive_min=60.0 * km / drive,
        site_id=points["site_id"].gather(nearest),
        synthetic_home=pl.col("origin") == "synthetic",
        synthetic=pl.Series(points["origin"].gather(nearest) == "synthetic") | (pl.col("origin") == "synthetic"),
        township_served=pl.col("township_id").is_in(list(served)),
    ).with_columns(inside=pl.Series(inside(units["class"].to_numpy(), km, 60.0 * km / walking.ordinary_kmh)))
    made = made.with_columns(
        inside=pl.when(pl.col("class") == "rural").then(pl.col("township_served")).otherwise("inside")
    )
    return Access(made.sort("place_id"), season)


def gini(values: Any, weights: Any) -> float:
    """Return the Gini coefficient of a quantity over people: 0 when all have the same."""
    order = np.argsort(values, kind="stable")
    v, w = np.asarray(values, float)[order], np.asarray(weights, float)[order]
    total = float((v * w).sum())
    if not total:
        return 0.0
    share, before = np.cumsum(v * w) / total, np.concatenate([[0.0], np.cumsum(v * w)[:-1] / total])
    return float(1.0 - ((share + before) * w).sum() / w.sum())


def worst_share(values: Any, weights: Any, part: float = LOWEST) -> float:
    """Return the mean over the people who have it worst, by default a tenth of them."""
    order = np.argsort(-np.asarray(values, float), kind="stable")
    v, w = np.asarray(values, float)[order], np.asarray(weights, float)[order]
    room = part * w.sum()
    taken = np.clip(room - np.concatenate([[0.0], np.cumsum(w)[:-1]]), 0.0, w)
    return float((v * taken).sum() / room) if room else float("nan")


def _share(units: pl.DataFrame, column: str) -> float | None:
    persons = units["persons"].sum()
    return float((units["persons"].to_numpy() * units[column].to_numpy()).sum() / float(persons)) if persons else None
