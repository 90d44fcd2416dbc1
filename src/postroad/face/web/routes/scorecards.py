"""The scorecard as of a day, what stands around it, and the reports made of it."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from postroad.face.web import scoring, shelf
from postroad.face.web.answers import send
from postroad.face.web.house import Computer, Reader, TheHouse, TheNetwork
from postroad.face.web.models import FiguresBody, FiguresView, RunView, SignOffBody
from postroad.face.web.routes.runs import seen_folder
from postroad.face.web.scorecard_models import ScorecardFrame, ScorecardView

router = APIRouter(prefix="/api", tags=["scorecards"])
Name = Annotated[str, Path(max_length=80)]
EVALUATED = {kind: scoring.CONTENT[kind] for kind in (scoring.FORMS["docx"], "text/html")}
AsOf = Annotated[dt.date | None, Query(ge=dt.date(2000, 1, 1), le=dt.date(2100, 1, 1))]


@router.get("/provinces/{name}/scorecard", response_model=ScorecardView)
def scorecard(
    request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork, as_of: AsOf = None
) -> Response:
    """Return the scorecard as it stood on a day, today when none is given."""
    day = as_of or scoring.today()
    key = ("scorecard", name, network.fingerprint, day)
    return send(request, house.answers.of(key, lambda: scoring.card(house.settings.home, name, network, day).to_dict()))


@router.get("/provinces/{name}/scorecard/frame", response_model=ScorecardFrame)
def frame(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the days on which something became known, and the plan's tasks."""
    key = ("frame", name, network.fingerprint)
    return send(request, house.answers.of(key, lambda: scoring.frame(house.settings.home, name, network)))


@router.get("/provinces/{name}/report", response_class=Response, responses={200: {"content": scoring.CONTENT}})
def report(
    request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork,
    form: Literal["docx", "xlsx", "html", "pdf", "json"] = "docx",
    language: Literal["zh", "en"] = "zh",
    as_of: AsOf = None,
) -> Response:  # fmt: skip
    """Return the scorecard as a report; the same question gives the same numbers in every form."""
    day = as_of or scoring.today()
    key = ("report", name, network.fingerprint, day, form, language)
    home = house.settings.home
    kind = scoring.FORMS[form]
    answer = house.answers.of(key, lambda: scoring.report(home, name, network, day, form, language), kind)
    file = f"{name}-{day}-{language}.{form}"
    return send(request, answer, {"content-disposition": f'attachment; filename="{file}"'})


@router.get("/provinces/{name}/evaluation", response_class=Response, responses={200: {"content": EVALUATED}})
def evaluation(
    request: Request, who: Reader, house: TheHouse, name: Name, network: TheNetwork,
    kind: Literal["yearly", "midterm", "final"] = "midterm",
    form: Literal["docx", "html"] = "docx", language: Literal["zh", "en"] = "zh", as_of: AsOf = None,
    effects: Annotated[str, Query(pattern="^([0-9a-f]{12,16})?$")] = "",
) -> Response:  # fmt: skip
    """Return the evaluation of the plan as officials write it; ``effects`` is the run its remedies rest on."""
    day = as_of or scoring.today()
    folder = seen_folder(house, who, effects) if effects else None
    key = ("evaluation", name, network.fingerprint, kind, day, form, language, effects)
    make = partial(scoring.evaluation, house.settings.home, name, network, kind, day, form, language, folder)
    answer = house.answers.of(key, make, scoring.FORMS[form])
    file = f"{name}-{kind}-{day}-{language}.{form}"
    return send(request, answer, {"content-disposition": f'attachment; filename="{file}"'})


@router.get("/provinces/{name}/figures", response_model=dict[str, Any])
def shipped_figures(request: Request, _: Reader, house: TheHouse, name: Name, network: TheNetwork) -> Response:
    """Return the figures of the plan's own text, as they came with the pack."""
    key = ("figures", name, network.fingerprint)
    return send(request, house.answers.of(key, lambda: scoring.shipped_figures(name, network)))


@router.post("/figures", response_model=FiguresView)
def figures(_: Reader, house: TheHouse, body: FiguresBody) -> Any:
    """Read a plan's text and check every figure in it; nothing is kept."""
    return scoring.figures(house.settings.home, body.text, body.province)


@router.post("/figures/sign-off", response_model=RunView, status_code=201)
def sign_off(who: Computer, house: TheHouse, body: SignOffBody) -> Any:
    """Sign off the readings of a text's figures; the readings are kept as a run, the text is not."""
    made = scoring.sign_off(house.settings.home, body.text, body.province, who.name, body.note)
    folder = house.settings.folder("runs") / made.run_id
    made.save(folder)
    return shelf.told(folder, set(), whole=True)
