"""Scorecards, reports and figures for the routes, worked out a few at a time so that reading stays quick."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.face.report import contents, page, workbook
from postroad.face.web import provinces
from postroad.face.web.refusal import Refused
from postroad.language import Language, spoken
from postroad.measure.scorecard import Scorecard, score
from postroad.network import Network

if TYPE_CHECKING:
    from postroad.face.report import Contents
    from postroad.plan.figures import Ledger
    from postroad.results import Result

FORMS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "json": "application/json",
}
CONTENT: dict[str, Any] = {
    kind.split(";")[0]: {"schema": {"type": "object"}} if "json" in kind else {} for kind in FORMS.values()
}
_turn = threading.Semaphore(2)
"""How many scorecards are worked out at once: both cores, and no more."""


def today() -> dt.date:
    """Return the day in UTC."""
    return dt.datetime.now(tz=dt.UTC).date()


def card(home: Path, name: str, network: Network, day: dt.date) -> Scorecard:
    """Return the scorecard of a province as of a day."""
    return _card(home, name, network, day)


@lru_cache(maxsize=64)
def _card(home: Path, name: str, network: Network, day: dt.date) -> Scorecard:
    plan = provinces.plan(home, name)
    with _turn:
        return score(network, plan, day)


def frame(home: Path, name: str, network: Network) -> dict[str, Any]:
    """Return the days on which something became known, the plan's end, and its tasks."""
    held = provinces.plan(home, name)
    days = network["statistics"]["known_on"].unique().sort().to_list()
    tasks = [
        {
            "id": t.id, "row": t.row, "label": {"zh": t.zh, "en": t.en}, "owner": t.owner, "partners": t.partners,
            "payer": t.payer, "deadline": t.deadline, "deadline_stated": t.deadline_stated, "moves": t.moves,
            "assumed": t.assumed,
        }
        for t in held.tasks
    ]  # fmt: skip
    end = dt.date(held.end, 12, 31).isoformat()
    return {"days": [day.isoformat() for day in days], "end": end, "tasks": tasks}


def report(home: Path, name: str, network: Network, day: dt.date, form: str, language: Language) -> bytes:
    """Return a scorecard's report in a form and a language, as the bytes of a file."""
    judged = card(home, name, network, day)
    if form == "json":
        return judged.to_json().encode()
    with spoken(language):
        held = contents(network, judged)
        if form == "html":
            return page(held, language).encode()
        with tempfile.TemporaryDirectory(prefix="postroad-report-") as folder:
            return _written(held, Path(folder, f"report.{form}"), form, language)


def _written(held: Contents, path: Path, form: str, language: Language) -> bytes:
    from postroad.face.report.document import document
    from postroad.face.report.paper import paper

    write = {"docx": document, "xlsx": workbook, "pdf": paper}[form]
    return write(held, path, language).read_bytes()


def evaluation(
    home: Path, name: str, network: Network, kind: str, day: dt.date, form: str, language: Language,
    effects: Path | None,
) -> bytes:  # fmt: skip
    """Return the evaluation of a plan in Word or HTML; ``effects`` is the folder of what its levers bought."""
    from postroad.face.report import evaluation as writing
    from postroad.measure.evaluation import evaluate
    from postroad.plan.levers import levers
    from postroad.results import Result

    plan, file = provinces.plan(home, name), network.beside("levers.toml")
    if file is None:
        raise Refused(404, "console.no_levers", name=name)
    measured = Result.load(effects) if effects else None
    if measured and measured.stamp.kind != "effect":
        raise Refused(422, "console.no_effect_run", run=measured.run_id)
    with _turn:
        made = evaluate(network, plan, levers(file, plan), kind, day, measured)
    if form == "html":
        return writing.page(made, language, network).encode()
    with tempfile.TemporaryDirectory(prefix="postroad-report-") as folder:
        return writing.word(made, Path(folder, "report.docx"), language, network).read_bytes()


def shipped_figures(name: str, network: Network) -> dict[str, Any]:
    """Return the ledger of the figures that came with a pack; refused when it has none."""
    return _shipped(name, network)[0].to_dict()


def _shipped(name: str, network: Network) -> tuple[Ledger, str]:
    from postroad.plan.figures import printed_ledger

    file = network.beside("figures.toml")
    if file is None:
        raise Refused(404, "console.no_figures", name=name)
    return printed_ledger(file, _population(network)), hashlib.sha256(file.read_bytes()).hexdigest()


def figures(home: Path, text: str, name: str) -> dict[str, Any]:
    """Return the ledger of a text and the text's lines."""
    return {"lines": text.splitlines(), "ledger": _read(home, text, name)[0].to_dict()}


def _read(home: Path, text: str, name: str) -> tuple[Ledger, str]:
    from postroad.plan.figures import ledger_of_text

    people = _population(provinces.opened(home, name)) if name else None
    return ledger_of_text(text, people), hashlib.sha256(text.encode()).hexdigest()


def sign_off(home: Path, text: str, name: str, by: str, note: str) -> Result:
    """Return the readings of a text, of the pack's own figures where there is none, signed off by somebody."""
    from postroad.plan.figures import signed_off

    ledger, digest = _read(home, text, name) if text else _shipped(name, provinces.opened(home, name))
    return signed_off(ledger, digest, by, dt.datetime.now(tz=dt.UTC), note)


def _population(network: Network) -> float | None:
    top = network["places"].filter(pl.col("level") == "province")["place_id"]
    people = network["populations"].filter(pl.col("place_id").is_in(top.implode())).sort("period")
    return float(people["population_persons"][-1]) if people.height else None
