"""Jobs: asked for, watched as they go, stopped and resumed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from postroad.face.web import jobs, kinds, provinces
from postroad.face.web.accounts import Person
from postroad.face.web.house import Computer, House, Reader, TheHouse
from postroad.face.web.models import JobBody, JobView
from postroad.face.web.refusal import Refused

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
JobId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
LOOK_S = 0.4
STREAM = {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "JobView events"}


def view(row: dict[str, Any]) -> dict[str, Any]:
    """Return a job's row as it is shown."""
    return JobView.model_validate(row).model_dump(mode="json")


def seen(house: House, who: Person, job_id: str) -> dict[str, Any]:
    """Return a job's row; to those who may not see it, it is not there."""
    row = jobs.find(house.engine, job_id)
    if not who.sees(row["owner"]):
        raise Refused(404, "console.no_job", job=job_id)
    return row


@router.get("", response_model=list[JobView])
def listed(who: Reader, house: TheHouse) -> Any:
    """List the latest jobs: one's own, or everybody's where the role allows it."""
    return jobs.listed(house.engine, None if who.may("see_all") else who.name)


@router.post("", response_model=JobView, status_code=201)
def ask(who: Computer, house: TheHouse, body: JobBody) -> Any:
    """Ask for a job."""
    if body.kind in ("intake", "capture"):
        raise Refused(422, "console.intake_by_upload")
    if body.options.get("of") == "office" and not who.may("settle"):
        raise Refused(403, "console.not_allowed", role=who.role)
    provinces.opened(house.settings.home, body.province)
    options = kinds.parsed(body.kind, body.options)
    job_id = jobs.ask(house.engine, body.kind, body.province, options, who.name)
    return jobs.find(house.engine, job_id)


@router.get("/{job_id}", response_model=JobView)
def one(who: Reader, house: TheHouse, job_id: JobId) -> Any:
    """Return a job."""
    return seen(house, who, job_id)


@router.post("/{job_id}/stop", response_model=JobView)
def stop(who: Computer, house: TheHouse, job_id: JobId) -> Any:
    """Ask a job to stop; what it has finished is kept."""
    seen(house, who, job_id)
    jobs.stop(house.engine, job_id)
    return jobs.find(house.engine, job_id)


@router.post("/{job_id}/resume", response_model=JobView)
def resume(who: Computer, house: TheHouse, job_id: JobId) -> Any:
    """Go on with a stopped or failed job."""
    seen(house, who, job_id)
    jobs.resume(house.engine, job_id)
    return jobs.find(house.engine, job_id)


@router.get("/{job_id}/events", response_class=StreamingResponse, responses={200: STREAM})
async def events(request: Request, who: Reader, house: TheHouse, job_id: JobId) -> StreamingResponse:
    """Follow a job: an event whenever its row changes, until it is over."""
    first = await run_in_threadpool(seen, house, who, job_id)

    async def told() -> AsyncIterator[str]:
        row, last, quiet = first, "", 0.0
        while not await request.is_disconnected():
            text = json.dumps(view(row), ensure_ascii=False)
            if text != last:
                last, quiet = text, 0.0
                yield f"data: {text}\n\n"
            elif quiet > 15:
                quiet = 0.0
                yield ": still here\n\n"
            if row["state"] in jobs.OVER:
                return
            await asyncio.sleep(LOOK_S)
            quiet += LOOK_S
            row = await run_in_threadpool(jobs.find, house.engine, job_id)

    return StreamingResponse(told(), media_type="text/event-stream", headers={"cache-control": "no-store"})
