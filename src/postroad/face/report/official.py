"""The look of an official report in Word: fonts by role, page, footer with the run id, tables, pictures.

Headings in 黑体, text in 仿宋, the title in 小标宋 with fallbacks. Whatever is set with it stays editable.
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

from postroad.face.report.picture import alone, typeset
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLES = {
    "zh": {"title": ("Times New Roman", "方正小标宋简体"), "head": ("Times New Roman", "黑体"),
           "sub": ("Times New Roman", "楷体"), "text": ("Times New Roman", "仿宋")},
    "en": {"title": ("Georgia", "宋体"), "head": ("Arial", "黑体"), "sub": ("Arial", "楷体"),
           "text": ("Times New Roman", "仿宋")},
}  # fmt: skip
"""Latin and Chinese font of each role; a machine without 方正小标宋 falls back to its 宋体 by the font table."""
FALLBACK = {"方正小标宋简体": "宋体", "仿宋": "FangSong_GB2312", "楷体": "KaiTi_GB2312", "黑体": "SimHei"}


class Official:
    """A document being written; ``title`` and ``run_id`` stand in its properties, the run id in every footer."""

    def __init__(self, spoken: Language, title: str, run_id: str) -> None:
        self.spoken = spoken
        self.book: Any = docx.Document()
        self._styles()
        self._page(title, run_id)

    def save(self, path: Path) -> Path:
        """Write the document, whole or not at all, and return its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
        try:
            self.book.save(name)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        return path

    def both(self, words: dict[str, str] | None) -> str:
        """Return the words in the document's language."""
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

    def _page(self, title: str, run_id: str) -> None:
        section = self.book.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.top_margin, section.bottom_margin = Cm(3.0), Cm(2.6)
        section.left_margin, section.right_margin = Cm(2.6), Cm(2.4)
        foot = section.footer.paragraphs[0]
        foot.alignment, foot.paragraph_format.first_line_indent = WD_ALIGN_PARAGRAPH.CENTER, Pt(0)
        run = foot.add_run(say("face.report_run", self.spoken, run=run_id) + "　")
        run.font.size = Pt(9)
        _field(foot, "PAGE")
        properties = self.book.core_properties
        properties.title, properties.author = title, "postroad"
        properties.identifier = run_id

    def text(self, words: str, style: str | None = None) -> Any:
        """Add a paragraph and return it."""
        return self.book.add_paragraph(words, style=style)

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

    def picture(self, svg: str, width_cm: float, words: str) -> None:
        """Add a drawing with its caption."""
        self.book.add_picture(io.BytesIO(typeset(alone(svg), "png")), width=Cm(width_cm))
        for paragraph in (self.book.paragraphs[-1], self.text(words, "Caption")):
            paragraph.alignment, paragraph.paragraph_format.first_line_indent = WD_ALIGN_PARAGRAPH.CENTER, Pt(0)
        _describe(self.book.inline_shapes[-1], words)


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
