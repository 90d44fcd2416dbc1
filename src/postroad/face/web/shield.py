"""What stands around every request: secure headers, host names, limits of size and of haste."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from postroad.face.web.problems import problem
from postroad.face.web.refusal import Refused
from postroad.face.web.sessions import COOKIE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from postroad.face.web.settings import Settings

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
LONG = ("/api/uploads", "/api/epcis/capture", "/api/ledgers/")
"""The paths whose bodies may be as long as an upload."""
MOST_BUCKETS = 20_000
OFFICE = 10
"""How many people in full haste may share one address."""


class Buckets:
    """A bucket of tokens for each asker: so many requests a second in the long run, so many at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, asker: str, cost: float = 1.0) -> float:
        """Take tokens and return 0, or return the seconds to wait until there are enough."""
        moment = time.monotonic()
        level, seen = self._level.get(asker, (self.burst, moment))
        level = min(self.burst, level + (moment - seen) * self.rate)
        short = cost - level
        self._level[asker] = (level if short > 0 else level - cost, moment)
        self._level.move_to_end(asker)
        while len(self._level) > MOST_BUCKETS:
            self._level.popitem(last=False)
        return short / self.rate if short > 0 else 0.0


class Shield:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.haste = Buckets(settings.requests_per_second, settings.burst)
        self.crowd = Buckets(OFFICE * settings.requests_per_second, OFFICE * settings.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self.settings.secure:
                    headers.setdefault("strict-transport-security", "max-age=31536000")
                if scope["path"].startswith("/api"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            self._refuse(scope)
            await self.app(scope, self._counted(scope, receive), dressed)
        except Refused as refused:
            await problem(refused)(scope, receive, dressed)

    def _refuse(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").rsplit(":", 1)[0] if "]" not in headers.get("host", "") else "[::1]"
        if host not in self.settings.names:
            raise Refused(421, "console.unknown_host", name=host[:100])
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._most(scope):
            raise Refused(413, "console.too_long", most=self._most(scope) >> 20)
        address, session = _asker(scope, headers)
        # A made-up cookie buys a bucket of its own, so what comes from one address is counted too.
        if wait := max(self.crowd.wait(address), self.haste.wait(f"{address} {session}")):
            raise Refused(429, "console.too_fast", wait, seconds=max(1, round(wait)))

    def _most(self, scope: Scope) -> int:
        return self.settings.upload_bytes if scope["path"].startswith(LONG) else self.settings.body_bytes

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """Return the receiver, which stops a body that turns out longer than it may be."""
        seen, most = 0, self._most(scope)

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise Refused(413, "console.too_long", most=most >> 20)
            return message

        return counted


def _asker(scope: Scope, headers: Headers) -> tuple[str, str]:
    """Name who asks: the address, and the session where there is one."""
    client = scope.get("client")
    cookies = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    session = next((value[:64] for name, _, value in cookies if name == COOKIE), "")
    return (str(client[0]) if client else "?"), session
