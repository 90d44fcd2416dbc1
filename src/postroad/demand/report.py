"""The calibration report as Markdown: what was to be reproduced, what was, and what is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.demand.calibrate import control_totals, imbalance, trip_lengths
from postroad.language import Language, current, say

if TYPE_CHECKING:
    from postroad.demand.flows import Demand


def report(made: Demand, spoken: Language | None = None) -> str:
    """Return the report in a language."""
    spoken = spoken or current()
    totals = control_totals(made)
    kept = say("demand.yes" if totals["kept"].all() else "demand.no", spoken)
    worst = f"{float(max(totals['relative_error'].to_list())):.1e}"
    facts = {"year": made.year, "scenario": made.scenario, "seed": made.seed}
    published = totals.filter(pl.col("total").str.starts_with("published/"))
    name = "name_zh" if spoken == "zh" else "pinyin"
    balance = imbalance(made).select(name, "sent_pieces", "received_pieces", "received_over_sent", "imbalance")
    parts = [
        "# " + say("demand.report_title", spoken, **facts),
        say("demand.report_kept", spoken, count=totals.height, kept=kept, worst=worst),
        say("demand.report_assumed", spoken, year=2024),
        "## " + say("demand.report_totals", spoken),
        _table(published),
        "## " + say("demand.report_imbalance", spoken),
        _table(balance),
        "## " + say("demand.report_lengths", spoken),
        _table(trip_lengths(made)),
    ]
    return "\n\n".join(parts) + "\n"


def _table(frame: pl.DataFrame) -> str:
    head = "| " + " | ".join(frame.columns) + " |\n|" + "---|" * frame.width
    return "\n".join([head, *("| " + " | ".join(_cell(value) for value in row) + " |" for row in frame.iter_rows())])


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)
