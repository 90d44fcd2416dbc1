"""What a place is called, in one way everywhere: whole names for text and tables, short ones for maps and labels.

In Chinese a name is as the pack has it. In English it is the name in Latin letters, capitalised; a province, a city and
an autonomous county or prefecture are written without the word for what they are, since English does not write it
(长春市 is Changchun). Districts, counties, townships and villages keep it: without it two places of one city, 通化市
and 通化县, would be one. A city in another province or abroad, whose id is its name (X-SEOUL), has that name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from postroad.language import Language
    from postroad.network import Network

KINDS = re.compile("(省|市|(?:朝鲜族|满族|蒙古族|回族)+自治[州县])$")
SPOKEN_KINDS = {"省": "sheng", "市": "shi", "自治州": "zizhizhou", "自治县": "zizhixian"}
SPOKEN_PEOPLES = {"朝鲜族": "chaoxianzu", "满族": "manzu", "蒙古族": "mengguzu", "回族": "huizu"}
SHORT = re.compile("(朝鲜族|满族|蒙古族|回族)*自治[州县]$|[省市县区]$")
SPOKEN_SHORT = {"县": "xian", "区": "qu"}
LEAST, LONG = 2, 6
"""Characters a short name keeps at the least (前县 stays whole), and a name that is more than a place and its kind."""
OUTSIDE, CITY = "external", "city"
NAMED = ("place_id", "name_zh", "pinyin", "level", "kind")
Row = tuple[str, "str | None", "str | None", str, "str | None"]
"""What a name is made of: ``NAMED`` of a place."""


def names_of(network: Network, spoken: Language) -> dict[str, str]:
    """Return the whole name of each place by its id."""
    rows = network["places"].select(*NAMED).iter_rows()
    return {row[0]: whole_name(row, spoken) for row in rows}


def short_names_of(network: Network, spoken: Language) -> dict[str, str]:
    """Return the short name of each place by its id, as maps have it."""
    rows = network["places"].select(*NAMED).iter_rows()
    return {row[0]: short_name(row, spoken) for row in rows}


def short_name_of(network: Network, place: str, spoken: Language) -> str:
    """Return the short name of one place; one that is not known is its id."""
    rows = network["places"].filter(place_id=place).select(*NAMED).rows()
    return short_name(rows[0], spoken) if rows else place


def whole_name(row: Row, spoken: Language) -> str:
    """Return what a place is called in text and tables; without a name it is its id."""
    place, zh, pinyin, level, kind = row
    if spoken == "zh":
        return zh or place
    if level == OUTSIDE and kind == CITY and place.startswith("X-"):
        return place.removeprefix("X-").replace("-", " ").title()
    return latin_name(pinyin, zh or "") if pinyin else zh or place


def short_name(row: Row, spoken: Language) -> str:
    """Return what a map calls a place: its name without what kind of place it is."""
    whole, zh, level = whole_name(row, spoken), row[1], row[3]
    if spoken == "zh":
        return short_zh(whole)
    kind_of = SPOKEN_SHORT.get((zh or " ")[-1], "") if level == "county" and len(zh or "") < LONG else ""
    return whole.removesuffix(kind_of)


def short_zh(name: str) -> str:
    """Return a Chinese name without what kind of place it is, where enough is left."""
    stem = SHORT.sub("", name)
    plain = len(name) < LONG or name[-1] != "区"  # of 开发区 the last character is no kind of its own
    return stem if len(stem) >= LEAST and plain else name


def latin_name(pinyin: str, zh: str) -> str:
    """Return a name in Latin letters as English writes it; the Chinese name says what kind of place it is."""
    stem = pinyin
    if kind := KINDS.search(zh):
        for word, said in SPOKEN_KINDS.items():
            if kind.group().endswith(word):
                stem = stem.removesuffix(said)
        peoples = re.findall("|".join(SPOKEN_PEOPLES), kind.group())
        for people in reversed(peoples):
            stem = stem.removesuffix(SPOKEN_PEOPLES[people])
    return (stem or pinyin).title() if " " in stem else (stem or pinyin).capitalize()
