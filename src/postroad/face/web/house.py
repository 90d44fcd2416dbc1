"""What the routes of one server share, and who may pass: the dependencies every route is built on."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from postroad.face.web import provinces
from postroad.face.web.accounts import NOBODY, Person
from postroad.face.web.answers import Answers
from postroad.face.web.jobs import Foreman
from postroad.face.web.refusal import Refused
from postroad.face.web.sessions import COOKIE, Session, Sessions
from postroad.face.web.settings import Settings
from postroad.face.web.shield import Buckets
from postroad.network import Network

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


def house(request: Request) -> House:
    """Return what the server's routes share."""
    found: House = request.app.state.house
    return found


def session_of(request: Request) -> Session | None:
    """Return the session of a request; a change without its token is refused as forged."""
    token = request.cookies.get(COOKIE, "")
    found = house(request).sessions.of(token) if token else None
    if found and request.method in UNSAFE:
        told = request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(told.encode(), found.csrf.encode()):
            raise Refused(403, "console.stale_tab")
    return found


def person(request: Request) -> Person:
    """Return who asks; nobody signed in is the public."""
    found = session_of(request)
    return found.person if found else NOBODY


def may(action: str) -> Callable[..., Person]:
    """Return the dependency that lets only those pass whose role allows an action."""

    def passes(who: Annotated[Person, Depends(person)]) -> Person:
        if not who.may(action):
            if not who.name:
                raise Refused(401, "console.sign_in_first")
            raise Refused(403, "console.not_allowed", role=who.role)
        return who

    return passes


def network(request: Request, name: str) -> Network:
    """Return the province of a path."""
    return provinces.opened(house(request).settings.home, name)


TheHouse = Annotated[House, Depends(house)]
Anybody = Annotated[Person, Depends(person)]
Reader = Annotated[Person, Depends(may("read"))]
Computer = Annotated[Person, Depends(may("compute"))]
Uploader = Annotated[Person, Depends(may("upload"))]
Publisher = Annotated[Person, Depends(may("publish"))]
Keeper = Annotated[Person, Depends(may("accounts"))]
TheNetwork = Annotated[Network, Depends(network)]
