"""``postroad demo``: rehearsals with made-up records, so that everything can be seen. Always marked synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from postroad.language import say

if TYPE_CHECKING:
    from postroad.supervise.rehearsal import Rehearsal

group = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group.command("supervise")(supervise)
    app.add_typer(group, name="demo", help=f"{say('cases.demo_help', 'zh')} {say('cases.demo_help', 'en')}")


@group.callback()
def demo() -> None:
    """演练 Rehearsals."""


def supervise(
    province: str = typer.Argument("jilin", help="省包 province"),
    database: str = typer.Option("", "--database", help="空库 an empty database; default OUT/records.sqlite"),
    to: Path = typer.Option(Path("out/supervise"), "--out", help="文件夹 folder"),
    month: str = typer.Option("2025-11", "--month"),
    outlets: int = typer.Option(300, "--outlets", min=1, max=20000),
    seed: int = typer.Option(7, "--seed"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """监管演练 Work a rehearsal month end to end: drawn, inspected, scored, published. Synthetic throughout."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import day, print_json, progress, write_text
    from postroad.network import province as open_province
    from postroad.plan.plan import plan
    from postroad.supervise.publication import published
    from postroad.supervise.records import Actor, open_store
    from postroad.supervise.rehearsal import rehearse
    from postroad.supervise.tally import tally

    first = day(f"{month}-01")
    if first is None:
        raise UsageError.of("face.bad_date", value=month)
    to.mkdir(parents=True, exist_ok=True)
    store = open_store(database or str(to / "records.sqlite"))
    network = open_province(province)
    with progress(say("cases.rehearsing")) as move:
        done = rehearse(store, network, first, seed, outlets, move)
    figures = tally(done.desk, network, plan(province).place_id, done.month)
    public = done.desk.seated(Actor("public"))
    for name, text in published(public).items():
        write_text(to / "public" / name, text)
    told = _told(done, figures)
    write_text(to / "indicators.json", _json(figures))
    if json_:
        print_json(told)
        return
    _show(told, to)


def _told(done: Rehearsal, figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything a reader looks for after the month: figures with their truth, what is late, dropped, graded."""
    from postroad.face.cli.values import plain
    from postroad.supervise import complaint, credit, custody, emergency, hazard
    from postroad.supervise.inspection import planning, visiting
    from postroad.supervise.records import audit

    desk = done.desk
    with desk.store.reading() as connection:
        entries, faults = audit.check(connection)
    held: dict[str, Any] = plain(
        {
            "synthetic": True,
            "month": done.month,
            "draw": done.draw_id,
            "outlets": done.outlets,
            "indicators": figures,
            "planted": done.planted,
            "saved": visiting.saved(desk, done.month),
            "overdue": len(visiting.overdue(desk)),
            "hazards_overdue": len(hazard.overdue(desk)),
            "complaints_late": len(complaint.late(desk)),
            "custody_gaps": custody.gaps(desk),
            "emergencies_late": emergency.late(desk),
            "capacity": planning.capacity(desk, done.month),
            "credit": credit.brands(desk, int(done.month[:4])),
            "audit": {"entries": entries, "faults": len(faults)},
        }
    )
    return held


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"


def _show(told: dict[str, Any], to: Path) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out

    out.print(f"[bold yellow]{say('cases.synthetic')}[/]", soft_wrap=True)
    table = Table(pad_edge=False, header_style="bold")
    for key in ("indicator", "value", "planted", "note"):
        table.add_column(say(f"cases.column_{key}"), justify="right" if key in ("value", "planted") else "left")
    for row in told["indicators"]:
        truth = told["planted"].get(row["indicator"])
        shown = "" if truth is None else f"{100 * truth:.2f}"
        table.add_row(row["indicator"], f"{row['value']:.2f} {row['unit']}", shown, row["note"])
    out.print(table)
    dropped = sum(part["visits"] for row in told["capacity"] for part in row["dropped"])
    facts: dict[str, Any] = {
        "visits": told["saved"]["visits"], "saved": told["saved"]["saved"], "overdue": told["overdue"],
        "hazards": told["hazards_overdue"], "complaints": told["complaints_late"], "gaps": len(told["custody_gaps"]),
        "late": len(told["emergencies_late"]), "dropped": dropped,
    }  # fmt: skip
    out.print(say("cases.rehearsed", **facts), soft_wrap=True)
    grades = ", ".join(f"{row['operator_id']} {row['grade']} ({row['score']:.1f})" for row in told["credit"])
    out.print(say("cases.grades", grades=grades), soft_wrap=True)
    out.print(say("cases.written", entries=told["audit"]["entries"], path=to.resolve()), soft_wrap=True)
