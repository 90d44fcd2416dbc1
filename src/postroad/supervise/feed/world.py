"""The rehearsal's outlets, hubs and machines, made from the places and operators of a demand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.demand.weights import leaf_weights
from postroad.randomness import shuffled
from postroad.supervise.feed.faults import Faults

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.demand.parcels import Drawer

TOWN_SIGNS, PREFECTURE_SIGNS = 9, 4
PEAK_HOUR = 0.15
MACHINE_PER_H = 7000
OPENS_MIN, CLOSES_MIN = 7 * 60, 22 * 60


@dataclass(frozen=True)
class World:
    """Facilities by number, and what was chosen to go wrong.

    An outlet is ``operator * towns + town``, a hub ``outlets + operator * prefectures + prefecture``; then come the
    places outside.
    """

    operators: pl.Series
    post: int
    names: pl.Series
    town: NDArray[np.int64]
    prefecture: NDArray[np.int64]
    outside: NDArray[np.bool_]
    rural: NDArray[np.bool_]
    beyond: NDArray[np.int64]
    towns: int
    prefectures: int
    gateway: int
    machines: NDArray[np.int64]
    outlets: pl.DataFrame
    machine_table: pl.DataFrame
    planted: dict[str, list[str]] = field(default_factory=dict)

    def outlet(self, operator: NDArray[np.int64], town: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers of outlets."""
        return operator * self.towns + town

    def hub(self, operator: NDArray[np.int64], prefecture: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers of hubs."""
        return self.operators.len() * self.towns + operator * self.prefectures + prefecture


def world(made: Demand, drawer: Drawer, pieces: int, faults: Faults, first_day: str, seed: int) -> World:
    """Return the facilities of a rehearsal, with those that will go wrong chosen by lot."""
    places = drawer.place_ids
    held = pl.DataFrame({"place_id": places}).join(
        made.network["places"].select("place_id", "kind", "level", "lon", "lat"), on="place_id", how="left",
        maintain_order="left",
    )  # fmt: skip
    outside = held["level"].eq("external").fill_null(False).to_numpy()
    inside = held.filter(~pl.Series(outside))
    towns = inside["place_id"].str.slice(0, TOWN_SIGNS).unique().sort()
    prefectures = inside["place_id"].str.slice(0, PREFECTURE_SIGNS).unique().sort()
    town = _codes(places.str.slice(0, TOWN_SIGNS), towns)
    prefecture = _codes(places.str.slice(0, PREFECTURE_SIGNS), prefectures)
    operators = drawer.operator_ids
    outlet_names = [f"{o}-{t}" for o in operators for t in towns]
    hub_names = [f"{o}-HUB-{p}" for o in operators for p in prefectures]
    externals = held.filter(pl.Series(outside))["place_id"].unique().sort()
    beyond = _codes(places, externals) + len(outlet_names) + len(hub_names)
    sent = _sent_share(made, prefectures)
    count = np.maximum(1, np.ceil(pieces * sent / len(operators) * PEAK_HOUR / (0.6 * MACHINE_PER_H))).astype(np.int64)
    outlets = _outlets(inside, operators, towns, outlet_names)
    machines = _machines(operators, hub_names, np.tile(count, len(operators)))
    planted = _plant(outlets, machines, operators, hub_names, sent, _busy(made, towns), faults, seed)
    outlets = outlets.with_columns(
        pl.when(pl.col("outlet_id").is_in(planted["closed_outlets"])).then(pl.lit(first_day)).alias("closed_on")
    )
    # A machine whose register says that it can pass next to nothing claims more than it can from the first hour on.
    slow = pl.col("machine_id").is_in(planted["slow_machines"])
    machines = machines.with_columns(
        pl.when(slow).then(pl.lit(1)).otherwise(pl.col("capacity_per_h")).alias("capacity_per_h")
    )
    names = pl.Series([*outlet_names, *hub_names, *externals])
    post = operators.to_list().index("CHINAPOST") if "CHINAPOST" in operators else 0
    gateway = int(np.argmax(sent))
    return World(
        operators, post, names, town, prefecture, outside, held["kind"].eq("village").fill_null(False).to_numpy(),
        beyond, len(towns), len(prefectures), gateway, count, outlets, machines, planted,
    )  # fmt: skip


def _codes(values: pl.Series, known: pl.Series) -> NDArray[np.int64]:
    """The position of each value among the known ones; -1 for one that is none of them."""
    index = pl.DataFrame({"v": known, "n": np.arange(len(known), dtype=np.int64)})
    found = pl.DataFrame({"v": values}).join(index, on="v", how="left", maintain_order="left")["n"]
    return np.asarray(found.fill_null(-1).to_numpy())


def _sent_share(made: Demand, prefectures: pl.Series) -> NDArray[np.float64]:
    flows = made.flows.filter(pl.col("flow_class") != "inbound")
    by = dict(
        flows.group_by(pl.col("origin_id").str.slice(0, PREFECTURE_SIGNS)).agg(pl.col("pieces").sum()).iter_rows()
    )
    shares = np.array([by.get(p, 0.0) for p in prefectures])
    return np.asarray(shares / made.flows["pieces"].sum())


def _busy(made: Demand, towns: pl.Series) -> NDArray[np.bool_]:
    """Which towns are among the twentieth that send most."""
    flows = made.flows.filter(pl.col("flow_class") != "inbound")
    by = flows.group_by("origin_id").agg(pl.col("pieces").sum()).sort("origin_id")
    leaf, places = leaf_weights(made.network, by["origin_id"])
    sent = np.zeros(len(places))
    for pieces, (weight, index) in zip(by["pieces"], leaf, strict=True):
        sent[index] += pieces * weight / weight.sum()
    code = _codes(places.str.slice(0, TOWN_SIGNS), towns)
    inside = code >= 0
    of_town = np.bincount(code[inside], sent[inside], len(towns))
    return np.asarray(of_town >= np.quantile(of_town, 0.95))


def _outlets(inside: pl.DataFrame, operators: pl.Series, towns: pl.Series, names: list[str]) -> pl.DataFrame:
    where = inside.group_by(pl.col("place_id").str.slice(0, TOWN_SIGNS).alias("town")).agg(
        pl.col("lon", "lat").mean().round(5)
    ).sort("town")  # fmt: skip
    n = len(operators)
    return pl.DataFrame(
        {"outlet_id": names, "operator_id": [o for o in operators for _ in towns],
         "city_id": [t[:PREFECTURE_SIGNS] for t in towns] * n, "lon": where["lon"].to_list() * n,
         "lat": where["lat"].to_list() * n}
    ).with_columns(opens_min=pl.lit(OPENS_MIN), closes_min=pl.lit(CLOSES_MIN), opened_on=pl.lit("2000-01-01"),
                   closed_on=pl.lit(None, pl.String), origin=pl.lit("synthetic"))  # fmt: skip


def _machines(operators: pl.Series, hubs: list[str], count: NDArray[np.int64]) -> pl.DataFrame:
    per = len(hubs) // len(operators)
    rows = [(f"{hub}-X{k + 1}", operators[n // per], hub, MACHINE_PER_H, "synthetic")
            for n, hub in enumerate(hubs) for k in range(int(count[n]))]  # fmt: skip
    return pl.DataFrame(rows, schema=["machine_id", "operator_id", "facility_id", "capacity_per_h", "origin"],
                        orient="row")  # fmt: skip


def _plant(
    outlets: pl.DataFrame, machines: pl.DataFrame, operators: pl.Series, hubs: list[str], sent: NDArray[np.float64],
    busy: NDArray[np.bool_], faults: Faults, seed: int,
) -> dict[str, list[str]]:  # fmt: skip
    """Choose by lot the outlets, machines and legs that go wrong; legs among the busiest, where 1 % is something."""
    towns = outlets["outlet_id"].to_list()
    order = shuffled(seed, "feed/outlets", len(towns))
    # A weak or closed outlet shows only where pieces come.
    picked = iter([n for n in order if busy[n % len(busy)]])
    pick = {name: [towns[next(picked)] for _ in range(number)] for name, number in
            (("weak_outlets", faults.weak_outlets), ("closed_outlets", faults.closed_outlets))}  # fmt: skip
    rows = shuffled(seed, "feed/machines", machines.height)[: faults.slow_machines]
    pick["slow_machines"] = [machines["machine_id"][int(r)] for r in rows]
    per = len(sent)
    gateway, others = int(np.argmax(sent)), [p for p in np.argsort(-sent) if p != int(np.argmax(sent))]
    legs = [f"{hubs[o * per + gateway]}>{hubs[o * per + p]}" for p in others[:2] for o in range(len(operators))]
    drawn = shuffled(seed, "feed/legs", len(legs))
    pick["leaks"] = [legs[int(n)] for n in drawn[: faults.leaks]]
    # Only where an operator accepts enough in an hour can one outlet's share of it stand out.
    city = hubs[gateway].rsplit("-", 1)[1]
    near = set(outlets.filter(city_id=city)["outlet_id"])
    pick["surges"] = [town for n in order if (town := towns[n]) in near][: math.ceil(faults.surges)]
    return pick
