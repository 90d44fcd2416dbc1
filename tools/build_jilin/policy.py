"""What levers of the plan act on and no table counts: shares and stocks of the base year, each with a range."""

from __future__ import annotations

import polars as pl

ASSUMED = [
    # parameter, value, low, high, unit, note
    ("pieces_per_transit_bag", 40.0, 25.0, 60.0, "pieces/bag", "small e-commerce pieces; no published figure found"),
    ("transit_bag_cycle_time", 6.0, 3.0, 10.0, "day", "out full, back empty, washed and repaired"),
    ("transit_bag_fleet", 767000.0, 500000.0, 1000000.0, "bags", "the fleet that gives the plan's 97.79 % at 5.23 "
     "million pieces handled a day in 2020, at the bag size and cycle above"),
    ("electric_share_last_mile", 20.0, 5.0, 40.0, "%", "of last-mile kilometres in 2020; no published figure "
     "found"),
    ("bus_hold_intensity", 60.0, 20.0, 120.0, "gCO2e/tkm", "mass share of a coach's fuel; no published figure found"),
    ("shared_county_centre_share", 0.0, 0.0, 100.0, "%", "of county centres shared by post and express firms in 2020"),
    ("shared_round_share", 0.0, 0.0, 100.0, "%", "of townships on shared rounds in 2020; the plan calls sharing hard"),
    ("bus_hold_share", 0.0, 0.0, 100.0, "%", "of townships reached by buses that carry parcels in 2020; pilots only"),
    ("forward_stock_share", 0.0, 0.0, 30.0, "%", "of orders from other provinces that parks serve from stock in 2020"),
    ("far_village_runs_a_week", 3.0, 2.0, 5.0, "runs/week", "delivery in villages off the main rounds"),
    ("trunk_cutoff_wave1", 690.0, 600.0, 780.0, "min", "first-tier hub, minutes after midnight: before noon"),
    ("trunk_cutoff_wave2", 1200.0, 1080.0, 1320.0, "min", "first-tier hub: evening"),
    ("trunk_cutoff_wave3", 90.0, 0.0, 240.0, "min", "first-tier hub: after midnight"),
    ("trunk_sort_time_tier1", 90.0, 45.0, 150.0, "min", "from cut-off to release of a wave, first tier"),
    ("trunk_sort_time_tier2", 60.0, 30.0, 120.0, "min", "second tier"),
    ("trunk_sort_time_tier3", 60.0, 30.0, 120.0, "min", "third tier"),
    ("rail_seat_share", 0.0, 0.0, 100.0, "%", "of a train's hold open to parcels of all firms in 2020; no published "
     "figure found"),
    ("air_seat_share", 0.0, 0.0, 100.0, "%", "of a passenger flight's hold open to them in 2020, beside what firms buy "
     "at short notice; no published figure found"),
    ("city_delivery_km_piece", 0.15, 0.05, 0.3, "km/piece", "30 km a day for 200 pieces; no published figure found"),
]  # fmt: skip


def parameters() -> pl.DataFrame:
    """Return the parameters that levers act on."""
    columns = ["parameter", "value", "low", "high", "unit", "note"]
    return pl.DataFrame(ASSUMED, schema=columns, orient="row").with_columns(
        confidence=pl.lit("low"), origin=pl.lit("assumed"), source=pl.lit("rule-policy")
    )
