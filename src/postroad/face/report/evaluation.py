"""The evaluation report in Word and HTML: the same blocks, set twice."""

from __future__ import annotations

import html
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from docx.enum.text import WD_ALIGN_PARAGRAPH

from postroad.face.report.chart import chart, drawable, short
from postroad.face.report.effect import beyond, chosen_bundle, county_map, measure_title, waterfall
from postroad.face.report.official import Official
from postroad.face.report.picture import alone
from postroad.face.report.sheet import grid, sheet
from postroad.language import Language, say
from postroad.measure.evaluation import TRACE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from postroad.measure.evaluation import Evaluation, Remedy, TaskState
    from postroad.network import Network
    from postroad.results import Result

WAN = 1e4
PICTURE_CM = 13.0
FALLS = 2
"""Most waterfalls of levers in one report."""
FULL = 1000
"""Prices from here on are told without decimals."""
FOREWARNING = ("growth-and-revenue", "growth-together", "as-the-nation", "peak")
"""Findings that say what the plan's own numbers will not reach: they stand with the warnings."""


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph, a table, or a picture (``text`` its caption, ``svg`` its drawing) of the report."""

    kind: str
    text: str = ""
    svg: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    widths_cm: tuple[float, ...] = field(default=())


def title(made: Evaluation, spoken: Language) -> str:
    """Return the report's title."""
    facts = {"plan": made.plan.label(spoken)}
    if made.kind == "yearly":
        return say("evaluation.title_yearly", spoken, year=made.card.as_of.year, **facts)
    return say("evaluation.title_midterm" if made.kind == "midterm" else "evaluation.title_final", spoken, **facts)


def word(made: Evaluation, path: Path, spoken: Language, network: Network | None = None) -> Path:
    """Write the report as an editable Word document and return its path; a ``network`` adds the map of counties."""
    heading = title(made, spoken)
    book = Official(spoken, heading, made.card.run_id)
    # A long title is broken where its meaning is.
    label = made.plan.label(spoken)
    book.text(
        heading.replace(label, f"{label}\n", 1) if spoken == "zh" else heading, "Title"
    ).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for block in blocks(made, spoken, network):
        if block.kind == "heading":
            book.book.add_heading(block.text, 1)
        elif block.kind == "picture":
            book.picture(block.svg, PICTURE_CM, block.text)
        elif block.kind == "table":
            book.table(block.heads, block.rows, block.widths_cm)
        else:
            book.text(block.text)
    return book.save(path)


def page(made: Evaluation, spoken: Language, network: Network | None = None) -> str:
    """Return the report as one self-contained HTML page."""
    heading = title(made, spoken)
    body = (_html(block) for block in blocks(made, spoken, network))
    return sheet(heading, [f"<h1>{html.escape(heading)}</h1>", *body], spoken)


def _html(block: Block) -> str:
    if block.kind == "heading":
        return f"<h2>{html.escape(block.text)}</h2>"
    if block.kind == "text":
        return f"<p>{html.escape(block.text)}</p>"
    if block.kind == "picture":
        return f"<figure>{alone(block.svg)}<figcaption>{html.escape(block.text)}</figcaption></figure>"
    return grid(block.heads, block.rows)


def blocks(made: Evaluation, spoken: Language, network: Network | None = None) -> list[Block]:
    """Return the report's blocks in order, its pictures numbered."""
    every = [
        *_opening(made, spoken),
        *_targets(made, spoken),
        *_tasks(made, spoken),
        *_causes(made, spoken),
        *_warnings(made, spoken),
        *_remedies(made, spoken, network),
        *_appendices(made, spoken),
    ]
    drawn = [block for block in every if block.kind == "picture"]
    number = {id(block): k for k, block in enumerate(drawn, 1)}
    return [
        replace(block, text=say("evaluation.figure", spoken, number=number[id(block)], words=block.text))
        if block.kind == "picture"
        else block
        for block in every
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
    columns = (("target", 4.8), ("baseline", 2.8), ("aim", 3.1), ("latest", 3.1), ("status", 2.2))
    return [_heading("targets", spoken), _table(spoken, columns, rows), *_paths(made, spoken)]


def _paths(made: Evaluation, spoken: Language) -> list[Block]:
    """The path, values and forecast of every target that can be drawn and was judged."""
    lines = (line for line in made.card.to_dict()["lines"] if drawable(line) and line["status"] != "unknown")
    return [Block("picture", line["label"][spoken], chart(line, spoken)) for line in lines]


def _tasks(made: Evaluation, spoken: Language) -> list[Block]:
    labels = {target.id: target.label(spoken) for target in made.plan.targets}
    columns = (("task", 3.5), ("owner", 2.4), ("payer", 1.6), ("moves", 3.8), ("levers", 2.6), ("status", 2.1))
    rows = [_task(held, labels, spoken) for held in made.tasks]
    return [_heading("tasks", spoken), _text("tasks_note", spoken), _table(spoken, columns, rows)]


def _task(held: TaskState, labels: dict[str, str], spoken: Language) -> tuple[str, ...]:
    task = held.task
    assumed = say("evaluation.assumed", spoken) if "owner" in task.assumed else ""
    comma = "、" if spoken == "zh" else "; "
    return (
        f"{task.row} {task.label(spoken)}",
        task.owned_by(spoken) + assumed,
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


def _remedies(made: Evaluation, spoken: Language, network: Network | None) -> list[Block]:
    if made.effects_run is None:
        return [_heading("remedies", spoken), _text("no_remedies", spoken)]
    labels = {target.id: target.label(spoken) for target in made.plan.targets}
    rows = [
        (measure_title(r.measure, spoken), labels.get(r.target, "–"), r.lever.label(spoken), _share(r),
         f"{r.cost_yuan / WAN:,.0f}", _price(r.yuan_per_point / WAN))
        for r in made.remedies
    ]  # fmt: skip
    columns = (("measure", 3.1), ("target", 3.0), ("levers", 3.2), ("share", 2.6), ("cost", 1.9), ("price", 2.2))
    asked = made.effects.stamp.options if made.effects else {}
    note = _text("remedies_note", spoken, run=made.effects_run, year=asked["year"], worlds=asked["worlds"])
    told = [_heading("remedies", spoken), note, _table(spoken, columns, rows)]
    if made.effects is not None:
        levers = [*(lever for held in made.tasks for lever in held.levers), *(r.lever for r in made.remedies)]
        told += _drawn(made.effects, {lever.id: lever.label(spoken) for lever in levers}, spoken, network)
    if made.effects is not None and "cheapest" in made.effects.tables:
        lines = (chosen_bundle(made.effects, spoken), *beyond(made.effects, spoken))
        told += [Block("text", line) for line in lines]
    return told


def _drawn(effects: Result, names: dict[str, str], spoken: Language, network: Network | None) -> list[Block]:
    """A waterfall of the measures that levers move most beside where they stood, and the counties' map."""
    shares, run = effects["shares"], effects.run_id
    moved: list[tuple[float, str, pl.DataFrame]] = []
    for (name,), group in shares.group_by("measure", maintain_order=True):
        before, after = float(group["before"][0]), float(group["after"][0])
        if before and str(name).startswith("on_time"):
            moved.append((abs(after / before - 1), str(name), group))
    found = []
    for size, name, group in sorted(moved, reverse=True, key=lambda each: each[:2])[:FALLS]:
        if size > TRACE:
            title = measure_title(name, spoken)
            known = {**{lever: lever for lever in group["lever"]}, **names}
            fall = say("evaluation.figure_fall", spoken, measure=title, run=run)
            found.append(Block("picture", fall, waterfall(group, known, spoken, title)))
    if network is not None and "counties" in effects.tables and effects["counties"].height:
        words = say("evaluation.figure_counties", spoken, run=run)
        found.append(Block("picture", words, county_map(effects["counties"], network, spoken)))
    return found


def _price(value: float) -> str:
    return f"{value:,.0f}" if value >= FULL else f"{value:,.1f}"


def _share(remedy: Remedy) -> str:
    """A share with its interval, and whether the interval leaves its sign open."""
    if remedy.half_width != remedy.half_width:
        return f"{remedy.share:+.3g}"
    doubt = " ?" if remedy.half_width > remedy.share else ""
    return f"{remedy.share:+.3g} ± {remedy.half_width:.2g}{doubt}"


def _appendices(made: Evaluation, spoken: Language) -> list[Block]:
    fill = say("evaluation.to_fill", spoken)
    blanks = [
        (
            say(f"evaluation.blank_{b.kind}", spoken),
            *((b.about_zh, b.owner or "–") if spoken == "zh" else (b.about_en, b.owner_en or "–")),
            fill,
        )
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
