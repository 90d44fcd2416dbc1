"""Coordinates declared as GCJ-02 or BD-09 turned into WGS84.

GCJ-02 is the shifted grid that Chinese map services must publish in; BD-09 shifts it once more. The shift is the
publicly known series over an ellipsoid (a = 6 378 245 m, e² = 0.006 693 421 622 965 943 23); it has no closed
inverse, so the inverse is found by iteration to well under a millimetre. Outside the box 72.004-137.8347 E,
0.8293-55.8271 N the two grids are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_A, _E2 = 6378245.0, 0.00669342162296594323
_BD = np.pi * 3000.0 / 180.0
Floats = NDArray[np.float64]

DATUMS = {
    "wgs84": "WGS84",
    "wgs-84": "WGS84",
    "epsg:4326": "WGS84",
    "4326": "WGS84",
    "gps": "WGS84",
    "cgcs2000": "WGS84",
    "国家2000": "WGS84",
    "gcj02": "GCJ-02",
    "gcj-02": "GCJ-02",
    "高德": "GCJ-02",
    "火星": "GCJ-02",
    "火星坐标": "GCJ-02",
    "bd09": "BD-09",
    "bd-09": "BD-09",
    "百度": "BD-09",
}
"""Datums by the names people write. CGCS2000 agrees with WGS84 to centimetres."""


def to_wgs84(lon: Any, lat: Any, datum: str) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes in WGS84 degrees, from a datum of ``DATUMS``' values; NaN stays NaN."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if datum == "BD-09":
        x, y = _bd_to_gcj(x, y)
    if datum == "WGS84":
        return x, y
    guess_x, guess_y = x.copy(), y.copy()
    for _ in range(12):
        there_x, there_y = gcj02(guess_x, guess_y)
        guess_x, guess_y = guess_x + (x - there_x), guess_y + (y - there_y)
    outside = ~_within(x, y)
    return np.where(outside, x, guess_x), np.where(outside, y, guess_y)


def gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return GCJ-02 degrees of WGS84 degrees."""
    x, y = lon - 105.0, lat - 35.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    east = east + common + _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
    north = north + common + _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
    angle = np.radians(lat)
    magic = 1.0 - _E2 * np.sin(angle) ** 2
    root = np.sqrt(magic)
    d_lat = north * 180.0 / ((_A * (1.0 - _E2)) / (magic * root) * np.pi)
    d_lon = east * 180.0 / (_A / root * np.cos(angle) * np.pi)
    inside = _within(lon, lat)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def _waves(v: Floats, *terms: tuple[float, float]) -> Floats:
    total = np.zeros_like(v)
    for amplitude, length in terms:
        total = total + amplitude * np.sin(v / length * np.pi)
    return np.asarray(total * 2.0 / 3.0)


def _within(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    return np.asarray((lon > 72.004) & (lon < 137.8347) & (lat > 0.8293) & (lat < 55.8271))


def _bd_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = lon - 0.0065, lat - 0.006
    z = np.sqrt(x * x + y * y) - 0.00002 * np.sin(y * _BD)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * _BD)
    return z * np.cos(angle), z * np.sin(angle)
