"""The peak rehearsed by year: which hub is too small for which year's peak day, and what mends it (P13).

The plan proves 8.45 million pieces on its peak day of 2020 and sets no capacity for 2025. Every year's trunk says what
rate each hub needs on that year's peak day; held against its rate of the base year, it says when the hub breaks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from postroad.demand import demand
from postroad.design.lines import baseline
from postroad.errors import Stopped
from postroad.evaluate.case import Choice, Question
from postroad.evaluate.costs import costs_of
from postroad.evaluate.ready import base_plants, opened, prepared
from postroad.parallel import Progress
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from postroad.plan.levers import Lever

FULL = 1.0 + 1e-9
"""A hub is too small when it needs more than so many times its rate."""


def rehearse(
    province: str, years: Sequence[int], scenarios: Sequence[str], *,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Result:  # fmt: skip
    """Return ``years`` (pieces of the peak day, hubs that break, worst hub) and ``hubs`` (need against capacity).

    ``short`` is the factor by which a hub's sorting rate would have to grow; at most 1 where it suffices. ``Stopped``
    when asked, between years.
    """
    network, _ = opened(province)
    held = base_plants(province).filter(kind="hub").select("place_id", pl.col("sort_rate_pieces_h").alias("rate"))
    total, rows, hubs = len(years) * len(scenarios), [], []
    for done, (scenario, year) in enumerate((s, y) for s in scenarios for y in years):
        if stop and stop():
            raise Stopped.of("errors.stopped", done=done, total=total)
        wanted = demand(network, year, scenario)
        needed = baseline(network, wanted)["hub_plants"].filter(kind="hub")
        both = held.join(needed.select("place_id", pl.col("sort_rate_pieces_h").alias("needed")), on="place_id")
        both = both.with_columns((pl.col("needed") / pl.col("rate")).alias("short"))
        both = both.sort(["short", "place_id"], descending=[True, False])
        hubs.append(both.select(pl.lit(scenario).alias("scenario"), pl.lit(year).alias("year"), pl.all()))
        broken = both.filter(pl.col("short") > 1.0)
        rows.append(
            {"scenario": scenario, "year": year, "peak_pieces": wanted.pieces("peak"), "broken": broken.height,
             "worst_place_id": both["place_id"][0], "worst_short": float(both["short"][0])}
        )  # fmt: skip
        if progress:
            progress(Progress(done + 1, total))
    options = {"years": list(years), "scenarios": list(scenarios)}
    stamp = Stamp.now("peak", network.fingerprint, options)
    return Result(stamp, {"years": pl.DataFrame(rows), "hubs": pl.concat(hubs)})


def mended(province: str, scenario: str, year: int, levers: Sequence[str]) -> pl.DataFrame:
    """Return, for each lever alone and all together, which hubs stay too small on a year's peak day, and at what cost.

    Plants are those of the base year with the lever in them; a lever that opens hubs has the trunk laid out anew, and
    what passes through the other hubs then changes too.
    """
    _, held = opened(province)
    chosen = list(held.choose(levers))
    bundles = [(lever.id, [lever]) for lever in chosen]
    bundles = [("", []), *bundles, *([("+".join(levers), chosen)] if len(chosen) > 1 else [])]
    rows = []
    for name, bundle in bundles:
        both = strained(province, scenario, year, bundle)
        asked = Question(province=province, year=year, scenario=scenario)
        cost = math.fsum(costs_of(asked, [Choice(lever.id) for lever in bundle]).values())
        broken = both.filter(pl.col("short") > FULL).height
        rows.append({"levers": name, "broken": broken, "worst_place_id": both["place_id"][0],
                     "worst_short": float(both["short"][0]), "cost_yuan": cost})  # fmt: skip
    return pl.DataFrame(rows)


def strained(province: str, scenario: str, year: int, bundle: Sequence[Lever]) -> pl.DataFrame:
    """Return each hub's rate with some levers, the rate a year's peak day needs, and ``short``, tightest first."""
    network, wanted = prepared(province, bundle, year, scenario)
    rate = network["hub_plants"].filter(kind="hub").select("place_id", pl.col("sort_rate_pieces_h").alias("rate"))
    needed = baseline(network, wanted)["hub_plants"].filter(kind="hub")
    both = rate.join(needed.select("place_id", pl.col("sort_rate_pieces_h").alias("needed")), on="place_id")
    both = both.with_columns((pl.col("needed") / pl.col("rate")).alias("short"))
    return both.sort(["short", "place_id"], descending=[True, False])


def breaks(result: Result) -> dict[str, int | None]:
    """Return the first year in which some hub is too small, by scenario; ``None`` where none is."""
    found: dict[str, int | None] = {}
    for row in result["years"].sort("scenario", "year").iter_rows(named=True):
        first = found.setdefault(row["scenario"], None)
        if first is None and row["broken"]:
            found[row["scenario"]] = row["year"]
    return found
