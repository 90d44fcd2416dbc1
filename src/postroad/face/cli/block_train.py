"""``postroad block-train``: post by block train, by calendar or by fill, with clearance before and after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.results import Result

LEVERS = ("exchange-offices", "joint-customs")
SHOWN = (
    "pieces_day", "room_day", "departures", "held", "fill_percent", "least_fill_percent", "most_left_over",
    "opened_percent", "clearance_mean_h", "clearance_p50_h", "clearance_p95_h", "waiting_p50_h", "waiting_p95_h",
    "ride_p50_h", "whole_p50_h", "whole_p95_h", "gone_percent",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("block-train")(block_train)


def block_train(
    province: str = typer.Argument("jilin", help="省包 province"),
    office: str = typer.Option("长春", "--from", help="互换局 place of the exchange office"),
    to_place: str = typer.Option("X-VLADIVOSTOK", "--to", help="境外地点 place abroad"),
    day: str = typer.Option("2020-09-07", "--day", help="首日 first day"),
    times: float = typer.Option(1.0, "--times", help="件量倍数 multiple of the parcels"),
    containers: int = typer.Option(1, "--containers", help="每列邮运箱数 40-foot containers of post"),
    least: float = typer.Option(0.8, "--least", help="开行装载率 fill at which it leaves"),
    hold: float = typer.Option(5.0, "--hold", help="最长集结天数 longest hold, days"),
    year: int = typer.Option(2020, "--year"),
    scenario: str = typer.Option("base", "--scenario"),
    seed: int = typer.Option(0, "--seed"),
    designs: list[Path] = typer.Option([], "--network", help="设计写出的文件夹，可多次 folders a design wrote"),
    to: Path = typer.Option(Path("out/block-train"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """邮运班列 Post by block train: fill of each train, waiting and clearance by rule of leaving."""
    from postroad.demand import demand
    from postroad.evaluate.block_train import Train, with_train
    from postroad.evaluate.block_train import block_train as by_rule
    from postroad.face.cli.display import out, print_json, progress, write_text
    from postroad.face.cli.simulate import designed, with_timetable
    from postroad.face.report.block_train import ends_of, train_picture
    from postroad.face.report.picture import alone
    from postroad.language import LANGUAGES, current, say
    from postroad.plan.levers import levers
    from postroad.plan.plan import plan
    from postroad.travel import find

    network = designed(province, designs)
    train = Train(find(network, office), find(network, to_place), containers, least_share=least, hold_days=hold)
    wanted = demand(network, year, scenario)
    network = with_timetable(network, wanted)
    known = {lever.id: lever for lever in levers(province, plan(province)).levers}
    eased = [known[name] for name in LEVERS if name in known]
    with progress(say("block_train.running")) as move:
        made = by_rule(network, wanted, train, day=day, times=times, levers=eased, seed=seed, progress=move)
    folder = made.save(to)
    carried = with_train(network, train, "filled_or_late")
    (folder / "network").mkdir(exist_ok=True)
    for name in ("allocations", "line_hauls", "routings", "hub_plants", "sort_waves", "sources"):
        carried[name].write_parquet(folder / "network" / f"{name}.parquet")
    drawn = {tongue: train_picture(made, ends_of(made, network, tongue), tongue) for tongue in LANGUAGES}
    pictures = [write_text(folder / f"block-train-{tongue}.svg", alone(svg)) for tongue, svg in drawn.items()]
    if json_:
        print_json({"run_id": made.run_id, "folder": str(folder), **{k: made[k].to_dicts() for k in made.tables}})
        return
    _show(made, ends_of(made, network, current()))
    for path in (folder, *pictures):
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)


def _show(made: Result, ends: dict[str, str]) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out
    from postroad.face.report.block_train import title
    from postroad.language import current, say

    out.print(title(made, ends, current()), style="bold")
    rows = made["rules"].to_dicts()
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("")
    for row in rows:
        table.add_column(say(f"block_train.rule_{row['rule']}"), justify="right")
    for measure in SHOWN:
        table.add_row(say(f"block_train.{measure}"), *(_told(measure, row) for row in rows))
    out.print(table)
    for row in rows:
        if row["short_day"] > 0:
            told: dict[str, Any] = {"comes": row["pieces_day"], "room": row["room_day"], "short": row["short_day"]}
            rule = say(f"block_train.rule_{row['rule']}")
            out.print(say("block_train.short", rule=rule, **told), style="bold red", soft_wrap=True)
    out.print(say("block_train.assumed"), soft_wrap=True)


def _told(measure: str, row: dict[str, Any]) -> str:
    value = 100 * row["gone"] / max(1, row["pieces"]) if measure == "gone_percent" else row[measure]
    if value is None:
        return "-"
    return f"{value:,.1f}" if measure.endswith(("_h", "_percent")) else f"{value:,.0f}"
