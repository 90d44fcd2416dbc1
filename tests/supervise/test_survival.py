"""What the records promise when things go wrong: killed at any moment, and sixteen writers at once."""

import importlib
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from postroad.supervise import register
from postroad.supervise.records import Actor, Desk, audit, open_store
from postroad.supervise.records.schema import AUDIT, TABLES


def run(module, *words):
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.supervise.{module}", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def killed(database, log, rounds, seed):
    """Kill a clerk ``rounds`` times, then hold the database against the log of what was acknowledged."""
    done = run("killed", database, log, rounds, seed)
    _, err = done.communicate(timeout=280)
    assert done.returncode == 0, err
    told = [int(line) for line in log.read_text().split()]
    assert told == list(range(len(told)))  # each acknowledged once, none skipped
    store = open_store(database, create=False)
    with store.reading() as connection:
        entries, faults = audit.check(connection)
        served = Counter(connection.execute(sa.select(AUDIT.c.request)).scalars())
    assert faults == []
    assert set(served.values()) == {1}
    lost = [number for number in told if f"r{number}" not in served]
    assert lost == []
    # At most the one request that was under way when the last clerk was killed is there without its acknowledgement.
    warm_up = sum(name.startswith("warm-up") for name in served)
    assert len(served) - warm_up - len(told) in (0, 1)
    for name, table in TABLES.items():  # every row by an act acknowledged or under way: whole acts, never twice
        with store.reading() as connection:
            rows = list(connection.execute(sa.select(table.c.id, table.c.version)))
        assert len(rows) == len(set(rows)), name
    visits = Desk(store, Actor("province")).rows("inspections")
    findings = Counter(row["inspection_id"] for row in Desk(store, Actor("province")).rows("findings"))
    assert {row["id"]: len(row["items"]) for row in visits if row["visited_on"]} == dict(findings)
    store.close()
    return len(told), entries


def test_killed_at_random_moments(database, tmp_path):
    done, _ = killed(database, tmp_path / "log", 15, 1)
    assert done > 0


@pytest.mark.slow
def test_killed_two_hundred_times(database, tmp_path, capsys):
    done, entries = killed(database, tmp_path / "log", 200, 2)
    with capsys.disabled():
        print(
            f"\n{database.split(':')[0]}: 200 kills, {done} acts acknowledged, {entries} in the log, none lost or twice"
        )
    assert done > 150


def counted(database, writers, times):
    """Hold the row all writers added to against what they did."""
    store = open_store(database, create=False)
    row = Desk(store, Actor("province")).row("volumes", "2025-11:ZTO")
    with store.reading() as connection:
        entries, faults = audit.check(connection)
    store.close()
    assert (row["pieces"], row["version"]) == (writers * times, writers * times + 1)
    assert (entries, faults) == (2 * writers * times + 1, [])  # each act with the reading before it


def start(database):
    store = open_store(database, create=False)
    register.volume(Desk(store, Actor("province")), "2025-11", "ZTO", 0)
    return store


def test_four_writers_in_threads_lose_nothing(database, added):
    store = start(database)
    with ThreadPoolExecutor(4) as crew:
        desks = [Desk(store, Actor("province", code=f"w{k}")) for k in range(4)]
        list(crew.map(lambda desk: added(desk, desk.actor.code, 6), desks))
    store.close()
    counted(database, 4, 6)


@pytest.fixture
def added():
    """The writers' act, taken off the list again after the test."""
    from postroad.supervise.records.acts import ACTS, rights
    from tests.supervise import writer

    importlib.reload(writer) if "volume.add" not in ACTS else None
    yield writer.work
    del ACTS["volume.add"], rights()["acts"]["volume.add"]


@pytest.mark.slow
def test_sixteen_writers_lose_nothing(postgres, capsys):
    database = postgres.database(postgres.template)
    start(database).close()
    done = run("writer", database, 16, 15)
    again, err = done.communicate(timeout=280)
    assert done.returncode == 0, err
    counted(database, 16, 15)
    with capsys.disabled():
        print(f"\n16 writers, 15 updates of one row each, on PostgreSQL: none lost, {again.strip()} times one was late")
