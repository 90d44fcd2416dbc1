"""``postroad levers``, ``effect``, ``compare``: the plan's tasks as levers, and what each of them buys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from postroad.evaluate import Choice, Question
    from postroad.parallel import Work
    from postroad.results import Result

USUAL = (
    "third-tier-hubs", "shared-county-centres", "bus-holds", "shared-stations", "lockers", "changchun-sorter",
    "electric-vans", "earlier-cut-offs",
)  # fmt: skip
WAN = 1e4
MOST_MENDS = 8
"""So many bundles are told of each year; the saved table holds all."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("levers")(levers)
    app.command("effect")(effect)
    app.command("compare")(compare)
    app.command("peak")(peak)


def levers(
    province: str = typer.Argument("jilin", help="省包 province"),
    factors: bool = typer.Option(False, "--factors", help="排放系数与来源 emission factors and their sources"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """举措 List the plan's levers: what they change, from when, at what cost, and the rows without one."""
    from rich.table import Table

    from postroad.face.cli.display import out, print_json
    from postroad.language import current, say
    from postroad.plan.levers import levers as read
    from postroad.plan.plan import plan

    if factors:
        _say_factors(province, json_=json_)
        return
    held = read(province, plan(province))
    if json_:
        import dataclasses

        told = [{**dataclasses.asdict(lever), "start": lever.start.isoformat()} for lever in held.levers]
        print_json({"levers": told, "rows": list(held.rows), "without": [dataclasses.asdict(w) for w in held.without]})
        return
    spoken = current()
    table = Table(header_style="bold", pad_edge=False)
    for key in ("lever", "kind", "rows", "from", "years", "payer", "capital", "yearly"):
        table.add_column(say(f"effect.{key}"), justify="right" if key in ("years", "capital", "yearly") else "left")
    for lever in held.levers:
        cost = lever.cost
        each = [f"{value / WAN:,.4g}" + (" ×n" if per else "") if value else "–" for value, per in (
            (cost.capital_yuan or cost.capital_yuan_each, not cost.capital_yuan),
            (cost.yearly_yuan or cost.yearly_yuan_each, not cost.yearly_yuan))]  # fmt: skip
        table.add_row(f"{lever.id}\n{lever.label(spoken)}", lever.kind, " ".join(lever.rows), lever.start.isoformat(),
                      f"{lever.ramp_years:g}", say(f"evaluation.payer_{cost.payer}"), *each)  # fmt: skip
    out.print(table)
    others = sum(len(reason.rows) for reason in held.without)
    out.print(say("effect.lever_count", levers=len(held.levers), rows=len(held.rows), others=others))
    for reason in held.without:
        out.print(say("effect.no_lever", rows=" ".join(reason.rows), why=reason.label(spoken)), soft_wrap=True)


def _say_factors(province: str, *, json_: bool) -> None:
    """Print what every emission rests on, and where it stands."""
    from rich.table import Table

    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.measure.footprint import factors
    from postroad.network import province as opened

    told = factors(opened(province))
    if json_:
        print_json(told.to_dicts())
        return
    table = Table(header_style="bold", pad_edge=False)
    for key in ("factor", "value", "low", "high", "unit", "origin", "source"):
        table.add_column(say(f"effect.factor_{key}"), justify="right" if key in ("value", "low", "high") else "left")
    for row in told.iter_rows(named=True):
        numbers = [f"{row[key]:g}" if row[key] is not None else "–" for key in ("value", "low", "high")]
        table.add_row(row["factor"], *numbers, row["unit"], say(f"face.origin_{row['origin']}"), row["title"])
    out.print(table)


def choices(names: Sequence[str], settings: Sequence[str]) -> list[Choice]:
    """Return levers as chosen, with settings such as ``lockers.groups=1200``; ``UsageError`` for one not understood."""
    import datetime as dt

    from postroad.errors import UsageError
    from postroad.evaluate import Choice

    own: dict[str, list[tuple[str, Any]]] = {name: [] for name in names}
    for text in settings:
        where, sign, value = text.partition("=")
        lever, dot, name = where.partition(".")
        if not sign or not dot or lever not in own:
            raise UsageError.of("effect.bad_setting", asked=text)
        try:
            own[lever].append((name, dt.date.fromisoformat(value) if name == "start" else float(value)))
        except ValueError:
            raise UsageError.of("effect.bad_setting", asked=text) from None
    return [Choice(name, tuple(changes)) for name, changes in own.items()]


def _question(province: str, year: int, scenario: str, day: str, scale: float, seed: int) -> Question:
    from postroad.evaluate import Question

    return Question(province, year, scenario, day or f"{year}-12-10", "ordinary", scale, seed)


def _work(workers: int, cluster: str, cache: Path | None, progress: Any) -> Work:
    from postroad.parallel import Work

    return Work(workers=workers, cluster=cluster or None, cache=cache, progress=progress)


def effect(
    province: str = typer.Argument("jilin", help="省包 province"),
    names: str = typer.Option(",".join(USUAL), "--levers", help="a,b,c"),
    settings: list[str] = typer.Option([], "--set", help="lockers.groups=1200"),
    targets: str = typer.Option("", "--targets", help="on_time_metro,co2e_g_piece"),
    year: int = typer.Option(2025, "--year"),
    scenario: str = typer.Option("base", "--scenario"),
    day: str = typer.Option("", "--day", help="2025-12-10"),
    worlds: int = typer.Option(3, "--worlds", min=1),
    precision: float = typer.Option(
        0.0, "--precision", help="时限份额的半宽，百分点 points of half an interval", min=0.0
    ),
    most_worlds: int = typer.Option(12, "--most-worlds", help="随精度加到 with --precision", min=1),
    cheapest: bool = typer.Option(False, "--cheapest", help="达到各目标的最省组合 cheapest bundle for the aims"),
    aims: str = typer.Option("", "--aims", help="on_time_metro=60,reusable_bag_rate=98"),
    years: str = typer.Option("", "--years", help="2023,2024,2025"),
    scale: float = typer.Option(0.005, "--scale", help="当日件量的份额 share of the day's pieces", min=1e-4, max=1.0),
    sampled: int = typer.Option(0, "--sampled", help="抽样次序 orders sampled; 0: all", min=0),
    workers: int = typer.Option(2, "--workers", min=0),
    cluster: str = typer.Option("", "--cluster", help="Dask tcp://..."),
    cache: Path = typer.Option(Path("out/effect-cache"), "--cache", help="可续算 resumes from here"),
    to: Path = typer.Option(Path("out/effect"), "--out", help="文件夹 folder"),
    seed: int = typer.Option(0, "--seed"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """效果 Measure what each lever buys: Shapley shares with intervals, costs, interactions, who gains and loses."""
    from postroad.evaluate import Worlds, by_year, effects
    from postroad.evaluate.ready import opened
    from postroad.face.cli import effect_tables as shown
    from postroad.face.cli.display import out, print_json, progress, write_text
    from postroad.face.report import effect as report
    from postroad.language import LANGUAGES, current, say

    chosen = choices([n.strip() for n in names.split(",") if n.strip()], settings)
    measures = [name.strip() for name in targets.split(",") if name.strip()]
    asked = _question(province, year, scenario, day, scale, seed)
    with progress(say("effect.running")) as move:
        work = _work(workers, cluster, cache, move)
        if years:
            made = by_year(asked, chosen, _years(years), worlds=worlds, work=work)
        else:
            made = effects(asked, chosen, worlds=Worlds(worlds, most_worlds, precision), sampled=sampled,
                           measures=measures, aims=_aims(aims), work=work)  # fmt: skip
    folder = made.save(to)
    if years:
        _show_years(made, folder, json_)
        return
    network, held = opened(province)
    pages = [write_text(folder / f"effect-{s}.html", report.page(made, network, held, s)) for s in LANGUAGES]
    if json_:
        print_json({"run_id": made.run_id, "facts": made.facts,
                    **{name: frame.to_dicts() for name, frame in made.tables.items()}})  # fmt: skip
        return
    if cheapest:
        shown.cheapest(made)
    else:
        shown.shares(made)
        shown.interactions(made)
        out.print(report.losers(made["counties"], network, current()), soft_wrap=True)
    for path in (folder, *pages):
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)


def _aims(text: str) -> dict[str, float]:
    """Read ``measure=value,...``."""
    from postroad.errors import UsageError

    found = {}
    for part in (part.strip() for part in text.split(",") if part.strip()):
        name, _, value = part.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise UsageError.of("effect.bad_aim", asked=part) from None
    return found


def _years(text: str) -> list[int]:
    from postroad.errors import UsageError

    try:
        return sorted({int(part) for part in text.split(",") if part.strip()})
    except ValueError:
        raise UsageError.of("effect.bad_years", asked=text) from None


def _show_years(made: Any, folder: Path, json_: bool) -> None:
    from postroad.face.cli import effect_tables as shown
    from postroad.face.cli.display import out, print_json
    from postroad.language import say

    if json_:
        print_json({"run_id": made.run_id, "shares": made["shares"].to_dicts()})
        return
    shown.years(made)
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def compare(
    bundles: list[str] = typer.Argument(..., help="base lockers lockers+bus-holds"),
    province: str = typer.Option("jilin", "--province"),
    settings: list[str] = typer.Option([], "--set", help="lockers.groups=1200"),
    year: int = typer.Option(2025, "--year"),
    scenario: str = typer.Option("base", "--scenario"),
    day: str = typer.Option("", "--day"),
    worlds: int = typer.Option(3, "--worlds", min=1),
    scale: float = typer.Option(0.01, "--scale", min=1e-4, max=1.0),
    workers: int = typer.Option(2, "--workers", min=0),
    cluster: str = typer.Option("", "--cluster", help="Dask tcp://..."),
    cache: Path = typer.Option(Path("out/effect-cache"), "--cache"),
    to: Path = typer.Option(Path("out/compare"), "--out", help="文件夹 folder"),
    seed: int = typer.Option(0, "--seed"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """对比 Compare bundles of levers in the same worlds: table, map of differences, who loses."""
    from postroad.evaluate import compare as run
    from postroad.face.cli.display import print_json, progress
    from postroad.language import say

    parts = [[] if text == "base" else [n for n in text.split("+") if n] for text in bundles]
    asked = _question(province, year, scenario, day, scale, seed)
    every = choices(list(dict.fromkeys(name for names in parts for name in names)), settings)
    by_name = {choice.lever: choice for choice in every}
    with progress(say("effect.running")) as move:
        made = run(asked, [[by_name[name] for name in names] for names in parts], worlds=worlds,
                   work=_work(workers, cluster, cache, move))  # fmt: skip
    folder = made.save(to)
    if json_:
        print_json({"run_id": made.run_id, **{name: frame.to_dicts() for name, frame in made.tables.items()}})
    _show_comparison(made, province, folder, quiet=json_)
    _tell_set_aside(made)


def _tell_set_aside(made: Any) -> None:
    """Say on the error stream which bundles could not be had, and why."""
    from postroad.face.cli.display import err
    from postroad.language import current, say

    for row in made["set_aside"].iter_rows(named=True):
        err.print(say("effect.set_aside", bundle=row["bundle"], reason=row[f"reason_{current()}"]), soft_wrap=True)


def _show_comparison(made: Any, province: str, folder: Path, quiet: bool) -> None:
    import polars as pl
    from rich.table import Table

    from postroad.evaluate.ready import opened
    from postroad.face.cli.display import out, write_text
    from postroad.face.report.effect import county_map, losers, measure_title
    from postroad.language import LANGUAGES, current, say

    network, _ = opened(province)
    names = made["bundles"]["bundle"].to_list()
    table = Table(header_style="bold", pad_edge=False)
    table.add_column(say("effect.measure"))
    for name in names:
        table.add_column(name, justify="right")
    for (measure,), group in made["measures"].group_by(["measure"], maintain_order=True):
        cells = []
        for k, row in enumerate(group.iter_rows(named=True)):
            change = f" ({row['change']:+.3g} ± {row['half_width']:.2g})" if k else ""
            cells.append(f"{row['value']:.4g}{change}")
        table.add_row(measure_title(str(measure), current()), *cells)
    if not quiet:
        out.print(table)
    first = made["counties"].filter(bundle=names[0]).select("place_id", pl.col("hours").alias("before_h"))
    for name in names[1:]:
        own = made["counties"].filter(bundle=name).rename({"hours": "after_h"}).join(first, on="place_id")
        for spoken in LANGUAGES:
            write_text(folder / f"counties-{name}-{spoken}.svg", county_map(own, network, spoken))
        if not quiet:
            out.print(f"[b]{name}[/b] {losers(own, network, current())}", soft_wrap=True)
    if not quiet:
        out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def _say_mends(frame: pl.DataFrame, scenario: str, year: int, place: Mapping[str, str]) -> None:
    """Say what each bundle leaves too small, and which mends the year at the least cost."""
    from postroad.face.cli.display import out
    from postroad.language import say

    for n, row in enumerate(frame.head(MOST_MENDS).iter_rows(named=True)):
        worst = f"{place[row['worst_place_id']]} ×{row['worst_short']:.2f}"
        facts = {"scenario": scenario, "year": year, "levers": row["levers"] or say("effect.nothing"),
                 "sizes": f" [{row['sizes']}]" if row["sizes"] else "", "broken": row["broken"], "worst": worst,
                 "cost": f"{row['cost_yuan'] / WAN:,.0f}"}  # fmt: skip
        if n == 0:
            out.print(say("effect.peak_cheapest" if row["mends"] else "effect.peak_no_mend", **facts), markup=False,
                      soft_wrap=True)  # fmt: skip
        out.print("  " + say("effect.peak_mend", **facts), markup=False, soft_wrap=True)


def peak(
    province: str = typer.Argument("jilin", help="省包 province"),
    first: int = typer.Option(2020, "--from"),
    last: int = typer.Option(2025, "--to"),
    scenarios: str = typer.Option("base,floor,low", "--scenarios", help="base,floor,low"),
    mend: str = typer.Option(
        "changchun-sorter,second-tier-sorters,third-tier-hubs",
        "--mend",
        help="补救举措 levers tried on the first broken year",
    ),
    to: Path = typer.Option(Path("out/peak"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """旺季 Rehearse the peak day of each year: when the hubs of the base year become too small, and by how much."""
    from rich.table import Table

    from postroad.evaluate.peak import breaks, rehearse
    from postroad.evaluate.peak_mends import mends as mends_of
    from postroad.evaluate.ready import opened
    from postroad.face.cli.display import out, print_json, progress
    from postroad.language import current, say
    from postroad.naming import names_of

    names = [name.strip() for name in scenarios.split(",") if name.strip()]
    with progress(say("effect.running")) as move:
        made = rehearse(province, range(first, last + 1), names, progress=move)
        tried = [name.strip() for name in mend.split(",") if name.strip()]
        when = [(name, year) for name, broken in breaks(made).items() if broken and tried for year in (broken, last)]
        mends = {
            (name, year): mends_of(province, name, year, tried, progress=move) for name, year in dict.fromkeys(when)
        }
    made = _with_mends(made, mends)
    folder = made.save(to)
    if json_:
        by = {f"{scenario}/{year}": frame.to_dicts() for (scenario, year), frame in mends.items()}
        print_json({"run_id": made.run_id, "breaks": breaks(made), "years": made["years"].to_dicts(), "mends": by,
                    "hubs": made["hubs"].to_dicts()})  # fmt: skip
        return
    place = names_of(opened(province)[0], current())
    table = Table(header_style="bold", pad_edge=False)
    for key in ("scenario", "year", "peak_pieces", "broken", "worst"):
        table.add_column(say(f"effect.peak_{key}"), justify="left" if key in ("scenario", "worst") else "right")
    for row in made["years"].iter_rows(named=True):
        worst = f"{place[row['worst_place_id']]} ×{row['worst_short']:.2f}"
        table.add_row(row["scenario"], str(row["year"]), f"{row['peak_pieces'] / WAN:,.0f}", str(row["broken"]), worst)
    out.print(table)
    for scenario, year in breaks(made).items():
        told = (
            say("effect.peak_breaks", scenario=scenario, year=year)
            if year
            else say("effect.peak_holds", scenario=scenario)
        )
        out.print(told)
    for line in made["hubs"].filter(year=last).iter_rows(named=True):
        if line["lines"]:
            facts = {"scenario": line["scenario"], "year": last, "place": place[line["place_id"]]}
            cost = f"{line['capital_yuan'] / WAN:,.0f}"
            out.print(say("effect.peak_lines", **facts, lines=line["lines"], cost=cost), soft_wrap=True)
    for (scenario, year), frame in mends.items():
        _say_mends(frame, scenario, year, place)
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def _with_mends(made: Result, mends: Mapping[tuple[str, int], pl.DataFrame]) -> Result:
    """The rehearsal with the table of what mends it."""
    import dataclasses

    import polars as pl

    if not mends:
        return made
    every = pl.concat(
        frame.select(pl.lit(scenario).alias("scenario"), pl.lit(year, pl.Int64).alias("year"), pl.all())
        for (scenario, year), frame in mends.items()
    )
    return dataclasses.replace(made, tables={**made.tables, "mends": every})
