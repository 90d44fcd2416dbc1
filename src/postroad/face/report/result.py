"""Any saved result as a report: Excel with native charts, Word, PDF, or one HTML page, the numbers as in its tables.

Every kind of result is told in the same way: where it comes from, its single figures, then table by table, with the
unit under each column and the origin of rows in their own column. What a table is too long for is said where it ends.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.face.report import result_book, result_text
from postroad.face.report.result_sheet import Sheet, head, plain, sheet_of
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
    write = {"xlsx": result_book.workbook, "docx": result_text.document, "pdf": result_text.paper,
             "html": result_text.page}  # fmt: skip
    try:
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
