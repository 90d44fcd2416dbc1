"""Walking, opening hours, buses, lockers, spoilage and terminals that no table states, each with a range."""

from __future__ import annotations

import polars as pl

WALKING = [
    ("walk_speed", 4.5, 3.6, 5.0, "km/h", "an adult carrying a parcel"),
    ("winter_walk_factor", 0.75, 0.6, 0.9, "ratio", "walking on snow and ice"),
    (
        "home_spread_share",
        0.333,
        0.2,
        0.5,
        "ratio",
        "mean distance of homes from the middle of their village as a share of the distance to the nearest "
        "neighbouring village: two thirds of the radius of a disc that reaches half-way",
    ),
]
ASSUMED = [
    ("opens_village_post_station", 8.0, 7.0, 9.0, "hour of day", "a village shop that is also a station"),
    ("closes_village_post_station", 18.0, 12.0, 20.0, "hour of day", "low: the four hours of the postal standard"),
    ("days_village_post_station", 6.0, 3.0, 7.0, "days/week", "low: the three days of the postal standard"),
    ("opens_terminal_station", 8.0, 7.0, 9.0, "hour of day", "a parcel station in a block"),
    ("closes_terminal_station", 21.0, 19.0, 22.0, "hour of day", "a parcel station in a block"),
    ("days_terminal_station", 7.0, 6.0, 7.0, "days/week", "a parcel station in a block"),
    ("opens_pick_up_point", 8.0, 7.0, 9.0, "hour of day", "a counter in a township"),
    ("closes_pick_up_point", 18.0, 17.0, 20.0, "hour of day", "a counter in a township"),
    ("days_pick_up_point", 6.0, 5.0, 7.0, "days/week", "a counter in a township; the postal standard asks five days"),
    ("opens_locker_group", 0.0, 0.0, 6.0, "hour of day", "low: outdoors; high: in a hall that is locked at night"),
    ("closes_locker_group", 24.0, 22.0, 24.0, "hour of day", "outdoors; low: in a hall that is locked at night"),
    ("days_locker_group", 7.0, 7.0, 7.0, "days/week", "lockers work every day"),
    ("bus_stop_wait", 5.0, 2.0, 15.0, "min", "at the stop before the bus, by people who know the timetable"),
    ("point_service_time", 10.0, 5.0, 20.0, "min", "at the counter, before walking back to the bus"),
    ("locker_cell_price", 350.0, 200.0, 600.0, "yuan/cell", "a cell added to a locker group, installed"),
    ("locker_life", 6.0, 4.0, 8.0, "year", "a locker group is written off over"),
    ("spoilage_mushroom", 1.5, 0.8, 3.0, "%/h", "fresh mushrooms at 20 C without cold"),
    ("spoilage_corn", 1.0, 0.5, 2.0, "%/h", "sweet corn at 20 C without cold, loss of sugar counted as loss"),
    ("spoilage_deer", 0.8, 0.4, 1.5, "%/h", "fresh deer products at 20 C without cold"),
    ("spoilage_ginseng", 0.1, 0.05, 0.2, "%/h", "fresh ginseng at 20 C without cold"),
    ("spoilage_rice", 0.0, 0.0, 0.001, "%/h", "dry rice keeps"),
    ("spoilage_per_10c", 2.5, 2.0, 3.0, "ratio", "faster for each 10 C, the usual range of Q10 of fresh produce"),
    ("passengers_train_call", 80.0, 20.0, 200.0, "person/call", "boarding and alighting at one call of a train"),
    ("passengers_flight", 120.0, 90.0, 160.0, "person/flight", "on one departure or arrival"),
    ("passengers_bus_trip", 12.0, 5.0, 25.0, "person/trip", "on one rural bus that leaves or reaches a seat"),
    *(
        (f"air_temperature_{month:02d}", mean, mean - 4.0, mean + 4.0, "C", "mean of the month in the middle of Jilin")
        for month, mean in enumerate((-15, -11, -2, 8, 16, 21, 23, 22, 16, 8, -3, -12), start=1)
    ),
]  # fmt: skip


def parameters() -> pl.DataFrame:
    """Return the parameters of service points, and of walking to them."""
    columns = ["parameter", "value", "low", "high", "unit", "note"]
    parts = [
        pl.DataFrame(rows, schema=columns, orient="row", strict=False).with_columns(
            confidence=pl.lit("low"), origin=pl.lit("assumed"), source=pl.lit(source)
        )
        for rows, source in ((WALKING, "rule-travel"), (ASSUMED, "rule-service"))
    ]
    return pl.concat(parts)
