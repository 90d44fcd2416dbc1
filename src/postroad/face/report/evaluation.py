"""The evaluation report in Word and HTML: the same blocks, set twice."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docx.enum.text import WD_ALIGN_PARAGRAPH

from postroad.face.report.chart import short
from postroad.face.report.effect import beyond, chosen_bundle, measure_title
from postroad.face.report.official import Official
from postroad.face.report.sheet import grid, sheet
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from postroad.measure.evaluation import Evaluation, Remedy, TaskState

WAN = 1e4
FOREWARNING = ("growth-and-revenue", "peak")
"""Findings that say what the plan's own numbers will not reach: they stand with the warnings."""


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph or a table of the report."""

    kind: str
    text: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    widths_cm: tuple[float, ...] = field(default=())


def title(made: Evaluation, spoken: Language) -> str:
    """Return the report's title."""
    facts = {"plan": made.plan.label(spoken)}
    if made.kind == "yearly":
        return say("evaluation.title_yearly", spoken, year=made.card.as_of.year, **facts)
    return say("evaluation.title_midterm" if made.kind == "midterm" else "evaluation.title_final", spoken, **facts)


def word(made: Evaluation, path: Path, spoken: Language) -> Path:
    """Write the report as an editable Word document and return its path."""
    heading = title(made, spoken)
    book = Official(spoken, heading, made.card.run_id)
    book.text(heading, "Title").alignment = WD_ALIGN_PARAGRAPH.CENTER
    for block in blocks(made, spoken):
        if block.kind == "heading":
            book.book.add_heading(block.text, 1)
        elif block.kind == "table":
            book.table(block.heads, block.rows, block.widths_cm)
        else:
            book.text(block.text)
    return book.save(path)


def page(made: Evaluation, spoken: Language) -> str:
    """Return the report as one self-contained HTML page."""
    heading = title(made, spoken)
    body = (_html(block) for block in blocks(made, spoken))
    return sheet(heading, [f"<h1>{html.escape(heading)}</h1>", *body], spoken)


def _html(block: Block) -> str:
    if block.kind == "heading":
        return f"<h2>{html.escape(block.text)}</h2>"
    if block.kind == "text":
        return f"<p>{html.escape(block.text)}</p>"
    return grid(block.heads, block.rows)


def blocks(made: Evaluation, spoken: Language) -> list[Block]:
    """Return the report's blocks in order."""
    return [
        *_opening(made, spoken),
        *_targets(made, spoken),
        *_tasks(made, spoken),
        *_causes(made, spoken),
        *_warnings(made, spoken),
        *_remedies(made, spoken),
        *_appendices(made, spoken),
    ]


def _heading(key: str, spoken: Language) -> Block:
    return Block("heading", say(f"evaluation.{key}", spoken))


def _text(key: str, spoken: Language, **facts: Any) -> Block:
    return Block("text", say(f"evaluation.{key}", spoken, **facts))


def _table(spoken: Language, columns: tuple[tuple[str, float], ...], rows: Sequence[tuple[str, ...]]) -> Block:
    heads = tuple(say(f"evaluation.col_{name}", spoken) for name, _ in columns)
    return Block("table", heads=heads, rows=tuple(rows), widths_cm=tuple(width for _, width in columns))


def _opening(made: Evaluation, spoken: Language) -> list[Block]:
    card = made.card
    comma = "，" if spoken == "zh" else ", "
    counts = comma.join(f"{say(f'face.status_{s}', spoken)} {n}" for s, n in card.summary.items())
    return [
        _text("lead", spoken, as_of=card.as_of.isoformat(), targets=len(card.lines), tasks=len(made.tasks),
              run=card.run_id),
        _heading("overall", spoken),
        _text("overall_targets", spoken, counts=counts),
        _text("overall_tasks", spoken, **made.counts()),
    ]  # fmt: skip


def _targets(made: Evaluation, spoken: Language) -> list[Block]:
    fill = say("evaluation.to_fill", spoken)
    rows = []
    for line in made.card.lines:
        target, latest = line.target, line.latest
        unit = say(f"unit.{target.unit}", spoken)
        own = target.text_zh if spoken == "zh" else target.text_en
        base = f"{short(target.baseline_value)} {unit}" if target.baseline_value is not None else "–"
        aim = f"{short(target.value)} {unit}" if target.value is not None else own or "–"
        seen = latest is not None and latest.period != target.baseline_period
        value = f"{short(latest.value)} {unit} ({latest.period})" if seen and latest else fill
        rows.append((target.label(spoken), base, aim, value, say(f"face.status_{line.judgement.status}", spoken)))
    columns = (("target", 5.2), ("baseline", 2.9), ("aim", 3.2), ("latest", 3.2), ("status", 1.6))
    return [_heading("targets", spoken), _table(spoken, columns, rows)]


def _tasks(made: Evaluation, spoken: Language) -> list[Block]:
    labels = {target.id: target.label(spoken) for target in made.plan.targets}
    columns = (("task", 4.0), ("owner", 2.6), ("payer", 1.6), ("moves", 4.4), ("levers", 2.2), ("status", 1.4))
    rows = [_task(held, labels, spoken) for held in made.tasks]
    return [_heading("tasks", spoken), _text("tasks_note", spoken), _table(spoken, columns, rows)]


def _task(held: TaskState, labels: dict[str, str], spoken: Language) -> tuple[str, ...]:
    task = held.task
    assumed = say("evaluation.assumed", spoken) if "owner" in task.assumed else ""
    comma = "、" if spoken == "zh" else "; "
    return (
        f"{task.row} {task.label(spoken)}",
        task.owner + assumed,
        say(f"evaluation.payer_{task.payer}", spoken),
        comma.join(labels[name] for name, _ in held.moves) or (task.measure_zh if spoken == "zh" else task.measure_en),
        comma.join(lever.label(spoken) for lever in held.levers) or "–",
        say(f"evaluation.state_{held.state}", spoken),
    )


def _causes(made: Evaluation, spoken: Language) -> list[Block]:
    made_blocks = [_heading("causes", spoken)]
    for line in made.card.lines:
        if line.judgement.status == "unknown":
            continue
        parts = " ".join(part.detail.say(spoken) for part in line.judgement.parts)
        made_blocks.append(Block("text", f"{line.target.label(spoken)}：{parts}" if spoken == "zh"
                                 else f"{line.target.label(spoken)}: {parts}"))  # fmt: skip
    rest = [finding for finding in made.card.findings if finding.id not in FOREWARNING]
    return made_blocks + [Block("text", finding.text.say(spoken)) for finding in rest]


def _warnings(made: Evaluation, spoken: Language) -> list[Block]:
    out = [_heading("warnings", spoken)]
    for warned in made.warnings:
        line = warned.line
        facts = {"label": line.target.label(spoken), "status": say(f"face.status_{line.judgement.status}", spoken),
                 "reason": line.judgement.reason.say(spoken)}  # fmt: skip
        chance = f"{100 * warned.chance:.0f} %" if warned.chance is not None else ""
        out.append(
            _text("warned", spoken, chance=chance, **facts) if chance else _text("warned_plain", spoken, **facts)
        )
    for finding in made.card.findings:
        if finding.id in FOREWARNING:
            out.append(Block("text", finding.text.say(spoken)))
    if not made.warnings:
        out.append(_text("no_warnings", spoken))
    brier = made.record.brier
    if brier is None:
        return [*out, _text("no_record", spoken)]
    scores = {"brier": f"{brier['chance']:.3f}", "last": f"{brier['as_last']:.3f}", "line": f"{brier['on_line']:.3f}"}
    return [*out, _text("record", spoken, cases=len(made.record.cases), **made.record.counts, **scores)]


def _remedies(made: Evaluation, spoken: Language) -> list[Block]:
    if made.effects_run is None:
        return [_heading("remedies", spoken), _text("no_remedies", spoken)]
    labels = {target.id: target.label(spoken) for target in made.plan.targets}
    rows = [
        (measure_title(r.measure, spoken), labels.get(r.target, "–"), r.lever.label(spoken), _share(r),
         f"{r.cost_yuan / WAN:,.0f}", f"{r.yuan_per_point / WAN:,.1f}")
        for r in made.remedies
    ]  # fmt: skip
    columns = (("measure", 3.6), ("target", 3.2), ("levers", 3.6), ("share", 2.4), ("cost", 1.8), ("price", 1.8))
    asked = made.effects.stamp.options if made.effects else {}
    note = _text("remedies_note", spoken, run=made.effects_run, year=asked["year"], worlds=asked["worlds"])
    told = [_heading("remedies", spoken), note, _table(spoken, columns, rows)]
    if made.effects is not None and "cheapest" in made.effects.tables:
        lines = (chosen_bundle(made.effects, spoken), *beyond(made.effects, spoken))
        told += [Block("text", line) for line in lines]
    return told


def _share(remedy: Remedy) -> str:
    """A share with its interval, and whether the interval leaves its sign open."""
    if remedy.half_width != remedy.half_width:
        return f"{remedy.share:+.3g}"
    doubt = " ?" if remedy.half_width > remedy.share else ""
    return f"{remedy.share:+.3g} ± {remedy.half_width:.2g}{doubt}"


def _appendices(made: Evaluation, spoken: Language) -> list[Block]:
    fill = say("evaluation.to_fill", spoken)
    blanks = [
        (say(f"evaluation.blank_{b.kind}", spoken), b.about_zh if spoken == "zh" else b.about_en, b.owner or "–", fill)
        for b in made.blanks
    ]
    columns = (("kind", 2.0), ("about", 7.4), ("owner", 4.0), ("fill", 2.8))
    signed = [(say(f"evaluation.sign_{key}", spoken), fill) for key in ("unit", "head", "reviewed", "date", "number")]
    cited = [(key, entry["title"]) for key, entry in sorted(made.card.sources.items())]
    return [
        _heading("blanks", spoken), _table(spoken, columns, blanks),
        _heading("sources", spoken), _table(spoken, (("source", 3.0), ("about", 13.2)), cited),
        _heading("sign", spoken),
        _table(spoken, (("kind", 5.0), ("fill", 11.2)), signed),
    ]  # fmt: skip
