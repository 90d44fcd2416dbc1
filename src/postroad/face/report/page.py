"""The scorecard as one HTML file that needs nothing else: no network, no scripts, no fonts of its own."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from postroad.face.report.chart import chart, drawable, short
from postroad.face.report.map import coverage_map, legend
from postroad.language import Language, say
from postroad.measure.judgement import shown_chance

if TYPE_CHECKING:
    from postroad.face.report.contents import Contents

ICONS = {"met": "✓", "on_track": "↗", "at_risk": "!", "off_track": "↘", "missed": "✕", "unknown": "?"}
WORST_SHOWN = 6


def page(held: Contents, spoken: Language) -> str:
    """Return the whole page in a language."""
    folder = files("postroad.face.report").joinpath("templates")
    environment = Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        t=lambda key, **facts: say(f"face.{key}", spoken, **facts),
        both=lambda words: words[spoken],
        number=lambda value: "–" if value is None else short(value),
        chance=shown_chance,
        icon=lambda status: ICONS[status],
    )
    return environment.get_template("page.html.j2").render(
        lang="zh-CN" if spoken == "zh" else "en",
        spoken=spoken,
        style=Markup(folder.joinpath("style.css").read_text("utf-8")),  # noqa: S704 - our own style sheet
        card=held.card,
        ledger=held.ledger,
        groups=_groups(held.card["lines"]),
        notes=_notes(held),
        charts=[(line, Markup(chart(line, spoken))) for line in held.card["lines"] if drawable(line)],  # noqa: S704
        map=_map(held, spoken),
        legend=legend(),
        worst=held.coverage.sort("share").head(WORST_SHOWN).to_dicts(),
        coverage_origin=held.coverage["origin"][0] if held.coverage.height else "derived",
        served=int(held.coverage["served"].sum()),
        villages=int(held.coverage["villages"].sum()),
        tables=held.tables.to_dicts(),
        sources=held.sources,
    )


def _map(held: Contents, spoken: Language) -> Markup | None:
    if held.outlines is None:
        return None
    return Markup(coverage_map(held.outlines, held.coverage, spoken))  # noqa: S704 - escaped where it is made


def _groups(lines: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Targets with a number and a date first, then numbers without date, directions, and words without measure."""
    dated = [line for line in lines if line["wording"] == "numeric" and line["deadline"]]
    undated = [line for line in lines if line["wording"] == "numeric" and not line["deadline"]]
    rest = {kind: [line for line in lines if line["wording"] == kind] for kind in ("directional", "unmeasurable")}
    return [("group_dated", dated), ("group_undated", undated), *((f"group_{k}", v) for k, v in rest.items())]


def _notes(held: Contents) -> dict[str, int]:
    """Footnote numbers of the sources, in order of their first use on the page."""
    order: dict[str, int] = {}
    for line in held.card["lines"]:
        for seen in [line["baseline"], line["latest"]]:
            if seen and seen["source"] in held.card["sources"]:
                order.setdefault(seen["source"], len(order) + 1)
    return order
