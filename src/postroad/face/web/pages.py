"""The console's built files: packed once, kept for ever where their name carries a digest, else asked for again."""

from __future__ import annotations

import mimetypes
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from postroad.face.web.answers import Answer, packed, send
from postroad.face.web.refusal import Refused

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
ASK_AGAIN = {"cache-control": "no-cache"}


def attach(app: FastAPI) -> None:
    """Serve the console: its files by name, and its page at every other address outside the interface."""
    held = {name: packed(file.read_bytes(), _kind(name)) for name, file in _files().items()}

    @app.get("/{path:path}", include_in_schema=False)
    def page(request: Request, path: str) -> Response:
        if path.startswith("api/") or path == "api":
            raise Refused(404, "console.not_there")
        if found := held.get(path):
            return send(request, found, FOREVER if path.startswith("assets/") else ASK_AGAIN)
        if "." in path.rsplit("/", 1)[-1]:
            raise Refused(404, "console.not_there")
        return send(request, _index(held), ASK_AGAIN)


def _index(held: dict[str, Answer]) -> Answer:
    if "index.html" not in held:
        raise Refused(404, "console.not_built")
    return held["index.html"]


def _files() -> dict[str, Traversable]:
    root = files("postroad.face").joinpath("console")
    found: dict[str, Traversable] = {}

    def walk(folder: Traversable, before: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{before}{entry.name}/")
            else:
                found[before + entry.name] = entry

    if root.is_dir():
        walk(root, "")
    return found


def _kind(name: str) -> str:
    if name.endswith((".js", ".mjs")):
        return "text/javascript"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
