"""What the server is, and the words of the console."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from fastapi import APIRouter, Request, Response

from postroad import __version__, language
from postroad.face.web.answers import send
from postroad.face.web.house import Anybody, TheHouse
from postroad.face.web.kinds import KINDS
from postroad.face.web.models import About
from postroad.supervise.inspection.catalogue import catalogue

router = APIRouter(prefix="/api", tags=["about"])
ROOMS = ("console", "face", "unit", "travel", "effect", "lines", "hub_day", "after_action")
"""The rooms whose words the console may show."""
ENGINES = {
    "hubs": "postroad.design.hubs", "lines": "postroad.design.lines", "rounds": "postroad.design.rounds",
    "sites": "postroad.design.sites", "day": "postroad.simulate.day", "drill": "postroad.simulate.drill",
    "access": "postroad.measure.access", "effect": "postroad.evaluate", "ledger": "postroad.supervise.ledger",
    "draw": "postroad.supervise.draw", "records": "postroad.supervise.records", "levers": "postroad.plan.levers",
}  # fmt: skip


def engines() -> dict[str, bool]:
    """Return which engines stand in this installation; a screen without its engine says so."""
    return {name: find_spec(module) is not None for name, module in ENGINES.items()}


@router.get("/about", response_model=About)
def about(house: TheHouse, who: Anybody) -> Any:
    """Say what the server is."""
    held = {"version": __version__, "signed_in": bool(who.name), "open_id": house.settings.open_id is not None}
    return {**held, "engines": engines(), "kinds": list(KINDS)}


@router.get("/words", response_model=dict[str, dict[str, str]])
def words(request: Request, house: TheHouse) -> Response:
    """Return the words of the console in both languages: language, key, text."""
    return send(request, house.answers.of(("words",), _words), {"cache-control": "no-cache"})


def _words() -> dict[str, dict[str, str]]:
    held = {k: v for k, v in language.catalogue().items() if k.split(".")[0] in ROOMS}
    made: dict[str, dict[str, str]] = {
        spoken: {key: entry[spoken] for key, entry in held.items()} for spoken in language.LANGUAGES
    }
    for item in catalogue().values():  # what inspectors look at, by the words before the colon
        for spoken in language.LANGUAGES:
            made[spoken].setdefault(f"console.value_{item.id}", item.short(spoken))
    return made
