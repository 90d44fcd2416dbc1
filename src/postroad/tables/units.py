"""Units as people write them: which spellings mean the unit a column is kept in."""

from __future__ import annotations

from collections.abc import Mapping

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "km": ("km", "公里", "千米", "kilometre", "kilometres", "kilometer", "kilometers"),
    "m": ("m", "米", "metre", "metres", "meter", "meters"),
    "degree": ("degree", "degrees", "deg", "°", "度"),
    "km2": ("km2", "km²", "平方公里", "平方千米"),
    "m2": ("m2", "m²", "㎡", "平方米", "平米"),
    "ha": ("ha", "公顷"),
    "mu": ("亩",),
    "m3": ("m3", "m³", "立方米", "方"),
    "l": ("l", "litre", "litres", "升"),
    "kg": ("kg", "公斤", "千克"),
    "g": ("g", "克"),
    "t": ("t", "吨", "tonne", "tonnes"),
    "h": ("h", "小时", "hour", "hours"),
    "min": ("min", "分钟", "minute", "minutes"),
    "s": ("s", "秒", "second", "seconds"),
    "day": ("day", "days", "天", "日"),
    "km/h": ("km/h", "公里/小时", "千米/小时"),
    "yuan": ("yuan", "元", "cny", "rmb", "¥", "￥", "人民币"),
    "usd": ("usd", "美元", "$"),
    "piece": ("piece", "pieces", "件"),
    "person": ("person", "persons", "people", "人"),
    "household": ("household", "households", "户"),
    "kwh": ("kwh", "千瓦时", "度电"),
    "%": ("%", "percent", "per cent", "％", "百分比"),
}

_UNIT_OF = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}


def same_unit(text: str, unit: str) -> bool:
    """Whether a unit as written means the unit of a column; unknown spellings only equal themselves."""
    return _plain(text) == _plain(unit)


def known_unit(text: str) -> bool:
    """Whether a text is a unit this module knows."""
    return _tidy(text) in _UNIT_OF


def spellings(unit: str) -> tuple[str, ...]:
    """Return the ways to write a unit, itself first."""
    return tuple(dict.fromkeys((unit, *_SPELLINGS.get(_plain(unit), ())))) if unit else ()


def _tidy(text: str) -> str:
    return text.strip().casefold()


def _plain(text: str) -> str:
    tidy = _tidy(text)
    return _UNIT_OF.get(tidy, tidy)
