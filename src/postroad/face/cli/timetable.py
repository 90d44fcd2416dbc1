"""``postroad timetable`` and its relatives: feeds in and out, checked, and when a parcel can be where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.timetable import Feed

MODES = ("trains", "buses", "flights")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("timetable")(timetable)
    app.command("timetable-export")(export)
    app.command("timetable-check")(check)


def timetable(
    province: str = typer.Argument("jilin", help="省包 province"),
    origin: str = typer.Argument(..., help="站名 stop"),
    destination: str = typer.Argument(..., help="站名 stop"),
    mode: str = typer.Option("trains", "--mode", help=" | ".join(MODES)),
    day: str = typer.Option("2020-11-11", "--date"),
    ready: int = typer.Option(480, "--ready-min", help="0-1439"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """班次 Say when a parcel handed over at a stop can be at another, riding scheduled services."""
    import datetime as dt

    from postroad.errors import UsageError
    from postroad.face.cli.display import day as date_of
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.timetable import earliest, services
    from postroad.timetable.feed import clock

    feed = _feed(open_province(province), mode)
    when = date_of(day) or dt.date(2020, 11, 11)
    ends = [_stop(feed, name) for name in (origin, destination)]
    found = earliest(services(feed, when), ends[0], ready).filter(stop_id=ends[1])
    if not found.height:
        raise UsageError.of("timetable.nothing_between", origin=origin, destination=destination, day=when.isoformat())
    row = found.row(0, named=True)
    if json_:
        print_json({"origin": origin, "destination": destination, "ready_min": ready, "mode": mode, **row})
        return
    times = {"ready": clock(ready)[:5], "arrive": clock(row["arrive_min"])[:5], "services": row["services"]}
    out.print(say("timetable.arrival", origin=origin, destination=destination, **times))


def export(
    province: str = typer.Argument("jilin", help="省包 province"),
    to: Path = typer.Option(..., "--out", help="文件夹 folder or .zip"),
    mode: str = typer.Option("trains", "--mode", help=" | ".join(MODES)),
) -> None:
    """导出 Write a province's trains, buses (synthetic) or flights (times assumed) as GTFS."""
    from postroad.face.cli.display import out
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.timetable import sound, trains, write_gtfs

    network = open_province(province)
    feed = sound(_feed(network, mode))
    _count(feed, mode)
    if mode == "trains":
        made = trains(network)
        facts: dict[str, Any] = {
            "calls": made.trimmed_calls,
            "trains": made.dropped_trains,
            "unknown": made.unknown_days,
        }
        out.print(say("timetable.trimmed", **facts))
    out.print(say("face.written", path=write_gtfs(feed, to).resolve()), soft_wrap=True)


def check(feed: Path = typer.Argument(..., help="文件夹或 .zip"), json_: bool = typer.Option(False, "--json")) -> None:
    """核对 Check a GTFS feed: all faults at once."""
    from postroad.errors import DataError
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.timetable import check as faults_of
    from postroad.timetable import read_gtfs

    read = read_gtfs(feed)
    faults = faults_of(read)
    if json_:
        print_json({"feed": str(feed), "faults": [fault.as_dict() for fault in faults]})
        raise typer.Exit(2 if faults else 0)
    if faults:
        raise DataError(faults)
    _count(read, str(feed))
    out.print(say("timetable.sound", path=feed), soft_wrap=True)


def _feed(network: Network, mode: str) -> Feed:
    from postroad.timetable import buses, flights, trains

    if mode not in MODES:
        raise typer.BadParameter(" | ".join(MODES), param_hint="--mode")
    if mode == "trains":
        return trains(network).feed
    return buses(network) if mode == "buses" else flights(network)


def _stop(feed: Feed, name: str) -> str:
    """Return the id of a stop by id or name; ``UsageError`` when none is called so."""
    from postroad.errors import UsageError

    stops = feed["stops"]
    for column in ("stop_id", "stop_name"):
        found = stops.filter(stops[column] == name)["stop_id"]
        if found.len():
            return str(found[0])
    raise UsageError.of("timetable.no_stop", value=name)


def _count(feed: Feed, name: str) -> None:
    from postroad.face.cli.display import out
    from postroad.language import say

    rows: dict[str, Any] = {table: feed[table].height for table in ("stops", "routes", "trips")}
    rows["times"] = feed["stop_times"].height
    out.print(say("timetable.counts", name=name, **rows), soft_wrap=True)
