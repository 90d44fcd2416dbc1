"""What a network's tables alone can say of the plan's targets: sites, shares, stocks and waits (P08 P09 P22 P58 P77).

Each measure names the target it speaks to and whether it is that target itself or stands in for it: a village with a
station is not yet a village served, and the reader must see the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from postroad.demand.totals import parameter
from postroad.language import say
from postroad.measure.footprint import reusable_bag_rate
from postroad.network import Network
from postroad.travel import travel
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from postroad.language import Language


@dataclass(frozen=True)
class Measure:
    """What is measured: the target it speaks to (empty: none), its unit, which way is better, and whether it is it."""

    id: str
    target: str
    unit: str
    direction: str
    stands_in: bool

    def label(self, spoken: Language | None = None) -> str:
        """Return what it measures, in a language."""
        return say(f"effect.measure_{self.id}", spoken)

    def unit_label(self, spoken: Language | None = None) -> str:
        """Return its unit, in a language."""
        return say(f"effect.unit_{UNITS[self.unit]}", spoken)


UNITS = {"%": "percent", "runs/week": "runs", "groups": "groups", "stations": "stations", "offices": "offices",
         "h": "hours", "10^4 pieces": "pieces", "yuan": "yuan", "g": "grams"}  # fmt: skip

MEASURES: Mapping[str, Measure] = {
    measure.id: measure
    for measure in (
        Measure("village_station_share", "villages", "%", "up", True),
        Measure("village_door_share", "village-parcels", "%", "up", True),
        Measure("village_runs_a_week", "stability", "runs/week", "up", True),
        Measure("village_commerce_share", "", "%", "up", False),
        Measure("township_terminal_share", "townships", "%", "up", True),
        Measure("locker_groups", "lockers", "groups", "up", False),
        Measure("terminal_stations", "city-outlets", "stations", "up", True),
        Measure("rest_place_share", "care", "%", "up", True),
        Measure("reusable_bag_rate", "reusable-bags", "%", "up", False),
        Measure("electric_share", "green-fleet", "%", "up", True),
        Measure("exchange_offices_expanded", "exchange-offices", "offices", "up", False),
        Measure("clearance_h", "clearance", "h", "down", False),
        Measure("border_h", "foreign-channels", "h", "down", True),
        Measure("special_share", "supply-mix", "%", "up", True),
        Measure("goods_pieces", "express-volume", "10^4 pieces", "up", True),
        Measure("hosiery_pieces", "hosiery", "10^4 pieces", "up", False),
        Measure("rail_core_h", "rail-share", "h", "down", True),
        Measure("air_far_h", "", "h", "down", False),
    )
}
SPECIAL = ("FRESH", "MEDICAL", "GOV_DOC", "FACTORY", "CONFIDENTIAL")
WAYS = ("rail_core_h", "air_far_h")
UNTRAVELLED = (
    "sites", "hub_plants", "allocations", "line_hauls", "routings", "sort_waves", "rounds", "round_stops", "bus_holds",
    "products", "seasonal_goods", "growth_scenarios", "profiles", "statistics", "sources", "operators", "vehicles",
)  # fmt: skip
"""Tables that say nothing of how long a way takes."""
UNTRAVELLED_PARAMETERS = ("trunk_", "round_", "transit_bag", "shared_", "bus_hold", "electric_share", "customs_",
                          "forward_", "far_village", "county_", "township_", "pieces_per")  # fmt: skip
"""Beginnings of parameters that say nothing of it either."""
WAN = 1e4


def standing(network: Network, pieces_day: float, only: Collection[str] | None = None) -> dict[str, float]:
    """Return the value of every measure of ``MEASURES`` (or ``only`` some) on a network.

    ``pieces_day`` is handled on a mean day. Scheduled ways are searched only when one of their measures is wanted.
    """
    wanted = set(MEASURES if only is None else only)
    found = {**_sites(network), **_stocks(network, pieces_day), **_borders(network), **_goods(network)}
    if wanted & set(WAYS):
        travelled = {name: network[name] for name in network.tables if name not in UNTRAVELLED}
        unread = pl.any_horizontal(pl.col("parameter").str.starts_with(name) for name in UNTRAVELLED_PARAMETERS)
        travelled["parameters"] = travelled["parameters"].filter(~unread)
        found |= _ways(Network(travelled, network.meta))
    return {name: found[name] for name in MEASURES if name in wanted}


def _held(network: Network, places: pl.DataFrame, kind: str) -> float:
    """Share of places, in percent, with an open site of a kind."""
    there = network["sites"].filter(pl.col("kind") == kind, pl.col("status") == "open")["place_id"]
    return 100.0 * places.filter(pl.col("place_id").is_in(there.implode())).height / max(1, places.height)


def _sites(network: Network) -> dict[str, float]:
    places, sites = network["places"], network["sites"].filter(status="open")
    villages = places.filter(level="village", kind="village")
    townships = places.filter(
        pl.col("level") == "township", pl.col("kind").is_in(["town", "township", "ethnic_township"])
    )
    centres = places.filter(pl.col("level") == "township", pl.col("kind").is_in(["street", "town"]))
    runs = parameters(network, ["far_village_runs_a_week", "shared_round_share"])
    far, shared = runs["far_village_runs_a_week"][0], runs["shared_round_share"][0] / 100
    return {
        "village_station_share": _held(network, villages, "village_post_station"),
        "village_door_share": _held(network, villages, "door_delivery_village"),
        # Shared rounds run five days a week, as the township seat is served; the rest keep their own frequency.
        "village_runs_a_week": shared * max(5.0, far) + (1 - shared) * far,
        "village_commerce_share": _held(network, villages, "village_commerce_point"),
        "township_terminal_share": _held(network, townships, "terminal_station"),
        "locker_groups": float(sites.filter(kind="locker_group").height),
        "terminal_stations": float(sites.filter(kind="terminal_station").height),
        "rest_place_share": _held(network, centres, "rest_place"),
    }


def _stocks(network: Network, pieces_day: float) -> dict[str, float]:
    electric = parameters(network, ["electric_share_last_mile"])["electric_share_last_mile"][0]
    return {"reusable_bag_rate": reusable_bag_rate(network, pieces_day), "electric_share": electric}


def _borders(network: Network) -> dict[str, float]:
    names = ("exchange_office_throughput", "customs_dwell_time", "customs_inspection_rate")
    held = {name: value[0] for name, value in parameters(network, names).items()}
    offices = network["hub_plants"].filter(kind="exchange_office")
    wait = network["border_waits"]["wait_min"].mean()
    return {
        "exchange_offices_expanded": float(
            offices.filter(pl.col("sort_rate_pieces_h") > 1.2 * held["exchange_office_throughput"]).height
        ),
        # What is inspected waits the dwell time, the rest passes at the pace of the office.
        "clearance_h": held["customs_dwell_time"] * held["customs_inspection_rate"] / 100.0,
        "border_h": float(wait) / 60.0 if isinstance(wait, float) else float("nan"),
    }


def _goods(network: Network) -> dict[str, float]:
    products, goods = network["products"], network["seasonal_goods"]
    weight = products.group_by("flow_class").agg(
        (pl.col("share").filter(pl.col("product_id").is_in(SPECIAL)).sum() / pl.col("share").sum()).alias("special")
    )
    same, inter = (parameter(network, f"share_{kind}$")[0] for kind in ("same_city", "inter_city"))
    by_class = dict(weight.iter_rows())
    beyond = (by_class.get("intra_province", 0.0) + 4 * by_class.get("inter_province", 0.0)) / 5
    return {
        "special_share": (same * by_class.get("same_city", 0.0) + inter * beyond),
        "goods_pieces": float(goods["pieces_per_year"].sum()) / WAN,
        "hosiery_pieces": float(goods.filter(goods_id="HOSIERY")["pieces_per_year"].sum()) / WAN,
    }


@lru_cache(maxsize=64)
def _ways(network: Network) -> dict[str, float]:
    """Mean hours of the quickest scheduled way from the capital: by rail to the core cities, by air to far ones.

    Networks are equal by content, so bundles that differ in nothing travel reads share one search.
    """
    core = network["promise_pairs"].filter(promise_class="core")
    far = network["places"].filter(level="external", kind="city", country="CN")["place_id"].sort().to_list()
    if not core.height:
        return {"rail_core_h": float("nan"), "air_far_h": float("nan")}
    capital = core["from_place_id"][0]
    beyond = [place for place in far if place not in set(core["to_place_id"])]
    return {
        "rail_core_h": _mean_h(network, "rail", capital, core["to_place_id"].to_list()),
        "air_far_h": _mean_h(network, "air", capital, beyond),
    }


def _mean_h(network: Network, mode: str, capital: str, ends: list[str]) -> float:
    """Mean hours to the ends that have a service; not a number when none has."""
    if not ends:
        return float("nan")
    out = travel(network, mode, between=[capital, *ends]).filter(from_id=capital)["duration_min"].mean()
    return float(out) / 60.0 if isinstance(out, float) else float("nan")
