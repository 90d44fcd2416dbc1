"""Accounts, sessions, jobs and uploads as tables, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
)  # fmt: skip
from sqlalchemy.engine import Dialect

from postroad.errors import UsageError
from postroad.supervise.records.store import write_ahead

described = MetaData()


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment with its zone."""
        del dialect
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


accounts = Table(
    "web_accounts", described,
    Column("name", String(80), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("scope", String(80), nullable=False, default=""),
    Column("password", String(200), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("closed_at", Moment),
)  # fmt: skip
sessions = Table(
    "web_sessions", described,
    Column("digest", String(64), primary_key=True),
    Column("name", String(80), nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("scope", String(80), nullable=False, default=""),
    Column("csrf", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
)  # fmt: skip
jobs = Table(
    "web_jobs", described,
    Column("job_id", String(16), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("province", String(80), nullable=False),
    Column("options", JSON, nullable=False),
    Column("owner", String(80), nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("stop_asked", Integer, nullable=False, default=0),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("note", String(300), nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker", String(80), nullable=False, default=""),
    Column("made_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("beat_at", Moment),
    Column("ended_at", Moment),
    Column("faults", JSON),
    Column("result", JSON),
)  # fmt: skip
uploads = Table(
    "web_uploads", described,
    Column("upload_id", String(16), primary_key=True),
    Column("file", String(200), nullable=False),
    Column("bytes", Float, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("owner", String(80), nullable=False),
    Column("job_id", String(16), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("province", String(80)),
)  # fmt: skip
published = Table(
    "web_published", described,
    Column("run_id", String(40), primary_key=True),
    Column("by", String(80), nullable=False),
    Column("made_at", Moment, nullable=False),
)  # fmt: skip
queries = Table(
    "web_queries", described,
    Column("name", String(80), primary_key=True),
    Column("query", JSON, nullable=False),
    Column("owner", String(80), nullable=False),
    Column("made_at", Moment, nullable=False),
)  # fmt: skip
subscriptions = Table(
    "web_subscriptions", described,
    Column("subscription_id", String(16), primary_key=True),
    Column("query", String(80), nullable=False, index=True),
    Column("owner", String(80), nullable=False),
    Column("role", String(20), nullable=False),
    Column("scope", String(80), nullable=False, default=""),
    Column("ledger", String(80), nullable=False),
    Column("dest", String(2000), nullable=False),
    Column("token", String(200), nullable=False, default=""),
    Column("schedule", JSON(none_as_null=True)),
    Column("empty", Integer, nullable=False, default=0),
    Column("after_seq", Integer, nullable=False),
    Column("next_at", Moment, nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("sent", Integer, nullable=False, default=0),
    Column("last_error", String(300), nullable=False, default=""),
    Column("last_at", Moment),
    Column("made_at", Moment, nullable=False),
)  # fmt: skip


def connect(address: str) -> Engine:
    """Return the engine of a database with the console's tables made; ``UsageError`` when it cannot be opened."""
    try:
        engine = create_engine(address, pool_pre_ping=True)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _tune)
        described.create_all(engine)
    except Exception as closed:  # drivers raise their own kinds, and a missing driver another
        raise UsageError.of("console.no_database", detail=str(closed).splitlines()[0]) from closed
    return engine


def _tune(connection: Any, _: Any) -> None:
    # Readers go on while a worker writes its progress, and writers wait for each other instead of failing.
    connection.execute("PRAGMA busy_timeout=10000").close()
    write_ahead(connection)
    connection.execute("PRAGMA synchronous=NORMAL").close()


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)
