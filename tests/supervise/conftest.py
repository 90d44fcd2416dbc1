"""Every test of the records runs on SQLite and on a real PostgreSQL."""

import datetime as dt
import shutil

import pytest

from postroad.supervise.records import Actor, Desk, open_store
from postroad.supervise.records.acts import load
from tests.postgres import server

load()
START = dt.datetime(2025, 11, 3, 1, tzinfo=dt.UTC)


class Clock:
    """A clock the tests set; each look is a second later."""

    def __init__(self):
        self.at = START

    def __call__(self):
        self.at += dt.timedelta(seconds=1)
        return self.at

    def on(self, day, hour=9):
        self.at = dt.datetime.combine(dt.date.fromisoformat(str(day)), dt.time(hour), dt.UTC) - dt.timedelta(hours=8)


@pytest.fixture(scope="session")
def postgres():
    with server() as running:
        first = running.database()
        open_store(first).close()
        running.template = first.rsplit("/", 1)[1]
        yield running


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """A SQLite file with the tables and nothing in them, to copy."""
    file = tmp_path_factory.mktemp("blank") / "records.sqlite"
    open_store(str(file)).close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """The address of an empty database of record."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('blank'), tmp_path / 'records.sqlite')}"
    running = request.getfixturevalue("postgres")
    return running.database(running.template)


@pytest.fixture
def store(database):
    held = open_store(database)
    yield held
    held.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(store, clock):
    """The province's desk."""
    return Desk(store, Actor("province", code="P1"), clock)


@pytest.fixture
def seat(desk):
    """A function that seats another actor at the same database."""
    return lambda text: desk.seated(Actor.named(text))


@pytest.fixture(scope="session")
def empty(postgres, tmp_path_factory):
    """One empty database of each kind, for tests that leave nothing behind."""
    file = tmp_path_factory.mktemp("empty") / "records.sqlite"
    held = {"sqlite": open_store(str(file)), "postgresql": open_store(postgres.database(postgres.template))}
    yield held
    for each in held.values():
        each.close()
