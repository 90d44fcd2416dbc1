"""People: local accounts with argon2, their roles, and what each role may do, decided in one place.

Roles are those of the records: province, prefecture (its own rows), enterprise (its own outlets), inspector (own
cases) and public (not signed in), and the administrator who keeps the accounts and nothing else is closed to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from postroad.face.web.database import accounts, now
from postroad.face.web.refusal import Refused

ROLES = ("administrator", "province", "prefecture", "enterprise", "inspector", "public")
MAY: dict[str, frozenset[str]] = {
    "administrator": frozenset(
        {"read", "compute", "upload", "publish", "accounts", "see_all", "capture", "events", "settle"}
    ),
    "province": frozenset({"read", "compute", "upload", "publish", "see_all", "capture", "events", "settle"}),
    "prefecture": frozenset({"read", "compute", "upload", "events"}),
    "enterprise": frozenset({"read", "compute", "upload", "capture", "events"}),
    "inspector": frozenset({"read"}),
    "public": frozenset(),
}
"""What each role may do.

``see_all``: the jobs and uploads of others too. ``capture`` and ``events``: send records to the ledger and ask for them
(an enterprise its own, a prefecture those of its outlets). ``settle``: check the ledger and say what became of alerts.
"""

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
_hasher = PasswordHasher()
_nobody = _hasher.hash("no account has this pass word")


@dataclass(frozen=True)
class Person:
    """Who asks: name, role, and the place or operator the role is for."""

    name: str
    role: str
    scope: str = ""

    def may(self, action: str) -> bool:
        """Return whether the role allows an action."""
        return action in MAY[self.role]

    def sees(self, owner: str) -> bool:
        """Return whether this person may see what an owner has made."""
        return self.name == owner or self.may("see_all")


NOBODY = Person("", "public")


def make(engine: Engine, name: str, password: str, role: str, scope: str = "") -> None:
    """Make an account; refused when the name is taken, the role unknown, or the pass word too short or long."""
    if role not in ROLES or role == "public":
        raise Refused(422, "console.unknown_role", asked=role, known=", ".join(ROLES[:-1]))
    row = {"name": name, "role": role, "scope": scope, "password": hashed(password), "made_at": now()}
    try:
        with engine.begin() as base:
            base.execute(insert(accounts).values(**row))
    except IntegrityError:
        raise Refused(409, "console.name_taken", name=name) from None


def hashed(password: str) -> str:
    """Return the argon2 hash of a pass word; refused when it is too short or long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused(422, "console.password_length", low=SHORTEST_PASSWORD, high=LONGEST_PASSWORD)
    return _hasher.hash(password)


def known(engine: Engine, name: str, password: str) -> Person | None:
    """Return the person with this name and pass word, or ``None``; both answers take as long."""
    with engine.connect() as base:
        row = base.execute(select(accounts).where(accounts.c.name == name)).mappings().first()
    open_ = row is not None and row["closed_at"] is None
    try:
        _hasher.verify(row["password"] if row and open_ else _nobody, password)
    except (VerificationError, InvalidHashError):
        return None
    return Person(row["name"], row["role"], row["scope"]) if row and open_ else None


def change(engine: Engine, name: str, **columns: Any) -> None:
    """Change an account's columns; refused when there is no such account."""
    with engine.begin() as base:
        done = base.execute(update(accounts).where(accounts.c.name == name).values(**columns))
    if not done.rowcount:
        raise Refused(404, "console.no_account", name=name)


def listed(engine: Engine) -> list[dict[str, Any]]:
    """Return every account without its pass word."""
    columns = [column for column in accounts.c if column.name != "password"]
    with engine.connect() as base:
        return [dict(row) for row in base.execute(select(*columns).order_by(accounts.c.name)).mappings()]


def count(engine: Engine) -> int:
    """Return how many accounts there are."""
    with engine.connect() as base:
        return int(base.execute(select(func.count()).select_from(accounts)).scalar_one())
