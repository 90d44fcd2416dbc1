"""Any saved result to read: an editable Word document, one HTML page, or a PDF; the same words, numbers and charts."""

from __future__ import annotations

import json
import tempfile
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.face.report.picture import alone
from postroad.face.report.result_sheet import Sheet, bars, cell, pieces
from postroad.language import Language, say

if TYPE_CHECKING:
    from collections.abc import Sequence

Figures = list[tuple[str, Any]]
WIDEST = 6
"""Columns that a page takes; wider tables come in pieces."""


def document(title: str, run_id: str, told: Figures, sheets: Sequence[Sheet], path: Path, spoken: Language) -> None:
    """Write the Word document."""
    from postroad.face.report.official import Official

    made = Official(spoken, title, run_id)
    made.text(title, "Title")
    heads = [say("face.figure", spoken), say("face.value", spoken)]
    made.table(heads, [(name, cell(value)) for name, value in told], (6.0, 10.0))
    for sheet in sheets:
        made.text(sheet.label, "Heading 1")
        if not sheet.rows:
            made.text(say("face.no_rows", spoken))
            continue
        if svg := bars(sheet):
            made.picture(svg, 15.0, sheet.label)
        if sheet.map:
            made.picture(sheet.map, 15.0, sheet.label)
        for part in pieces(sheet, WIDEST):
            numbers = [k for k in range(len(part.heads)) if _numeric(part, k)]
            made.table(_heads(part), [[cell(value) for value in row] for row in part.rows], None, numbers)
            made.text("")
        if sheet.left_out:
            made.text(say("face.rows_left_out", spoken, count=sheet.left_out))
    made.save(path)


def _heads(sheet: Sheet) -> list[str]:
    return [f"{head}（{unit}）" if unit else head for head, unit in zip(sheet.heads, sheet.units, strict=True)]


def paper(title: str, run_id: str, told: Figures, sheets: Sequence[Sheet], path: Path, spoken: Language) -> None:
    """Write the PDF, set by typst; the same result gives the same bytes."""
    import typst

    with tempfile.TemporaryDirectory(prefix="postroad-result-") as name:
        folder = Path(name)
        template = files("postroad.face.report").joinpath("templates", "result.typ").read_text("utf-8")
        (folder / "main.typ").write_text(template, "utf-8")
        held = [_told(sheet, number, folder, spoken) for number, sheet in enumerate(sheets)]
        whole = {
            "language": spoken, "title": title, "run": say("face.report_run", spoken, run=run_id),
            "heads": [say("face.figure", spoken), say("face.value", spoken)],
            "figures": [[k, cell(v)] for k, v in told], "sheets": held,
        }  # fmt: skip
        (folder / "held.json").write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
        path.write_bytes(typst.compile(str(folder / "main.typ"), timestamp=0))


def _told(sheet: Sheet, number: int, folder: Path, spoken: Language) -> dict[str, Any]:
    svg, file = bars(sheet), f"chart-{number}.svg"
    if svg:
        (folder / file).write_text(alone(svg), "utf-8")
    drawn = f"map-{number}.svg" if sheet.map else ""
    if drawn:
        (folder / drawn).write_text(alone(sheet.map), "utf-8")
    notes = [say("face.no_rows", spoken)] if not sheet.rows else []
    notes += [say("face.rows_left_out", spoken, count=sheet.left_out)] if sheet.left_out else []
    parts = [
        {"heads": _heads(part), "cells": [cell(value) for row in part.rows for value in row],
         "number": [_numeric(part, k) for k in range(len(part.heads))]}
        for part in pieces(sheet, WIDEST) if part.rows
    ]  # fmt: skip
    return {"label": sheet.label, "chart": file if svg else "", "map": drawn, "parts": parts, "notes": notes}


def _numeric(sheet: Sheet, column: int) -> bool:
    held = [row[column] for row in sheet.rows if row[column] is not None]
    return bool(held) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in held)


STYLE = """body{font:15px/1.6 FangSong,"Noto Serif CJK SC",SimSun,serif;max-width:1180px;margin:2rem auto}
h1,h2{font-family:SimHei,"Noto Sans CJK SC",sans-serif}table{border-collapse:collapse;font-size:13px;width:100%}
th,td{border:1px solid #ccc;padding:3px 7px;text-align:left;vertical-align:top}th{background:#ddebe6}
.s{overflow-x:auto}.n{text-align:right;font-variant-numeric:tabular-nums}small{color:#555}"""


def page(title: str, run_id: str, told: Figures, sheets: Sequence[Sheet], path: Path, spoken: Language) -> None:
    """Write the page, which needs nothing else."""
    name = escape(title)
    facts = "".join(f"<tr><td>{escape(k)}<td>{escape(cell(v))}" for k, v in told)
    parts = [f"<h1>{name}</h1><table>{facts}</table>"]
    for sheet in sheets:
        pairs = zip(sheet.heads, sheet.units, strict=True)
        heads = "".join(f"<th>{escape(head)}<br><small>{escape(unit)}</small>" for head, unit in pairs)
        rows = "".join("<tr>" + "".join(map(_td, row)) + "</tr>" for row in sheet.rows)
        over = f"<p>{escape(say('face.rows_left_out', spoken, count=sheet.left_out))}</p>" if sheet.left_out else ""
        drawn = "".join(alone(svg) for svg in (bars(sheet), sheet.map) if svg)
        table = f"<div class=s><table><tr>{heads}</tr>{rows}</table></div>"
        parts.append(f"<h2>{escape(sheet.label)}</h2>{drawn}{table}{over}")
    foot = f"<p><small>{escape(say('face.report_run', spoken, run=run_id))}</small></p>"
    tongue = "zh-CN" if spoken == "zh" else "en"
    head = f"<!doctype html><html lang={tongue}><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    path.write_text(f"{head}<title>{name}</title><style>{STYLE}</style>{''.join(parts)}{foot}</html>", "utf-8")


def _td(value: Any) -> str:
    return f"<td{' class=n' if isinstance(value, (int, float)) else ''}>{escape(cell(value))}"
