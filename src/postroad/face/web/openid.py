"""Sign-in through OpenID Connect, with authlib: the code flow with PKCE, state and nonce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postroad.errors import UsageError
from postroad.face.web.accounts import ROLES, Person
from postroad.face.web.refusal import Refused

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from postroad.face.web.settings import OpenId


class Issuer:
    """One issuer: where to send people, and who they are when they come back."""

    def __init__(self, given: OpenId) -> None:
        try:
            from authlib.integrations.starlette_client import OAuth
        except ImportError as missing:
            raise UsageError.of("errors.extra_missing", extra="oidc", what="authlib") from missing
        self.given = given
        known: Any = OAuth()
        self.client: Any = known.register(
            "issuer", client_id=given.client_id, client_secret=given.client_secret,
            server_metadata_url=f"{given.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
        )  # fmt: skip

    async def begin(self, request: Request) -> Response:
        """Return the way to the issuer."""
        answer: Response = await self.client.authorize_redirect(request, str(request.url_for("open_id_return")))
        answer.status_code = 303
        return answer

    async def end(self, request: Request) -> Person:
        """Return who came back; refused when the issuer did not vouch for them or named no role of ours."""
        from authlib.integrations.base_client import OAuthError

        try:
            token = await self.client.authorize_access_token(request)
        except OAuthError as wrong:
            raise Refused(401, "console.open_id_refused", detail=str(wrong)[:200]) from wrong
        claims = token.get("userinfo") or {}
        role = str(claims.get(self.given.role_claim, ""))
        if role not in ROLES[:-1]:
            raise Refused(403, "console.open_id_no_role", claim=self.given.role_claim)
        name = str(claims.get("preferred_username") or claims["sub"])
        return Person(f"oidc:{name}"[:80], role, str(claims.get(self.given.scope_claim, ""))[:80])


def attach(app: FastAPI, given: OpenId | None) -> None:
    """Give the application an issuer; the cookie of the flow holds its state and nonce, signed, for ten minutes."""
    if given is None:
        return
    import secrets

    from starlette.middleware.sessions import SessionMiddleware

    app.state.issuer = Issuer(given)
    app.add_middleware(
        SessionMiddleware, secret_key=secrets.token_urlsafe(32), session_cookie="postroad_flow", max_age=600
    )
