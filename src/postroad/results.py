"""Results as values: tables with a stamp that says from which inputs, options, seed and version they came.

A result is saved as a folder of Parquet files plus ``run.json``, whole or not at all. Its run id is a digest of the
stamp without the time, so the same question asked twice has the same id, and a report can print it beside each number.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from postroad import __version__
from postroad.errors import UsageError
from postroad.shown import Shown

STAMP_FILE = "run.json"


@dataclass(frozen=True)
class Stamp:
    """Where a result comes from: what made it, the fingerprint of its inputs, options, seed, version and time."""

    kind: str
    inputs: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    version: str = __version__
    made_at: str = ""

    @classmethod
    def now(cls, kind: str, inputs: str, options: Mapping[str, Any] | None = None, seed: int = 0) -> Stamp:
        """Return the stamp of a result made at this moment."""
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(kind, inputs, MappingProxyType(dict(options or {})), seed, __version__, made_at)

    @classmethod
    def of_tables(cls, kind: str, tables: Mapping[str, pl.DataFrame], options: Mapping[str, Any]) -> Stamp:
        """Return the stamp of tables whose inputs are not at hand any more: their own content is the fingerprint."""
        digest = hashlib.sha256()
        for name, frame in sorted(tables.items()):
            digest.update(f"table {name}\n{frame.write_csv()}".encode())
        return cls.now(kind, digest.hexdigest(), options)

    @property
    def run_id(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 over kind, inputs, options, seed and version."""
        told = {"kind": self.kind, "inputs": self.inputs, "options": dict(self.options), "seed": self.seed}
        text = json.dumps({**told, "version": self.version}, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """Return the stamp as plain values, the run id included."""
        plain = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {"run_id": self.run_id, **plain, "options": dict(self.options)}


@dataclass(frozen=True, repr=False)
class Result(Shown):
    """Tables with a stamp, and single figures (``facts``) that belong to no table: objective, bound, seconds."""

    stamp: Stamp
    tables: Mapping[str, pl.DataFrame]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, table: str) -> pl.DataFrame:
        if table not in self.tables:
            raise UsageError.of("results.no_such_table", asked=table, known=", ".join(self.tables))
        return self.tables[table].clone()

    @property
    def run_id(self) -> str:
        """The id to print beside each number of this result."""
        return self.stamp.run_id

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {frame.height:,}" for name, frame in self.tables.items())
        return f"<{type(self).__name__} {self.stamp.kind} {self.run_id}: {sizes}>"

    def told(self) -> Result:
        """Return the result itself: its tables are what it shows."""
        return self

    def save(self, folder: str | Path) -> Path:
        """Write the tables as Parquet and the stamp as ``run.json``, whole or not at all, and return the folder."""
        return save(folder, self.stamp, self.tables, self.facts)

    @classmethod
    def load(cls, folder: str | Path) -> Result:
        """Return a saved result; ``UsageError`` when the folder holds none that was finished."""
        stamp, facts = read_stamp(folder)
        tables = {file.stem: pl.read_parquet(file) for file in sorted(Path(folder).glob("*.parquet"))}
        return cls(stamp, MappingProxyType(tables), MappingProxyType(facts))


def save(
    folder: str | Path,
    stamp: Stamp,
    tables: Mapping[str, pl.DataFrame],
    facts: Mapping[str, Any] | None = None,
    also: Callable[[Path], None] | None = None,
) -> Path:
    """Write a result's folder beside its place and move it there when whole; an older one is replaced.

    ``also`` writes what is too large to hold, into the folder it is given.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-{_HERE}-{os.getpid()}-", dir=folder.parent))
    try:
        for name, frame in tables.items():
            frame.write_parquet(fresh / f"{name}.parquet")
        if also:
            also(fresh)
        write_stamp(fresh, stamp, facts or {})
        fresh.chmod(0o755)
        _replace(fresh, folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return folder


def write_stamp(folder: Path, stamp: Stamp, facts: Mapping[str, Any]) -> None:
    """Write ``run.json``; it goes last, so that a folder without it never looks finished."""
    told = {**stamp.as_dict(), "facts": dict(facts)}
    part = folder / f"{STAMP_FILE}.part"
    with part.open("w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, indent=1, default=str)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / STAMP_FILE)


def read_stamp(folder: str | Path) -> tuple[Stamp, dict[str, Any]]:
    """Return the stamp and the facts of a saved result; ``UsageError`` when the folder holds none."""
    file = Path(folder) / STAMP_FILE
    if not file.is_file():
        raise UsageError.of("results.none_there", path=str(folder))
    told = json.loads(file.read_text("utf-8"))
    told.pop("run_id")
    facts = told.pop("facts")
    return Stamp(**{**told, "options": MappingProxyType(told["options"])}), facts


_HERE = re.sub(r"[^0-9A-Za-z]", "_", platform.node())


def _sweep(folder: Path) -> None:
    """Remove what a killed process of this machine left half written beside the folder."""
    for left in folder.parent.glob(f".{folder.name}-{_HERE}-*-*"):
        owner = left.name.split("-")[-2]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _replace(fresh: Path, folder: Path) -> None:
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
        folder.replace(old / folder.name)
        fresh.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        fresh.replace(folder)
