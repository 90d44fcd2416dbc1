"""Signing in and out, by pass word or by the key printed at the start, and the accounts."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from postroad.face.web import accounts
from postroad.face.web.accounts import MAY, Person
from postroad.face.web.database import now
from postroad.face.web.house import Anybody, House, Keeper, TheHouse, session_of
from postroad.face.web.models import AccountBody, AccountChange, AccountView, SessionView, SignIn
from postroad.face.web.refusal import Refused
from postroad.face.web.sessions import COOKIE

router = APIRouter(prefix="/api", tags=["people"])
STARTER = Person("local", "administrator")
"""Who started the server."""


def _view(request: Request) -> dict[str, Any]:
    found = session_of(request)
    if found is None:
        return {"name": "", "role": "public", "scope": "", "may": [], "csrf": ""}
    who = found.person
    return {"name": who.name, "role": who.role, "scope": who.scope, "may": sorted(MAY[who.role]), "csrf": found.csrf}


def enter(house: House, who: Person, response: Response) -> None:
    """Sign a person in and give the cookie."""
    token = house.sessions.begin(who)
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="lax", secure=house.settings.secure,
        max_age=int(3600 * house.settings.session_hours),
    )  # fmt: skip


@router.get("/session", response_model=SessionView)
def session(request: Request) -> Any:
    """Say who is signed in."""
    return _view(request)


@router.post("/session", response_model=SessionView)
def sign_in(request: Request, body: SignIn, house: TheHouse, response: Response) -> Any:
    """Sign in with name and pass word; each name and each address may try only so often."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(403, "console.stale_tab")
    address = request.client.host if request.client else "?"
    wait = max(house.doors.wait(f"address {address}", 0.25), house.doors.wait(f"{address} {body.name}"))
    if wait:
        raise Refused(429, "console.too_many_tries", wait, seconds=max(1, round(wait)))
    who = accounts.known(house.engine, body.name, body.password)
    if who is None:
        raise Refused(401, "console.wrong_password")
    if old := request.cookies.get(COOKIE):
        house.sessions.end(old)
    enter(house, who, response)
    token = _token(response)
    found = house.sessions.of(token)
    assert found is not None
    told = {"name": who.name, "role": who.role, "scope": who.scope}
    return {**told, "may": sorted(MAY[who.role]), "csrf": found.csrf}


def _token(response: Response) -> str:
    return response.headers["set-cookie"].split(";")[0].partition("=")[2]


@router.delete("/session", status_code=204)
def sign_out(request: Request, house: TheHouse) -> Response:
    """Sign out."""
    session_of(request)
    house.sessions.end(request.cookies.get(COOKIE, ""))
    gone = Response(status_code=204)
    gone.delete_cookie(COOKIE)
    return gone


@router.get("/session/key", status_code=303, response_class=RedirectResponse)
def sign_in_with_key(house: TheHouse, key: Annotated[str, Query(max_length=100)]) -> Response:
    """Sign in the person who started the server, and go to the console."""
    expected = house.settings.key
    if not expected or not hmac.compare_digest(key.encode(), expected.encode()):
        raise Refused(401, "console.wrong_key")
    home = RedirectResponse("/", status_code=303)
    enter(house, STARTER, home)
    return home


@router.get("/session/open-id", status_code=303, response_class=RedirectResponse)
async def open_id(request: Request, house: TheHouse) -> Response:
    """Go to the issuer to sign in."""
    way: Response = await _issuer(request, house).begin(request)
    return way


@router.get("/session/open-id/return", status_code=303, response_class=RedirectResponse)
async def open_id_return(request: Request, house: TheHouse) -> Response:
    """Come back from the issuer, signed in."""
    who = await _issuer(request, house).end(request)
    home = RedirectResponse("/", status_code=303)
    await run_in_threadpool(enter, house, who, home)
    return home


def _issuer(request: Request, house: House) -> Any:
    if house.settings.open_id is None:
        raise Refused(404, "console.no_open_id")
    return request.app.state.issuer


@router.get("/accounts", response_model=list[AccountView])
def listed(_: Keeper, house: TheHouse) -> Any:
    """List the accounts."""
    return accounts.listed(house.engine)


@router.post("/accounts", response_model=AccountView, status_code=201)
def make(_: Keeper, body: AccountBody, house: TheHouse) -> Any:
    """Make an account."""
    accounts.make(house.engine, body.name, body.password, body.role, body.scope)
    return next(row for row in accounts.listed(house.engine) if row["name"] == body.name)


@router.patch("/accounts/{name}", response_model=AccountView)
def change(_: Keeper, name: str, body: AccountChange, house: TheHouse) -> Any:
    """Change an account; whoever is signed in with it is signed out."""
    columns: dict[str, Any] = {}
    if body.password is not None:
        columns["password"] = accounts.hashed(body.password)
    if body.role is not None:
        if body.role not in accounts.ROLES[:-1]:
            raise Refused(422, "console.unknown_role", asked=body.role, known=", ".join(accounts.ROLES[:-1]))
        columns["role"] = body.role
    if body.scope is not None:
        columns["scope"] = body.scope
    if body.closed is not None:
        columns["closed_at"] = now() if body.closed else None
    if not columns:
        raise Refused(422, "console.nothing_to_change")
    accounts.change(house.engine, name, **columns)
    house.sessions.end_all(name)
    return next(row for row in accounts.listed(house.engine) if row["name"] == name)


@router.get("/session/roles", response_model=dict[str, list[str]])
def roles(_: Anybody) -> Any:
    """Say what each role may do."""
    return {role: sorted(actions) for role, actions in MAY.items()}
