"""``postroad travel``, ``travel-errors``, ``travel-build``: how far, how long, how sure; and a user's own roads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.network import Network

MODES = "road | rail | air"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("travel")(travel)
    app.command("travel-errors")(errors)
    app.command("travel-build")(build)


def travel(
    province: str = typer.Argument(..., help="省包 province"),
    places: list[str] = typer.Argument(..., help="两个以上地点：汉字、拼音或代码 two or more places"),
    season: str = typer.Option("ordinary", "--season", help="ordinary | winter"),
    mode: str = typer.Option("road", "--mode", help=MODES),
    on: str = typer.Option("", "--on", help="2021-06-30"),
    engine: str = typer.Option("", "--engine", help="road_graph | great_circle"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """里程与时间 How far and how long between places, with the range and the engine's error."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import day, print_json
    from postroad.network import province as open_province
    from postroad.travel import ScheduledEngine, find, table
    from postroad.travel import engine as choose

    network = open_province(province)
    ids = list(dict.fromkeys(find(network, name) for name in places))
    if len(ids) < 2:
        raise UsageError.of("travel.one_place")
    chosen = choose(network, mode, season, day(on), engine or None)
    rows = table.rows(chosen, ids, ids, table.Trust(network))
    legs = chosen.legs(ids[0], ids[1]) if isinstance(chosen, ScheduledEngine) and len(ids) == 2 else []
    if json_:
        held: dict[str, Any] = {"province": network.name, "mode": mode, "season": season, "on": on or None}
        print_json({**held, "places": _names(network, ids), "ways": rows.to_dicts(), "legs": legs})
        return
    _show(network, rows.to_dicts(), legs, ids)


def _names(network: Network, ids: list[str]) -> dict[str, str]:
    from postroad.language import current
    from postroad.naming import names_of

    named = names_of(network, current())
    return {place: named[place] for place in ids}


def _show(network: Network, rows: list[dict[str, Any]], legs: list[dict[str, Any]], ids: list[str]) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out
    from postroad.language import say

    names = _names(network, ids)
    if not rows:
        out.print(say("travel.no_service"))
        return
    if len(ids) == 2:
        rows = rows[:1]  # the way back takes as long by road, and has its own row in --json
    table = Table(header_style="bold")
    for key in ("from", "to"):
        table.add_column(say(f"travel.{key}"))
    for key in ("km", "minutes", "range", "error"):
        table.add_column(say(f"travel.{key}"), justify="right", no_wrap=True)
    for key in ("engine", "origin"):
        table.add_column(say(f"travel.{key}"))
    for row in rows:
        error = "–" if row["error_km"] is None else f"±{row['error_km']:.0f}"
        span = f"{_clock(row['duration_low_min'])}–{_clock(row['duration_high_min'])}"
        words = say(f"travel.engine_{row['engine']}"), say(f"face.origin_{row['origin']}")
        km, minutes = f"{row['distance_km']:.0f}", _clock(row["duration_min"])
        table.add_row(names[row["from_id"]], names[row["to_id"]], km, minutes, span, error, *words)
    out.print(table)
    for leg in legs:
        ends = f"{names.get(leg['from'], leg['from'])} → {names.get(leg['to'], leg['to'])}"
        what = f"{leg.get('service') or ''} {leg.get('depart') or ''}".strip()
        year = f" ({leg['timetable_year']})" if "timetable_year" in leg else ""
        mode = leg["mode"]
        out.print(f"  {say(f'travel.leg_{mode}')} {ends} {what}{year} {_clock(leg['duration_min'])}")


def _clock(minutes: float) -> str:
    return f"{round(minutes) // 60}:{round(minutes) % 60:02d}"


def errors(
    province: str = typer.Argument("jilin", help="省包 province"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """误差 Hold the road engines against known road distances, mean absolute and worst."""
    from rich.table import Table

    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.travel.errors import engine_errors

    network = open_province(province)
    held = engine_errors(network)
    if json_:
        print_json({"province": network.name, "engines": held.to_dicts()})
        return
    table = Table(header_style="bold")
    for key in ("engine", "judge"):
        table.add_column(say(f"travel.{key}"))
    for key in ("pairs", "mean_absolute", "worst", "bias"):
        table.add_column(say(f"travel.{key}"), justify="right")
    table.add_column(say("travel.worst_pair"))
    for row in held.iter_rows(named=True):
        names = _names(network, [row["worst_from_id"], row["worst_to_id"]])
        table.add_row(
            say(f"travel.engine_{row['engine']}"),
            say(f"travel.judge_{row['judge']}"),
            str(row["pairs"]),
            f"{row['mean_km']:.1f} km  {row['mean_share']:.1%}",
            f"{row['worst_km']:.1f} km  {row['worst_share']:.1%}",
            f"{row['bias_share']:+.1%}",
            " – ".join(names.values()),
        )
    out.print(table)
    out.print(say("travel.errors_note"))


def build(
    province: str = typer.Argument(..., help="省包 province"),
    osm: Path = typer.Option(..., "--osm", help="OSM 提取 extract: .osm.pbf"),
    to: Path = typer.Option(..., "--out", help="文件夹 folder"),
) -> None:
    """建路网 Write a pack whose roads come from your own OpenStreetMap extract."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import out, progress
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.travel.extract import read_extract, with_extract

    if not osm.is_file():
        raise UsageError.of("travel.no_extract", path=str(osm))
    network = open_province(province)
    with progress(say("travel.reading")) as move:
        extract = read_extract(osm, move)
    path = with_extract(network, extract).save(to)
    counts: dict[str, Any] = {"nodes": extract.nodes.height, "links": extract.links.height, "ways": extract.ways}
    out.print(say("travel.built", km=f"{extract.links['length_km'].sum():,.0f}", **counts))
    if extract.islands:
        out.print(say("travel.islands", count=extract.islands, km=f"{extract.island_km:,.1f}"))
    out.print(say("face.written", path=path.resolve()), soft_wrap=True)
