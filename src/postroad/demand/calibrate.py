"""The calibration report: every control total against what the flows reproduce, and what the flows look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.demand.flows import straight_km
from postroad.demand.profile import PEAK
from postroad.demand.totals import parameter

if TYPE_CHECKING:
    from postroad.demand.flows import Demand

TOLERANCE = 1e-3
LENGTHS_KM = (0, 10, 25, 50, 100, 200, 400, 10_000)


def control_totals(made: Demand) -> pl.DataFrame:
    """Return one row per control total: total, wanted, reproduced, relative error, kept (within 0.1 %), origin."""
    flows, known = made.flows, made.totals
    rows: list[dict[str, Any]] = []

    def add(total: str, wanted: float, reproduced: float, origin: str) -> None:
        error = abs(reproduced / wanted - 1) if wanted else abs(reproduced)
        rows.append({"total": total, "wanted": wanted, "reproduced": reproduced, "relative_error": error,
                     "kept": error <= TOLERANCE, "origin": origin})  # fmt: skip

    for name, vector in known.sent.items():
        own = flows.filter(flow_class=name)
        add(f"sent/{name}", float(vector.sum()), float(own["pieces"].sum()), "derived")
        _sides(known.units, own, "origin_id", vector, f"sent/{name}", add)
    for name, vector in known.received.items():
        own = flows.filter(flow_class=name)
        add(f"received/{name}", float(vector.sum()), float(own["pieces"].sum()), "derived")
        _sides(known.units, own, "destination_id", vector, f"received/{name}", add)
    if made.year == 2020:
        _published(made, add)
    return pl.DataFrame(rows)


def _sides(units: pl.DataFrame, flows: pl.DataFrame, end: str, wanted: Any, label: str, add: Any) -> None:
    got = dict(flows.group_by(end).agg(pl.col("pieces").sum()).iter_rows())
    for place, value in zip(units["place_id"], wanted, strict=True):
        if value > 0:
            add(f"{label}/{place}", float(value), float(got.get(place, 0.0)), "derived")


def _published(made: Demand, add: Any) -> None:
    """The published numbers themselves: volume sent, shares of classes, the capital's share, the ratio, the peak."""
    flows, units = made.flows, made.totals.units
    leaving = flows.filter(pl.col("flow_class") != "inbound")
    sent = float(leaving["pieces"].sum())
    arriving = pl.col("flow_class").is_in(["same_city", "intra_province", "inbound"])
    received = float(flows.filter(arriving)["pieces"].sum())
    add("published/express_volume", made.totals.known["base_sent"], sent, "observed")
    by_class = dict(leaving.group_by("flow_class").agg(pl.col("pieces").sum()).iter_rows())
    same, inter, abroad = (parameter(made.network, end)[0] for end in ("share_same_city$", "share_inter_city$",
                                                                       "share_international_hmt$"))  # fmt: skip
    scale = (same + inter + abroad) / 100
    inter_city = by_class["intra_province"] + by_class["inter_province"]
    add("published/share_same_city", same / scale, 100 * by_class["same_city"] / sent, "derived")
    add("published/share_inter_city", inter / scale, 100 * inter_city / sent, "derived")
    add("published/share_international", abroad / scale, 100 * by_class["international"] / sent, "derived")
    add("published/delivered_over_sent", made.totals.known["ratio"], received / sent, "derived")
    capital = min(units["prefecture_id"])
    own = units.filter(prefecture_id=capital)["place_id"]
    share = float(leaving.filter(pl.col("origin_id").is_in(own.implode()))["pieces"].sum()) / sent
    wanted = parameter(made.network, "^[a-z]+_share_of_[a-z]+_sent_volume$")[0]
    add("published/capital_share_of_sent", wanted, 100 * share, "observed")
    peak = made.network["statistics"].filter(indicator="peak_day_handling", period="2020")
    peak = peak.filter(pl.col("region_id") != "000000")
    add("published/peak_day", float(peak["value"][0]) * 1e4, float(made.pieces(PEAK)), "observed")


def imbalance(made: Demand) -> pl.DataFrame:
    """Return, by prefecture, pieces sent and received, their ratio, and an index from -1 (only sends) to 1."""
    units = made.totals.units.select("place_id", "prefecture_id")
    names = made.network["places"].select(prefecture_id="place_id", name_zh="name_zh", pinyin="pinyin")
    sides = {}
    for end, side in (("origin_id", "sent_pieces"), ("destination_id", "received_pieces")):
        joined = made.flows.join(units, left_on=end, right_on="place_id")
        sides[side] = joined.group_by("prefecture_id").agg(pl.col("pieces").sum().alias(side))
    both = sides["sent_pieces"].join(sides["received_pieces"], on="prefecture_id").join(names, on="prefecture_id")
    sent, received = pl.col("sent_pieces"), pl.col("received_pieces")
    return both.with_columns(received_over_sent=received / sent, imbalance=(received - sent) / (received + sent)).sort(
        "prefecture_id"
    )


def trip_lengths(made: Demand) -> pl.DataFrame:
    """Return pieces inside the province by length of trip: from_km, to_km, pieces, share."""
    units = made.totals.units
    km = straight_km(units)
    number = {place: k for k, place in enumerate(units["place_id"])}
    inside = made.flows.filter(pl.col("flow_class").is_in(["same_city", "intra_province"]))
    a = np.array([number[p] for p in inside["origin_id"]])
    b = np.array([number[p] for p in inside["destination_id"]])
    counts, _ = np.histogram(km[a, b], bins=LENGTHS_KM, weights=inside["pieces"].to_numpy())
    frame = {"from_km": LENGTHS_KM[:-1], "to_km": LENGTHS_KM[1:], "pieces": counts, "share": counts / counts.sum()}
    return pl.DataFrame(frame)
