"""Fit the demand model to counted waybills: decay with distance, days and hours, and weight (P13 P86).

Decay is found so that the balanced flows travel as far on average as the waybills do, which is the maximum-likelihood
estimate for this model (Evans 1971; Hyman 1969). Months and weekdays are fitted as a product, by Poisson likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.optimize import brentq

from postroad.demand.flows import straight_km
from postroad.demand.gravity import balance
from postroad.demand.totals import units
from postroad.errors import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.demand.waybills import Counted
    from postroad.network import Network

SOURCE = "user-waybills"
STEEPEST_PER_KM = 0.5
FEWEST_PIECES = 1000
"""Below this many pieces of a class, its decay is not fitted."""
SIDES = ("same_city", "intra_province")


@dataclass(frozen=True)
class Fit:
    """What a waybill file says of the model.

    ``flows`` are the pieces counted (origin_id, destination_id, flow_class, pieces); ``decay_per_km`` by class, for
    ``demand(..., decay=...)``; ``profiles`` the profiles that every step of could be fitted, the others named in
    ``kept``; ``weight_factor`` what mean weights of products are multiplied by (1 without weights).
    """

    counted: Counted
    flows: pl.DataFrame
    decay_per_km: dict[str, float]
    not_fitted: tuple[str, ...]
    profiles: pl.DataFrame
    kept: tuple[str, ...]
    weight_factor: float

    def applied(self, network: Network) -> Network:
        """Return the network with the fitted profiles and weights, marked derived from the user's waybills."""
        fitted = self.profiles["profile"].unique()
        profiles = network["profiles"].filter(~pl.col("profile").is_in(fitted.implode()))
        profiles = pl.concat([profiles, self.profiles.select(profiles.columns).cast(profiles.schema)])
        sources = network["sources"]
        if SOURCE not in sources["source_id"]:
            row = {"source_id": SOURCE, "title": self.counted.file, "origin": "derived", "source": SOURCE}
            sources = pl.concat([sources, pl.DataFrame([row])], how="diagonal_relaxed").select(sources.columns)
        changed = {"profiles": profiles, "sources": sources}
        if self.weight_factor != 1:
            heavier = [(pl.col(c) * self.weight_factor).alias(c) for c in ("weight_mean_kg", "volume_mean_m3")]
            marks = {"origin": pl.lit("derived"), "source": pl.lit(SOURCE)}
            changed["products"] = network["products"].with_columns(*heavier, **marks)
        return network.with_(**changed)


def fitted(
    network: Network,
    counted: Counted,
    distance: Callable[[pl.DataFrame], NDArray[np.float64]] = straight_km,
) -> Fit:
    """Return the fit of the model to counted waybills; ``distance`` gives kilometres between units, as for flows."""
    flows = classed(network, counted.pairs)
    table = units(network)
    km = distance(table)
    decay: dict[str, float] = {}
    for name in SIDES:
        found = _decay(table, km, flows.filter(flow_class=name), same=name == "same_city")
        if found is not None:
            decay[name] = found
    profiles, kept = _profiles(counted)
    lost = tuple(name for name in SIDES if name not in decay)
    return Fit(counted, flows, decay, lost, profiles, kept, _weight_factor(network, counted, flows))


def classed(network: Network, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return counted pairs with their flow class: origin_id, destination_id, flow_class, pieces."""
    home = units(network).select(place_id="place_id", at="prefecture_id")
    away = network["places"].filter(level="external").select(place_id="place_id", at="country")
    where = pl.concat([home.with_columns(inside=True), away.with_columns(inside=False)])
    joined = pairs.join(where, left_on="origin_id", right_on="place_id")
    joined = joined.join(where, left_on="destination_id", right_on="place_id", suffix="_to")
    name = (
        pl.when(~pl.col("inside")).then(pl.lit("inbound"))
        .when(pl.col("inside_to") & (pl.col("at") == pl.col("at_to"))).then(pl.lit("same_city"))
        .when("inside_to").then(pl.lit("intra_province"))
        .when(pl.col("at_to") == "CN").then(pl.lit("inter_province"))
        .otherwise(pl.lit("international"))
    )  # fmt: skip
    chosen = joined.with_columns(flow_class=name).select("origin_id", "destination_id", "flow_class", "pieces")
    return chosen.sort("origin_id", "destination_id")


def _decay(table: pl.DataFrame, km: NDArray[np.float64], flows: pl.DataFrame, *, same: bool) -> float | None:
    """The decay at which balanced flows travel as far as the counted ones, or None when they cannot tell."""
    if flows["pieces"].sum() < FEWEST_PIECES:
        return None
    number = {place: k for k, place in enumerate(table["place_id"])}
    a = np.array([number[p] for p in flows["origin_id"]])
    b = np.array([number[p] for p in flows["destination_id"]])
    pieces = flows["pieces"].to_numpy().astype(float)
    out = np.bincount(a, pieces, table.height).astype(np.float64)
    into = np.bincount(b, pieces, table.height).astype(np.float64)
    prefecture = table["prefecture_id"].to_numpy()
    rows, columns = np.nonzero((prefecture[:, None] == prefecture) == same)
    open_ = (out[rows] > 0) & (into[columns] > 0)
    rows, columns = rows[open_], columns[open_]
    length = km[rows, columns]
    wanted = float(pieces @ km[a, b] / pieces.sum())

    def gap(decay: float) -> float:
        prior = out[rows] * into[columns] * np.exp(-decay * (length - length.min()))
        flow = balance(rows, columns, prior, out, into).flow
        return float(flow @ length / flow.sum()) - wanted

    try:
        if gap(0.0) <= 0:
            return 0.0
        high = 0.01
        while gap(high) > 0:
            high *= 2
            if high > STEEPEST_PER_KM:
                return None
        return float(brentq(gap, 0.0, high, xtol=1e-9))
    except InfeasibleError:
        return None


def _profiles(counted: Counted) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Fitted profiles, and those of which some step was not seen."""
    days = counted.days.with_columns(m=pl.col("day").dt.month() - 1, w=pl.col("day").dt.weekday() - 1)
    number = np.zeros((12, 7))
    pieces = np.zeros((12, 7))
    np.add.at(number, (days["m"].to_numpy(), days["w"].to_numpy()), 1)
    np.add.at(pieces, (days["m"].to_numpy(), days["w"].to_numpy()), days["pieces"].to_numpy())
    month, weekday = _product(number, pieces)
    hour = np.zeros(24)
    hour[counted.hours["hour"].to_numpy()] = counted.hours["pieces"].to_numpy()
    seen = {
        "month": (month, 1, bool((number.sum(1) > 0).all())),
        "weekday": (weekday, 1, bool((number.sum(0) > 0).all())),
        "hour": (hour, 0, bool((hour > 0).sum() > 1)),  # dates without a time all fall on one hour
    }
    parts = [
        pl.DataFrame({"profile": name, "step": np.arange(first, first + w.size), "weight": w / w.mean()})
        for name, (w, first, whole) in seen.items()
        if whole
    ]
    schema = {"profile": pl.String, "step": pl.Int64, "weight": pl.Float64}
    made = pl.concat(parts) if parts else pl.DataFrame(schema=schema)
    marks = {"origin": pl.lit("derived"), "source": pl.lit(SOURCE)}
    return made.with_columns(**marks), tuple(name for name, (_, _, whole) in seen.items() if not whole)


def _product(number: NDArray[np.float64], pieces: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Month and weekday weights whose product, times the days seen, keeps the pieces of each month and weekday."""
    month, weekday = np.ones(12), np.ones(7)
    for _ in range(200):
        month = pieces.sum(1) / np.maximum(number @ weekday, 1e-300)
        weekday = pieces.sum(0) / np.maximum(month @ number, 1e-300)
    return month, weekday


def _weight_factor(network: Network, counted: Counted, flows: pl.DataFrame) -> float:
    """Mean weight counted over the mean the products give the same mix of flow classes."""
    n, mean_kg, _ = counted.weighed
    if n < FEWEST_PIECES:
        return 1.0
    mix = dict(flows.group_by("flow_class").agg(pl.col("pieces").sum()).iter_rows())
    products = network["products"]
    said = 0.0
    for name, pieces in mix.items():
        own = products.filter(flow_class="inter_province" if name == "inbound" else name)
        said += pieces * float(np.average(own["weight_mean_kg"].to_numpy(), weights=own["share"].to_numpy()))
    return mean_kg * float(sum(mix.values())) / said
