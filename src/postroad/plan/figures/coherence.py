"""What a plan's figures say together: growth against revenue, users, peaks, claims that cannot be checked, loose words.

Targets without a starting value and starting values without a target are paired by what they speak of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from postroad.language import LANGUAGES, Text
from postroad.plan.figures.finding import base_year
from postroad.plan.figures.reading import PlainText
from postroad.plan.figures.resolving import SET_ASIDE, Figure
from postroad.plan.growth import Drivers

LOOSE = (
    "基本形成|基本完善|基本建成|更加均衡|更加充足|更加紧密|更加突出|大幅提升|显著增强|显著提升|明显提高|有效运行|得到保障|"
    "符合条件的?|总体稳定|稳步提升|不断提高|不断拓展|持续巩固|充分体现|充分发挥"
)
SAME_WORDS = 4


@dataclass(frozen=True)
class Contradiction:
    """A statement on the plan as a whole: an id, the figures it rests on, the sentence, and its numbers."""

    id: str
    figures: tuple[int, ...]
    text: Text
    values: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the statement as plain values in both languages."""
        words = {spoken: self.text.say(spoken) for spoken in LANGUAGES}
        return {"id": self.id, "figures": list(self.figures), "text": words, "values": self.values}


def contradictions(figures: list[Figure], source: PlainText, *, prose: bool) -> list[Contradiction]:
    """Return every statement the figures allow, and with ``prose`` those on the wording of the text."""
    doubling = "收入" in "".join(match[1] for match in _DOUBLE.finditer(source.text))
    made = [_growth_and_revenue(figures) if doubling else None, _users(figures), _peak(figures)]
    found = [item for item in made if item is not None]
    found += [_implausible(f) for f in figures if f.verdict == "implausible"]
    if prose:
        found += [*_claims(figures), *_promises(source), *_open_lists(source), *_loose(source)]
    return found


_DOUBLE = re.compile(r"([^，。；：、]{2,12}?)(?:力争|实现|达到)*翻(?:一|两)?番")


def orphans(figures: list[Figure], source: PlainText) -> tuple[list[Figure], list[Figure]]:
    """Return targets whose quantity has no starting value in the text, and starting values that no target takes up.

    A quantity that is to double (翻番) has a target though no number stands beside it.
    """
    doubled = [re.sub(r"^.*(力争|实现)", "", match[1]) for match in _DOUBLE.finditer(source.text)]
    spoken = [f for f in figures if f.mention.kind not in SET_ASIDE and f.mention.subject]
    aims = [f for f in spoken if f.mention.role == "target"]
    starts = [f for f in spoken if f.mention.role == "baseline" and f.mention.kind in ("value", "percent", "rank")]
    return (
        [aim for aim in aims if not any(_same(aim, start) for start in starts)],
        [start for start in starts if not any(_same(aim, start) for aim in aims) and not _named(start, doubled)],
    )


def _same(a: Figure, b: Figure) -> bool:
    groups = ({"express_volume"}, {"users_day", "users_year"}, {"total_revenue"})
    if a.mention.concept and b.mention.concept:
        return a.mention.concept == b.mention.concept or any(
            {a.mention.concept, b.mention.concept} <= group for group in groups
        )
    one, other = a.mention.subject, b.mention.subject
    match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return match.size >= min(SAME_WORDS, len(one), len(other)) and match.size >= 2


def _named(figure: Figure, subjects: list[str]) -> bool:
    return any(subject and subject in figure.mention.subject for subject in subjects)


def _first(figures: list[Figure], concept: str) -> Figure | None:
    return next((f for f in figures if f.mention.concept == concept and f.verdict != "implausible"), None)


def _since(figures: list[Figure], figure: Figure, kind: str) -> tuple[Figure, int] | None:
    """The multiple or yearly growth said of a figure in its sentence, and the years it covers."""
    for other in figures[figure.number + 1 : figure.number + 4]:
        if other.mention.sentence != figure.mention.sentence or other.mention.kind == "value":
            return None
        if other.mention.kind == kind:
            return other, 5
    return None


def _growth_and_revenue(figures: list[Figure]) -> Contradiction | None:
    """Volume at its floor against the revenue aimed at; the trends come from the text's own multiples and growth."""
    volume, express, total = (_first(figures, c) for c in ("express_volume", "express_revenue", "total_revenue"))
    floor = next((f for f in figures if f.mention.role == "target" and f.mention.kind == "growth"), None)
    floor = floor or next((f for f in figures if f.mention.role == "target" and re.search("增速|年均", f.mention.before)
                           and f.mention.unit == "%"), None)  # fmt: skip
    if not (volume and express and total and floor):
        return None
    growths = [_since(figures, f, "growth") for f in (volume, express, total)]
    if any(g is None for g in growths):
        return None
    now = (volume.value, express.value, total.value)
    years = 5
    rates = [g[0].chosen / 100 for g in growths if g is not None]
    then = (now[0] / (1 + rates[0]) ** years, now[1] / (1 + rates[1]) ** years, now[2] / (1 + rates[2]) ** years)
    known = Drivers.between(then, now, years)
    growth, wanted = floor.chosen / 100, 2 * known.total
    values = {
        "floor_growth": growth,
        "aim_yuan": wanted,
        "revenue_on_trend_yuan": known.revenue(growth, known.price_trend, known.other_trend, years),
        "revenue_flat_price_yuan": known.revenue(growth, 0.0, known.other_trend, years),
        "growth_needed_flat_price": known.growth_for(wanted, 0.0, known.other_trend, years),
        "growth_needed_on_trend": known.growth_for(wanted, known.price_trend, known.other_trend, years),
    }
    facts = {
        "growth": f"{100 * growth:.1f}",
        "price": f"{100 * known.price_trend:.1f}",
        "reached": f"{values['revenue_on_trend_yuan'] / 1e8:.1f}",
        "flat": f"{values['revenue_flat_price_yuan'] / 1e8:.1f}",
        "aim": f"{wanted / 1e8:.1f}",
        "needed_flat": f"{100 * values['growth_needed_flat_price']:.1f}",
        "needed_trend": f"{100 * values['growth_needed_on_trend']:.1f}",
    }
    members = tuple(f.number for f in (volume, express, total, floor))
    return Contradiction("growth-and-revenue", members, Text.of("figures.growth_and_revenue", **facts), values)


def _users(figures: list[Figure]) -> Contradiction | None:
    day, year = _first(figures, "users_day"), _first(figures, "users_year")
    if day is None or year is None:
        return None
    base = year.value / 365
    values = {"multiple": day.value / base, "yearly": (day.value / base) ** 0.2 - 1}
    facts = {"multiple": f"{values['multiple']:.2f}", "yearly": f"{100 * values['yearly']:.1f}"}
    return Contradiction("users", (day.number, year.number), Text.of("figures.users_growth", **facts), values)


def _peak(figures: list[Figure]) -> Contradiction | None:
    peak, volume = _first(figures, "peak_day"), _first(figures, "express_volume")
    if peak is None or volume is None or any(f.mention.role == "target" and _same(f, peak) for f in figures):
        return None
    values = {"ratio": peak.value / (volume.value / 365)}
    facts = {"ratio": f"{values['ratio']:.1f}", "peak": f"{peak.value / 1e4:,.0f}"}
    return Contradiction("peak", (peak.number, volume.number), Text.of("figures.peak_without_target", **facts), values)


def _implausible(figure: Figure) -> Contradiction:
    reason = next((link.detail for link in figure.links if not link.passed), Text.of("figures.no_link"))
    facts = {"printed": figure.mention.printed, "subject": figure.mention.subject, "reason": reason}
    return Contradiction(f"implausible-{figure.number}", (figure.number,), Text.of("figures.implausible", **facts), {})


def _claims(figures: list[Figure]) -> list[Contradiction]:
    """Comparisons with the nation cannot be checked from the text alone."""
    made = []
    for figure in figures:
        if figure.mention.unit == "%" and re.search(r"全国(平均)?(水平)?", figure.mention.before):
            facts = {"printed": figure.mention.printed, "line": figure.line}
            text = Text.of("figures.claim_unverified", **facts)
            made.append(Contradiction(f"claim-{figure.number}", (figure.number,), text, {}))
    return made


def _promises(source: PlainText) -> list[Contradiction]:
    """A promise in hours without a share of parcels and without saying from when the clock runs."""
    made = []
    for match in re.finditer(r"([^。；]*?)(\d+)小时(?:内)?(?:送达|投递|妥投)([^。；]*)", source.text):
        if re.search(r"\d+%|百分之", match[0]) is None:
            line, _ = source.place(match.start(2))
            text = Text.of("figures.promise_without_share", hours=match[2], line=line)
            made.append(Contradiction(f"promise-{match.start(2)}", (), text, {}))
    return made


def _open_lists(source: PlainText) -> list[Contradiction]:
    made = []
    for match in re.finditer(r"将?((?:[\u4e00-\u9fff]{2,6}、){2,}[\u4e00-\u9fff]{2,6}?)等(?=确定|列)", source.text):
        line, _ = source.place(match.start(1))
        text = Text.of("figures.open_list", names=match[1], line=line)
        made.append(Contradiction(f"list-{match.start(1)}", (), text, {}))
    return made


def _loose(source: PlainText) -> list[Contradiction]:
    """Words that set no measure, in the parts that set targets and tasks."""
    aims = re.search(r"[（(][一二三四五六七八九十]+[）)][^。，；]{0,8}目标", source.text)
    if aims is None:
        return []
    made = []
    for match in re.finditer(LOOSE, source.text[aims.start() :]):
        at = aims.start() + match.start()
        line, column = source.place(at)
        text = Text.of("figures.loose_wording", words=match[0], line=line, column=column)
        made.append(Contradiction(f"wording-{at}", (), text, {}))
    return made


def reference_year(source: PlainText) -> int | None:
    """Return the year a plan starts from: the end of the five years before the ones it names first."""
    head = source.text[:200]
    first = re.search(r"[“\"]?十[一二三四五六]?五[”\"]?", head)
    year = base_year(first[0] + "末") if first else None
    return year - 5 if year else None
