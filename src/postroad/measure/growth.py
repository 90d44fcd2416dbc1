"""Volume, price and revenue to the plan's end, drawn together (P46 P47): how likely growth and doubling are, and both.

Revenue is volume times the price of a piece, plus revenue other than express. Each of the three has a damped trend of
its own (``measure.forecast``); their errors are redrawn by the same luck, so that years in which volume rose and prices
fell stay whole. Volumes of a wider scope are brought back to the plan's by the break published nationally. Where a
province's own years are too few, what would follow if it had moved as the nation did is told instead, as two marks and
no probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.measure.forecast import FEWEST, forecast
from postroad.measure.scopes import NATION, scope_breaks

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from postroad.network import Network
    from postroad.plan.plan import Plan

OLD = "postal_2020"
PIECES_PER_YI_YUAN = 1e4
"""Wan pieces times yuan a piece over this is yi (10^8) yuan."""
PRODUCTS = ("express_volume_same_city", "express_volume_inter_city", "express_volume_intl_hmt")
PRICES = tuple(range(-10, 11, 2))
"""Yearly changes of price, in per cent, for which the frontier is told."""


@dataclass(frozen=True)
class Joint:
    """What the years known on a day say of the plan's end.

    ``years`` are those with volume, express and total revenue; chances are shares of draws that reach the plan's value
    in its last year. ``frontier`` gives, for a yearly change of price (%), the yearly growth of volume (%) that meets
    both aims; ``products`` how many years of each product the province and the nation have published.
    """

    years: tuple[int, ...]
    end: int
    volume_aim: float
    revenue_aim: float
    volume: tuple[float, float, float]
    price: tuple[float, float, float]
    revenue: tuple[float, float, float]
    grows: float
    doubles: float
    both: float
    frontier: tuple[tuple[float, float], ...]
    products: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class AsNation:
    """A year's value had the province moved as the nation did, had it kept its pace beside it, and on the path."""

    indicator: str
    year: int
    with_nation: float
    with_pace: float
    on_path: float


def joint(network: Network, plan: Plan, as_of: dt.date, seed: int = 0) -> Joint | None:
    """Return volume, price and revenue at the plan's end drawn together, or ``None`` with fewer than five years."""
    aims = [_aim(plan, name) for name in ("express_volume", "postal_revenue")]
    years, (volume, express, total) = _own(network, plan.place_id, as_of)
    if None in aims or len(years) < FEWEST or years[-1] >= plan.end:
        return None
    volume_aim, revenue_aim = (float(aim or 0.0) for aim in aims)
    price, other = express / volume * PIECES_PER_YI_YUAN, total - express
    paths = []
    for series in (volume, price, other):
        # The same name is the same luck: errors of one year are drawn for all three together.
        fan = forecast(years, series.tolist(), plan.end, seed=seed, logarithmic=True, name="volume-price-other")
        if fan is None:
            return None
        paths.append(fan.draws[:, fan.years.index(plan.end)])
    pieces, yuan, rest = paths
    revenue = pieces * yuan / PIECES_PER_YI_YUAN + rest
    grows, doubles = pieces >= volume_aim, revenue >= revenue_aim
    now = (float(volume[-1]), float(price[-1]), float(other[-1]), float(np.median(rest)))
    return Joint(
        tuple(years), plan.end, volume_aim, revenue_aim, _spread(pieces), _spread(yuan), _spread(revenue),
        float(grows.mean()), float(doubles.mean()), float((grows & doubles).mean()),
        _frontier(now, (volume_aim, revenue_aim), plan.end - years[-1]), _products(network, plan.place_id, as_of),
    )  # fmt: skip


def _frontier(
    now: tuple[float, float, float, float], aims: tuple[float, float], years: int
) -> tuple[tuple[float, float], ...]:
    """Growth that meets both aims at each change of price, with the rest of revenue at its median."""
    volume, price, _, rest = now
    found = []
    for change in PRICES:
        then = price * (1 + change / 100) ** years
        needed = max(aims[0], (aims[1] - rest) * PIECES_PER_YI_YUAN / then)
        found.append((float(change), 100 * ((needed / volume) ** (1 / years) - 1)))
    return tuple(found)


def as_nation(network: Network, plan: Plan, as_of: dt.date) -> list[AsNation]:
    """Return, for volume and revenue, the latest year the nation has published and the province had not on a day.

    Both reckon from the province's latest year; its pace is its growth beside the nation's over the last years before
    that both have published.
    """
    found = []
    for name in ("express_volume", "postal_revenue"):
        aim = _aim(plan, name)
        home, nation = (_yearly(network, region, name, as_of) for region in (plan.place_id, NATION))
        shared = sorted(set(home) & set(nation))
        later = [year for year in nation if home and year > max(home)]
        if aim is None or plan.start not in home or len(shared) < 2 or shared[-1] != max(home) or not later:
            continue
        (before, base), year = shared[-2:], max(later)
        alike = home[base] * nation[year] / nation[base]
        pace = (home[base] / home[before]) / (nation[base] / nation[before])
        kept = alike * pace ** ((year - base) / (base - before))
        start = home[plan.start]
        on_path = start * (aim / start) ** ((year - plan.start) / (plan.end - plan.start))
        found.append(AsNation(name, year, alike, kept, on_path))
    return found


def _own(network: Network, region: str, as_of: dt.date) -> tuple[list[int], list[NDArray[np.float64]]]:
    """Years with volume, express revenue and total revenue, and the three series."""
    held = [_yearly(network, region, name, as_of) for name in ("express_volume", "express_revenue", "postal_revenue")]
    years = sorted(set(held[0]) & set(held[1]) & set(held[2]))
    return years, [np.array([part[year] for year in years]) for part in held]


def _yearly(network: Network, region: str, name: str, as_of: dt.date) -> dict[int, float]:
    """The latest value known of each year, in the plan's scope: wider ones brought back by the national break."""
    rows = network["statistics"].filter(
        pl.col("known_on") <= as_of, pl.col("period").str.contains(r"^\d{4}$"), region_id=region, indicator=name
    )
    breaks = scope_breaks(network, as_of).get(name, {})
    found: dict[int, float] = {}
    for row in rows.sort("known_on").iter_rows(named=True):
        wider = row["scope"] not in (OLD, "standard")
        if wider and (OLD, row["scope"]) not in breaks:
            continue
        # A figure in the plan's own scope stands, whatever is published later in a wider one.
        if not wider or int(row["period"]) not in found:
            found[int(row["period"])] = row["value"] / (breaks[OLD, row["scope"]] if wider else 1.0)
    return found


def _products(network: Network, region: str, as_of: dt.date) -> dict[str, tuple[int, int]]:
    return {name: (len(_yearly(network, region, name, as_of)), len(_yearly(network, NATION, name, as_of)))
            for name in PRODUCTS}  # fmt: skip


def _spread(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Low, median and high of four in five draws."""
    low, median, high = np.quantile(values, [0.1, 0.5, 0.9])
    return float(low), float(median), float(high)


def _aim(plan: Plan, name: str) -> float | None:
    return next((target.value for target in plan.targets if target.indicator == name), None)
