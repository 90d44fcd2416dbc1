"""Workbooks out: tables as sheets, and the empty template that a ministry fills in.

Text is always written as text, so nothing typed by someone else can run as a formula.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from postroad.errors import UsageError
from postroad.language import Language, current, say
from postroad.tables.schema import Column, Schema, Table, schema

MOST_ROWS = 1_048_575
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "nan_inf_to_errors": False,
}
_ROWS_OFFERED = 5_000
"""Rows of the template that have drop-downs."""


def write_workbook(frames: Mapping[str, pl.DataFrame], file: Path) -> None:
    """Write each table as a sheet named after it: column names, then the rows; ``UsageError`` above Excel's rows."""
    for name, frame in frames.items():
        if frame.height > MOST_ROWS:
            raise UsageError.of("tables.too_many_rows", table=name, count=frame.height, most=MOST_ROWS)
    with xlsxwriter.Workbook(str(file), {**_OPTIONS, "constant_memory": False}) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        head = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, frame in frames.items():
            sheet = book.add_worksheet(name[:31])
            sheet.freeze_panes(1, 0)
            for at, column in enumerate(frame.columns):
                sheet.write_string(0, at, column, head)
                _fill(sheet, at, frame[column], day)
            sheet.autofilter(0, 0, max(frame.height, 1), max(frame.width - 1, 0))


def _fill(sheet: Any, at: int, series: pl.Series, day: Any) -> None:
    """Write one column below its header, each value with the writer of its type."""
    if series.dtype.is_numeric():
        write: Any = sheet.write_number
    elif series.dtype == pl.Boolean:
        write = sheet.write_boolean
    elif series.dtype == pl.Date:
        write = lambda row, col, value: sheet.write_datetime(row, col, value, day)  # noqa: E731
    else:
        write = sheet.write_string
        series = series.cast(pl.String)
    for row, value in enumerate(series, start=1):
        if value is not None:
            write(row, at, value)


def template(path: str | Path, spoken: Language | None = None, against: Schema | None = None) -> Path:
    """Write the empty workbook that a ministry fills in and return its path.

    One sheet per table: labels in both languages, column names, units; each header carries its meaning as a comment,
    each category a drop-down, each bounded number a rule. The first sheet explains. It reads back with ``read``.
    """
    from postroad.tables.writing import _beside

    path = Path(path)
    language = spoken or current()
    known = against or schema()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _beside(path) as file, xlsxwriter.Workbook(str(file), _OPTIONS) as book:
        book.set_properties({"created": dt.datetime(2000, 1, 1)})
        styles = {
            "label": book.add_format(
                {"bold": True, "bg_color": "#E8EEF4", "text_wrap": True, "valign": "top", "border": 1}
            ),
            "must": book.add_format(
                {"bold": True, "bg_color": "#F9DDB1", "text_wrap": True, "valign": "top", "border": 1}
            ),
            "name": book.add_format({"font_color": "#666666", "italic": True, "bottom": 1}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "text": book.add_format({"num_format": "@"}),
        }
        _cover(book, known, language, styles)
        for table in known.tables.values():
            _form(book, table, language, styles)
    return path


def _cover(book: Any, known: Schema, spoken: Language, styles: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet("说明" if spoken == "zh" else "Notes")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90, styles["wrap"])
    sheet.write_string(0, 0, say("tables.template_title", spoken), styles["title"])
    sheet.write_string(1, 1, say("tables.template_how", spoken))
    for row, table in enumerate(known.tables.values(), start=3):
        sheet.write_url(row, 0, f"internal:'{table.name[:31]}'!A1", string=f"{table.zh} {table.en}")
        about = table.about_zh if spoken == "zh" else table.about_en
        sheet.write_string(row, 1, about)


def _form(book: Any, table: Table, spoken: Language, styles: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(table.name[:31])
    sheet.freeze_panes(2, 0)
    sheet.set_row(0, 48)
    for at, column in enumerate(table.columns.values()):
        unit = f"（{column.unit}）" if column.unit else ""
        sheet.write_string(0, at, f"{column.zh} / {column.en}{unit}", styles["must" if column.required else "label"])
        sheet.write_string(1, at, column.name, styles["name"])
        sheet.write_comment(0, at, _meaning(column, spoken), {"x_scale": 2, "y_scale": 1.5})
        kind = {"date": "day", "text": "text", "category": "text"}.get(column.type)
        sheet.set_column(at, at, 18, styles[kind] if kind else None)
        rule = _rule(column, spoken)
        if rule:
            sheet.data_validation(2, at, _ROWS_OFFERED + 1, at, rule)


def _meaning(column: Column, spoken: Language) -> str:
    lines = [column.means_zh if spoken == "zh" else column.means_en]
    if column.required:
        lines.append(say("tables.template_required", spoken))
    if column.low is not None or column.high is not None:
        low, high = ("…" if b is None else f"{b:g}" for b in (column.low, column.high))
        lines.append(say("tables.template_bounds", spoken, low=low, high=high))
    if column.references:
        lines.append(say("tables.template_reference", spoken, target=column.references))
    if column.magnitude:
        lines.append(say("tables.template_magnitude", spoken))
    return "\n".join(lines)


def _rule(column: Column, spoken: Language) -> dict[str, Any] | None:
    """Return the rule a spreadsheet applies while people type: a drop-down, or bounds."""
    told = {"error_title": column.name, "error_message": say("tables.template_wrong", spoken), "error_type": "warning"}
    if column.type == "category" and len(",".join(column.choices)) <= 255:
        return {"validate": "list", "source": list(column.choices), **told}
    if column.type == "boolean":
        return {"validate": "list", "source": ["是", "否"] if spoken == "zh" else ["true", "false"], **told}
    if column.numeric and column.low is not None and column.high is not None:
        bounds = {"criteria": "between", "minimum": column.low, "maximum": column.high}
        return {"validate": "decimal", **bounds, **told}
    return None
