"""Calls to others' servers: signed, over TLS, to public addresses only, unless the office names a host.

The address is looked up once and the connection goes to what was found, so that a name cannot mean one machine when it
is looked at and another when it is called. Redirections are not followed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from postroad.face.web.refusal import Refused

TIMEOUT_S = 10.0
SIGNATURE = "GS1-Signature"
READ_BYTES = 1 << 16


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked up before, under the name it was looked up by."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address, self._context = address, context

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


def checked(dest: str, allowed: tuple[str, ...]) -> tuple[str, int, bool]:
    """Return host, port and whether TLS is used; refused when the address may not be called.

    A host of ``allowed`` may be called without TLS and at a private address.
    """
    try:
        told = urlsplit(dest)
        host, port = told.hostname or "", told.port
    except ValueError:
        raise Refused(422, "console.callback_address", value=dest[:200]) from None
    if told.scheme not in ("http", "https") or not host or told.username or told.password or told.fragment:
        raise Refused(422, "console.callback_address", value=dest[:200])
    if host not in allowed:
        if told.scheme != "https":
            raise Refused(422, "console.callback_address", value=dest[:200])
        if _is_address(host) and not ipaddress.ip_address(host).is_global:
            raise Refused(422, "console.callback_private", value=host)
    return host, port or (443 if told.scheme == "https" else 80), told.scheme == "https"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _looked_up(host: str, port: int, allowed: tuple[str, ...]) -> str:
    """The address a name stands for; refused when any that it stands for is not public."""
    found = [str(told[4][0]) for told in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if host not in allowed and not all(ipaddress.ip_address(one.split("%")[0]).is_global for one in found):
        raise Refused(422, "console.callback_private", value=host)
    return found[0]


def signature(token: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of a body under the token that only the two sides know."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def post(dest: str, document: dict[str, Any], token: str, allowed: tuple[str, ...]) -> int:
    """Send a document and return the status answered; ``OSError`` when nobody answers, refused as ``checked``."""
    host, port, tls = checked(dest, allowed)
    context = ssl.create_default_context() if tls else None
    body = json.dumps(document, ensure_ascii=False).encode()
    link = _Pinned(host, port, _looked_up(host, port, allowed), context)
    told = urlsplit(dest)
    headers = {"Content-Type": "application/ld+json", "GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
    if token:
        headers[SIGNATURE] = signature(token, body)
    try:
        link.request("POST", (told.path or "/") + (f"?{told.query}" if told.query else ""), body, headers)
        answer = link.getresponse()
        answer.read(READ_BYTES)
        return answer.status
    except http.client.HTTPException as broken:
        raise ConnectionError(f"{type(broken).__name__}: {broken}") from broken
    finally:
        link.close()
