"""``postroad township``: a county's township offices with hands, hours and shelves, and people who fetch there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.results import Result

SHOWN = (
    "parcels", "on_time_percent", "mean_h", "office_pieces", "fetched_percent", "kept_out", "most_stored",
    "hand_over_min", "hand_over_p95_min", "rounds_yuan", "offices_yuan", "hands_yuan", "yuan_piece",
)  # fmt: skip
WORST = 6


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("township")(township)


def township(
    province: str = typer.Argument("jilin", help="省包 province"),
    county: str = typer.Argument(..., help="县：汉字、拼音或代码 a county"),
    day: str = typer.Option("peak", "--day", help="peak | 2020-03-03"),
    hands: int = typer.Option(0, "--hands", help="每所人手，0 按平日件量 hands an office, 0 by the usual day"),
    more_hands: int = typer.Option(1, "--more-hands", help="再加人手 hands on top"),
    shelf: float = typer.Option(0.0, "--shelf", help="存放件数，0 按平日件量 shelves, 0 by the usual day"),
    fetched: float = typer.Option(40.0, "--fetched", help="到局自取（%） fetched there, %"),
    year: int = typer.Option(2020, "--year"),
    scenario: str = typer.Option("base", "--scenario"),
    seed: int = typer.Option(0, "--seed"),
    designs: list[Path] = typer.Option([], "--network", help="设计写出的文件夹，可多次 folders a design wrote"),
    to: Path = typer.Option(Path("out/township"), "--out", help="文件夹 folder"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """乡镇局所 Township offices of a county: hand-over, storage, fetching there and cost, before and after."""
    from postroad.demand import demand
    from postroad.demand.profile import year_of
    from postroad.evaluate.township import Office
    from postroad.evaluate.township import township as by_case
    from postroad.face.cli.display import out, print_json, progress
    from postroad.face.cli.simulate import designed, with_timetable
    from postroad.language import say
    from postroad.travel import find

    network = designed(province, designs)
    where, office = find(network, county), Office(hands or None, shelf or None, fetched, more_hands)
    office.check()
    wanted = demand(network, year_of(day, year), scenario)
    network = _with_rounds(with_timetable(network, wanted), where, year, scenario)
    with progress(say("township.running")) as move:
        made = by_case(network, wanted, where, office, day=day, seed=seed, progress=move)
    folder = made.save(to / where)
    if json_:
        tables = {name: made[name].to_dicts() for name in ("measures", "offices")}
        print_json({"run_id": made.run_id, "folder": str(folder), **tables})
        return
    _show(made, network)
    out.print(say("face.written", path=folder.resolve()), soft_wrap=True)


def _with_rounds(network: Network, county_id: str, year: int, scenario: str) -> Network:
    """The network with the county's rounds: its own, or designed now."""
    from postroad.design.rounds import design_rounds
    from postroad.design.rounds.rural import RuralOptions
    from postroad.face.cli.display import progress
    from postroad.language import say
    from postroad.parallel import Work

    if network["rounds"].filter(county_id=county_id).height:
        return network
    asked = RuralOptions(year=year, scenario=scenario, counties=(county_id,))
    with progress(say("township.designing")) as move:
        return design_rounds(network, asked, work=Work(progress=move)).network


def _show(made: Result, network: Network) -> None:
    import polars as pl
    from rich.table import Table

    from postroad.face.cli.display import out
    from postroad.language import current, say
    from postroad.naming import names_of

    names = names_of(network, current())
    told = made.stamp.options
    day = say("township.peak") if told["day"] == "peak" else str(told["day"])
    place = str(told["county_id"])
    offices = made["offices"]
    towns = offices["place_id"].n_unique()
    title = say("township.title", county=names.get(place) or place, towns=towns, day=day, run=made.run_id)
    out.print(title, style="bold")
    rows = made["measures"].to_dicts()
    table = Table("", *(say(f"township.case_{row['case']}") for row in rows), header_style="bold", pad_edge=False)
    for measure in SHOWN:
        table.add_row(say(f"township.{measure}"), *(_told(row[measure]) for row in rows))
    out.print(table)
    heads = ("office", "pieces", "most_stored", "kept_out", "hand_over_p95_min", "busiest")
    worst = offices.filter(pl.col("case") == "offices").sort(
        ["kept_out", "hand_over_p95_min"], descending=True, nulls_last=True
    )
    table = Table(*(say(f"township.{head}") for head in heads), title=say("township.tightest"), pad_edge=False)
    for row in worst.head(WORST).iter_rows(named=True):
        busy = None if row["busiest"] is None else 100 * row["busiest"]
        figures = (row["pieces"], row["most_stored"], row["kept_out"], row["hand_over_p95_min"], busy)
        table.add_row(names.get(row["place_id"]) or row["place_id"], *map(_told, figures))
    out.print(table)
    out.print(say("township.assumed"), soft_wrap=True)


def _told(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,.2f}" if isinstance(value, float) and abs(value) < 10 else f"{value:,.0f}"
