"""The facilities the plan names or counts. Named ones stand at their place; counted ones are drawn by lottery.

The lottery gives a unit the ticket u^(1/population) (Efraimidis and Spirakis): the largest tickets win, so a unit's
chance rises with its people, and the number of winners is exact. Where units are villages, each county first gets its
share in proportion to its villages, since the plan says nothing of differences between counties.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from postroad import randomness
from tools.build_jilin.population import shared
from tools.build_jilin.scatter import SEED

TIERS = {
    1: ["2201"],
    2: ["2202", "2203", "2208", "222401"],
    3: ["2205", "2207", "2204", "2206", "220182"],
    None: ["220581", "222404", "220184"],
}
EXCHANGE = ["2201", "222401", "222402", "220623", "220582", "222404"]
BASES = [("JD", "京东吉林智能物流基地"), ("ZTO", "中通吉林基地"), ("STO", "申通吉林基地"), ("YUNDA", "韵达吉林基地")]
PARK_AREA_M2 = 2_737_700
LOCKER_CELLS = 84
COUNTED = [
    # kind, how many, who may win, prefix
    ("village_post_station", 8885, "village", "VS"),
    ("village_commerce_point", 6668, "village", "VC"),
    ("pick_up_point", 266, "rural_township", "PU"),
    ("terminal_station", 251, "community", "TS"),
    ("locker_group", 1707, "community", "LK"),
]
COOPERATION = [("police", 193), ("tax", 720), ("government", 69)]


def sites(places: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Return every site the plan names or counts, and a county centre in each of the 60 counties."""
    known = places.join(people.select("place_id", "population_persons", "urban_persons"), on="place_id", how="left")
    parts = [_hubs(known), _named(known), _county_centres(known), _parks(known)]
    stations = None
    for kind, count, group, prefix in COUNTED:
        won = _drawn(known, kind, count, group, prefix)
        parts.append(won)
        if kind == "village_post_station":
            stations = won
    served = known.filter(pl.col("place_id").is_in(stations["place_id"].implode()))
    parts.append(_won(served, "door_delivery_village", 2885, "DD"))
    for service, count in COOPERATION:
        won = _drawn(known, f"cooperation/{service}", count, "township", f"CO-{service}-")
        parts.append(won.with_columns(kind=pl.lit("cooperation_outlet"), services=pl.lit(service)))
    return pl.concat(parts, how="diagonal").with_columns(status=pl.col("status").fill_null("open"))


def _at(known: pl.DataFrame, codes: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"place_id": codes}).join(
        known.select("place_id", "name_zh", "lon", "lat"), on="place_id", how="left", maintain_order="left"
    )


def _hubs(known: pl.DataFrame) -> pl.DataFrame:
    codes = [(tier, code) for tier, group in TIERS.items() for code in group]
    frame = _at(known, [code for _, code in codes])
    return frame.with_columns(
        site_id=pl.lit("HUB-") + pl.col("place_id"),
        name_zh=pl.col("name_zh") + "交换枢纽",
        kind=pl.lit("hub"),
        tier=pl.Series([tier for tier, _ in codes], dtype=pl.Int64),
        origin=pl.lit("assumed"),
        source=pl.lit("plan-jilin"),
    )


def _named(known: pl.DataFrame) -> pl.DataFrame:
    offices = _at(known, EXCHANGE).with_columns(
        site_id=pl.lit("EX-") + pl.col("place_id"),
        name_zh=pl.col("name_zh") + "国际邮件互换局（交换站）",
        kind=pl.lit("exchange_office"),
        origin=pl.lit("observed"),
    )
    bases = _at(known, ["2201"] * len(BASES)).with_columns(
        site_id=pl.Series([f"BASE-{firm}" for firm, _ in BASES]),
        name_zh=pl.Series([name for _, name in BASES]),
        operator_id=pl.Series([firm for firm, _ in BASES]),
        kind=pl.lit("base"),
        origin=pl.lit("observed"),
    )
    seats = known.filter(level="prefecture").sort("place_id")["place_id"].to_list()
    centres = _at(known, seats).with_columns(
        site_id=pl.lit("SC-") + pl.col("place_id"),
        name_zh=pl.col("name_zh") + "邮政业安全中心",
        kind=pl.lit("safety_centre"),
        origin=pl.lit("observed"),
    )
    return pl.concat([offices, bases, centres], how="diagonal").with_columns(source=pl.lit("plan-jilin"))


def _county_centres(known: pl.DataFrame) -> pl.DataFrame:
    counties = known.filter((pl.col("level") == "county") & (pl.col("kind") != "dev_zone")).sort("place_id")
    return _at(known, counties["place_id"].to_list()).with_columns(
        site_id=pl.lit("CC-") + pl.col("place_id"),
        name_zh=pl.col("name_zh") + "县级寄递公共配送中心",
        kind=pl.lit("county_centre"),
        origin=pl.lit("assumed"),
        source=pl.lit("rule-sites"),
    )


def _parks(known: pl.DataFrame) -> pl.DataFrame:
    """Twelve parks over the prefectures by urban people, one at least; the last two being built and planned."""
    seats = known.filter(level="prefecture").sort("place_id")
    weights = seats["urban_persons"].to_numpy().astype(float)
    each = 1 + shared(12 - seats.height, weights)
    codes = [code for code, count in zip(seats["place_id"], each, strict=True) for _ in range(count)]
    order = np.argsort([-dict(zip(seats["place_id"], weights, strict=True))[code] for code in codes], kind="stable")
    frame = _at(known, [codes[k] for k in order])
    number = np.arange(1, 13)
    area = shared(PARK_AREA_M2, np.array([weights[seats["place_id"].to_list().index(c)] for c in frame["place_id"]]))
    return frame.with_columns(
        site_id=pl.Series([f"PARK-{n:02d}" for n in number]),
        name_zh=pl.col("name_zh") + "快递物流园区",
        kind=pl.lit("park"),
        status=pl.Series(["open"] * 10 + ["building", "planned"]),
        area_m2=pl.Series(area.astype(float)),
        origin=pl.lit("synthetic"),
        source=pl.lit("rule-sites"),
    )


def _drawn(known: pl.DataFrame, purpose: str, count: int, group: str, prefix: str) -> pl.DataFrame:
    pools = {
        "village": pl.col("kind") == "village",
        "community": pl.col("kind").is_in(["community", "quasi_community"]),
        "township": pl.col("level") == "township",
        "rural_township": pl.col("kind").is_in(["town", "township", "ethnic_township"]),
    }
    return _won(known.filter(pools[group]), purpose, count, prefix)


def _won(pool: pl.DataFrame, purpose: str, count: int, prefix: str) -> pl.DataFrame:
    pool = pool.sort("place_id")
    quotas: list[tuple[pl.DataFrame, int]] = [(pool, count)]
    if set(pool["kind"]) == {"village"}:
        counties = pool.partition_by("county_id", maintain_order=True)
        each = shared(count, np.array([float(county.height) for county in counties]))
        quotas = list(zip(counties, each.tolist(), strict=True))
    return pl.concat(_lottery(group, purpose, quota, prefix) for group, quota in quotas)


def _lottery(pool: pl.DataFrame, purpose: str, count: int, prefix: str) -> pl.DataFrame:
    u = randomness.uniforms(SEED, f"sites/{purpose}/{pool['place_id'][0]}", 0, pool.height)
    people = np.maximum(1.0, pool["population_persons"].fill_null(1).to_numpy().astype(float))
    winners = np.sort(np.argsort(-(np.log(u) / people), kind="stable")[:count])
    cells = LOCKER_CELLS if purpose == "locker_group" else None
    return pool[winners].select(
        "place_id",
        "lon",
        "lat",
        site_id=pl.lit(f"{prefix}-") + pl.col("place_id"),
        kind=pl.lit(purpose),
        cells=pl.lit(cells, pl.Int64),
        origin=pl.lit("synthetic"),
        source=pl.lit("rule-sites"),
    )
