"""Who sits at the database of record: proved by a pass word or a session, or stated where a file is open by choice.

Accounts are those of the console, in the database of record itself or in the one that ``POSTROAD_ACCOUNTS`` names. A
database without accounts answers only for published rows, unless ``POSTROAD_OPEN`` says that it is one person's own:
``1`` for any SQLite file, or addresses with spaces between.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from postroad.face.web.accounts import Person
    from postroad.supervise.records import Actor

OPEN, ACCOUNTS, PASSWORD = "POSTROAD_OPEN", "POSTROAD_ACCOUNTS", "POSTROAD_PASSWORD"
SESSION_HOURS = 8.0
HOME = Path("~/.postroad")


def actor(database: str, stated: str) -> Actor:
    """Return the actor for a command: ``stated`` is a person's name, or a role where the database is open."""
    from postroad.errors import UsageError
    from postroad.face.web.desks import actor_of
    from postroad.face.web.refusal import Refused
    from postroad.supervise.records import Actor

    if stated == "public":
        return Actor("public")
    engine = _accounts(database)
    if engine is None:
        if not is_open(database):
            raise UsageError.of("cases.not_open", database=shown(database))
        return Actor.named(stated or "province")
    try:
        person = _signed_in(engine, database, stated)
        if person is None:
            raise UsageError.of("cases.not_signed_in" if stated else "cases.nobody_signed_in", value=stated)
        return actor_of(person)
    except Refused as refused:
        raise UsageError(refused.faults) from None
    finally:
        engine.dispose()


def guarded(database: str) -> bool:
    """Whether there are accounts, so that whoever asks has to be proven."""
    engine = _accounts(database)
    if engine is not None:
        engine.dispose()
    return engine is not None


def require(database: str, role: str) -> None:
    """Raise ``Forbidden`` unless the person signed in, or named by ``POSTROAD_AS``, has a role."""
    from postroad.supervise.records.desk import Forbidden

    found = actor(database, os.environ.get("POSTROAD_AS", ""))
    if found.role != role:
        raise Forbidden.of("cases.forbidden", role=found.role, act="demo")


def is_open(database: str) -> bool:
    """Whether a database without accounts was opened to whoever can reach it, by explicit choice."""
    chosen = os.environ.get(OPEN, "").split()
    file = "://" not in database or database.startswith("sqlite")
    return database in chosen or ("1" in chosen and file)


def sign_in(database: str, name: str, password: str) -> str:
    """Begin a session for a person, keep its token for the commands to come, and return the role."""
    from postroad.errors import UsageError
    from postroad.face.web.accounts import known
    from postroad.face.web.sessions import Sessions
    from postroad.supervise.identity import write_private

    engine = _accounts(database)
    person = known(engine, name, password) if engine is not None else None
    if engine is None or person is None:
        raise UsageError.of("cases.not_signed_in", value=name)
    path = _kept(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps({"token": Sessions(engine, SESSION_HOURS).begin(person)}))
    return person.role


def sign_out(database: str) -> None:
    """End the session kept for a database, at the database and here."""
    from postroad.face.web.sessions import Sessions

    engine, path = _accounts(database), _kept(database)
    if path.is_file():
        if engine is not None:
            Sessions(engine, SESSION_HOURS).end(json.loads(path.read_text("utf-8"))["token"])
        path.unlink()


def _signed_in(engine: Engine, database: str, name: str) -> Person | None:
    """The person with a session kept here, or whose pass word is given or asked for."""
    from postroad.face.web.accounts import known
    from postroad.face.web.sessions import Sessions

    path = _kept(database)
    if path.is_file():
        session = Sessions(engine, SESSION_HOURS).of(json.loads(path.read_text("utf-8"))["token"])
        if session is not None and name in ("", session.person.name):
            return session.person
    password = os.environ.get(PASSWORD, "")
    if name and not password and sys.stdin.isatty():
        import typer

        password = typer.prompt(name, hide_input=True)
    return known(engine, name, password) if name and password else None


def _accounts(database: str) -> Engine | None:
    """The database that holds the accounts, or ``None`` when there are none."""
    import sqlalchemy as sa

    from postroad.errors import UsageError
    from postroad.face.web.accounts import count
    from postroad.face.web.database import accounts
    from postroad.supervise.records.store import address

    named = os.environ.get(ACCOUNTS, "")
    where = address(named or database)
    if where.startswith("sqlite:///") and not named and not Path(where.removeprefix("sqlite:///")).is_file():
        return None
    try:
        engine = sa.create_engine(where, poolclass=sa.NullPool)
        held = sa.inspect(engine).has_table(accounts.name) and count(engine) > 0
    except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as wrong:
        raise UsageError.of("cases.unreachable", value=shown(where), detail=str(wrong).splitlines()[0]) from None
    if not held and named:  # who names the accounts means them to be asked
        raise UsageError.of("cases.no_accounts", database=shown(where))
    return engine if held else None


def _kept(database: str) -> Path:
    from postroad.supervise.records.store import address

    return HOME.expanduser() / f"session-{hashlib.sha256(address(database).encode()).hexdigest()[:16]}.json"


def shown(database: str) -> str:
    """An address without its pass word."""
    import sqlalchemy as sa

    return sa.engine.make_url(database).render_as_string() if "://" in database else database
