"""Any result shown: its map, its chart, its view in a notebook, and its report in the form a path names."""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING

from postroad.errors import UsageError
from postroad.face.report import result as reports
from postroad.face.report.charting import charted_svg, kept_rows, measures_of, pick_of
from postroad.face.report.pick import CHARTS, MAPS, Pick
from postroad.face.report.picture import Picture, alone
from postroad.face.report.result_ground import ground_of
from postroad.face.report.result_sheet import cell, head, sheet_of, unit_told
from postroad.language import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postroad.face.report.result_place import Ground
    from postroad.language import Language
    from postroad.network import Network
    from postroad.results import Result

Asked = tuple[str | None, str | None]
"""Table and measure, where they were asked for."""
SHOWN_ROWS = 8
"""Rows of each table that a notebook shows."""


def chart_of_result(result: Result, spoken: Language, asked: Asked, network: Network | None) -> Picture:
    """Return the chart asked for, else the one of this kind, else of the first table that can be drawn."""
    title, ground = reports.title(result, spoken), ground_of(result, network, spoken)
    if asked == (None, None) and result.stamp.kind == "hub_day" and ground is not None:
        return _hub_day(result, ground, spoken)
    for pick in _picks(result, asked):
        svg = charted_svg(result.tables[pick.table], pick, title, result.run_id, ground, spoken)
        if svg:
            return Picture(alone(svg), title, result.run_id)
    raise UsageError.of("results.nothing_to_chart", run=result.run_id, tables=", ".join(result.tables) or "–")


def _picks(result: Result, asked: Asked) -> Iterator[Pick]:
    """The charts to try, the one asked for alone where one was."""
    table, measure = asked
    own = CHARTS.get(result.stamp.kind)
    fits = own is not None and own.table in result.tables and set(own.measures) <= set(result.tables[own.table].columns)
    if own and fits and asked in ((None, None), (own.table, None)):
        yield own
    if own and fits and table in (None, own.table) and measure in own.measures:
        yield Pick(own.table, (str(measure),), own.names, own.series, own.order, own.where, own.add)
        return
    names = [table] if table is not None else list(result.tables)
    for name in names:
        frame = result[name]
        if measure is not None and table is None and measure not in frame.columns:
            continue
        if frame.height and (pick := pick_of(name, frame, measure)):
            yield pick


def map_of_result(result: Result, spoken: Language, asked: Asked, network: Network | None) -> Picture:
    """Return the map asked for, else the one of this kind, else of the first table with places."""
    table, measure = asked
    title, ground = reports.title(result, spoken), ground_of(result, network, spoken)
    if ground is None:
        raise UsageError.of("results.no_ground", run=result.run_id)
    own = MAPS.get(result.stamp.kind)
    tries = [own] if own and own[0] in result.tables and asked in ((None, None), (own[0], None)) else []
    tries = [one for one in tries if one[1] in result.tables[one[0]].columns]
    names = [table] if table is not None else list(result.tables)
    tries += [(name, one, {}) for name in names for one in _measures(result, name, measure)]
    for name, one, where in tries:
        svg = ground.mapped(kept_rows(result[name], where), name, one, (title, result.run_id))
        if svg:
            return Picture(alone(svg), f"{title}{say('face.colon', spoken)}{head(one, spoken)}", result.run_id)
    raise UsageError.of("results.nothing_to_map", run=result.run_id, tables=", ".join(names) or "–")


def _measures(result: Result, table: str, measure: str | None) -> list[str]:
    known = measures_of(result[table])
    if measure is None:
        return known
    return [measure] if measure in known else []


def _hub_day(result: Result, ground: Ground, spoken: Language) -> Picture:
    from postroad.face.report.hub_day import hub_picture

    place = str(result.stamp.options.get("place_id", ""))
    return Picture(hub_picture(result, ground.names.get(place, place), spoken), reports.title(result, spoken),
                   result.run_id)  # fmt: skip


def report_of_result(result: Result, path: Path, spoken: Language, network: Network | None) -> Path:
    """Write a result in the form the path's ending names, and return the path."""
    form = path.suffix.lower().removeprefix(".")
    if form not in reports.FORMS:
        raise UsageError.of("results.report_form", value=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    ground = ground_of(result, network, spoken)
    return reports.report(result, path, form, spoken, ground.network if ground else None)


def notebook_view(result: Result, spoken: Language, network: Network | None) -> str:
    """Return what a notebook shows: where the result comes from, its figures, its chart, the head of each table."""
    ground = ground_of(result, network, spoken)
    parts = [f"<p><b>{escape(reports.title(result, spoken))}</b> {escape(repr(result))}</p>"]
    with suppress(UsageError):  # a result without figures still shows its tables
        parts.append(f'<div style="max-width:720px">{chart_of_result(result, spoken, (None, None), network).svg}</div>')
    facts = {k: v for k, v in result.facts.items() if isinstance(v, (int, float, str)) and not isinstance(v, bool)}
    if facts:
        rows = "".join(
            f"<tr><td>{escape(head(k, spoken))}</td><td>{escape(cell(v))}</td></tr>" for k, v in facts.items()
        )
        parts.append(f"<table>{rows}</table>")
    for name, frame in result.tables.items():
        told = ground.named(frame.head(SHOWN_ROWS), keep_ids=False) if ground else frame
        sheet = sheet_of(name, told, SHOWN_ROWS, spoken)
        heads = "".join(
            f"<th>{escape(words)}{f' ({escape(unit_told(c, spoken))})' if unit_told(c, spoken) else ''}</th>"
            for c, words in zip(told.columns, sheet.heads, strict=True)
        )
        rows = "".join("<tr>" + "".join(f"<td>{escape(cell(v))}</td>" for v in row) + "</tr>" for row in sheet.rows)
        parts.append(f"<h4>{escape(sheet.label)} ({frame.height:,})</h4><table><tr>{heads}</tr>{rows}</table>")
    return "".join(parts)
