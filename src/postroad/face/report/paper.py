"""The scorecard as a PDF, set by typst: the page's numbers and its pictures as vectors."""

from __future__ import annotations

import json
import os
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.face.report.chart import chart, drawable, short
from postroad.face.report.map import coverage_map
from postroad.face.report.picture import alone
from postroad.language import Language, say
from postroad.measure.judgement import shown_chance

if TYPE_CHECKING:
    from postroad.face.report.contents import Contents


def paper(held: Contents, path: Path, spoken: Language) -> Path:
    """Write the PDF, whole or not at all, and return its path; the same contents give the same bytes."""
    import typst

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="postroad-paper-") as name:
        folder = Path(name)
        template = files("postroad.face.report").joinpath("templates", "paper.typ").read_text("utf-8")
        (folder / "main.typ").write_text(template, "utf-8")
        told = _told(held, spoken, folder)
        (folder / "held.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        made = typst.compile(str(folder / "main.typ"), timestamp=0)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(made)
        Path(part).chmod(0o644)
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
    return path


def _told(held: Contents, spoken: Language, folder: Path) -> dict[str, Any]:
    """Return what the template sets, and write the pictures beside it."""
    card = held.card

    def words(key: str, **facts: Any) -> str:
        return say(f"face.{key}", spoken, **facts)

    charts = []
    for number, line in enumerate(line for line in card["lines"] if drawable(line) and line["observations"]):
        file = f"chart-{number}.svg"
        (folder / file).write_text(alone(chart(line, spoken)), "utf-8")
        charts.append({"file": file, "label": line["label"][spoken], "unit": line["unit_label"][spoken]})
    if held.outlines is not None:
        (folder / "map.svg").write_text(alone(coverage_map(held.outlines, held.coverage, spoken)), "utf-8")
    unknown = card["summary"].get("unknown", 0)
    synthetic = held.coverage.height > 0 and held.coverage["origin"][0] == "synthetic"
    return {
        "language": spoken,
        "title": words("title", plan=card["label"][spoken]),
        "lead": words("lead", as_of=card["as_of"], targets=len(card["lines"])),
        "run": words("report_run", run=card["run_id"]),
        "counts": [{"status": s, "label": words(f"status_{s}"), "count": n} for s, n in card["summary"].items()],
        "heads": [words(k) for k in ("target", "baseline", "aim", "latest", "chance", "status", "reason")],
        "decided": [
            {"status": line["status"], "word": words("status_" + line["status"]), "label": line["label"][spoken],
             "reason": line["reason"][spoken]}
            for line in card["lines"] if line["status"] != "unknown"
        ],
        "unknown": words("unknown_count", count=unknown) + words("colon") + words("unknown_why"),
        "lines": [_line(line, spoken) for line in card["lines"]],
        "charts": charts,
        "map": {"title": words("map_title"), "note": words("map_synthetic") if synthetic else words("map_words")}
        if held.outlines is not None else None,
        "coherence": [f["text"][spoken] + "　" + " ".join(f["rows"]) for f in card["coherence"]],
        "sources": [
            [key, s["title"], s["version"] or "", s["licence"] or ""] for key, s in sorted(card["sources"].items())
        ],
        "words": {k: words(k) for k in ("decided", "targets", "paths", "paths_note", "coherence", "sources")},
        "footer": words("footer", run=card["run_id"], **{k: card[k] for k in ("version", "seed", "fingerprint")}),
    }  # fmt: skip


def _line(line: dict[str, Any], spoken: Language) -> dict[str, Any]:
    def value(held: dict[str, Any] | None) -> str:
        if not held or held["value"] is None:
            return "–"
        when = f" ({held['period']})" if held.get("period") else ""
        return f"{short(held['value'])} {line['unit_label'][spoken]}{when}"

    fan, latest = line["forecast"], line["latest"]
    origin = " " + say(f"face.origin_{latest['origin']}", spoken) if latest else ""
    chance = f"{shown_chance(fan['probability'])} %" if fan and fan["probability"] is not None else "–"
    cells = [
        line["label"][spoken], value(line["baseline"]), value(line["target"]), value(latest) + origin, chance,
        say(f"face.status_{line['status']}", spoken), line["reason"][spoken],
    ]  # fmt: skip
    return {"cells": cells, "status": line["status"]}
