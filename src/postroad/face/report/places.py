"""What a report calls a place: in Chinese its name, in English its name in Latin letters, the id where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from postroad.language import Language
    from postroad.network import Network


def names_of(network: Network, spoken: Language) -> dict[str, str]:
    """Return the names of a network's places by id; without a Latin name the Chinese one, without any the id."""
    rows = network["places"].select("place_id", "name_zh", "pinyin").iter_rows()
    if spoken == "zh":
        return {place: zh or place for place, zh, _ in rows}
    return {place: latin_name(latin) if latin else zh or place for place, zh, latin in rows}


def city_name(name: str, spoken: Language) -> str:
    """Return a city's name, in characters or Latin letters by the language, without the word for a city."""
    return name.removesuffix("市") if spoken == "zh" else latin_name(name)


def latin_name(pinyin: str) -> str:
    """Return a name in Latin letters as English writes it: a city's without "shi"."""
    return pinyin.removesuffix("shi").capitalize()
