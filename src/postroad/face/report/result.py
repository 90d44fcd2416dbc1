"""Any saved result as a report: Excel with native charts, Word, or one HTML page, the numbers as in its tables.

Every kind of result is told in the same way: where it comes from, its single figures, then table by table, with the
unit under each column and the origin of rows in their own column. What a table is too long for is said where it ends.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.language import Language, catalogue, say

if TYPE_CHECKING:
    from postroad.results import Result

FORMS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
}
UNITS = ("pieces_day", "pieces_h", "pieces_week", "yuan_piece", "yuan_day", "yuan_week", "g_piece", "kg_week",
         "percent", "pieces", "yuan", "fen", "kwh", "min", "km", "kg", "m2", "deg", "mm", "h", "s")  # fmt: skip
"""Endings of a column's name that are its unit, the longest first."""
MOST_ROWS = {"xlsx": 100_000, "docx": 40, "html": 200}
MOST_COLUMNS = {"xlsx": 500, "docx": 8, "html": 40}
CHARTED = range(2, 41)
"""A table of so many rows, each named, gets a chart of its first figure."""


@dataclass(frozen=True)
class Sheet:
    """One table as it is told."""

    name: str
    heads: list[str]
    units: list[str]
    rows: list[tuple[Any, ...]]
    left_out: int


def report(result: Result, path: Path, form: str, spoken: Language) -> Path:
    """Write a result in a form, whole or not at all, and return its path."""
    sheets = [_sheet(name, frame, form, spoken) for name, frame in sorted(result.tables.items())]
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        {"xlsx": _book, "docx": _document, "html": _page}[form](result, sheets, part, spoken)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def title(result: Result, spoken: Language) -> str:
    """Return what a result is called."""
    key = f"console.kind_{result.stamp.kind}"
    return say(key, spoken) if key in catalogue() else result.stamp.kind


def figures(result: Result, spoken: Language) -> list[tuple[str, Any]]:
    """Return where a result comes from and its single figures."""
    stamp = result.stamp
    told = [(say(f"face.stamp_{name}", spoken), value) for name, value in (
        ("run", result.run_id), ("made_at", stamp.made_at), ("version", stamp.version), ("seed", stamp.seed),
        ("inputs", stamp.inputs))]  # fmt: skip
    options = [(f"{say('face.stamp_option', spoken)} {name}", _plain(value)) for name, value in stamp.options.items()]
    facts = [(name, value) for name, value in result.facts.items() if isinstance(value, (int, float, str, bool))]
    return [*told, *options, *facts]


def unit_of(column: str) -> str:
    """Return the unit a column's name ends in, or nothing."""
    return next((unit for unit in UNITS if column.endswith(f"_{unit}")), "").replace("_", "/")


def _sheet(name: str, frame: pl.DataFrame, form: str, spoken: Language) -> Sheet:
    columns = [c for c, kind in frame.schema.items() if kind != pl.Binary][: MOST_COLUMNS[form]]
    rows = [tuple(_plain(value) for value in row) for row in frame.select(columns).head(MOST_ROWS[form]).iter_rows()]
    units = [unit_of(c) for c in columns]
    return Sheet(name, [_head(c, spoken) for c in columns], units, rows, max(0, frame.height - MOST_ROWS[form]))


def _head(column: str, spoken: Language) -> str:
    key = f"console.col_{column}"
    return say(key, spoken) if key in catalogue() else column


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)


def _cell(value: Any) -> str:
    """Return a value as text, to its last digit."""
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _charted(sheet: Sheet) -> tuple[int, int] | None:
    """Return which columns name and measure the rows of a table that is worth a chart."""
    if len(sheet.rows) not in CHARTED or sheet.left_out:
        return None
    kinds = [{type(row[k]) for row in sheet.rows if row[k] is not None} for k in range(len(sheet.heads))]
    named = next((k for k, kind in enumerate(kinds) if kind == {str}), None)
    if named is None or len({row[named] for row in sheet.rows}) < len(sheet.rows):
        return None
    measured = [k for k, kind in enumerate(kinds) if kind and kind <= {int, float} and sheet.units[k]]
    return (named, measured[0]) if measured else None


def _book(result: Result, sheets: list[Sheet], path: Path, spoken: Language) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    ) as book:
        book.set_properties({"title": title(result, spoken), "created": dt.datetime(2020, 1, 1)})
        bold, head = book.add_format({"bold": True, "font_size": 14}), book.add_format(
            {"bold": True, "bg_color": "#DDEBE6", "border": 1, "text_wrap": True, "valign": "top"}
        )  # fmt: skip
        first = book.add_worksheet(say("face.sheet_summary", spoken))
        first.set_column(0, 0, 34)
        first.set_column(1, 1, 60)
        first.write_string(0, 0, title(result, spoken), bold)
        first.write_row(1, 0, [say("face.figure", spoken), say("face.value", spoken)], head)
        first.freeze_panes(2, 1)
        for number, (name, value) in enumerate(figures(result, spoken), 2):
            first.write_string(number, 0, name)
            _write(first, number, 1, value)
        for sheet in sheets:
            _tab(book, sheet, head, result.run_id, spoken)


def _tab(book: Any, sheet: Sheet, head: Any, run_id: str, spoken: Language) -> None:
    name = re.sub(r"[\[\]:*?/\\]", "-", sheet.name)[:31]
    page = book.add_worksheet(name)
    page.write_row(0, 0, sheet.heads, head)
    page.write_row(1, 0, sheet.units, head)
    page.freeze_panes(2, 1)
    page.set_column(0, max(0, len(sheet.heads) - 1), 15)
    page.set_footer(f"&L{say('face.report_run', spoken, run=run_id)}&R&P/&N")
    for number, row in enumerate(sheet.rows, 2):
        for column, value in enumerate(row):
            _write(page, number, column, value)
    if sheet.rows:
        page.autofilter(1, 0, len(sheet.rows) + 1, len(sheet.heads) - 1)
    if sheet.left_out:
        page.write_string(len(sheet.rows) + 2, 0, say("face.rows_left_out", spoken, count=sheet.left_out))
    if chart := _charted(sheet):
        named, measured = chart
        drawn, last = book.add_chart({"type": "bar"}), len(sheet.rows) + 1
        drawn.add_series({"name": sheet.heads[measured], "categories": [name, 2, named, last, named],
                          "values": [name, 2, measured, last, measured], "fill": {"color": "#257A6B"}})  # fmt: skip
        drawn.set_title({"name": sheet.heads[measured], "name_font": {"size": 11}})
        drawn.set_x_axis({"name": sheet.units[measured]})
        drawn.set_y_axis({"reverse": True})
        drawn.set_legend({"none": True})
        drawn.set_size({"width": 560, "height": 120 + 18 * len(sheet.rows)})
        page.insert_chart(2, len(sheet.heads) + 1, drawn)


def _write(page: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, (int, float)):
        page.write_number(row, column, value)
    elif value is not None:
        page.write_string(row, column, str(value)[:32_000])


def _document(result: Result, sheets: list[Sheet], path: Path, spoken: Language) -> None:
    from postroad.face.report.official import Official

    made = Official(spoken, title(result, spoken), result.run_id)
    made.text(title(result, spoken), "Title")
    heads = [say("face.figure", spoken), say("face.value", spoken)]
    made.table(heads, [(name, _cell(value)) for name, value in figures(result, spoken)], (6.0, 10.0))
    for sheet in sheets:
        made.text(sheet.name, "Heading 1")
        if not sheet.rows:
            made.text(say("face.no_rows", spoken))
            continue
        names = [f"{head}（{unit}）" if unit else head for head, unit in zip(sheet.heads, sheet.units, strict=True)]
        cells = [[_cell(value) for value in row] for row in sheet.rows]
        made.table(names, cells, [16.0 / len(names)] * len(names))
        if sheet.left_out:
            made.text(say("face.rows_left_out", spoken, count=sheet.left_out))
    made.save(path)


STYLE = """body{font:15px/1.6 FangSong,"Noto Serif CJK SC",SimSun,serif;max-width:1180px;margin:2rem auto}
h1,h2{font-family:SimHei,"Noto Sans CJK SC",sans-serif}table{border-collapse:collapse;font-size:13px;width:100%}
th,td{border:1px solid #ccc;padding:3px 7px;text-align:left;vertical-align:top}th{background:#ddebe6}
.s{overflow-x:auto}.n{text-align:right;font-variant-numeric:tabular-nums}small{color:#555}"""


def _page(result: Result, sheets: list[Sheet], path: Path, spoken: Language) -> None:
    name = escape(title(result, spoken))
    facts = "".join(f"<tr><td>{escape(k)}<td>{escape(_cell(v))}" for k, v in figures(result, spoken))
    parts = [f"<h1>{name}</h1><table>{facts}</table>"]
    for sheet in sheets:
        pairs = zip(sheet.heads, sheet.units, strict=True)
        heads = "".join(f"<th>{escape(head)}<br><small>{escape(unit)}</small>" for head, unit in pairs)
        rows = "".join("<tr>" + "".join(map(_td, row)) + "</tr>" for row in sheet.rows)
        over = f"<p>{escape(say('face.rows_left_out', spoken, count=sheet.left_out))}</p>" if sheet.left_out else ""
        parts.append(f"<h2>{escape(sheet.name)}</h2><div class=s><table><tr>{heads}</tr>{rows}</table></div>{over}")
    foot = f"<p><small>{escape(say('face.report_run', spoken, run=result.run_id))}</small></p>"
    tongue = "zh-CN" if spoken == "zh" else "en"
    head = f"<!doctype html><html lang={tongue}><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    path.write_text(f"{head}<title>{name}</title><style>{STYLE}</style>{''.join(parts)}{foot}</html>", "utf-8")


def _td(value: Any) -> str:
    return f"<td{' class=n' if isinstance(value, (int, float)) else ''}>{escape(_cell(value))}"
