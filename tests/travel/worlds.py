"""Worlds of a few places and roads, made by hand or at random."""

import polars as pl

from postroad import tables
from postroad.network import Network

SPEEDS = {
    "speed_expressway_truck": 100.0,
    "speed_national_provincial_road": 60.0,
    "speed_county_road": 40.0,
    "speed_township_village_road": 30.0,
    "speed_urban_van": 20.0,
    "winter_speed_factor": 0.8,
    "last_leg_detour_factor": 1.5,
    "built_up_density": 10_000.0,
    "rail_loading_time": 10.0,
    "rail_unloading_time": 5.0,
    "rail_transfer_time": 20.0,
    "rail_detour_factor": 1.1,
    "air_loading_time": 60.0,
    "air_unloading_time": 30.0,
    "air_transfer_time": 90.0,
    "air_fixed_time": 30.0,
    "air_cruise_speed": 600.0,
    "far_access_time": 45.0,
}
KM = 1 / 111.195
"""A kilometre north, in degrees."""


def table(name: str, **columns: list) -> pl.DataFrame:
    """A table of the schema with these columns filled and the rest empty."""
    frame = pl.DataFrame(columns).with_columns(origin=pl.lit("observed"), source=pl.lit("s"))
    return tables.conform(frame, name)


def world(spots: dict, roads: list, places: dict | None = None, **more: pl.DataFrame) -> Network:
    """A network: nodes {id: (lon, lat)}, roads [(a, b, km, class)], and places {id: (lon, lat)} or the nodes."""
    at = places or {f"p{node}": lonlat for node, lonlat in spots.items()}
    frames = {
        "sources": table("sources", source_id=["s"], title=["by hand"]),
        "places": table(
            "places",
            place_id=list(at),
            name_zh=[f"地{place}" for place in at],
            level=["county"] * len(at),
            kind=["county"] * len(at),
            lon=[float(x) for x, _ in at.values()],
            lat=[float(y) for _, y in at.values()],
        ),
        "road_nodes": table(
            "road_nodes",
            node_id=list(spots),
            lon=[float(x) for x, _ in spots.values()],
            lat=[float(y) for _, y in spots.values()],
            layer=["road"] * len(spots),
        ),
        "road_links": table(
            "road_links",
            link_id=[str(i) for i in range(len(roads))],
            from_node=[road[0] for road in roads],
            to_node=[road[1] for road in roads],
            length_km=[float(road[2]) for road in roads],
            road_class=[road[3] for road in roads],
        ),
        "parameters": table(
            "parameters",
            parameter=list(SPEEDS),
            value=list(SPEEDS.values()),
            unit=["-"] * len(SPEEDS),
            confidence=["low"] * len(SPEEDS),
        ),
    }
    return Network({**frames, **more}, {"name": "world"})
