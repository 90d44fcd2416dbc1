"""Answers worked out once and sent packed: the same question from two hundred people is one computation.

An answer is keyed by what it depends on (a network's fingerprint, options), so it never goes stale; the least used
ones are forgotten. The entity tag is the digest of the bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

MOST_BYTES = 96 << 20
WORTH_PACKING = 1024


@dataclass(frozen=True)
class Answer:
    """The bytes of an answer, plain and packed, with their tag and type."""

    plain: bytes
    packed: bytes
    tag: str
    kind: str

    @property
    def size(self) -> int:
        """What it weighs in memory."""
        return len(self.plain) + len(self.packed)


class Answers:
    """Answers by key, the least recently used forgotten first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self._held: OrderedDict[Hashable, Answer] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def of(self, key: Hashable, make: Callable[[], Any], kind: str = "application/json") -> Answer:
        """Return the answer of a key, made by the first who asks while the others wait for it."""
        with self._lock:
            if found := self._held.get(key):
                self._held.move_to_end(key)
                return found
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            with self._lock:
                if found := self._held.get(key):
                    return found
            made = packed(make(), kind)
            with self._lock:
                self._keep(key, made)
            return made

    def _keep(self, key: Hashable, made: Answer) -> None:
        self._held[key] = made
        self._locks.pop(key, None)
        self.bytes += made.size
        while self.bytes > self.most_bytes and len(self._held) > 1:
            _, gone = self._held.popitem(last=False)
            self.bytes -= gone.size


def packed(value: Any, kind: str = "application/json") -> Answer:
    """Return a value as an answer: bytes as they are, anything else as JSON."""
    if isinstance(value, bytes):
        plain = value
    else:
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str).encode()
    small = gzip.compress(plain, 6, mtime=0) if len(plain) >= WORTH_PACKING else b""
    return Answer(plain, small, f'"{hashlib.sha256(plain).hexdigest()[:24]}"', kind)


def send(request: Request, answer: Answer, headers: dict[str, str] | None = None) -> Response:
    """Return the response: nothing but the tag when the asker has it already, packed where it may be."""
    told = {"etag": answer.tag, "cache-control": "private, no-cache", "vary": "accept-encoding, cookie"}
    told |= headers or {}
    if request.headers.get("if-none-match") == answer.tag:
        return Response(status_code=304, headers=told)
    if answer.packed and "gzip" in request.headers.get("accept-encoding", ""):
        told["content-encoding"] = "gzip"
        return Response(answer.packed, media_type=answer.kind, headers=told)
    return Response(answer.plain, media_type=answer.kind, headers=told)
