"""Which candidates survive the links, and what can honestly be said of each figure.

A printed ``447`` may be 447, 44.7 or 4.47 when the points of a text are lost; never 0.447, which would have been
printed with its zero: ``0447`` is that. Links are tests over candidates; a candidate stays if some choice of the
others passes every link it takes part in. The verdict follows:

certain      one candidate stays, and a link that could have failed on both sides ties it to another figure; or
             nothing could have been lost (a counted thing, one digit, or a text that still has its points).
probable     the printed form is excluded and, of four digits or more, the text's usual number of decimals stays;
             or one candidate stays by limits alone.
ambiguous    several candidates stay; all are kept and one is named.
implausible  no candidate passes: what is printed stays, flagged and not mended.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import Any

from postroad.language import LANGUAGES, Text
from postroad.plan.figures.finding import COUNTED, Mention
from postroad.plan.figures.linking import Bond

VERDICTS = ("certain", "probable", "ambiguous", "implausible")
SET_ASIDE = ("year", "document", "heading", "label", "duration")
HABIT_DIGITS = 4
USUAL_DECIMALS = 2


@dataclass(frozen=True)
class Link:
    """A link of a figure: its kind, the other figures (by number), whether the chosen values pass, and the words."""

    kind: str
    others: tuple[int, ...]
    passed: bool
    detail: Text


@dataclass(frozen=True)
class Figure:
    """One figure of a text with everything known of it.

    ``by_links`` is the verdict that the links alone would give, had no glyph shown where the point stood.
    """

    number: int
    mention: Mention
    line: int
    column: int
    candidates: tuple[float, ...]
    survivors: tuple[float, ...]
    chosen: float
    verdict: str
    links: tuple[Link, ...]
    by_links: str = ""

    @property
    def value(self) -> float:
        """The chosen number times its scale, in plain units."""
        return self.chosen * self.mention.factor

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as plain values."""
        mention = self.mention
        return {
            "number": self.number,
            "line": self.line,
            "column": self.column,
            "span": [mention.start, mention.end],
            "printed": mention.printed,
            "digits": mention.digits,
            "scale": mention.scale,
            "unit": mention.unit,
            "kind": mention.kind,
            "role": mention.role,
            "subject": mention.subject,
            "concept": mention.concept,
            "candidates": list(self.candidates),
            "survivors": list(self.survivors),
            "chosen": self.chosen,
            "verdict": self.verdict,
            "verdict_by_links": self.by_links or self.verdict,
            "links": [
                {"kind": k.kind, "others": list(k.others), "passed": k.passed,
                 "detail": {spoken: k.detail.say(spoken) for spoken in LANGUAGES}}
                for k in self.links
            ],
        }  # fmt: skip


@dataclass(frozen=True)
class Points:
    """What became of a text's decimal points: ``lost``, none is left; ``glyph``, the mentions read by a lost glyph."""

    lost: bool
    glyph: frozenset[int] = frozenset()


def candidates(mention: Mention, points_lost: bool) -> tuple[float, ...]:
    """Return what a printed number may have been: itself, and with a point inside its digits where one may be lost."""
    printed = float(mention.digits)
    counted = mention.unit in COUNTED and not mention.scale
    if not points_lost or "." in mention.digits or counted or mention.kind in ("rank", *SET_ASIDE):
        return (printed,)
    places = min(3, len(mention.digits) - 1)
    if mention.digits.startswith("0") and places:
        # A leading zero is printed before a point only.
        return (round(printed / 10 ** (len(mention.digits) - 1), len(mention.digits) - 1),)
    return tuple(round(printed / 10**k, k) for k in range(places + 1))


def resolve(mentions: list[Mention], found: list[Bond], points: Points, places: list[tuple[int, int]]) -> list[Figure]:
    """Return a figure for every mention, candidates reduced by the links until nothing changes.

    A figure whose point is a lost glyph has one candidate, where the glyph stands; it is certain when a two-sided
    link of growth proves, somewhere in the text, that the glyph is a point.
    """
    all_candidates = [candidates(m, points.lost) for m in mentions]
    left = [list(c) for c in all_candidates]
    touching: dict[int, list[Bond]] = {}
    for bond in found:
        for member in bond.members:
            touching.setdefault(member, []).append(bond)
    broken = _reduce(left, found)
    proofs = [b for b in found if b.kind == "growth" and points.glyph & set(b.members)]
    glyph_proven = any(b.passes(*(left[m][0] for m in b.members)) for b in proofs)
    habit = _habit(mentions, left, all_candidates)
    made = []
    for k, mention in enumerate(mentions):
        verdict, chosen = _verdict(mention, all_candidates[k], left[k], touching.get(k, []), k in broken, habit)
        if k in points.glyph and verdict == "certain" and not glyph_proven:
            verdict = "probable"
        made.append((verdict, chosen))
    chosen_values = [chosen for _, chosen in made]
    figures = []
    for k, (mention, (verdict, chosen)) in enumerate(zip(mentions, made, strict=True)):
        links = tuple(_link(k, bond, chosen_values) for bond in touching.get(k, []))
        if k in points.glyph:
            links = (Link("glyph", (), True, Text.of("figures.point_glyph", proofs=len(proofs))), *links)
        survivors = tuple(left[k]) if verdict != "implausible" else ()
        line, column = places[k]
        figures.append(Figure(k, mention, line, column, all_candidates[k], survivors, chosen, verdict, links))
    return figures


def _reduce(left: list[list[float]], found: list[Bond]) -> set[int]:
    """Drop candidates that no choice of the other members lets pass, until nothing changes.

    A bond that no choice at all satisfies is left out, and the numbers of its members returned: at least one of them
    is implausible as printed, and dropping candidates over it would only spread the damage.
    """
    broken: set[int] = set()
    active = list(found)
    changed = True
    while changed:
        changed = False
        for bond in list(active):
            passing = [values for values in product(*(left[m] for m in bond.members)) if bond.passes(*values)]
            if not passing:
                active.remove(bond)
                broken |= {_suspect(bond, left, found)}
                changed = True
                continue
            for position, member in enumerate(bond.members):
                kept = [value for value in left[member] if any(values[position] == value for values in passing)]
                if len(kept) < len(left[member]):
                    left[member] = kept
                    changed = True
    return broken


def _suspect(bond: Bond, left: list[list[float]], found: list[Bond]) -> int:
    """Of the members of a bond that cannot hold, the one with the fewest other links: the others vouch."""
    ties = Counter(member for other in found if other is not bond for member in other.members)
    return min(bond.members, key=lambda member: (ties[member], -len(left[member])))


def _habit(mentions: list[Mention], left: list[list[float]], whole: list[tuple[float, ...]]) -> int:
    """The text's usual number of decimals: the commonest among figures that the links have settled."""
    settled: Counter[int] = Counter()
    for mention, kept, start in zip(mentions, left, whole, strict=True):
        if len(start) > 1 and len(kept) == 1 and len(mention.digits) >= HABIT_DIGITS:
            settled[start.index(kept[0])] += 1
    return settled.most_common(1)[0][0] if settled else USUAL_DECIMALS


def _verdict(
    mention: Mention,
    start: tuple[float, ...],
    kept: list[float],
    bonds: list[Bond],
    suspect: bool,
    habit: int,
) -> tuple[str, float]:
    printed = start[0]
    if suspect:
        return "implausible", printed
    if len(start) == 1:
        return "certain", printed
    if len(kept) == 1:
        proven = any(bond.two_sided for bond in bonds)
        return ("certain" if proven else "probable"), kept[0]
    usual = round(printed / 10**habit, habit)
    if printed not in kept and len(mention.digits) >= HABIT_DIGITS and usual in kept:
        return "probable", usual
    if len(mention.digits) >= HABIT_DIGITS and usual in kept:
        return "ambiguous", usual
    return "ambiguous", kept[0]


def _link(k: int, bond: Bond, chosen: list[float]) -> Link:
    others = tuple(m for m in bond.members if m != k)
    return Link(bond.kind, others, bool(bond.passes(*(chosen[m] for m in bond.members))), bond.detail)
