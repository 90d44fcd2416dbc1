"""Any saved result as a report: Excel with native charts, Word, PDF, or one HTML page, the numbers as in its tables.

Every kind of result is told in the same way: where it comes from, its single figures, then table by table, with the
unit under each column and the origin of rows in their own column. What a table is too long for is said where it ends.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.face.report import result_text
from postroad.face.report.result_sheet import Sheet, charted, head, plain, sheet_of
from postroad.language import Language, catalogue, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroad.network import Network
    from postroad.results import Result

FORMS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "html": "text/html",
}
MOST_ROWS = {"xlsx": 100_000, "docx": 120, "pdf": 200, "html": 200}


def report(result: Result, path: Path, form: str, spoken: Language, network: Network | None = None) -> Path:
    """Write a result in a form, whole or not at all, and return its path; a network names and maps its places."""
    sheets = list(_sheets(result, form, spoken, network))
    told, part = figures(result, spoken), path.with_name(f".{path.stem}.part{path.suffix}")
    write = {"docx": result_text.document, "pdf": result_text.paper, "html": result_text.page}
    try:
        if form == "xlsx":
            _book(result, sheets, part, spoken)
        else:
            write[form](title(result, spoken), result.run_id, told, sheets, part, spoken)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _sheets(result: Result, form: str, spoken: Language, network: Network | None) -> Iterator[Sheet]:
    from postroad.face.report.result_place import Ground

    ground, book = Ground.of(network, spoken) if network is not None else None, form == "xlsx"
    for name, frame in sorted(result.tables.items()):
        told = ground.named(frame, keep_ids=book) if ground else frame
        sheet = sheet_of(name, told, MOST_ROWS[form], spoken)
        yield replace(sheet, map=ground.drawn(frame)) if ground and not book else sheet


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
    word, colon = say("face.stamp_option", spoken), say("face.colon", spoken)
    options = [(f"{word}{colon}{head(name, spoken)}", plain(value)) for name, value in stamp.options.items()]
    facts = [
        (head(name, spoken), value)
        for name, value in result.facts.items()
        if isinstance(value, (int, float, str, bool))
    ]
    return [*told, *options, *facts]


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
        first.set_footer(f"&L{say('face.report_run', spoken, run=result.run_id)}&R&P/&N")
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
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0, 1)
    page.set_footer(f"&L{say('face.report_run', spoken, run=run_id)}&R&P/&N")
    for number, row in enumerate(sheet.rows, 2):
        for column, value in enumerate(row):
            _write(page, number, column, value)
    if sheet.rows:
        page.autofilter(1, 0, len(sheet.rows) + 1, len(sheet.heads) - 1)
    if sheet.left_out:
        page.write_string(len(sheet.rows) + 2, 0, say("face.rows_left_out", spoken, count=sheet.left_out))
    if chart := charted(sheet):
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
