"""What mends a year's peak day: bundles of levers as the plan has them, and as large as they would have to be (P13).

A lever may also raise what a hub needs (quicker waves are narrower), so every bundle has its trunk laid out anew. The
trunk does not depend on the plants, so that the least size of a lever follows from the need without another search.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import Stopped
from postroad.evaluate.case import Choice, Question
from postroad.evaluate.costs import costs_of
from postroad.evaluate.peak import LINE, LINE_PRICE
from postroad.evaluate.ready import kept_plants, opened, sized
from postroad.measure.evaluation import LIFE_YEARS
from postroad.parallel import Progress
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from postroad.plan.levers import Lever

MOST_IN_ALL_BUNDLES = 4
"""Of more levers only singles, pairs and all together are tried."""
STEP = 0.01
"""Sizes are rounded up to this."""
ENOUGH = 1.0 + 1e-9
UPKEEP = 0.05
"""Yearly upkeep of a sorting line, as a share of its price; assumed, as in the levers."""


def mends(
    province: str, scenario: str, year: int, levers: Sequence[str], *,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Return what bundles leave too small on a year's peak day and what they cost a year, the cheapest mend first.

    Each bundle stands there as the plan sizes it, with as many sorting lines bought beside it as its hubs then lack
    (``sizes`` says ``lines``), and, where it has levers with a size, with the least sizes that leave no hub too small.
    ``mends`` marks those that do. ``Stopped`` when asked, between bundles.
    """
    chosen, day = opened(province)[1].choose(levers), dt.date(year, 12, 31)
    asked = Question(province=province, year=year, scenario=scenario)
    rows: list[dict[str, Any]] = []
    bundles = list(_bundles(chosen))
    for done, bundle in enumerate(bundles):
        if stop and stop():
            raise Stopped.of("errors.stopped", done=done, total=len(bundles))
        _, trunk, _ = sized(province, bundle, year, scenario, day)
        needed = trunk["hub_plants"].filter(kind="hub").select("place_id", needed="sort_rate_pieces_h")
        plain = _row(asked, bundle, needed, day, {})
        rows.append(plain)
        if not plain["mends"]:
            rows.append(_with_lines(plain, bundle, needed, day, province))
        sizes = _least(province, bundle, needed, day)
        if sizes:
            rows.append(_row(asked, bundle, needed, day, sizes))
        if progress:
            progress(Progress(done + 1, len(bundles)))
    found = pl.DataFrame(rows, schema=SCHEMA)
    order = ["mends", "cost_yuan", "worst_short", "levers", "sizes"]
    return found.sort(order, descending=[True, False, False, False, False])


SCHEMA = {"levers": pl.String, "sizes": pl.String, "mends": pl.Boolean, "broken": pl.Int64,
          "worst_place_id": pl.String, "worst_short": pl.Float64, "cost_yuan": pl.Float64}  # fmt: skip


def _bundles(chosen: Sequence[Lever]) -> Iterator[tuple[Lever, ...]]:
    counts = range(len(chosen) + 1) if len(chosen) <= MOST_IN_ALL_BUNDLES else (0, 1, 2, len(chosen))
    return chain.from_iterable(combinations(chosen, count) for count in counts)


def _row(
    asked: Question, bundle: Sequence[Lever], needed: pl.DataFrame, day: dt.date, sizes: dict[str, float]
) -> dict[str, Any]:
    held = [_of_size(lever, sizes) for lever in bundle]
    both = _rates(asked.province, held, day).join(needed, on="place_id")
    both = both.with_columns(short=pl.col("needed") / pl.col("rate"))
    worst = both.sort(["short", "place_id"], descending=[True, False]).row(0, named=True)
    broken = both.filter(pl.col("short") > ENOUGH).height
    choices = [Choice(one.id, ((one.size, sizes[one.id]),) if one.id in sizes else ()) for one in bundle]
    return {"levers": "+".join(lever.id for lever in bundle),
            "sizes": ", ".join(f"{one.id}.{one.size}={sizes[one.id]:g}" for one in bundle if one.id in sizes),
            "mends": broken == 0, "broken": broken, "worst_place_id": worst["place_id"],
            "worst_short": worst["short"], "cost_yuan": math.fsum(costs_of(asked, choices).values())}  # fmt: skip


def _with_lines(
    row: Mapping[str, Any], bundle: Sequence[Lever], needed: pl.DataFrame, day: dt.date, province: str
) -> dict[str, Any]:
    """The bundle with the sorting lines that its hubs lack, bought one by one at the published price."""
    told = parameters(opened(province)[0], [LINE, LINE_PRICE])
    line, price = told[LINE][0], told[LINE_PRICE][0] * 1e6
    both = _rates(province, bundle, day).join(needed, on="place_id")
    both = both.with_columns(lines=((pl.col("needed") - pl.col("rate")) / line - 1e-9).ceil().clip(lower_bound=0.0))
    lines, grown = float(both["lines"].sum()), both["rate"] + line * both["lines"]
    short = both.with_columns(short=both["needed"] / grown).sort(["short", "place_id"], descending=[True, False])
    return {**row, "sizes": f"lines={lines:.0f}", "mends": True, "broken": 0, "worst_place_id": short["place_id"][0],
            "worst_short": float(short["short"][0]),
            "cost_yuan": row["cost_yuan"] + lines * price * (1 / LIFE_YEARS + UPKEEP)}  # fmt: skip


def _of_size(lever: Lever, sizes: dict[str, float]) -> Lever:
    return lever.with_(**{lever.size: sizes[lever.id]}) if lever.id in sizes else lever


def _rates(province: str, bundle: Sequence[Lever], day: dt.date) -> pl.DataFrame:
    plants = kept_plants(province, bundle, day).filter(kind="hub")
    return plants.select("place_id", rate="sort_rate_pieces_h")


def _least(province: str, bundle: Sequence[Lever], needed: pl.DataFrame, day: dt.date) -> dict[str, float]:
    """The least size of every lever with a size that raises hubs; hubs grow in proportion to it."""
    sizes: dict[str, float] = {}
    for lever in (one for one in bundle if one.size):
        none, whole = lever.size_none or 0.0, float(lever.parameters[lever.size])
        others = [_of_size(one, sizes) for one in bundle if one is not lever]
        without = _rates(province, [*others, lever.with_(**{lever.size: none})], day)
        grown = _rates(province, [*others, lever], day).rename({"rate": "grown"})
        own = without.join(grown, on="place_id").join(needed, on="place_id").filter(pl.col("grown") > pl.col("rate"))
        if own.height:
            share = (pl.col("needed") - pl.col("rate")) / (pl.col("grown") - pl.col("rate"))
            most = max(0.0, float(own.select(share.max()).item()))
            sizes[lever.id] = round(STEP * math.ceil((none + most * (whole - none)) / STEP - 1e-6), 2)
    return sizes
