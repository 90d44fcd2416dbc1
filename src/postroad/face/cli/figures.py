"""``postroad figures``: every number of a plan's text, its candidates and links, and the plan's contradictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from postroad.plan.figures import Figure, Ledger


WIDE = 120
"""Columns a terminal needs before candidates and links fit beside each figure."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("figures")(figures)


def figures(
    text: Path = typer.Argument(..., help="规划文本 the plan's text"),
    plan: str = typer.Option("", "--plan", help="省包，提供人口 province whose population is used"),
    without_glyphs: bool = typer.Option(False, "--without-glyphs", help="不看无名字符 ignore nameless signs"),
    json_: bool = typer.Option(False, "--json"),
) -> None:
    """数字 Read a plan's text and check every figure in it."""
    from postroad.face.cli.display import print_json
    from postroad.plan.figures import read_ledger

    ledger = read_ledger(text, _population(plan), glyphs=not without_glyphs)
    if json_:
        print_json(ledger.to_dict())
    else:
        _show(ledger)


def _population(plan: str) -> float | None:
    if not plan:
        return None
    import polars as pl

    from postroad.network import province

    network = province(plan)
    top = network["places"].filter(level="province")["place_id"]
    people = network["populations"].filter(pl.col("place_id").is_in(top.implode())).sort("period")
    return float(people["population_persons"][-1]) if people.height else None


def _show(ledger: Ledger) -> None:
    from rich.table import Table

    from postroad.face.cli.display import STYLES, out
    from postroad.language import current, say

    plain: dict[str, Any] = ledger.to_dict()
    for note in plain["notes"]:
        out.print(note[current()])
    wide = out.width >= WIDE
    table = Table(header_style="bold", pad_edge=False)
    for key in ("place", "subject", "printed", "candidates", "chosen", "verdict", "links"):
        if wide or key not in ("candidates", "links"):
            table.add_column(say(f"face.{key}"), justify="right" if key in ("place", "printed", "chosen") else "left")
    for figure in ledger.amounts:
        words = say(f"face.verdict_{figure.verdict}")
        links = "; ".join(("✓ " if link.passed else "✕ ") + link.detail.say() for link in figure.links)
        table.add_row(
            f"{figure.line}:{figure.column}",
            figure.mention.subject,
            figure.mention.printed,
            *([_candidates(figure)] if wide else []),
            f"{figure.chosen:g}" if figure.chosen < 1e6 else f"{figure.chosen:,.0f}",
            f"[{STYLES[figure.verdict]}]{words}[/]",
            *([links] if wide else []),
        )
    out.print(table)
    if not wide:
        out.print(say("face.widen", columns=WIDE))
    counts = ", ".join(f"{say('face.verdict_' + v)} {n}" for v, n in plain["summary"].items())
    out.print(say("face.verdicts", words=counts))
    for title, members in (("orphan_targets", ledger.orphan_targets), ("orphan_baselines", ledger.orphan_baselines)):
        out.print(say(f"face.{title}") + ": " + "; ".join(f"{f.mention.subject} {f.mention.printed}" for f in members))
    out.print(say("face.contradictions") + ":")
    for item in ledger.contradictions:
        out.print("  - " + item.text.say(), soft_wrap=True)


def _candidates(figure: Figure) -> str:
    if len(figure.candidates) == 1:
        return "–"
    return " · ".join(f"[b]{c:g}[/b]" if c in figure.survivors else f"[dim]{c:g}[/dim]" for c in figure.candidates)
