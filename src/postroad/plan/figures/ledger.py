"""The ledger of a plan's figures: from a text, or from a province's own list of printed figures without any prose."""

from __future__ import annotations

import dataclasses
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postroad.language import LANGUAGES, Text
from postroad.plan.figures.coherence import Contradiction, contradictions, orphans, reference_year
from postroad.plan.figures.finding import find
from postroad.plan.figures.linking import bonds
from postroad.plan.figures.reading import PlainText, plain, read_text
from postroad.plan.figures.resolving import SET_ASIDE, Figure, Points, resolve


@dataclass(frozen=True)
class Ledger:
    """All figures of a plan, its contradictions, and the targets and baselines that stand alone."""

    figures: tuple[Figure, ...]
    contradictions: tuple[Contradiction, ...]
    orphan_targets: tuple[Figure, ...]
    orphan_baselines: tuple[Figure, ...]
    points_lost: bool
    points_by_glyph: int
    population: float | None

    @property
    def amounts(self) -> tuple[Figure, ...]:
        """The figures proper: years, document numbers, headings, labels and durations left out."""
        return tuple(f for f in self.figures if f.mention.kind not in SET_ASIDE)

    @property
    def summary(self) -> dict[str, int]:
        """How many figures proper have each verdict."""
        return dict(sorted(Counter(f.verdict for f in self.amounts).items()))

    def to_dict(self) -> dict[str, Any]:
        """Return the ledger as plain values, every sentence in both languages."""
        note = Text.of("figures.points_lost" if self.points_lost else "figures.points_kept")
        if self.points_by_glyph:
            note = Text.of("figures.points_by_glyph", count=self.points_by_glyph)
        people = Text.of("figures.no_population") if self.population is None else None
        return {
            "points_lost": self.points_lost,
            "points_by_glyph": self.points_by_glyph,
            "notes": [{s: t.say(s) for s in LANGUAGES} for t in (note, people) if t is not None],
            "summary": self.summary,
            "figures": [f.to_dict() for f in self.amounts],
            "set_aside": [f.to_dict() for f in self.figures if f.mention.kind in SET_ASIDE],
            "contradictions": [c.to_dict() for c in self.contradictions],
            "orphan_targets": [f.number for f in self.orphan_targets],
            "orphan_baselines": [f.number for f in self.orphan_baselines],
        }


def ledger_of_text(text: str, population: float | None = None, *, glyphs: bool = True) -> Ledger:
    """Return the ledger of a text; ``population`` (persons) allows the links per head.

    Without ``glyphs`` a sign without a name between two digits is not taken for a decimal point, so that the links
    alone decide.
    """
    source = plain(text, glyphs=glyphs)
    return _ledger(source, population, prose=True)


def read_ledger(path: str | Path, population: float | None = None, *, glyphs: bool = True) -> Ledger:
    """Return the ledger of a plan's text in a file; errors as in ``read_text``."""
    return ledger_of_text(read_text(path), population, glyphs=glyphs)


def printed_ledger(file: Path, population: float | None = None) -> Ledger:
    """Return the ledger of a pack from its list of printed figures (``figures.toml``)."""
    content = tomllib.loads(file.read_text("utf-8"))
    lines = [content["opening"]]
    for part in content["parts"]:
        lines.append(f"（{part['number']}）{part['heading']}。")
        lines += [f"{statement}。" for statement in part["statements"]]
    return _ledger(plain("\n".join(lines)), population, prose=False)


def _bare(source: PlainText, population: float | None) -> Ledger:
    """The ledger of the same text with the glyphs' points taken out."""
    stay = [k for k in range(len(source.text)) if k not in source.points]
    starts = frozenset(at for at, k in enumerate(stay) if k in source.starts)
    text = "".join(source.text[k] for k in stay)
    lines, columns = (tuple(values[k] for k in stay) for values in (source.line, source.column))
    return _ledger(PlainText(text, lines, columns, starts), population, prose=False)


def _beside(figures: list[Figure], alone: Ledger) -> list[Figure]:
    """Show, beside each figure read by a glyph, the candidates and the verdict that the links alone leave."""
    if len(figures) != len(alone.figures):
        return figures
    return [
        dataclasses.replace(figure, candidates=bare.candidates, survivors=bare.survivors, by_links=bare.verdict)
        if figure.links and figure.links[0].kind == "glyph"
        else figure
        for figure, bare in zip(figures, alone.figures, strict=True)
    ]


def _ledger(source: PlainText, population: float | None, *, prose: bool) -> Ledger:
    mentions = find(source)
    glyph = frozenset(k for k, m in enumerate(mentions) if any(at in source.points for at in range(m.start, m.end)))
    lost = not any("." in m.digits for m in mentions if m.kind not in ("heading", "label"))
    found = bonds(mentions, population, reference_year(source))
    figures = resolve(mentions, found, Points(lost, glyph), [source.place(m.start) for m in mentions])
    if glyph:
        figures = _beside(figures, _bare(source, population))
    aims, starts = orphans(figures, source)
    said = tuple(contradictions(figures, source, prose=prose))
    return Ledger(tuple(figures), said, tuple(aims), tuple(starts), lost, len(glyph), population)
