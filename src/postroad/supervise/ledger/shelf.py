"""A ledger on object storage: what its log names is put there whole, each commit after all it names.

The folder stays where files are taken in, under its lock; ``put`` brings the shelf up to it and may be killed at any
moment: a reader sees the commits that are there, and for each all of its files. Nothing on a shelf is written over.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import DataError, Stopped, UsageError
from postroad.parallel import Progress
from postroad.supervise.ledger.store import ABOUT, ORIGINS, VERSION, Ledger, Shelf
from postroad.supervise.ledger.writer import BESIDE

if TYPE_CHECKING:
    from collections.abc import Callable

DISKS = ("file:", "local:")


def reach(address: str) -> Shelf:
    """Return the shelf at an address such as ``s3://bucket/ledger``, through whichever fsspec file system serves it."""
    try:
        import fsspec

        # Object storage has no folders to be made; a disk has.
        more = {"auto_mkdir": True} if address.startswith(DISKS) else {}
        filesystem, _ = fsspec.core.url_to_fs(address, **more)
    except (ImportError, ValueError, OSError) as wrong:
        raise UsageError.of("ledger.no_shelf", path=address, detail=str(wrong).splitlines()[0]) from None
    return Shelf(address.rstrip("/"), filesystem)


def put(
    ledger: Ledger,
    shelf: Shelf,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> dict[str, int]:
    """Put what the shelf does not hold yet, and return how many commits, files and bytes that was.

    ``DataError`` when another ledger stands there.
    """
    there = _commits(shelf)
    if there and (len(there) > len(ledger.commits) or there[-1]["log"] != ledger.commits[len(there) - 1]["log"]):
        raise DataError.of("ledger.other_shelf", path=shelf.address)
    counts = {"commits": 0, "files": 0, "bytes": 0}
    if not there:
        _put(shelf, ABOUT, json.dumps(ledger.about).encode())
    for commit in ledger.commits[len(there) :]:
        for path in _named(commit["entry"]):
            if stop and stop():
                raise Stopped.of("errors.stopped", done=counts["commits"], total=len(ledger.commits) - len(there))
            content = (ledger.root / path).read_bytes()
            _put(shelf, path, content)
            counts["files"] += 1
            counts["bytes"] += len(content)
        told = json.dumps(commit, ensure_ascii=False).encode()
        _put(shelf, f"commits/{commit['entry']['seq']:08d}.json", told)
        counts["commits"] += 1
        if progress:
            progress(Progress(counts["commits"], len(ledger.commits) - len(there)))
    return counts


def _put(shelf: Shelf, path: str, content: bytes) -> None:
    """Put a file whole or not at all; on a disk, where a put is no single act, by a move into place."""
    to = _at(shelf, path)
    if not shelf.address.startswith(DISKS):
        shelf.filesystem.pipe_file(to, content)
        return
    shelf.filesystem.pipe_file(f"{to}.part", content)
    shelf.filesystem.mv(f"{to}.part", to)


def opened(shelf: Shelf) -> Shelved:
    """Return the ledger on a shelf; ``UsageError`` when there is none."""
    try:
        there = shelf.filesystem.exists(_at(shelf, ABOUT))
    except OSError as wrong:
        raise UsageError.of("ledger.no_shelf", path=shelf.address, detail=str(wrong).splitlines()[0]) from None
    if not there:
        raise UsageError.of("ledger.none_there", path=shelf.address)
    try:
        about = json.loads(shelf.filesystem.cat_file(_at(shelf, ABOUT)))
        if about["version"] != VERSION or about["origin"] not in ORIGINS:
            raise DataError.of("ledger.not_this_version", path=shelf.address)
    except (ValueError, KeyError, TypeError) as wrong:
        raise DataError.of("ledger.not_this_version", path=shelf.address) from wrong
    made = Shelved(Path(tempfile.gettempdir()) / "postroad", about, shelf)
    made.commits = _commits(shelf)
    return made


class Shelved(Ledger):
    """A ledger read from object storage alone; only to be asked."""

    def read(self, path: str, columns: list[str] | None = None) -> pl.DataFrame:
        """Return the rows of a file that a commit names."""
        if self.shelf is None:
            raise RuntimeError("a ledger on a shelf has a shelf")
        return pl.read_parquet(io.BytesIO(self.shelf.filesystem.cat_file(_at(self.shelf, path))), columns=columns)


def _at(shelf: Shelf, path: str) -> str:
    return f"{shelf.address}/{path}"


def _named(entry: dict[str, Any]) -> list[str]:
    """The files that a commit names."""
    if entry["what"] != "file":
        return []
    return [part["path"] for part in entry["parts"]] + [entry[name] for name in BESIDE if entry[name]]


def _commits(shelf: Shelf) -> list[dict[str, Any]]:
    """The commits on a shelf in order; ``DataError`` when one between others is wanting."""
    folder = _at(shelf, "commits")
    shelf.filesystem.invalidate_cache()
    if not shelf.filesystem.exists(folder):
        return []
    names = sorted(name for name in shelf.filesystem.ls(folder, detail=False) if name.endswith(".json"))
    held = shelf.filesystem.cat(names) if names else {}
    found = [json.loads(held[name]) for name in names]
    if [commit["log"]["size"] for commit in found] != list(range(1, len(found) + 1)):
        raise DataError.of("ledger.log_broken", path=folder)
    return found
