"""``postroad ledger quarantine`` and what the other questions write as files: rows one by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from postroad.face.cli.ledger_proof import FOLDER, JSON, mark

if TYPE_CHECKING:
    import polars as pl

    from postroad.supervise.ledger.claims import Claims

COLUMNS = ("file", "line", "column", "reason", "shape", "known_at")


def quarantine(
    file: str = typer.Option("", "--file", help="文件名 of this file only"),
    to: Path | None = typer.Option(None, "--out", help=".csv"),
    most: int = typer.Option(50, "--most", min=0, help="显示行数 rows shown"),
    ledger: Path = FOLDER,
    json_: bool = JSON,
) -> None:
    """隔离 Rows set aside: file, line, column, reason, and the shape of the cell; the operator has the rest."""
    import polars as pl
    from rich.table import Table

    from postroad.errors import UsageError
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.supervise.ledger import Ledger
    from postroad.supervise.ledger import quarantine as set_aside

    held = Ledger.open(ledger)
    rows = set_aside(ledger).select(COLUMNS).sort("known_at", "file", "line", maintain_order=True)
    if file:
        if file not in {entry["source"]["name"] for entry in held.entries("file")}:
            raise UsageError.of("ledger.not_taken_in", file=file)
        rows = rows.filter(pl.col("file") == file)
    if to:
        written(rows.with_columns(pl.lit(held.origin).alias("origin")), to)
    if json_:
        print_json({"origin": held.origin, "rows": rows.height, "quarantine": rows.to_dicts()})
        return
    mark(held.origin)
    table = Table(pad_edge=False, header_style="bold", padding=0)
    for name in COLUMNS:
        table.add_column(say(f"ledger.aside_{name}"), overflow="fold")
    for row in rows.head(most).iter_rows(named=True):
        told = {**row, "reason": say(f"ledger.reason_{row['reason']}")}
        table.add_row(*("" if told[name] is None else str(told[name]) for name in COLUMNS))
    out.print(table)
    if rows.height > most:
        out.print(say("ledger.more_rows", count=rows.height - most))
    lines = rows.select("file", "line").n_unique()
    out.print(say("ledger.set_aside", lines=f"{lines:,}", files=rows["file"].n_unique()))


def write_claims(found: Claims, origin: str, folder: Path) -> None:
    """Write every impossible claim as a row, a file for each kind; ``origin`` stands in every row."""
    import polars as pl

    for name in found.counts:
        written(getattr(found, name).with_columns(pl.lit(origin).alias("origin")), folder / f"{name}.csv")


def written(rows: pl.DataFrame, to: Path) -> Path:
    """Write rows as CSV that a spreadsheet opens without running a cell."""
    import polars as pl

    from postroad.face.cli.display import write_text

    texts = [name for name, held in rows.schema.items() if held == pl.String]
    runs = {name: pl.col(name).str.contains("^[=+\\-@\\t\\r]").fill_null(False) for name in texts}
    plain = rows.with_columns(
        pl.when(run).then(pl.concat_str(pl.lit("'"), pl.col(name))).otherwise(pl.col(name)).alias(name)
        for name, run in runs.items()
    )
    return write_text(to, plain.write_csv())
