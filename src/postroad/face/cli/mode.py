"""``postroad mode``: named modes of service, what they switch, and what a day is like with and without them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from postroad.evaluate.mode import Mode
    from postroad.results import Result


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("mode")(mode)


def mode(
    province: str = typer.Argument("jilin", help="省包 province"),
    name: str = typer.Argument("", help="模式 mode; without it, list them"),
    day: str = typer.Option("peak", "--day", help="peak | 2025-11-11"),
    year: int = typer.Option(2025, "--year"),
    scenario: str = typer.Option("base", "--scenario", help="base | floor | low"),
    levers: str = typer.Option("", "--levers", help="已实施的举措 levers already at work: a+b"),
    worlds: int = typer.Option(4, "--worlds", min=2),
    scale: float = typer.Option(0.01, "--scale", min=1e-4, max=1.0, help="件量份额 share of pieces"),
    seed: int = typer.Option(0, "--seed"),
    to: Path = typer.Option(Path("out/mode"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """模式 Modes of service: rules, capacity and reports switched together; a day with and without one."""
    from postroad.errors import UsageError
    from postroad.evaluate.mode import modes, tried
    from postroad.evaluate.mode.service import as_toml
    from postroad.face.cli.display import day as a_day
    from postroad.face.cli.display import out, print_json, progress, write_text
    from postroad.language import say
    from postroad.parallel import Work

    held = {each.id: each for each in modes(province)}
    if not name:
        for each in held.values():
            out.print(say("mode.list", id=each.id, name=each.label(), first=each.first, last=each.last,
                          rows=" ".join(each.rows)), soft_wrap=True)  # fmt: skip
        return
    if name not in held:
        raise UsageError.of("mode.unknown", value=name, known=", ".join(held))
    if day != "peak":
        a_day(day)
    chosen = held[name]
    with progress(say("mode.running")) as move:
        made = tried(province, chosen, day=day, year=year, scenario=scenario, worlds=worlds, scale=scale, seed=seed,
                     levers=[lever for lever in levers.split("+") if lever], work=Work(progress=move))  # fmt: skip
    folder = made.save(to / name)
    begun = int(str(made["reports"]["day"].min() or year)[:4])
    rules = write_text(folder / "rules.toml", as_toml(chosen.raised(begun)))
    if json_:
        print_json({"run_id": made.run_id, **{table: made[table].to_dicts() for table in ("measures", "staff")},
                    "rules": made["rules"]["rule"].to_list(), "reports": made["reports"].height})  # fmt: skip
        return
    _show(made, chosen, rules)
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def _show(made: Result, mode: Mode, rules: Path) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out
    from postroad.language import say

    out.print(say("mode.title", name=mode.label(), day=made.stamp.options["day"], run=made.run_id), style="bold")
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("")
    for key in ("without", "with", "change"):
        table.add_column(say(f"mode.{key}"), justify="right")
    for row in made["measures"].iter_rows(named=True):
        change = f"{row['change']:+.4g} ({row['low']:+.3g} – {row['high']:+.3g})"
        table.add_row(say(f"mode.{row['measure']}"), f"{row['without']:.4g}", f"{row['with']:.4g}", change)
    out.print(table)
    staff = made["staff"]
    if staff.height:
        parts = {"before": "staff", "after": "staff_with", "rate_before": "sort_rate_pieces_h",
                 "rate_after": "sort_rate_pieces_h_with"}  # fmt: skip
        told = {name: f"{staff[column].fill_null(0).sum():,.0f}" for name, column in parts.items()}
        out.print(say("mode.staff", **told), soft_wrap=True)  # type: ignore[arg-type]
    if made["rules"].height:
        out.print(say("mode.rules", rules=", ".join(made["rules"]["rule"]), path=rules), soft_wrap=True)
    calendar = made["reports"]
    if calendar.height:
        out.print(say("mode.reports", count=calendar.height, first=str(calendar["day"].min()),
                      last=str(calendar["day"].max())), soft_wrap=True)  # fmt: skip
