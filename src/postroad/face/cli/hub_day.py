"""``postroad hub-day``: a hub's day by half hour, as it is and with more parcels than it was made for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.results import Result


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("hub-day")(hub_day)


def hub_day(
    province: str = typer.Argument("jilin", help="省包 province"),
    place: str = typer.Argument(..., help="枢纽：汉字、拼音或代码 a hub"),
    day: str = typer.Option("peak", "--day", help="peak | 2020-03-03"),
    more: float = typer.Option(20.0, "--more", help="件量增加（%） more parcels, %"),
    year: int = typer.Option(2020, "--year"),
    scenario: str = typer.Option("base", "--scenario"),
    scale: float = typer.Option(0.01, "--scale", min=1e-4, max=1.0, help="抽样比例，运力同比 share of parcels"),
    seed: int = typer.Option(0, "--seed"),
    designs: list[Path] = typer.Option([], "--network", help="设计写出的文件夹，可多次 folders a design wrote"),
    to: Path = typer.Option(Path("out/hub-day"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """枢纽一天 A hub's sort, docks, staff and departures by half hour, as it is and with more parcels."""
    from postroad.demand import demand
    from postroad.demand.profile import year_of
    from postroad.evaluate.hub_day import hub_day as both_days
    from postroad.face.cli.display import out, print_json, progress, write_text
    from postroad.face.cli.simulate import designed, with_timetable
    from postroad.face.report.hub_day import hub_picture
    from postroad.face.report.picture import alone
    from postroad.language import LANGUAGES, current, say
    from postroad.naming import names_of
    from postroad.travel import find

    network = designed(province, designs)
    where = find(network, place)
    wanted = demand(network, year_of(day, year), scenario)
    network = with_timetable(network, wanted)
    with progress(say("hub_day.running")) as move:
        made = both_days(network, wanted, where, day=day, more_percent=more, scale=scale, seed=seed, progress=move)
    folder = made.save(to / where)
    name = names_of(network, current())[where]
    pictures = [write_text(folder / f"hub-day-{tongue}.svg", alone(hub_picture(made, name, tongue)))
                for tongue in LANGUAGES]  # fmt: skip
    if json_:
        print_json({"run_id": made.run_id, "folder": str(folder), **{k: made[k].to_dicts() for k in made.tables}})
        return
    _show(made, name)
    for path in (folder, *pictures):
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)


def _show(made: Result, name: str) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out
    from postroad.face.report.hub_day import day_label
    from postroad.language import current, say

    more = float(made.stamp.options["more_percent"])
    told: dict[str, Any] = {"place": name, "more": more, "day": day_label(made, current()), "run": made.run_id}
    out.print(say("hub_day.title", **told), style="bold")
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("")
    for key in ("usual", "changed"):
        table.add_column(say(f"hub_day.{key}", more=more), justify="right")
    values = made["measures"].pivot("volume", index="measure", values="value")
    for measure, usual, changed in values.iter_rows():
        table.add_row(say(f"hub_day.{measure}"), _told(measure, usual), _told(measure, changed))
    out.print(table)


def _told(measure: str, value: float | None) -> str:
    if value is None:
        return "-"
    if measure.endswith("_min"):
        return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
    if measure.endswith("_share") or measure == "busiest":
        return f"{100 * value:.1f}"
    return f"{value:,.1f}" if measure.endswith("_h") else f"{value:,.0f}"
