"""What each kind of result is asked for first: which table and measure its chart and its map show.

A kind without a pick of its own shows its first table that can be drawn, so that a new kind is drawn from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Pick:
    """A table, measures of one unit, columns that name its rows, a column of series, one of order, rows kept.

    With ``add`` rows of one name are added up; an empty measure counts them.
    """

    table: str
    measures: tuple[str, ...]
    names: tuple[str, ...] = ()
    series: str = ""
    order: str = ""
    where: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    add: bool = False


def _bars(table: str, measures: str, names: str = "", series: str = "", **where: Any) -> Pick:
    return Pick(table, tuple(measures.split()), tuple(names.split()), series, where=MappingProxyType(where))


def _added(table: str, measures: str, names: str, series: str = "", **where: Any) -> Pick:
    made = _bars(table, measures, names, series, **where)
    return Pick(made.table, made.measures, made.names, series, where=made.where, add=True)


def _lines(table: str, measures: str, order: str, series: str = "", **where: Any) -> Pick:
    return Pick(table, tuple(measures.split()), (), series, order, MappingProxyType(where))


CHARTS: Mapping[str, Pick] = MappingProxyType(
    {
        "access": _bars("counties", "walk_mean_min", "county_id"),
        "after_action": _lines("hours", "forecast actual", "hour"),
        "balance": _bars("stages", "accepted delivered", "operator_id"),
        "block_train": _bars("rules", "to_office_mean_h clearance_mean_h waiting_mean_h ride_mean_h", "rule"),
        "compare": _bars("measures", "value", "bundle", measure="on_time_core"),
        "demand": _bars("imbalance", "sent_pieces received_pieces", "prefecture_id"),
        "difference": _bars("tables", "added removed changed", "table"),
        "disturbance": _bars("summary", "on_time_share", "flow_class", "run"),
        "drill": _bars("summary", "on_time_share", "flow_class", "run"),
        "effect": _bars("shares", "share", "lever", measure="on_time_core"),
        "effect-by-year": _lines("shares", "share", "year", "lever", measure="on_time_core"),
        "hub_day": _lines("half_hours", "arrived sorted queue", "from_min", volume="usual"),
        "ledger": _bars("stages", "accepted delivered", "operator_id"),
        "mode": _bars("staff", "sort_rate_pieces_h sort_rate_pieces_h_with", "place_id"),
        "outlook": _bars("days", "pieces late_pieces", "day"),
        "paired_runs": _bars("promises", "before_percent after_percent", "promise_class"),
        "peak": _lines("years", "broken", "year", "scenario"),
        "repairs": _bars("classes", "before_percent after_percent", "promise_class kind place_id at_min", best=True),
        "rural-rounds": _added("townships", "yuan_week", "way", chosen=True),
        "scorecard": _bars("lines", "mean_score", "target_id"),
        "simulate_day": _bars("stages", "mean_h", "flow_class", "stage"),
        "sites": _added("new_sites", "persons_reached", "year", "kind"),
        "standard hubs": _bars("hubs", "collected_pieces_day", "place_id"),
        "township": _bars("measures", "rounds_yuan offices_yuan hands_yuan", "case"),
        "trial": _lines("summary", "on_time_share", "world", "flow_class"),
        "trunk": _bars("legs", "cost_yuan", "leg"),
        "trunk tiers": _bars("layouts", "yuan_day", "layout"),
        "trunk-baseline": _added("line_hauls", "capacity_pieces", "mode"),
    }
)
"""Kind of result: its chart."""

MAPS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = MappingProxyType(
    {
        "access": ("counties", "walk_mean_min", {}),
        "after_action": ("cities", "actual", {}),
        "block_train": ("trains", "loaded", {}),
        "compare": ("counties", "change_h", {}),
        "demand": ("flows", "pieces", {}),
        "difference": ("line_hauls", "capacity_change_pieces", {}),
        "disturbance": ("pairs", "share_percent", {}),
        "drill": ("pairs", "share_percent", {}),
        "effect": ("counties", "change_h", {}),
        "hub_day": ("departures", "loaded", {}),
        "outlook": ("departures", "loaded_pieces", {}),
        "paired_runs": ("counties", "change_h", {}),
        "peak": ("hubs", "needed", {}),
        "repairs": ("trials", "after_percent", {"best": True}),
        "rural-rounds": ("villages", "arrive_min", {}),
        "simulate_day": ("trips", "loaded", {}),
        "sites": ("new_sites", "persons_reached", {}),
        "standard hubs": ("hubs", "collected_pieces_day", {}),
        "township": ("offices", "pieces", {}),
        "trunk": ("lines", "pieces", {}),
        "trunk tiers": ("hubs", "pieces_day", {"layout": "best"}),
        "trunk-baseline": ("line_hauls", "capacity_pieces", {}),
    }
)
"""Kind of result: table and measure of its map, and which rows it shows. A kind with nothing on the ground has none."""
