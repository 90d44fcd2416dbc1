"""What became of alerts."""

from __future__ import annotations

import sqlalchemy as sa

from postroad.supervise.records.migrations.forming import of_record

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table."""
    of_record(
        "alert_outcomes",
        sa.Column("ledger", sa.String(64), nullable=False), sa.Column("outlet_id", sa.String(96), nullable=False),
        sa.Column("day", sa.Date, nullable=False), sa.Column("hour", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False), sa.Column("expected", sa.Float, nullable=False),
        sa.Column("direction", sa.String(16), nullable=False), sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("note", sa.String(512), nullable=False),
    )  # fmt: skip
