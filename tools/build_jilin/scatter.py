"""Coordinates for units that have none: a stated, seeded rule, and its error on the units that are known.

A unit is put at a distance from its township drawn from the distances of known units of its kind, in a random
direction; distances are in units of the county's township radius, so that wide counties spread wider. Of 32 such
points those outside the county are dropped, and the best is kept: close to a road or a known village as known
villages are, and no closer to a sibling than known siblings are to each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from postroad import randomness

SEED = 20201101
TRIES = 32
KM_PER_DEGREE = 111.195
KM_EAST = KM_PER_DEGREE * float(np.cos(np.radians(43.5)))
URBAN = ("community", "quasi_community", "street")


def to_km(lon: Any, lat: Any) -> NDArray[np.float64]:
    """Return plane kilometres, good to half a percent over the province."""
    return np.column_stack([np.asarray(lon, float) * KM_EAST, np.asarray(lat, float) * KM_PER_DEGREE])


@dataclass
class Ground:
    """What the rule stands on: county shapes, places people can reach, and what known units look like."""

    shapes: dict[str, Any]
    reachable: cKDTree
    radius_km: dict[str, float] = field(default_factory=dict)
    distances: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    spacing_km: dict[str, float] = field(default_factory=dict)
    road_km: float = 0.0


def ground(places: pl.DataFrame, counties: dict[str, Any], roads: dict[str, Any]) -> Ground:
    """Return the ground of the rule, measured on the known units."""
    shapes = {f["properties"]["code"]: shapely.from_geojson(json.dumps(f["geometry"])) for f in counties["features"]}
    for shape in shapes.values():
        shapely.prepare(shape)
    road = np.concatenate([_along(feature["geometry"]) for feature in roads["features"]])
    known = places.filter(pl.col("lon").is_not_null() & (pl.col("level") == "village"))
    spots = to_km(known["lon"], known["lat"])
    made = Ground(shapes, cKDTree(np.vstack([road, spots])))
    towns = dict(places.filter(level="township")["county_id"].value_counts().iter_rows())
    for feature in counties["features"]:
        code, area = feature["properties"]["code"], feature["properties"]["area_km2"]
        made.radius_km[code] = float(np.sqrt(area / (np.pi * max(1, towns.get(code, 1)))))
    parents = places.filter(level="township").select(parent_id="place_id", seat_lon="lon", seat_lat="lat")
    pairs = known.join(parents, on="parent_id").filter(pl.col("seat_lon").is_not_null())
    away = np.hypot(*(to_km(pairs["lon"], pairs["lat"]) - to_km(pairs["seat_lon"], pairs["seat_lat"])).T)
    away = away / np.array([made.radius_km[county] for county in pairs["county_id"]])
    for kind in ("urban", "rural"):
        mask = pairs["kind"].is_in(URBAN).to_numpy() == (kind == "urban")
        made.distances[kind] = np.sort(away[mask])
        own = spots[known["kind"].is_in(URBAN).to_numpy() == (kind == "urban")]
        nearest = cKDTree(own).query(own, k=2)[0][:, 1]
        made.spacing_km[kind] = float(np.quantile(nearest, 0.1))
    made.road_km = float(np.quantile(cKDTree(road).query(spots)[0], 0.9))
    return made


def _along(geometry: Any) -> NDArray[np.float64]:
    """Points every half kilometre or so along the lines of a geometry, in plane kilometres."""
    parts = [geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"]
    dense = []
    for part in parts:
        line = np.asarray(part, float)
        spots = to_km(line[:, 0], line[:, 1])
        along = np.append(0.0, np.cumsum(np.hypot(*np.diff(spots, axis=0).T)))
        wanted = np.linspace(0.0, along[-1], int(along[-1] / 0.5) + 2)
        dense.append(np.column_stack([np.interp(wanted, along, spots[:, k]) for k in range(2)]))
    return np.concatenate(dense)


def fill(places: pl.DataFrame, made: Ground) -> pl.DataFrame:
    """Return the places with a synthetic coordinate wherever there was none: townships first, then villages."""
    for level, upper in (("township", "county"), ("village", "township")):
        places = _fill_level(places, made, level, upper)
    return places


def _fill_level(places: pl.DataFrame, made: Ground, level: str, upper: str) -> pl.DataFrame:
    seats = {row[0]: (row[1], row[2]) for row in places.filter(level=upper)["place_id", "lon", "lat"].iter_rows()}
    units = places.filter(level=level).sort("place_id")
    siblings: dict[str, list[tuple[float, float]]] = {}
    known = units.filter(pl.col("lon").is_not_null())
    for parent, lon, lat in known["parent_id", "lon", "lat"].iter_rows():
        siblings.setdefault(parent, []).append((lon, lat))
    found = []
    missing = units.filter(pl.col("lon").is_null())
    for code, kind, parent, county in missing["place_id", "kind", "parent_id", "county_id"].iter_rows():
        spread = 3.0 if level == "township" and kind not in URBAN else 1.0
        near = siblings.setdefault(parent, [])
        lon, lat = spot(code, kind, seats[parent], county, near, made, spread)
        near.append((lon, lat))
        found.append((code, lon, lat))
    new = pl.DataFrame(found, schema=["place_id", "new_lon", "new_lat"], orient="row")
    fresh = pl.col("new_lon").is_not_null()
    return (
        places.join(new, on="place_id", how="left", maintain_order="left")
        .with_columns(
            lon=pl.coalesce("lon", "new_lon"),
            lat=pl.coalesce("lat", "new_lat"),
            coordinate_quality=pl.when(fresh).then(pl.lit("S")).otherwise("coordinate_quality"),
            coordinate_source=pl.when(fresh).then(pl.lit("rule-scatter")).otherwise("coordinate_source"),
            origin=pl.when(fresh).then(pl.lit("synthetic")).otherwise("origin"),
        )
        .drop("new_lon", "new_lat")
    )


def spot(
    code: str,
    kind: str,
    seat: tuple[float, float],
    county: str,
    siblings: list[tuple[float, float]],
    made: Ground,
    spread: float = 1.0,
) -> tuple[float, float]:
    """Return the coordinate the rule gives a unit; depends on its code, its seat and its siblings only."""
    group = "urban" if kind in URBAN else "rural"
    draws = randomness.uniforms(SEED, f"coordinate/{code}", 0, 2 * TRIES)
    # The far tail of known distances is mostly wrong geocodes: the middle 93 % is drawn from.
    away = np.quantile(made.distances[group], 0.02 + 0.93 * draws[:TRIES]) * made.radius_km[county] * spread
    angle = 2 * np.pi * draws[TRIES:]
    lon = seat[0] + away * np.cos(angle) / KM_EAST
    lat = seat[1] + away * np.sin(angle) / KM_PER_DEGREE
    inside = shapely.contains_xy(made.shapes[county], lon, lat)
    if not inside.any():
        point = shapely.point_on_surface(made.shapes[county])
        # A seat outside its own county: draw towards the inside until the county is reached.
        pull = np.linspace(0.02, 1.0, TRIES)
        lon, lat = seat[0] + (point.x - seat[0]) * pull, seat[1] + (point.y - seat[1]) * pull
        inside = shapely.contains_xy(made.shapes[county], lon, lat)
        first = int(np.argmax(inside))
        return round(float(lon[first]), 5), round(float(lat[first]), 5)
    lon, lat = lon[inside], lat[inside]
    here = to_km(lon, lat)
    cost = np.maximum(0.0, made.reachable.query(here)[0] - made.road_km)
    if siblings:
        others = to_km(*zip(*siblings, strict=True))
        gap = np.sqrt(((here[:, None, :] - others[None, :, :]) ** 2).sum(2)).min(1)
        cost = cost + 3.0 * np.maximum(0.0, made.spacing_km[group] - gap)
    best = int(np.argmin(cost))
    return round(float(lon[best]), 5), round(float(lat[best]), 5)


def errors(places: pl.DataFrame, made: Ground) -> dict[str, dict[str, float]]:
    """Return how far the rule puts each known village from where it is: leave one out, by urban and rural."""
    seats = {r[0]: (r[1], r[2]) for r in places.filter(level="township")["place_id", "lon", "lat"].iter_rows()}
    known = places.filter(
        (pl.col("level") == "village") & (pl.col("origin") == "observed") & pl.col("lon").is_not_null()
    )
    by_parent: dict[str, list[tuple[str, float, float]]] = {}
    for code, parent, lon, lat in known["place_id", "parent_id", "lon", "lat"].iter_rows():
        by_parent.setdefault(parent, []).append((code, lon, lat))
    off: dict[str, list[float]] = {"urban": [], "rural": []}
    columns = ["place_id", "kind", "parent_id", "county_id", "lon", "lat"]
    for code, kind, parent, county, lon, lat in known[columns].iter_rows():
        others = [(x, y) for other, x, y in by_parent[parent] if other != code]
        guess = spot(code, kind, seats[parent], county, others, made)
        away = float(np.hypot(*(to_km([guess[0]], [guess[1]]) - to_km([lon], [lat]))[0]))
        off["urban" if kind in URBAN else "rural"].append(away)
    summary = {}
    for group, values in off.items():
        cut = np.quantile(values, [0.5, 0.9, 1.0])
        summary[group] = {
            "units": len(values),
            "median_km": round(float(cut[0]), 2),
            "p90_km": round(float(cut[1]), 2),
            "worst_km": round(float(cut[2]), 2),
        }
    return summary
