"""``postroad sites``: where stations and lockers go under a budget, with minutes before and after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.design.sites.province import SiteOptions
    from postroad.network import Network


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sites")(sites)


def sites(
    province: str = typer.Argument("jilin", help="省包 province"),
    first_year: int = typer.Option(2021, "--first-year", help="第一年 first year of building"),
    budget: list[float] = typer.Option([3e6, 3e6, 3e6], "--budget", help="逐年预算（元）yuan for each year, repeated"),
    floor: float = typer.Option(0.0, "--floor", help="各县达标下限 0—1 least share met in every county"),
    worst_tenth: float | None = typer.Option(
        None, "--worst-tenth", help="最差十分之一人口步行分钟上限 most mean minutes"
    ),
    county_minutes: float | None = typer.Option(
        None, "--county-minutes", help="各县平均步行分钟上限 most in any county"
    ),
    station_persons: float | None = typer.Option(
        None, "--station-persons", help="每站可服务人数 persons a station serves"
    ),
    locker_persons: float | None = typer.Option(
        None, "--locker-persons", help="每组可服务人数 persons a locker serves"
    ),
    station_yuan: float = typer.Option(20_000.0, "--station-yuan", help="每站造价 yuan a station"),
    locker_yuan: float = typer.Option(30_000.0, "--locker-yuan", help="每组造价 yuan a locker group"),
    locker_share: float = typer.Option(0.05, "--locker-share", help="入柜比例 share of pieces through lockers"),
    refusal: float = typer.Option(0.05, "--refusal", help="满柜拒收上限 most share refused"),
    time_limit: float = typer.Option(60.0, "--time-limit", help="秒 seconds"),
    to: Path = typer.Option(Path("out/sites"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """布点 Stations and lockers to add by year under a budget, with minutes to service before and after."""
    from postroad.design.sites.province import SiteOptions
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.network import province as open_province

    options = SiteOptions(first_year, tuple(budget), station_yuan, locker_yuan, floor, locker_share=locker_share,
                          most_refusal=refusal, worst_tenth_min=worst_tenth, county_mean_min=county_minutes,
                          station_persons=station_persons, locker_persons=locker_persons,
                          time_s=time_limit)  # fmt: skip
    facts, told, folder = made(open_province(province), options, to)
    if json_:
        print_json({**facts, "folder": str(folder.resolve())})
        return
    out.print(told, markup=False, soft_wrap=True)
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def made(network: Network, options: SiteOptions, to: Path) -> tuple[dict[str, Any], str, Path]:
    """Site stations and lockers, write tables, maps and reports; return facts, the report as spoken, and the folder."""
    import datetime as dt

    from postroad.design.sites.province import design_sites
    from postroad.face.cli.display import progress, write_text
    from postroad.face.report.service import maps, report
    from postroad.language import LANGUAGES, say
    from postroad.measure.access import access as measure
    from postroad.measure.access import change
    from postroad.results import save

    then = dt.date(options.first_year - 1, 12, 31)
    now = dt.date(options.first_year + len(options.budgets), 1, 1)
    with progress(say("access.working")) as move:
        plan = design_sites(network.on(then), options, progress=move)
        before, after = measure(network, then), measure(plan.network, now)
        winter, changed = measure(plan.network, now, "winter"), change(before, after)
    tables = {**plan.result.tables, "access_before": before.units, "access_after": after.units,
              "counties_before": before.counties(), "counties_after": after.counties(), "changed": changed.units,
              "sites": plan.network["sites"]}  # fmt: skip
    facts = {**plan.result.facts, "before": changed.before, "after": changed.after, "winter": winter.figures()}
    folder = save(to, plan.result.stamp, tables, facts)
    for tongue in LANGUAGES:
        write_text(folder / f"report-{tongue}.md", report(plan, changed, winter, tongue))
        for name, picture in maps(network, {"before": before, "after": after}, tongue, plan.sites).items():
            write_text(folder / f"{name}-{tongue}.svg", picture)
    facts["run_id"] = plan.result.run_id
    return facts, report(plan, changed, winter, _spoken()), folder


def _spoken() -> Any:
    from postroad.language import current

    return current()
