"""Times, costs and limits of county, township and village rounds that no table states, each with a range."""

from __future__ import annotations

import polars as pl

ASSUMED = [
    # parameter, value, low, high, unit, note
    ("round_village_time", 4.0, 2.0, 8.0, "min", "a stop at a village point without counting pieces"),
    (
        "round_piece_time",
        0.03,
        0.02,
        0.06,
        "min/piece",
        "handing over bagged, scanned pieces at a village point, and taking outbound ones",
    ),
    ("round_load_time", 15.0, 10.0, 30.0, "min", "loading a van for a trip at the county centre or the township"),
    ("round_node_time", 20.0, 10.0, 40.0, "min", "from arrival at the township to loaded vans"),
    (
        "round_vehicle_day_cost",
        60.0,
        40.0,
        100.0,
        "yuan/day",
        "lease, insurance and depreciation of a van that runs that day",
    ),
    ("round_working_time", 8.0, 7.0, 9.0, "h", "statutory working day (劳动法 art. 36)"),
    ("round_first_departure", 7.0, 6.0, 8.0, "hour of day", "after the night sort at the county centre"),
    ("round_station_opens", 8.0, 7.0, 9.0, "hour of day", "village points and township offices"),
    ("round_station_closes", 18.0, 17.0, 20.0, "hour of day", "village points and township offices"),
    ("round_daily_from", 40.0, 20.0, 60.0, "pieces/day", "a village with this many pieces a day is served every day"),
    (
        "round_five_a_week_from",
        15.0,
        10.0,
        20.0,
        "pieces/day",
        "a village with this many pieces a day is served five days a week, with fewer three",
    ),
    ("round_range_reserve", 10.0, 5.0, 20.0, "%", "of an electric van's range that is kept back"),
    ("round_charging_power", 30.0, 7.0, 60.0, "kW", "of a charger at the township or county centre"),
    ("round_charging_break", 60.0, 30.0, 120.0, "min", "a midday charge"),
    ("county_branch_day_cost", 300.0, 150.0, 500.0, "yuan/day", "rent and clerk of one brand's own county branch"),
    (
        "county_centre_day_cost",
        1200.0,
        800.0,
        2000.0,
        "yuan/day",
        "rent, clerk and machine of a county centre shared by several brands",
    ),
    ("township_agent_day_cost", 40.0, 20.0, 80.0, "yuan/day", "one brand's own agent in a township"),
    ("township_node_day_cost", 120.0, 60.0, 200.0, "yuan/day", "a township node shared by several brands"),
    ("sorter_wage", 25.0, 20.0, 35.0, "yuan/h", "one sorter"),
    ("bus_passenger_delay_bound", 10.0, 5.0, 15.0, "min", "most that parcels may delay the passengers of one trip"),
    (
        "bus_latest_arrival",
        12.0,
        10.0,
        15.0,
        "hour of day",
        "latest arrival in the township that still serves its rounds the same day",
    ),
]  # fmt: skip


def parameters() -> pl.DataFrame:
    """Return the parameters of rounds."""
    columns = ["parameter", "value", "low", "high", "unit", "note"]
    return pl.DataFrame(ASSUMED, schema=columns, orient="row").with_columns(
        confidence=pl.lit("low"), origin=pl.lit("assumed"), source=pl.lit("rule-rounds")
    )
