"""One place: found by characters or pinyin, with its facts and what binds there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.face.web.refusal import Refused
from postroad.language import LANGUAGES, Text

if TYPE_CHECKING:
    from postroad.network import Network

MOST_HITS = 20
_RANK = {"province": 0, "prefecture": 1, "county": 2, "external": 3, "township": 4, "village": 5}


def both(key: str, **facts: Any) -> dict[str, str]:
    """Return a sentence in both languages."""
    return {spoken: Text.of(key, **facts).say(spoken) for spoken in LANGUAGES}


def search(network: Network, asked: str) -> list[dict[str, Any]]:
    """Return the places whose name or pinyin begins with, then those that hold, what is asked; higher levels first."""
    word = "".join(asked.split()).lower()
    if not word:
        return []
    places = network["places"].filter(pl.col("level") != "external")
    name, spoken = pl.col("name_zh"), pl.col("pinyin").fill_null("").str.to_lowercase()
    first = pl.when(name.str.starts_with(word) | spoken.str.starts_with(word) | (pl.col("place_id") == word)).then(0)
    holds = name.str.contains(word, literal=True) | spoken.str.contains(word, literal=True)
    hit = first.when(holds).then(1).otherwise(2)
    rank = pl.col("level").replace_strict(_RANK, default=9)
    found = places.with_columns(hit=hit, rank=rank).filter(pl.col("hit") < 2)
    found = found.sort("hit", "rank", name.str.len_chars(), "place_id").head(MOST_HITS)
    return [_hit(network, row) for row in found.iter_rows(named=True)]


def _hit(network: Network, row: dict[str, Any]) -> dict[str, Any]:
    told = {key: row[key] for key in ("place_id", "name_zh", "pinyin", "level", "kind", "lon", "lat")}
    return {**told, "above": "".join(reversed(_above(network, row["parent_id"])))}


def _above(network: Network, place: str | None) -> list[str]:
    names: list[str] = []
    while place and len(names) < 4:
        row = network["places"].filter(pl.col("place_id") == place).row(0, named=True)
        if row["level"] == "province":
            break
        names.append(row["name_zh"])
        place = row["parent_id"]
    return names


def place(network: Network, place_id: str) -> dict[str, Any]:
    """Return a place with its facts; refused when there is none."""
    found = network["places"].filter(pl.col("place_id") == place_id)
    if not found.height:
        raise Refused(404, "console.no_place", asked=place_id[:80])
    row = found.row(0, named=True)
    facts = [*_people(network, place_id), *_below(network, row), *_sites(network, row)]
    told = _hit(network, row)
    return {**told, "origin": row["origin"], "source": row["source"], "facts": facts, "why": _why(row)}


def _people(network: Network, place_id: str) -> list[dict[str, Any]]:
    rows = network["populations"].filter(pl.col("place_id") == place_id).sort("period").tail(1)
    return [
        {
            "label": both("console.population"), "value": row["population_persons"], "unit": both("console.persons"),
            "origin": row["origin"], "source": row["source"], "period": row["period"],
        }
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip


def _under(network: Network, row: dict[str, Any]) -> pl.DataFrame:
    """Return the villages below a place, itself included."""
    places = network["places"]
    villages = places.filter(pl.col("level") == "village")
    if row["level"] == "village":
        return villages.filter(pl.col("place_id") == row["place_id"])
    if row["level"] == "township":
        return villages.filter(pl.col("parent_id") == row["place_id"])
    if row["level"] == "county":
        return villages.filter(pl.col("county_id") == row["place_id"])
    if row["level"] == "prefecture":
        counties = places.filter(pl.col("parent_id") == row["place_id"])["place_id"]
        return villages.filter(pl.col("county_id").is_in(counties.implode()))
    return villages


def _below(network: Network, row: dict[str, Any]) -> list[dict[str, Any]]:
    if row["level"] in ("village", "external"):
        return []
    under = _under(network, row)
    origin = "synthetic" if "synthetic" in under["origin"].to_list() else "derived"
    told = {"label": both("console.villages_below"), "value": under.height, "origin": origin}
    return [{**told, "source": str(under["source"].mode().sort()[0]) if under.height else None}]


def _sites(network: Network, row: dict[str, Any]) -> list[dict[str, Any]]:
    ids = pl.concat([_under(network, row)["place_id"], pl.Series([row["place_id"]])]).unique()
    held = network["sites"].filter(pl.col("place_id").is_in(ids.implode()), pl.col("status") == "open")
    counted = held.group_by("kind").agg(
        count=pl.len(), origin=pl.col("origin").mode().sort().first(), source=pl.col("source").mode().sort().first()
    )
    return [
        {"label": both(f"console.site_{kind}"), "value": count, "origin": origin, "source": source}
        for kind, count, origin, source in counted.sort("kind").iter_rows()
    ]


def _why(row: dict[str, Any]) -> list[dict[str, str]]:
    quality = row["coordinate_quality"]
    if quality == "S" or row["origin"] == "synthetic":
        return [both("console.why_synthetic_place")]
    return []
