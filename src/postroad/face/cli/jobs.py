"""``postroad jobs``: the console's long work in the terminal, the same rows: listed, asked for, stopped, resumed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from postroad.face.cli.serve import HOME

if TYPE_CHECKING:
    from sqlalchemy import Engine

LOOK_S = 0.5


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("jobs")(jobs)


def jobs(
    ask: str = typer.Option("", "--ask", help="任务种类 kind of job, such as demand"),
    options: list[str] = typer.Option([], "--option", "-o", help="名称=值 year=2025"),
    province: str = typer.Option("jilin", "--province", help="省包"),
    follow: str = typer.Option("", "--follow", help="任务编号 follow a job to its end"),
    stop: str = typer.Option("", "--stop", help="任务编号 stop a job"),
    resume: str = typer.Option("", "--resume", help="任务编号 go on with a job"),
    database: str = typer.Option("", "--database", help="sqlite:///… | postgresql+psycopg://…"),
    home: Path = typer.Option(HOME, "--home", help="控制台的文件夹 the console's folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """任务 List the console's jobs, the same rows as in the browser; ask for, follow, stop or resume one."""
    from postroad.errors import UsageError
    from postroad.face.web import Settings
    from postroad.face.web import jobs as rows
    from postroad.face.web.database import connect
    from postroad.face.web.refusal import Refused

    settings = Settings(home=home.expanduser(), database=database, open_id=None)
    if not database and not (settings.home / "web.sqlite3").is_file():
        raise UsageError.of("face.no_console", path=str(settings.home))
    engine = connect(settings.address)
    try:
        if ask:
            follow = _asked(engine, settings.home, ask, options, province)
        if stop:
            rows.stop(engine, stop)
        if resume:
            rows.resume(engine, resume)
        named = follow or stop or resume
        if follow and not json_:
            _follow(engine, follow)
        held = [rows.find(engine, named)] if named else rows.listed(engine)
    except Refused as refused:
        raise UsageError(refused.faults) from None
    _show(held, json_)


def _asked(engine: Engine, home: Path, kind: str, options: list[str], province: str) -> str:
    from postroad.errors import UsageError
    from postroad.face.web import jobs as rows
    from postroad.face.web import kinds, provinces

    if kind in ("intake", "capture"):
        raise UsageError.of("console.intake_by_upload")
    provinces.opened(home, province)
    given: dict[str, Any] = {}
    for one in options:
        name, _, value = one.partition("=")
        field = kinds.KINDS[kind].options.model_fields.get(name) if kind in kinds.KINDS else None
        given[name] = value.split(",") if field is not None and "list" in str(field.annotation) else value
    return rows.ask(engine, kind, province, kinds.parsed(kind, given), "local")


def _follow(engine: Engine, job_id: str) -> None:
    import time

    from rich.progress import Progress

    from postroad.face.cli.display import err
    from postroad.face.web import jobs as rows
    from postroad.language import say

    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("", total=None)
        while True:
            row = rows.find(engine, job_id)
            words = f"{_kind(row['kind'])} {job_id} {say('console.state_' + row['state'])} {row['note']}"
            bar.update(task, description=words, total=row["total"] or None, completed=row["done"])
            if row["state"] in rows.OVER:
                return
            time.sleep(LOOK_S)


def _kind(name: str) -> str:
    from postroad.language import catalogue, say

    key = f"console.kind_{name}"
    return say(key) if key in catalogue() else name


def _show(held: list[dict[str, Any]], json_: bool) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out, print_json
    from postroad.face.web.models import JobView
    from postroad.language import current, say

    if json_:
        print_json([JobView.model_validate(row).model_dump(mode="json") for row in held])
        return
    if not held:
        out.print(say("console.no_jobs"))
        return
    table = Table(header_style="bold", pad_edge=False)
    for key in ("job", "kind", "job_state", "done", "owner", "made_at", "run"):
        table.add_column(say(f"console.{key}"), no_wrap=key in ("job", "run"))
    for row in held:
        share = f"{row['done']} / {row['total']}" if row["total"] else ""
        run = str((row["result"] or {}).get("run_id", ""))
        at = f"{row['made_at'].astimezone():%Y-%m-%d %H:%M %Z}"
        table.add_row(
            row["job_id"], _kind(row["kind"]), say(f"console.state_{row['state']}"), share, row["owner"], at, run
        )
    out.print(table)
    for row in held:
        for fault in row["faults"] or ():
            out.print(f"{row['job_id']}: {fault[current()]}", soft_wrap=True)
