"""Makes a table of record in a migration: the common columns, the checks, and the triggers that forbid change."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from postroad.supervise.records.guards import guard
from postroad.supervise.records.schema import Moment


def of_record(name: str, *columns: sa.Column[Any]) -> None:
    """Make a table of record with the common columns first."""
    op.create_table(
        name,
        sa.Column("id", sa.String(96), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("valid_from", Moment, nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", sa.String(128), nullable=False),
        sa.Column("prefecture_id", sa.String(64), index=True),
        sa.Column("operator_id", sa.String(64), index=True),
        sa.Column("officers", sa.String(512), nullable=False),
        sa.Column("published_on", sa.Date),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        *columns,
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("origin IN ('observed', 'derived', 'assumed', 'synthetic')", name="origin"),
    )
    guarded(name, ("id", "version"))


def guarded(name: str, key: tuple[str, ...]) -> None:
    """Forbid that a row is changed or taken away."""
    for statement in guard(name, key, op.get_bind().dialect.name):
        op.execute(statement)
