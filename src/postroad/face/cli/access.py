"""``postroad access`` and ``postroad access change``: how far people go to an open point, and who gains or loses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import polars as pl

    from postroad.measure.access import Access, Change
    from postroad.network import Network

SHOWN = 12


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("access")(access)
    app.command("access-change")(change)


def access(
    province: str = typer.Argument("jilin", help="省包 province"),
    on: str = typer.Option("", "--on", help="日期 YYYY-MM-DD day"),
    season: str = typer.Option("ordinary", "--season", help="ordinary | winter"),
    at: str = typer.Option(
        "", "--at", help="时刻，如“6 18:30”为周六 a moment, 6 18:30 is Saturday: only points open then"
    ),
    bus: bool = typer.Option(True, "--bus/--no-bus", help="乘公交 minutes by bus"),
    gtfs: Path | None = typer.Option(None, "--gtfs", help="公交时刻表 buses, instead of the synthetic ones"),
    hours: bool = typer.Option(False, "--hours", help="逐小时 every hour of a week"),
    clerks: int = typer.Option(0, "--clerks", min=0, help="每点几名店员，算排队 clerks at each point: minutes of wait"),
    county: str = typer.Option("", "--county", help="县区代码，列出各村 county code: its villages and blocks"),
    to: Path | None = typer.Option(None, "--out", help="文件夹 folder for all tables"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """可及性 Minutes from where people live to an open service point, and who lives inside the plan's standards."""
    from postroad.face.cli.display import day, out, print_json
    from postroad.language import say
    from postroad.measure.access import Asked, by_hour
    from postroad.measure.access import access as measure
    from postroad.measure.access.queues import Desk, queues, waiting
    from postroad.network import province as open_province
    from postroad.timetable import read_gtfs
    from postroad.timetable.buses import buses
    from postroad.travel.opening import Moment

    network = open_province(province)
    feed = read_gtfs(gtfs) if gtfs else buses(network) if bus else None
    asked = Asked(season, moment=Moment.of(at) if at else None, feed=feed, synthetic_buses=gtfs is None)
    found = measure(network, day(on), asked=asked)
    tables = {"units": found.units, "counties": found.counties(), "kinds": found.kinds()}
    if hours:
        tables["hours"] = by_hour(network, day(on), season)
    figures = found.figures()
    if clerks:
        tables["queues"] = queues(network, found, Desk(clerks=clerks))
        figures |= waiting(tables["queues"])
    folder = _saved(network, tables, figures, to, {"on": on, "season": season, "at": at})
    if county:
        tables["places"] = _of_county(found, county)
    if json_:
        told = {name: table.to_dicts() for name, table in tables.items() if name != "units"}
        print_json({"figures": figures, **told, **({"folder": folder} if folder else {})})
        return
    if clerks:
        out.print(_queue_line(figures, clerks), soft_wrap=True)
    for line in _lines(found, figures):
        out.print(line, soft_wrap=True)
    for name in ("hours", "places"):
        if name in tables:
            _print(tables[name].drop("place_id", "name_zh" if _name("name") == "pinyin" else "pinyin", strict=False))
    if folder:
        out.print(say("face.written", path=folder), soft_wrap=True)


def _queue_line(figures: dict[str, Any], clerks: int) -> str:
    from postroad.language import say

    return say("access.queue_line", clerks=clerks, wait=f"{figures['wait_mean_min']:.1f}",
               points=f"{figures['overloaded_points']:,}", share=f"{100 * figures['overloaded_share']:.1f}",
               alone=f"{100 * figures['self_service_share']:.1f}")  # fmt: skip


def _lines(found: Access, figures: dict[str, Any]) -> list[str]:
    """Return the figures as sentences, the share on synthetic positions beside each."""
    from postroad.language import say

    def line(name: str, value: str, rests: float | None) -> str:
        return say("access.line", label=say(f"access.{name}"), value=value, synthetic=f"{100 * (rests or 0.0):.0f}")

    lines = []
    for name in ("inside_city", "inside_town", "inside_rural"):
        if figures[name] is not None:
            lines.append(line(name, f"{100 * figures[name]:.1f} %", figures[name.replace("inside", "synthetic")]))
    for name in ("walk_mean_min", "walk_worst_decile_min", "walk_gini", "drive_mean_min"):
        lines.append(line(name, f"{figures[name]:.2f}", figures["synthetic_share"]))
    if found.rides and figures["bus_mean_min"] is not None:
        lines.append(line("bus_share", f"{100 * figures['bus_share']:.1f} %", figures["synthetic_bus"]))
        for name in ("bus_mean_min", "carless_mean_min", "carless_worst_decile_min"):
            lines.append(line(name, f"{figures[name]:.2f}", figures["synthetic_bus"]))
    for name, field in (("worst_county", "walk_mean_min"), ("least_inside_county", "inside")):
        worst = figures[name]
        value = f"{100 * worst[field]:.1f} %" if field == "inside" else f"{worst[field]:.1f}"
        lines.append(line(name, f"{worst[_name('county')]} {value}", worst["synthetic"]))
    return [*lines, say("access.homes", synthetic=f"{100 * figures['synthetic_homes_share']:.0f}")]


def _of_county(found: Access, county: str) -> pl.DataFrame:
    from postroad.errors import UsageError

    own = found.units.filter(county_id=county)
    if not own.height:
        raise UsageError.of("access.no_county", value=county)
    columns = ["place_id", "name_zh", "pinyin", "kind", "class", "persons", "walk_min", "drive_min"]
    if found.rides:
        columns += ["bus_min", "carless_min"]
    return own.select(*columns, "inside", "synthetic").sort("walk_min", "place_id", descending=[True, False])


def change(
    province: str = typer.Argument("jilin", help="省包 province"),
    before: Path | None = typer.Option(
        None, "--before", help="结果文件夹 folder of a result; else the province as it is"
    ),
    after: Path | None = typer.Option(None, "--after", help="结果文件夹 folder of a result"),
    close: list[str] = typer.Option([], "--close", help="关闭的网点 a site to close, repeated"),
    season: str = typer.Option("ordinary", "--season", help="ordinary | winter"),
    to: Path | None = typer.Option(None, "--out", help="文件夹 folder for all tables"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """谁受益、谁受损 Who gains and who loses, by name, from one design to another or when points close."""
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.measure.access import access as measure
    from postroad.measure.access import change as compare
    from postroad.measure.access.visits import visit_change
    from postroad.network import province as open_province

    network = open_province(province)
    old, new = _with(network, before), _closed(_with(network, after), close)
    changed = compare(measure(old, season=season), measure(new, season=season))
    served = visit_change(old, new)
    facts = {
        "before": changed.before,
        "after": changed.after,
        "gain_persons": int(changed.gained["persons"].sum()),
        "lose_persons": int(changed.lost["persons"].sum()),
        "served_better": served.filter("gains").height,
        "served_worse": served.filter(~served["gains"]).height,
    }
    tables = {"changed": changed.units, "counties": changed.counties(), "served": served}
    told = {"before": str(before or ""), "after": str(after or ""), "close": close, "season": season}
    folder = _saved(network, tables, facts, to, told)
    if json_:
        print_json({**facts, "gained": changed.gained.to_dicts(), "lost": changed.lost.to_dicts(),
                    "served": served.to_dicts(), **({"folder": folder} if folder else {})})  # fmt: skip
        return
    for line in _changes(changed):
        out.print(line, soft_wrap=True)
    if served.height:
        out.print(say("access.served", better=facts["served_better"], worse=facts["served_worse"],
                      names=_names(served.filter(~served["gains"]))), soft_wrap=True)  # fmt: skip
    if folder:
        out.print(say("face.written", path=folder), soft_wrap=True)


def _changes(changed: Change) -> list[str]:
    from postroad.language import say
    from postroad.measure.access.inequality import share

    rests = share(changed.units, "synthetic") or 0.0
    return [
        say("access.gained", persons=f"{int(changed.gained['persons'].sum()):,}", places=changed.gained.height),
        _names(changed.gained),
        say("access.lost", persons=f"{int(changed.lost['persons'].sum()):,}", names=_names(changed.lost)),
        say("access.rests", synthetic=f"{100 * rests:.0f}"),
    ]


def _names(rows: pl.DataFrame) -> str:
    from postroad.language import say

    if not rows.height:
        return say("access.nobody")
    names = rows[_name("name")].head(SHOWN).to_list()
    return say("access.between").join(names) + (" …" if rows.height > SHOWN else "")


def _with(network: Network, folder: Path | None) -> Network:
    """Return the network with the tables that a result changed: sites, rounds and what belongs to them."""
    from postroad.errors import UsageError
    from postroad.results import Result

    if folder is None:
        return network
    held = Result.load(folder).tables
    found = {name: held[name] for name in ("sources", "sites", "rounds", "round_stops", "bus_holds") if name in held}
    if not found.keys() & {"sites", "rounds"}:
        raise UsageError.of("access.no_network", path=str(folder))
    return network.with_(**found)


def _closed(network: Network, close: list[str]) -> Network:
    from postroad.errors import Fault, UsageError

    sites = network["sites"]
    if lost := [name for name in close if name not in set(sites["site_id"])]:
        raise UsageError(Fault.of("access.no_site", value=name) for name in lost)
    return network.with_(sites=sites.filter(~sites["site_id"].is_in(close))) if close else network


def _saved(
    network: Network, tables: dict[str, pl.DataFrame], facts: dict[str, Any], to: Path | None, told: dict[str, Any]
) -> str:
    from postroad.results import Stamp, save

    return str(save(to, Stamp.now("access", network.fingerprint, told), tables, facts).resolve()) if to else ""


def _name(stem: str) -> str:
    from postroad.language import current

    return f"{stem}_zh" if current() == "zh" else {"county": "county_en", "name": "pinyin"}[stem]


def _print(table: pl.DataFrame) -> None:
    from rich.table import Table

    from postroad.face.cli.display import out

    shown = Table(*table.columns)
    for row in table.rows():
        shown.add_row(*("" if v is None else f"{v:.2f}" if isinstance(v, float) else str(v) for v in row))
    out.print(shown)
