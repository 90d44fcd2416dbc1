"""The records of the regulator: views, acts and rows, each confined to what the asker's role and scope may see."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from postroad.errors import DataError
from postroad.face.case_words import Names
from postroad.face.web import desks
from postroad.face.web.accounts import NOBODY
from postroad.face.web.house import Reader, TheHouse, TheNetwork
from postroad.face.web.models import ActAnswer, ActBody, ActView, RecordNames
from postroad.face.web.refusal import Refused
from postroad.language import Language, spoken
from postroad.supervise.inspection.catalogue import catalogue as inspection_items

router = APIRouter(prefix="/api", tags=["records"])
Name = Annotated[str, Path(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=60)]
Table = Annotated[str, Path(pattern="^[a-z_]{1,40}$")]
RowId = Annotated[str, Path(max_length=120)]
MOST_ROWS = 2000
PAPER: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}
VERIFIER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/javascript": {}, "text/x-python": {}, "text/html": {}}}
}


@router.get("/records", response_model=list[ActView])
def catalogue(who: Reader) -> Any:
    """Say what can be asked of the records and done to them, and what the asker's role may."""
    return desks.catalogue(who)


@router.get("/records/names/{name}", response_model=RecordNames)
def names(who: Reader, house: TheHouse, network: TheNetwork, language: Language) -> Any:
    """Return what operators, outlets on the public register, items and their rules are called, by their codes."""
    with spoken(language):
        found = Names.of(network, language, desks.desk(house.settings, who))
    listed = inspection_items().values()
    items, rules = {one.id: one.short(language) for one in listed}, {one.cite: one.legal(language) for one in listed}
    return {"operators": dict(found.firms), "outlets": dict(found.outlets), "items": items, "rules": rules}


@router.get("/records/views/{name}", response_model=Any)
def view(
    who: Reader, house: TheHouse, name: Name, arguments: Annotated[str, Query(max_length=4000)] = "{}"
) -> Any:  # fmt: skip
    """Return a view; ``arguments`` is a JSON object."""
    try:
        given = json.loads(arguments)
    except json.JSONDecodeError as wrong:
        raise Refused(422, "console.bad_value", value=arguments[:80], detail=str(wrong)) from None
    if not isinstance(given, dict):
        raise Refused(422, "console.bad_value", value=arguments[:80], detail="{}")
    return desks.plain(desks.serve(desks.desk(house.settings, who), name, "view", given))


@router.post("/records/acts/{name}", response_model=ActAnswer)
def act(who: Reader, house: TheHouse, name: Name, body: ActBody) -> Any:
    """Do an act; sent again with the same ``request`` it is done once, and not when the row ``seen`` has changed."""
    asked: dict[str, Any] = {"request": body.request} if body.request else {}
    asked |= {"at_row": (body.seen.table, body.seen.id, body.seen.version)} if body.seen else {}
    answer = desks.serve(desks.desk(house.settings, who), name, "act", body.arguments, asked)
    return {"ids": answer if isinstance(answer, list) else [answer]}


@router.get("/records/tables/{table}", response_model=list[dict[str, Any]])
def rows(who: Reader, house: TheHouse, table: Table) -> Any:
    """Return the newest version of the rows the asker may see."""
    at = desks.desk(house.settings, who)
    found = at.rows(desks.table(table))
    at.note()
    return desks.plain(found[:MOST_ROWS])


@router.get("/records/tables/{table}/{row:path}", response_model=list[dict[str, Any]])
def history(who: Reader, house: TheHouse, table: Table, row: RowId) -> Any:
    """Return every version of a row, the oldest first."""
    at = desks.desk(house.settings, who)
    try:
        found = at.history(desks.table(table), row)
        at.note()
        return desks.plain(found)
    except DataError as wrong:
        if any(fault.key == "cases.no_such_row" for fault in wrong.faults):
            raise Refused(404, "console.no_row", row=row) from None
        raise


@router.get("/public/draws", response_model=list[dict[str, Any]])
def draws(house: TheHouse) -> Any:
    """Return the published draws: digest, named seed, size and state; nobody need sign in."""
    at = desks.desk(house.settings, NOBODY)
    papers = {row["id"] for row in at.rows("draw_papers")}
    return desks.plain([{**row, "papers": row["id"] in papers} for row in at.rows("draws")])


@router.get("/public/draws/{draw}/{paper}", response_class=Response, responses=PAPER)
def paper(house: TheHouse, draw: RowId, paper: Annotated[str, Path(pattern="^(commit|receipt)$")]) -> Response:
    """Return a published draw's frozen list or receipt, byte for byte as it was frozen."""
    held = [row for row in desks.desk(house.settings, NOBODY).rows("draw_papers") if row["id"] == draw]
    if not held:
        raise Refused(404, "console.no_papers", draw=draw)
    text = held[0]["frozen"] if paper == "commit" else json.dumps(held[0]["receipt"], ensure_ascii=False, indent=1)
    return Response(text, media_type="application/json")


@router.get("/public/verifier/{file}", response_class=Response, responses=VERIFIER)
def verifier(file: Annotated[str, Path(pattern=r"^verify_draw\.(js|py|html)$")]) -> Response:
    """Return a verifier anyone can run: plain Python, plain JavaScript, or a page to keep and open."""
    from postroad.supervise.verifier import files

    kinds = {"js": "text/javascript", "py": "text/x-python", "html": "text/html"}
    kind = file.rsplit(".", 1)[-1]
    headers = {"content-disposition": f'attachment; filename="{file}"'} if kind != "js" else {}
    return Response(files()[file], media_type=kinds[kind], headers=headers)
