"""The look of an official report in Word: fonts by role, page, footer with the run id, tables, pictures.

In Chinese as GB/T 9704-2012 has it: title 小标宋 22 pt, text 仿宋 16 pt at 28 pt a line, headings 黑体 and 楷体 16 pt,
a text area of 156 by 225 mm, page numbers between dashes; fonts have fallbacks. Whatever is set with it stays editable.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from postroad.face.report.picture import alone, typeset
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

ROLES = {
    "zh": {"title": ("Times New Roman", "方正小标宋简体"), "head": ("Times New Roman", "黑体"),
           "sub": ("Times New Roman", "楷体"), "text": ("Times New Roman", "仿宋")},
    "en": {"title": ("Georgia", "宋体"), "head": ("Arial", "黑体"), "sub": ("Arial", "楷体"),
           "text": ("Times New Roman", "仿宋")},
}  # fmt: skip
"""Latin and Chinese font of each role; a machine without 方正小标宋 falls back to its 宋体 by the font table."""
STYLES: dict[str, tuple[str, bool]] = {
    "Normal": ("text", False), "Title": ("title", False), "Heading 1": ("head", True), "Heading 2": ("sub", False),
    "Caption": ("text", False),
}  # fmt: skip
SIZES: dict[Language, dict[str, float]] = {
    "zh": {"Normal": 16, "Title": 22, "Heading 1": 16, "Heading 2": 16, "Caption": 10.5},
    "en": {"Normal": 12, "Title": 20, "Heading 1": 15, "Heading 2": 13, "Caption": 9},
}
TEXT_CM = 15.6
FEW = 8
"""A table of so many rows at most is kept on one page."""
PAD_CM, WIDE_CM, CJK = 0.45, 9 * 2.54 / 72, 0x2E80
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
        zh = self.spoken == "zh"
        sizes = SIZES[self.spoken]
        for name, (role, bold) in STYLES.items():
            style = self.book.styles[name]
            latin, chinese = ROLES[self.spoken][role]
            style.font.name, style.font.size, style.font.bold = latin, Pt(sizes[name]), bold and not zh
            style.font.color.rgb = RGBColor(0, 0, 0)
            properties = style.element.get_or_add_rPr()
            fonts = properties.get_or_add_rFonts()
            for place in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{place}"), None)
            fonts.set(qn("w:eastAsia"), chinese)
        text = self.book.styles["Normal"].paragraph_format
        text.line_spacing, text.space_after = (Pt(28), Pt(0)) if zh else (1.4, Pt(4))
        if zh:
            text.first_line_indent = Pt(32)
        for name in ("Title", "Heading 1", "Heading 2", "Caption"):
            style = self.book.styles[name]
            style.paragraph_format.first_line_indent = Pt(0)
            style.paragraph_format.keep_with_next = name != "Caption"
            # The title style of the template has a blue rule under it.
            for rule in style.element.findall(f".//{qn('w:pBdr')}"):
                rule.getparent().remove(rule)
        title = self.book.styles["Title"].paragraph_format
        title.line_spacing, title.space_after = 1.3, Pt(14)
        self.book.styles["Caption"].paragraph_format.line_spacing = 1.2

    def _page(self, title: str, run_id: str) -> None:
        section = self.book.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
        section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
        foot = section.footer.paragraphs[0]
        foot.alignment, foot.paragraph_format.first_line_indent = WD_ALIGN_PARAGRAPH.CENTER, Pt(0)
        for words in ("— ", None, " —"):
            if words is None:
                _field(foot, "PAGE")
            else:
                foot.add_run(words).font.size = Pt(14)
        told = section.footer.add_paragraph(say("face.report_run", self.spoken, run=run_id))
        told.alignment, told.paragraph_format.first_line_indent = WD_ALIGN_PARAGRAPH.CENTER, Pt(0)
        told.paragraph_format.line_spacing = 1.0
        told.runs[0].font.size = Pt(8)
        properties = self.book.core_properties
        properties.title, properties.author = title, "postroad"
        properties.identifier = run_id

    def text(self, words: str, style: str | None = None) -> Any:
        """Add a paragraph and return it."""
        return self.book.add_paragraph(words, style=style)

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths_cm: Sequence[float] | None,
        numbers: Collection[int] = (),
    ) -> Any:  # fmt: skip
        """Add a table as wide as the text; the head is repeated on every page, columns of numbers stand to the right.

        Chinese columns have these proportions where they are given, others what their words need. Rows after the first
        are not torn apart, nor is a table of few rows.
        """
        table = self.book.add_table(rows=1, cols=len(heads), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        shares = widths_cm if self.spoken == "zh" and widths_cm else fitted((heads, *rows))
        widths = [Cm(TEXT_CM * share / sum(shares)) for share in shares]
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        for words in (heads, *rows):
            cells = table.rows[0].cells if words is heads else table.add_row().cells
            for k, (cell, text, width) in enumerate(zip(cells, words, widths, strict=True)):
                cell.width = width
                cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.first_line_indent = Pt(0)
                paragraph.paragraph_format.keep_with_next = (len(rows) <= FEW and words is not rows[-1]) or None
                paragraph.paragraph_format.line_spacing = 1.1
                paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
                if k in numbers:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                run = paragraph.add_run(text)
                run.font.size, run.font.bold = Pt(9), words is heads
        for number, row in enumerate(table.rows):
            # LibreOffice leaves most of a page empty where head and first row must both stay whole near a page's end.
            if number != 1:
                _mark(row, "w:cantSplit")
            if number == 0:
                _mark(row, "w:tblHeader")
        return table

    def picture(self, svg: str, width_cm: float, words: str) -> None:
        """Add a drawing with its caption."""
        self.book.add_picture(io.BytesIO(typeset(alone(svg), "png")), width=Cm(min(width_cm, TEXT_CM)))
        drawn = self.book.paragraphs[-1]
        # A line of a fixed height would show a strip of the picture.
        drawn.paragraph_format.line_spacing, drawn.paragraph_format.keep_with_next = 1.0, True
        drawn.paragraph_format.space_before = Pt(10)
        for paragraph in (drawn, self.text(words, "Caption")):
            paragraph.alignment, paragraph.paragraph_format.first_line_indent = WD_ALIGN_PARAGRAPH.CENTER, Pt(0)
        _describe(self.book.inline_shapes[-1], words)


def fitted(rows: Sequence[Sequence[str]]) -> list[float]:
    """Return widths in cm for columns of words: room for the longest word, what is left by the root of all the text."""
    longest = [PAD_CM + max(_length(word) for cell in column for word in cell.split() or [""])
               for column in zip(*rows, strict=True)]  # fmt: skip
    wanted = [sum(_length(cell) for cell in column) ** 0.5 for column in zip(*rows, strict=True)]
    left = max(TEXT_CM - sum(longest), 0.0)
    return [least + left * more / (sum(wanted) or 1.0) for least, more in zip(longest, wanted, strict=True)]


def _length(words: str) -> float:
    """Width of words in cm in the 9 pt of tables, a Chinese character being as wide as two Latin ones."""
    return sum(WIDE_CM if ord(letter) >= CJK else WIDE_CM * 0.6 for letter in words)


def _field(paragraph: Any, code: str) -> None:
    for kind in ("begin", None, "end"):
        run = paragraph.add_run()
        run.font.size = Pt(14)
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
