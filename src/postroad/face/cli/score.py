"""``postroad score``: every target of a plan with its value, status and reason."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import datetime as dt

    from postroad.measure.scorecard import Scorecard
    from postroad.network import Network


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("score")(score)


def score(
    province: str = typer.Argument("jilin", help="省包 province"),
    as_of: str = typer.Option("", "--as-of", help="2023-06-30"),
    plan: str = typer.Option("", "--plan", help="plan.toml"),
    seed: int = typer.Option(0, "--seed"),
    json_: bool = typer.Option(False, "--json"),
    html: Path | None = typer.Option(None, "--html"),
    xlsx: Path | None = typer.Option(None, "--xlsx"),
    ledger: Path | None = typer.Option(None, "--ledger", help="台账文件夹 folder of a ledger"),
    docx: Path | None = typer.Option(None, "--docx"),
    pdf: Path | None = typer.Option(None, "--pdf"),
    records: str = typer.Option("", "--records", help="监管案卷数据库 database of record"),
    period: str = typer.Option("", "--period", help="与 --records 同用 with --records: 2025-11"),
) -> None:
    """评分 Score a province against its plan, as known on a day."""
    from postroad.face.cli.display import day, print_json, progress
    from postroad.language import say
    from postroad.measure.scorecard import score as judge
    from postroad.network import province as open_province
    from postroad.plan.plan import plan as open_plan

    network = open_province(province)
    if ledger is not None:
        network = _with_ledger(network, ledger, day(as_of), plan or province)
    if records:
        network = _with_records(network, records, period, plan or province)
    with progress(say("face.scoring")) as move:
        card = judge(network, open_plan(plan or province), as_of=day(as_of), seed=seed, progress=move)
    _write(network, card, {"html": html, "xlsx": xlsx, "docx": docx, "pdf": pdf})
    if json_:
        print_json(card.to_dict())
    else:
        show(card)


def _with_ledger(network: Network, folder: Path, as_of: dt.date | None, plan: str) -> Network:
    """Return the province with what the ledger of operators' records says of the indicators."""
    from postroad.plan.plan import plan as open_plan
    from postroad.supervise.ledger import Ledger
    from postroad.supervise.ledger.indicating import joined

    return joined(network, Ledger.open(folder), open_plan(plan).place_id, as_of)


def _write(network: Network, card: Scorecard, asked: dict[str, Path | None]) -> None:
    """Write the reports asked for, all from the same contents."""
    from postroad.face.cli.display import write_text
    from postroad.face.report import contents, page, workbook
    from postroad.language import current

    if not any(asked.values()):
        return
    held, spoken = contents(network, card), current()
    if path := asked["html"]:
        write_text(path, page(held, spoken))
    if path := asked["xlsx"]:
        workbook(held, path, spoken)
    if path := asked["docx"]:
        from postroad.face.report.document import document

        document(held, path, spoken)
    if path := asked["pdf"]:
        from postroad.face.report.paper import paper

        paper(held, path, spoken)


def _with_records(network: Network, database: str, period: str, plan: str) -> Network:
    """Return the province with what the database of record says of the indicators in a period."""
    from postroad.errors import UsageError
    from postroad.face.cli import person
    from postroad.plan.plan import plan as open_plan
    from postroad.supervise.records import Desk, open_store
    from postroad.supervise.records.acts import load
    from postroad.supervise.tally import filled, tally

    if not period:
        raise UsageError.of("cases.period_wanted")
    load()
    store = open_store(database, create=False)
    desk = Desk(store, person.actor(database, os.environ.get("POSTROAD_AS", "")))
    return filled(network, tally(desk, network, open_plan(plan).place_id, period))


def show(card: Scorecard) -> None:
    """Print the scorecard: a table of all targets, then the reason for each status, targets of one reason together."""
    from rich.table import Table

    from postroad.face.cli.display import STYLES, out
    from postroad.language import current, say

    plain, spoken = card.to_dict(), current()
    table = Table(pad_edge=False, header_style="bold")
    table.add_column(say("face.target"))
    for key in ("baseline", "aim", "latest"):
        table.add_column(say(f"face.{key}"), justify="right")
    table.add_column(say("face.status"), no_wrap=True)
    reasons: dict[tuple[str, str], list[str]] = {}
    for line in plain["lines"]:
        label, status = line["label"][spoken], line["status"]
        shown = f"[{STYLES[status]}]{say('face.status_' + status)}[/]"
        table.add_row(label, _value(line["baseline"]), _value(line["target"]), _value(line["latest"]), shown)
        reasons.setdefault((status, line["reason"][spoken]), []).append(label)
    out.print(table)
    for (status, reason), labels in reasons.items():
        comma = "、" if spoken == "zh" else "; "
        out.print(f"[{STYLES[status]}]{say('face.status_' + status)}[/] [b]{comma.join(labels)}[/b]")
        out.print(f"  {reason}")
    counts = ", ".join(f"{say('face.status_' + status)} {count}" for status, count in plain["summary"].items())
    out.print(say("face.summary_line", plan=plain["label"][spoken], as_of=plain["as_of"], counts=counts))


def _value(held: dict[str, Any] | None) -> str:
    from postroad.face.report.chart import short
    from postroad.language import say

    if not held or held["value"] is None:
        return "–"
    shown = short(held["value"]) + (f" ({held['period']})" if held.get("period") else "")
    return f"{shown} {say('face.origin_synthetic')}" if held.get("origin") == "synthetic" else shown
