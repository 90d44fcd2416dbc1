"""Where the server keeps its things and what it allows; every field has a default that works offline."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class OpenId:
    """Sign-in through OpenID Connect: the issuer, our client there, and which of its claims names role and scope.

    ``roles`` says which of our roles a value of the claim stands for, such as a group of the office's directory.
    """

    issuer: str
    client_id: str
    client_secret: str
    role_claim: str = "postroad_role"
    scope_claim: str = "postroad_scope"
    roles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> OpenId | None:
        """Return what POSTROAD_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET say, or ``None`` when they are not set.

        POSTROAD_OIDC_ROLE_CLAIM and _SCOPE_CLAIM name the claims; POSTROAD_OIDC_ROLES maps values of the first:
        ``planning-office=province;inspectors=inspector``.
        """
        told = {name: os.environ.get(f"POSTROAD_OIDC_{name}", "") for name in _VARIABLES}
        if not all(told[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")):
            return None
        pairs = (part.partition("=") for part in told["ROLES"].split(";") if "=" in part)
        return cls(
            told["ISSUER"], told["CLIENT_ID"], told["CLIENT_SECRET"], told["ROLE_CLAIM"] or cls.role_claim,
            told["SCOPE_CLAIM"] or cls.scope_claim, {name.strip(): role.strip() for name, _, role in pairs},
        )  # fmt: skip


_VARIABLES = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "ROLE_CLAIM", "SCOPE_CLAIM", "ROLES")


def _listed(variable: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in os.environ.get(variable, "").split(",") if one.strip())


@dataclass(frozen=True)
class Settings:
    """How one server runs.

    ``key`` signs the person who started the server in, through the address printed at the start. ``names`` are the
    host names the server answers to, so that a foreign page cannot reach it under another. ``secure`` is true behind
    TLS. ``runs`` are further folders whose results are shown. ``callbacks`` are the hosts that subscriptions may call
    at private addresses and without TLS, by default those of POSTROAD_CALLBACKS, with commas between them.
    """

    home: Path
    database: str = ""
    key: str = ""
    names: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]", "testserver")
    secure: bool = False
    workers: int = 1
    upload_bytes: int = 256 * MEGABYTE
    body_bytes: int = 2 * MEGABYTE
    requests_per_second: float = 60.0
    burst: int = 240
    session_hours: float = 12.0
    runs: tuple[Path, ...] = ()
    open_id: OpenId | None = field(default_factory=OpenId.from_environment)
    callbacks: tuple[str, ...] = field(default_factory=lambda: _listed("POSTROAD_CALLBACKS"))

    @property
    def address(self) -> str:
        """The address of the database: the one given, else a SQLite file in the home folder."""
        return self.database or f"sqlite:///{self.home / 'web.sqlite3'}"

    @property
    def records_address(self) -> str:
        """The address of the database of record: the one given, else a SQLite file of its own."""
        return self.database or f"sqlite:///{self.home / 'records.sqlite3'}"

    def folder(self, name: str) -> Path:
        """Return a folder in the home folder, made when it is not there."""
        made = self.home / name
        made.mkdir(parents=True, exist_ok=True)
        return made
