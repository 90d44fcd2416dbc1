"""Named queries of EPCIS 2.0: a question kept under a name, asked again by whoever may, each within what it may see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from postroad.face.web import events
from postroad.face.web.accounts import Person
from postroad.face.web.database import now, queries, subscriptions
from postroad.face.web.refusal import Refused

Given = dict[str, str | int | list[str]]


def pairs(query: Given) -> list[tuple[str, str]]:
    """Return a query as the pairs of an address: several values of one filter stand with commas between them."""
    return [(name, ",".join(value) if isinstance(value, list) else str(value)) for name, value in query.items()]


def keep(engine: Engine, who: Person, name: str, query: Given) -> dict[str, Any]:
    """Keep a query under a name; refused when it is not understood or the name is taken."""
    events.read(pairs(query))
    row = {"name": name, "query": query, "owner": who.name, "made_at": now()}
    try:
        with engine.begin() as base:
            base.execute(insert(queries).values(row))
    except IntegrityError:
        raise Refused(409, "console.query_taken", asked=name) from None
    return row


def listed(engine: Engine) -> list[dict[str, Any]]:
    """Return all named queries by name."""
    with engine.connect() as base:
        return [dict(row) for row in base.execute(select(queries).order_by(queries.c.name)).mappings()]


def find(engine: Engine, name: str) -> dict[str, Any]:
    """Return a named query; refused when there is none."""
    with engine.connect() as base:
        row = base.execute(select(queries).where(queries.c.name == name)).mappings().first()
    if row is None:
        raise Refused(404, "console.no_query", asked=name)
    return dict(row)


def drop(engine: Engine, who: Person, name: str) -> None:
    """Forget a query with its subscriptions: one's own, or anybody's where the role sees everything."""
    row = find(engine, name)
    if row["owner"] != who.name and not who.may("see_all"):
        raise Refused(403, "console.not_allowed", role=who.role)
    with engine.begin() as base:
        base.execute(delete(subscriptions).where(subscriptions.c.query == name))
        base.execute(delete(queries).where(queries.c.name == name))
