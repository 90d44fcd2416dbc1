"""The files that every contender reads, and the time until which silence counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

UNTIL = dt.datetime(2026, 1, 20)
KNOWN = dt.datetime(2026, 1, 20)
"""When the files are known, for the rule that no record may lie after that."""


def in_order(feed: Path) -> list[Path]:
    """The files in the order an office takes them: registers, the day's files, corrections."""
    return sorted(
        feed.glob("*.csv"), key=lambda f: (not f.name.startswith(("outlets", "machines")), "-later" in f.name, f.name)
    )
