"""The database of record: one form on both databases, nothing changed, nothing lost, two clocks, one writer's chain."""

import datetime as dt
import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from postroad.errors import DataError, UsageError
from postroad.supervise import register
from postroad.supervise.records import Actor, audit, open_store
from postroad.supervise.records.schema import AUDIT, METADATA, TABLES
from postroad.supervise.records.store import newest, write_ahead


def an_outlet(desk, name="O1", operator="ZTO", place="2202", kind="outlet", opened=dt.date(2025, 10, 1), **more):
    return register.open_outlet(desk, name, operator, place, kind, opened, **more)


def test_the_migrations_make_exactly_the_described_tables(store):
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    assert store.revision() == newest()


def test_opening_twice_changes_nothing(store, database):
    open_store(database).close()
    assert open_store(database, create=False).revision() == newest()


def test_a_new_database_opened_while_another_holds_it_is_waited_for(tmp_path):
    """What turned eight questions of one page at a new server into one refusal: the change of mode waits for nobody."""
    file = tmp_path / "records.sqlite3"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE mine (x)")
    other.execute("BEGIN IMMEDIATE")  # as one that is just making its tables
    asked = []

    class Watched:
        """A connection that counts how often it is asked, and lets the other go after the second refusal."""

        def __init__(self):
            self.bare = sqlite3.connect(file, isolation_level=None)

        def execute(self, statement):
            asked.append(statement)
            if len(asked) == 3:
                other.execute("COMMIT")
            return self.bare.execute(statement)

    write_ahead(Watched())
    assert len(asked) == 3
    assert sqlite3.connect(file).execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_older_form_is_refused_until_migrated(database):
    store = open_store(database)
    with store.engine.connect() as connection, connection.begin():
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(UsageError, match="form"):
        open_store(database)


def every_change(table, store):
    """What somebody may try on a table: each must be refused."""
    column = "seq" if table == "audit" else "version"
    yield f"UPDATE {table} SET {column} = {column} + 1"
    yield f"DELETE FROM {table}"
    if store.dialect == "postgresql":
        yield f"TRUNCATE {table}"
        yield f"INSERT INTO {table} SELECT * FROM {table}"
    else:
        yield f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"


def test_nothing_of_record_is_changed_or_removed(desk, store):
    an_outlet(desk)
    for table in ("outlets", "audit"):
        for statement in every_change(table, store):
            with store.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError), connection.begin():
                connection.execute(sa.text(statement))
    with store.reading() as connection:
        assert audit.check(connection) == (1, [])


def test_every_table_is_guarded(store):
    # Row triggers do not fire on empty tables, so that they are there is read from the database's own catalogue.
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND NOT tgisinternal",
    }[store.dialect]
    wanted = {"sqlite": {"no_update", "no_delete", "no_replace"}, "postgresql": {"no_change", "no_truncate"}}
    with store.reading() as connection:
        for table in (*TABLES, "audit"):
            found = {row[0] for row in connection.execute(sa.text(query), {"t": table})}
            assert found == {f"{table}_{name}" for name in wanted[store.dialect]}


def test_two_clocks(desk, clock):
    # Opened on 1 October as outlet; on 5 November it becomes known that it closed on 20 October.
    clock.on("2025-10-02")
    an_outlet(desk)
    clock.on("2025-11-05")
    register.close_outlet(desk, "O1", dt.date(2025, 10, 20))
    known_then = desk.rows("outlets", known_at=dt.datetime(2025, 11, 1, tzinfo=dt.UTC))
    assert known_then[0]["state"] == "open"
    assert desk.rows("outlets")[0]["state"] == "closed"
    assert [row["version"] for row in desk.history("outlets", "O1")] == [1, 2]


def test_a_correction_of_the_past_leaves_the_present(desk, clock):
    @_act("test.correct")
    def correct(desk, name, since):
        return desk.append("outlets", "O1", name=name, valid_from=since)

    try:
        clock.on("2025-10-02")
        an_outlet(desk, name="O1")
        clock.on("2025-11-01")
        correct(desk, "new", dt.datetime(2025, 11, 1, tzinfo=dt.UTC))
        clock.on("2025-11-05")
        correct(desk, "old, put right", dt.datetime(2025, 10, 15, tzinfo=dt.UTC))
        named = lambda day: desk.rows("outlets", valid_at=dt.datetime.fromisoformat(f"{day}T12:00:00+00:00"))[0]["name"]  # noqa: E731
        assert named("2025-10-20") == "old, put right"
        assert named("2025-11-04") == "new"
    finally:
        _forget("test.correct")


def _act(name):
    from postroad.supervise.records import act
    from postroad.supervise.records.acts import rights

    rights()["acts"][name] = ["province"]
    return act(name)


def _forget(name):
    from postroad.supervise.records.acts import ACTS, rights

    del ACTS[name], rights()["acts"][name]


def test_a_request_is_served_once(desk, store):
    first = an_outlet(desk, request="r-1")
    assert an_outlet(desk, request="r-1") == first
    assert len(desk.history("outlets", "O1")) == 1
    with pytest.raises(UsageError, match="request"):
        an_outlet(desk, "O2", request="r-1")
    with store.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(AUDIT)).scalar() == 1


def test_a_failed_act_leaves_nothing(desk, store):
    with pytest.raises(DataError):
        register.file_outlet(desk, "nowhere", dt.date(2025, 11, 1))
    an_outlet(desk)
    with pytest.raises(DataError):
        an_outlet(desk)
    with store.reading() as connection:
        assert audit.check(connection) == (1, [])


def test_what_a_person_reads_is_in_the_audit_log(desk, store):
    an_outlet(desk)
    desk.rows("outlets", operator_id="ZTO")
    desk.history("outlets", "O1")
    desk.seated(Actor("public")).rows("outlets")
    an_outlet(desk, "O2")  # an act writes down what was looked at before it
    desk.rows("outlets")
    desk.note()
    desk.note()
    with store.reading() as connection:
        assert audit.check(connection) == (4, [])
        told = [(row.act, row.actor, row.entries) for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq))]
    assert [act for act, _, _ in told] == ["outlet.open", "read", "outlet.open", "read"]
    assert {who for _, who, _ in told} == {str(desk.actor)}
    assert told[1][2] == [["outlets", '{"operator_id": "ZTO"}', 1], ["outlets", '{"id": "O1"}', 1],
                          ["outlets", '{"id": "O1", "history": true}', 1]]  # fmt: skip
    assert told[3][2] == [["outlets", "{}", 2]]


def test_a_look_of_a_later_clock_does_not_move_the_acts_that_follow(desk, clock):
    """A rehearsal works through a month that is past in a database somebody has looked at today."""
    clock.on("2026-11-26")
    desk.rows("outlets")
    desk.note()
    clock.on("2025-10-12")
    an_outlet(desk, "O1")
    clock.on("2025-10-11")
    an_outlet(desk, "O2")
    recorded = {row["id"]: row["recorded_at"].date() for row in desk.rows("outlets")}
    # The look does not count; an act still never comes before the act it follows.
    assert recorded == {"O1": dt.date(2025, 10, 12), "O2": dt.date(2025, 10, 12)}
    with desk.store.reading() as connection:
        assert audit.check(connection)[1] == []


def test_what_was_read_is_not_forgotten_with_an_act_that_fails(desk, store):
    an_outlet(desk)
    desk.rows("outlets")
    with pytest.raises(DataError):
        an_outlet(desk)

    def both():
        with desk.together():
            an_outlet(desk, "O2")
            an_outlet(desk)

    with pytest.raises(DataError):
        both()
    desk.note()
    with store.reading() as connection:
        assert audit.check(connection) == (2, [])
        assert audit.last(connection)[0] == 2
        newest = connection.execute(sa.select(AUDIT.c.entries).order_by(AUDIT.c.seq.desc()).limit(1)).scalar()
    assert newest == [["outlets", "{}", 1]]


def test_a_stale_form_is_told_that_somebody_was_quicker(desk):
    @_act("test.stale")
    def stale(desk, version):
        return desk.append("outlets", "O1", name="x", expect=version)

    try:
        an_outlet(desk)
        stale(desk, 1)
        with pytest.raises(DataError, match="quicker"):
            stale(desk, 1)
    finally:
        _forget("test.stale")


def unguarded(store, statement):
    """Change a table as somebody would who first takes the triggers away."""
    with store.engine.connect() as connection, connection.begin():
        if store.dialect == "postgresql":
            connection.execute(sa.text("SET session_replication_role = replica"))
        else:
            for row in connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(sa.text(f"DROP TRIGGER {row[0]}"))
        connection.execute(sa.text(statement))
        if store.dialect == "postgresql":
            connection.execute(sa.text("SET session_replication_role = DEFAULT"))


COPY = """INSERT INTO outlets SELECT 'O9', version, valid_from, recorded_at, recorded_by, prefecture_id, operator_id,
officers, published_on, origin, source, name, kind, branch_id, state, opened_on, filed_on, file_by, closed_on, lon, lat,
cells, rule FROM outlets WHERE id = 'O1'"""
TAMPERING = [
    (COPY, "cases.row_unknown"),
    ("UPDATE outlets SET kind = 'hub' WHERE id = 'O2'", "cases.row_changed"),
    ("DELETE FROM outlets WHERE id = 'O3'", "cases.row_gone"),
    ("UPDATE audit SET actor = 'nobody' WHERE seq = 2", "cases.chain_broken"),
]


def test_whoever_takes_the_triggers_away_is_found_out(desk, store):
    for name in ("O1", "O2", "O3"):
        an_outlet(desk, name)
    found = set()
    for statement, key in TAMPERING:
        unguarded(store, statement)
        with store.reading() as connection:
            now = {fault.key for fault in audit.check(connection)[1]}
        assert now - found == {key}
        found = now
    unguarded(store, "DELETE FROM audit WHERE seq = 3")  # the newest entry cut off: its row has no act left
    with store.reading() as connection:
        assert audit.check(connection)[0] == 2


def test_times_keep_their_instant_on_both_databases(desk):
    an_outlet(desk)
    row = desk.row("outlets", "O1")
    assert row["recorded_at"].tzinfo is not None
    assert row["recorded_at"].utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize("address", ["mysql://x/y", "nonsense://", "postgresql+psycopg://postgres@127.0.0.1:1/none"])
def test_a_bad_address_is_a_sentence(address):
    with pytest.raises(UsageError):
        open_store(address)
