"""Progress bars and tables in the terminal; everything but results goes to the error stream."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from postroad.errors import UsageError
from postroad.parallel import Progress

STYLES = {
    "met": "green", "on_track": "green", "at_risk": "yellow", "off_track": "red", "missed": "red", "unknown": "dim",
    "certain": "green", "probable": "yellow", "ambiguous": "yellow", "implausible": "red",
}  # fmt: skip
CHINA = dt.timezone(dt.timedelta(hours=8))
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def called() -> str:
    """Return how this shell reaches the command: by name where its path leads here, else by the way it was called."""
    here = Path(sys.argv[0])
    found = shutil.which(here.name)
    if found and here.exists() and Path(found).samefile(here):
        return here.name
    return shlex.quote(str(here.resolve()) if here.exists() else str(here))


@contextmanager
def progress(note: str) -> Iterator[Callable[[Progress], None]]:
    """Show a bar on the error stream while the block runs; the yielded function moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=err, transient=not err.is_terminal) as bars:
        task = bars.add_task(note, total=None)

        def move(step: Progress) -> None:
            bars.update(task, completed=step.done, total=step.total or None)

        yield move


def print_json(value: Any) -> None:
    """Print one JSON document on the output stream."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n")


def day(text: str | None) -> dt.date | None:
    """Return a date given as text; ``UsageError`` when it is none."""
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError.of("face.bad_date", value=text) from None


def moment(text: str) -> dt.datetime | None:
    """Return a time given as text, in China's time as records have it; ``UsageError`` when it is none."""
    try:
        told = dt.datetime.fromisoformat(text) if text else None
        return told.astimezone(CHINA).replace(tzinfo=None) if told is not None and told.tzinfo else told
    except (ValueError, OverflowError):
        raise UsageError.of("face.bad_date", value=text) from None


def write_text(path: Path, text: str) -> Path:
    """Write a file whole or not at all, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path
