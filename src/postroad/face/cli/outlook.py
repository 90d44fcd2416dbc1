"""``postroad outlook``: the next 72 hours by hub and half hour, what breaks first, who acts, what helps."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.results import Result


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("outlook")(outlook)


def outlook(
    province: str = typer.Argument("jilin", help="省包 province"),
    first: str = typer.Option("", "--first", help="第一天，默认明天 first day, tomorrow by default: 2026-11-10"),
    scenario: str = typer.Option("base", "--scenario"),
    weather: str = typer.Option("ordinary", "--weather", help="ordinary | snow"),
    extra: float = typer.Option(0.0, "--extra", min=-50.0, max=300.0, help="比预计多（%） more than expected, %"),
    plants_year: int = typer.Option(0, "--plants-year", help="枢纽能力取自哪年 hubs as they were in a year"),
    scale: float = typer.Option(0.005, "--scale", min=0.001, max=1.0, help="抽样比例，运力同比 share of parcels"),
    seed: int = typer.Option(0, "--seed"),
    designs: list[Path] = typer.Option([], "--network", help="设计写出的文件夹，可多次 folders a design wrote"),
    to: Path = typer.Option(Path("out/outlook"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """未来 72 小时 The next 72 hours: each hub's load, what breaks first, who acts and what helps."""
    from postroad.errors import UsageError
    from postroad.evaluate.outlook import Ahead
    from postroad.evaluate.outlook import outlook as look
    from postroad.face.cli.display import day as read_day
    from postroad.face.cli.display import out, print_json, progress
    from postroad.face.cli.simulate import designed
    from postroad.language import say

    day = read_day(first) or dt.date.today() + dt.timedelta(days=1)
    if weather not in ("ordinary", "snow"):
        raise UsageError.of("simulate.bad_weather", value=weather)
    network = designed(province, designs)
    ahead = Ahead(day, scenario, "snow" if weather == "snow" else "ordinary", extra, scale, seed, plants_year or None)
    with progress(say("console.board")) as move:
        made = look(network, ahead, progress=move)
    folder = made.save(to / made.run_id)
    if json_:
        tables = {name: made[name].to_dicts() for name in ("days", "breaks", "actions")}
        print_json({"run_id": made.run_id, "folder": str(folder), **made.facts, **tables})
        return
    _show(made, network)
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def _show(made: Result, network: Network) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out
    from postroad.language import current, say
    from postroad.naming import names_of

    names = names_of(network, current())

    def moment(minutes: float) -> str:
        day, left = divmod(int(minutes), 1440)
        return say("console.day_clock", day=day + 1, time=f"{left // 60}:{left % 60:02d}")

    breaks = made["breaks"]
    if not breaks.height:
        out.print(say("console.nothing_breaks"))
        return
    first = breaks.row(0, named=True)
    hub = names.get(first["place_id"]) or first["place_id"]
    out.print(say("console.breaks_first", hub=hub, time=moment(first["from_min"])), style="bold")
    out.print(say("console.breaks_count", count=breaks.height))
    heads = ("at", "from_hour", "worst_at", "hours_of_work", "who_acts")
    table = Table(*(say(f"console.{head}") for head in heads), header_style="bold", pad_edge=False)
    for row in breaks.head(12).iter_rows(named=True):
        place = names.get(row["place_id"]) or row["place_id"]
        table.add_row(place, moment(row["from_min"]), moment(row["worst_min"]), f"{row['work_h']:.1f}",
                      row["acting_name_zh"] or "")  # fmt: skip
    out.print(table)
    for row in made["actions"].iter_rows(named=True):
        via = names.get(row["via_place_id"]) or ""
        told = f"{row['spared_pieces']:,.0f} ({row['spared_percent']:.1f} %)" if row["possible"] else ""
        out.print(f"{say('console.ahead_' + row['action'], via=via)}: {told or say('console.not_possible')}")
