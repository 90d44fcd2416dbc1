"""``postroad sites place``, ``shared``, ``lockers``, ``lift`` and ``move``: what else there is to ask of sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from postroad.design.sites.uses import Placed
    from postroad.network import Network

TELLS = {"nodes": "placed_km", "centres": "placed_km", "spoilage": "placed_spoiled"}
"""What the figure of a use means; a share of the need for the others."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sites-place")(place)
    app.command("sites-shared")(shared)
    app.command("sites-lockers")(lockers)
    app.command("sites-lift")(lift)
    app.command("sites-move")(move)


def place(
    province: str = typer.Argument("jilin", help="省包 province"),
    use: str = typer.Option(
        "cold",
        "--use",
        help="cold 冷库 | spoilage 少损耗冷库 | rest 爱心驿站 | nodes 乡镇节点 | centres 县级中心 | "
        "stations 末端服务站 | terminals 车站机场网点",
    ),
    p: int = typer.Option(10, "--p", help="数量 how many"),
    month: int = typer.Option(9, "--month", help="月份 month of harvest (cold, spoilage)"),
    hours: float = typer.Option(2.0, "--hours", help="小时 hours to cold (cold)"),
    product: str = typer.Option(
        "", "--product", help="产品 product: RICE, CORN, MUSHROOM, GINSENG, DEER; empty for all"
    ),
    km: float = typer.Option(0.0, "--km", help="公里 km to a rest place (1.5) or an outlet (0.5)"),
    county: str = typer.Option("", "--county", help="县区代码 county code (nodes, centres)"),
    season: str = typer.Option("ordinary", "--season", help="ordinary | winter"),
    gtfs: Path | None = typer.Option(
        None, "--gtfs", help="公交时刻表 buses, instead of the synthetic ones (terminals)"
    ),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """选址 Cold stores, rest places, nodes, centres, stations or outlets at terminals, with how good the choice is."""
    from postroad.design.sites import cold, terminals, uses
    from postroad.errors import UsageError
    from postroad.face.cli.display import out, print_json
    from postroad.language import current, say
    from postroad.network import province as open_province
    from postroad.timetable import read_gtfs

    def outlets(network: Network) -> Placed:
        feed = read_gtfs(gtfs) if gtfs else None
        return terminals.terminal_outlets(network, p, km=km or 0.5, feed=feed)

    ways: dict[str, Callable[[Network], Placed]] = {
        "cold": lambda n: cold.cold_stores(n, p, month=month, hours=hours, product=product, season=season),
        "spoilage": lambda n: cold.least_spoilage(n, p, month=month, product=product, season=season),
        "rest": lambda n: uses.rest_places(n, p, km=km or 1.5),
        "nodes": lambda n: uses.township_nodes(n, county, p),
        "centres": lambda n: uses.county_centres(n, county, season=season),
        "stations": lambda n: uses.terminal_stations(n, p),
        "terminals": outlets,
    }
    if use not in ways:
        raise UsageError.of("sites.bad_use", value=use)
    found = ways[use](open_province(province))
    if json_:
        print_json({"value": found.value, "bound": found.bound, "status": found.status,
                    "places": found.places.to_dicts()})  # fmt: skip
        return
    key = TELLS.get(use, "placed_share")
    scale = 1.0 if key == "placed_km" else 100.0
    out.print(say(f"sites.{key}", value=f"{scale * found.value:.2f}", bound=f"{scale * found.bound:.2f}",
                  status=found.status))  # fmt: skip
    name = "name_zh" if current() == "zh" or "pinyin" not in found.places.columns else "pinyin"
    out.print(", ".join(found.places[name]), markup=False, soft_wrap=True)


def shared(
    province: str = typer.Argument("jilin", help="省包 province"),
    county: str = typer.Option("", "--county", help="县区代码 county code; empty for all"),
    brand: list[str] = typer.Option([], "--brand", help="品牌=份额 brand=share, repeated; else all brands alike"),
    least: float = typer.Option(30.0, "--least-pieces", help="件/日 pieces a day for a station of one's own"),
    station_yuan: float = typer.Option(20_000.0, "--station-yuan", help="每站造价 yuan a station"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """共建共享 Stations in cities and towns: one network for each brand, or one for all (P63)."""
    from postroad.design.sites.shared import Brands, shared_stations
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.network import province as open_province

    network = open_province(province)
    brands = Brands(_brands(network, brand), least, station_yuan=station_yuan)
    found = shared_stations(network, brands, county)
    names = ("separate_stations", "separate_yuan", "shared_stations", "shared_yuan", "beyond_persons")
    told = {name: float(found[name].to_numpy().sum()) for name in names}
    if json_:
        proven = bool(found["proven"].all())
        print_json({**told, "proven": proven, "brands": dict(brands.shares), "counties": found.to_dicts()})
        return
    saved = 1.0 - told["shared_yuan"] / told["separate_yuan"] if told["separate_yuan"] else 0.0
    blocks, synthetic = found["blocks"].to_numpy(), found["synthetic_share"].to_numpy()
    rests = float((blocks * synthetic).sum()) / max(1.0, float(blocks.sum()))
    out.print(say("sites.shared_line", separate=int(told["separate_stations"]), shared=int(told["shared_stations"]),
                  separate_yuan=f"{told['separate_yuan']:,.0f}", shared_yuan=f"{told['shared_yuan']:,.0f}",
                  saved=f"{100 * saved:.0f}", beyond=f"{told['beyond_persons']:,.0f}",
                  synthetic=f"{100 * rests:.0f}"), soft_wrap=True)  # fmt: skip


def _brands(network: Network, given: list[str]) -> tuple[tuple[str, float], ...]:
    """Read shares as BRAND=NUMBER; without any, every post and express firm of the network counts alike."""
    from postroad.errors import UsageError

    if not given:
        firms = network["operators"]
        return tuple((name, 1.0) for name in firms.filter(firms["kind"].is_in(["post", "express"]))["operator_id"])
    found = []
    for text in given:
        name, _, number = text.partition("=")
        try:
            found.append((name.strip(), float(number)))
        except ValueError:
            raise UsageError.of("sites.bad_shares", value=text) from None
    return tuple(found)


def lockers(
    province: str = typer.Argument("jilin", help="省包 province"),
    parcels: Path | None = typer.Option(None, "--parcels", help="CSV：site_id,day,parcels"),
    locker_share: float = typer.Option(0.05, "--locker-share", help="入柜比例 share of pieces through lockers"),
    refusal: float = typer.Option(0.05, "--refusal", help="满柜拒收上限 most share refused"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """快件箱 Load, refusal and cells needed of each locker, from a week of parcels or from who lives there (P64)."""
    from postroad.design.sites.lockers import locker_week
    from postroad.design.sites.province import SiteOptions, locker_loads
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.travel.doorstep import homes

    network = open_province(province)
    if parcels is not None:
        found = locker_week(network, _read(parcels), refusal)
    else:
        options = SiteOptions(locker_share=locker_share, most_refusal=refusal)
        found = locker_loads(network, homes(network), options)
    cells, loads = found["cells"].to_numpy(), found["load"].to_numpy()
    told = {
        "lockers": found.height,
        "short": found.filter(found["cells_needed"] > found["cells"]).height,
        "turns_day": float((found["turns_day"].to_numpy() * cells).sum()) / max(1.0, float(cells.sum())),
        "refused": float((found["refused"].to_numpy() * loads).sum()) / max(1e-9, float(loads.sum())),
    }
    if json_:
        print_json({**told, "rows": found.to_dicts()})
        return
    out.print(say("sites.locker_line", lockers=told["lockers"], short=told["short"], turns=f"{told['turns_day']:.2f}",
                  refused=f"{100 * told['refused']:.1f}"), soft_wrap=True)  # fmt: skip


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    from postroad.errors import DataError

    try:
        frame = pl.read_csv(path, schema_overrides={"site_id": pl.String})
        return frame.select("site_id", pl.col("day").cast(pl.Int64), pl.col("parcels").cast(pl.Float64))
    except (pl.exceptions.PolarsError, OSError) as wrong:
        raise DataError.of("sites.unreadable_parcels", path=str(path), detail=str(wrong).splitlines()[0]) from wrong


def lift(
    province: str = typer.Argument("jilin", help="省包 province"),
    steps: int = typer.Option(3, "--steps", min=1, help="到最好情形之间分几步 steps on the way to the best"),
    time_limit: float = typer.Option(20.0, "--time-limit", help="每步秒数 seconds for each step"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """抬底 The least money that shortens the worst-off tenth's and the worst county's way, with the Gini it leaves."""
    import dataclasses

    from postroad.design.sites.lifting import shorten
    from postroad.design.sites.province import SiteOptions, ask
    from postroad.face.cli.display import out, print_json
    from postroad.language import say
    from postroad.network import province as open_province
    from postroad.travel.doorstep import homes

    network = open_province(province)
    # Limits so wide that they hold today: they are what makes the question speak of minutes.
    question, _ = ask(network, homes(network), SiteOptions(worst_tenth_min=1e6, county_mean_min=1e6))
    found = shorten(question, steps, time_s=time_limit)
    if json_:
        print_json([dataclasses.asdict(one) for one in found])
        return
    for one in found:
        told = "sites.lift_line" if one.yuan is not None else "sites.lift_unknown"
        out.print(say(told, what=say(f"sites.rule_{RULES[one.what]}"), limit=f"{one.limit:.1f}", sites=one.sites,
                      yuan=f"{(one.yuan or 0.0) / 1e6:.2f}", bound=f"{one.bound / 1e6:.2f}", mean=f"{one.mean:.2f}",
                      gini=f"{one.gini:.3f}"), soft_wrap=True)  # fmt: skip


RULES = {"worst_tenth": "tenth", "area_mean": "county_mean"}


def move(
    province: str = typer.Argument("jilin", help="省包 province"),
    county: list[str] = typer.Option([], "--county", help="县区，可多次；默认全部 counties, all unless given"),
    budget: float = typer.Option(300_000.0, "--budget", help="每县区预算（元）yuan for each county"),
    new_yuan: float = typer.Option(30_000.0, "--new-yuan", help="新设一处 yuan a new point"),
    move_yuan: float = typer.Option(8_000.0, "--move-yuan", help="迁移一处 yuan to move a point"),
    time_limit: float = typer.Option(10.0, "--time-limit", help="每县区秒数 seconds for each county"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """迁点 Points moved, added and kept in one model: most people inside the standard, and nobody loses."""
    from postroad.design.sites.moving import Prices, counties, move_points
    from postroad.face.cli.display import out, print_json
    from postroad.language import current, say
    from postroad.naming import names_of
    from postroad.network import province as open_province
    from postroad.travel.place import find

    network = open_province(province)
    names = names_of(network, current())
    asked = [find(network, name) for name in county] or counties(network)
    rows: list[dict[str, Any]] = []
    for place in asked:
        found = move_points(network, place, Prices(budget, new_yuan, move_yuan), time_s=time_limit)
        rows.append({"county_id": place, "county": names.get(place), "inside_before": found.inside_before,
                     "inside_after": found.inside_after, "bound": found.bound, "yuan": found.yuan,
                     "changes": found.changes.to_dicts()})  # fmt: skip
    if json_:
        print_json(rows)
        return
    for row in rows:
        moved = [one for one in row["changes"] if one["change"] == "moved"]
        out.print(say("sites.move_line", county=row["county"], moved=len(moved),
                      added=len(row["changes"]) - len(moved), yuan=f"{row['yuan']:,.0f}",
                      gain=f"{row['inside_after'] - row['inside_before']:,.0f}",
                      most=f"{max(row['bound'], row['inside_after']) - row['inside_before']:,.0f}"))  # fmt: skip
        for one in row["changes"]:
            if one["change"] == "moved":
                out.print("  " + say("sites.move_one", start=names.get(one["from_place_id"]),
                                     to=names.get(one["to_place_id"]), km=f"{one['km']:.1f}"))  # fmt: skip
