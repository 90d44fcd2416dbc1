"""Roads, railways and air routes, and the assumed trunk links to places outside the province."""

from __future__ import annotations

import numpy as np
import polars as pl

from tools.build_jilin.inputs import Inputs

EXTERNAL_DETOUR = 1.25
NEAREST_GATES = 2
GATE_SPACING_KM = 20.0
EARTH_KM = 6371.0088


def great_circle_km(lon1, lat1, lon2, lat2):
    """Return the haversine distance on the mean sphere."""
    a, b, c, d = (np.radians(np.asarray(v, float)) for v in (lat1, lat2, lon1, lon2))
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin((d - c) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(h))


def roads(inputs: Inputs, outside: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return road nodes and links, the mainland cities outside joined to their nearest expressway nodes."""
    nodes = inputs.table("road_nodes").select(
        "node_id",
        pl.col("lon").cast(pl.Float64),
        pl.col("lat").cast(pl.Float64),
        "layer",
        county_id="county_code",
        origin=pl.lit("observed"),
        source=pl.lit("osm-roads"),
    )
    assumed = pl.col("basis").is_in(["assumed_crossing", "assumed_end", "gap_closed"])
    links = inputs.table("road_edges").select(
        link_id="edge_id",
        from_node="u",
        to_node="v",
        length_km=pl.col("length_km").cast(pl.Float64),
        road_class="class",
        ref="ref",
        name="name",
        basis="basis",
        in_province=pl.col("in_jilin") == "1",
        origin=pl.when(assumed).then(pl.lit("assumed")).otherwise(pl.lit("observed")),
        source=pl.lit("osm-roads"),
    )
    cities = outside.filter((pl.col("kind") == "city") & (pl.col("country") == "CN"))
    gates = nodes.filter(layer="expressway")
    far_nodes = cities.select(
        node_id="place_id",
        lon="lon",
        lat="lat",
        layer=pl.lit("road"),
        origin=pl.lit("assumed"),
        source=pl.lit("rule-external"),
    )
    far_links = []
    for city, lon, lat in cities["place_id", "lon", "lat"].iter_rows():
        away = great_circle_km(gates["lon"], gates["lat"], lon, lat)
        chosen: list[int] = []
        for index in np.argsort(away, kind="stable"):
            at = gates.row(int(index), named=True)
            spread = [great_circle_km(at["lon"], at["lat"], gates["lon"][k], gates["lat"][k]) for k in chosen]
            if all(gap >= GATE_SPACING_KM for gap in spread):
                chosen.append(int(index))
            if len(chosen) == NEAREST_GATES:
                break
        for rank, index in enumerate(chosen, 1):
            length = round(float(away[index]) * EXTERNAL_DETOUR, 1)
            far_links.append((f"{city}-{rank}", city, gates["node_id"][index], length))
    columns = ["link_id", "from_node", "to_node", "length_km"]
    beyond = pl.DataFrame(far_links, schema=columns, orient="row").with_columns(
        road_class=pl.lit("motorway"),
        basis=pl.lit("assumed_external"),
        in_province=pl.lit(False),
        origin=pl.lit("assumed"),
        source=pl.lit("rule-external"),
    )
    return pl.concat([nodes, far_nodes], how="diagonal"), pl.concat([links, beyond], how="diagonal")


def rail(inputs: Inputs) -> dict[str, pl.DataFrame]:
    """Return stations, the 2016 high-speed timetable and the 2021 station boards."""
    stations = inputs.table("rail_stations").select(
        station_id=pl.coalesce("telecode", pl.lit("S-") + pl.col("station")),
        name_zh="station",
        pinyin="pinyin",
        category="category",
        county_id="county_code",
        lon=pl.col("lon").cast(pl.Float64),
        lat=pl.col("lat").cast(pl.Float64),
        on_sale=pl.col("in_12306_2026") == "1",
        origin=pl.lit("observed"),
        source=pl.lit("rail-stations"),
    )
    calls = inputs.table("rail_calls_hsr_2016").select(
        "train_no",
        "run_days",
        stop_sequence=pl.col("seq").cast(pl.Int64),
        station_name="station",
        arrive="arrive",
        depart="depart",
        in_province=pl.col("in_jilin") == "1",
        timetable_year=pl.lit(2016, pl.Int64),
        origin=pl.lit("observed"),
        source=pl.lit("rail-2016"),
    )
    boards = inputs.table("rail_calls_key_stations_2021").select(
        station_name="station",
        train_category="train_category",
        call_type=pl.col("call_type").replace_strict({"始": "origin", "过": "through", "终": "terminus"}),
        train_no="train_no",
        origin_station="origin",
        terminus_station="terminus",
        arrive=pl.col("arrive").replace("-", None),
        depart=pl.col("depart").replace("-", None),
        timetable_year=pl.lit(2021, pl.Int64),
        origin=pl.lit("observed"),
        source=pl.lit("rail-2021"),
    )
    return {"rail_stations": stations, "train_calls": calls, "train_passages": boards}


def air(inputs: Inputs) -> dict[str, pl.DataFrame]:
    """Return airports, those only routes name included, and the routes."""
    own = inputs.table("airports").select(
        airport_id="iata",
        icao="icao",
        name_zh="name_zh",
        name_en="name",
        county_id="county_code",
        lon=pl.col("lon").cast(pl.Float64),
        lat=pl.col("lat").cast(pl.Float64),
        elevation_m=(pl.col("elevation_ft").cast(pl.Float64) * 0.3048).round(0),
        origin=pl.lit("observed"),
        source=pl.lit("airports"),
    )
    routes = inputs.table("air_routes_2014")
    ends = pl.concat(
        routes.select(
            airport_id=f"{end}_iata",
            name_en=f"{end}_city",
            lon=pl.col(f"{end}_lon").cast(pl.Float64).round(5),
            lat=pl.col(f"{end}_lat").cast(pl.Float64).round(5),
        )
        for end in ("from", "to")
    )
    far = ends.unique("airport_id").filter(~pl.col("airport_id").is_in(own["airport_id"].implode()))
    far = far.sort("airport_id").with_columns(origin=pl.lit("observed"), source=pl.lit("openflights-routes"))
    flights = routes.select(
        airline="airline",
        from_airport="from_iata",
        to_airport="to_iata",
        codeshare=pl.col("codeshare").fill_null("") == "Y",
        stops=pl.col("stops").cast(pl.Int64),
        equipment="equipment",
        distance_km=pl.col("great_circle_km").cast(pl.Float64),
        timetable_year=pl.lit(2014, pl.Int64),
        origin=pl.lit("observed"),
        source=pl.lit("openflights-routes"),
    )
    return {"airports": pl.concat([own, far], how="diagonal"), "flights": flights}
