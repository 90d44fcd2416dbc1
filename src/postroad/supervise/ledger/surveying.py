"""A file gone over once before it is read: its digest, and of a CSV the extents of its lines and its encoding."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from postroad.errors import DataError
from postroad.supervise.ledger import blocks
from postroad.supervise.ledger.durable import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from postroad.supervise.ledger.blocks import Extent

EXTENT_BYTES = 48 << 20
LONGEST_LINE, LAST_ASCII = 1 << 20, 127


class Head(NamedTuple):
    """A CSV's first line: the names in it, the bytes it takes, the encoding, and whether the names leave that open."""

    names: list[str]
    size: int
    encoding: str
    ascii: bool


@dataclass(frozen=True)
class Surveyed:
    """A file gone over once: its SHA-256, and of a CSV its names, its extents and its encoding."""

    sha256: str
    names: list[str] = field(default_factory=list)
    extents: Iterable[Extent] = ()
    encoding: str = ""


def surveyed(path: Path, form: str) -> Surveyed:
    """Go over a file once; ``DataError`` when it has no readable header."""
    if form != "csv":
        return Surveyed(digest_of(path))
    digest, odd = hashlib.sha256(), False

    def heard(data: memoryview) -> None:
        nonlocal odd
        digest.update(data)
        odd = odd or bool(np.frombuffer(data, np.uint8).max() > LAST_ASCII)

    first = head(path)
    extents = list(blocks.extents(path, EXTENT_BYTES, first.size, heard))
    encoding = _encoding(path, extents) if odd and first.ascii else first.encoding
    return Surveyed(digest.hexdigest(), first.names, extents, encoding)


def glanced(path: Path, extent_bytes: int) -> Surveyed:
    """Return a CSV's extents, found as they are asked for, by what its header tells; without its SHA-256."""
    first = head(path)
    return Surveyed("", first.names, blocks.extents(path, extent_bytes, first.size), first.encoding)


def _encoding(path: Path, extents: list[Extent]) -> str:
    """GB18030 where every line with other than ASCII signs can be that, and none of them UTF-8; else UTF-8."""
    for extent in extents:
        for data in blocks.helpings(path, extent):
            for line in data.tobytes().split(b"\n") if data.max() > LAST_ASCII else ():
                if not line.isascii() and (decodes(line, "utf-8") or not decodes(line, "gb18030")):
                    return "utf-8"
    return "gb18030"


def decodes(text: bytes, encoding: str) -> bool:
    """Whether bytes are text in an encoding."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def head(path: Path) -> Head:
    """Return what a CSV's first line tells; ``DataError`` when it is in neither encoding."""
    with path.open("rb") as file:
        line = file.readline(LONGEST_LINE)
    bare = line.removeprefix(b"\xef\xbb\xbf")
    for encoding in ("utf-8", "gb18030"):
        try:
            names = next(csv.reader([bare.decode(encoding).rstrip("\r\n")]), [])
        except (UnicodeDecodeError, csv.Error):
            continue
        return Head(names, len(line), encoding, line.isascii())
    raise DataError.of("ledger.cannot_read", path=str(path), detail="UTF-8, GB18030")
