"""Uploads: a file as the body of the request, the job that checks it, its faults, and the rows set aside."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import insert, select, update
from starlette.concurrency import run_in_threadpool

from postroad import tables
from postroad.face.web import intake, jobs, provinces
from postroad.face.web.accounts import Person
from postroad.face.web.database import now, uploads
from postroad.face.web.house import House, Reader, TheHouse, Uploader
from postroad.face.web.models import Accept, ProvinceView, UploadView
from postroad.face.web.refusal import Refused

router = APIRouter(prefix="/api/uploads", tags=["uploads"])
UploadId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
BINARY = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}}


def _view(house: House, row: dict[str, Any]) -> dict[str, Any]:
    with contextlib.suppress(Refused):
        row["job"] = jobs.find(house.engine, row["job_id"])
    return {"job": None, **row}


def _seen(house: House, who: Person, upload_id: str) -> dict[str, Any]:
    with house.engine.connect() as base:
        row = base.execute(select(uploads).where(uploads.c.upload_id == upload_id)).mappings().first()
    if row is None or not who.sees(row["owner"]):
        raise Refused(404, "console.no_upload", upload=upload_id)
    return dict(row)


@router.get("", response_model=list[UploadView])
def listed(who: Reader, house: TheHouse) -> Any:
    """List the uploads, the newest first: one's own, or everybody's where the role allows it."""
    with house.engine.connect() as base:
        rows = base.execute(select(uploads).order_by(uploads.c.made_at.desc()).limit(100)).mappings().all()
    return [_view(house, dict(row)) for row in rows if who.sees(row["owner"])]


@router.post("", response_model=UploadView, status_code=202, openapi_extra=BODY)
async def send(
    request: Request, who: Uploader, house: TheHouse, file: Annotated[str, Query(min_length=1, max_length=200)]
) -> Any:
    """Take a workbook, a CSV table or a packed folder of tables, and check it in a job."""
    settings = house.settings
    upload_id, length, digest = await intake.keep(settings.home, file, request.stream(), settings.upload_bytes)
    return await run_in_threadpool(_taken, house, who, upload_id, (file, length, digest))


def _taken(house: House, who: Person, upload_id: str, told: tuple[str, int, str]) -> dict[str, Any]:
    file, length, digest = told
    job_id = jobs.ask(house.engine, "intake", "jilin", {"seed": 0, "upload": upload_id}, who.name)
    row = {
        "upload_id": upload_id, "file": intake.safe(file), "bytes": length, "digest": digest, "owner": who.name,
        "job_id": job_id, "made_at": now(),
    }  # fmt: skip
    with house.engine.begin() as base:
        base.execute(insert(uploads).values(**row))
    return _view(house, {**row, "province": None})


@router.get("/template", response_class=Response, responses={200: {"content": {intake.XLSX: {}}}})
def template(request: Request, _: Reader, house: TheHouse) -> Response:
    """Return the empty workbook a province fills in."""
    from postroad.face.web.answers import send as answer

    made = house.answers.of(("template",), lambda: _template(house), intake.XLSX)
    return answer(request, made, {"content-disposition": 'attachment; filename="province.xlsx"'})


def _template(house: House) -> bytes:
    import tempfile
    from pathlib import Path as File

    with tempfile.TemporaryDirectory(dir=house.settings.home) as folder:
        file = File(folder, "province.xlsx")
        tables.template(file)
        return file.read_bytes()


@router.get("/{upload_id}", response_model=UploadView)
def one(who: Reader, house: TheHouse, upload_id: UploadId) -> Any:
    """Return an upload with its job, in whose result the faults stand."""
    return _view(house, _seen(house, who, upload_id))


@router.get("/{upload_id}/quarantine", response_class=Response, responses={200: {"content": {intake.XLSX: {}}}})
def quarantine(who: Reader, house: TheHouse, upload_id: UploadId) -> Response:
    """Return the rows that could not be taken, each with its number and reasons, as a workbook."""
    _seen(house, who, upload_id)
    made = intake.quarantine(house.settings.home, upload_id)
    name = f'attachment; filename="quarantine-{upload_id}.xlsx"'
    return Response(made, media_type=intake.XLSX, headers={"content-disposition": name})


@router.post("/{upload_id}/accept", response_model=ProvinceView, status_code=201)
def accept(who: Uploader, house: TheHouse, upload_id: UploadId, body: Accept) -> Any:
    """Take an upload without faults in as a province."""
    _seen(house, who, upload_id)
    name = intake.accept(house.settings.home, upload_id, body.name)
    with house.engine.begin() as base:
        base.execute(update(uploads).where(uploads.c.upload_id == upload_id).values(province=name))
    network = provinces.opened(house.settings.home, name)
    label = {"zh": network.label("zh"), "en": network.label("en")}
    return {"name": name, "label": label, "shipped": False, "fingerprint": network.fingerprint, "has_plan": False}
