"""Every error as the same JSON: the faults, each in both languages with its place and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from postroad.errors import Fault, PostroadError
from postroad.face.web.models import Problem
from postroad.face.web.refusal import Refused
from postroad.supervise.records.desk import Forbidden

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

STATUSES = {401: "sign_in_first", 403: "not_allowed", 404: "not_there", 405: "no_such_method"}
ANSWERS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem, "description": words}
    for code, words in {
        400: "The request cannot be read.",
        401: "Nobody is signed in.",
        403: "The role does not allow it, or the request is forged.",
        404: "There is no such thing.",
        405: "The path has no such method.",
        409: "It stands in the way of what is there.",
        413: "The body is too long.",
        421: "The server does not answer to this host name.",
        422: "The values cannot be used.",
        429: "Too many requests; Retry-After says how long to wait.",
    }.items()
}
"""What any operation may answer besides its own answer."""


def plain(fault: Fault) -> dict[str, Any]:
    """Return a fault as JSON values."""
    told = fault.as_dict()
    return {**told, **{k: _simple(told[k]) for k in ("value", "nearest")}}


def _simple(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def answer(status: int, faults: list[Fault], headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the JSON answer of some faults."""
    return JSONResponse({"faults": [plain(fault) for fault in faults]}, status, headers)


def problem(refused: Refused) -> JSONResponse:
    """Return the JSON answer of a refusal."""
    headers = {"retry-after": str(max(1, round(refused.after)))} if refused.after is not None else None
    return answer(refused.status, refused.faults, headers)


def register(app: FastAPI) -> None:
    """Make every error of the application answer in the same way."""

    @app.exception_handler(Refused)
    def _refused(_: Request, refused: Refused) -> JSONResponse:
        return problem(refused)

    @app.exception_handler(PostroadError)
    def _faulty(_: Request, wrong: PostroadError) -> JSONResponse:
        return answer(403 if isinstance(wrong, Forbidden) else 422, list(wrong.faults))

    @app.exception_handler(RequestValidationError)
    def _unreadable(_: Request, wrong: RequestValidationError) -> JSONResponse:
        faults = []
        for error in wrong.errors():
            column = ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
            value = str(error.get("input", ""))[:80]
            faults.append(Fault.of("console.bad_value", column=column, value=value, detail=error["msg"]))
        return answer(422, faults)

    @app.exception_handler(HTTPException)
    def _http(_: Request, wrong: HTTPException) -> JSONResponse:
        key = STATUSES.get(wrong.status_code, "bad_request")
        return answer(wrong.status_code, [Fault.of(f"console.{key}")], dict(wrong.headers or {}))
