"""Provinces, their tables, and everything a map draws of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Path, Query, Request, Response

from postroad import tables
from postroad.face.web import provinces, scoring
from postroad.face.web.answers import send
from postroad.face.web.house import House, Reader, TheHouse, TheNetwork
from postroad.face.web.models import Columns, PlaceHit, PlaceView, ProvinceDetail, ProvinceView, TablePage
from postroad.face.web.problems import plain
from postroad.face.web.refusal import Refused
from postroad.face.web.views import geography, places
from postroad.network import ORIGINS, Network, shipped_packs

router = APIRouter(prefix="/api/provinces", tags=["provinces"])
Name = Annotated[str, Path(max_length=80)]
MOST_ROWS = 500


def _told(house: House, name: str, network: Network) -> dict[str, Any]:
    plan = provinces.plan_of(house.settings.home, name)
    return {
        "name": name,
        "label": {"zh": network.label("zh"), "en": network.label("en")},
        "shipped": name in shipped_packs(),
        "fingerprint": network.fingerprint,
        "has_plan": isinstance(plan, str) or plan.is_file(),
    }


@router.get("", response_model=list[ProvinceView])
def listed(_: Reader, house: TheHouse) -> Any:
    """List the provinces this server knows."""
    home = house.settings.home
    return [_told(house, name, provinces.opened(home, name)) for name in provinces.names(home)]


@router.get("/{name}", response_model=ProvinceDetail)
def one(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Describe a province: its tables by origin, its sources, its faults."""

    def make() -> dict[str, Any]:
        counted = {row["table"]: row for row in network.describe().iter_rows(named=True)}
        specs = tables.schema().tables
        held = [
            {"table": t, "label": {"zh": specs[t].zh, "en": specs[t].en}, **{k: row[k] for k in ("rows", *ORIGINS)}}
            for t, row in counted.items()
        ]
        wanted = ("source_id", "title", "version", "licence", "digest", "note")
        sources = network["sources"].select(wanted).sort("source_id").to_dicts()
        faults = [plain(fault) for fault in network.check()]
        return {**_told(house, name, network), "tables": held, "sources": sources, "faults": faults}

    return send(request, house.answers.of(("province", name, network.fingerprint), make))


@router.get("/{name}/tables/{table}", response_model=TablePage)
def table_page(
    _: Reader,
    name: Name,  # noqa: ARG001 - names the network
    network: TheNetwork,
    table: Annotated[str, Path(max_length=60)],
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
    q: Annotated[str, Query(max_length=80)] = "",
    origin: Literal["", "observed", "derived", "assumed", "synthetic"] = "",
) -> Any:
    """Return some rows of a table, those that hold a text or have an origin where asked."""
    if table not in network.tables:
        raise Refused(404, "console.no_table", asked=table)
    spec, frame = tables.schema().tables[table], network[table]
    if origin:
        frame = frame.filter(pl.col("origin") == origin)
    if q:
        texts = [c for c, kind in frame.schema.items() if kind in (pl.String, pl.Categorical)]
        frame = frame.filter(pl.any_horizontal(pl.col(texts).cast(pl.String).str.contains(q, literal=True)))
    shown = frame.slice(offset, limit).with_columns(pl.col(pl.Date, pl.Datetime).cast(pl.String))
    named = [
        {"name": c.name, "label": {"zh": c.zh, "en": c.en}, "means": {"zh": c.means_zh, "en": c.means_en},
         "unit": c.unit or None}
        for c in (spec.columns[column] for column in frame.columns)
    ]  # fmt: skip
    label = {"zh": spec.zh, "en": spec.en}
    return {
        "table": table,
        "label": label,
        "columns": named,
        "rows": shown.rows(),
        "total": frame.height,
        "offset": offset,
    }


@router.get("/{name}/outlines", response_model=dict[str, Any])
def outlines(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the outlines of the counties as GeoJSON."""
    key = ("outlines", name, network.fingerprint)
    answer = house.answers.of(key, lambda: geography.outlines(network.beside("outlines.geojson")))
    return send(request, answer)


@router.get("/{name}/points/{level}", response_model=Columns)
def points(
    request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork,
    level: Literal["province", "prefecture", "county", "township", "village", "external"],
) -> Response:  # fmt: skip
    """Return the places of a level as columns."""
    key = ("points", name, network.fingerprint, level)
    return send(request, house.answers.of(key, lambda: geography.points(network, level)))


@router.get("/{name}/sites", response_model=Columns)
def site_kinds(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the kinds of site with their counts."""
    key = ("site-kinds", name, network.fingerprint)
    return send(request, house.answers.of(key, lambda: geography.site_kinds(network)))


@router.get("/{name}/sites/{kind}", response_model=Columns)
def sites(
    request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork,
    kind: Annotated[str, Path(pattern="^[a-z_]{1,40}$")],
) -> Response:  # fmt: skip
    """Return the sites of a kind as columns."""
    if kind not in network["sites"]["kind"].unique().to_list():
        raise Refused(404, "console.no_site_kind", asked=kind)
    key = ("sites", name, network.fingerprint, kind)
    return send(request, house.answers.of(key, lambda: geography.sites(network, kind)))


@router.get("/{name}/roads", response_model=Columns)
def roads(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the road links as columns."""
    key = ("roads", name, network.fingerprint)
    return send(request, house.answers.of(key, lambda: geography.roads(network)))


@router.get("/{name}/railways", response_model=Columns)
def railways(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the lines that trains run on as columns."""
    key = ("railways", name, network.fingerprint)
    return send(request, house.answers.of(key, lambda: geography.railways(network)))


@router.get("/{name}/flows", response_model=Columns)
def flows(
    request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork,
    year: Annotated[int, Query(ge=2015, le=2035)] = 2020,
    scenario: Annotated[str, Query(max_length=40)] = "base",
) -> Response:  # fmt: skip
    """Return a year's flows between units as columns, the largest first."""
    key = ("flows", name, network.fingerprint, year, scenario)
    return send(request, house.answers.of(key, lambda: geography.flows(network, year, scenario)))


@router.get("/{name}/minutes", response_model=Columns)
def minutes(
    request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork,
    place: Annotated[str, Query(max_length=40)],
    mode: Literal["road", "rail", "air"] = "road",
    season: Literal["ordinary", "winter"] = "ordinary",
) -> Response:  # fmt: skip
    """Return the minutes from a place to each county that can be reached."""
    places.place(network, place)
    key = ("minutes", name, network.fingerprint, place, mode, season)
    return send(request, house.answers.of(key, lambda: geography.minutes(network, place, mode, season)))


@router.get("/{name}/coverage", response_model=Columns)
def coverage(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the villages with a post station by county, as of today."""
    day = scoring.today()
    key = ("coverage", name, network.fingerprint, day)
    return send(request, house.answers.of(key, lambda: geography.coverage(network, day)))


@router.get("/{name}/service", response_model=Columns)
def service(
    request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork,
    season: Literal["ordinary", "winter"] = "ordinary",
) -> Response:  # fmt: skip
    """Return how far people go to an open service point, by county."""
    key = ("service", name, network.fingerprint, season)
    return send(request, house.answers.of(key, lambda: geography.service(network, season)))


@router.get("/{name}/search", response_model=list[PlaceHit])
def search(
    _: Reader, name: Name, network: TheNetwork, q: Annotated[str, Query(max_length=80)] = ""  # noqa: ARG001
) -> Any:  # fmt: skip
    """Find places by characters or pinyin."""
    return places.search(network, q)


@router.get("/{name}/places/{place}", response_model=PlaceView)
def place(
    request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork,
    place: Annotated[str, Path(max_length=40)],
) -> Response:  # fmt: skip
    """Return a place with its facts and what binds there."""
    key = ("place", name, network.fingerprint, place)
    return send(request, house.answers.of(key, lambda: places.place(network, place)))
