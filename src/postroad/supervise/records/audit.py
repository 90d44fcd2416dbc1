"""The audit log: every act with the digest of each row it wrote, each entry chained to the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from postroad.errors import Fault
from postroad.supervise.records.schema import AUDIT, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START = "0" * 64
READ = "read"
"""The act of looking: its entries are table, what was asked of it, and how many rows were shown."""


def plain(value: Any) -> Any:
    """Return a value as JSON writes it; times in UTC to the microsecond."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, dt.date) else value


def digest(told: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row or entry in its one written form."""
    text = json.dumps({k: plain(v) for k, v in told.items()}, sort_keys=True, ensure_ascii=False, default=plain)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One act as the log holds it."""

    at: dt.datetime
    actor: str
    act: str
    request: str | None
    asked: str
    entries: list[list[Any]]


def last(connection: sa.Connection) -> tuple[int, dt.datetime | None, str]:
    """Return number, time and digest of the newest entry."""
    row = connection.execute(
        sa.select(AUDIT.c.seq, AUDIT.c.at, AUDIT.c.digest).order_by(AUDIT.c.seq.desc()).limit(1)
    ).first()
    return (row.seq, row.at, row.digest) if row else (0, None, START)


def last_act(connection: sa.Connection) -> dt.datetime | None:
    """Return the time of the newest act; looks, which write no row, do not count."""
    acts = sa.select(AUDIT.c.at).where(AUDIT.c.act != READ).order_by(AUDIT.c.seq.desc()).limit(1)
    return connection.execute(acts).scalar()


def write(connection: sa.Connection, entry: Entry) -> None:
    """Add an entry behind the newest one; the writers' lock keeps the chain single."""
    seq, _, before = last(connection)
    told = {**entry.__dict__, "seq": seq + 1, "before": before}
    connection.execute(AUDIT.insert().values(**told, digest=digest(told)))


def said_before(connection: sa.Connection, request: str) -> tuple[str, list[list[Any]]] | None:
    """Return what a request asked and wrote when it was served already."""
    row = connection.execute(sa.select(AUDIT.c.asked, AUDIT.c.entries).where(AUDIT.c.request == request)).first()
    return (row.asked, row.entries) if row else None


def lacks(connection: sa.Connection, head: str) -> list[Fault]:
    """Return a fault when the log does not hold an entry published before as ``number:digest``: its end was cut off."""
    number, _, mark = head.partition(":")
    query = sa.select(AUDIT.c.digest).where(AUDIT.c.seq == int(number)) if number.isdecimal() else None
    found = connection.execute(query).scalar() if query is not None else None
    return [] if found == mark else [Fault.of("cases.head_gone", table="audit", value=head)]


def check(connection: sa.Connection) -> tuple[int, list[Fault]]:
    """Return the number of entries and every break: in the chain, in a row's digest, or a row no act accounts for."""
    faults: list[Fault] = []
    told: dict[tuple[str, str, int], str] = {}
    before, count = START, 0
    for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)).mappings():
        count += 1
        held = dict(row)
        found = held.pop("digest")
        if held["seq"] != count or held["before"] != before or digest(held) != found:
            faults.append(Fault.of("cases.chain_broken", table="audit", row=held["seq"]))
        before = found
        if held["act"] != READ:
            told.update({(table, id_, version): mark for table, id_, version, mark in held["entries"]})
    for table, id_, version, mark in _rows(connection):
        known = told.pop((table, id_, version), None)
        if known != mark:
            key = "cases.row_unknown" if known is None else "cases.row_changed"
            faults.append(Fault.of(key, table=table, value=f"{id_} v{version}"))
    faults += [Fault.of("cases.row_gone", table=table, value=f"{id_} v{version}") for table, id_, version in told]
    return count, faults


def _rows(connection: sa.Connection) -> Iterator[tuple[str, str, int, str]]:
    for name, table in TABLES.items():
        for row in connection.execute(sa.select(table)).mappings():
            yield name, row["id"], row["version"], digest(dict(row))
