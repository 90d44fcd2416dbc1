"""A province as things to draw: outlines, places, sites, roads and flows, as columns where there are many."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from postroad.network import Network

DIGITS = 5
"""Decimals of a degree: about a metre."""


def columns(frame: pl.DataFrame) -> dict[str, Any]:
    """Return a frame as columns; degrees rounded to a metre, dates as text."""
    degrees = [name for name in frame.columns if name.split("_")[0] in ("lon", "lat")]
    made = frame.with_columns(pl.col(degrees).round(DIGITS)).with_columns(pl.col(pl.Date).cast(pl.String))
    return {"count": made.height, "columns": {name: made[name].to_list() for name in made.columns}}


def outlines(file: Path | None) -> dict[str, Any]:
    """Return the outlines of the counties as GeoJSON, empty where the pack has none."""
    if file is None:
        return {"type": "FeatureCollection", "features": []}
    return dict(json.loads(file.read_text("utf-8")))


def points(network: Network, level: str) -> dict[str, Any]:
    """Return the places of a level that have a position."""
    places = network["places"].filter(pl.col("level") == level, pl.col("lon").is_not_null())
    return columns(places.select("place_id", "name_zh", "pinyin", "kind", "county_id", "lon", "lat", "origin"))


def sites(network: Network, kind: str) -> dict[str, Any]:
    """Return the sites of a kind, at their own position or their place's."""
    spots = network["places"].select("place_id", place_lon="lon", place_lat="lat")
    found = (
        network["sites"].filter(pl.col("kind") == kind).join(spots, on="place_id", how="left", maintain_order="left")
    )
    held = found.with_columns(
        lon=pl.coalesce("lon", "place_lon"), lat=pl.coalesce("lat", "place_lat")
    ).drop_nulls(["lon", "lat"])  # fmt: skip
    return columns(held.select("site_id", "name_zh", "tier", "place_id", "status", "lon", "lat", "origin"))


def site_kinds(network: Network) -> dict[str, Any]:
    """Return how many sites there are of each kind, and of which origin most are."""
    counted = network["sites"].group_by("kind").agg(count=pl.len(), origin=pl.col("origin").mode().sort().first())
    return columns(counted.sort("kind"))


def roads(network: Network) -> dict[str, Any]:
    """Return the road links as straight lines between their nodes."""
    nodes = network["road_nodes"].select("node_id", "lon", "lat")
    links = (
        network["road_links"]
        .select("link_id", "from_node", "to_node", "road_class", "ref", "length_km", "origin")
        .join(
            nodes.rename({"node_id": "from_node", "lon": "lon_a", "lat": "lat_a"}),
            on="from_node",
            maintain_order="left",
        )
        .join(nodes.rename({"node_id": "to_node", "lon": "lon_b", "lat": "lat_b"}), on="to_node", maintain_order="left")
        .drop("from_node", "to_node")
    )
    return columns(links)


def railways(network: Network) -> dict[str, Any]:
    """Return the lines that trains run on, from stop to stop, with how many trains of the timetable take them."""
    spots = network["rail_stations"].select("name_zh", "lon", "lat").drop_nulls().unique("name_zh", keep="first")
    calls = network["train_calls"].sort("train_no", "timetable_year", "stop_sequence")
    steps = calls.with_columns(to=pl.col("station_name").shift(-1).over("train_no", "timetable_year")).drop_nulls("to")
    ends = pl.concat_list("station_name", "to").list.sort()
    counted = steps.select("origin", a=ends.list.first(), b=ends.list.last()).group_by("a", "b", "origin").len("trains")
    made = counted.join(spots.rename({"name_zh": "a", "lon": "lon_a", "lat": "lat_a"}), on="a").join(
        spots.rename({"name_zh": "b", "lon": "lon_b", "lat": "lat_b"}), on="b"
    )
    return columns(made.sort("a", "b"))


def flows(network: Network, year: int, scenario: str) -> dict[str, Any]:
    """Return a year's flows between units, with where they start and end; the largest first."""
    from postroad.demand import demand

    made = demand(network, year, scenario)
    spots = network["places"].select("place_id", "lon", "lat")
    held = (
        made.flows.join(spots.rename({"place_id": "origin_id", "lon": "lon_a", "lat": "lat_a"}), on="origin_id")
        .join(spots.rename({"place_id": "destination_id", "lon": "lon_b", "lat": "lat_b"}), on="destination_id")
        .filter(pl.col("origin_id") != pl.col("destination_id"))
        .select(
            "origin_id", "destination_id", "flow_class", pl.col("pieces").round(0), "lon_a", "lat_a", "lon_b", "lat_b"
        )
        .sort("pieces", "origin_id", "destination_id", "flow_class", descending=[True, False, False, False])
    )
    return columns(held)


def minutes(network: Network, place: str, mode: str, season: str) -> dict[str, Any]:
    """Return how long the way takes from a place to each county or zone that can be reached."""
    from postroad.travel import engine
    from postroad.travel.table import Trust, rows

    chosen = engine(network, mode, season)
    counties = network["places"].filter(pl.col("level") == "county")["place_id"].to_list()
    reached = chosen.reaches(counties) if chosen.reaches([place]) else []
    found = rows(chosen, [place], reached, Trust(network)) if reached else None
    if found is None:
        return {"count": 0, "columns": {}}
    return columns(found.drop("engine").with_columns(pl.col(pl.Float64).round(1)))


def service(network: Network, season: str) -> dict[str, Any]:
    """Return, by county, persons, mean minutes on foot to an open service point, and the share inside the standard."""
    from postroad.measure.access import access

    return columns(access(network, None, season).counties())


def coverage(network: Network, day: dt.date) -> dict[str, Any]:
    """Return the villages with a post station by county, as of a day."""
    from postroad.measure.coverage import village_coverage

    return columns(village_coverage(network, day))
