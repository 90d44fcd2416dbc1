"""``postroad describe``, ``convert`` and ``template``: what a pack holds, in other forms, and an empty one to fill."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("describe")(describe)
    app.command("convert")(convert)
    app.command("template")(template)


def describe(
    province: str = typer.Argument("jilin", help="省包 province"), json_: bool = typer.Option(False, "--json")
) -> None:
    """说明 Say what a pack holds: rows by table and by origin."""
    from rich.table import Table

    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.network import ORIGINS
    from postroad.network import province as open_province

    network = open_province(province)
    held = network.describe()
    if json_:
        print_json({"name": network.name, "fingerprint": network.fingerprint, "tables": held.to_dicts()})
        return
    table = Table(header_style="bold")
    table.add_column(say("face.table"))
    for key in ("rows", *(f"origin_{origin}" for origin in ORIGINS)):
        table.add_column(say(f"face.{key}"), justify="right")
    for row in held.iter_rows(named=True):
        if row["rows"]:
            table.add_row(row["label"], f"{row['rows']:,}", *(f"{row[origin]:,}" for origin in ORIGINS))
    out.print(table)
    out.print(repr(network), markup=False)


def convert(
    province: str = typer.Argument(..., help="省包或路径 province or path"),
    to: Path = typer.Argument(..., help="文件夹、.xlsx 或 .duckdb"),
) -> None:
    """转换 Write a pack as a folder, workbook or DuckDB file."""
    from postroad.face.cli.display import out
    from postroad.language import say
    from postroad.network import province as open_province

    path = open_province(province).save(to)
    out.print(say("face.written", path=path.resolve()), soft_wrap=True)


def template(to: Path = typer.Argument(..., help=".xlsx")) -> None:
    """模板 Write the empty workbook that a province fills in."""
    from postroad import tables
    from postroad.face.cli.display import out
    from postroad.language import say

    tables.template(to)
    out.print(say("face.written", path=to.resolve()), soft_wrap=True)
