"""Who acts: a role, the scope it is confined to, and the code the audit log knows the person by."""

from __future__ import annotations

from dataclasses import dataclass

from postroad.errors import UsageError

ROLES = ("province", "prefecture", "enterprise", "inspector", "public")
SCOPED = {"prefecture": "prefecture_id", "enterprise": "operator_id", "inspector": "officers"}
"""The column a role is confined to."""


@dataclass(frozen=True)
class Actor:
    """A role with its scope: a prefecture, an operator or an inspector's code; empty for province and public."""

    role: str
    scope: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise UsageError.of("cases.no_such_role", value=self.role, known=", ".join(ROLES))
        if (self.role in SCOPED) != bool(self.scope):
            raise UsageError.of("cases.scope_wanted" if self.role in SCOPED else "cases.no_scope", value=self.role)
        if set(self.scope + self.code) & set(";:%"):
            raise UsageError.of("cases.bad_scope", value=f"{self.scope}{self.code}")

    @classmethod
    def named(cls, text: str) -> Actor:
        """Return the actor written ``role[:scope[:code]]``."""
        role, _, rest = text.partition(":")
        scope, _, code = rest.partition(":")
        return cls(role, scope, code)

    def __str__(self) -> str:
        return ":".join(filter(None, (self.role, self.scope, self.code)))
