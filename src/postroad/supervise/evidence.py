"""Evidence is kept where it was taken; the record holds its SHA-256, so that it can be shown to be the same."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from postroad.errors import DataError


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()


def checked(column: str, value: str) -> str:
    """Return a SHA-256 in lower case; ``DataError`` when it is none."""
    if not re.fullmatch(r"[0-9a-f]{64}", value.lower()):
        raise DataError.of("cases.no_digest", column=column, value=value)
    return value.lower()
