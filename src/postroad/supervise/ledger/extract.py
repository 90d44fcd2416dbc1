"""An extract of a ledger in PostgreSQL: the records valid at a time as plain tables, and the ledger's questions there.

Whoever has to join operators' records with other tables of the office has them there in SQL. The checks, the claims,
the balance and the alerts run on an extract as they run on the folder: its rows come through PostgreSQL's COPY, block
by block, into memory and, past its bound, into files that last as long as the question. With the log and the leaves of
the acceptances a parcel is proved from an extract alone.
"""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import polars as pl
import sqlalchemy as sa

from postroad.errors import DataError, Stopped, UsageError
from postroad.parallel import Progress
from postroad.supervise.ledger.asking import Asking, prepared, quoted
from postroad.supervise.ledger.kinds import CLOCK, kinds, stored
from postroad.supervise.ledger.parts import Held, leaf_texts
from postroad.supervise.ledger.store import REPLACED, Ledger
from postroad.supervise.sha256 import DIGEST_BYTES, leaves

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

SCHEMA = "postroad_ledger"
PROVED = "acceptances"
BATCH_ROWS = 200_000
_SQL = {pl.String(): "text", pl.Boolean(): "boolean", pl.Int64(): "bigint", pl.Float64(): "double precision",
        pl.Date(): "date", pl.Datetime("us"): "timestamp", pl.Binary(): "bytea", pl.UInt32(): "bigint"}  # fmt: skip


def columns(kind: str) -> dict[str, pl.DataType]:
    """Return the columns of a kind in an extract: the line of its file, and what is stored."""
    return {"line": pl.UInt32(), **stored(kind)}


def write(
    ledger: Ledger,
    database: str,
    days: tuple[str, str] | None = None,
    as_of: dt.datetime | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> dict[str, int]:
    """Write the records of these days, as known at a time, and return how many there are of each kind.

    An extract that was there is replaced whole; until all is written the old one stands.
    """
    counts: dict[str, int] = {}
    with _connected(database) as link, ledger.query(days, as_of) as asking:
        link.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        link.execute(f"CREATE SCHEMA {SCHEMA}")
        for kind in kinds().tables:
            told = ", ".join(f'"{name}" {_SQL[held]}' for name, held in columns(kind).items())
            link.execute(f"CREATE TABLE {SCHEMA}.{kind} ({told})")
            counts[kind] = 0
            for frame in _batches(asking, kind, days):
                if stop and stop():
                    raise Stopped.of("errors.stopped", done=sum(counts.values()), total=0)
                with link.cursor() as cursor, cursor.copy(f"COPY {SCHEMA}.{kind} FROM STDIN (FORMAT csv)") as copy:
                    copy.write(_csv(frame))
                counts[kind] += frame.height
                if progress:
                    progress(Progress(sum(counts.values()), 0))
        link.execute(
            f"CREATE TABLE {SCHEMA}.about (origin text, size bigint, root text, first_day text, last_day text, "
            "as_of timestamp)"
        )
        _write_log(link, ledger, days, as_of)
        head, (first, last) = ledger.head, days or ("", "")
        link.execute(f"INSERT INTO {SCHEMA}.about VALUES (%s, %s, %s, %s, %s, %s)",  # noqa: S608 - our own name
                     (ledger.origin, head.size, head.root, first, last, as_of))  # fmt: skip
    return counts


def _write_log(link: Any, ledger: Ledger, days: tuple[str, str] | None, as_of: dt.datetime | None) -> None:
    """Write the commits, and the leaf hashes of every part that a parcel may have to be proved from."""
    link.execute(f"CREATE TABLE {SCHEMA}.log (seq bigint PRIMARY KEY, told text NOT NULL)")
    link.execute(f"CREATE TABLE {SCHEMA}.leaves (part text PRIMARY KEY, hashes bytea NOT NULL)")
    with link.cursor() as cursor:
        told = [(commit["entry"]["seq"], json.dumps(commit, ensure_ascii=False)) for commit in ledger.commits]
        cursor.executemany(f"INSERT INTO {SCHEMA}.log VALUES (%s, %s)", told)  # noqa: S608 - our own name
        for part in ledger.parts(PROVED, days, as_of):
            if not part.withdrawals:
                made = leaves(leaf_texts(pl.read_parquet(ledger.root / part.path), PROVED)).tobytes()
                cursor.execute(f"INSERT INTO {SCHEMA}.leaves VALUES (%s, %s)", (part.path, made))  # noqa: S608
    link.execute(f"CREATE INDEX ON {SCHEMA}.{PROVED} (waybill)")


def opened(database: str) -> Extract:
    """Return the extract in a database; ``UsageError`` when there is none."""
    with _connected(database) as link:
        there = link.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.about",)).fetchone()
        if there[0] is None:
            raise UsageError.of("ledger.no_extract", database=_shown(database))
        if link.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.log",)).fetchone()[0] is None:
            raise UsageError.of("ledger.old_extract", database=_shown(database))
        origin, _, root, first, last, as_of = link.execute(f"SELECT * FROM {SCHEMA}.about").fetchone()  # noqa: S608
        log = link.execute(f"SELECT told FROM {SCHEMA}.log ORDER BY seq").fetchall()  # noqa: S608
    made = Extract(database, {"origin": origin, "root": root}, (first, last) if first else None, as_of)
    made.commits = [json.loads(told) for (told,) in log]
    return made


class Extract(Ledger):
    """A ledger's records in PostgreSQL; only to be asked."""

    def __init__(
        self, database: str, about: dict[str, Any], days: tuple[str, str] | None, as_of: dt.datetime | None
    ) -> None:
        super().__init__(Path(), about)
        self.database, self.days, self.as_of = database, days, as_of

    @contextmanager
    def query(
        self,
        days: tuple[str, str] | None = None,
        as_of: dt.datetime | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
        memory_mb: int = 4000,
        dated: bool = False,
    ) -> Iterator[Asking]:
        """Yield a connection in which every kind is a table of the extract's records; it knows no commits."""
        if dated:
            raise NotImplementedError(type(self).__name__)
        if as_of is not None and as_of != self.as_of:
            raise UsageError.of("ledger.extract_as_of", asked=as_of, held=self.as_of or "-")
        with TemporaryDirectory(prefix="postroad-") as beside, _connected(self.database) as server:
            link = duckdb.connect()
            prepared(link, memory_mb)
            link.execute(f"SET temp_directory = {quoted(beside)}")
            try:
                for kind in kinds().tables:
                    wanted = days if kind in CLOCK else None
                    for number, frame in enumerate(_read(server, kind, wanted)):
                        link.register("batch", frame.to_arrow())
                        verb = f"INSERT INTO {kind}" if number else f"CREATE TABLE {kind} AS"
                        link.execute(f"{verb} SELECT * FROM batch")  # noqa: S608 - ours
                        if stop and stop():
                            raise Stopped.of("errors.stopped", done=0, total=0)
                yield Asking(link, progress, stop)
            finally:
                link.close()

    def superseded(self, as_of: dt.datetime | None = None) -> pl.DataFrame:  # noqa: ARG002 - as of one moment
        """Return no record: an extract holds valid ones only."""
        return REPLACED

    def holding(self, waybill: str) -> Iterator[Held]:
        """Yield where the acceptances of a waybill stand in the parts they came from."""
        held = columns(PROVED)
        names = ", ".join(f'"{name}"' for name in held)
        with _connected(self.database) as server:
            rows = server.execute(f"SELECT {names} FROM {SCHEMA}.{PROVED} WHERE waybill = %s", (waybill,)).fetchall()  # noqa: S608
            frame = pl.DataFrame(rows, schema=held, orient="row")
            texts = leaf_texts(frame, PROVED)
            for part in self.parts(PROVED):
                found = server.execute(f"SELECT hashes FROM {SCHEMA}.leaves WHERE part = %s", (part.path,)).fetchone()  # noqa: S608
                if found is None:
                    continue
                hashes = np.frombuffer(found[0], np.uint8).reshape(-1, DIGEST_BYTES)
                for text, line, mine in zip(texts, frame["line"], leaves(texts), strict=True):
                    for row in np.flatnonzero((hashes == mine).all(axis=1)):
                        yield Held(part, hashes, int(row), text, line)


def _batches(asking: Asking, kind: str, days: tuple[str, str] | None) -> Iterator[pl.DataFrame]:
    """The valid records of a kind, those of the days asked for only."""
    names = ", ".join(f'"{name}"' for name in columns(kind))
    reader: Any = asking.link.sql(f"SELECT {names} FROM {kind}{_where(kind, days)}").to_arrow_reader(BATCH_ROWS)  # noqa: S608
    for batch in reader:
        made: Any = pl.from_arrow(batch)
        yield made


def _where(kind: str, days: tuple[str, str] | None) -> str:
    if days is None or kind not in CLOCK:
        return ""
    return f" WHERE CAST({CLOCK[kind]} AS date) BETWEEN '{days[0]}' AND '{days[1]}'"


def _csv(frame: pl.DataFrame) -> bytes:
    signs = [name for name, held in frame.schema.items() if held == pl.Binary]
    frame = frame.with_columns((pl.lit("\\x") + pl.col(name).bin.encode("hex")).alias(name) for name in signs)
    return frame.write_csv(include_header=False, datetime_format="%Y-%m-%d %H:%M:%S").encode()


def _read(server: Any, kind: str, days: tuple[str, str] | None) -> Iterator[pl.DataFrame]:
    """The rows of a kind, block by block; a first frame comes even when there is no row."""
    held = columns(kind)
    names = ", ".join(f'"{name}"' for name in held)
    yield pl.DataFrame(schema=held)
    with server.cursor() as cursor, cursor.copy(
        f"COPY (SELECT {names} FROM {SCHEMA}.{kind}{_where(kind, days)}) TO STDOUT (FORMAT csv)"  # noqa: S608 - ours
    ) as copy:  # fmt: skip
        blocks: list[bytes] = []
        for block in copy:  # one row each
            blocks.append(bytes(block))
            if len(blocks) >= BATCH_ROWS:
                yield _frame(b"".join(blocks), held)
                blocks = []
    if blocks:
        yield _frame(b"".join(blocks), held)


def _frame(block: bytes, held: dict[str, pl.DataType]) -> pl.DataFrame:
    text = pl.read_csv(io.BytesIO(block), has_header=False, schema=dict.fromkeys(held, pl.String()))
    made = []
    for name, kind in held.items():
        cell = pl.col(name)
        if kind == pl.Binary:
            cell = cell.str.slice(2).str.decode("hex")
        elif kind == pl.Boolean:
            cell = cell == "t"
        elif kind == pl.Datetime("us"):
            cell = cell.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
        elif kind == pl.Date:
            cell = cell.str.to_date("%Y-%m-%d")
        else:
            cell = cell.cast(kind)
        made.append(cell.alias(name))
    return text.select(made)


@contextmanager
def _connected(database: str) -> Iterator[Any]:
    """A connection of the driver itself, for COPY, in one transaction."""
    if not database.startswith("postgresql"):
        raise UsageError.of("ledger.extract_address", database=_shown(database))
    try:
        engine = sa.create_engine(database, poolclass=sa.NullPool)
    except ModuleNotFoundError as wrong:
        raise UsageError.of("errors.extra_missing", what=str(wrong.name), extra="postgres") from None
    except sa.exc.SQLAlchemyError as wrong:
        raise DataError.of("ledger.cannot_read", path=_shown(database), detail=str(wrong).splitlines()[0]) from None
    try:
        held = engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as wrong:  # the driver's own: it was asked without an engine between
        raise UsageError.of("cases.unreachable", value=_shown(database), detail=str(wrong).splitlines()[0]) from None
    try:
        yield held.driver_connection
        held.commit()
    except BaseException:
        held.rollback()
        raise
    finally:
        held.close()
        engine.dispose()


def _shown(database: str) -> str:
    """An address without its pass word."""
    return sa.engine.make_url(database).render_as_string() if "://" in database else database
