"""The scorecard as a Word document set like an official report, for officials to edit.

The same numbers as every other form, to the last digit, each table with the id of its run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import RGBColor

from postroad.face.report.chart import chart, drawable, short
from postroad.face.report.map import coverage_map
from postroad.face.report.official import Official
from postroad.language import Language, say
from postroad.measure.judgement import shown_chance

if TYPE_CHECKING:
    from pathlib import Path

    from postroad.face.report.contents import Contents

STATUS_COLOURS = {"met": "14693C", "on_track": "14693C", "at_risk": "8A5A00", "off_track": "A5271C",
                  "missed": "A5271C", "unknown": "4B5565"}  # fmt: skip


def document(held: Contents, path: Path, spoken: Language) -> Path:
    """Write the document, whole or not at all, and return its path."""
    return _Report(held, spoken).save(path)


class _Report(Official):
    """A document being written."""

    def __init__(self, held: Contents, spoken: Language) -> None:
        self.held, self.card = held, held.card
        title = say("face.title", spoken, plan=held.card["label"][spoken])
        super().__init__(spoken, title, held.card["run_id"])
        self._opening()
        self._decided()
        self._targets()
        self._paths()
        self._coverage()
        self._coherence()
        self._sources()

    def say(self, key: str, **facts: Any) -> str:
        return say(f"face.{key}", self.spoken, **facts)

    def _opening(self) -> None:
        title = self.text(self.say("title", plan=self.both(self.card["label"])), "Title")
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self.text(self.say("lead", as_of=self.card["as_of"], targets=len(self.card["lines"])))
        counts = ("，" if self.spoken == "zh" else ", ").join(
            f"{self.say(f'status_{status}')} {count}" for status, count in self.card["summary"].items()
        )
        self.text(counts + ("。" if self.spoken == "zh" else "."))

    def _decided(self) -> None:
        self.book.add_heading(self.say("decided"), 1)
        for line in self.card["lines"]:
            if line["status"] == "unknown":
                continue
            self.book.add_heading(
                f"{self.both(line['label'])} {self.say('dash')} {self.say('status_' + line['status'])}", 2
            )
            self.text(self.both(line["reason"]))
        unknown = self.card["summary"].get("unknown", 0)
        if unknown:
            self.text(self.say("unknown_count", count=unknown) + self.say("colon") + self.say("unknown_why"))

    def _targets(self) -> None:
        self.book.add_heading(self.say("targets"), 1)
        heads = [self.say(k) for k in ("target", "baseline", "aim", "latest", "chance", "status", "reason")]
        rows = [self._line(line) for line in self.card["lines"]]
        table = self.table(heads, rows, (3.0, 2.1, 2.1, 2.1, 1.2, 1.4, 4.2))
        for line, row in zip(self.card["lines"], table.rows[1:], strict=True):
            for run in row.cells[5].paragraphs[0].runs:
                run.font.color.rgb = RGBColor.from_string(STATUS_COLOURS[line["status"]])
        self.caption()

    def _line(self, line: dict[str, Any]) -> list[str]:
        fan = line["forecast"]
        chance = f"{shown_chance(fan['probability'])} %" if fan and fan["probability"] is not None else "–"
        latest = line["latest"]
        return [
            self.both(line["label"]), self._value(line["baseline"], line), self._value(line["target"], line),
            self._value(latest, line) + (f" {self.say('origin_' + latest['origin'])}" if latest else ""), chance,
            self.say("status_" + line["status"]), self.both(line["reason"]),
        ]  # fmt: skip

    def _value(self, held: dict[str, Any] | None, line: dict[str, Any]) -> str:
        if not held or held["value"] is None:
            return "–"
        when = f" ({held['period']})" if held.get("period") else ""
        return f"{short(held['value'])} {self.both(line['unit_label'])}{when}"

    def caption(self) -> None:
        facts = {k: self.card[k] for k in ("version", "seed", "fingerprint")}
        self.text(self.say("footer", run=self.card["run_id"], **facts), "Caption")

    def _paths(self) -> None:
        self.book.add_heading(self.say("paths"), 1)
        self.text(self.say("paths_note"))
        for line in filter(drawable, self.card["lines"]):
            if line["observations"]:
                unit = self.both(line["unit_label"])
                self.picture(
                    chart(line, self.spoken), 11.5, f"{self.both(line['label'])} ({unit}) {self.card['run_id']}"
                )

    def _coverage(self) -> None:
        if self.held.outlines is None:
            return
        self.book.add_heading(self.say("map_title"), 1)
        self.text(self.say("map_words"))
        if self.held.coverage.height and self.held.coverage["origin"][0] == "synthetic":
            self.text(self.say("map_synthetic"))
        svg = coverage_map(self.held.outlines, self.held.coverage, self.spoken)
        self.picture(svg, 15.5, f"{self.say('map_title')} {self.card['run_id']}")

    def _coherence(self) -> None:
        self.book.add_heading(self.say("coherence"), 1)
        for finding in self.card["coherence"]:
            self.text(self.both(finding["text"]) + " " + " ".join(finding["rows"]))

    def _sources(self) -> None:
        self.book.add_heading(self.say("sources"), 1)
        heads = [self.say(k) for k in ("column_id", "source", "version", "licence")]
        cited = self.card["sources"]
        rows = [[key, s["title"], s["version"] or "", s["licence"] or ""] for key, s in sorted(cited.items())]
        self.table(heads, rows, (2.6, 8.2, 2.8, 2.6))
