"""The ledger's folder: Parquet parts by kind, day and operator, and an append-only log of commits that names them.

    about.json          what the ledger is: version, and whether its records are observed or synthetic
    commits/*.json      one a file taken, numbered; a part not named here does not exist for a reader
    parts/              kind/day=.../operator=.../<digest>-<chunk>.parquet
    quarantine/ superseded/ sealed/     one Parquet file a commit, where there is something to keep

A commit is written beside its place, flushed to disk and moved there, after everything it names was flushed. The log is
a Merkle tree over the commits: each holds the tree's size and root, and the roots of its parts.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from postroad.errors import DataError, Fault, UsageError
from postroad.language import Text
from postroad.parallel import Progress
from postroad.supervise.ledger.asking import MEMORY_MB, Asking, prepared, quoted
from postroad.supervise.ledger.durable import digest_of, write_synced
from postroad.supervise.ledger.kinds import CLOCK, kinds, stored
from postroad.supervise.ledger.writer import Writer, canonical
from postroad.supervise.merkle import Tree, leaf_hash

VERSION = 1
ORIGINS = ("observed", "synthetic")
ABOUT = "about.json"
REPLACED = pl.DataFrame(schema={"part": pl.String, "line": pl.UInt32})
_SQL = {pl.String(): "VARCHAR", pl.Boolean(): "BOOLEAN", pl.Int64(): "BIGINT", pl.Float64(): "DOUBLE",
        pl.Date(): "DATE", pl.Datetime("us"): "TIMESTAMP", pl.Binary(): "BLOB"}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One Parquet file of records: its kind, the days and operators in it, and when it was known."""

    path: str
    kind: str
    first_day: str
    last_day: str
    operators: tuple[str, ...]
    rows: int
    sha256: str
    root: str
    withdrawals: bool
    seq: int
    known_at: dt.datetime


def _commit_in(file: Path) -> dict[str, Any] | None:
    """A commit; ``None`` when what stands there is none."""
    try:
        commit: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return commit if {"entry", "log"} <= commit.keys() and "size" in commit["log"] else None
    except (ValueError, AttributeError, TypeError):
        return None


def _parts_in(entry: dict[str, Any]) -> list[Part]:
    """The parts that a commit of a file names."""
    known = dt.datetime.fromisoformat(entry["known_at"])
    more = {"seq": entry["seq"], "known_at": known}
    return [Part(**{**told, "operators": tuple(told["operators"]), **more}) for told in entry["parts"]]


@dataclass(frozen=True)
class Head:
    """The state of the log: how many commits, and the root over them."""

    size: int
    root: str


@dataclass(frozen=True)
class Shelf:
    """Object storage that holds a copy of a ledger's parts: its address and an fsspec file system for it."""

    address: str
    filesystem: Any


class Ledger:
    """A ledger in a folder; reading needs no lock, writing takes it with ``writing``."""

    def __init__(self, root: Path, about: dict[str, Any], shelf: Shelf | None = None) -> None:
        self.root, self.about, self.shelf = root, about, shelf
        self._parts: list[Part] = []
        self._read_up_to = 0
        self._replaced: dict[str, pl.DataFrame] = {}

    @classmethod
    def open(cls, root: str | Path, shelf: Shelf | None = None) -> Ledger:
        """Return the ledger in a folder; ``UsageError`` when there is none.

        With ``shelf`` queries read the parts from object storage, where the folder's ``parts`` were copied to.
        """
        file = Path(root) / ABOUT
        if not file.is_file():
            raise UsageError.of("ledger.none_there", path=str(root))
        try:
            about = json.loads(file.read_text("utf-8"))
            if about["version"] != VERSION or about["origin"] not in ORIGINS:
                raise DataError.of("ledger.not_this_version", path=str(file))
        except (ValueError, KeyError, TypeError) as wrong:
            raise DataError.of("ledger.not_this_version", path=str(file)) from wrong
        return cls(Path(root), about, shelf)

    @classmethod
    def create(cls, root: str | Path, origin: str) -> Ledger:
        """Return the ledger in a folder, made when there is none; ``UsageError`` when it is of another origin."""
        root = Path(root)
        if not (root / ABOUT).is_file():
            root.mkdir(parents=True, exist_ok=True)
            write_synced(root / ABOUT, json.dumps({"version": VERSION, "origin": origin}).encode())
        ledger = cls.open(root)
        if ledger.origin != origin:
            held, asked = (Text.of(f"face.origin_{word}") for word in (ledger.origin, origin))
            raise UsageError.of("ledger.other_origin", path=str(root), held=held, asked=asked)
        return ledger

    @property
    def origin(self) -> str:
        """Whether the records are observed or synthetic; one ledger never holds both."""
        return str(self.about["origin"])

    @cached_property
    def commits(self) -> list[dict[str, Any]]:
        """Every commit in order, as it stood when first asked; see ``again``."""
        found, broken = [], []
        for file in sorted((self.root / "commits").glob("[0-9]*.json")):
            commit = _commit_in(file)
            if commit is None:
                broken.append(Fault.of("ledger.part_changed", path=f"commits/{file.name}"))
            else:
                found.append(commit)
        if broken:
            raise DataError(broken)
        if [c["log"]["size"] for c in found] != list(range(1, len(found) + 1)):
            raise DataError.of("ledger.log_broken", path=str(self.root / "commits"))
        return found

    def again(self) -> Ledger:
        """Return the ledger with the commits there are now."""
        return Ledger(self.root, self.about, self.shelf)

    @property
    def head(self) -> Head:
        """Size and root of the log."""
        if not self.commits:
            return Head(0, Tree([]).root.hex())
        log = self.commits[-1]["log"]
        return Head(log["size"], log["root"])

    def tree(self, size: int | None = None) -> Tree:
        """Return the Merkle tree of the log, made anew from what the commits say."""
        return Tree([leaf_hash(canonical(c["entry"])) for c in self.commits[:size]])

    def entries(self, what: str, as_of: dt.datetime | None = None) -> Iterator[dict[str, Any]]:
        """Yield the entries of a kind (files, outcome, opening ...), those known by a time."""
        for commit in self.commits:
            entry = commit["entry"]
            if entry["what"] == what and (as_of is None or dt.datetime.fromisoformat(entry["known_at"]) <= as_of):
                yield entry

    def parts(self, kind: str, days: tuple[str, str] | None = None, as_of: dt.datetime | None = None) -> list[Part]:
        """Return the parts of a kind that may hold records of these days, as known at a time."""
        self.know_parts()
        return [
            part
            for part in self._parts
            if part.kind == kind
            and (days is None or (part.first_day <= days[1] and part.last_day >= days[0]))
            and (as_of is None or part.known_at <= as_of)
        ]

    def know_parts(self) -> None:
        """Take note of the parts of the newest commits; until there are newer ones, threads may ask for parts."""
        for commit in self.commits[self._read_up_to :]:
            if commit["entry"]["what"] == "file":
                self._parts += _parts_in(commit["entry"])
        self._read_up_to = len(self.commits)

    def forget(self, commit: dict[str, Any]) -> None:
        """Take back the last commit, which never came to be on disk."""
        if self.commits[-1] is commit:
            self.commits.pop()
            self._parts, self._read_up_to = [], 0

    def read(self, path: str, columns: list[str] | None = None) -> pl.DataFrame:
        """Return the rows of a file that a commit names; ``DataError`` when it is not there or cannot be read."""
        try:
            return pl.read_parquet(self.root / path, columns=columns)
        except (OSError, pl.exceptions.PolarsError) as wrong:
            raise DataError([self.fault(path) or Fault.of("ledger.part_changed", path=path)]) from wrong

    def fault(self, path: str, sha256: str | None = None) -> Fault | None:
        """Return what is wrong with a file that a commit names: not there, or not of the digest the log states."""
        file = self.root / path
        if not file.is_file():
            return Fault.of("ledger.part_missing", path=path)
        if sha256 is not None and digest_of(file) != sha256:
            return Fault.of("ledger.part_changed", path=path)
        return None

    def superseded(self, as_of: dt.datetime | None = None) -> pl.DataFrame:
        """Return part and line of every record no longer valid, as known at a time."""
        frames = [REPLACED]
        for entry in self.entries("file", as_of):
            path = entry["superseded"]
            if path and path not in self._replaced:
                self._replaced[path] = self.read(path)
            frames += [self._replaced[path]] if path else []
        return pl.concat(frames)

    @contextmanager
    def query(
        self,
        days: tuple[str, str] | None = None,
        as_of: dt.datetime | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
        memory_mb: int = MEMORY_MB,
        dated: bool = False,
    ) -> Iterator[Asking]:
        """Yield a connection in which every kind is a view of the records valid at a time.

        ``dated`` views of what happened have ``known_at`` and ``commit_seq`` besides: when, with which commit it came.
        """
        with duckdb.connect() as link:
            prepared(link, memory_mb)
            if self.shelf:
                link.register_filesystem(self.shelf.filesystem)
            link.execute(f"SET temp_directory = {quoted(str(self.root / 'spill'))}")
            gone = self._gone(as_of)
            asked: list[Part] = []
            try:
                for kind in kinds().tables:
                    wanted = None if kind in ("outlets", "machines") else days
                    parts = [p for p in self.parts(kind, wanted, as_of) if not p.withdrawals]
                    asked += parts
                    told = self._select(
                        link, kind, [p.path for p in parts], gone, parts if dated and kind in CLOCK else None
                    )
                    link.execute(f"CREATE VIEW {kind} AS {told}")
                yield Asking(link, progress, stop)
            except duckdb.Error as wrong:
                # Only now is it worth asking whether every part is as the log says.
                faults = [] if self.shelf else [fault for p in asked if (fault := self.fault(p.path, p.sha256))]
                if faults:
                    raise DataError(faults) from wrong
                raise

    def _gone(self, as_of: dt.datetime | None) -> dict[str, pl.Series]:
        """The lines of each part that are no longer valid."""
        held = self.superseded(as_of).group_by("part").agg("line")
        return dict(zip(held["part"], held["line"], strict=True))

    def _select(
        self, link: duckdb.DuckDBPyConnection, kind: str, paths: list[str], gone: dict[str, pl.Series],
        dates: list[Part] | None = None,
    ) -> str:  # fmt: skip
        """The query for a kind: parts untouched by corrections as they stand, the others without what was replaced."""
        columns = ", ".join(f'"{name}"' for name in ("line", *stored(kind)))
        if dates is not None:
            return self._dated(link, kind, columns, dates, gone)
        plain = [path for path in paths if path not in gone]
        held = [path for path in paths if path in gone]
        selects = []
        if plain:
            selects.append(f"SELECT {columns} FROM read_parquet({self._list(plain)})")  # noqa: S608 - quoted
        if held:
            lines = pl.concat(gone[path].to_frame("line").with_columns(part=n) for n, path in enumerate(held))  # noqa: F841
            link.execute(f"CREATE TEMP TABLE gone_{kind} AS SELECT part::UBIGINT AS part, line FROM lines")  # noqa: S608
            selects.append(
                f"SELECT {columns} FROM read_parquet({self._list(held)}) AS held WHERE NOT EXISTS "  # noqa: S608
                f"(FROM gone_{kind} AS gone WHERE held.file_index = gone.part AND held.line = gone.line)"
            )
        if not selects:
            typed = ", ".join(f'NULL::{_SQL[held]} AS "{name}"' for name, held in stored(kind).items())
            selects.append(f"SELECT NULL::UINTEGER AS line, {typed} WHERE false")
        return " UNION ALL ".join(selects)

    def _dated(
        self, link: duckdb.DuckDBPyConnection, kind: str, columns: str, parts: list[Part], gone: dict[str, pl.Series]
    ) -> str:
        """The query for a kind with when each record came; slower, since every line is looked up by its part."""
        if not parts:
            none = self._select(link, kind, [], gone)
            return f"SELECT *, NULL::TIMESTAMP AS known_at, NULL::BIGINT AS commit_seq FROM ({none})"  # noqa: S608
        known = pl.DataFrame(  # noqa: F841 - read by the next statement
            {"part": pl.Series(range(len(parts)), dtype=pl.UInt64), "known_at": [p.known_at for p in parts],
             "commit_seq": pl.Series([p.seq for p in parts], dtype=pl.Int64)}
        )  # fmt: skip
        link.execute(f"CREATE TEMP TABLE known_{kind} AS FROM known")
        told = (
            f"SELECT {columns}, known.known_at, known.commit_seq "  # noqa: S608 - quoted
            f"FROM read_parquet({self._list([p.path for p in parts])}) AS held "
            f"JOIN known_{kind} AS known ON held.file_index = known.part"
        )
        lines = [gone[p.path].to_frame("line").with_columns(part=n) for n, p in enumerate(parts) if p.path in gone]
        if not lines:
            return told
        over = pl.concat(lines)  # noqa: F841 - read by the next statement
        link.execute(f"CREATE TEMP TABLE gone_{kind} AS SELECT part::UBIGINT AS part, line FROM over")  # noqa: S608 - ours
        return (
            f"{told} WHERE NOT EXISTS "
            f"(FROM gone_{kind} AS gone WHERE held.file_index = gone.part AND held.line = gone.line)"
        )

    def _list(self, paths: list[str]) -> str:
        base = self.shelf.address.rstrip("/") if self.shelf else str(self.root)
        return "[" + ", ".join(quoted(f"{base}/{path}") for path in paths) + "]"

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Yield the one writer there may be; waits for another to end, and clears what a killed one left."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.__dict__.pop("commits", None)
            self._parts, self._read_up_to = [], 0
            writer = Writer(self)
            # The mark stays where a writer was killed: only then can there be files that no commit names.
            mark = self.root / "writing"
            if mark.exists():
                writer.clear()
            mark.touch()
            yield writer
            mark.unlink(missing_ok=True)
