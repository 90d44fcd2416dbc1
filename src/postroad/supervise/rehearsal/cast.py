"""Who takes part in a rehearsal: outlets, lockers and inspectors by lot, with the faults that are planted in them."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.randomness import uniforms
from postroad.supervise import centre, register, service
from postroad.supervise.inspection.catalogue import checklist
from postroad.supervise.inspection.planning import plan

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.supervise.records import Desk
    from postroad.supervise.rehearsal.operators import Reported

KINDS, ODDS = ("outlet", "branch", "station", "post_office"), (0.70, 0.82, 0.92, 1.0)
DOORS = {"outlet": "营业网点", "branch": "营业部", "station": "驿站", "post_office": "邮政所"}
PREFECTURES = ("prefecture_city", "autonomous_prefecture")


@dataclass(frozen=True)
class Outlet:
    """One outlet of the cast and the items of its checklist it would fail."""

    id: str
    operator_id: str
    prefecture_id: str
    kind: str
    branch_id: str
    lon: float
    lat: float
    faults: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class Cast:
    """Everybody in a rehearsal."""

    outlets: tuple[Outlet, ...]
    lockers: tuple[dict[str, Any], ...]
    prefectures: tuple[str, ...]
    operators: tuple[str, ...]
    inspectors: tuple[tuple[str, str, float, float], ...]


def fingerprint(*parts: object) -> str:
    """Return a made-up SHA-256, standing for evidence that a rehearsal does not have."""
    return hashlib.sha256("/".join(map(str, ("rehearsal", *parts))).encode()).hexdigest()


def cast_of(network: Network, seed: int, outlets: int, reported: Reported | None = None) -> Cast:
    """Return the cast: outlets shared out by population, each with faults by lot, and lockers of the network.

    With ``reported`` they are outlets of the operators' register, those among them that the ledger points to.
    """
    places = network["places"].filter(pl.col("kind").is_in(PREFECTURES)).sort("place_id")
    names = places["place_id"].to_list()
    firms = network["operators"].filter(pl.col("kind").is_in(["post", "express"]))
    operators = firms["operator_id"].sort().to_list()
    people = dict(network["populations"].select("place_id", "population_persons").iter_rows())
    shares = [float(people[name]) for name in names]
    draws = uniforms(seed, "rehearsal-outlets", 0, outlets * 6).reshape(outlets, 6)
    edges = np.cumsum(shares) / np.sum(shares)
    made = tuple(_outlet(k, draws[k], names, operators, edges, places) for k in range(outlets))
    if reported is not None:
        made = _registered(made, reported, seed)
    made = _named(network, made)
    groups = network["sites"].filter(pl.col("kind") == "locker_group", pl.col("cells") > 0).sort("site_id")
    every = max(1, groups.height // 40)
    lockers = tuple(groups.gather_every(every).to_dicts())
    crew = tuple(
        (f"JC{name}{k}", name, row["lon"], row["lat"])
        for name, row in zip(names, places.iter_rows(named=True), strict=True)
        for k in range(1, 5)
    )
    return Cast(made, lockers, tuple(names), tuple(operators), crew)


def _registered(made: tuple[Outlet, ...], reported: Reported, seed: int) -> tuple[Outlet, ...]:
    """The same outlets under the names, operators and places of the operators' register, suspects first."""
    held = reported.outlets.with_columns(
        pl.Series("lot", uniforms(seed, "rehearsal-register", 0, len(reported.outlets)))
    )
    held = held.with_columns(pl.col("outlet_id").is_in(list(reported.suspects)).alias("suspect"))
    rows = held.sort("suspect", "lot", descending=[True, False]).head(len(made)).to_dicts()
    return tuple(
        replace(one, id=row["outlet_id"], operator_id=row["operator_id"], prefecture_id=row["city_id"],
                branch_id=f"{row['operator_id']}-{row['city_id']}", lon=row["lon"], lat=row["lat"])
        for one, row in zip(made, rows, strict=False)
    )  # fmt: skip


def _named(network: Network, made: tuple[Outlet, ...]) -> tuple[Outlet, ...]:
    """The same outlets with names as they stand on doors: operator, the township or city, what it is."""
    firms = dict(network["operators"].select("operator_id", "name_zh").iter_rows())
    places = dict(network["places"].select("place_id", "name_zh").iter_rows())
    found = []
    for one in made:
        town = places.get(one.id.rpartition("-")[2]) or places[one.prefecture_id]
        found.append(replace(one, name=f"{firms[one.operator_id]}{town}{DOORS[one.kind]}"))
    return tuple(found)


def _outlet(k: int, u: Any, names: list[str], operators: list[str], edges: Any, places: pl.DataFrame) -> Outlet:
    where = int(np.searchsorted(edges, u[0], side="right"))
    kind = KINDS[int(np.searchsorted(np.asarray(ODDS), u[1], side="right"))]
    operator = "CHINAPOST" if kind == "post_office" else operators[int(u[2] * len(operators))]
    bad = u[3] < 0.15  # one outlet in seven fails often, the rest seldom
    chances = uniforms(k, "rehearsal-faults", 0, 32)
    faults = tuple(
        item.id for item, chance in zip(checklist(kind), chances, strict=False) if chance < (0.30 if bad else 0.02)
    )
    row = places.row(where, named=True)
    place = (row["lon"] + (u[4] - 0.5) * 0.6, row["lat"] + (u[5] - 0.5) * 0.6)
    return Outlet(f"W{k:04d}", operator, names[where], kind, f"{operator}-{names[where]}", *place, faults)


def enter(desk: Desk, network: Network, cast: Cast, month: dt.date) -> None:
    """Enter licences, outlets, lockers, inspectors, centres and the month's plan on the register."""
    opened = dt.date(month.year - 1, 3, 1)
    for operator in cast.operators:
        register.apply(desk, f"LIC-{operator}", operator, "cross_province", opened, 500.0)
        register.decide(desk, f"LIC-{operator}", True, opened + dt.timedelta(days=30), dt.date(month.year + 4, 3, 1))
    for k, outlet in enumerate(cast.outlets):
        late = k % 25 == 0  # every twenty-fifth is new and was never filed
        since = desk.today if late else opened
        register.open_outlet(desk, outlet.id, outlet.operator_id, outlet.prefecture_id, outlet.kind, since,
                             outlet.name, outlet.branch_id, outlet.lon, outlet.lat)  # fmt: skip
        if not late:
            register.file_outlet(desk, outlet.id, opened + dt.timedelta(days=12))
    for k, site in enumerate(cast.lockers):
        operator = cast.operators[k % len(cast.operators)]
        register.open_outlet(desk, site["site_id"], operator, site["place_id"][:4], "locker", opened,
                             _door(network, operator, site["place_id"]), "",
                             site["lon"], site["lat"], site["cells"])  # fmt: skip
        register.file_outlet(desk, site["site_id"], opened + dt.timedelta(days=12))
    for code, place, lon, lat in cast.inspectors:
        skills = ["fire", "safety"] if code[-1] in "13" else ["safety", "privacy", "market"]
        register.enrol(desk, code, place, skills, 60.0, dt.date(month.year + 1, 12, 31), lon, lat)
    _plans(desk, cast, month)
    _centres(desk, network, month)


def _door(network: Network, operator: str, place: str) -> str:
    firm = network["operators"].row(by_predicate=pl.col("operator_id") == operator, named=True)["name_zh"]
    where = network["places"].row(by_predicate=pl.col("place_id") == place, named=True)["name_zh"]
    return f"{firm}{where}智能快件箱"


def _plans(desk: Desk, cast: Cast, month: dt.date) -> None:
    for place in cast.prefectures:
        here = sum(outlet.prefecture_id == place for outlet in cast.outlets)
        for priority, theme, share in ((1, "safety", 0.5), (2, "fire", 0.3), (3, "green", 0.5), (4, "market", 1.0)):
            plan(desk, f"{month:%Y-%m}", place, "outlet", theme, round(here * share), priority)


def _centres(desk: Desk, network: Network, month: dt.date) -> None:
    sites = network["sites"].filter(pl.col("kind") == "safety_centre").sort("site_id")["site_id"].to_list()
    for k, site in enumerate(sites):
        for number, condition in enumerate(desk.rule("centre")["conditions"]):
            met, age = (3 * k + number) % 8 != 5, 500 if (3 * k + number) == 4 else 60
            on = month - dt.timedelta(days=age)
            centre.show(desk, site, site[3:7], condition, met, on, fingerprint(site, condition))


def service_day(desk: Desk, cast: Cast, seed: int, day: dt.date) -> None:
    """Enter what the lockers show on a day; on the first of a month what the cameras show too."""
    days = calendar.monthrange(day.year, day.month)[1]
    used = uniforms(seed, "rehearsal-lockers", 0, len(cast.lockers) * days * 2).reshape(len(cast.lockers), days, 2)
    for site, (fill, turned) in zip(cast.lockers, used[:, day.day - 1], strict=True):
        put = site["cells"] * (0.4 + 1.3 * fill)
        lost = max(0.0, put - 1.5 * site["cells"]) + 0.02 * put * turned
        service.locker_day(desk, site["site_id"], day, round(put), round(lost))
    if day.day == 1:
        for outlet, chance in zip(cast.outlets, uniforms(seed, "rehearsal-cameras", 0, len(cast.outlets)), strict=True):
            if chance > 0.06:
                service.camera_day(desk, outlet.id, day, 4, 4 if chance > 0.2 else 2)


def waves(month: dt.date) -> Iterator[tuple[str, str, float]]:
    """Yield the waves of the satisfaction survey: seven quarters that rise for the firms and stay for the authority."""
    for k in range(7):
        quarter = f"{month.year - 1 + k // 4}-Q{k % 4 + 1}"
        yield quarter, "express", 82.0 + 0.3 * k + (0.4 if k % 3 == 0 else 0.0)
        yield quarter, "authority", 95.0 + (0.3 if k % 2 else -0.2)
