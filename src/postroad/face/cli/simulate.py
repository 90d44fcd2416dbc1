"""``postroad simulate``: a day parcel by parcel, or many days in many worlds with the 24-hour certificate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import polars as pl

    from postroad.demand import Demand
    from postroad.network import Network
    from postroad.parallel import Work
    from postroad.simulate.day import Run


SNOW_DAYS = 3
"""Days of snow on end in a trial of all kinds of day."""
MOST_WORLDS = 4
"""Repairs are tried in no more worlds than these: differences are paired and narrow."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    province: str = typer.Argument("jilin", help="省包 province"),
    day: str = typer.Option("peak", "--day", help="peak | 2020-03-03"),
    days: int = typer.Option(1, "--days", min=1, help="连续天数 days on end"),
    worlds: int = typer.Option(1, "--worlds", min=1, help="随机世界 worlds"),
    year: int = typer.Option(2020, "--year"),
    scenario: str = typer.Option("base", "--scenario"),
    seed: int = typer.Option(0, "--seed"),
    scale: float | None = typer.Option(None, "--scale", help="抽样比例，运力同比 share of parcels, capacities alike"),
    weather: str = typer.Option("ordinary", "--weather", help="ordinary | snow"),
    warm_days: int = typer.Option(-1, "--warm-days", help="预热天数 days before"),
    designs: list[Path] = typer.Option([], "--network", help="设计写出的文件夹，可多次 folders a design wrote"),
    disruptions: Path = typer.Option(None, "--disruptions", help="扰动表 .csv | .parquet"),
    film: bool = typer.Option(False, "--film", help="一天的影片 HTML film of the day"),
    crowd: float = typer.Option(0.0, "--crowd", min=0.0, help="众包可投平日件量的份额 share riders can take"),
    repairs: int = typer.Option(0, "--repairs", min=0, help="试修最差的若干对 worst pairs to try repairs for"),
    events: int = typer.Option(0, "--events", help="EPCIS 事件件数，-1 全部 events of so many, -1 all"),
    event_form: str = typer.Option("document", "--event-form", help="document | lines | parquet"),
    workers: int = typer.Option(0, "--workers", help="进程数 processes"),
    cluster: str = typer.Option("", "--cluster", help="Dask tcp://..."),
    to: Path = typer.Option(Path("out/simulate"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """模拟 Simulate every parcel of a day; with --worlds, many days in many worlds and the certificate."""
    from postroad.demand import demand as synthesise
    from postroad.demand.profile import year_of
    from postroad.errors import UsageError
    from postroad.parallel import Work

    if repairs and worlds < 2:
        raise UsageError.of("repair.few_worlds", value=worlds)
    network = designed(province, designs)
    known = year_of(day, year)
    made = synthesise(network, known, scenario)
    network = with_timetable(network, made)
    chosen: dict[str, Any] = {"weather": weather, **({"warm_days": warm_days} if warm_days >= 0 else {})}
    chosen |= {"crowd_share": crowd} if crowd else {}
    struck = _table(disruptions)
    if worlds > 1:
        # A trial samples: one parcel in two hundred unless said otherwise.
        chosen["scale"] = 0.005 if scale is None else scale
        _many(
            network, made, day, days, worlds, seed, chosen, struck, Work(workers, cluster or None), to, json_, repairs
        )
    else:
        chosen |= {"scale": 1.0 if scale is None else scale, "events": events, "event_form": event_form}
        run = _one(network, made, day, days, seed, chosen, struck, to, json_)
        if film:
            _film(run, network, to, quiet=json_)


def designed(province: str, folders: list[Path]) -> Network:
    """Return a province with the tables that designs wrote; later folders win."""
    from postroad.network import overlaid
    from postroad.network import province as open_province

    network = open_province(province)
    for folder in folders:
        network = overlaid(network, folder)
    return network


def _kinds(year: int, day: str, days: int, chosen: dict[str, Any]) -> dict[str, tuple[str, int, dict[str, Any]]]:
    """First day, days and options of each kind of day; without a day of its own a trial is of all three kinds."""
    if day != "peak" or days == 1:
        kind = "peak" if day == "peak" else str(chosen["weather"])
        return {kind: (day, days, {})}
    return {
        "ordinary": (f"{year}-03-02", days, {}),
        "snow": (f"{year}-01-13", min(days, SNOW_DAYS), {"weather": "snow"}),
        "peak": ("peak", 1, {}),
    }


def with_timetable(network: Network, made: Demand) -> Network:
    """Return the network with a trunk timetable: its own, or one made by rule where it has none."""
    from postroad.design.lines.baseline import baseline
    from postroad.face.cli.display import err
    from postroad.language import say

    if network["line_hauls"].height:
        return network
    err.print(say("simulate.baseline"))
    return baseline(network, made)


def _table(file: Path | None) -> pl.DataFrame | None:
    import polars as pl

    from postroad.errors import UsageError

    if file is None:
        return None
    if not file.is_file():
        raise UsageError.of("simulate.no_such_file", path=str(file))
    return pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file, schema_overrides=_AS_TEXT)


_AS_TEXT: dict[str, Any] = dict.fromkeys(
    ("place_id", "from_place_id", "to_place_id", "line_haul_id", "via_place_id", "mode", "what"), str
)


def _one(
    network: Network, made: Demand, day: str, days: int, seed: int, chosen: dict[str, Any], struck: Any, to: Path,
    json_: bool,
) -> Run:  # fmt: skip
    from postroad.face.cli.display import out, print_json, progress, write_text
    from postroad.face.report.simulation import day_report
    from postroad.language import LANGUAGES, current, say
    from postroad.simulate.day import simulate_day

    with progress(say("simulate.running")) as move:
        run = simulate_day(network, made, day=day, days=days, seed=seed, disruptions=struck, out=to, progress=move,
                           **chosen)  # fmt: skip
    written = [write_text(to / f"report-{tongue}.md", day_report(run, network, tongue)) for tongue in LANGUAGES]
    if json_:
        tables = {name: run[name].to_dicts() for name in ("summary", "stages", "lateness")}
        print_json({"run_id": run.run_id, **run.facts, **tables})
        return run
    out.print(day_report(run, network, current()), markup=False, soft_wrap=True)
    for path in (to, *written):
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)
    return run


def _film(run: Run, network: Network, to: Path, quiet: bool) -> None:
    from postroad.face.cli.display import out, write_text
    from postroad.face.report.film import film
    from postroad.language import LANGUAGES, say

    for tongue in LANGUAGES:
        path = write_text(to / f"film-{tongue}.html", film(run, network, tongue))
        if not quiet:
            out.print(say("face.written", path=path.resolve()), soft_wrap=True)


def _many(
    network: Network, made: Demand, day: str, days: int, worlds: int, seed: int, chosen: dict[str, Any], struck: Any,
    job: Work, to: Path, json_: bool, repairs: int,
) -> None:  # fmt: skip
    import datetime as dt

    import polars as pl

    from postroad.evaluate.repair import mend
    from postroad.face.cli.display import out, print_json, progress, write_text
    from postroad.face.report.simulation import trial_report
    from postroad.language import LANGUAGES, current, say
    from postroad.measure.promise import certificate, stability
    from postroad.simulate.day.disruption import disruptions as read
    from postroad.simulate.trial import Stretch, trial

    asked = _kinds(made.year, day, days, chosen)
    runs = {}
    for kind, (first, length, more) in asked.items():
        begins = dt.date(made.year, 11, 11) if first == "peak" else dt.date.fromisoformat(first)
        with progress(say("simulate.trying")) as move:
            runs[kind] = trial(
                network, made, stretches=Stretch.cut(first, length), worlds=worlds, seed=seed, kind=kind,
                disruptions=read(struck, network, begins), facts=to / "facts",
                work=replace(job, cache=to / "cases", progress=move), **{**chosen, **more},
            )  # fmt: skip
    facts = pl.concat([run.facts_of_parcels() for run in runs.values()])
    promised = certificate(facts, network)
    run = next(iter(runs.values()))
    for kind, made_of in runs.items():
        made_of.save(to / ("trial" if made_of is run else f"trial-{kind}"))
    kind, (first, _, more) = next(iter(asked.items()))
    begins = dt.date(made.year, 11, 11) if first == "peak" else dt.date.fromisoformat(first)
    write_text(to / "certificate-pairs.csv", promised.pairs.write_csv())
    write_text(to / "certificate-classes.csv", promised.classes.write_csv())
    steady = stability(facts, network)
    write_text(to / "villages.csv", steady.write_csv())
    tried = None
    if repairs:
        with progress(say("repair.trying")) as move:
            tried = mend(
                network, made, day=first, worlds=max(2, min(worlds, MOST_WORLDS)), seed=seed, most=repairs, kind=kind,
                disruptions=read(struck, network, begins), work=replace(job, cache=to / "cases", progress=move),
                **{**chosen, **more},
            )  # fmt: skip
        tried.save(to / "repairs")
    texts = {tongue: trial_report(run, promised, network, tongue, tried, steady) for tongue in LANGUAGES}
    written = [write_text(to / f"report-{tongue}.md", text) for tongue, text in texts.items()]
    if json_:
        told = {"measure": run["measure"].to_dicts(), "classes": promised.classes.to_dicts()}
        print_json({"run_id": run.run_id, **told, "repairs": tried["trials"].to_dicts() if tried else []})
        return
    out.print(texts[current()], markup=False, soft_wrap=True)
    for path in (to, *written):
        out.print(say("face.written", path=path.resolve()), soft_wrap=True)
