"""``postroad demo``: rehearsals with made-up records, so that everything can be seen. Always marked synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from postroad.language import say

if TYPE_CHECKING:
    from postroad.network import Network
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
    days: int = typer.Option(
        0, "--days", min=0, max=31, help="企业报送天数，0 为整月 days reported; 0: the whole month"
    ),
    pieces: int = typer.Option(1000, "--pieces", min=100, help="每天件数 pieces a day"),
    seed: int = typer.Option(7, "--seed"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """监管演练 A made-up month end to end: taken in, checked, drawn, inspected, scored, published."""
    import calendar

    from postroad.errors import UsageError
    from postroad.face.case_words import Names
    from postroad.face.cli import person
    from postroad.face.cli.demo_shown import Shown, next_steps, show, show_next
    from postroad.face.cli.display import day, print_json, progress, write_text
    from postroad.network import province as open_province
    from postroad.plan.plan import plan
    from postroad.supervise.ledger.indicating import joined
    from postroad.supervise.publication import published
    from postroad.supervise.records import Actor, open_store
    from postroad.supervise.rehearsal import possible, ready, rehearse, reported
    from postroad.supervise.tally import filled, tally

    first = day(f"{month}-01")
    if first is None:
        raise UsageError.of("face.bad_date", value=month)
    possible(first, outlets)
    to.mkdir(parents=True, exist_ok=True)
    address = database or str(to / "records.sqlite")
    if person.guarded(address):
        person.require(address, "province")
    store = open_store(address)
    network = open_province(province)
    ready(store)
    span = min(days or 31, calendar.monthrange(first.year, first.month)[1])
    with progress(say("cases.reporting")) as move:
        heard = reported(to, network, first, span, pieces, seed, move)
    with progress(say("cases.rehearsing")) as move:
        done = rehearse(store, network, first, seed, outlets, heard, move)
    region = plan(province).place_id
    figures = tally(done.desk, network, region, done.month)
    public = done.desk.seated(Actor("public"))
    for name, text in published(public).items():
        write_text(to / "public" / name, text)
    scored = _scored(joined(filled(network, figures), heard.ledger, region), province)
    told = {**_told(done, figures), "ledger": heard.facts, "suspects": list(heard.suspects), "scored": scored}
    write_text(to / "indicators.json", _json(figures))
    write_text(to / "scorecard.json", _json(scored))
    if json_:
        print_json(told)
        return
    shown = Shown(told, Names.of(network), {t.indicator: t.rows for t in plan(province).targets})
    show(shown, to)
    show_next(next_steps(address, to, done.month, province, told["credit"]))


def _scored(network: Network, province: str) -> list[dict[str, Any]]:
    """The lines of the scorecard that ledger and records fill."""
    from postroad.measure.scorecard import score
    from postroad.plan.plan import plan
    from postroad.supervise import tally
    from postroad.supervise.ledger import indicating

    lines = score(network, plan(province)).to_dict()["lines"]
    scopes = (tally.SCOPE, indicating.SCOPE)
    return [line for line in lines if (line["latest"] or {}).get("scope") in scopes]


def _told(done: Rehearsal, figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything a reader looks for after the month: figures with their truth, what is late, dropped, graded."""
    from postroad.face.cli.values import plain
    from postroad.supervise import complaint, credit, custody, emergency, exemption, hazard, premises
    from postroad.supervise.inspection import planning, remote, visiting
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
            "remote_overdue": len(remote.overdue(desk)),
            "exemptions_due": len(exemption.due(desk)),
            "premises": premises.state(desk),
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
