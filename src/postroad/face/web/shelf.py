"""The runs: result folders with a ``run.json``, in the home folder and in further folders the server was given."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from postroad.face.report.result import FORMS as FORMS
from postroad.face.web.accounts import Person
from postroad.face.web.database import now, published
from postroad.face.web.refusal import Refused
from postroad.face.web.settings import Settings
from postroad.language import Language
from postroad.network import Network
from postroad.results import STAMP_FILE, Result, read_stamp

MOST_LISTED = 300
BIG_FACT = 2000
"""A fact longer than so many characters is left out of a list and shown with its run alone."""


def folders(settings: Settings) -> dict[str, Path]:
    """Return the folder of each run by its id; of two with one id, which are equal, the first."""
    found: dict[str, Path] = {}
    for root in (settings.folder("runs"), *settings.runs):
        stamps = sorted(root.glob(f"*/{STAMP_FILE}")) if root.is_dir() else []
        for stamp in sorted(stamps, key=lambda file: file.stat().st_mtime, reverse=True):
            run_id = _run_id(stamp)
            if run_id:
                found.setdefault(run_id, stamp.parent)
    return found


def _run_id(stamp: Path) -> str:
    try:
        return read_stamp(stamp.parent)[0].run_id
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # half a file of somebody else's is no run


def find(settings: Settings, run_id: str) -> Path:
    """Return the folder of a run; refused when there is none."""
    own = settings.folder("runs") / run_id
    if (own / STAMP_FILE).is_file():
        return own
    folder = folders(settings).get(run_id)
    if folder is None:
        raise Refused(404, "console.no_run", run=run_id)
    return folder


def open_to(folder: Path, who: Person) -> bool:
    """Return whether a person may see a run: what was checked of operators' own records is for the regulator alone."""
    if who.may("settle"):
        return True
    stamp, facts = read_stamp(folder)
    return stamp.kind != "ledger" or facts.get("origin") != "observed"


def told(folder: Path, shown: set[str], *, whole: bool) -> dict[str, Any]:
    """Return a run as it is shown."""
    stamp, facts = read_stamp(folder)
    if not whole:
        facts = {key: value for key, value in facts.items() if len(str(value)) <= BIG_FACT}
    sizes = {file.stem: _rows(file) for file in sorted(folder.glob("*.parquet"))}
    return {
        **stamp.as_dict(), "folder": folder.name, "published": stamp.run_id in shown, "facts": facts, "tables": sizes
    }  # fmt: skip


def _rows(file: Path) -> int:
    return int(pl.scan_parquet(file).select(pl.len()).collect().item())


def table(folder: Path, name: str) -> pl.DataFrame:
    """Return a table of a run; refused when it has none of this name."""
    file = folder / f"{name}.parquet"
    if file.name not in {found.name for found in folder.glob("*.parquet")}:
        raise Refused(404, "console.no_table", asked=name)
    return pl.read_parquet(file)


def csv(frame: pl.DataFrame) -> bytes:
    """Return a table as CSV that a spreadsheet opens without running anything in it."""
    from postroad.tables.writing import guarded

    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    flat = frame.with_columns(pl.col(name).cast(pl.String) for name, kind in frame.schema.items() if kind.is_temporal())
    out = io.BytesIO()
    flat.with_columns(guarded(pl.col(name)) for name in texts).write_csv(out, include_bom=True)
    return out.getvalue()


def report(folder: Path, form: str, language: Language, network: Network) -> bytes:
    """Return a run as a report in the names of a province."""
    from postroad.face.report.result import report as write

    with tempfile.TemporaryDirectory(prefix="postroad-report-") as room:
        return write(Result.load(folder), Path(room, f"report.{form}"), form, language, network).read_bytes()


def shown(engine: Engine) -> set[str]:
    """Return the ids of the runs that everybody may see."""
    with engine.connect() as base:
        return set(base.execute(select(published.c.run_id)).scalars())


def publish(engine: Engine, run_id: str, by: str) -> None:
    """Let everybody see a run."""
    try:
        with engine.begin() as base:
            base.execute(insert(published).values(run_id=run_id, by=by, made_at=now()))
    except IntegrityError:
        return  # it is there already


def withdraw(engine: Engine, run_id: str) -> None:
    """Let only those who are signed in see a run."""
    with engine.begin() as base:
        base.execute(delete(published).where(published.c.run_id == run_id))
