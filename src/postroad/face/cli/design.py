"""``postroad design``: what the network of a province should be. Each part is a module ``design_<part>`` of its own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

PARTS = ("hubs", "trunk", "rural")
"""The parts that can be designed, in the order they are done; each module has ``run(asked)``."""
SEASONS = {"hubs": "ordinary", "trunk": "ordinary", "rural": "winter"}
"""The season each part is designed for unless another is asked: villages are hardest to reach in winter."""


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
    cache: Path | None = None
    counties: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    workers: int = 2
    plants: str = "pack"
    simulate: float = 0.0
    learn: float = 0.0
    cluster: str = ""
    standard: Mapping[str, Any] = field(default_factory=dict)
    arrive_by: float = 13.0
    evening: bool = True
    even: float = 0.0
    keep: Path | None = None
    buses: Path | None = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("design")(design)


def design(
    province: str = typer.Argument("jilin", help="省包 province"),
    hubs: bool = typer.Option(False, "--hubs", help="三级枢纽：规划与最优 the plan's hub tiers against the best"),
    trunk: bool = typer.Option(False, "--trunk", help="枢纽与干线时刻表 hubs and the line-haul timetable"),
    rural: bool = typer.Option(
        False, "--rural", help="县乡村邮路与费用分摊 rounds to every village, and who pays what"
    ),
    year: int = typer.Option(2020, "--year"),
    scenario: str = typer.Option("base", "--scenario", help="base | floor | low"),
    season: str = typer.Option("", "--season", help="ordinary | winter | peak (邮路默认冬季 rounds: winter)"),
    seed: int = typer.Option(0, "--seed"),
    time_limit: float = typer.Option(300.0, "--time-limit", help="秒 seconds"),
    to: Path = typer.Option(Path("out/design"), "--out", help="文件夹 folder"),
    cache: Path | None = typer.Option(None, "--cache", help="续算用的文件夹 folder to resume from"),
    county: list[str] = typer.Option([], "--county", help="只设计这些县区 only these counties"),
    share: list[str] = typer.Option([], "--share", help="经营者份额 an operator's share, ZTO=0.25"),
    arrive_by: float = typer.Option(
        13.0, "--arrive-by", help="件几点前到村，24 为关门前 hour by which villages are reached, 24: before they close"
    ),
    evening: bool = typer.Option(
        True, "--evening/--no-evening", help="傍晚收件当日回县 collected pieces are at the county centre the same day"
    ),
    even: float = typer.Option(0.0, "--even", help="为均衡工时可多付的份额 share more that even work may cost"),
    keep: Path | None = typer.Option(None, "--keep", help="沿用的邮路 folder of rounds that stand"),
    buses: Path | None = typer.Option(None, "--buses", help="班车 GTFS，站号为地点编号 buses, stops named by place"),
    workers: int = typer.Option(2, "--workers"),
    cluster: str = typer.Option("", "--cluster", help="县区分到 Dask counties on Dask, tcp://..."),
    plants: str = typer.Option(
        "pack", "--plants", help="pack 枢纽设备为约束 hubs' plants are limits | free 按需定 sized"
    ),
    simulate: float = typer.Option(0.0, "--simulate", help="干线设计后按此比例抽件模拟一天 run this share of a day"),
    learn: float = typer.Option(
        0.02, "--learn", help="先模拟此比例抽件，学首末端时间 learn the ends from this share of a day; 0 assumed"
    ),
    problem: str = typer.Option(
        "", "--problem", help="枢纽的标准问题 a standard problem of hubs: USApHMP ... TD-SAHLP | covering"
    ),
    p: int | None = typer.Option(None, "--p", help="枢纽数 number of hubs (--problem)"),
    alpha: float | None = typer.Option(None, "--alpha", help="枢纽间费用占支线的比例 cost between hubs, share (0.7)"),
    beta: float | None = typer.Option(None, "--beta", help="小时内行驶到达 hours within which all is driven"),
    capacity: float | None = typer.Option(None, "--capacity", help="每枢纽每天件数 pieces a day of each hub"),
    fixed: float | None = typer.Option(None, "--fixed", help="每枢纽每天元 yuan a day of each hub"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """设计 Design a part of the network: tables, timetable, pictures, with its cost and how far from the best."""
    from postroad.errors import UsageError

    wanted = {"hubs": hubs, "trunk": trunk, "rural": rural}
    chosen = [part for part in PARTS if wanted[part]]
    if not chosen:
        raise UsageError.of("face.design_what", parts=" | ".join(f"--{part}" for part in PARTS))
    told = {"p": p, "alpha": alpha, "beta": beta, "capacity": capacity, "fixed": fixed}
    standard: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    if (standard and not problem) or (problem and not hubs):
        raise UsageError.of("face.design_problem", options=" ".join(f"--{name}" for name in standard) or "--problem")
    if problem:
        standard["problem"] = problem
    for part in chosen:
        asked = Asked(
            province, year, scenario, season or SEASONS[part], seed, time_limit, to, json_, cache, tuple(county),
            tuple(share), workers, plants, simulate, learn, cluster, standard, arrive_by, evening, even, keep, buses,
        )  # fmt: skip
        importlib.import_module(f"postroad.face.cli.design_{part}").run(asked)
