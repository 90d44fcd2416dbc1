"""The ledgers: files of operators' records sent in, and what became of alerts."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request

from postroad.face.web import checking, desks, ledgers
from postroad.face.web.house import Capturer, Settler, TheHouse
from postroad.face.web.models import AlarmRecord, CaptureJob, LedgerView, OutcomeBody
from postroad.face.web.routes.epcis import capture_job, keep

router = APIRouter(prefix="/api/ledgers", tags=["ledger"])
Name = Annotated[str, Path(pattern="^(office|rehearsal[a-z0-9-]{0,60})$")]
AlertId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
BODY = {"requestBody": {"required": True, "content": {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}  # fmt: skip


@router.get("", response_model=list[LedgerView])
def listed(_: Settler, house: TheHouse) -> Any:
    """List the ledgers: the office's and those of rehearsals."""
    return ledgers.listed(house.settings.home)


@router.post("/{name}/files", status_code=202, response_model=CaptureJob, openapi_extra=BODY)
async def send(
    request: Request, who: Capturer, house: TheHouse, name: Name,
    file: Annotated[str, Query(min_length=1, max_length=200)],
    kind: Annotated[str, Query(pattern="^[a-z]{0,20}$")] = "",
    behaviour: Literal["rollback", "proceed"] = "proceed",
) -> Any:  # fmt: skip
    """Send operators' records as CSV, a workbook, JSON lines, Parquet or EPCIS; a job takes them in."""
    return capture_job(
        await keep(request, house, who, file, {"behaviour": behaviour, "ledger": name, "kind": kind})
    )  # fmt: skip


@router.get("/{name}/alerts", response_model=AlarmRecord)
def outcomes(who: Settler, house: TheHouse, name: Name) -> Any:
    """Return what became of the alerts of a ledger, and the record of the alarm, from the database of record."""
    return checking.outcomes(desks.desk(house.settings, who), ledgers.opened(house.settings.home, name))


@router.post("/{name}/alerts/{alert}", response_model=AlarmRecord)
def settle(
    who: Settler, house: TheHouse, name: Name, alert: AlertId, day: dt.date, body: OutcomeBody
) -> Any:  # fmt: skip
    """Write down in the database of record what became of an alert of a day: a hit or a false alarm, and why."""
    held = ledgers.opened(house.settings.home, name)
    return checking.settle(desks.desk(house.settings, who), held, day, alert, body)
