"""Exemptions, checks from afar, property and agencies."""

from __future__ import annotations

import sqlalchemy as sa

from postroad.supervise.records.migrations.forming import of_record

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the four tables."""
    of_record(
        "exemptions",
        sa.Column("from_rule", sa.String(64), nullable=False), sa.Column("business", sa.String(128), nullable=False),
        sa.Column("conditions", sa.String(512), nullable=False), sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("to_on", sa.Date, nullable=False), sa.Column("reviewed_on", sa.Date),
        sa.Column("state", sa.String(64), nullable=False), sa.Column("rule", sa.String(64), nullable=False),
    )  # fmt: skip
    of_record(
        "remote_checks",
        sa.Column("outlet_id", sa.String(96), nullable=False), sa.Column("method", sa.String(64), nullable=False),
        sa.Column("item", sa.String(64), nullable=False), sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("found_on", sa.Date, nullable=False), sa.Column("evidence_sha256", sa.String(64)),
        sa.Column("correct_by", sa.Date), sa.Column("corrected_on", sa.Date),
        sa.Column("correction_sha256", sa.String(64)),
        sa.Column("state", sa.String(64), nullable=False), sa.Column("rule", sa.String(64), nullable=False),
    )  # fmt: skip
    of_record(
        "premises",
        sa.Column("outlet_id", sa.String(96), nullable=False), sa.Column("title", sa.String(64), nullable=False),
        sa.Column("area_m2", sa.Float, nullable=False), sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date),
    )  # fmt: skip
    of_record(
        "agencies",
        sa.Column("outlet_id", sa.String(96), nullable=False), sa.Column("host", sa.String(64), nullable=False),
        sa.Column("from_on", sa.Date, nullable=False), sa.Column("until_on", sa.Date),
        sa.Column("state", sa.String(64), nullable=False),
    )  # fmt: skip
