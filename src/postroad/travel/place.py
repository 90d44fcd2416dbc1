"""Find a place by its name, in characters or pinyin, with or without 市, 县 or 区, or by its code."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from postroad.errors import UsageError
from postroad.language import LANGUAGES, Said
from postroad.naming import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from postroad.network import Network

ENDINGS = ("自治州", "自治县", "地区", "街道", "省", "市", "县", "区", "镇", "乡", "村")
SPOKEN_ENDINGS = ("zizhizhou", "zizhixian", "diqu", "jiedao", "sheng", "shi", "xian", "qu", "zhen", "xiang", "cun")
PEOPLES = ("朝鲜族", "满族", "蒙古族", "回族")
RANK = {"external": 0, "prefecture": 0, "county": 1, "province": 2, "township": 3, "village": 4}
MOST = 8


def find(network: Network, asked: str) -> str:
    """Return the id of the place meant; ``UsageError`` lists the candidates when several are, or the nearest names.

    A full name goes before a short one, and a higher place before a lower: 吉林 is the prefecture, not the province.
    """
    places = network["places"]
    word: str = "".join(asked.split()).lower()
    exact = places.filter(pl.col("place_id").str.to_lowercase() == word)
    if exact.height:
        return str(exact["place_id"][0])
    for names in (_full, _short):
        hits = [row for row in places.select(_COLUMNS).iter_rows() if word in names(row)]
        if hits:
            best = min(_rank(row) for row in hits)
            top = [row for row in hits if _rank(row) == best]
            if len(top) == 1:
                return str(top[0][0])
            shown = ", ".join(_described(network, row) for row in top[:MOST]) + (" …" if len(top) > MOST else "")
            raise UsageError.of("travel.ambiguous", asked=asked, count=len(top), known=shown)
    known = places.filter(pl.col("level").is_in(["prefecture", "county", "external"]))
    spellings = [name for row in known.select(_COLUMNS).iter_rows() for name in sorted(_full(row) | _short(row))]
    near = get_close_matches(word, spellings, n=4, cutoff=0.5)
    if not near:
        raise UsageError.of("travel.no_place_like", asked=asked)
    raise UsageError.of("travel.no_such_place", asked=asked, nearest=", ".join(near))


def called(network: Network, place_ids: Iterable[str]) -> dict[str, Said]:
    """Return what each of these places is called in either language, its id behind it."""
    zh, en = (names_of(network, spoken) for spoken in LANGUAGES)
    return {p: Said.both(f"{zh[p]}（{p}）", f"{en[p]} ({p})") for p in dict.fromkeys(place_ids) if p in zh}


_COLUMNS = ("place_id", "name_zh", "pinyin", "level", "parent_id")
_Row = tuple[str, str, str | None, str, str | None]


def _rank(row: _Row) -> int:
    return RANK[row[3]]


def _full(row: _Row) -> set[str]:
    return {row[1], (row[2] or "").lower()} - {""}


def _short(row: _Row) -> set[str]:
    name, spoken = row[1], (row[2] or "").lower()
    bare = _without(name, ENDINGS)
    for people in PEOPLES:
        bare = bare.removesuffix(people)
    return {bare, _without(spoken, SPOKEN_ENDINGS)} - {""}


def _without(name: str, endings: tuple[str, ...]) -> str:
    for ending in endings:
        if len(name) > len(ending) + 1 and name.endswith(ending):
            return name.removesuffix(ending)
    return name


def _described(network: Network, row: _Row) -> str:
    above: list[str] = network["places"].filter(place_id=row[4])["name_zh"].to_list() if row[4] else []
    return f"{row[0]} {''.join(above)}{row[1]}"
