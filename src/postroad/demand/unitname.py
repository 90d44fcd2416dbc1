"""What people write for a place, and the county, zone or place outside that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from postroad.demand.totals import units

if TYPE_CHECKING:
    from postroad.network import Network

ENDING = "(朝鲜族自治县|满族自治县|蒙古族自治县|自治州|市|区|县)$"


def unit_names(network: Network) -> pl.DataFrame:
    """Return text (lower case), unit and doubt (``coarse``, ``ambiguous`` or null), each text once.

    Codes of counties, zones, townships and villages count, and names of counties, zones and places outside, whole,
    short, in pinyin, or behind the names of their prefecture and province. A prefecture or the province is too coarse;
    a text that may mean two places is ambiguous.
    """
    places = network["places"].filter(pl.col("place_id").is_not_null())
    known = units(network)["place_id"]
    inside = places.filter(pl.col("level").is_in(["county", "township", "village"])).with_columns(
        unit=pl.col("place_id").str.slice(0, 6)
    )
    codes = inside.filter(pl.col("unit").is_in(known.implode())).select(text="place_id", unit="unit")
    above = places.filter(pl.col("level").is_in(["province", "prefecture"])).with_columns(unit=pl.lit("coarse"))
    outside = places.filter(level="external").with_columns(unit=pl.col("place_id"))
    county = inside.filter((pl.col("level") == "county") & pl.col("unit").is_in(known.implode()))
    named = [_spelled(frame) for frame in (county, above, outside)]
    every = pl.concat([codes, _codes(above), _codes(outside), *named, _behind(county, places)])
    every = every.with_columns(pl.col("text").str.strip_chars().str.to_lowercase()).filter(pl.col("text") != "")
    one = every.unique().group_by("text").agg(pl.col("unit").n_unique().alias("meanings"), pl.col("unit").first())
    several, coarse = pl.col("meanings") > 1, pl.col("unit") == "coarse"
    doubt = pl.when(several).then(pl.lit("ambiguous")).when(coarse).then(pl.lit("coarse"))
    return (
        one.with_columns(doubt=doubt)
        .with_columns(unit=pl.when(pl.col("doubt").is_null()).then("unit"))
        .select("text", "unit", "doubt")
        .sort("text")
    )


def _codes(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(text="place_id", unit="unit")


def _spelled(frame: pl.DataFrame) -> pl.DataFrame:
    whole = frame.select(text="name_zh", unit="unit")
    short = frame.select(text=pl.col("name_zh").str.replace(ENDING, "").str.replace("省$", ""), unit="unit")
    sound = frame.select(text="pinyin", unit="unit").drop_nulls()
    return pl.concat([whole, short, sound])


def _behind(county: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Names behind their prefecture's, and behind the province's and the prefecture's."""
    prefecture = places.filter(level="prefecture").select(parent_id="place_id", prefix="name_zh", above="parent_id")
    province = places.filter(level="province").select(above="place_id", province="name_zh")
    both = county.join(prefecture, on="parent_id").join(province, on="above")
    once = both.select(text=pl.col("prefix") + pl.col("name_zh"), unit="unit")
    twice = both.select(text=pl.col("province") + pl.col("prefix") + pl.col("name_zh"), unit="unit")
    return pl.concat([once, twice])
