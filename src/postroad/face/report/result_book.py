"""A result as a workbook: a sheet a table with frozen heads, units, native charts, and numbers whole in their cells."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from postroad.face.report.figure import wide_of
from postroad.face.report.result_sheet import cell, charted
from postroad.language import say

if TYPE_CHECKING:
    from pathlib import Path

    from postroad.face.report.result_sheet import Sheet
    from postroad.language import Language

FONT = {"zh": "仿宋", "en": "Calibri"}
HEAD_FONT = {"zh": "黑体", "en": "Calibri"}
NARROW, WIDE, LONG = 8, 42, 60
ONE_PAGE = 12
"""Columns that fit the width of a landscape page; wider sheets go on to the next pages with their first column."""
LOOKED_AT = 300
WHOLE, DECIMAL, LARGE, SMALL, TINY = "#,##0", "#,##0.00##", "#,##0.0", "0.0000##", "0.00E+00"


def workbook(
    title: str, run_id: str, told: list[tuple[str, Any]], sheets: list[Sheet], path: Path, spoken: Language
) -> None:
    """Write the workbook."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True,
               "default_format_properties": {"font_name": FONT[spoken], "font_size": 11}}  # fmt: skip
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title, "created": dt.datetime(2020, 1, 1)})
        _Book(book, run_id, spoken).write(title, told, sheets)


class _Book:
    """A workbook being written."""

    def __init__(self, book: Any, run_id: str, spoken: Language) -> None:
        self.book, self.run_id, self.spoken = book, run_id, spoken
        name = {"font_name": HEAD_FONT[spoken], "bold": True}
        self.bold = book.add_format({**name, "font_size": 14})
        self.head = book.add_format({**name, "bg_color": "#DDEBE6", "border": 1, "text_wrap": True, "valign": "top"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top", "align": "left"})
        self.formats: dict[str, Any] = {}

    def write(self, title: str, told: list[tuple[str, Any]], sheets: list[Sheet]) -> None:
        first = self._page(say("face.sheet_summary", self.spoken), 1)
        first.set_column(0, 0, 34)
        first.set_column(1, 1, LONG)
        first.write_string(0, 0, title, self.bold)
        first.write_row(1, 0, [say("face.figure", self.spoken), say("face.value", self.spoken)], self.head)
        first.freeze_panes(2, 1)
        first.set_portrait()
        for number, (name, value) in enumerate(told, 2):
            first.write_string(number, 0, name, self.wrapped)
            _write(first, number, 1, value, self.wrapped)
        for sheet in sheets:
            self._tab(sheet)

    def _page(self, name: str, wide: int) -> Any:
        page = self.book.add_worksheet(re.sub(r"[\[\]:*?/\\]", "-", name)[:31])
        page.set_paper(9)
        page.set_landscape()
        if wide <= ONE_PAGE:
            page.fit_to_pages(1, 0)
        else:
            page.repeat_columns(0)
        page.set_footer(f"&L{say('face.report_run', self.spoken, run=self.run_id)}&R&P/&N")
        return page

    def _tab(self, sheet: Sheet) -> None:
        page = self._page(sheet.name, len(sheet.heads))
        page.write_row(0, 0, sheet.heads, self.head)
        page.write_row(1, 0, sheet.units, self.head)
        page.freeze_panes(2, 1)
        page.repeat_rows(0, 1)
        for k in range(len(sheet.heads)):
            values = [row[k] for row in sheet.rows]
            shape = self._format(form_of(values))
            page.set_column(k, k, _width(sheet, k), shape)
            for number, value in enumerate(values, 2):
                _write(page, number, k, value, shape)
        if sheet.rows:
            page.autofilter(1, 0, len(sheet.rows) + 1, len(sheet.heads) - 1)
        if sheet.left_out:
            words = say("face.rows_left_out", self.spoken, count=sheet.left_out)
            page.write_string(len(sheet.rows) + 2, 0, words)
        if chart := charted(sheet):
            self._chart(page, sheet, *chart)

    def _format(self, form: str) -> Any:
        if form not in self.formats:
            self.formats[form] = self.book.add_format({"num_format": form} if form else {})
        return self.formats[form]

    def _chart(self, page: Any, sheet: Sheet, named: int, measured: int) -> None:
        """Draw the first figure below the rows, where it changes no width of a page."""
        drawn, last, name = self.book.add_chart({"type": "bar"}), len(sheet.rows) + 1, page.get_name()
        drawn.add_series({"name": sheet.heads[measured], "categories": [name, 2, named, last, named],
                          "values": [name, 2, measured, last, measured], "fill": {"color": "#257A6B"}})  # fmt: skip
        unit = sheet.units[measured]
        title = sheet.heads[measured] + (f" ({unit})" if unit and f"({unit})" not in sheet.heads[measured] else "")
        drawn.set_title({"name": title, "name_font": {"size": 11}})
        drawn.set_x_axis({"name": unit, "num_format": "#,##0.##", "num_font": {"size": 9}})
        drawn.set_y_axis({"reverse": True, "num_font": {"size": 9}})
        drawn.set_legend({"none": True})
        drawn.set_size({"width": 680, "height": 120 + 18 * len(sheet.rows)})
        # Beside the first column, which is repeated on every page of a wide sheet.
        page.insert_chart(len(sheet.rows) + 3, min(1, len(sheet.heads) - 1), drawn)


def form_of(values: list[Any]) -> str:
    """Return how the numbers of a column are shown; the cells hold them whole."""
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if not numbers:
        return ""
    most = max(abs(v) for v in numbers)
    if all(isinstance(v, int) for v in numbers):
        return WHOLE if most >= 10_000 else "0"
    return LARGE if most >= 10_000 else DECIMAL if most >= 1 else SMALL if most >= 1e-3 or not most else TINY


def _width(sheet: Sheet, k: int) -> float:
    """Characters that a column needs: half of its head, which may take two lines, and its values as shown."""
    values = [row[k] for row in sheet.rows[:LOOKED_AT] if row[k] is not None]
    shown = [f"{v:,.2f}" if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else cell(v) for v in values]
    need = max([wide_of(sheet.heads[k], 1.8) * 0.6 + 3, *(wide_of(text, 1.9) for text in shown)])
    return min(WIDE, max(NARROW, need + 2))


def _write(page: Any, row: int, column: int, value: Any, shape: Any) -> None:
    if isinstance(value, bool):
        page.write_boolean(row, column, value, shape)
    elif isinstance(value, (int, float)):
        page.write_number(row, column, value, shape)
    elif value is not None:
        page.write_string(row, column, str(value)[:32_000], shape)
