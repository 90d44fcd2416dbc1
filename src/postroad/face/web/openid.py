"""Sign-in through OpenID Connect, with authlib: the code flow with PKCE, state and nonce."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection

from postroad.errors import UsageError
from postroad.face.web.accounts import ROLES, Person
from postroad.face.web.refusal import Refused

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from postroad.face.web.settings import OpenId

PATH = "/api/session/open-id"
FLOW_COOKIE, FLOW_S, MOST_FLOWS = "postroad_flow", 600, 2000


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
        from httpx import HTTPError

        try:
            answer: Response = await self.client.authorize_redirect(request, str(request.url_for("open_id_return")))
        except HTTPError as silent:
            raise Refused(401, "console.open_id_refused", detail=str(silent)[:200]) from silent
        answer.status_code = 303
        return answer

    async def end(self, request: Request) -> Person:
        """Return who came back; refused when the issuer did not vouch for them or named no role of ours."""
        from authlib.integrations.base_client import OAuthError
        from httpx import HTTPError
        from joserfc.errors import JoseError

        try:
            token = await self.client.authorize_access_token(request)
        except (OAuthError, JoseError, HTTPError) as wrong:
            raise Refused(401, "console.open_id_refused", detail=str(wrong)[:200]) from wrong
        claims = token.get("userinfo") or {}
        role = self._role(claims.get(self.given.role_claim))
        if not role:
            raise Refused(403, "console.open_id_no_role", claim=self.given.role_claim)
        name = str(claims.get("preferred_username") or claims["sub"])
        return Person(f"oidc:{name}"[:80], role, str(claims.get(self.given.scope_claim) or "")[:80])

    def _role(self, told: Any) -> str:
        """Return the first role of ours, from the most to the least powerful, that a claim names or is mapped to."""
        names = [str(one) for one in told] if isinstance(told, list) else [str(told or "")]
        ours = {self.given.roles.get(name, name) for name in names}
        return next((role for role in ROLES[:-1] if role in ours), "")


class Flow:
    """Keeps the state and nonce of a sign-in under way in this server, known by a cookie, for ten minutes."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self.app, self.secure = app, secure
        self._held: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give a request of the flow its state, and the browser its cookie."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self.app(scope, receive, send)
            return
        moment = time.monotonic()
        while self._held and (len(self._held) > MOST_FLOWS or next(iter(self._held.values()))[0] < moment):
            self._held.popitem(last=False)
        token = HTTPConnection(scope).cookies.get(FLOW_COOKIE, "")
        fresh = token not in self._held
        token = secrets.token_urlsafe(32) if fresh else token
        scope["session"] = self._held.setdefault(token, (moment + FLOW_S, {}))[1]

        async def told(message: Message) -> None:
            if fresh and message["type"] == "http.response.start":
                secure = "; Secure" if self.secure else ""
                cookie = f"{FLOW_COOKIE}={token}; Path={PATH}; Max-Age={FLOW_S}; HttpOnly; SameSite=Lax{secure}"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self.app(scope, receive, told)


def attach(app: FastAPI, given: OpenId | None, secure: bool) -> None:
    """Give the application an issuer."""
    if given is None:
        return
    app.state.issuer = Issuer(given)
    app.add_middleware(Flow, secure=secure)
