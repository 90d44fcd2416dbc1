"""The scorecard as an Excel workbook: the page's numbers unrounded, panes frozen, units shown, charts native."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xlsxwriter

from postroad.face.report.chart import drawable
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroad.face.report.contents import Contents

EPOCH_DATE = (2020, 1, 1)


def workbook(held: Contents, path: Path, spoken: Language) -> Path:
    """Write the workbook, whole or not at all, and return its path; the same contents give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        _write(held, name, spoken)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def _write(held: Contents, name: str, spoken: Language) -> None:
    book = xlsxwriter.Workbook(name, {"strings_to_formulas": False, "strings_to_urls": False})
    # A fixed day of making, so that the same contents give the same bytes.
    book.set_properties({"title": held.card["label"][spoken], "created": dt.datetime(*EPOCH_DATE)})
    sheets = _Sheets(book, spoken)
    _summary(held, sheets)
    _targets(held, sheets)
    _series(held, sheets)
    _forecasts(held, sheets)
    if held.ledger:
        _figures(held.ledger, sheets)
    _coverage(held, sheets)
    _sources(held, sheets)
    book.close()


class _Sheets:
    """A workbook being written, with its formats and the language of its words."""

    def __init__(self, book: Any, spoken: Language) -> None:
        self.book, self.spoken = book, spoken
        self.head = book.add_format(
            {"bold": True, "bg_color": "#DDEBE6", "border": 1, "text_wrap": True, "valign": "top"}
        )
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 14})

    def say(self, key: str, **facts: Any) -> str:
        return say(f"face.{key}", self.spoken, **facts)

    def table(self, name: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int]) -> Any:
        """Add a sheet with a heading row that stays in view, a filter, and the rows as values."""
        sheet = self.book.add_worksheet(self.say(name)[:31])
        sheet.freeze_panes(1, 1)
        sheet.write_row(0, 0, heads, self.head)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value is None:
                    continue
                if isinstance(value, str):
                    sheet.write_string(number, column, value, self.wrap)
                else:
                    sheet.write_number(number, column, value)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(heads) - 1)
        return sheet


def _summary(held: Contents, sheets: _Sheets) -> None:
    card, spoken = held.card, sheets.spoken
    sheet = sheets.book.add_worksheet(sheets.say("sheet_summary"))
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, sheets.say("title", plan=card["label"][spoken]), sheets.title)
    lead = sheets.say("lead", as_of=card["as_of"], targets=len(card["lines"]))
    sheet.write_string(1, 0, lead)
    row = 3
    for status, count in card["summary"].items():
        sheet.write_string(row, 0, sheets.say(f"status_{status}"))
        sheet.write_number(row, 1, count)
        row += 1
    for line in card["lines"]:
        if line["status"] != "unknown":
            row += 1
            sheet.write_string(row, 0, line["label"][spoken], sheets.wrap)
            sheet.write_string(row, 1, line["reason"][spoken], sheets.wrap)
    for finding in card["coherence"]:
        row += 1
        sheet.write_string(row, 0, sheets.say("coherence"), sheets.wrap)
        sheet.write_string(row, 1, finding["text"][spoken], sheets.wrap)
    facts = {k: card[k] for k in ("version", "seed", "fingerprint")}
    sheet.write_string(row + 2, 0, sheets.say("footer", run=card["run_id"], **facts))


def _targets(held: Contents, sheets: _Sheets) -> None:
    spoken = sheets.spoken
    rows = []
    for line in held.card["lines"]:
        base, aim, latest, fan = line["baseline"], line["target"], line["latest"], line["forecast"]
        rows.append([
            line["target_id"], " ".join(line["rows"]), line["label"][spoken], line["unit_label"][spoken],
            base and base["value"], base and base["period"], aim and aim["value"], line["deadline"],
            latest and latest["value"], latest and latest["period"],
            latest and sheets.say(f"origin_{latest['origin']}"), latest and latest["source"],
            line["required_growth"], fan and fan["probability"], sheets.say(f"status_{line['status']}"),
            line["mean_score"], line["reason"][spoken], line["proposed"] and line["proposed"][spoken],
        ])  # fmt: skip
    keys = ["id", "rows", "target", "unit", "baseline", "period", "aim", "deadline", "latest", "period", "origin",
            "source", "required_growth", "chance", "status", "mean_score", "reason", "proposed"]  # fmt: skip
    heads = [sheets.say(key if key not in _COLUMNS else f"column_{key}") for key in keys]
    sheets.table("targets", heads, rows, [18, 10, 34, 14, 12, 8, 12, 11, 12, 9, 9, 14, 10, 9, 10, 8, 60, 40])


_COLUMNS = ("id", "rows", "unit", "period", "deadline", "origin", "required_growth", "mean_score", "value", "scope",
            "known_on", "path", "county", "villages", "served", "share")  # fmt: skip


def _series(held: Contents, sheets: _Sheets) -> None:
    """Path and observations of each drawable target, a block of columns each, with a native chart beside."""
    spoken = sheets.spoken
    heads = [sheets.say(f"column_{key}") for key in ("id", "period", "path", "value", "scope", "known_on", "origin")]
    rows: list[list[Any]] = []
    blocks = []
    for line in filter(drawable, held.card["lines"]):
        path = {int(p["period"]): p["value"] for p in line["path"]}
        seen: dict[int, list[dict[str, Any]]] = {}
        for item in line["observations"]:
            if len(item["period"]) == 4:
                seen.setdefault(int(item["period"]), []).append(item)
        first = len(rows) + 1
        for year in sorted({*path, *seen}):
            for item in seen.get(year, [None]):
                tail = [item["value"], item["scope"], item["known_on"], item["origin"]] if item else [None] * 4
                rows.append([line["target_id"], year, path.get(year), *tail])
        blocks.append((line, first, len(rows)))
    sheet = sheets.table("paths", [*heads, sheets.say("source")], rows, [18, 9, 12, 12, 14, 12, 10, 10])
    name = sheets.say("paths")[:31]
    for number, (line, first, last) in enumerate(blocks):
        picture = sheets.book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        for column, key in ((2, "column_path"), (3, "column_value")):
            is_path = column == 2
            dot = {"type": "circle", "size": 7, "fill": {"color": "#0B5C4A"}}
            series = {
                "name": sheets.say(key),
                "categories": [name, first, 1, last, 1],
                "values": [name, first, column, last, column],
                "line": {"dash_type": "dash", "color": "#B07D2B"} if is_path else {"none": True},
                "marker": {"type": "none"} if is_path else dot,
            }
            picture.add_series(series)
        picture.set_title({"name": line["label"][spoken], "name_font": {"size": 11}})
        picture.set_y_axis({"name": line["unit_label"][spoken], "num_format": "#,##0.##"})
        picture.set_x_axis({"num_format": "0", "major_unit": 2})
        picture.show_blanks_as("gap")
        sheet.insert_chart(1 + 16 * (number // 2), 9 + 9 * (number % 2), picture)


def _forecasts(held: Contents, sheets: _Sheets) -> None:
    names = ("low80", "low50", "median", "high50", "high80")
    rows = [
        [
            line["target_id"],
            int(period),
            *(line["forecast"][name][k] for name in names),
            line["unit_label"][sheets.spoken],
        ]
        for line in held.card["lines"]
        if line["forecast"]
        for k, period in enumerate(line["forecast"]["periods"])
    ]
    heads = [sheets.say("column_id"), sheets.say("column_period"), *names, sheets.say("column_unit")]
    sheets.table("sheet_forecast", heads, rows, [18, 9, 12, 12, 12, 12, 12, 10])


def _figures(ledger: dict[str, Any], sheets: _Sheets) -> None:
    spoken = sheets.spoken
    rows = [
        [f["subject"], f["printed"], " / ".join(map(str, f["candidates"])), f["chosen"],
         sheets.say(f"verdict_{f['verdict']}"), sheets.say(f"verdict_{f['verdict_by_links']}"),
         "; ".join(k["detail"][spoken] for k in f["links"])]
        for f in ledger["figures"]
    ]  # fmt: skip
    heads = [sheets.say(k) for k in ("subject", "printed", "candidates", "chosen", "verdict", "by_links", "links")]
    sheets.table("figures", heads, rows, [26, 16, 30, 12, 12, 14, 60])


def _coverage(held: Contents, sheets: _Sheets) -> None:
    columns = ["county_id", "name_zh", "pinyin", "villages", "served", "share", "origin"]
    rows = [[*row[:-1], sheets.say(f"origin_{row[-1]}")] for row in held.coverage.select(columns).iter_rows()]
    keys = ["column_id", "column_county", "pinyin", "column_villages", "column_served", "column_share", "column_origin"]
    heads = [sheets.say(key) if key != "pinyin" else key for key in keys]
    sheets.table("sheet_coverage", heads, rows, [10, 26, 26, 10, 10, 10, 10])


def _sources(held: Contents, sheets: _Sheets) -> None:
    rows = [[s["source_id"], s["title"], s["version"], s["licence"], s["digest"], s["note"]] for s in held.sources]
    heads = [sheets.say("column_id"), *(sheets.say(k) for k in ("source", "version", "licence", "digest")), "note"]
    sheets.table("sheet_sources", heads, rows, [16, 70, 20, 24, 30, 40])
