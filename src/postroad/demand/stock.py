"""Pre-positioned stock: orders served from a park near the customer start there, not beyond the province (P67 P68).

The share of orders from other provinces that parks can serve is a parameter, nothing in the base year. Each such order
starts at the open park nearest to where it goes, for goods that a warehouse can hold; returns and the like still come
the whole way. A parcel keeps its number, destination and luck, so that a day with stock differs from one without in
nothing but where those parcels begin.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad import randomness
from postroad.demand.flows import DETOUR, EARTH_KM, Demand
from postroad.demand.parcels import Block

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from postroad.network import Network

SHARE = "forward_stock_share"
HELD = ("INTER", "FACTORY")
"""Products that a warehouse can hold; returns come from customers."""
INBOUND = "inbound"
UNIT_DIGITS = 6


@dataclasses.dataclass(frozen=True)
class Stocked(Demand):
    """A demand of which parks serve a share: ``plain`` is the same without, ``flows`` start where parcels start.

    ``bulk_piece_km`` is how far a year's stock travels to the parks in full loads, one way, pieces times kilometres.
    """

    plain: Demand
    share: float
    bulk_piece_km: float

    def parcels(
        self, day: dt.date | str, seed: int = 0, pieces: int | None = None, workers: int = 1
    ) -> Iterator[Block]:
        """Yield the parcels of the plain demand, those that a park serves beginning there."""
        for block in self.plain.parcels(day, seed, pieces, workers):
            yield self._moved(block, f"{self.year}/{day}", seed)

    def pieces(self, day: dt.date | str) -> int:
        """Return the parcels of a day: stock makes none."""
        return self.plain.pieces(day)

    def _moved(self, block: Block, day: str, seed: int) -> Block:
        names = block.drawer.place_ids
        outside, park_of = _ends(self.network, tuple(names))
        held = np.isin(block.product, np.flatnonzero(block.drawer.product_ids.is_in(list(HELD)).to_numpy()))
        luck = randomness.uniforms(seed, f"demand/stock/{day}", block.first, len(block))
        served = held & outside[block.origin] & (park_of[block.destination] >= 0) & (luck < self._of_held)
        origin = np.where(served, park_of[block.destination], block.origin).astype(np.int32)
        return dataclasses.replace(block, origin=origin)

    @cached_property
    def _of_held(self) -> float:
        """The share among goods that can be held, so that ``share`` holds of all that comes in."""
        rows = self.network["products"].filter(flow_class="inter_province")
        part = float(rows.filter(pl.col("product_id").is_in(list(HELD)))["share"].sum()) / float(rows["share"].sum())
        return min(1.0, self.share / part) if part > 0 else 0.0


def stocked(made: Demand) -> Demand:
    """Return the demand with what its network's parks serve from stock; the same object where they serve nothing."""
    rows = made.network["parameters"].filter(parameter=SHARE)
    share = float(rows["value"][0] or 0.0) / 100 if rows.height else 0.0
    if share <= 0 or not _parks(made.network).height:
        return made
    share = min(1.0, share)
    flows, bulk = _shifted(made, share)
    return Stocked(made.network, made.totals, flows, made.scenario, made.seed, made, share, bulk)


def _parks(network: Network) -> pl.DataFrame:
    return network["sites"].filter(kind="park", status="open").drop_nulls(["lon", "lat"]).sort("site_id")


def _shifted(made: Demand, share: float) -> tuple[pl.DataFrame, float]:
    """Yearly flows with that share of what comes in starting at the unit of the park that serves it; and the bulk."""
    names = (*sorted({*made.flows["destination_id"], *made.flows["origin_id"]}), *_leaves(made.network)["place_id"])
    _, park_of = _ends(made.network, names)
    leaf_of = {place: names[park_of[k]] for k, place in enumerate(names) if park_of[k] >= 0}
    lies = {row[0]: row[1:] for row in made.network["places"].select("place_id", "lon", "lat").iter_rows()}
    key = ["origin_id", "destination_id", "flow_class"]
    inbound = made.flows.filter(pl.col("flow_class") == INBOUND, pl.col("destination_id").is_in(list(leaf_of)))
    rest = made.flows.join(inbound, on=key, how="anti")
    unit = {place: leaf[:UNIT_DIGITS] for place, leaf in leaf_of.items()}
    near = inbound.with_columns(
        pl.col("destination_id").replace_strict(unit, return_dtype=pl.String).alias("origin_id"),
        pl.col("pieces") * share,
    )
    near = near.group_by(near.drop("pieces").columns, maintain_order=True).agg(pl.col("pieces").sum())
    bulk = 0.0
    for origin, end, pieces in inbound.select("origin_id", "destination_id", "pieces").iter_rows():
        (x, y), (east, north) = lies[origin], lies[leaf_of[end]]
        bulk += share * pieces * float(_km(x, y, np.array([east]), np.array([north]))[0])
    flows = pl.concat([rest, inbound.with_columns(pl.col("pieces") * (1 - share)), near.select(rest.columns)])
    return flows, bulk


def _leaves(network: Network) -> pl.DataFrame:
    """Villages and communities with people and a position: where a parcel may begin."""
    people = network["populations"].filter(pl.col("population_persons") > 0)["place_id"].unique()
    return (
        network["places"]
        .filter(pl.col("level") == "village", pl.col("place_id").is_in(people.implode()))
        .drop_nulls(["lon", "lat"])
        .sort("place_id")
    )


def _ends(network: Network, names: tuple[str, ...]) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Return, by place number, whether it is outside, and the leaf of the park nearest to it (-1: none)."""
    places = network["places"].select("place_id", "level", "lon", "lat")
    own = pl.DataFrame({"place_id": names}).join(places, on="place_id", how="left", maintain_order="left")
    outside = (own["level"] == "external").fill_null(False).to_numpy()
    lon, lat = (own[c].to_numpy() for c in ("lon", "lat"))
    number = {name: k for k, name in enumerate(names)}
    leaves = _leaves(network).filter(pl.col("place_id").is_in(list(names)))
    found = np.full(len(names), -1, np.int32)
    if not leaves.height:
        return outside, found
    parks = _parks(network)
    east, north = leaves["lon"].to_numpy(), leaves["lat"].to_numpy()
    at = [int(np.argmin(_km(x, y, east, north))) for x, y in parks.select("lon", "lat").iter_rows()]
    codes = np.array([number[leaves["place_id"][k]] for k in at], np.int32)
    away = np.array([_km(x, y, lon, lat) for x, y in parks.select("lon", "lat").iter_rows()])
    known = ~np.isnan(lon) & ~outside
    found[known] = codes[np.argmin(away[:, known], axis=0)]
    return outside, found


def _km(lon: float, lat: float, east: NDArray[np.float64], north: NDArray[np.float64]) -> NDArray[np.float64]:
    half = np.sin(np.radians(north - lat) / 2) ** 2
    half += np.cos(np.radians(lat)) * np.cos(np.radians(north)) * np.sin(np.radians(east - lon) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(half)) * DETOUR)
