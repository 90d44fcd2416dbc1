"""Small worlds for the day engine: two counties, a hub, a place outside, all answers by hand or by a second engine."""

import polars as pl

from postroad.network import Network
from postroad.simulate.day import Given

STAMP = {"origin": "assumed", "source": "src"}
PLACES = [
    ("22", "province", None), ("2201", "prefecture", "22"), ("2202", "prefecture", "22"),
    ("220101", "county", "2201"), ("220201", "county", "2202"),
    ("220101001001", "village", "220101"), ("220101001002", "village", "220101"),
    ("220201001001", "village", "220201"), ("220201001002", "village", "220201"), ("X-BEIJING", "external", None),
    ("X-SEOUL", "external", None),
    ("220101002", "township", "220101"), ("220101003", "township", "220101"),
    ("220101002001", "village", "220101002"), ("220101003001", "village", "220101003"),
]  # fmt: skip
KINDS = {"province": "province", "prefecture": "prefecture_city", "county": "county", "village": "village",
         "township": "township", "external": "city"}  # fmt: skip
COUNTRY = {"X-SEOUL": "KR"}


def frame(rows):
    return pl.DataFrame([{**row, **STAMP} for row in rows], infer_schema_length=None)


def network(plants=(), lines=(), waves=(), rounds=(), stops=(), sites=(), routings=(), buses=(), allocations=None):
    """A network with these trunk and rural tables; by default everyone looks up to the hub 2201."""
    places = [
        {"place_id": place, "name_zh": place, "level": level, "kind": KINDS[level], "parent_id": parent, "lon": 125.0,
         "lat": 43.0, "country": COUNTRY.get(place, "CN")}
        for place, level, parent in PLACES
    ]  # fmt: skip
    above = allocations or {"220101": "2201", "220201": "2201", "X-BEIJING": "2201", "X-SEOUL": "2201", "2201": "2201"}
    products = [
        {"product_id": name, "name_zh": name, "name_en": name, "flow_class": flow, "share": 0.5, "promise_h": promise,
         "weight_mean_kg": 1.0, "weight_sigma": 0.5, "volume_mean_m3": 0.01}
        for name, flow, promise in (("INTRA", "intra_province", 48.0), ("MEDICAL", "intra_province", 6.0))
    ]  # fmt: skip
    operators = [{"operator_id": name, "name_zh": name, "name_en": name, "kind": "express"} for name in ("A", "B")]
    tables = {
        "sources": [{"source_id": "src", "title": "made for a test"}],
        "places": places,
        "products": products,
        "operators": operators,
        "allocations": [{"place_id": a, "hub_place_id": b} for a, b in above.items()],
        "hub_plants": [{"plant_id": f"P{k}", "kind": "hub", **row} for k, row in enumerate(plants)],
        "line_hauls": [{"line_haul_id": f"L{k:03d}", "mode": "road", **row} for k, row in enumerate(lines)],
        "sort_waves": list(waves),
        "rounds": list(rounds),
        "round_stops": list(stops),
        "sites": list(sites),
        "routings": list(routings),
        "bus_holds": [{"bus_hold_id": f"B{k}", **row} for k, row in enumerate(buses)],
    }
    made = Network({name: frame(rows) for name, rows in tables.items() if rows}, {"name": "small"})
    assert made.check() == []
    return made


def line(a, b, depart, duration, pieces=100, **more):
    return {"from_place_id": a, "to_place_id": b, "depart_min": float(depart), "duration_min": float(duration),
            "capacity_pieces": float(pieces), **more}  # fmt: skip


def round_(name, depot, depart, stops, **more):
    """A round and its stops: (place, minute)."""
    own = {"round_id": name, "county_id": depot[:6], "depot_place_id": depot, "way": "shared_centre",
           "depart_min": float(depart), "duration_min": float(max(m for _, m in stops) - depart), **more}  # fmt: skip
    return own, [{"round_id": name, "stop": k + 1, "place_id": place, "arrive_min": float(minute)}
                 for k, (place, minute) in enumerate(stops)]  # fmt: skip


def parcels(made, rows):
    """Parcels of one's own: (from, to, minute) with product INTRA of operator A unless said."""
    rows = [(*row, "INTRA", "A")[:5] if len(row) == 3 else row for row in rows]
    table = pl.DataFrame(rows, schema=["origin_id", "destination_id", "accept_min", "product_id", "operator_id"],
                         orient="row")  # fmt: skip
    return Given(table, made, 2021)


CALM = {"variation": 0.0, "rate_variation": 0.0, "winter_factor": 1.0, "not_home": 0.0, "outlet_min": 0.0,
        "handling_min": 0.0, "locker_share": 0.0}  # fmt: skip
"""Options under which nothing is left to luck."""
DAY = "2021-06-02"
