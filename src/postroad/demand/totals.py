"""Control totals: how much each county or zone sends and receives in a year, by class of flow.

Sent pieces follow the published share of the capital's prefecture and, elsewhere, urban and rural people; received
pieces follow people with urban ones weighted by their demand. The province receives several times what it sends (P31):
the ratio is kept as the interval of its parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.errors import DataError, InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.network import Network

CLASSES = ("same_city", "intra_province", "inter_province", "international", "inbound")
"""Flow classes: within a prefecture, between prefectures, out of the province, abroad, and into the province."""

RURAL_SENDING, RURAL_RECEIVING = 0.25, 0.55
"""What a rural resident sends and receives against an urban one; assumed."""
INTRA_OF_INTER_CITY = 0.20
"""Share of inter-city pieces that stay in the province; assumed."""
WAN = 1e4


@dataclass(frozen=True)
class Totals:
    """Yearly control totals, one entry for each unit (county or zone), and the sums they must keep.

    ``sent[c]`` and ``received[c]`` are pieces by class; classes that leave or enter the province have one side only.
    """

    units: pl.DataFrame
    sent: dict[str, NDArray[np.float64]]
    received: dict[str, NDArray[np.float64]]
    year: int
    known: dict[str, float]


def parameter(network: Network, ending: str) -> tuple[float, float, float]:
    """Return value, low and high of the parameter whose name ends so; ``DataError`` when there is not exactly one."""
    found = network["parameters"].filter(pl.col("parameter").str.contains(ending))
    if found.height != 1:
        raise DataError.of("demand.no_parameter", table="parameters", column="parameter", value=ending,
                           found=found.height)  # fmt: skip
    row = found.row(0, named=True)
    value = row["value"]
    return value, row["low"] if row["low"] is not None else value, row["high"] if row["high"] is not None else value


def units(network: Network) -> pl.DataFrame:
    """Return the counties and zones that have people: id, name, prefecture, lon, lat, urban and rural people."""
    places = network["places"].filter(level="county")
    people = network["populations"].sort("period").unique("place_id", keep="last")
    joined = places.join(people, on="place_id").filter(pl.col("population_persons") > 0).sort("place_id")
    return joined.select(
        "place_id", "name_zh", "lon", "lat", "urban_persons", "rural_persons", prefecture_id="parent_id"
    )


def totals(network: Network, year: int = 2020, scenario: str = "base", ratio: float | None = None) -> Totals:
    """Return the control totals of a year; ``ratio`` of delivered to sent pieces, by default the parameter's value.

    ``DataError`` for an unknown scenario or year, or a pack without the base statistics; ``InfeasibleError`` when the
    totals contradict each other, naming both and the gap.
    """
    base = _base_volume(network)
    value, low, high = parameter(network, "^delivered_to_sent_ratio_[a-z]+_20")
    ratio = value if ratio is None else ratio
    if not low <= ratio <= high:
        raise InfeasibleError.of("demand.ratio_outside", value=ratio, low=low, high=high)
    same, inter, abroad = (parameter(network, end)[0] / 100 for end in ("share_same_city$", "share_inter_city$",
                                                                        "share_international_hmt$"))  # fmt: skip
    scale = same + inter + abroad
    if abs(scale - 1) > 0.01:
        raise InfeasibleError.of("demand.shares_do_not_sum", total=round(100 * scale, 3))
    share = {
        "same_city": same / scale,
        "intra_province": inter / scale * INTRA_OF_INTER_CITY,
        "inter_province": inter / scale * (1 - INTRA_OF_INTER_CITY),
        "international": abroad / scale,
    }
    inside = share["same_city"] + share["intra_province"]
    if ratio <= inside:
        raise InfeasibleError.of("demand.received_below_inside", received=ratio, inside=round(inside, 4))
    growth = multiples(network, scenario, year)
    table = units(network)
    out, into = _sending(network, table), _receiving(table)
    sent = {name: base * part * growth[name] * out for name, part in share.items()}
    received = {
        "same_city": _within(table, sent["same_city"], into),
        "intra_province": sent["intra_province"].sum() * into,
        "inbound": base * (ratio - inside) * growth["inbound"] * into,
    }
    known = {"base_sent": base, "ratio": ratio, **{f"share_{k}": v for k, v in share.items()}}
    return Totals(table, sent, received, year, known)


def multiples(network: Network, scenario: str, year: int) -> dict[str, float]:
    """Return each class's multiple of 2020 in a year under a scenario; ``DataError`` lists what there is instead."""
    table = network["growth_scenarios"]
    rows = table.filter(scenario=scenario, year=year)
    found = dict(rows["flow_class", "multiple"].iter_rows())
    missing = [name for name in CLASSES if name not in found]
    if missing:
        told = {"known": ", ".join(sorted(set(table["scenario"]))), "years": _span(table["year"].to_list())}
        raise DataError.of("demand.no_scenario", table="growth_scenarios", value=scenario, year=year, **told)
    return found


def _span(years: list[int]) -> str:
    return f"{min(years)}-{max(years)}" if years else "-"


def _base_volume(network: Network) -> float:
    rows = network["statistics"].filter(indicator="express_volume", period="2020", region_id=_province(network))
    if not rows.height:
        raise DataError.of("demand.no_base", table="statistics", column="indicator", value="express_volume 2020")
    return float(rows.sort("known_on")["value"][-1]) * WAN


def _province(network: Network) -> str:
    return str(network["places"].filter(level="province")["place_id"][0])


def _sending(network: Network, table: pl.DataFrame) -> NDArray[np.float64]:
    """Shares of sent pieces: the capital's prefecture by its published share, the rest by people."""
    people = (table["urban_persons"] + RURAL_SENDING * table["rural_persons"]).to_numpy().astype(float)
    prefecture = table["prefecture_id"].to_numpy()
    capital = min(prefecture)
    share = parameter(network, "^[a-z]+_share_of_[a-z]+_sent_volume$")[0] / 100
    own = prefecture == capital
    weights = np.where(own, people / people[own].sum() * share, people / people[~own].sum() * (1 - share))
    return np.asarray(weights / weights.sum())


def _receiving(table: pl.DataFrame) -> NDArray[np.float64]:
    people = (table["urban_persons"] + RURAL_RECEIVING * table["rural_persons"]).to_numpy().astype(float)
    return np.asarray(people / people.sum())


def _within(table: pl.DataFrame, sent: NDArray[np.float64], into: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pieces within a prefecture are received where people live in it, as many as are sent in it."""
    received = np.zeros_like(sent)
    prefectures = table["prefecture_id"].to_numpy()
    for prefecture in np.unique(prefectures):
        own = prefectures == prefecture
        received[own] = sent[own].sum() * into[own] / into[own].sum()
    return received
