"""What forbids change: triggers on every table of record and on the audit log, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

REFUSAL = "records are never changed or removed"


def guard(table: str, key: tuple[str, ...], dialect: str) -> Iterator[str]:
    """Yield the statements that make a table append-only."""
    if dialect == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        # INSERT OR REPLACE removes rows without waking delete triggers: what exists cannot be written again at all.
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of our own tables
        yield (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
            "BEGIN SELECT RAISE(ABORT, 'this version exists'); END"
        )
    elif dialect == "postgresql":
        yield (
            "CREATE OR REPLACE FUNCTION postroad_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
        yield (
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION postroad_refuse()"
        )
        yield (
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION postroad_refuse()"
        )
