"""What a report holds: the scorecard, the figure ledger, coverage by county and the outlines, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.face.report.map import outlines_of
from postroad.measure.coverage import village_coverage
from postroad.plan.figures import printed_ledger

if TYPE_CHECKING:
    from postroad.measure.scorecard import Scorecard
    from postroad.network import Network


@dataclass(frozen=True)
class Contents:
    """Plain values for a page or a workbook; nothing in it needs the network any more."""

    card: dict[str, Any]
    ledger: dict[str, Any] | None
    coverage: pl.DataFrame
    outlines: dict[str, Any] | None
    tables: pl.DataFrame
    sources: list[dict[str, Any]]


def contents(network: Network, card: Scorecard) -> Contents:
    """Return what the reports of a scorecard hold; ledger and outlines only where the pack has them."""
    outlines, file = outlines_of(network), network.beside("figures.toml")
    ledger = printed_ledger(file, _population(network)).to_dict() if file else None
    used = sorted({source for table in network.tables for source in network[table]["source"].unique().to_list()})
    known = network["sources"].filter(pl.col("source_id").is_in(used)).sort("source_id")
    return Contents(
        card.to_dict(),
        ledger,
        village_coverage(network, card.as_of),
        outlines,
        network.describe().filter(pl.col("rows") > 0),
        known.select("source_id", "title", "version", "licence", "digest", "note").to_dicts(),
    )


def _population(network: Network) -> float | None:
    top = network["places"].filter(level="province")["place_id"]
    people = network["populations"].filter(pl.col("place_id").is_in(top.implode())).sort("period")
    return float(people["population_persons"][-1]) if people.height else None
