"""EPCIS 2.0 over HTTP: operators' systems send events and ask for them, each confined to what its role may see."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from postroad.face.web import event_pages, events, intake, jobs, ledgers, queries
from postroad.face.web.accounts import Person
from postroad.face.web.house import Capturer, House, TheHouse, Witness
from postroad.face.web.models import CaptureJob, EventsAnswer, QueryAsked, QueryView, ValuesAnswer
from postroad.face.web.refusal import Refused
from postroad.face.web.routes.jobs import seen
from postroad.supervise.ledger.epcis import CONTEXT, TYPES

router = APIRouter(prefix="/api/epcis", tags=["epcis"])
CaptureId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
QueryName = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,80}$")]
LedgerName = Annotated[str, Query(pattern="^(office|rehearsal[a-z0-9-]{0,60})$")]
Behaviour = Annotated[Literal["rollback", "proceed"], Header(alias="GS1-Capture-Error-Behaviour")]
Collection = Literal["epcs", "bizSteps", "readPoints", "dispositions", "bizLocations"]
VERSIONS = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
JSON_BODY = {"requestBody": {"required": True, "content": {
    kind: {"schema": {"type": "object"}} for kind in ("application/ld+json", "application/json")}}}  # fmt: skip
FILTERS = {"parameters": [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string", "maxLength": 2000}}
    for name in events.KNOWN]}  # fmt: skip
PAGES = {"parameters": [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string", "maxLength": 2000}}
    for name in events.PAGING]}  # fmt: skip
LISTED = ("perPage", "nextPageToken")
LIST_PAGES = {"parameters": [one for one in PAGES["parameters"] if one["name"] in LISTED]}
HEADERS = {"headers": {"Location": {"schema": {"type": "string"}}}}


def capture_job(row: dict[str, Any]) -> dict[str, Any]:
    """Return a job as the standard's capture job, with what the ledger counted."""
    result, over = row["result"] or {}, row["state"] in jobs.OVER
    errors = [{"type": f"urn:postroad:{one['reason']}", "title": one["en"], **one} for one in result.get("errors", [])]
    errors += [
        {"type": f"urn:postroad:{fault['key']}", "title": fault["en"], "file": fault["table"], "reason": fault["key"],
         "count": fault["count"] or 1, "zh": fault["zh"], "en": fault["en"]}
        for fault in row["faults"] or []
    ]  # fmt: skip
    return {
        "captureID": row["job_id"], "createdAt": row["made_at"], "finishedAt": row["ended_at"], "running": not over,
        "success": row["state"] == jobs.DONE, "captureErrorBehaviour": row["options"]["behaviour"], "errors": errors,
        "ledger": row["options"]["ledger"], "file": row["options"]["file"], "taken": result.get("taken", []),
    }  # fmt: skip


async def keep(request: Request, house: House, who: Person, file: str, options: dict[str, Any]) -> dict[str, Any]:
    """Keep a body as it comes, ask for the job that takes it into a ledger, and return the job's row."""
    if who.role == "enterprise" and not who.scope:
        raise Refused(403, "console.no_scope", role=who.role)
    settings = house.settings
    upload, _, digest = await intake.keep(
        settings.home, file, request.stream(), settings.upload_bytes, ledgers.ENDINGS
    )  # fmt: skip
    operator = who.scope if who.role == "enterprise" else ""
    told = {"seed": 0, "upload": upload, "operator": operator, "kind": "", "digest": digest, **options}
    told["file"] = intake.safe(file, ledgers.ENDINGS)
    job_id = await run_in_threadpool(jobs.ask, house.engine, "capture", "jilin", told, who.name)
    return await run_in_threadpool(jobs.find, house.engine, job_id)


@router.post("/capture", status_code=202, response_model=CaptureJob, openapi_extra=JSON_BODY, responses={202: HEADERS})
async def capture(
    request: Request, response: Response, who: Capturer, house: TheHouse,
    behaviour: Behaviour = "rollback", ledger: LedgerName = ledgers.OFFICE,
) -> Any:  # fmt: skip
    """Send an EPCIS document; the answer names the job that takes it in."""
    row = await keep(request, house, who, "capture.jsonld", {"behaviour": behaviour, "ledger": ledger})
    response.headers.update({**VERSIONS, "Location": f"/api/epcis/capture/{row['job_id']}"})
    return capture_job(row)


@router.get("/capture", response_model=list[CaptureJob])
def captures(response: Response, who: Capturer, house: TheHouse) -> Any:
    """List the latest captures: one's own, or everybody's where the role allows it."""
    response.headers.update(VERSIONS)
    held = jobs.listed(house.engine, None if who.may("see_all") else who.name)
    return [capture_job(row) for row in held if row["kind"] == "capture"]


def _capture(house: House, who: Person, capture_id: str) -> dict[str, Any]:
    row = seen(house, who, capture_id)
    if row["kind"] != "capture":
        raise Refused(404, "console.no_job", job=capture_id)
    return row


@router.get("/capture/{capture_id}", response_model=CaptureJob)
def one(response: Response, who: Capturer, house: TheHouse, capture_id: CaptureId) -> Any:
    """Return a capture: whether it still runs, what was taken, and what was set aside and why."""
    response.headers.update(VERSIONS)
    return capture_job(_capture(house, who, capture_id))


@router.get(
    "/capture/{capture_id}/quarantine", response_class=Response, responses={200: {"content": {intake.XLSX: {}}}}
)  # fmt: skip
def quarantine(who: Capturer, house: TheHouse, capture_id: CaptureId) -> Response:
    """Return the records set aside, each with line, column, reason and the shape of the cell, as a workbook."""
    made = intake.quarantine(house.settings.home, _capture(house, who, capture_id)["options"]["upload"])
    name = f'attachment; filename="quarantine-{capture_id}.xlsx"'
    return Response(made, media_type=intake.XLSX, headers={"content-disposition": name})


def _found(
    request: Request, response: Response, who: Person, house: House, ledger: str, given: list[tuple[str, str]]
) -> dict[str, Any]:  # fmt: skip
    """Return a page of events within what a person may see, with the way to the next page in the head."""
    query = events.confined(events.read(given), who)
    found, token = event_pages.ask(ledgers.opened(house.settings.home, ledger), query)
    _lead_on(request, response, token)
    return event_pages.answer(found)


def _lead_on(request: Request, response: Response, token: str | None) -> None:
    """Write the head of a page: the versions, and the way to the next page where there is one."""
    response.headers.update(VERSIONS)
    if token:
        following = request.url.include_query_params(nextPageToken=token)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'


def _asked(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.query_params.multi_items() if name != "ledger"]


def _only(request: Request, known: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the parameters of an address that takes these and no others."""
    given = _asked(request)
    for name, _ in given:
        if name not in known:
            raise Refused(422, "console.epcis_parameter", asked=name[:60], known=", ".join(known))
    return given


@router.get("/events", response_model=EventsAnswer, openapi_extra=FILTERS)
def asked(
    request: Request, response: Response, who: Witness, house: TheHouse, ledger: LedgerName = ledgers.OFFICE
) -> Any:  # fmt: skip
    """Return the events that match the standard's filters, page by page; ``Link`` leads to the next page."""
    return _found(request, response, who, house, ledger, _asked(request))


@router.post("/queries", status_code=201, response_model=QueryView, responses={201: HEADERS})
def name_query(response: Response, who: Witness, house: TheHouse, query: QueryAsked) -> Any:
    """Keep a query under a name."""
    row = queries.keep(house.engine, who, query.name, query.query)
    response.headers.update({**VERSIONS, "Location": f"/api/epcis/queries/{query.name}"})
    return row


@router.get("/queries", response_model=list[QueryView])
def named_queries(response: Response, _: Witness, house: TheHouse) -> Any:
    """List the named queries."""
    response.headers.update(VERSIONS)
    return queries.listed(house.engine)


@router.get("/queries/{query}", response_model=QueryView)
def named_query(response: Response, _: Witness, house: TheHouse, query: QueryName) -> Any:
    """Return a named query."""
    response.headers.update(VERSIONS)
    return queries.find(house.engine, query)


@router.delete("/queries/{query}", status_code=204)
def forget_query(who: Witness, house: TheHouse, query: QueryName) -> None:
    """Forget a named query of one's own."""
    queries.drop(house.engine, who, query)


@router.get("/queries/{query}/events", response_model=EventsAnswer, openapi_extra=PAGES)
def events_of_query(
    request: Request, response: Response, who: Witness, house: TheHouse, query: QueryName,
    ledger: LedgerName = ledgers.OFFICE,
) -> Any:  # fmt: skip
    """Return the events that match a named query, page by page; further filters are refused."""
    paging = _only(request, events.PAGING)
    kept = queries.pairs(queries.find(house.engine, query)["query"])
    given = [pair for pair in kept if pair[0] not in dict(paging)]
    return _found(request, response, who, house, ledger, [*given, *paging])


@router.get("/eventTypes", response_model=ValuesAnswer)
def event_types(response: Response, _: Witness) -> Any:
    """Return the types of event that there are."""
    response.headers.update(VERSIONS)
    return {"@context": CONTEXT, "type": "Collection", "member": list(TYPES)}


@router.get("/{collection}", response_model=ValuesAnswer, openapi_extra=LIST_PAGES)
def values(
    request: Request, response: Response, who: Witness, house: TheHouse, collection: Collection,
    ledger: LedgerName = ledgers.OFFICE,
) -> Any:  # fmt: skip
    """List the parcels, steps or places of the events that one may see, page by page."""
    query = events.confined(events.read(_only(request, LISTED)), who)
    held, token = event_pages.members(ledgers.opened(house.settings.home, ledger), query, collection)
    _lead_on(request, response, token)
    return {"@context": CONTEXT, "type": "Collection", "member": held}
