"""Which figures bind each other, by general arithmetic: growth and multiple, part and whole, per head, per day, limits.

A link is a test on the values of one, two or three figures. It says how it was found, so that a verdict can be read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from postroad.language import Said, Text
from postroad.plan.figures.finding import Mention, base_year

Value = Callable[[int, float], float]


@dataclass(frozen=True)
class Bond:
    """A test over figures (by number in the list of mentions): which, and whether given values pass.

    ``two_sided`` bonds can prove a value; the others only exclude some.
    """

    kind: str
    members: tuple[int, ...]
    passes: Callable[..., bool]
    detail: Text
    two_sided: bool


@cache
def limits() -> dict[str, Any]:
    """Return the bounds on ratios, shares and masses."""
    return tomllib.loads(files("postroad.plan.figures").joinpath("limits.toml").read_text("utf-8"))


def bonds(mentions: list[Mention], population: float | None, reference_year: int | None) -> list[Bond]:
    """Return every bond among the figures; those per head need the population."""
    made = [*_single(mentions), *_growth(mentions, reference_year), *_ratios(mentions, population)]
    return [*made, *_mass(mentions), *_increments(mentions), *_among(mentions)]


def _single(mentions: list[Mention]) -> list[Bond]:
    made = []
    bounds = limits()["single"]
    for k, mention in enumerate(mentions):
        if mention.kind == "percent":
            high = bounds["percent_high"]
            detail = Text.of("figures.percent_limit", high=f"{high:g}")
            made.append(Bond("percent", (k,), lambda v, high=high: v <= high, detail, two_sided=False))
        if mention.kind == "rank":
            made.append(Bond("rank", (k,), lambda v: v == int(v), Text.of("figures.rank_is_whole"), two_sided=False))
    return made


_YEARLY = re.compile(r"(年均|每年|年平均|年增速|年增长率)")


def _growth(mentions: list[Mention], reference_year: int | None) -> list[Bond]:
    """A multiple of a base year and a yearly growth on the same subject must agree: (1 + growth)^years = multiple."""
    made = []
    low, high = limits()["multiples"]["low"], limits()["multiples"]["high"]
    for k, mention in enumerate(mentions):
        if mention.kind != "multiple" or mention.unit != "倍":
            continue
        detail = Text.of("figures.multiple_limit", low=f"{low:g}", high=f"{high:g}")
        made.append(Bond("multiple", (k,), lambda v, low=low, high=high: low <= v <= high, detail, two_sided=False))
        base = base_year(mention.before)
        partner = _growth_after(mentions, k)
        if base is None or partner is None:
            continue
        year = _year_near(mentions, k) or reference_year
        if year is None or year <= base:
            continue
        years = year - base
        added = 1.0 if re.search(r"增长(了)?$", mention.before) else 0.0
        text = Text.of("figures.growth_link", years=years)
        members = (k, partner)
        made.append(Bond("growth", members, _agrees(mentions, members, years, added), text, two_sided=True))
    return made


def _growth_after(mentions: list[Mention], k: int) -> int | None:
    for j in range(k + 1, min(k + 3, len(mentions))):
        other = mentions[j]
        if other.sentence != mentions[k].sentence:
            return None
        if other.kind in ("growth", "percent") and _YEARLY.search(other.before):
            return j
        if other.kind == "value":
            return None
    return None


def _year_near(mentions: list[Mention], k: int) -> int | None:
    for other in reversed(mentions[:k]):
        if other.sentence != mentions[k].sentence:
            return None
        if other.kind == "year" and "末" not in other.after[:3]:
            return int(other.digits)
    return None


def _agrees(
    mentions: list[Mention], members: tuple[int, int], years: int, added: float
) -> Callable[[float, float], bool]:
    """Agreement within the rounding of both printed numbers, whatever their decimals turn out to be."""
    digits = [mentions[m].digits for m in members]

    def passes(multiple: float, growth: float) -> bool:
        half_m, half_g = (_half_step(d, v) for d, v in zip(digits, (multiple, growth), strict=True))
        low = (1 + max(-0.999, (growth - half_g) / 100)) ** years
        high = (1 + (growth + half_g) / 100) ** years
        whole = multiple + added
        return low <= whole + half_m and high >= whole - half_m

    return passes


def _half_step(digits: str, value: float) -> float:
    """Half a unit in the last printed place, for a candidate of the printed digits."""
    whole = float(digits)
    return 0.5 * (value / whole if "." not in digits else 10.0 ** -len(digits.split(".")[1])) if whole else 0.5


def _ratios(mentions: list[Mention], population: float | None) -> list[Bond]:
    made = []
    by_concept: dict[str, list[int]] = {}
    for k, mention in enumerate(mentions):
        if mention.concept:
            by_concept.setdefault(mention.concept, []).append(k)
    for ratio in limits()["ratios"]:
        # The first mention of a quantity is its own; later ones repeat it or speak of a part.
        over, under = by_concept.get(ratio["over"], []), by_concept.get(ratio["under"], [])
        if not over or not under:
            continue
        if ratio.get("per_head") and population is None:
            continue
        scale = ratio.get("under_factor", 1.0) / (population or 1.0 if ratio.get("per_head") else 1.0)
        a, b = over[0], under[0]
        test = _between(mentions[a].factor, mentions[b].factor * scale, ratio["low"], ratio["high"])
        bounds = {end: f"{ratio[end]:,.0f}" if ratio[end] >= 100 else f"{ratio[end]:g}" for end in ("low", "high")}
        detail = Text.of("figures.ratio_link", name=Said.both(ratio["zh"], ratio["en"]), **bounds)
        made.append(Bond(ratio["name"], (a, b), test, detail, two_sided=ratio["low"] > 0))
    return made


def _between(over: float, under: float, low: float, high: float) -> Callable[[float, float], bool]:
    def passes(a: float, b: float) -> bool:
        return b > 0 and low <= (a * over) / (b * under) <= high

    return passes


def _mass(mentions: list[Mention]) -> list[Bond]:
    """Tonnes and pieces named together are the same goods: grams a piece must be possible."""
    made = []
    bounds = limits()["mass"]
    for k, mention in enumerate(mentions):
        if mention.unit != "吨":
            continue
        for j in (k - 1, k + 1):
            if 0 <= j < len(mentions) and mentions[j].unit == "件" and abs(mentions[j].start - mention.end) <= 12:
                over, under = mention.factor * 1000.0, mentions[j].factor
                test = _between(over, under, bounds["low_kg"], bounds["high_kg"])
                detail = Text.of("figures.mass_link", low=f"{bounds['low_kg']:g}", high=f"{bounds['high_kg']:g}")
                made.append(Bond("mass", (k, j), test, detail, two_sided=True))
    return made


def _increments(mentions: list[Mention]) -> list[Bond]:
    """What was added is not more than the total it brought."""
    made = []
    for k, mention in enumerate(mentions[:-1]):
        after = mentions[k + 1]
        adds = re.search(r"(新增|新建|新开)", mention.before) and re.search(r"(总量|总数|累计)", after.before)
        if adds and after.sentence == mention.sentence and after.unit == mention.unit:
            over, under = mention.factor, after.factor
            detail = Text.of("figures.increment_link")
            test = _between(over, under, 0.0, 1.0)
            made.append(Bond("increment", (k, k + 1), test, detail, two_sided=False))
    return made


def _among(mentions: list[Mention]) -> list[Bond]:
    """After 其中, each part in the same unit is not more than the whole named before."""
    made = []
    for k, mention in enumerate(mentions):
        if "其中" not in mention.before or mention.kind not in ("value", "percent"):
            continue
        whole = next(
            (j for j in range(k - 1, -1, -1)
             if mentions[j].sentence == mention.sentence and mentions[j].unit == mention.unit
             and mentions[j].kind == mention.kind),
            None,
        )  # fmt: skip
        if whole is not None:
            test = _between(mention.factor, mentions[whole].factor, 0.0, 1.0)
            made.append(Bond("part", (k, whole), test, Text.of("figures.part_link"), two_sided=False))
    return made
