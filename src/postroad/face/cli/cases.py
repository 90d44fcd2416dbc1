"""``postroad cases``: every act and view of the regulator on the database of record, one by one or from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from postroad.language import say

if TYPE_CHECKING:
    import datetime as dt

    from postroad.face.case_words import Names
    from postroad.supervise.records import Desk

DATABASE = typer.Option(
    "postroad-records.sqlite", "--database", envvar="POSTROAD_DATABASE", help="文件或 a file or postgresql+psycopg://…"
)
ACTOR = typer.Option("", "--as", envvar="POSTROAD_AS", help="姓名 name | public | 自用库 one's own: prefecture:2202 …")
RULES = typer.Option(None, "--rules", help="本局规则 the office's own regulation.toml")
WORDS = typer.Argument(None, help="名=值 name=value")
JSON = typer.Option(False, "--json")
PROVINCE = typer.Option("jilin", "--province", help="名称取自 the province that gives the names")
group = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, function in (("do", do), ("load", load), ("show", show), ("list", rows), ("history", history),
                           ("acts", acts), ("rules", rules),
                           ("checklist", checklist), ("tally", tally), ("publish", publish), ("audit", audit),
                           ("migrate", migrate),
                           ("sign-in", sign_in), ("sign-out", sign_out)):  # fmt: skip
        group.command(name)(function)
    app.add_typer(group, name="cases", help=f"{say('cases.help', 'zh')} {say('cases.help', 'en')}")


def do(
    act: str = typer.Argument(..., help="hazard.open …"),
    words: list[str] = WORDS,
    database: str = DATABASE,
    actor: str = ACTOR,
    own: Path | None = RULES,
    request: str = typer.Option("", "--request", help="同一请求只办一次 served once"),
    at_version: int | None = typer.Option(
        None, "--at-version", min=0, help="所见版本 refused when somebody was quicker"
    ),
    json_: bool = JSON,
) -> None:
    """办理 Do one act: postroad cases do hazard.open id=H1 outlet_id=O1 heading=wiring owner=站长 …."""
    from postroad.face.cli.display import out, print_json
    from postroad.face.cli.values import of_words

    desk = _desk(database, actor, own, create=True)
    called = _called(act, "act")
    facts: dict[str, Any] = {"request": request} if request else {}
    facts |= {} if at_version is None else {"at_version": at_version}
    answer = called(desk, **of_words(act, words or []), **facts)
    if json_:
        print_json({"act": act, "answer": answer})
    else:
        out.print(say("cases.done", act=act, answer=_short(answer)), soft_wrap=True)


def load(
    act: str = typer.Argument(...),
    file: Path = typer.Argument(..., help="CSV: 列名即参数 columns are parameters"),
    database: str = DATABASE,
    actor: str = ACTOR,
    own: Path | None = RULES,
    json_: bool = JSON,
) -> None:
    """批量 Do one act for every row of a file: all or none; the same file again changes nothing."""
    from postroad.face.cli.display import out, print_json
    from postroad.face.cli.values import of_file

    desk = _desk(database, actor, own, create=True)
    called = _called(act, "act")
    told, mark = of_file(act, file)
    with desk.together():
        _each(desk, called, told, f"{mark}:{act}")
    if json_:
        print_json({"act": act, "rows": len(told)})
    else:
        out.print(say("cases.loaded", act=act, count=len(told)))


def _each(desk: Desk, called: Any, told: list[dict[str, Any]], mark: str) -> None:
    """Do an act for each row; every row that is refused is told of with its number, and then nothing is kept."""
    from dataclasses import replace

    from postroad.errors import DataError, Fault, PostroadError

    faults: list[Fault] = []
    for number, facts in enumerate(told, 1):
        try:
            called(desk, **facts, request=f"{mark}:{number}")
        except PostroadError as wrong:
            faults += [replace(fault, row=number if fault.row is None else fault.row) for fault in wrong.faults]
    if faults:
        raise DataError(faults)


def show(
    view: str = typer.Argument(..., help="hazard.overdue …"),
    words: list[str] = WORDS,
    database: str = DATABASE,
    actor: str = ACTOR,
    own: Path | None = RULES,
    province: str = PROVINCE,
    at: str = typer.Option("", "--at", help="回看 as it was seen at: 2025-12-03T09:00:00+08:00"),
    json_: bool = JSON,
) -> None:
    """查看 Show a view: postroad cases show credit.explain operator_id=ZTO year=2025."""
    from postroad.face.cli.values import of_words

    desk, called = _desk(database, actor, own, _moment(at)), _called(view, "view")
    given = [*(words or [])]
    if view == "centre.readiness" and not given:
        given = [f"centres={';'.join(_centres(province))}"]
    _show_seen(desk, called(desk, **of_words(view, given)), json_, province)


def rows(
    table: str = typer.Argument(...),
    words: list[str] = WORDS,
    database: str = DATABASE,
    actor: str = ACTOR,
    known_at: str = typer.Option("", "--known-at", help="2025-11-03T12:00:00+08:00"),
    valid_at: str = typer.Option("", "--valid-at", help="2025-11-03T12:00:00+08:00"),
    province: str = PROVINCE,
    json_: bool = JSON,
) -> None:
    """列表 List the rows of a table the actor may see, as known and as valid at a time."""
    from postroad.face.cli.values import equal_words, known_table

    desk = _desk(database, actor, None)
    clocks: dict[str, Any] = {"known_at": _moment(known_at), "valid_at": _moment(valid_at)}
    asked = equal_words(known_table(table), words or [])
    found = [row for equal in asked for row in desk.rows(table, **clocks, **equal)]
    _show_seen(desk, sorted(found, key=lambda row: str(row["id"])), json_, province)


def history(
    table: str = typer.Argument(...),
    case: str = typer.Argument(..., help="编号 id"),
    database: str = DATABASE,
    actor: str = ACTOR,
    province: str = PROVINCE,
    json_: bool = JSON,
) -> None:
    """沿革 Show every version of a row."""
    from postroad.face.cli.values import known_table

    desk = _desk(database, actor, None)
    _show_seen(desk, desk.history(known_table(table), case), json_, province, kept_by=True)


def acts(json_: bool = JSON) -> None:
    """事项 List every act and view with its parameters and who may use it."""
    from rich.table import Table
    from rich.text import Text

    from postroad.face.cli.display import out, print_json
    from postroad.face.cli.values import asked_for
    from postroad.supervise.records.acts import load as every
    from postroad.supervise.records.acts import rights

    told = [
        {"name": a.name, "kind": a.kind, "parameters": [str(p) for p in a.parameters.values()],
         "roles": rights()["acts"][a.name]}
        for a in every().values()
    ]  # fmt: skip
    if json_:
        print_json(told)
        return
    table = Table(pad_edge=False, header_style="bold")
    for key in ("act", "kind", "parameters", "roles"):
        table.add_column(say(f"cases.column_{key}"))
    for act in every().values():
        name = Text.assemble((act.name, "bold"), "\n", say(f"console.act_{act.name.replace('.', '_')}"))
        roles = ", ".join(say(f"console.role_{role}") for role in rights()["acts"][act.name])
        takes = "\n".join(asked_for(*one) for one in act.parameters.items())
        table.add_row(name, say(f"cases.kind_{act.kind}"), Text(takes), roles)
    out.print(table)
    out.print(say("cases.how_written"), style="dim", soft_wrap=True)


def checklist(
    kind: str = typer.Option("", "--kind", help="outlet | branch | head | hub | post_office | station | locker"),
    json_: bool = JSON,
) -> None:
    """清单 The catalogue of inspection items with basis and method; with --kind the checklist of a kind of site."""
    from dataclasses import asdict

    from postroad.face.case_words import codes
    from postroad.supervise.inspection.catalogue import catalogue
    from postroad.supervise.register import KINDS, one_of

    asked = next((code for code in codes("kind", kind) if code in KINDS), kind)
    if kind:
        one_of("kind", asked, KINDS)
    items = [item for item in catalogue().values() if not kind or asked in item.kinds]
    if json_:
        _print([asdict(item) for item in items], True)
        return
    told = [{"id": item.id, "what_is_looked_at": item.label(), "legal": item.legal(), "cite": item.cite,
             "since": str(item.valid_from or item.text_year), "method": item.method,
             "a_year": item.a_year, "grave": item.grave, "theme": item.theme,
             **({} if kind else {"kinds": item.kinds})} for item in items]  # fmt: skip
    _print(told, False, kept_by=True)


def rules(on: str = typer.Option("", "--on", help="2025-11-03"), own: Path | None = RULES, json_: bool = JSON) -> None:
    """规则 List the rules with source, validity and version; those without a source are marked."""
    from dataclasses import asdict

    from postroad.face.cli.display import day
    from postroad.language import current
    from postroad.supervise.regulation import regulation

    when = day(on)
    told = [r for r in regulation(own).rules if when is None or r.in_force(when)]
    if json_:
        _print([asdict(rule) for rule in told], True)
        return
    spoken = current()
    _print(
        [
            {
                "rule": rule.cite,
                "what": getattr(rule, spoken),
                "basis": say(f"cases.basis_{rule.basis}"),
                "source": getattr(rule, f"legal_{spoken}"),
                "since": rule.valid_from or rule.text_year or "",
            }
            for rule in told
        ],
        False,
        kept_by=True,
    )


def tally(
    period: str = typer.Argument(..., help="2025-11"),
    province: str = typer.Option("jilin", "--province"),
    database: str = DATABASE,
    actor: str = ACTOR,
    own: Path | None = RULES,
    json_: bool = JSON,
) -> None:
    """指标 Work out the plan's indicators from the records."""
    from postroad.network import province as open_province
    from postroad.plan.plan import plan
    from postroad.supervise.tally import tally as worked_out

    desk = _desk(database, actor, own)
    found = worked_out(desk, open_province(province), plan(province).place_id, period)
    _print(found, json_, None if json_ else _names(desk, province))


def publish(
    to: Path = typer.Option(..., "--out", help="文件夹 folder"), database: str = DATABASE, json_: bool = JSON
) -> None:
    """公示 Write what the public may see: tables, the papers of every draw, and the verifiers."""
    from postroad.face.cli.display import out, print_json, write_text
    from postroad.supervise.publication import published

    written = [str(write_text(to / name, text)) for name, text in published(_desk(database, "public", None)).items()]
    if json_:
        print_json({"written": written})
    else:
        out.print(say("cases.published", count=len(written), path=to.resolve()), soft_wrap=True)


def audit(
    head: str = typer.Option("", "--head", help="号:摘要 number:digest，此前公布 as published before"),
    database: str = DATABASE,
    actor: str = ACTOR,
    json_: bool = JSON,
) -> None:
    """审计 Check the chain of the audit log and every row against it; exit code 2 when anything is wrong."""
    from postroad.errors import DataError
    from postroad.face.cli.display import out, print_json
    from postroad.supervise.records import audit as log

    with _desk(database, actor, None).store.reading() as connection:
        count, faults = log.check(connection)
        faults += log.lacks(connection, head) if head else []
        digest = log.last(connection)[2]
    if json_:
        print_json({"entries": count, "head": f"{count}:{digest}", "faults": [fault.as_dict() for fault in faults]})
        raise typer.Exit(2 if faults else 0)
    if faults:
        raise DataError(faults)
    out.print(say("cases.sound", count=count, head=f"{count}:{digest}"), soft_wrap=True)


def sign_in(
    name: str = typer.Argument(..., help="姓名 name"),
    password: str = typer.Option(..., "--password", prompt=True, hide_input=True, envvar="POSTROAD_PASSWORD"),
    database: str = DATABASE,
) -> None:
    """登录 Sign in for eight hours; the commands that follow act as this person."""
    from postroad.face.cli import person
    from postroad.face.cli.display import out

    out.print(say("cases.signed_in", name=name, role=person.sign_in(database, name, password)))


def sign_out(database: str = DATABASE) -> None:
    """退出 End the session."""
    from postroad.face.cli import person
    from postroad.face.cli.display import out

    person.sign_out(database)
    out.print(say("cases.signed_out"))


def migrate(database: str = DATABASE) -> None:
    """升级 Bring an older database to the form this version needs; take a copy first."""
    from postroad.face.cli.display import out
    from postroad.supervise.records.store import migrate_store

    out.print(say("cases.migrated", form=migrate_store(database)))


def _desk(
    database: str, actor: str, own: Path | None, seen_at: dt.datetime | None = None, create: bool = False
) -> Desk:
    """Sit the actor at a database, which is made only where something is to be written."""
    from postroad.face.cli import person
    from postroad.supervise.records import Desk, open_store
    from postroad.supervise.records.acts import load as every
    from postroad.supervise.regulation import regulation

    every()
    store = open_store(database, create=create)
    return Desk(store, person.actor(database, actor), rules=regulation(own), seen_at=seen_at)


def _centres(province: str) -> list[str]:
    """The safety centres of a province, so that one never shown is listed too."""
    import polars as pl

    from postroad.network import province as open_province

    sites = open_province(province)["sites"].filter(pl.col("kind") == "safety_centre")
    return [str(name) for name in sites["site_id"].sort()]


def _show_seen(desk: Desk, found: Any, json_: bool, province: str, kept_by: bool = False) -> None:
    """Show what was read, once the audit log says who read it."""
    desk.note()
    _print(found, json_, None if json_ else _names(desk, province), kept_by)


def _names(desk: Desk, province: str) -> Names | None:
    from postroad.face.case_words import Names
    from postroad.network import province as open_province

    return Names.of(open_province(province), desk=desk) if province else None


def _called(name: str, kind: str) -> Any:
    from postroad.errors import UsageError
    from postroad.supervise.records.acts import load as every
    from postroad.supervise.records.acts import wrapped

    known = {a.name for a in every().values() if a.kind == kind}
    if name not in known:
        raise UsageError.of("cases.no_such_act", value=name, known=", ".join(sorted(known)))
    return wrapped(name)


def _moment(text: str) -> dt.datetime | None:
    from postroad.face.cli.values import moment

    return moment(text) if text else None


def _short(answer: Any) -> str:
    return ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)


def _print(answer: Any, json_: bool, names: Names | None = None, kept_by: bool = False) -> None:
    """Print rows or one answer for people, with names where they are known, or anything as JSON."""
    from postroad.face.case_words import Names
    from postroad.face.cli.case_rows import print_rows, print_told
    from postroad.face.cli.display import out, print_json
    from postroad.face.cli.values import plain

    if json_:
        print_json(plain(answer))
    elif isinstance(answer, dict):
        print_told(answer, names or Names())
    elif answer:
        print_rows(answer, names or Names(), kept_by)
    else:
        out.print(say("cases.nothing"))
