"""Levers: the list, and what a bundle of them does on a day and costs by year."""

from __future__ import annotations

import datetime as dt
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from postroad.face.web import provinces
from postroad.face.web.answers import send
from postroad.face.web.house import Reader, TheHouse, TheNetwork
from postroad.face.web.models import BundleBody
from postroad.face.web.refusal import Refused
from postroad.face.web.views import levers
from postroad.network import Network

router = APIRouter(prefix="/api/provinces", tags=["levers"])
Name = Annotated[str, Path(max_length=80)]


def _held(house: TheHouse, name: str, network: Network) -> tuple[FilePath, Any]:
    file = network.beside("levers.toml")
    if file is None:
        raise Refused(404, "console.no_levers", name=name)
    return file, provinces.plan(house.settings.home, name)


@router.get("/{name}/levers", response_model=dict[str, Any])
def listed(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the levers of a province's plan."""
    file, plan = _held(house, name, network)
    return send(request, house.answers.of(("levers", name, network.fingerprint), lambda: levers.listed(file, plan)))


@router.post("/{name}/levers/bundle", response_model=dict[str, Any])
def bundle(_: Reader, house: TheHouse, name: Name, network: TheNetwork, body: BundleBody) -> Any:
    """Say what some levers do to the tables on a day, and what they cost by year."""
    file, plan = _held(house, name, network)
    on = body.on or dt.date(plan.end, 12, 31)
    return levers.bundle(network, file, plan, [(one.id, one.slip_years) for one in body.levers], on)


@router.get("/{name}/drills", response_model=list[dict[str, Any]])
def drills(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the prepared drills of a province."""
    return send(request, house.answers.of(("drills", name, network.fingerprint), lambda: levers.drills(network)))
