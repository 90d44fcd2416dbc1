"""``postroad design``: what the network of a province should be. Each part is a module ``design_<part>`` of its own."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

import typer

PARTS = ("trunk",)
"""The parts that can be designed, in the order they are done; each module has ``run(asked)``."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks of a design, the same for every part."""

    province: str
    year: int
    scenario: str
    season: str
    seed: int
    time_limit_s: float
    out: Path
    json: bool


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("design")(design)


def design(
    province: str = typer.Argument("jilin", help="省包 province"),
    trunk: bool = typer.Option(False, "--trunk", help="枢纽与干线时刻表 hubs and the line-haul timetable"),
    year: int = typer.Option(2020, "--year"),
    scenario: str = typer.Option("base", "--scenario", help="base | floor | low"),
    season: str = typer.Option("ordinary", "--season", help="ordinary | winter | peak"),
    seed: int = typer.Option(0, "--seed"),
    time_limit: float = typer.Option(300.0, "--time-limit", help="秒 seconds"),
    to: Path = typer.Option(Path("out/design"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """设计 Design a part of the network: tables, timetable, pictures, with its cost and how far from the best."""
    from postroad.errors import UsageError

    wanted = {"trunk": trunk}
    asked = Asked(province, year, scenario, season, seed, time_limit, to, json_)
    chosen = [part for part in PARTS if wanted[part]]
    if not chosen:
        raise UsageError.of("face.design_what", parts=" | ".join(f"--{part}" for part in PARTS))
    for part in chosen:
        importlib.import_module(f"postroad.face.cli.design_{part}").run(asked)
