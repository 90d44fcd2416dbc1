"""Relief goods from request to signature, and green-channel permits."""

from __future__ import annotations

import sqlalchemy as sa

from postroad.supervise.records.migrations.forming import of_record
from postroad.supervise.records.schema import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the two tables."""
    of_record(
        "permits",
        sa.Column("vehicle", sa.String(64), nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("to_on", sa.Date, nullable=False),
        sa.Column("revoked_on", sa.Date),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
    )
    of_record(
        "relief",
        sa.Column("place_id", sa.String(64), nullable=False),
        sa.Column("goods", sa.String(64), nullable=False),
        sa.Column("weight_kg", sa.Float, nullable=False),
        sa.Column("priority", sa.BigInteger, nullable=False),
        sa.Column("requested_at", Moment, nullable=False),
        sa.Column("due_by", Moment, nullable=False),
        sa.Column("emergency_id", sa.String(96)),
        sa.Column("vehicle", sa.String(64)),
        sa.Column("permit_id", sa.String(96)),
        sa.Column("left_at", Moment),
        sa.Column("handed_at", Moment),
        sa.Column("receipt_sha256", sa.String(64)),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
    )
