"""What the routes of one server share, and who may pass: the dependencies every route is built on.

They are coroutines: each does next to nothing, and a thread for each would cost more than the answer.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from postroad.face.web import provinces
from postroad.face.web.accounts import NOBODY, Person
from postroad.face.web.answers import Answers
from postroad.face.web.jobs import Foreman
from postroad.face.web.refusal import Refused
from postroad.face.web.sessions import COOKIE, Session, Sessions
from postroad.face.web.settings import Settings
from postroad.face.web.shield import Buckets
from postroad.network import Network, shipped_packs

READY = shipped_packs()
"""Packs held in memory after their first reading, so that no thread is needed to get at them."""
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class House:
    """Settings, database, sessions, kept answers and the foreman of one server."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    answers: Answers
    foreman: Foreman
    doors: Buckets
    """How often each name and each address may try to sign in."""


async def house(request: Request) -> House:
    """Return what the server's routes share."""
    return house_of(request)


def house_of(request: Request) -> House:
    """Return what the server's routes share, outside a dependency."""
    found: House = request.app.state.house
    return found


def session_of(request: Request) -> Session | None:
    """Return the session of a request; a change without its token is refused as forged."""
    token = request.cookies.get(COOKIE, "")
    found = house_of(request).sessions.of(token) if token else None
    if found and request.method in UNSAFE:
        told = request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(told.encode(), found.csrf.encode()):
            raise Refused(403, "console.stale_tab")
    return found


async def person(request: Request) -> Person:
    """Return who asks; nobody signed in is the public."""
    found = session_of(request)
    return found.person if found else NOBODY


def may(action: str) -> Callable[..., Coroutine[Any, Any, Person]]:
    """Return the dependency that lets only those pass whose role allows an action."""

    async def passes(who: Annotated[Person, Depends(person)]) -> Person:
        if not who.may(action):
            if not who.name:
                raise Refused(401, "console.sign_in_first")
            raise Refused(403, "console.not_allowed", role=who.role)
        return who

    return passes


async def network(request: Request, name: str) -> Network:
    """Return the province of a path."""
    home = house_of(request).settings.home
    return await run_in_threadpool(provinces.opened, home, name) if name not in READY else provinces.opened(home, name)


TheHouse = Annotated[House, Depends(house)]
Anybody = Annotated[Person, Depends(person)]
Reader = Annotated[Person, Depends(may("read"))]
Computer = Annotated[Person, Depends(may("compute"))]
Uploader = Annotated[Person, Depends(may("upload"))]
Publisher = Annotated[Person, Depends(may("publish"))]
Capturer = Annotated[Person, Depends(may("capture"))]
Witness = Annotated[Person, Depends(may("events"))]
Settler = Annotated[Person, Depends(may("settle"))]
Keeper = Annotated[Person, Depends(may("accounts"))]
TheNetwork = Annotated[Network, Depends(network)]
