"""The scorecard as a Word document set like an official report, for officials to edit.

Headings in 黑体, text in 仿宋, the title in 小标宋 with fallbacks; the same numbers as every other form, to the last
digit, each table with the id of its run.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from postroad.face.report.chart import chart, drawable, short
from postroad.face.report.map import coverage_map
from postroad.face.report.picture import alone, typeset
from postroad.language import Language, say
from postroad.measure.judgement import shown_chance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.face.report.contents import Contents

ROLES = {
    "zh": {"title": ("Times New Roman", "方正小标宋简体"), "head": ("Times New Roman", "黑体"),
           "sub": ("Times New Roman", "楷体"), "text": ("Times New Roman", "仿宋")},
    "en": {"title": ("Georgia", "宋体"), "head": ("Arial", "黑体"), "sub": ("Arial", "楷体"),
           "text": ("Times New Roman", "仿宋")},
}  # fmt: skip
"""Latin and Chinese font of each role; a machine without 方正小标宋 falls back to its 宋体 by the font table."""
FALLBACK = {"方正小标宋简体": "宋体", "仿宋": "FangSong_GB2312", "楷体": "KaiTi_GB2312", "黑体": "SimHei"}
STATUS_COLOURS = {"met": "14693C", "on_track": "14693C", "at_risk": "8A5A00", "off_track": "A5271C",
                  "missed": "A5271C", "unknown": "4B5565"}  # fmt: skip


def document(held: Contents, path: Path, spoken: Language) -> Path:
    """Write the document, whole or not at all, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        _Report(held, spoken).book.save(name)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path


class _Report:
    """A document being written."""

    def __init__(self, held: Contents, spoken: Language) -> None:
        self.held, self.spoken, self.card = held, spoken, held.card
        self.book: Any = docx.Document()
        self._styles()
        self._page()
        self._opening()
        self._decided()
        self._targets()
        self._paths()
        self._coverage()
        self._coherence()
        self._sources()

    def say(self, key: str, **facts: Any) -> str:
        return say(f"face.{key}", self.spoken, **facts)

    def both(self, words: dict[str, str] | None) -> str:
        return words[self.spoken] if words else ""

    def _styles(self) -> None:
        sizes = {"Normal": ("text", 12, False), "Title": ("title", 20, False), "Heading 1": ("head", 15, True),
                 "Heading 2": ("sub", 13, False), "Caption": ("text", 9, False)}  # fmt: skip
        for name, (role, size, bold) in sizes.items():
            style = self.book.styles[name]
            latin, chinese = ROLES[self.spoken][role]
            style.font.name, style.font.size, style.font.bold = latin, Pt(size), bold
            style.font.color.rgb = RGBColor(0, 0, 0)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for place in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{place}"), None)
            fonts.set(qn("w:eastAsia"), chinese)
        text = self.book.styles["Normal"].paragraph_format
        text.line_spacing, text.space_after = 1.5, Pt(4)
        if self.spoken == "zh":
            text.first_line_indent = Pt(24)
        for name in ("Title", "Heading 1", "Heading 2", "Caption"):
            self.book.styles[name].paragraph_format.first_line_indent = Pt(0)
            self.book.styles[name].paragraph_format.keep_with_next = name != "Caption"

    def _page(self) -> None:
        section = self.book.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.top_margin, section.bottom_margin = Cm(3.0), Cm(2.6)
        section.left_margin, section.right_margin = Cm(2.6), Cm(2.4)
        foot = section.footer.paragraphs[0]
        foot.alignment, foot.paragraph_format.first_line_indent = WD_ALIGN_PARAGRAPH.CENTER, Pt(0)
        run = foot.add_run(self.say("report_run", run=self.card["run_id"]) + "　")
        run.font.size = Pt(9)
        _field(foot, "PAGE")
        properties = self.book.core_properties
        properties.title, properties.author = self.say("title", plan=self.both(self.card["label"])), "postroad"
        properties.identifier = self.card["run_id"]

    def text(self, words: str, style: str | None = None) -> Any:
        return self.book.add_paragraph(words, style=style)

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

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths_cm: Sequence[float]) -> Any:
        """Add a table whose heading row is repeated on every page and whose rows are not torn apart."""
        table = self.book.add_table(rows=1, cols=len(heads), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        for words in (heads, *rows):
            cells = table.rows[0].cells if words is heads else table.add_row().cells
            for cell, text, width in zip(cells, words, widths_cm, strict=True):
                cell.width = Cm(width)
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.first_line_indent = Pt(0)
                paragraph.paragraph_format.line_spacing, paragraph.paragraph_format.space_after = 1.1, Pt(0)
                run = paragraph.add_run(text)
                run.font.size, run.font.bold = Pt(8.5), words is heads
        for number, row in enumerate(table.rows):
            _mark(row, "w:cantSplit")
            if number == 0:
                _mark(row, "w:tblHeader")
        return table

    def caption(self) -> None:
        facts = {k: self.card[k] for k in ("version", "seed", "fingerprint")}
        self.text(self.say("footer", run=self.card["run_id"], **facts), "Caption")

    def picture(self, svg: str, width_cm: float, words: str) -> None:
        self.book.add_picture(io.BytesIO(typeset(alone(svg), "png")), width=Cm(width_cm))
        for paragraph in (self.book.paragraphs[-1], self.text(words, "Caption")):
            paragraph.alignment, paragraph.paragraph_format.first_line_indent = WD_ALIGN_PARAGRAPH.CENTER, Pt(0)
        _describe(self.book.inline_shapes[-1], words)

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


def _field(paragraph: Any, code: str) -> None:
    for kind in ("begin", None, "end"):
        run = paragraph.add_run()
        run.font.size = Pt(9)
        if kind:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.text = code
        run._r.append(part)


def _mark(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _describe(shape: Any, words: str) -> None:
    shape._inline.docPr.set("descr", words)
