"""Runs: every saved result with its stamp and its tables; the published ones are open to everybody."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Path, Query, Response

from postroad.face.web import provinces, shelf
from postroad.face.web.accounts import Person
from postroad.face.web.house import Anybody, House, Publisher, Reader, TheHouse
from postroad.face.web.models import RunView
from postroad.face.web.refusal import Refused
from postroad.network import shipped_packs

router = APIRouter(prefix="/api", tags=["runs"])
RunId = Annotated[str, Path(pattern="^[0-9a-f]{12,16}$")]
Table = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,60}$")]
REPORT: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in shelf.FORMS.values()}}}
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


def seen_folder(house: House, who: Person, run_id: str) -> Any:
    """Return a run's folder to those who may see it: everybody where it is published, else those who may read."""
    if not who.may("read") and run_id not in shelf.shown(house.engine):
        raise Refused(401, "console.sign_in_first")
    folder = shelf.find(house.settings, run_id)
    if run_id not in shelf.shown(house.engine) and not shelf.open_to(folder, who):
        raise Refused(404, "console.no_run", run=run_id)
    return folder


@router.get("/runs", response_model=list[RunView])
def listed(who: Reader, house: TheHouse) -> Any:
    """List the runs, the newest first."""
    shown = shelf.shown(house.engine)
    held = shelf.folders(house.settings).items()
    seen = [folder for run_id, folder in held if run_id in shown or shelf.open_to(folder, who)]
    found = [shelf.told(folder, shown, whole=False) for folder in seen]
    return sorted(found, key=lambda run: run["made_at"], reverse=True)[: shelf.MOST_LISTED]


@router.get("/public/runs", response_model=list[RunView])
def public(house: TheHouse) -> Any:
    """List the published runs; nobody need sign in."""
    shown = shelf.shown(house.engine)
    held = shelf.folders(house.settings)
    return [shelf.told(held[run_id], shown, whole=False) for run_id in sorted(shown) if run_id in held]


@router.get("/runs/{run_id}", response_model=RunView)
def one(who: Anybody, house: TheHouse, run_id: RunId) -> Any:
    """Return a run with all its facts."""
    return shelf.told(seen_folder(house, who, run_id), shelf.shown(house.engine), whole=True)


@router.get("/runs/{run_id}/tables/{table}.csv", response_class=Response, responses=CSV)
def table_csv(who: Anybody, house: TheHouse, run_id: RunId, table: Table) -> Response:
    """Return a run's table as CSV."""
    made = shelf.csv(shelf.table(seen_folder(house, who, run_id), table))
    name = f'attachment; filename="{run_id}-{table}.csv"'
    return Response(made, media_type="text/csv", headers={"content-disposition": name})


@router.get("/runs/{run_id}/tables/{table}", response_model=dict[str, Any])
def table(
    who: Anybody, house: TheHouse, run_id: RunId, table: Table,
    offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=20_000)] = 100,
) -> Any:  # fmt: skip
    """Return some rows of a run's table as columns."""
    frame = shelf.table(seen_folder(house, who, run_id), table)
    some = frame.slice(offset, limit)
    plain = some.with_columns(pl.col(name).cast(pl.String) for name, kind in some.schema.items() if kind.is_temporal())
    kinds = {name: str(kind) for name, kind in frame.schema.items()}
    return {"total": frame.height, "offset": offset, "types": kinds, "columns": plain.to_dict(as_series=False)}


@router.get("/runs/{run_id}/report", response_class=Response, responses=REPORT)
def report(
    who: Anybody, house: TheHouse, run_id: RunId,
    form: Literal["xlsx", "docx", "pdf", "html"] = "xlsx", language: Literal["zh", "en"] = "zh",
    province: Annotated[str, Query(max_length=80)] = "jilin",
) -> Response:  # fmt: skip
    """Return a run as a workbook with charts, a Word document, a PDF or one page, places named by a province."""
    folder = seen_folder(house, who, run_id)
    if not who.may("read") and province not in shipped_packs():
        raise Refused(401, "console.sign_in_first")
    made = shelf.report(folder, form, language, provinces.opened(house.settings.home, province))
    headers = {"content-disposition": f'attachment; filename="{run_id}-{language}.{form}"'}
    return Response(made, media_type=shelf.FORMS[form], headers=headers)


@router.put("/runs/{run_id}/published", response_model=RunView)
def publish(who: Publisher, house: TheHouse, run_id: RunId) -> Any:
    """Let everybody see a run."""
    folder = shelf.find(house.settings, run_id)
    shelf.publish(house.engine, run_id, who.name)
    return shelf.told(folder, shelf.shown(house.engine), whole=True)


@router.delete("/runs/{run_id}/published", response_model=RunView)
def withdraw(_: Publisher, house: TheHouse, run_id: RunId) -> Any:
    """Let only those who are signed in see a run."""
    folder = shelf.find(house.settings, run_id)
    shelf.withdraw(house.engine, run_id)
    return shelf.told(folder, shelf.shown(house.engine), whole=True)
