"""Open a database of record by its address, bring it to the newest form, and lend out transactions."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from postroad.errors import UsageError

WRITERS = 7_310_001
"""The key of PostgreSQL's lock that lets one writer of the audit chain in at a time."""
BUSY_MS = 60_000


class Store:
    """A database of record: ``reading`` and ``writing`` lend a connection inside one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Lend a connection for reading."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Lend a connection for one act: alone among writers, committed whole or not at all."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            if self.dialect == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS})
            yield connection

    def migrate(self) -> None:
        """Bring the tables to the newest form; nothing happens when they have it."""
        from alembic import command

        with self.writing() as connection:
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def revision(self) -> str | None:
        """Return the form the tables have, or ``None`` when there are none."""
        from alembic.migration import MigrationContext

        with self.reading() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def address(text: str) -> str:
    """Return a database's address; a plain path means SQLite."""
    return text if "://" in text else f"sqlite:///{Path(text)}"


def newest() -> str:
    """Return the newest form of the tables that this version knows."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_alembic()).get_current_head())


def open_store(database: str, create: bool = True) -> Store:
    """Return the database of record at an address, made when it holds nothing yet.

    ``UsageError`` when it cannot be reached, or is older or newer than this version of postroad.
    """
    if not create and missing_file(database):
        raise UsageError.of("cases.no_database", value=database)
    store = Store(_engine(database))
    try:
        found = store.revision()
    except sa.exc.DBAPIError as wrong:
        raise UsageError.of("cases.unreachable", value=database, detail=str(wrong.orig).strip()) from None
    if found is None and create:
        store.migrate()
    elif found != newest():
        raise UsageError.of("cases.other_form", value=database, found=found or "-", newest=newest())
    return store


def _engine(database: str) -> sa.Engine:
    """Return an engine at an address; ``UsageError`` when postroad keeps no records there."""
    url = address(database)
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool if url.startswith("sqlite") else None)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as wrong:
        raise UsageError.of("cases.bad_address", value=database, detail=str(wrong)) from None
    except ModuleNotFoundError as wrong:
        raise UsageError.of("errors.extra_missing", what=str(wrong.name), extra="postgres") from None
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine)
    elif engine.dialect.name != "postgresql":
        raise UsageError.of("cases.bad_address", value=database, detail=engine.dialect.name)
    return engine


def migrate_store(database: str) -> str:
    """Bring an existing database to the newest form and return it."""
    if missing_file(database):
        raise UsageError.of("cases.no_database", value=database)
    store = Store(_engine(database))
    try:
        store.migrate()
    except sa.exc.OperationalError as wrong:
        raise UsageError.of("cases.unreachable", value=database, detail=str(wrong.orig).strip()) from None
    finally:
        store.close()
    return newest()


def missing_file(database: str) -> bool:
    """Whether an address names a SQLite file that is not there."""
    file = sa.engine.make_url(address(database)).database if address(database).startswith("sqlite") else None
    return file is not None and file != ":memory:" and not Path(file).is_file()


def _set_up_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}").close()
        write_ahead(connection)
        for setting in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}").close()

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def write_ahead(connection: Any) -> None:
    """Let readers and a writer work side by side.

    Of several that open a new database at once all but one are turned away from this change without any wait, whatever
    the time-out says; so each asks again until the mode is there.
    """
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _alembic() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("postroad.supervise.records").joinpath("migrations")))
    config.set_main_option("path_separator", "os")
    return config
