"""The pairs of cities the plan promises 24 hours for, in its four classes (P44 P69).

The plan names the classes, not the pairs. Core cities of the Northeast are the four it means by the term elsewhere; the
metropolis is Changchun with the cities its row on co-operation lists; towns are every county seat with its townships;
neighbours are prefectures whose land touches.
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import polars as pl
import shapely

CORE = ("X-SHENYANG", "X-HARBIN", "X-DALIAN")
METRO = ("2202", "2203", "2204", "2207", "220581", "220184")
CENTRE = "2201"
SEATS = {"2224": "222401"}
"""A prefecture without urban districts stands for its seat."""
TOUCH_DEGREE = 0.005
PROMISE_H, SHARE = 24.0, 95.0


def promise_pairs(counties: dict[str, Any], units: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs, each once."""
    rows = [("core", CENTRE, city) for city in CORE] + [("metro", CENTRE, city) for city in METRO]
    rows += [("towns", county, county) for county in _counties(units)]
    rows += [("neighbours", *pair) for pair in _touching(counties)]
    columns = ["promise_class", "from_place_id", "to_place_id"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        promise_h=PROMISE_H, share_percent=SHARE, origin=pl.lit("assumed"), source=pl.lit("rule-promises")
    )


def _counties(units: pl.DataFrame) -> list[str]:
    kinds = ("county", "county_city", "autonomous_county")
    return list(units.filter(pl.col("level") == "county", pl.col("kind").is_in(kinds))["place_id"].sort())


def _touching(counties: dict[str, Any]) -> list[tuple[str, str]]:
    land: dict[str, list[Any]] = {}
    for feature in counties["features"]:
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        land.setdefault(str(feature["properties"]["code"])[:4], []).append(shapely.make_valid(shape))
    whole = {code: shapely.union_all(shapes) for code, shapes in sorted(land.items())}
    pairs = [(a, b) for a, b in combinations(whole, 2) if shapely.dwithin(whole[a], whole[b], TOUCH_DEGREE)]
    return [(SEATS.get(a, a), SEATS.get(b, b)) for a, b in pairs]
