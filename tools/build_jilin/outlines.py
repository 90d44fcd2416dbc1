"""County outlines for maps: simplified so that neighbours still meet, as one small GeoJSON file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import shapely

TOLERANCE_DEGREE = 0.01


def outlines(counties: dict[str, Any]) -> str:
    """Return a GeoJSON text with code and name of each county, coordinates to three decimals."""
    features = sorted(counties["features"], key=lambda feature: feature["properties"]["code"])
    shapes = np.array([shapely.from_geojson(json.dumps(f["geometry"])) for f in features])
    simple = shapely.set_precision(shapely.coverage_simplify(shapes, TOLERANCE_DEGREE), 0.001)
    collection = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {k: f["properties"][k] for k in ("code", "name")},
                "geometry": json.loads(shapely.to_geojson(shape)),
            }
            for f, shape in zip(features, simple, strict=True)
        ],
    }
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n"
