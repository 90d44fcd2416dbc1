"""A plan's text made plain, with the place of every character kept.

Full-width digits and signs become ordinary ones; line breaks inside a sentence, spaces and page numbers go; each
remaining character remembers its line and column in the file. A sign the extraction could not name (a private-use
character) between two digits is a decimal point whose glyph was lost: it is read as one, and remembered as such.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from postroad.errors import DataError, UsageError

LARGEST_BYTES = 20 * 2**20
_PAGE = re.compile(r"^[\s—－\-–·]*\d{1,4}[\s—－\-–·]*$")
_KEEP = set("〔〕％")


@dataclass(frozen=True)
class PlainText:
    """The joined text; ``line`` and ``column`` (from 1) of each character; ``starts``: first characters of lines.

    ``points`` are the characters that stand for a sign without a name between two digits.
    """

    text: str
    line: tuple[int, ...]
    column: tuple[int, ...]
    starts: frozenset[int]
    points: frozenset[int] = frozenset()

    def place(self, at: int) -> tuple[int, int]:
        """Return line and column of a character."""
        return self.line[at], self.column[at]


def read_text(path: str | Path) -> str:
    """Return a file's text, whether UTF-8, UTF-16 or GB18030.

    ``UsageError`` for a path that is no file, ``DataError`` for a file that is empty, too large or no text.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError.of("figures.no_file", path=str(path))
    if path.stat().st_size > LARGEST_BYTES:
        raise DataError.of("figures.too_large", path=str(path), most=LARGEST_BYTES // 2**20)
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and _looks_like_text(text):
            return text
    raise DataError.of("figures.not_text", path=str(path))


def _looks_like_text(text: str) -> bool:
    if not text.strip():
        return False
    odd = sum(1 for c in text if unicodedata.category(c) in ("Cc", "Cn") and c not in "\r\n\t\f")
    return odd / len(text) < 0.01


def plain(text: str, *, glyphs: bool = True) -> PlainText:
    """Return the text joined over line breaks, with ordinary digits, and where each character stood.

    Without ``glyphs``, signs without a name are dropped instead of being read as points.
    """
    kept = [
        (c, number, column, opens)
        for number, raw in enumerate(re.split(r"\r\n|[\n\r\f]", text), 1)
        if not _PAGE.match(unicodedata.normalize("NFKC", raw))
        for c, column, opens in _characters(raw)
    ]
    nameless = [unicodedata.category(c) == "Co" for c, *_ in kept]
    points = {
        k
        for k in range(1, len(kept) - 1)
        if glyphs and nameless[k] and kept[k - 1][0].isdigit() and kept[k + 1][0].isdigit()
    }
    stay = [k for k in range(len(kept)) if not nameless[k] or k in points]
    return PlainText(
        "".join("." if k in points else kept[k][0] for k in stay),
        tuple(kept[k][1] for k in stay),
        tuple(kept[k][2] for k in stay),
        frozenset(at for at, k in enumerate(stay) if kept[k][3]),
        frozenset(at for at, k in enumerate(stay) if k in points),
    )


def _characters(raw: str) -> list[tuple[str, int, bool]]:
    """The characters of a line that count, each with its column and whether it is the line's first."""
    found: list[tuple[str, int, bool]] = []
    for column, character in enumerate(raw, 1):
        simple = character if character in _KEEP else unicodedata.normalize("NFKC", character)
        for c in simple:
            if not c.isspace() and unicodedata.category(c) != "Cf":
                found.append(("%" if c == "％" else c, column, not found))
    return found
