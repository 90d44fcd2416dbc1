"""Leaves, units and nodes: where parcels begin and end, the county or place outside each belongs to, and facilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.errors import DataError, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.network import Network

UNIT_DIGITS = 6
CUSTOMS = "/customs"
"""Added to a place's id to name the exchange office there as a facility of its own."""


@dataclass(frozen=True)
class Places:
    """Leaves (villages, communities, places outside) with their units; nodes with what kind of place they are."""

    leaves: tuple[str, ...]
    units: tuple[str, ...]
    unit_of_leaf: NDArray[np.int32]
    nodes: tuple[str, ...]
    outside: NDArray[np.int8]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    city: NDArray[np.bool_]

    @cached_property
    def node(self) -> dict[str, int]:
        """Number of each node by its name."""
        return {name: k for k, name in enumerate(self.nodes)}

    @cached_property
    def unit_node(self) -> NDArray[np.int32]:
        """Node of each unit."""
        return np.array([self.node[name] for name in self.units], np.int32)


def places(network: Network, leaves: Sequence[str]) -> Places:
    """Return the places of a run; ``DataError`` names every leaf that belongs to no county."""
    table = network["places"]
    level = dict(table.select("place_id", "level").iter_rows())
    country = dict(table.select("place_id", "country").iter_rows())
    faults, units = [], []
    served = _served(network)
    for leaf in leaves:
        unit = served.get(leaf) or (leaf if level.get(leaf) in ("external", "county") else leaf[:UNIT_DIGITS])
        if level.get(unit) not in ("external", "county"):
            faults.append(Fault.of("simulate.leaf_without_unit", table="places", column="place_id", value=leaf))
        units.append(unit)
    if faults:
        raise DataError(faults)
    names = sorted(set(units))
    number = {name: k for k, name in enumerate(names)}
    nodes = _nodes(network, names, level, leaves)
    outside = [0 if level[n.removesuffix(CUSTOMS)] != "external" else 1 if country.get(n) in (None, "CN") else 2
               for n in nodes]  # fmt: skip
    spots = table.select("place_id", "lon", "lat", "kind", "urban_rural")
    held = {row[0]: row[1:] for row in spots.iter_rows()}
    here = [held[leaf] for leaf in leaves]
    return Places(
        tuple(leaves),
        tuple(names),
        np.array([number[name] for name in units], np.int32),
        tuple(nodes),
        np.array(outside, np.int8),
        np.array([row[0] if row[0] is not None else np.nan for row in here], np.float64),
        np.array([row[1] if row[1] is not None else np.nan for row in here], np.float64),
        np.array([row[2] in ("community", "street") or str(row[3] or "").startswith("11") for row in here], np.bool_),
    )


def _served(network: Network) -> dict[str, str]:
    """The county whose rounds or buses serve a place, which need not be the one it lies in."""
    stops = network["round_stops"].select("round_id", "place_id")
    by_round = stops.join(network["rounds"].select("round_id", "county_id"), on="round_id")
    found = dict(by_round.select("place_id", "county_id").iter_rows())
    counties = set(network["places"].filter(level="county")["place_id"])
    holds = network["bus_holds"].select("to_place_id", "from_place_id").iter_rows()
    return {**found, **{to: start for to, start in holds if start in counties and to not in found}}


def _nodes(network: Network, units: list[str], level: dict[str, str], leaves: Sequence[str]) -> list[str]:
    """Every place with a line, bus, depot, plant or allocation, and every unit; an office where lines go abroad."""
    found = set(units)
    for table, columns in (
        ("line_hauls", ("from_place_id", "to_place_id")),
        ("bus_holds", ("from_place_id", "to_place_id")),
        ("rounds", ("depot_place_id", "county_id")),
        ("hub_plants", ("place_id",)),
        ("allocations", ("place_id", "hub_place_id")),
    ):
        for column in columns:
            found |= set(network[table][column].drop_nulls())
    # Stops that are no leaves, such as townships, are facilities where parcels change vans.
    found |= set(network["round_stops"]["place_id"])
    found -= set(leaves) - set(units)
    offices = set(network["hub_plants"].filter(kind="exchange_office")["place_id"])
    abroad = set(network["places"].filter(pl.col("level") == "external", pl.col("country") != "CN")["place_id"])
    lines = network["line_hauls"].filter(pl.col("to_place_id").is_in(abroad))["from_place_id"]
    customs = [place + CUSTOMS for place in offices & set(lines)]
    return sorted(found & set(level)) + sorted(customs)
