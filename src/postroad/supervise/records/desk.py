"""The desk: the one place where every read and write is checked, and where an act becomes a transaction.

An actor reads the rows of its own scope and writes inside it. Two clocks: ``valid_at`` asks what held on a day,
``known_at`` what was written down by then.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NoReturn

import sqlalchemy as sa

from postroad.errors import DataError, UsageError
from postroad.supervise.records import audit, soundness
from postroad.supervise.records.actor import SCOPED, Actor
from postroad.supervise.records.acts import Act, rights
from postroad.supervise.records.schema import COMMON, TABLES
from postroad.supervise.regulation import Regulation, Rule, regulation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from postroad.supervise.records.store import Store


LOOKS_AT_ONCE = 500
"""Looks kept before they are written together, at most."""
REQUEST_LENGTH = 96
SYNTHETIC = "synthetic"
CHINA = dt.timezone(dt.timedelta(hours=8))


def utc_now() -> dt.datetime:
    """Return the time now."""
    return dt.datetime.now(dt.UTC)


class Forbidden(UsageError):  # noqa: N818 - an answer, not a failure of the program
    """The actor may not do or see this."""


class Desk:
    """One actor at one database of record."""

    def __init__(
        self,
        store: Store,
        actor: Actor,
        clock: Callable[[], dt.datetime] = utc_now,
        rules: Regulation | None = None,
        made: tuple[str, str] = ("observed", "records"),
        seen_at: dt.datetime | None = None,
    ) -> None:
        """Sit an actor at a store; ``made`` is the origin and source of what is written (synthetic in a rehearsal).

        With ``seen_at`` the desk shows what was known at that time, with the days counted to it, and serves no act.
        """
        self.store, self.actor, self.clock, self.made = store, actor, clock, made
        self.rules, self.seen_at = rules or regulation(), seen_at
        self._open: sa.Connection | None = None
        self._batch: sa.Connection | None = None
        self._written: list[list[Any]] = []
        self._looked: list[list[Any]] = []
        self._unsure: list[list[Any]] = []
        self._rehearsed: str | None = None
        self._at = clock()

    def seated(self, actor: Actor) -> Desk:
        """Return a desk at the same database for another actor."""
        return Desk(self.store, actor, self.clock, self.rules, self.made, self.seen_at)

    @property
    def now(self) -> dt.datetime:
        """The time of the act being served, or the clock's."""
        return self._at if self._open is not None else self.seen_at or self.clock()

    @property
    def today(self) -> dt.date:
        """The day of ``now`` in China's time."""
        return self.now.astimezone(CHINA).date()

    def rule(self, name: str, day: dt.date | None = None) -> Rule:
        """Return the version of a rule in force on a day (today)."""
        return self.rules.on(name, day or self.today)

    def check_right(self, name: str) -> None:
        """Raise ``Forbidden`` unless the actor's role may do or see what is called so."""
        if self.actor.role not in rights()["acts"].get(name, ()):
            raise Forbidden.of("cases.forbidden", role=self.actor.role, act=name)

    def perform(self, act: Act, args: tuple[Any, ...], words: Mapping[str, Any]) -> Any:
        """Serve an act: whole or not at all, once for each request, with its entry in the audit log.

        ``at_version`` is the version that the caller had in hand of the row the act answers with (0: none yet), and
        ``at_row`` table, id and version of a row that the act may write: with another version there somebody was
        quicker, and nothing is written.
        """
        if self._open is not None:  # an act that is part of another
            return act.function(self, *args, **words)
        self.check_right(act.name)
        if self.seen_at is not None:
            raise UsageError.of("cases.looking_back", act=act.name)
        told = dict(words)
        request, at_version, at_row = (told.pop(name, None) for name in ("request", "at_version", "at_row"))
        if request and len(request) > REQUEST_LENGTH:
            raise UsageError.of("cases.too_long", column="request", value=request[:59], most=REQUEST_LENGTH,
                                found=len(request))  # fmt: skip
        soundness.check_asked({**dict(zip(act.parameters, args, strict=False)), **told, "request": request})
        asked = audit.digest({"act": act.name, "args": list(args), "words": told})
        with self._transaction() as connection:
            served = audit.said_before(connection, request) if request else None
            if served:
                if served[0] != asked:
                    raise UsageError.of("cases.other_request", value=request)
                ids = [entry[1] for entry in served[1]]
                return ids if act.gives_list else ids[-1]
            self._at = self._next(connection)
            self._write_looked(connection)
            self._open, self._written = connection, []
            try:
                answer = act.function(self, *args, **told)
                if at_version is not None:
                    self._still(None, answer, at_version)
                if at_row is not None:
                    self._still(*at_row)
                entry = audit.Entry(self._at, str(self.actor), act.name, request, asked, self._written)
                audit.write(connection, entry)
            finally:
                self._open = None
        self._noted()
        return answer

    def _still(self, table: str | None, id_: Any, version: int) -> None:
        """Refuse an act on a row that another changed after the caller saw it."""
        told = ((number, where) for where, name, number, _ in self._written if name == id_)
        written = [(number, where) for number, where in told if table in (None, where)]
        if written and min(written)[0] - 1 != version:
            number, where = min(written)
            raise DataError.of("cases.quicker", table=where, value=id_, expect=version, found=number - 1)
        if not written and table is None:
            raise UsageError.of("cases.no_version", value=str(id_))

    def _next(self, connection: sa.Connection) -> dt.datetime:
        """The time of the entry to come: never before the act it follows, so that rows keep their order."""
        latest = audit.last_act(connection)
        return max(self.clock(), latest) if latest else self.clock()

    def note(self) -> None:
        """Write into the audit log what a person looked at since the last entry: who, when, what, and how many rows.

        An act of the same desk writes it too. What the public sees is published and nobody's reading of it is kept.
        """
        if self._looked:
            with self._transaction() as connection:
                self._at = self._next(connection)
                self._write_looked(connection)
            self._noted()

    def _write_looked(self, connection: sa.Connection) -> None:
        if self._looked:
            told = audit.digest({"act": audit.READ, "looked": self._looked})
            audit.write(connection, audit.Entry(self._at, str(self.actor), audit.READ, None, told, self._looked))

    def _noted(self) -> None:
        """Forget the looks that are written, unless a block of acts they are part of may still come to nothing."""
        if self._batch is not None:
            self._unsure += self._looked
        self._looked = []

    def _look(self, table: str, asked: Mapping[str, Any], count: int) -> None:
        if self._open is None and self.actor.role != "public":
            text = json.dumps({k: audit.plain(v) for k, v in asked.items() if v is not None}, ensure_ascii=False)
            self._looked.append([table, text, count])
            if len(self._looked) >= LOOKS_AT_ONCE:
                self.note()

    def take_looks(self, other: Desk) -> None:
        """Take over what another desk of the same actor looked at, to be written with this desk's own looks."""
        if other.actor != self.actor:
            raise ValueError("looks are written under the actor who looked")
        self._looked += other._looked
        other._looked = []

    def share(self, other: Desk) -> None:
        """Act inside the block of acts another desk has open at the same database."""
        self._batch = other._batch

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make the acts of a block one transaction: all of them or none, each with its own entry in the audit log."""
        with self.store.writing() as connection:
            self._batch, self._unsure = connection, []
            try:
                yield
            except BaseException:
                self._looked = [*self._unsure, *self._looked]
                raise
            finally:
                self._batch = None

    def _transaction(self) -> AbstractContextManager[sa.Connection]:
        return nullcontext(self._batch) if self._batch is not None else self.store.writing()

    def append(
        self,
        table: str,
        id_: str,
        *,
        new: bool = False,
        expect: int | None = None,
        valid_from: dt.datetime | None = None,
        **changes: Any,
    ) -> str:
        """Write a further version of a row, or its first, and return its id. Only inside an act.

        ``expect`` is the version the caller had in hand: another one means that somebody was quicker.
        """
        if self._open is None:
            raise RuntimeError("rows are written by acts only")
        before = self._newest(table, id_)
        if new and before is not None:
            raise DataError.of("cases.exists", table=table, value=id_)
        if not new and before is None:
            raise DataError.of("cases.no_such_row", table=table, value=id_)
        if before is not None:
            self._own(table, before)
            if expect is not None and before["version"] != expect:
                raise DataError.of("cases.quicker", table=table, value=id_, expect=expect, found=before["version"])
        origin, source = self._origin()
        blank = dict.fromkeys(c.name for c in TABLES[table].columns)
        row = {**blank, "officers": "", "origin": origin, "source": source, **(before or {}), **changes}
        row |= {
            "id": id_,
            "version": before["version"] + 1 if before else 1,
            "valid_from": valid_from or self._at,
            "recorded_at": self._at,
            "recorded_by": str(self.actor),
        }
        self._own(table, row)
        soundness.check(TABLES[table], row)
        self._open.execute(TABLES[table].insert().values(**row))
        self._written.append([table, id_, row["version"], audit.digest(row)])
        return id_

    def _origin(self) -> tuple[str, str]:
        """What a new row is made of: in a rehearsal's database nothing is a fact, whoever writes it."""
        if self._rehearsed is None and self._open is not None:
            held = TABLES["outlets"]
            some = sa.select(held.c.source).where(held.c.origin == SYNTHETIC).limit(1)
            self._rehearsed = self._open.execute(some).scalar() or ""
        return (SYNTHETIC, self._rehearsed) if self._rehearsed else self.made

    def rows(
        self, table: str, *, valid_at: dt.datetime | None = None, known_at: dt.datetime | None = None, **equal: Any
    ) -> list[dict[str, Any]]:
        """Return the newest version of every row the actor may see, ordered by id, with the columns it may see."""
        known, known_at = TABLES[table], known_at or self.seen_at
        soundness.check_asked(equal)
        query = self._versions(table, valid_at, known_at)
        for column, value in equal.items():
            if column not in known.c:
                raise UsageError.of("cases.no_column", table=table, column=column, known=", ".join(known.c.keys()))
            query = query.where(query.selected_columns[column] == value)
        with self._lent() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        self._look(table, {**equal, "valid_at": valid_at, "known_at": known_at}, len(found))
        return [self._shown(table, row) for row in found]

    def row(self, table: str, id_: str) -> dict[str, Any]:
        """Return the newest version of a row; ``DataError`` when there is none the actor may see."""
        found = self.rows(table, id=id_)
        if not found:
            raise DataError.of("cases.no_such_row", table=table, value=id_)
        return found[0]

    def history(self, table: str, id_: str) -> list[dict[str, Any]]:
        """Return every version of a row the actor may see, oldest first."""
        self.row(table, id_)
        held = TABLES[table]
        query = sa.select(held).where(held.c.id == id_).order_by(held.c.version)
        with self._lent() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        seen = [row for row in found if self._may_see(table, row)]
        self._look(table, {"id": id_, "history": True}, len(seen))
        return [self._shown(table, row) for row in seen]

    def fact(self, table: str, id_: str) -> dict[str, Any]:
        """Return the newest version of a row whoever asks: what an act itself has to know. Only inside an act."""
        found = self._newest(table, id_)
        if found is None:
            raise DataError.of("cases.no_such_row", table=table, value=id_)
        return found

    def facts(self, table: str, **equal: Any) -> list[dict[str, Any]]:
        """Return the newest versions whoever asks: what an act itself has to know. Only inside an act."""
        if self._open is None:
            raise RuntimeError("only an act may look beyond the actor's scope")
        held = TABLES[table]
        place = sa.func.row_number().over(partition_by=held.c.id, order_by=held.c.version.desc()).label("place")
        newest = sa.select(held, place).subquery()
        query = sa.select(*[newest.c[c.name] for c in held.columns]).where(newest.c.place == 1).order_by(newest.c.id)
        for column, value in equal.items():
            query = query.where(newest.c[column] == value)
        return [dict(row) for row in self._open.execute(query).mappings()]

    def _versions(self, table: str, valid_at: dt.datetime | None, known_at: dt.datetime | None) -> sa.Select[Any]:
        """The newest version of each id: by what held, then by what was written last; only rows in scope."""
        reading = rights()["tables"][table]
        if self.actor.role not in reading["read"]:
            raise Forbidden.of("cases.forbidden_table", role=self.actor.role, table=table)
        held = TABLES[table]
        order = (held.c.valid_from.desc(), held.c.version.desc()) if valid_at else (held.c.version.desc(),)
        place = sa.func.row_number().over(partition_by=held.c.id, order_by=order).label("place")
        inner = sa.select(held, place)
        if valid_at:
            inner = inner.where(held.c.valid_from <= valid_at)
        if known_at:
            inner = inner.where(held.c.recorded_at <= known_at)
        newest = inner.subquery()
        query = sa.select(*[newest.c[c.name] for c in held.columns]).where(newest.c.place == 1).order_by(newest.c.id)
        for column, states in reading.get("unless", {}).get(self.actor.role, {}).items():
            query = query.where(newest.c[column].not_in(states))
        if self.actor.role == "public":
            return query.where(newest.c.published_on.is_not(None), newest.c.published_on <= self.today)
        if self.actor.role == "inspector":
            return query.where(newest.c.officers.contains(f";{self.actor.scope};", autoescape=True))
        if self.actor.role in SCOPED:
            return query.where(newest.c[SCOPED[self.actor.role]] == self.actor.scope)
        return query

    def _newest(self, table: str, id_: str) -> dict[str, Any] | None:
        if self._open is None:
            raise RuntimeError("only an act may look beyond the actor's scope")
        held = TABLES[table]
        query = sa.select(held).where(held.c.id == id_).order_by(held.c.version.desc()).limit(1)
        found = self._open.execute(query).mappings().first()
        return dict(found) if found else None

    def _own(self, table: str, row: Mapping[str, Any]) -> None:
        if not self._in_scope(row):
            self.refuse(table, row["id"])

    def refuse(self, table: str, id_: str) -> NoReturn:
        """Raise ``Forbidden``: the row is not the actor's."""
        raise Forbidden.of("cases.not_yours", role=str(self.actor), table=table, value=id_)

    def _in_scope(self, row: Mapping[str, Any]) -> bool:
        if self.actor.role == "inspector":
            return f";{self.actor.scope};" in row["officers"]
        if self.actor.role in SCOPED:
            return bool(row[SCOPED[self.actor.role]] == self.actor.scope)
        return self.actor.role == "province"

    def _may_see(self, table: str, row: Mapping[str, Any]) -> bool:
        hidden = rights()["tables"][table].get("unless", {}).get(self.actor.role, {})
        if any(row[column] in states for column, states in hidden.items()):
            return False
        if self.actor.role == "public":
            return row["published_on"] is not None and row["published_on"] <= self.today
        return self._in_scope(row)

    def _shown(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        if self.actor.role != "public":
            return row
        open_columns = ("id", "version", "published_on", "origin", *rights()["tables"][table]["public"])
        return {column: row[column] for column in open_columns}

    def _lent(self) -> AbstractContextManager[sa.Connection]:
        held = self._open if self._open is not None else self._batch
        return nullcontext(held) if held is not None else self.store.reading()


def officers(*codes: str) -> str:
    """Return inspectors' codes as the column ``officers`` holds them."""
    return f";{';'.join(codes)};" if codes else ""


def coded(text: str) -> list[str]:
    """Return the codes held in a column ``officers``."""
    return [code for code in text.split(";") if code]


def fields(table: str) -> Iterator[str]:
    """Yield the columns of a table that are its own."""
    yield from (column.name for column in TABLES[table].columns if column.name not in COMMON)
