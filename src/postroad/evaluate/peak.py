"""The peak rehearsed by year: which hub is too small for which year's peak day, and what mends it (P13).

The plan proves 8.45 million pieces on its peak day of 2020 and sets no capacity for 2025. Every year's trunk says what
rate each hub needs on that year's peak day; held against its rate of the base year, it says when the hub breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from postroad.demand import demand
from postroad.design.lines.baseline import baseline
from postroad.errors import Stopped
from postroad.evaluate.ready import base_plants, opened
from postroad.parallel import Progress
from postroad.results import Result, Stamp
from postroad.travel.speeds import parameters

LINE, LINE_PRICE = "crossbelt_sorter_throughput", "crossbelt_sorter_capex"
"""Parameters: pieces an hour of one more sorting line, and its price in million yuan."""


def rehearse(
    province: str, years: Sequence[int], scenarios: Sequence[str], *,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Result:  # fmt: skip
    """Return ``years`` (pieces of the peak day, hubs that break, worst hub) and ``hubs`` (need against capacity).

    ``short`` is the factor by which a hub's sorting rate would have to grow; at most 1 where it suffices. ``lines`` are
    the sorting lines that it lacks and ``capital_yuan`` their price. ``Stopped`` when asked, between years.
    """
    network, _ = opened(province)
    told = parameters(network, [LINE, LINE_PRICE])
    line, price = told[LINE][0], told[LINE_PRICE][0] * 1e6
    held = base_plants(province).filter(kind="hub").select("place_id", pl.col("sort_rate_pieces_h").alias("rate"))
    total, rows, hubs = len(years) * len(scenarios), [], []
    for done, (scenario, year) in enumerate((s, y) for s in scenarios for y in years):
        if stop and stop():
            raise Stopped.of("errors.stopped", done=done, total=total)
        wanted = demand(network, year, scenario)
        needed = baseline(network, wanted)["hub_plants"].filter(kind="hub")
        both = held.join(needed.select("place_id", pl.col("sort_rate_pieces_h").alias("needed")), on="place_id")
        lacking = pl.max_horizontal(pl.lit(0.0), pl.col("needed") - pl.col("rate"))
        both = both.with_columns(short=pl.col("needed") / pl.col("rate"), lines=(lacking / line).ceil())
        both = both.with_columns(pl.col("lines").cast(pl.Int64), capital_yuan=pl.col("lines") * price)
        both = both.sort(["short", "place_id"], descending=[True, False])
        hubs.append(both.select(pl.lit(scenario).alias("scenario"), pl.lit(year).alias("year"), pl.all()))
        broken = both.filter(pl.col("short") > 1.0)
        rows.append(
            {"scenario": scenario, "year": year, "peak_pieces": wanted.pieces("peak"), "broken": broken.height,
             "worst_place_id": both["place_id"][0], "worst_short": float(both["short"][0]),
             "lines": int(both["lines"].sum()), "capital_yuan": float(both["capital_yuan"].sum())}
        )  # fmt: skip
        if progress:
            progress(Progress(done + 1, total))
    options = {"years": list(years), "scenarios": list(scenarios)}
    stamp = Stamp.now("peak", network.fingerprint, options)
    return Result(stamp, {"years": pl.DataFrame(rows), "hubs": pl.concat(hubs)})


def breaks(result: Result) -> dict[str, int | None]:
    """Return the first year in which some hub is too small, by scenario; ``None`` where none is."""
    found: dict[str, int | None] = {}
    for row in result["years"].sort("scenario", "year").iter_rows(named=True):
        first = found.setdefault(row["scenario"], None)
        if first is None and row["broken"]:
            found[row["scenario"]] = row["year"]
    return found
