"""Tables of ``postroad effect`` on the terminal: shares, interactions, years, and the cheapest bundle."""

from __future__ import annotations

from typing import Any

import polars as pl
from rich.table import Table

from postroad.face.cli.display import out
from postroad.face.report.effect import beyond, chosen_bundle, measure_title
from postroad.language import current, say

WAN = 1e4
LEAST = 0.01
"""Interactions below this part of what the bundle does are left to the file."""
TOLD = 12
"""So many of the strongest interactions are shown; all of them are in the file."""


def _table(*columns: str, left: tuple[str, ...] = ()) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    for key in columns:
        table.add_column(say(f"effect.{key}"), justify="left" if key in left else "right")
    return table


def shares(made: Any) -> None:
    """Show what each lever buys, measure by measure, the best first; levers that do not move it are named together."""
    moved = made["shares"].filter(pl.col("share").abs().max().over("measure") > 1e-9)
    table = _table("measure", "before", "after", "lever", "share", "price", left=("measure", "lever"))
    for (name,), group in moved.group_by(["measure"], maintain_order=True):
        rows = group.filter(pl.col("share").abs() > 1e-12).sort("gain", descending=True).to_dicts()
        for k, row in enumerate(rows):
            head = (
                (measure_title(str(name), current()), f"{row['before']:.4g}", f"{row['after']:.4g}")
                if k == 0
                else ("", "", "")
            )
            price = f"{row['yuan_per_unit'] / WAN:,.1f}" if row["yuan_per_unit"] is not None else "–"
            table.add_row(*head, row["lever"], f"{row['share']:+.3g} ± {row['half_width']:.2g}", price)
        table.add_section()
    out.print(table)


def interactions(made: Any) -> None:
    """Show the pairs that help or double each other most, against what the bundle does."""
    if "interactions" not in made.tables:
        return
    whole = made["shares"].group_by("measure").agg(whole=(pl.col("after") - pl.col("before")).abs().first())
    rows = (
        made["interactions"]
        .join(whole, on="measure")
        .filter(pl.col("together").abs() > 1e-9)
        .with_columns(part=pl.col("together").abs() / pl.col("whole"))
        .filter(pl.col("part").is_finite() & (pl.col("part") > LEAST))
        .sort("part", "measure", "one", "other", descending=[True, False, False, False])
        .head(TOLD)
    )
    if not rows.height:
        return
    table = _table("measure", "one", "other", "together", left=("measure", "one", "other"))
    for row in rows.iter_rows(named=True):
        table.add_row(measure_title(row["measure"], current()), row["one"], row["other"], f"{row['together']:+.3g}")
    out.print(table)


def cheapest(made: Any) -> None:
    """Show the cheapest bundle that meets the aims, and for each aim beyond reach its price."""
    table = _table("measure", "before", "aim", "with_cheapest", "met", "price_all", left=("measure", "met"))
    for row in made["cheapest"].iter_rows(named=True):
        price = f"{row['price_yuan'] / WAN:,.0f}" if row["price_yuan"] is not None else "–"
        met = say("effect.yes" if row["met"] else "effect.no")
        table.add_row(measure_title(row["measure"], current()), f"{row['before']:.4g}", f"{row['aim']:.4g}",
                      f"{row['value']:.4g}", met, price)  # fmt: skip
    out.print(table)
    out.print(chosen_bundle(made, current()), soft_wrap=True)
    for line in beyond(made, current()):
        out.print(line, soft_wrap=True)


def years(made: Any) -> None:
    """Show the shares of each lever year by year."""
    moved = made["shares"].filter(pl.col("share").abs().max().over("measure") > 1e-9)
    names = moved["year"].unique().sort().to_list()
    table = _table("measure", "lever", left=("measure", "lever"))
    for year in names:
        table.add_column(str(year), justify="right")
    for (name, lever), group in moved.group_by(["measure", "lever"], maintain_order=True):
        by = {row["year"]: f"{row['share']:+.3g} ± {row['half_width']:.2g}" for row in group.iter_rows(named=True)}
        table.add_row(measure_title(str(name), current()), str(lever), *(by.get(year, "–") for year in names))
    out.print(table)
