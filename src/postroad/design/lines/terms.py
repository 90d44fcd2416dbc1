"""What the trunk design has to assume, in one place, so that whoever knows better replaces it.

Minutes of handling and the hours of delivery are published nowhere for the province; each default says what it stands
on. Rates, sizes and prices come from the network's own parameters and vehicles; emissions from ``postroad.rates``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.network import Network

DAY = 1440.0
SORTER_LIFE_DAYS = 3650.0
"""Sorters are written off over ten years; assumed. A dock counts ``dock_yuan_day``, assumed too."""
SOURCE = "rule-trunk"
SOURCE_TITLE = "Trunk design: hub plants, line-hauls and sort waves made by rule or by optimisation from assumed terms"
CUTOFFS_MIN = (690.0, 1200.0, 90.0)
"""Cut-offs of the waves of a first-tier hub: before noon, evening, and after midnight; assumed."""
SORT_MIN: Mapping[int, float] = {1: 90.0, 2: 60.0, 3: 60.0}
"""Minutes from cut-off to release of a wave, by tier; assumed."""


@dataclass(frozen=True)
class Terms:
    """Assumed times, and figures read from the network's parameters (``of`` fills them).

    ``first_mile_min`` is from acceptance to the county centre's dock; ``sort_min`` from cut-off to release of a wave by
    tier; ``county_handling_min`` at a county centre; ``delivery_starts_min`` when couriers leave, ``delivery_min`` how
    long until the piece is handed over (the published mean of the delivery stage). A connection is given
    ``margin_min`` for loading and luck, and the road's minutes at ``winter_pace``, so that it holds in winter too. No
    piece waits longer than ``longest_wait_min`` for company. ``spare`` is room kept free in vehicles and sorters. A
    vehicle holds a dock for ``dock_turn_min``, or as long as its pieces take at ``dock_pieces_h``.
    """

    first_mile_min: float = 60.0
    sort_min: Mapping[int, float] = field(default_factory=lambda: dict(SORT_MIN))
    cutoffs_min: tuple[float, ...] = CUTOFFS_MIN
    county_handling_min: float = 30.0
    delivery_starts_min: tuple[float, ...] = (480.0, 840.0)
    delivery_min: float = 194.0
    dock_turn_min: float = 45.0
    dock_pieces_h: float = 6000.0
    margin_min: float = 10.0
    winter_pace: float = 0.8
    spare: float = 1.15
    promised_share: float = 0.95
    city_cutoff_min: float = 1080.0
    county_cutoff_min: float = 960.0
    longest_wait_min: float = 720.0
    sorter_pieces_h: float = 20000.0
    county_sorter_pieces_h: float = 8000.0
    manual_pieces_h: float = 300.0
    sorter_staff: float = 40.0
    sorter_yuan_day: float = 5479.0
    dock_yuan_day: float = 150.0
    sort_cost_yuan: float = 0.255
    energy_kwh_piece: float = 0.022
    exchange_pieces_h: float = 2000.0
    customs_min: float = 720.0

    @classmethod
    def of(cls, network: Network) -> Terms:
        """Return the terms of a network; ``DataError`` names every parameter that is missing."""
        names = {
            "sorter_pieces_h": ("crossbelt_sorter_throughput", 1.0),
            "county_sorter_pieces_h": ("county_sorter_throughput", 1.0),
            "manual_pieces_h": ("manual_sort_rate", 1.0),
            "sorter_staff": ("crossbelt_sorter_staff_before_after", 1.0),
            "sorter_yuan_day": ("crossbelt_sorter_capex", 1e6 / SORTER_LIFE_DAYS),
            "sort_cost_yuan": ("unit_sorting_hub_cost", 1.0),
            "exchange_pieces_h": ("exchange_office_throughput", 1.0),
            "customs_min": ("customs_dwell_time", 60.0),
            "delivery_min": ("stage_time_delivery", 60.0),
            "winter_pace": ("winter_speed_factor", 1.0),
            "city_cutoff_min": ("cutoff_city_pickup_same_day", 60.0),
            "county_cutoff_min": ("cutoff_county_pickup_same_day", 60.0),
        }
        held = parameters(network, [name for name, _ in names.values()])
        known: dict[str, Any] = {term: held[name][0] * scale for term, (name, scale) in names.items()}
        own = dict(network["parameters"].select("parameter", "value").drop_nulls().iter_rows())
        cutoffs = tuple(own.get(f"trunk_cutoff_wave{k}", minute) for k, minute in enumerate(CUTOFFS_MIN, 1))
        sorting = {tier: own.get(f"trunk_sort_time_tier{tier}", minutes) for tier, minutes in SORT_MIN.items()}
        return cls(**known, cutoffs_min=cutoffs, sort_min=sorting)
