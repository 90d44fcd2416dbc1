"""Sessions: a random token in a cookie, its SHA-256 in the database, and a second token against forged requests."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, delete, insert, select

from postroad.face.web.accounts import Person
from postroad.face.web.database import now, sessions

COOKIE = "postroad"
TRUSTED_S = 5.0
"""How long a session read from the database is believed before it is read again."""
MOST_KEPT = 5000


@dataclass(frozen=True)
class Session:
    """A signed-in person and the token every change must carry."""

    person: Person
    csrf: str


class Sessions:
    """The sessions of a server."""

    def __init__(self, engine: Engine, hours: float) -> None:
        self.engine, self.hours = engine, hours
        self._read: dict[str, tuple[float, Session | None]] = {}

    def begin(self, person: Person) -> str:
        """Sign a person in and return the cookie's token; ended sessions are swept away."""
        token, moment = secrets.token_urlsafe(32), now()
        row = {
            "digest": _digest(token), "name": person.name, "role": person.role, "scope": person.scope,
            "csrf": secrets.token_urlsafe(24), "made_at": moment, "ends_at": moment + timedelta(hours=self.hours),
        }  # fmt: skip
        with self.engine.begin() as base:
            base.execute(delete(sessions).where(sessions.c.ends_at < moment))
            base.execute(insert(sessions).values(**row))
        return token

    def of(self, token: str) -> Session | None:
        """Return the session of a token, or ``None`` when there is none or it has ended."""
        digest = _digest(token)
        held = self._read.get(digest)
        if held and time.monotonic() - held[0] < TRUSTED_S:
            return held[1]
        with self.engine.connect() as base:
            row = base.execute(select(sessions).where(sessions.c.digest == digest)).mappings().first()
        found = None
        if row is not None and row["ends_at"] > now():
            found = Session(Person(row["name"], row["role"], row["scope"]), row["csrf"])
        if len(self._read) >= MOST_KEPT:
            self._read.clear()
        self._read[digest] = (time.monotonic(), found)
        return found

    def end(self, token: str) -> None:
        """Sign out."""
        digest = _digest(token)
        with self.engine.begin() as base:
            base.execute(delete(sessions).where(sessions.c.digest == digest))
        self._read.pop(digest, None)

    def end_all(self, name: str) -> None:
        """Sign a person out everywhere, as when the account is closed or its pass word changed."""
        with self.engine.begin() as base:
            base.execute(delete(sessions).where(sessions.c.name == name))
        self._read.clear()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
