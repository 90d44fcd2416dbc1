"""Transit bags and packaging: a fleet from its cycle time, and mass by stock and flow (P22 P87)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import UsageError
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.network import Network


def bag_fleet(pieces_day: float, pieces_per_bag: float, cycle_days: float) -> float:
    """Return how many bags are under way at once when every piece travels in a reusable bag.

    Little's law: bags filled a day times the days until each can be filled again.
    """
    if pieces_per_bag <= 0 or cycle_days < 0:
        raise UsageError.of("footprint.bad_bag", pieces=pieces_per_bag, days=cycle_days)
    return pieces_day / pieces_per_bag * cycle_days


def reusable_bag_rate(network: Network, pieces_day: float) -> float:
    """Return the share of pieces, in percent, that the network's fleet of reusable transit bags can carry a day."""
    names = ("transit_bag_fleet", "pieces_per_transit_bag", "transit_bag_cycle_time")
    held = parameters(network, names)
    fleet, per_bag, cycle = (held[name][0] for name in names)
    return 100.0 * min(1.0, fleet / bag_fleet(pieces_day, per_bag, cycle))


def packaging(network: Network, pieces: pl.DataFrame, reused_percent: float, repacked_percent: float) -> pl.DataFrame:
    """Return packaging by year: used_t, new_t and saved_t.

    ``pieces`` has ``year`` and ``pieces`` sent. A piece that is packed again carries its packaging twice; what is
    reused is not new.
    """
    mass = parameters(network, ["packaging_mass_per_piece"])["packaging_mass_per_piece"][0]
    used = pl.col("pieces") * mass / 1000 * (1 + repacked_percent / 100)
    return pieces.with_columns(
        used.alias("used_t"),
        (used * (1 - reused_percent / 100)).alias("new_t"),
        (used * reused_percent / 100).alias("saved_t"),
    )
